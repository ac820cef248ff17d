// Puts the nodes of a loop on the canvas and links them.
import { nodeAt, nodesOf, widgetOf } from "../workflow.js";
import { frameNodes } from "./frames.js";
import { CRITIC, LOOP } from "./names.js";
import { freePlace } from "./place.js";

const LOOP_SIZE = [420, 720];
const CRITIC_SIZE = [400, 560];
const GAP = 60;
const TITLE = 30;

/** links, picture, values: of reach. Throws where the page refuses a link. */
export function placeLoop(app, liteGraph, graph, plan, { links, picture, values }) {
  const nodeOf = (id) => nodesOf(graph).find((node) => String(node.id) === id);
  const [first] = links.map((link) => nodeOf(link.node));
  const source = nodeOf(picture.node);
  const seed = links.find((link) => link.output === "seed");
  const loop = added(graph, liteGraph, LOOP, below(first), LOOP_SIZE);
  write(loop, { ...plan.values, goal: plan.values.prompt, ...controlOf(seed && nodeOf(seed.node)) });
  const critic = added(graph, liteGraph, CRITIC, below(source), CRITIC_SIZE);
  for (const { output, node, input } of links) link(loop, slotOf(loop, output), nodeOf(node), input);
  link(loop, slotOf(loop, "loop"), critic, "loop");
  const frames = placeFrames(graph, liteGraph, plan, source, picture.slot, critic);
  const [shown, slot] = frames.length ? [frames.at(-1), 0] : [source, picture.slot];
  link(shown, slot, critic, "images");
  writeValues(app, values);
  show(app, [loop, critic]);
}

/** values: of reachValues. */
export function writeValues(app, values) {
  for (const { node, input, value } of values) {
    const held = nodeAt(app, node);
    if (held) write(held, { [input]: value });
  }
}

function placeFrames(graph, liteGraph, plan, source, slot, critic) {
  const made = [];
  for (const { kind, inputs } of frameNodes(plan.judged)) {
    const node = liteGraph.createNode(kind);
    node.pos = [critic.pos[0] + critic.size[0] + GAP, critic.pos[1]];
    node.flags = { ...node.flags, collapsed: true };
    graph.add(node);
    for (const { name } of inputs) link(source, slot, node, name);
    made.push(node);
  }
  return made;
}

// Placed before it is added: Nodes 2.0 lays a node out where it is when it comes, and 1.35 put back one moved after that.
export function added(graph, liteGraph, type, at, size) {
  const rects = nodesOf(graph).map(rectOf);
  const node = liteGraph.createNode(type);
  const least = node.computeSize?.() ?? [0, 0];
  const room = [Math.max(size[0], least[0]), Math.max(size[1], least[1])];
  node.pos = freePlace(at, room, rects);
  node.setSize?.(room);
  graph.add(node);
  return node;
}

export const below = (node) => [node.pos[0], node.pos[1] + heightOf(node) + GAP];
const heightOf = (node) => (node.flags?.collapsed ? TITLE : node.size[1]);
const rectOf = (node) => [node.pos[0], node.pos[1] - TITLE, node.flags?.collapsed ? Math.min(node.size[0], 160) : node.size[0], heightOf(node) + TITLE];
export const slotOf = (node, output) => node.outputs.findIndex((one) => one.name === output);

export function write(node, values) {
  for (const [name, value] of Object.entries(values)) {
    const widget = widgetOf(node, name);
    if (widget && value !== undefined && value !== null) widget.value = value;
  }
}

/** How the user has their seed change after each queueing. */
function controlOf(node) {
  const value = widgetOf(node, "control_after_generate")?.value;
  return value === undefined ? {} : { control_after_generate: value };
}

export function link(from, slot, to, name) {
  const input = to.inputs.find((one) => one.name === name);
  if (!input || !from.connectSlots(from.outputs[slot], to, input)) throw new Error(`${to.title}: ${name}`);
}

const FRAME = 80;

/** Selects the nodes, and moves the view to them once they have their size: Nodes 2.0 measures them where it sees them,
 * and 1.35 does so wrongly while the view moves. */
export function show(app, nodes) {
  app.canvas?.selectItems?.(nodes);
  requestAnimationFrame(() => requestAnimationFrame(() => moveView(app.canvas, nodes)));
}

function moveView(canvas, nodes) {
  const left = Math.min(...nodes.map((node) => node.pos[0])) - FRAME;
  const top = Math.min(...nodes.map((node) => node.pos[1])) - FRAME;
  const right = Math.max(...nodes.map((node) => node.pos[0] + node.size[0])) + FRAME;
  const bottom = Math.max(...nodes.map((node) => node.pos[1] + node.size[1])) + FRAME;
  const bounds = [left, top, right - left, bottom - top];
  if (canvas?.animateToBounds) canvas.animateToBounds(bounds);
  else canvas?.ds?.fitToBounds?.(bounds);
}
