import assert from "node:assert/strict";
import test from "node:test";
import { actualSize, FIT, panned, placed, zoomed } from "../../../web/zoom.js";

const view = { width: 800, height: 600 };
const picture = { width: 1000, height: 500 };
/** Which point of the picture, in its own pixels, is under a point of the view. */
function under(look, at) {
  const { scale, left, top } = placed(look, view, picture);
  return { x: (at.x - left) / scale, y: (at.y - top) / scale };
}
const close = (a, b) => assert.ok(Math.abs(a.x - b.x) < 1e-6 && Math.abs(a.y - b.y) < 1e-6, JSON.stringify([a, b]));

test("fitting, the whole picture is in the middle", () => {
  assert.deepEqual(placed(FIT, view, picture), { scale: 0.8, left: 0, top: 100 });
});

test("what is under the pointer stays there while zooming in", () => {
  const at = { x: 250, y: 320 };
  let look = zoomed(FIT, 4, { x: 400, y: 300 }, view, picture);
  const before = under(look, at);
  look = zoomed(look, 6, at, view, picture);
  close(under(look, at), before);
});

test("a picture moves with the pointer, and leaves no empty edge", () => {
  const look = zoomed(FIT, 4, { x: 400, y: 300 }, view, picture);
  const before = under(look, { x: 400, y: 300 });
  const moved = panned(look, 40, -20, view, picture);
  close(under(moved, { x: 440, y: 280 }), before);
  const far = panned(look, 1e6, 1e6, view, picture);
  const { left, top } = placed(far, view, picture);
  close({ x: left, y: top }, { x: 0, y: 0 });
});

test("zoom ends at fitting and where pixels are large; its own size is one to one", () => {
  assert.equal(zoomed(FIT, 0.1, { x: 0, y: 0 }, view, picture).zoom, 1);
  assert.equal(zoomed(FIT, 1e9, { x: 0, y: 0 }, view, picture).zoom, 32);
  assert.equal(placed({ ...FIT, zoom: actualSize(view, picture) }, view, picture).scale, 1);
});
