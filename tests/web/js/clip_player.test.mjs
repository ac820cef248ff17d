// Clips in the panel: what shows one, and where the next frame is.
import assert from "node:assert/strict";
import { test } from "node:test";
import { kindOf, stepped } from "../../../web/views/clip_player.js";

test("a video plays, an animation moves by itself, a picture is none", () => {
  const kinds = ["loop_01_iter_01.mp4", "a.webm", "a.webp", "a.gif", null].map((file) => kindOf({ clip: { file } }));
  assert.deepEqual(kinds, ["video", "video", "image", "image", ""]);
  assert.equal(kindOf({ picture: "a.png" }), "");
  assert.equal(kindOf(null), "");
});

test("a step ends in the middle of the next frame and stays within the clip", () => {
  const near = (one, other) => assert.ok(Math.abs(one - other) < 1e-9, `${one} ${other}`);
  near(stepped(0, 2, 10, 1), 0.15);
  near(stepped(0.15, 2, 10, 1), 0.25);
  near(stepped(0.25, 2, 10, -1), 0.15);
  near(stepped(0.05, 2, 10, -1), 0.05);
  near(stepped(1.95, 2, 10, 1), 1.95);
  near(stepped(0, 1, 0, 1), 1.5 / 16);
});
