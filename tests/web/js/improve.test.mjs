import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import test from "node:test";
import { planLoop } from "../../../web/improve/plan.js";
import { freePlace } from "../../../web/improve/place.js";
import { textsOf } from "../../../web/texts.js";
import { load, read } from "./graphs.mjs";

const FOX = "a red fox in snow, soft morning light";
const NO_SAMPLER_OR_VIDEO = { upscale_2x: "improve.noDecode", wan22_img2vid: "improve.video" };
const names = readdirSync(new URL("../data/graphs", import.meta.url)).map((file) => file.replace(".json", ""));
const wired = (plan) => Object.fromEntries(plan.links.map(({ output, node, input }) => [output, `${node}.${input}`]));

for (const name of names.filter((one) => !NO_SAMPLER_OR_VIDEO[one])) {
  test(`${name} becomes self-improving`, () => {
    const nodes = read(load(name));
    const before = JSON.stringify(nodes);
    const plan = planLoop(nodes);
    assert.equal(plan.problem, undefined);
    assert.equal(JSON.stringify(nodes), before, "reading changes nothing");
    const outputs = new Set(plan.links.map((link) => link.output));
    assert.ok(["prompt", "seed", "steps"].every((output) => outputs.has(output)), [...outputs].join());
    assert.ok(plan.values.prompt && plan.values.goal === plan.values.prompt);
    assert.equal(plan.values.seed, 42);
    for (const { node, input } of plan.links) {
      assert.ok(nodes.find((one) => one.id === node).inputs.some((one) => one.name === input));
    }
    const decode = nodes.find((one) => one.id === plan.images.node);
    assert.equal(decode.type, "VAEDecode");
    for (const [at, size] of [[plan.loopAt, [420, 720]], [plan.criticAt, [400, 560]]]) {
      for (const { rect: [x, y, w, h] } of nodes) {
        assert.ok(at[0] + size[0] <= x || x + w <= at[0] || at[1] + size[1] <= y || y + h <= at[1] - 30, "on top of a node");
      }
    }
  });
}

for (const [name, key] of Object.entries(NO_SAMPLER_OR_VIDEO)) {
  test(`${name} is left alone and says why`, () => {
    const { problem, links } = planLoop(read(load(name)));
    assert.equal(problem[0], key);
    assert.equal(links, undefined);
    assert.notEqual(textsOf("en")(...problem), key);
  });
}

test("a plain graph: texts, numbers and what takes them", () => {
  const plan = planLoop(read(load("sdxl_txt2img")));
  assert.deepEqual(wired(plan), { prompt: "2.text", negative: "3.text", seed: "5.seed", steps: "5.steps", cfg: "5.cfg" });
  assert.deepEqual(plan.values, { goal: FOX, prompt: FOX, negative: "blurry, low quality", seed: 42, control_after_generate: "fixed", steps: 25, cfg: 7 });
  assert.deepEqual(plan.images, { node: 6, slot: 0 });
  assert.deepEqual(plan.left, []);
});

test("guider, noise and scheduler; no cfg and no negative of its own", () => {
  const plan = planLoop(read(load("flux2_txt2img")));
  assert.deepEqual(wired(plan), { prompt: "4.text", seed: "9.noise_seed", steps: "8.steps" });
  assert.equal(plan.values.cfg, 1, "so that the loop leaves cfg alone");
  assert.deepEqual(plan.left, ["negative", "cfg"]);
});

test("a zeroed negative has no text", () => {
  assert.deepEqual(wired(planLoop(read(load("z_image_turbo")))), { prompt: "4.text", seed: "8.seed", steps: "8.steps", cfg: "8.cfg" });
});

test("steps behind split sigmas", () => {
  assert.equal(wired(planLoop(read(load("flux2_img2img")))).steps, "8.steps");
});

function changed(name, change) {
  const nodes = read(load(name));
  change((id) => nodes.find((node) => node.id === id), nodes);
  return planLoop(nodes);
}

const input = (node, name) => node.inputs.find((one) => one.name === name);
const node = (id, type, fields = {}) => ({ id, type, title: type, active: true, bypassed: false, subgraph: false, rect: [0, 900, 10, 10], values: {}, inputs: [], outputs: [], ...fields });

test("a number from a primitive is taken over", () => {
  const plan = changed("sdxl_txt2img", (at, nodes) => {
    nodes.push(node(90, "PrimitiveInt", { values: { value: 7 }, outputs: [{ name: "INT", type: "INT" }] }));
    input(at(5), "seed").from = { node: 90, slot: 0 };
  });
  assert.equal(plan.values.seed, 7);
  assert.equal(wired(plan).seed, "5.seed");
});

