// Following links upstream in a graph that was read: through reroutes and bypassed nodes, as ComfyUI does. Pure.

const MOST_STEPS = 500;
const CONSTANT = /^Primitive/;

export function createTrail(nodes) {
  const byId = new Map(nodes.map((node) => [String(node.id), node]));

  /** {node, slot} that feeds an input, null where nothing does; node is undefined for what lies outside of this graph. */
  function source(input) {
    let from = input?.from ?? null;
    for (let step = 0; from && step < MOST_STEPS; step += 1) {
      const node = byId.get(String(from.node));
      if (!node) return { node: undefined, slot: from.slot };
      const through = passes(node, from.slot);
      if (through === undefined) return node.active ? { node, slot: from.slot } : null;
      from = through;
    }
    return null;
  }

  /** Breadth first over inputs of a type, from the node on, until wanted(node) holds; null when it never does. */
  function nearest(start, type, wanted) {
    const waiting = [start];
    const seen = new Set();
    while (waiting.length) {
      const node = waiting.shift();
      if (!node || seen.has(node)) continue;
      seen.add(node);
      if (wanted(node)) return node;
      for (const input of node.inputs.filter((one) => one.type === type)) waiting.push(source(input)?.node);
    }
    return null;
  }

  return { nodes, source, nearest };
}

// Where the flow goes on behind a node that only passes it on: undefined for all others.
function passes(node, slot) {
  if (node.type === "Reroute") return node.inputs[0]?.from ?? null;
  if (!node.bypassed) return undefined;
  const type = node.outputs[slot]?.type;
  return node.inputs.find((input) => input.type === type && input.from)?.from ?? null;
}

export const inputOf = (node, ...names) => node?.inputs.find((input) => names.includes(input.name)) ?? null;

/** The value an input has: its widget's, or that of a constant linked to it; computed where neither says it. */
export function valueOf(trail, node, input) {
  if (!input.from) return { value: node.values[input.name] };
  const from = trail.source(input);
  if (from === null) return { value: node.values[input.name] };
  if (from.node && CONSTANT.test(from.node.type) && !from.node.inputs.some((one) => one.from)) {
    return { value: Object.values(from.node.values)[0] };
  }
  return { computed: from.node?.title ?? "…" };
}
