import assert from "node:assert/strict";
import test from "node:test";
import { adopt } from "../../../web/adopt.js";
import { run } from "./runs.mjs";

const NODES = { 5: "KSampler", "7:3": "VAEDecode" };

function app(execution) {
  const tab = { activeState: { id: "w1" } };
  const graph = { id: "w1", nodes: [{ id: 5, title: "My sampler" }] };
  return { graph, extensionManager: { workflow: { activeWorkflow: tab }, _p: { _s: new Map([["execution", execution]]) } } };
}

test("a frontend that keeps jobs gets the render with its nodes and their titles", () => {
  const jobs = [];
  assert.equal(adopt(app({ storeJob: (job) => jobs.push(job) }), run("a", 1, 1), NODES), true);
  assert.deepEqual([jobs[0].id, jobs[0].nodes], ["next", ["5", "7:3"]]);
  assert.equal(jobs[0].promptOutput[5]._meta.title, "My sampler");
});

test("an older one gets a prompt", () => {
  const prompts = [];
  assert.equal(adopt(app({ storePrompt: (prompt) => prompts.push(prompt) }), run("a", 1, 1), NODES), true);
  assert.deepEqual(prompts[0].nodes, ["5", "7:3"]);
});

test("any other is left alone without a word", () => {
  assert.equal(adopt({}, run("a", 1, 1), NODES), false);
  assert.equal(adopt(app({}), run("a", 1, 1), NODES), false);
  assert.equal(adopt(app({ storeJob: () => {} }), run("a", 1, 1, { workflow_id: "elsewhere" }), NODES), false);
  const broken = app({ storeJob: () => { throw new Error("changed"); } });
  assert.equal(adopt(broken, run("a", 1, 1), NODES), false);
});
