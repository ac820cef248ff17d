// Puts the two nodes on the canvas and links them, as one step that can be undone.
import { nodesOf } from "../workflow.js";
import { CRITIC, CRITIC_SIZE, LOOP, LOOP_SIZE, planLoop } from "./plan.js";
import { readGraph } from "./reading.js";

/**
 * Makes the graph in front self-improving, or changes nothing.
 * @returns {{problem: [string, object]} | {left: string[]}} why not, or which outputs are linked to nothing
 */
export function improve(app, liteGraph) {
  const graph = app.canvas?.graph ?? app.graph;
  if (!liteGraph?.registered_node_types?.[LOOP] || !liteGraph.registered_node_types[CRITIC]) return { problem: ["improve.nodesMissing", {}] };
  const plan = planLoop(readGraph(graph));
  if (plan.problem) return plan;
  app.canvas?.emitBeforeChange?.();
  graph.beforeChange?.();
  try {
    const loop = added(graph, liteGraph, LOOP, plan.loopAt, LOOP_SIZE);
    const critic = added(graph, liteGraph, CRITIC, plan.criticAt, CRITIC_SIZE);
    for (const [name, value] of Object.entries(plan.values)) {
      const widget = loop.widgets?.find((one) => one.name === name);
      if (widget) widget.value = value;
    }
    for (const { output, node, input } of plan.links) link(loop, output, nodeOf(graph, node), input);
    link(loop, "loop", critic, "loop");
    const decode = nodeOf(graph, plan.images.node);
    link(decode, decode.outputs[plan.images.slot].name, critic, "images", plan.images.slot);
    show(app, [loop, critic]);
  } finally {
    graph.afterChange?.();
    app.canvas?.emitAfterChange?.();
    graph.setDirtyCanvas?.(true, true);
  }
  return { left: plan.left };
}

const nodeOf = (graph, id) => nodesOf(graph).find((node) => String(node.id) === String(id));

function added(graph, liteGraph, type, at, size) {
  const node = liteGraph.createNode(type);
  graph.add(node);
  node.pos = [...at];
  const least = node.computeSize?.() ?? [0, 0];
  node.setSize?.([Math.max(size[0], least[0]), Math.max(size[1], least[1])]);
  return node;
}

function link(from, output, to, input, slot = from.outputs.findIndex((one) => one.name === output)) {
  from.connectSlots(from.outputs[slot], to, to.inputs.find((one) => one.name === input));
}

const FRAME = 80;

function show(app, nodes) {
  const canvas = app.canvas;
  canvas?.selectItems?.(nodes);
  const left = Math.min(...nodes.map((node) => node.pos[0])) - FRAME;
  const top = Math.min(...nodes.map((node) => node.pos[1])) - FRAME;
  const right = Math.max(...nodes.map((node) => node.pos[0] + node.size[0])) + FRAME;
  const bottom = Math.max(...nodes.map((node) => node.pos[1] + node.size[1])) + FRAME;
  const bounds = [left, top, right - left, bottom - top];
  if (canvas?.animateToBounds) canvas.animateToBounds(bounds);
  else canvas?.ds?.fitToBounds?.(bounds);
}
