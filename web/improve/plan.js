// Decides how a workflow becomes self-improving: what is linked to what, with the user's own texts and numbers. Pure.
//
// From the node that shows the picture back to the decode, from there to the samplers, from these to texts and numbers.
import { createTrail, inputOf, valueOf } from "./following.js";
import { commonText, textInputs } from "./texts_of.js";
import { freePlace } from "./place.js";

export const LOOP = "ImitatoesSelfImprovingPrompt";
export const CRITIC = "ImitatoesVLMCritique";
export const LOOP_SIZE = [420, 720];
export const CRITIC_SIZE = [400, 560];
const GAP = 60;
const SHOWS = /^(Save|Preview).*Image/i;
/** At this guidance the loop leaves cfg alone: the start value where the graph has no cfg. */
const NO_GUIDANCE = 1;

class Missing extends Error {
  constructor(key, values = {}) {
    super(key);
    this.problem = [key, values];
  }
}

/**
 * @param {import("./reading.js").ReadNode[]} nodes
 * @returns {{problem: [string, object]} | {values: object, links: {output: string, node: any, input: string}[],
 *   images: {node: any, slot: number}, loopAt: number[], criticAt: number[], left: string[]}}
 */
export function planLoop(nodes) {
  try {
    return planned(nodes);
  } catch (problem) {
    if (problem instanceof Missing) return { problem: problem.problem };
    throw problem;
  }
}

function planned(nodes) {
  const loop = nodes.find((node) => node.type === LOOP || node.type === CRITIC);
  if (loop) throw new Missing("improve.hasLoop", { node: loop.title });
  const trail = createTrail(nodes);
  const decode = decodeOf(trail);
  const samplers = samplersOf(trail, decode);
  const positive = texts(trail, samplers, (sampler) => sampler.positive);
  const negative = texts(trail, samplers, (sampler) => sampler.negative, positive.ends);
  const numbers = Object.fromEntries(["seed", "steps", "cfg"].map((name) => [name, knob(trail, samplers, name)]));
  const [base] = samplers;
  if (!numbers.seed.ends.length) throw new Missing(...(numbers.seed.problem ?? ["improve.unknownSampler", { node: base.node.title, missing: "seed" }]));
  const ends = { prompt: positive.ends, negative: negative.ends, seed: numbers.seed.ends, steps: numbers.steps.ends, cfg: numbers.cfg.ends };
  const links = Object.entries(ends).flatMap(([output, list]) => list.map(({ node, input }) => ({ output, node: node.id, input: input.name })));
  const values = {
    goal: positive.text,
    prompt: positive.text,
    negative: negative.text,
    seed: numbers.seed.value,
    control_after_generate: numbers.seed.ends[0].node.values.control_after_generate,
    steps: numbers.steps.value,
    cfg: numbers.cfg.ends.length ? numbers.cfg.value : NO_GUIDANCE,
  };
  const [first] = positive.ends;
  const rects = nodes.map((node) => node.rect);
  const loopAt = freePlace([first.node.rect[0], first.node.rect[1] + first.node.rect[3] + GAP], LOOP_SIZE, rects);
  const criticFrom = [decode.rect[0], decode.rect[1] + decode.rect[3] + GAP];
  const criticAt = freePlace(criticFrom, CRITIC_SIZE, [...rects, [loopAt[0], loopAt[1] - 30, LOOP_SIZE[0], LOOP_SIZE[1] + 30]]);
  const slot = decode.outputs.findIndex((output) => output.type === "IMAGE");
  const left = Object.keys(ends).filter((name) => !ends[name].length);
  return { values: known(values), links, images: { node: decode.id, slot }, loopAt, criticAt, left };
}

const known = (values) => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== null));

