import assert from "node:assert/strict";
import test from "node:test";
import { createJudgeSetup } from "../../../web/judge_setup.js";

const settled = () => new Promise((done) => setTimeout(done));

test("a server of another kind is asked about once, until the workflow names another", async () => {
  const asked = [];
  let connection = "studio";
  const server = { judgeSetup: async (name) => (asked.push(name), { status: 400, problem: "Another kind." }) };
  const setup = createJudgeSetup({ server, changed: () => setup?.need(), wanted: () => ({ connection, model: "" }), use: () => {} });
  setup.need();
  await settled();
  setup.need();
  await settled();
  assert.deepEqual(asked, ["studio"]);
  connection = "local";
  setup.need();
  await settled();
  assert.deepEqual(asked, ["studio", "local"]);
});

test("a download that goes on is not asked about once the panel is closed", async () => {
  let answer = null;
  let next = null;
  const going = { state: "running" };
  const server = { judgeSetup: async () => ({ state: "ready", pull: going }), pullState: () => new Promise((done) => (answer = done)) };
  const after = (ms, act) => ((next = act), 1);
  const wanted = () => ({ connection: "local", model: "" });
  const setup = createJudgeSetup({ server, changed: () => {}, wanted, use: () => {}, after, cancel: () => (next = null) });
  await setup.load();
  assert.notEqual(next, null);
  next();
  setup.leave();
  answer(going);
  await settled();
  assert.equal(next, null);
});
