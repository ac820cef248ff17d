// From a plan, whose ids are those of the flattened graph ("12:5" is node 5 in the subgraph at node 12), to what can be
// linked on the canvas: inputs of its own nodes, and promoted inputs of the nodes that stand for subgraphs. Pure.
import { INPUTS, inputOf, readSaved } from "./saved_graph.js";

/** Outputs of SelfImprovingPrompt that a plan links. */
const SETTINGS = ["prompt", "negative", "seed", "steps", "cfg"];

/**
 * @param workflow as the canvas saves it
 * @param graph the same in API format
 * @param plan the answer of POST /imitatoes/plan
 * @returns {{links: {output: string, node: string, input: string}[], picture: {node: string, slot: number} | null,
 *   closed: string[], hidden: string[], values: {node: string, input: string, value: number}[]}} closed: ids of the nodes on the canvas whose subgraphs must be unpacked first, or
 *   the settings in hidden are not all linked. Throws where a part of the plan is neither on the canvas nor in a subgraph.
 */
export function reach(workflow, graph, plan) {
  const saved = readSaved(workflow);
  const closed = new Set();
  const hidden = new Set();
  const links = [];
  for (const output of SETTINGS) {
    for (const { node, input } of plan.inputs[output] ?? []) {
      const end = reachInput(saved, node.split(":"), input);
      const taken = end && links.find((link) => same(link, end));
      if (end && !taken) links.push({ output, ...end });
      if (end && (!taken || taken.output === output)) continue;
      // Out of sight, or behind a promoted input that another setting has: it would take only one of them.
      closed.add(node.split(":")[0]);
      hidden.add(output);
    }
  }
  const picture = reachPicture(saved, graph, plan.judged);
  if (!picture) closed.add((inSubgraph(plan.judged.source) ? plan.judged.source : plan.judged.node).split(":")[0]);
  const lost = [...closed].find((id) => !saved.inside(saved.root.node(id)));
  if (lost !== undefined) throw new Error(lost);
  return { links, picture, closed: [...closed], hidden: [...hidden], values: reachValues(saved, plan.changes ?? []) };
}

/** Values of a graph, each where the canvas holds it: at a promoted input, else in the node itself, however far inside. */
export const reachValues = (saved, changes) => changes.map(({ node, input, value }) => ({ ...(reachInput(saved, node.split(":"), input) ?? { node, input }), value }));

const same = (one, other) => one.node === other.node && one.input === other.input;
const inSubgraph = (id) => id.includes(":");

/** The input on the canvas that gives its value to an input further inside; null where there is none. */
export function reachInput(saved, ids, name) {
  const node = saved.at(ids.slice(0, -1))?.node(ids.at(-1));
  if (!node) return null;
  if (ids.length === 1) return { node: ids[0], input: inputOf(node, name)?.name ?? name };
  const graph = saved.at(ids.slice(0, -1));
  const link = graph.into(node, name);
  if (link?.source !== INPUTS || !graph.inputs[link.slot]) return null;
  const hosts = ids.slice(0, -1);
  const promoted = graph.inputs[link.slot].name;
  const outer = saved.at(hosts.slice(0, -1));
  // What is linked to it inside another subgraph must come from that one's own inputs, or it is a value of that graph.
  if (hosts.length > 1 && outer.into(outer.node(hosts.at(-1)), promoted)?.source !== INPUTS) return null;
  return reachInput(saved, hosts, promoted);
}

/** The output on the canvas that the judged picture comes out of; null where it is shown inside a subgraph only. */
function reachPicture(saved, graph, judged) {
  if (!inSubgraph(judged.node)) {
    const from = [judged.source, judged.slot].join();
    const inputs = Object.entries(graph[judged.node]?.inputs ?? {});
    const [name] = inputs.find(([, value]) => Array.isArray(value) && value.join() === from) ?? [];
    const link = name === undefined ? undefined : saved.root.into(saved.root.node(judged.node), name);
    if (link) return { node: link.source, slot: link.slot };
  }
  return reachOutput(saved, judged.source.split(":"), judged.slot);
}

function reachOutput(saved, ids, slot) {
  if (ids.length === 1) return saved.root.node(ids[0]) ? { node: ids[0], slot } : null;
  const graph = saved.at(ids.slice(0, -1));
  const number = (graph?.outputs ?? []).findIndex((output) =>
    (output.linkIds ?? []).some((id) => graph.link(id)?.source === ids.at(-1) && graph.link(id).slot === slot),
  );
  return number < 0 ? null : reachOutput(saved, ids.slice(0, -1), number);
}
