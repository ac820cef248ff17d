// Reads a graph on the canvas into plain data, so that what is to be wired can be decided and tested without a page.
import { nodesOf } from "../workflow.js";

/**
 * @typedef {{id: number|string, type: string, title: string, active: boolean, bypassed: boolean, subgraph: boolean,
 *   rect: [number, number, number, number], values: object, outputs: {name: string, type: string}[],
 *   inputs: {name: string, type: string, widget: boolean, from: {node: number|string, slot: number} | null}[]}} ReadNode
 */

const MUTED = 2;
const BYPASSED = 4;

/** @returns {ReadNode[]} */
export const readGraph = (graph) => nodesOf(graph).map((node) => readNode(graph, node));

function readNode(graph, node) {
  const [x, y] = node.pos;
  const [width, height] = node.flags?.collapsed ? [Math.min(node.size[0], 160), 30] : node.size;
  return {
    id: node.id,
    type: String(node.comfyClass ?? node.type),
    title: String(node.title ?? node.type),
    active: node.mode !== MUTED && node.mode !== BYPASSED,
    bypassed: node.mode === BYPASSED,
    subgraph: Boolean(node.subgraph),
    rect: [x, y - 30, width, height + 30],
    values: Object.fromEntries((node.widgets ?? []).map((widget) => [widget.name, widget.value])),
    inputs: (node.inputs ?? []).map((input) => readInput(graph, input)),
    outputs: (node.outputs ?? []).map((output) => ({ name: String(output.name), type: String(output.type) })),
  };
}

function readInput(graph, input) {
  const link = input.link === null || input.link === undefined ? null : linkOf(graph, input.link);
  return {
    name: String(input.name),
    type: String(input.type),
    widget: Boolean(input.widget),
    from: link ? { node: link.origin_id, slot: link.origin_slot } : null,
  };
}

// Links are a Map in newer frontends, an object in older ones.
const linkOf = (graph, id) => graph.getLink?.(id) ?? graph.links?.get?.(id) ?? graph.links?.[id] ?? null;
