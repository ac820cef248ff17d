// Reads a workflow as the canvas saves it: nodes, links, and the graphs that its subgraph nodes stand for. Pure.
//
// Links of the workflow are lists [id, source, slot, target, slot, type], links of a subgraph are objects. A subgraph's
// own inputs and outputs are -10 and -20 there.

export const INPUTS = "-10";
export const OUTPUTS = "-20";

/**
 * @typedef {{id: string, source: string, slot: number, target: string, targetSlot: number}} SavedLink
 * @typedef {{data: object, nodes: object[], inputs: object[], outputs: object[], node(id: any): object | undefined,
 *   link(id: any): SavedLink | undefined, links: SavedLink[], into(node: object, input: string): SavedLink | undefined}} SavedGraph
 */

/** @returns {{root: SavedGraph, inside(node: object): SavedGraph | null, at(ids: string[]): SavedGraph | null}} */
export function readSaved(workflow) {
  const definitions = new Map();
  const collect = (data, depth) => {
    for (const definition of data.definitions?.subgraphs ?? []) {
      if (!definitions.has(String(definition.id))) definitions.set(String(definition.id), readGraph(definition));
      if (depth) collect(definition, depth - 1);
    }
  };
  collect(workflow, 10);
  const root = readGraph(workflow);
  const inside = (node) => definitions.get(String(node?.type)) ?? null;
  /** The graph that the nodes of these ids stand for, from outside in. */
  const at = (ids) => ids.reduce((graph, id) => inside(graph?.node(id)), root);
  return { root, inside, at };
}

function readGraph(data) {
  const links = (data.links ?? []).filter(Boolean).map(readLink);
  const byId = new Map(links.map((link) => [link.id, link]));
  const nodes = data.nodes ?? [];
  const link = (id) => byId.get(String(id));
  return {
    data,
    nodes,
    links,
    link,
    inputs: data.inputs ?? [],
    outputs: data.outputs ?? [],
    node: (id) => nodes.find((node) => String(node.id) === String(id)),
    into: (node, name) => link(inputOf(node, name)?.link),
  };
}

/** The input of this name, or the one that belongs to the widget of this name. */
export const inputOf = (node, name) =>
  (node?.inputs ?? []).find((input) => input.name === name) ?? (node?.inputs ?? []).find((input) => input.widget?.name === name);

function readLink(link) {
  const [id, source, slot, target, targetSlot] = Array.isArray(link)
    ? link
    : [link.id, link.origin_id, link.origin_slot, link.target_id, link.target_slot];
  return { id: String(id), source: String(source), slot: Number(slot), target: String(target), targetSlot: Number(targetSlot) };
}