test("a computed text is said and nothing is planned", () => {
  const plan = changed("sdxl_txt2img", (at, nodes) => {
    nodes.push(node(90, "StringConcatenate", { inputs: [{ name: "string_a", type: "STRING", widget: true, from: { node: 91, slot: 0 } }] }));
    input(at(2), "text").from = { node: 90, slot: 0 };
  });
  assert.deepEqual(plan, { problem: ["improve.computedText", { node: "CLIPTextEncode", source: "StringConcatenate" }] });
});

test("reroutes and bypassed nodes are looked through, muted ones are not", () => {
  const rerouted = changed("sdxl_txt2img", (at, nodes) => {
    nodes.push(node(90, "Reroute", { inputs: [{ name: "", type: "*", from: { node: 2, slot: 0 } }], outputs: [{ name: "", type: "*" }] }));
    input(at(5), "positive").from = { node: 90, slot: 0 };
    nodes.push(node(91, "ImageSharpen", { active: false, bypassed: true, inputs: [{ name: "image", type: "IMAGE", from: { node: 6, slot: 0 } }], outputs: [{ name: "IMAGE", type: "IMAGE" }] }));
    input(at(7), "images").from = { node: 91, slot: 0 };
  });
  assert.equal(wired(rerouted).prompt, "2.text");
  const muted = changed("sdxl_txt2img", (at) => Object.assign(at(6), { active: false }));
  assert.equal(muted.problem[0], "improve.noDecode");
});

test("two passes: the same number is one knob, the last picture is judged", () => {
  const plan = changed("sdxl_txt2img", (at, nodes) => {
    const second = structuredClone(at(5));
    Object.assign(second, { id: 50, values: { ...second.values, seed: 43 } });
    input(second, "latent_image").from = { node: 5, slot: 0 };
    nodes.push(second);
    input(at(6), "samples").from = { node: 50, slot: 0 };
  });
  const by = (output) => plan.links.filter((link) => link.output === output).map((link) => link.node);
  assert.deepEqual([by("seed"), by("steps"), by("prompt")], [[5], [5, 50], [2]]);
});

test("different texts for one side are said", () => {
  const plan = changed("sdxl_txt2img", (at, nodes) => {
    const other = structuredClone(at(2));
    Object.assign(other, { id: 20, title: "Second", values: { text: "a cat" } });
    nodes.push(other, node(21, "ConditioningCombine", {
      inputs: ["conditioning_1", "conditioning_2"].map((name, index) => ({ name, type: "CONDITIONING", from: { node: [2, 20][index], slot: 0 } })),
      outputs: [{ name: "CONDITIONING", type: "CONDITIONING" }],
    }));
    input(at(5), "positive").from = { node: 21, slot: 0 };
  });
  assert.equal(plan.problem[0], "improve.severalTexts");
});

test("what is missing is named", () => {
  const drop = (id) => changed("sdxl_txt2img", (at, nodes) => nodes.splice(nodes.indexOf(at(id)), 1)).problem?.[0];
  assert.equal(drop(7), "improve.noPicture");
  assert.equal(drop(6), "improve.noDecode");
  assert.equal(drop(5), "improve.noSampler");
  assert.equal(drop(2), "improve.noText");
  const twice = changed("sdxl_txt2img", (at, nodes) => nodes.push(node(90, "ImitatoesVLMCritique")));
  assert.equal(twice.problem[0], "improve.hasLoop");
  const inside = changed("sdxl_txt2img", (at) => Object.assign(at(5), { inputs: [], subgraph: true, title: "My sampler" }));
  assert.deepEqual(inside.problem, ["improve.insideSubgraph", { node: "My sampler" }]);
});

test("a link into the canvas from outside of a subgraph is computed", () => {
  const plan = changed("sdxl_txt2img", (at) => (input(at(5), "seed").from = { node: -10, slot: 0 }));
  assert.equal(plan.problem[0], "improve.linked");
});

test("every way to say no has words", () => {
  const t = textsOf("en");
  for (const key of ["hasLoop", "noPicture", "noDecode", "noSampler", "insideSubgraph", "video", "unknownSampler", "noText", "computedText", "severalTexts", "linked", "nodesMissing", "notEverything"]) {
    assert.notEqual(t(`improve.${key}`), `improve.${key}`);
  }
});

test("a free place is found below what is in the way", () => {
  assert.deepEqual(freePlace([0, 0], [100, 100], []), [0, 0]);
  const [x, y] = freePlace([0, 0], [100, 100], [[0, 0, 50, 50], [0, 100, 50, 50], [500, 0, 50, 50]]);
  assert.equal(x, 0);
  assert.ok(y > 150);
});
