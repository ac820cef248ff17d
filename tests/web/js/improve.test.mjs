import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import test from "node:test";
import { createChoice } from "../../../web/choice.js";
import { frameNodes } from "../../../web/improve/frames.js";
import { freePlace } from "../../../web/improve/place.js";
import { reach, reachInput, reachValues } from "../../../web/improve/reach.js";
import { inputOf, readSaved } from "../../../web/improve/saved_graph.js";
import { load } from "./graphs.mjs";

const names = readdirSync(new URL("../data/graphs", import.meta.url)).map((file) => file.replace(".json", ""));

for (const name of names) {
  test(`${name}: every link of a plain workflow is read`, () => {
    const workflow = load(name);
    const saved = readSaved(workflow);
    for (const [id, source, slot, target, number] of workflow.links) {
      const node = saved.root.node(target);
      const link = saved.root.into(node, node.inputs[number].name);
      assert.deepEqual([link.id, link.source, link.slot], [String(id), String(source), slot]);
    }
  });
}

const input = (name, link, widget = true) => ({ name, type: "*", link, ...(widget && { widget: { name } }) });
const inner = (id, source, slot, target, targetSlot) => ({ id, origin_id: source, origin_slot: slot, target_id: target, target_slot: targetSlot });

/** Node 12 stands for graph "a": sampler 5 (seed is an input of the graph, steps is not), decode 8, its picture goes out. */
const A = {
  id: "a",
  inputs: [{ name: "seed" }, { name: "text" }],
  outputs: [{ name: "IMAGE", linkIds: [4] }],
  nodes: [
    { id: 5, type: "KSampler", inputs: [input("seed", 1), input("steps", null)], outputs: [{}] },
    { id: 6, type: "CLIPTextEncode", inputs: [input("text", 2)] },
    { id: 7, type: "CLIPTextEncode", inputs: [input("text", 3)] },
    { id: 8, type: "VAEDecode", inputs: [input("samples", 9, false)], outputs: [{}] },
  ],
  links: [inner(1, -10, 0, 5, 0), inner(2, -10, 1, 6, 0), inner(3, -10, 1, 7, 0), inner(9, 5, 0, 8, 0), inner(4, 8, 0, -20, 0)],
};
/** Graph "b" holds node 3, which stands for "a": its seed comes from an input of "b", its text does not. */
const B = {
  id: "b",
  inputs: [{ name: "number" }],
  outputs: [{ name: "IMAGE", linkIds: [2] }],
  nodes: [{ id: 3, type: "a", inputs: [input("seed", 1), input("text", null)], outputs: [{}] }],
  links: [inner(1, -10, 0, 3, 0), inner(2, 3, 0, -20, 0)],
};
const canvas = (nodes, links = [], subgraphs = [A, B]) => ({ nodes, links, definitions: { subgraphs } });
const HOST = { id: 12, type: "a", inputs: [input("seed", null), input("text", null)], outputs: [{}] };
const SAVE = { id: 9, type: "SaveImage", inputs: [input("images", 1, false)] };
const plan = (inputs, judged = {}) => ({ inputs, judged: { node: "9", source: "12:8", slot: 0, ...judged } });
const GRAPH = { 9: { inputs: { images: ["12:8", 0] } } };

test("an input of the canvas is linked itself, one inside by what is promoted of it", () => {
  const saved = readSaved(canvas([HOST, { id: 20, type: "b", inputs: [input("number", null)] }]));
  assert.deepEqual(reachInput(saved, ["12"], "seed"), { node: "12", input: "seed" });
  assert.deepEqual(reachInput(saved, ["12", "5"], "seed"), { node: "12", input: "seed" });
  assert.equal(reachInput(saved, ["12", "5"], "steps"), null, "not promoted");
  assert.deepEqual(reachInput(saved, ["20", "3", "5"], "seed"), { node: "20", input: "number" }, "through two");
  assert.equal(reachInput(saved, ["20", "3", "6"], "text"), null, "promoted by the inner one only");
  assert.equal(reachInput(saved, ["12", "77"], "seed"), null);
});

test("an input is found by its name, else by its widget's", () => {
  const node = { inputs: [{ name: "a", widget: { name: "b" } }, { name: "b" }] };
  assert.equal(inputOf(node, "b"), node.inputs[1]);
  assert.equal(inputOf({ inputs: [node.inputs[0]] }, "b"), node.inputs[0]);
  assert.equal(inputOf({}, "b"), undefined);
});

