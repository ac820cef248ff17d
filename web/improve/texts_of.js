// Finding the texts behind a sampler's conditioning. Pure.
import { valueOf } from "./following.js";

const ZERO = "ConditioningZeroOut";

/** The text inputs behind a conditioning input, as {node, input}: every encoder it comes from. */
export function textInputs(trail, start) {
  const found = [];
  const seen = new Set();
  const waiting = [trail.source(start)];
  while (waiting.length) {
    const from = waiting.shift();
    if (!from?.node || from.node.type === ZERO || seen.has(`${from.node.id} ${from.slot}`)) continue;
    seen.add(`${from.node.id} ${from.slot}`);
    const texts = from.node.inputs.filter((input) => input.type === "STRING");
    const earlier = conditioningInputs(from.node, from.slot);
    if (texts.length && !earlier.length) found.push(...texts.map((input) => ({ node: from.node, input })));
    waiting.push(...earlier.map((input) => trail.source(input)));
  }
  const once = new Set();
  return found.filter(({ node, input }) => !once.has(`${node.id} ${input.name}`) && once.add(`${node.id} ${input.name}`));
}

// A node with outputs "positive" and "negative" passes each on from the input of the same name.
function conditioningInputs(node, slot) {
  const all = node.inputs.filter((input) => input.type === "CONDITIONING" && input.from);
  const named = all.filter((input) => input.name === node.outputs[slot]?.name);
  return named.length ? named : all;
}

/** {text, ends} of inputs that all say the same, or {problem}: [key, values] in words for the user. */
export function commonText(trail, ends, name, owner) {
  const texts = new Map();
  for (const end of ends) {
    const known = valueOf(trail, end.node, end.input);
    if (known.computed) return { problem: ["improve.computedText", { node: end.node.title, source: known.computed }] };
    const text = String(known.value ?? "");
    texts.set(text, [...(texts.get(text) ?? []), end]);
  }
  // An encoder with several fields may leave some of them empty: these stay so.
  if (texts.size > 1) texts.delete("");
  if (texts.size > 1) {
    const names = [...texts.values()].map(([end]) => end.node.title).join(", ");
    return { problem: ["improve.severalTexts", { input: name, node: owner.title, names }] };
  }
  const [[text, same]] = texts.size ? texts : [["", []]];
  return { text, ends: same };
}
