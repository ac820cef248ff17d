// The command: asks the server how a loop goes into the workflow in front, asks the user where only they can tell, and
// makes it, as one step that can be undone.
import { asOneStep } from "../canvas/one_step.js";
import { nodeAt, rootGraph } from "../workflow.js";
import { CRITIC, LOOP } from "./names.js";
import { placeLoop } from "./place_loop.js";
import { reach } from "./reach.js";
import { CannotUnpack, unpack } from "./unpack.js";

const MOST_UNPACKED = 50;

/**
 * @param {{app: object, liteGraph: object, server: {plan: Function}, t: Function,
 *   choose: (text: string, options: {value: string, label: string, picture?: string}[]) => Promise<string | null>}} around
 * @returns {Promise<{problem: string} | {left: string[]} | null>} why nothing was changed; or what the loop leaves alone;
 *   null where the user said no
 */
export async function improve(around) {
  const { app, liteGraph, t } = around;
  const types = liteGraph?.registered_node_types;
  if (!types?.[LOOP] || !types[CRITIC]) return { problem: t("improve.nodesMissing") };
  let asked = await ask(around, "");
  const [question] = asked.plan?.questions ?? [];
  if (question) {
    const judge = await around.choose(question.text, optionsOf(app, asked.plan, question));
    if (judge === null) return null;
    asked = await ask(around, judge);
  }
  if (asked.problem) return asked;
  if (!asked.closed.length) return change(around, asked);
  const way = await around.choose(...waysOf(around, asked));
  if (way === null) return null;
  return change(around, way === "unpack" ? asked : { ...asked, closed: [], without: asked.hidden });
}

/** The plan, and what of it can be reached on the canvas. */
async function ask({ app, server, t }, judge) {
  let workflow, output;
  try {
    ({ workflow, output } = await app.graphToPrompt());
  } catch (problem) {
    return { problem: t("improve.notRead", { message: problem.message ?? problem }) }; // the page's own: a broken link
  }
  const [unknown] = Object.keys(output).filter((id) => !output[id].class_type).sort(byId);
  if (unknown !== undefined) return { problem: t("improve.unknownNode", { node: nodeAt(app, unknown)?.type ?? unknown, id: unknown }) };
  const plan = await server.plan(output, judge);
  if (plan.problem) return { problem: plan.problem };
  if (plan.placeholders?.length) {
    const names = plan.placeholders.map((one) => `${one.text} (${nodeAt(app, one.node)?.title ?? one.node}, ${one.input})`);
    return { problem: t("improve.placeholder", { names: names.join(", ") }) };
  }
  try {
    return { plan, judge, workflow, ...reach(workflow, output, plan) };
  } catch (lost) {
    return { problem: t("improve.notLinked", { name: lost.message }) };
  }
}

const byId = (one, other) => one.localeCompare(other, "en", { numeric: true });

function optionsOf(app, plan, question) {
  return question.choices.map((value) => ({
    value,
    label: `${plan.candidates.find((one) => one.node === value)?.title ?? value} (${value})`,
    picture: nodeAt(app, value)?.imgs?.[0]?.src,
  }));
}

/** What can be done about a subgraph that hides something: [text, options]. Without a prompt there is no loop. */
function waysOf({ app, t }, { closed, hidden, links, picture }) {
  const names = closed.map((id) => nodeAt(app, id)?.title ?? id).join(", ");
  const settings = hidden.map((name) => t(`setting.${name}`).toLowerCase()).join(", ");
  const enough = picture && hidden.length && links.some((link) => link.output === "prompt") && !hidden.includes("prompt");
  const what = settings && picture ? t("improve.hidden", { settings, names }) : t("improve.hiddenPicture", { names });
  const options = [{ value: "unpack", label: t("improve.unpack") }];
  if (enough) options.push({ value: "leave", label: t("improve.goWithout", { settings }) });
  return [what, options];
}

async function change(around, asked) {
  const { app, liteGraph, t } = around;
  const graph = rootGraph(app);
  if (app.canvas?.graph && app.canvas.graph !== graph) app.canvas.setGraph?.(graph);
  const before = asked.plan;
  let changed = false;
  const failure = await asOneStep(app, async () => {
    for (let count = 0; asked.closed.length && count < MOST_UNPACKED; count++) {
      unpack(liteGraph, graph, asked.workflow, asked.closed[0]);
      changed = true;
      asked = await askAgain(around, asked);
    }
    asked.plan = withTexts(asked.plan, before);
    if (asked.closed.length) throw new Error(asked.closed.join());
    changed = true;
    placeLoop(app, liteGraph, graph, asked.plan, asked);
  }).then(
    () => null,
    (problem) => {
      changed ||= !(problem instanceof CannotUnpack);
      return problem;
    },
  );
  const without = (asked.without ?? []).map((name) => t("improve.without", { setting: t(`setting.${name}`) }));
  if (!failure) return { left: [...without, ...leftAlone(asked.plan)] };
  if (changed) await app.extensionManager?.command?.execute?.("Comfy.Undo");
  const key = failure instanceof CannotUnpack ? "improve.notInstalled" : "improve.notLinked";
  return { problem: failure.told ?? t(key, { name: failure.message }) };
}

// What was inside a subgraph has another id now; a picture that the user chose there is known by its title.
async function askAgain(around, { judge, plan }) {
  let asked = await ask(around, judge.includes(":") ? "" : judge);
  const same = judge.includes(":") && asked.plan?.candidates.find((one) => one.title === plan.judged.title);
  if (same) asked = await ask(around, same.node);
  if (asked.problem) throw Object.assign(new Error(asked.problem), { told: asked.problem });
  return asked;
}

// Inside a subgraph the page sends a text as it stands. Unpacked, the text is one of a widget that fills {this|or that}
// before it is sent, and braces that meant nothing are gone: what the loop starts from is what was rendered until now.
function withTexts(plan, before) {
  if (plan.judged.title !== before.judged.title) return plan;
  const { prompt = plan.values.prompt, negative = plan.values.negative } = before.values;
  return { ...plan, values: { ...plan.values, prompt, negative } };
}

function leftAlone({ left = [], notes = [] }) {
  return [...notes, ...left.filter((one) => one.node || ["seed", "steps"].includes(one.setting)).map((one) => one.reason)];
}
