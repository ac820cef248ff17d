// A clip of several segments: which runs it is joined of, and which run can have a further one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { canExtend, segmentsOf } from "../../../web/views/segments.js";

const runs = { a: { run_id: "a", extends: "" }, b: { run_id: "b", extends: "a" }, c: { run_id: "c", extends: "b" } };
const get = (known) => (id) => known[id] ?? null;

test("the segments of a clip, the first one first", () => {
  assert.deepEqual(segmentsOf(runs.c, get(runs)).map((one) => one.id), ["a", "b", "c"]);
  assert.deepEqual(segmentsOf(runs.a, get(runs)), [{ id: "a", run: runs.a }]);
});

test("a segment that is not known here is named, and nothing is said of what was before it", () => {
  assert.deepEqual(segmentsOf(runs.c, get({})), [{ id: "b", run: null }, { id: "c", run: runs.c }]);
  assert.deepEqual(segmentsOf(runs.c, get({ b: { run_id: "b" } })).map((one) => one.id), ["b", "c"]);
});

test("runs that name each other come to an end", () => {
  const round = { a: { run_id: "a", extends: "b" }, b: { run_id: "b", extends: "a" } };
  assert.deepEqual(segmentsOf(round.a, get(round)).map((one) => one.id), ["b", "a"]);
});

test("an ended run with a clip can be extended", () => {
  const ended = { status: "done", best: { clip: "best.mp4" } };
  assert.ok(canExtend(ended));
  for (const other of [{ status: "running" }, { elsewhere: true }, { best: { clip: null } }, { best: null }]) {
    assert.ok(!canExtend({ ...ended, ...other }));
  }
});