function decodeOf(trail) {
  const active = trail.nodes.filter((node) => node.active);
  const ends = active.filter((node) => SHOWS.test(node.type) && node.inputs.some((input) => input.type === "IMAGE" && input.from));
  const decodes = (node) => node.outputs.some((output) => output.type === "IMAGE") && node.inputs.some((input) => input.type === "LATENT" && input.from);
  for (const end of ends) {
    const found = trail.nearest(end, "IMAGE", decodes);
    if (found) return found;
  }
  const inside = active.find((node) => node.subgraph);
  if (inside) throw new Missing("improve.insideSubgraph", { node: inside.title });
  if (active.some((node) => node.inputs.some((input) => input.type === "VIDEO"))) throw new Missing("improve.video");
  throw ends.length ? new Missing("improve.noDecode", { node: ends[0].title }) : new Missing("improve.noPicture");
}

/** The samplers that paint the picture, the first pass first, each with the inputs that matter. */
function samplersOf(trail, decode) {
  const found = [];
  let from = decode;
  for (;;) {
    const node = trail.nearest(from, "LATENT", (one) => one !== from && samples(one));
    if (!node || found.some((one) => one.node === node)) break;
    found.unshift(sampler(trail, node));
    from = node;
  }
  if (!found.length) {
    const inside = trail.nearest(decode, "LATENT", (node) => node.subgraph);
    throw inside ? new Missing("improve.insideSubgraph", { node: inside.title }) : new Missing("improve.noSampler", { node: decode.title });
  }
  return found;
}

const samples = (node) => Boolean(inputOf(node, "guider") || (inputOf(node, "positive") && inputOf(node, "seed", "noise_seed")));

function sampler(trail, node) {
  const ofKind = (kind) => trail.source(inputOf(node, kind))?.node ?? null;
  const guider = inputOf(node, "guider") ? ofKind("guider") : node;
  const noise = inputOf(node, "noise") ? ofKind("noise") : node;
  const sigmas = inputOf(node, "sigmas") ? trail.nearest(ofKind("sigmas"), "SIGMAS", (one) => inputOf(one, "steps")) : node;
  const positive = inputOf(guider, "positive", "conditioning");
  if (!positive) throw new Missing("improve.unknownSampler", { node: (guider ?? node).title, missing: "positive" });
  return {
    node,
    positive: { node: guider, input: positive },
    negative: { node: guider, input: inputOf(guider, "negative") },
    seed: { node: noise, input: inputOf(noise, "seed", "noise_seed") },
    steps: { node: sigmas, input: inputOf(sigmas, "steps") },
    cfg: { node: guider, input: inputOf(guider, "cfg") },
  };
}

function texts(trail, samplers, side, taken = null) {
  const same = (end) => taken?.some((other) => other.node === end.node && other.input === end.input);
  const ends = samplers
    .flatMap((one) => (side(one).input ? textInputs(trail, side(one).input) : []))
    .filter((end, index, all) => !same(end) && all.findIndex((other) => other.node === end.node && other.input === end.input) === index);
  const [{ node, input }] = samplers.map(side);
  if (!ends.length && !taken) throw new Missing("improve.noText", { input: input.name, node: node.title });
  const found = commonText(trail, ends, input?.name ?? "", node);
  if (found.problem) throw new Missing(...found.problem);
  return found;
}

/** A number of the first pass, and the inputs that take it: in later passes where it is the same number. */
function knob(trail, samplers, name) {
  const ends = samplers.map((one) => one[name]).filter(({ node, input }) => node && input);
  const values = ends.map(({ node, input }) => valueOf(trail, node, input));
  const [first] = values;
  if (!first) return { ends: [] };
  if (first.computed) {
    const [{ node, input }] = ends;
    return { ends: [], problem: ["improve.linked", { input: input.name, node: node.title, source: first.computed }] };
  }
  const same = ends.filter((end, index) => values[index].value === first.value);
  const once = same.filter((end, index) => same.findIndex((other) => other.node === end.node) === index);
  return { value: first.value, ends: once };
}
