// Puts the nodes of a subgraph in the place of the node that stands for it, with the values that this node shows.
//
// Not by the page's own Unpack: up to 1.49 it loses those values and breaks other nodes that stand for the same graph.
import { nodesOf, widgetOf } from "../workflow.js";
import { INPUTS, OUTPUTS, readSaved } from "./saved_graph.js";

export class CannotUnpack extends Error {}

/**
 * @param graph the graph on the canvas
 * @param workflow the same as the canvas saves it
 * @param hostId id of the node that stands for the subgraph
 * @returns {void} Throws CannotUnpack, before anything is changed, where a node inside is of no known type.
 */
export function unpack(liteGraph, graph, workflow, hostId) {
  const saved = readSaved(workflow);
  const host = nodesOf(graph).find((node) => String(node.id) === hostId);
  const inside = saved.inside(saved.root.node(hostId));
  const missing = inside.nodes.find((node) => !liteGraph.registered_node_types[node.type]);
  if (missing) throw new CannotUnpack(missing.title ?? missing.type);
  const ends = outsideOf(saved, inside, hostId);
  const values = shownValues(saved, inside, host);
  const made = new Map(inside.nodes.map((node) => [String(node.id), create(liteGraph, graph, node, offset(inside, host))]));
  const nodeOf = (id) => made.get(id) ?? nodesOf(graph).find((node) => String(node.id) === id);
  for (const { source, slot, target, input, number } of ends) connect(nodeOf(source), slot, nodeOf(target), input, number);
  for (const node of inside.nodes) holdValues(made.get(String(node.id)), node);
  for (const { value, targets } of values) giveValue(liteGraph, graph, host, value, targets, (id) => made.get(id));
  frame(liteGraph, graph, inside, offset(inside, host));
  graph.remove(host);
}

/** The links that there are to be: those inside, and those that went in or out through the host. */
function outsideOf(saved, inside, hostId) {
  const links = [];
  const nameOf = (graph, link) => (graph.node(link.target)?.inputs ?? []).find((input) => String(input.link) === link.id)?.name;
  const into = (slot) => saved.root.into(saved.root.node(hostId), inside.inputs[slot]?.name);
  const outer = (slot) => saved.root.links.filter((link) => link.source === hostId && link.slot === slot);
  for (const link of inside.links) {
    const from = link.source === INPUTS ? into(link.slot) : link;
    if (!from) continue; // a value that the host shows
    if (link.target !== OUTPUTS) {
      links.push({ source: from.source, slot: from.slot, target: link.target, input: nameOf(inside, link), number: link.targetSlot });
      continue;
    }
    for (const out of outer(link.targetSlot)) {
      links.push({ source: from.source, slot: from.slot, target: out.target, input: nameOf(saved.root, out), number: out.targetSlot });
    }
  }
  return links;
}

/** What the host shows for inputs that nothing is linked to, and the inputs inside that it stands for. */
function shownValues(saved, inside, host) {
  const own = saved.root.node(host.id);
  const shown = inside.inputs.map(({ name }, slot) => ({
    value: saved.root.into(own, name) ? undefined : widgetOf(host, name)?.value,
    targets: inside.links.filter((link) => link.source === INPUTS && link.slot === slot).map((link) => targetOf(inside, link)),
  }));
  return shown.filter(({ value }) => value !== undefined);
}

function targetOf(inside, link) {
  const input = (inside.node(link.target)?.inputs ?? []).find((one) => String(one.link) === link.id);
  return { id: link.target, name: input?.name, widget: input?.widget?.name, number: link.targetSlot };
}

/** Into the widgets; where one of the inputs has none, out of a node that holds the value for all of them. */
function giveValue(liteGraph, graph, host, value, targets, nodeOf) {
  const kind = holderOf(value);
  if (targets.every(({ widget }) => widget) || !liteGraph.registered_node_types[kind]) {
    for (const { id, widget } of targets) if (widget) show(nodeOf(id), widget, value);
    return;
  }
  const holder = liteGraph.createNode(kind);
  holder.pos = [...host.pos];
  graph.add(holder, true);
  show(holder, "value", value);
  for (const { id, name, number } of targets) connect(holder, 0, nodeOf(id), name, number);
}

function holderOf(value) {
  if (typeof value === "number") return Number.isInteger(value) ? "PrimitiveInt" : "PrimitiveFloat";
  return typeof value === "boolean" ? "PrimitiveBoolean" : "PrimitiveStringMultiline";
}

function create(liteGraph, graph, saved, [right, down]) {
  const node = liteGraph.createNode(saved.type, saved.title);
  node.pos = [saved.pos[0] + right, saved.pos[1] + down];
  graph.add(node, true);
  const data = JSON.parse(JSON.stringify(saved)); // some values are of kinds that structuredClone refuses
  for (const input of data.inputs ?? []) input.link = null;
  for (const output of data.outputs ?? []) output.links = [];
  node.configure({ ...data, id: node.id, pos: [...node.pos] });
  return node;
}

function show(node, name, value) {
  const widget = widgetOf(node, name);
  if (widget) widget.value = value;
}

function connect(source, slot, target, name, number) {
  if (!source || !target) return;
  const found = target.inputs.findIndex((input) => input.name === name);
  source.connectSlots(source.outputs[slot], target, target.inputs[found < 0 ? number : found]);
}

// A primitive node makes its widgets when it is linked, with the value of what it is linked to.
function holdValues(node, saved) {
  if (saved.type !== "PrimitiveNode") return;
  for (const [index, value] of (saved.widgets_values ?? []).entries()) if (node.widgets?.[index]) node.widgets[index].value = value;
}

function offset(inside, host) {
  const boxes = inside.nodes.map((node) => [node.pos[0], node.pos[1], node.pos[0] + node.size[0], node.pos[1] + node.size[1]]);
  const middle = (low, high) => (Math.min(...boxes.map((box) => box[low])) + Math.max(...boxes.map((box) => box[high]))) / 2;
  return [host.pos[0] + host.size[0] / 2 - middle(0, 2), host.pos[1] + host.size[1] / 2 - middle(1, 3)];
}

function frame(liteGraph, graph, inside, [right, down]) {
  if (!liteGraph.LGraphGroup) return;
  for (const saved of inside.data.groups ?? []) {
    const group = new liteGraph.LGraphGroup(saved.title);
    graph.add(group, true);
    const [x, y, width, height] = saved.bounding;
    group.configure({ ...saved, id: group.id, bounding: [x + right, y + down, width, height] });
  }
}
