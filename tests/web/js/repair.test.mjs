// Marking a part of a picture, and the outline of what a repair changed.
import assert from "node:assert/strict";
import test from "node:test";

import { boxOf, maskSize } from "../../../web/views/repair_canvas.js";
import { outlinesOf, pathOf } from "../../../web/views/repair_outline.js";

test("a box is in order and within the picture whichever way it is drawn", () => {
  assert.deepEqual(boxOf({ x: 0.8, y: 0.1 }, { x: 0.2, y: 0.6 }), [0.2, 0.1, 0.8, 0.6]);
  assert.deepEqual(boxOf({ x: -3, y: 0.5 }, { x: 2, y: 9 }), [0, 0.5, 1, 1]);
});

test("a mask keeps the picture's shape and is never large", () => {
  assert.deepEqual(maskSize(4096, 2048), { width: 1024, height: 512 });
  assert.deepEqual(maskSize(333, 517), { width: 333, height: 517 });
  assert.deepEqual(maskSize(0, 0), { width: 1, height: 1 });
});

test("the outline is that of the mask that was used", () => {
  const region = { outlines: [[[0.1, 0.2], [0.5, 0.2], [0.3, 0.6]]], feather: 6 };
  assert.deepEqual(outlinesOf({ repaired: [0, 0, 1, 1], repaired_region: region }), region.outlines);
  assert.equal(pathOf(region.outlines), "M0.1 0.2L0.5 0.2L0.3 0.6Z");
  assert.equal(pathOf([...region.outlines, ...region.outlines], 100, 10), "M10 2L50 2L30 6Z".repeat(2));
});

test("where the mask is not known, the box of what changed is outlined", () => {
  assert.deepEqual(outlinesOf({ repaired: [0.25, 0.5, 0.75, 0.6] }), [[[0.25, 0.5], [0.75, 0.5], [0.75, 0.6], [0.25, 0.6]]]);
  assert.deepEqual(outlinesOf({ repaired: [0, 0, 1, 1], repaired_region: { outlines: [] } })[0].length, 4);
  assert.equal(outlinesOf({ repaired: null }), null);
  assert.equal(outlinesOf(undefined), null);
});