test("all that is wanted is promoted: nothing has to be unpacked", () => {
  const asked = plan({ prompt: [{ node: "12:6", input: "text" }, { node: "12:7", input: "text" }], seed: [{ node: "12:5", input: "seed" }] });
  const found = reach(canvas([HOST, SAVE], [[1, 12, 0, 9, 0, "IMAGE"]]), GRAPH, asked);
  assert.deepEqual(found, {
    links: [{ output: "prompt", node: "12", input: "text" }, { output: "seed", node: "12", input: "seed" }],
    picture: { node: "12", slot: 0 },
    closed: [],
    hidden: [],
    values: [],
  });
});

test("what is not promoted names the node on the canvas that is to be unpacked", () => {
  const workflow = canvas([HOST, SAVE, { id: 20, type: "b", inputs: [input("number", null)] }], [[1, 12, 0, 9, 0, "IMAGE"]]);
  const asked = plan({ steps: [{ node: "12:5", input: "steps" }], prompt: [{ node: "20:3:6", input: "text" }] });
  const { closed, hidden } = reach(workflow, GRAPH, asked);
  assert.deepEqual([closed, hidden], [["20", "12"], ["prompt", "steps"]]);
});

test("one promoted input for two settings is no way", () => {
  const asked = plan({ prompt: [{ node: "12:6", input: "text" }], negative: [{ node: "12:7", input: "text" }] });
  const { closed, hidden, links } = reach(canvas([HOST, SAVE], [[1, 12, 0, 9, 0, "IMAGE"]]), GRAPH, asked);
  assert.deepEqual([closed, hidden], [["12"], ["negative"]]);
  assert.deepEqual(links, [{ output: "prompt", node: "12", input: "text" }]);
});

test("the picture is taken where the canvas shows it, through a reroute too", () => {
  const reroute = { id: 30, type: "Reroute", inputs: [input("", 2, false)] };
  const links = [[1, 30, 0, 9, 0, "IMAGE"], [2, 12, 0, 30, 0, "IMAGE"]];
  assert.deepEqual(reach(canvas([HOST, SAVE, reroute], links), GRAPH, plan({})).picture, { node: "30", slot: 0 });
});

test("a picture that is shown inside is taken from the output that it reaches, else unpacked", () => {
  const inside = { node: "12:4", source: "12:8" };
  assert.deepEqual(reach(canvas([HOST, SAVE]), {}, plan({}, inside)).picture, { node: "12", slot: 0 });
  const found = reach(canvas([HOST, SAVE]), {}, plan({}, { ...inside, source: "12:6" }));
  assert.deepEqual([found.picture, found.closed], [null, ["12"]]);
});

test("what is neither on the canvas nor in a subgraph is told", () => {
  assert.throws(() => reach(canvas([HOST, SAVE]), {}, plan({ seed: [{ node: "77:5", input: "seed" }] })), /77/);
});

test("a picture and frames need no further node, a video one that takes it apart", () => {
  assert.deepEqual(frameNodes({ type: "IMAGE" }), []);
  assert.deepEqual(frameNodes({ type: "VIDEO" }), [{ kind: "GetVideoComponents", inputs: [{ name: "video", from: "picture" }] }]);
});

test("a place that is taken is left", () => {
  assert.deepEqual(freePlace([0, 0], [100, 100], []), [0, 0]);
  const [x, y] = freePlace([0, 0], [100, 100], [[-50, -50, 200, 300]]);
  assert.ok(x === 0 && y >= 250 + 30);
});

test("one question at a time, and no answer is none", async () => {
  let changes = 0;
  const choice = createChoice(() => changes++);
  assert.equal(choice.open(), null);
  const first = choice.ask("Which?", [{ value: "9", label: "Save" }]);
  assert.equal(choice.open().text, "Which?");
  const second = choice.ask("Which one?", []);
  assert.equal(await first, null);
  choice.answer("9");
  assert.equal(await second, "9");
  assert.equal(choice.open(), null);
  choice.answer("9");
  assert.ok(changes >= 3);
});

test("a value is written where the canvas holds it: at what is promoted, else in the node itself", () => {
  const saved = readSaved(canvas([HOST, { id: 20, type: "b", inputs: [input("number", null)] }]));
  const changes = [["12:5", "seed"], ["12:5", "steps"], ["20:3:5", "seed"], ["9", "length"]].map(([node, name], value) => ({ node, input: name, value, reason: "" }));
  assert.deepEqual(reachValues(saved, changes), [
    { node: "12", input: "seed", value: 0 },
    { node: "12:5", input: "steps", value: 1 },
    { node: "20", input: "number", value: 2 },
    { node: "9", input: "length", value: 3 },
  ]);
  assert.deepEqual(reach(canvas([HOST, SAVE]), {}, { ...plan({}, { source: "12:8", node: "12:8" }), changes }).values.length, 4);
});
