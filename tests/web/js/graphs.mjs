// UI workflows as the canvas would read them.
import { readFileSync } from "node:fs";

const CONTROLS = ["fixed", "increment", "decrement", "randomize"];

export const load = (name) => JSON.parse(readFileSync(new URL(`../data/graphs/${name}.json`, import.meta.url), "utf8"));

export function read(workflow) {
  const links = new Map(workflow.links.map(([id, node, slot]) => [id, { node, slot }]));
  return workflow.nodes.map((node) => ({
    id: node.id,
    type: node.type,
    title: node.title ?? node.type,
    active: ![2, 4].includes(node.mode),
    bypassed: node.mode === 4,
    subgraph: Boolean(node.subgraph),
    rect: [node.pos[0], node.pos[1] - 30, node.size[0], node.size[1] + 30],
    values: valuesOf(node),
    outputs: (node.outputs ?? []).map(({ name, type }) => ({ name, type })),
    inputs: (node.inputs ?? []).map((input) => ({ name: input.name, type: input.type, widget: Boolean(input.widget), from: links.get(input.link) ?? null })),
  }));
}

function valuesOf(node) {
  const left = [...(node.widgets_values ?? [])];
  const values = {};
  for (const input of (node.inputs ?? []).filter((one) => one.widget)) {
    values[input.name] = left.shift();
    if (/seed/.test(input.name) && CONTROLS.includes(left[0])) values.control_after_generate = left.shift();
  }
  return values;
}
