import assert from "node:assert/strict";
import test from "node:test";
import { shownPicture } from "../../../web/canvas/picture_menu.js";

globalThis.document = { baseURI: "http://127.0.0.1:8188/" };
const FILE = { filename: "a_00001_.png", subfolder: "sub", type: "temp" };
const root = { id: "root" };
root.rootGraph = root;

test("the picture that a node draws itself is taken first, with the folder it lies in", () => {
  const src = "/view?filename=b.png&type=output&subfolder=";
  assert.deepEqual(shownPicture({ id: 4, graph: root, imgs: [{ src }] }, { 4: { images: [FILE] } }), { image: "b.png", folder: "output" });
});

test("where the page draws it, what the node put out is taken, in a subgraph too", () => {
  const inner = { id: "0a1b", rootGraph: root };
  assert.deepEqual(shownPicture({ id: 4, graph: root }, { 4: { images: [FILE] } }), { image: "sub/a_00001_.png", folder: "temp" });
  assert.deepEqual(shownPicture({ id: 4, graph: inner }, { "0a1b:4": { images: [FILE] } }), { image: "sub/a_00001_.png", folder: "temp" });
  assert.equal(shownPicture({ id: 4, graph: inner }, { 4: { images: [FILE] } }), null);
});

test("a video, another place than the server's folders or nothing at all is no picture", () => {
  assert.equal(shownPicture({ id: 4, graph: root }, { 4: { images: [{ ...FILE, filename: "clip.mp4" }] } }), null);
  assert.equal(shownPicture({ id: 4, graph: root }, { 4: { images: [{ ...FILE, type: "elsewhere" }] } }), null);
  assert.equal(shownPicture({ id: 4, graph: root, imgs: [{ src: "data:image/png;base64,AA" }] }), null);
  assert.equal(shownPicture(null), null);
});
