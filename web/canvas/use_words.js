// The words and numbers of a picture into the Self-Improving Prompt of the workflow in front, without loading a graph.
import { LOOP } from "../improve/names.js";
import { nodeAt, nodesInFront, widgetOf } from "../workflow.js";
import { isLinked } from "./hidden_inputs.js";
import { asOneStep } from "./one_step.js";

const NAMES = ["prompt", "negative", "seed", "steps", "cfg"];

/** The node that takes them: that of the run where it is in front, else the chosen one, else the first; or null. */
function hubOf(app, loopNode) {
  const own = nodeAt(app, loopNode);
  if (own?.comfyClass === LOOP) return own;
  const hubs = nodesInFront(app).filter((node) => node.comfyClass === LOOP);
  const chosen = new Set(Object.values(app.canvas?.selected_nodes ?? {}));
  return hubs.find((node) => chosen.has(node)) ?? hubs[0] ?? null;
}

/** @returns {Promise<{title: string, left: string[]} | null>} what could not be set because a link brings it; null without a node */
export async function useWords(app, loopNode, settings) {
  const node = hubOf(app, loopNode);
  if (!node) return null;
  const linked = (name) => isLinked(node, name);
  await asOneStep(app, () => {
    for (const name of NAMES.filter((one) => !linked(one))) write(node, name, settings[name]);
    if (!linked("seed")) write(node, "control_after_generate", "fixed"); // or the seed of the picture would not stay
  });
  return { title: node.title, left: NAMES.filter(linked) };
}

function write(node, name, value) {
  const widget = widgetOf(node, name);
  if (!widget || value === undefined) return;
  widget.value = value;
  widget.callback?.(value);
}
