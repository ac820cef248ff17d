import assert from "node:assert/strict";
import test from "node:test";
import { createProgress } from "../../../web/progress.js";

const node = (value, max = 20, state = "running") => ({ value, max, state });

test("steps are those of the running node that counts most", () => {
  const progress = createProgress(() => 0);
  assert.equal(progress.report("p", { 1: node(1, 1, "finished"), 5: node(3), 6: node(1, 1) }), true);
  assert.deepEqual([progress.of("p").value, progress.of("p").max], [3, 20]);
  assert.equal(progress.report("p", { 5: node(3) }), false, "nothing new");
  assert.equal(progress.of("another"), null);
  assert.equal(progress.report("p", { 5: node(20, 20, "finished") }), false);
});

test("time per step, and it stays known over the next render", () => {
  let now = 0;
  const progress = createProgress(() => now);
  progress.report("p", { 5: node(1) });
  now = 4000;
  progress.report("p", { 5: node(5) });
  assert.equal(progress.secondsPerStep(), 1);
  progress.report("q", { 5: node(1) });
  assert.equal(progress.secondsPerStep(), 1);
});

test("whether this page hears of a render", () => {
  const progress = createProgress(() => 0);
  progress.start("p");
  assert.deepEqual([progress.heard("p"), progress.heard("q")], [true, false]);
});
