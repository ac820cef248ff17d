import assert from "node:assert/strict";
import test from "node:test";
import { chime } from "../../../web/alerts.js";
import { pace } from "../../../web/pace.js";
import { createPreviews } from "../../../web/previews.js";
import { textsOf } from "../../../web/texts.js";
import { timeWords } from "../../../web/wording.js";
import { run } from "./runs.mjs";

const t = textsOf("en");

test("what is to come is reckoned from the run's own iterations", () => {
  // Two iterations of 3 s each (render 2, judge 1), ten left of twelve, one second into the third.
  assert.deepEqual(pace(run("a", 1, 2), 1), { render: 1, renderOf: 2, run: 7, left: 29 });
  assert.deepEqual(pace(run("a", 1, 2, { phase: "judging" }), 1).render, null);
  assert.equal(pace(run("a", 1, 2, { status: "done" }), 1), null);
});

test("without a known beginning or a first render nothing is made up", () => {
  assert.deepEqual(pace(run("a", 1, 0), null), { render: null, renderOf: null, run: 0, left: null });
  assert.equal(timeWords(t, run("a", 1, 0), null), "");
  assert.equal(timeWords(t, run("a", 1, 0), 4), "This render 4.0 s · run 4.0 s");
  assert.equal(timeWords(t, run("a", 1, 2), 1), "This render 1.0 s of about 2.0 s · run 7.0 s, at most 29 s more");
});

test("a render that takes longer than the others does not promise the past", () => {
  assert.equal(pace(run("a", 1, 11), 100).left, 0);
});

test("the sound is a WAV file that says its own length", () => {
  const bytes = chime();
  const view = new DataView(bytes.buffer);
  const text = (at) => String.fromCharCode(...bytes.slice(at, at + 4));
  assert.deepEqual([text(0), text(8), text(36)], ["RIFF", "WAVE", "data"]);
  assert.equal(view.getUint32(4, true), bytes.length - 8);
  assert.equal(view.getUint32(40, true), bytes.length - 44);
  const loudest = Math.max(...new Int16Array(bytes.buffer, 44));
  assert.ok(loudest > 3000 && loudest < 12000, String(loudest));
});

test("previews belong to their prompt, and the one before is given back", () => {
  const dropped = [];
  const previews = createPreviews({ createObjectURL: (blob) => `blob:${blob}`, revokeObjectURL: (url) => dropped.push(url) });
  assert.equal(previews.of(undefined), "");
  previews.show("p1", "a");
  previews.show("p1", "b");
  assert.equal(previews.of("p1"), "blob:b");
  assert.equal(previews.of("p2"), "");
  assert.deepEqual(dropped, ["blob:a"]);
});
