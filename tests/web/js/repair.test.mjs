// Marking a part of a picture, and the frame around what a repair changed.
import assert from "node:assert/strict";
import test from "node:test";

import { boxOf, maskSize } from "../../../web/views/repair_canvas.js";
import { frameOf } from "../../../web/views/repaired_here.js";

test("a box is in order and within the picture whichever way it is drawn", () => {
  assert.deepEqual(boxOf({ x: 0.8, y: 0.1 }, { x: 0.2, y: 0.6 }), [0.2, 0.1, 0.8, 0.6]);
  assert.deepEqual(boxOf({ x: -3, y: 0.5 }, { x: 2, y: 9 }), [0, 0.5, 1, 1]);
});

test("a mask keeps the picture's shape and is never large", () => {
  assert.deepEqual(maskSize(4096, 2048), { width: 1024, height: 512 });
  assert.deepEqual(maskSize(333, 517), { width: 333, height: 517 });
  assert.deepEqual(maskSize(0, 0), { width: 1, height: 1 });
});

test("the frame lies where the picture changed", () => {
  assert.deepEqual(frameOf([0.25, 0.5, 0.75, 0.6]), { left: "25%", top: "50%", width: "50%", height: "10%" });
});
