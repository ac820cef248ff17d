// Puts the loop of the workflow in front on all cards of ComfyUI-Distributed, or on one again: one step that can be undone.
import { asOneStep } from "../canvas/one_step.js";
import { graphInFront, nodesOf, widgetOf } from "../workflow.js";
import { COLLECTOR, CRITIC, LOOP, SEED } from "./names.js";
import { added, below, link, show, slotOf, write } from "./place_loop.js";

const SIZE = [220, 90];
const CARRIES = { [SEED]: "seed", [COLLECTOR]: "images" };

/** @returns {Promise<{problem: string} | {on: boolean}>} why nothing was changed, or whether the cards share now */
export async function toggleSpread({ app, liteGraph, t }) {
  const graph = graphInFront(app);
  const ofType = (type) => nodesOf(graph).filter((node) => node.type === type);
  const spreading = [...ofType(SEED), ...ofType(COLLECTOR)];
  if (spreading.length) {
    await asOneStep(app, () => spreading.forEach((node) => takeOut(graph, node)));
    return { on: false };
  }
  const [loop, critic] = [ofType(LOOP)[0], ofType(CRITIC)[0]];
  const shown = critic && linkOf(graph, inputOf(critic, "images")?.link);
  if (!loop || !shown) return { problem: t("spread.noLoop") };
  const types = liteGraph?.registered_node_types;
  if (!types?.[SEED] || !types[COLLECTOR]) return { problem: t("spread.missing") };
  const seeded = targetsOf(graph, loop, slotOf(loop, "seed"));
  if (!seeded.length) return { problem: t("spread.noSeed") };
  await asOneStep(app, () => {
    const source = nodeOf(graph, shown.origin_id);
    const seed = added(graph, liteGraph, SEED, below(seeded[0].node), SIZE);
    const collector = added(graph, liteGraph, COLLECTOR, below(source), SIZE);
    link(loop, slotOf(loop, "seed"), seed, "seed");
    for (const { node, input } of seeded) link(seed, 0, node, input);
    link(source, shown.origin_slot, collector, "images");
    link(collector, 0, critic, "images");
    show(app, [seed, collector]);
  });
  return { on: true };
}

/** What it hands on goes straight to whoever reads it. */
function takeOut(graph, node) {
  const name = CARRIES[node.type];
  const origin = linkOf(graph, inputOf(node, name)?.link);
  const value = widgetOf(node, name)?.value;
  for (const target of targetsOf(graph, node, 0)) {
    if (origin) link(nodeOf(graph, origin.origin_id), origin.origin_slot, target.node, target.input);
    else write(target.node, { [target.input]: value });
  }
  graph.remove(node);
}

function targetsOf(graph, node, slot) {
  const links = (node.outputs?.[slot]?.links ?? []).map((id) => linkOf(graph, id)).filter(Boolean);
  return links.map((one) => ({ node: nodeOf(graph, one.target_id), input: nodeOf(graph, one.target_id)?.inputs[one.target_slot]?.name })).filter((one) => one.input);
}

const inputOf = (node, name) => node.inputs?.find((one) => one.name === name);
const nodeOf = (graph, id) => nodesOf(graph).find((node) => node.id === id);
const linkOf = (graph, id) => (id === null || id === undefined ? null : (graph.getLink?.(id) ?? graph.links.get?.(id) ?? graph.links[id] ?? null));
