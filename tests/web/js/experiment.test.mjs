// An experiment as the dialog follows it.
import assert from "node:assert/strict";
import test from "node:test";
import { createExperiment } from "../../../web/experiment.js";

const settled = () => new Promise((done) => setTimeout(done));

test("it is asked for as long as it goes on, and no more once the dialog is closed", async () => {
  let answer = null;
  let next = null;
  const going = { id: "one", state: "running" };
  const server = { experiments: async () => ({ experiments: [going] }), experiment: () => new Promise((done) => (answer = done)) };
  const after = (ms, act) => ((next = act), 1);
  const experiment = createExperiment({ server, changed: () => {}, after, cancel: () => (next = null) });
  experiment.load();
  await settled();
  answer(going);
  await settled();
  assert.notEqual(next, null);
  next();
  experiment.leave();
  answer(going);
  await settled();
  assert.equal(next, null, "the answer that was on its way asks for no further one");
});
