// One iteration in full: verdict, checklist, checks, what was changed and why, settings and seconds.
import { h } from "../dom.js";
import { iterationOf } from "../store.js";
import { beforeWish, duration, isBest, score, scoreOf, sureWords } from "../wording.js";
import { checklistView } from "./checklist.js";
import { createChecklistEditor } from "./checklist_editor.js";
import { juryView } from "./jury.js";
import { settingsDifferences } from "./prompt_differences.js";

const WORTH_TELLING = 0.005;
const STAGES = ["render", "judge", "swap", "save", "reduce", "encode"];

export function createIteration({ t, actions }) {
  let drawn = "";
  const editor = createChecklistEditor({ t, actions });
  const root = h("section", { className: "imitatoes-iteration", "aria-label": t("iteration.label") });

  return {
    root,
    update(run, iteration) {
      editor.update(run);
      const best = isBest(run, iteration.number);
      const key = `${run.run_id} ${iteration.number} ${iteration.critique?.score} ${best} ${run.taken} ${run.relooks?.[iteration.number]?.score} ${Boolean(run.checklist)} ${run.fresh_from} ${run.best?.score} ${run.best?.sure} ${run.standing?.[iteration.number]} ${run.checklist?.digest} ${toldKey(iteration)} ${run.elsewhere}`;
      if (key === drawn) return; // rebuilt only when it differs: focus and selection stay
      drawn = key;
      const focused = root.contains(document.activeElement) ? document.activeElement : null;
      root.replaceChildren(...parts(t, run, iteration, best, actions, editor).filter(Boolean));
      const same = focused?.isConnected ? focused : focused?.dataset.id && root.querySelector(`[data-id="${focused.dataset.id}"]`);
      same?.focus(); // whoever types or tabs here stays where they are
    },
  };
}

const toldKey = (iteration) => (iteration.critique?.items ?? []).map((item) => `${item.passed}${typeof item.judged}`).join();

function parts(t, run, iteration, best, actions, editor) {
  const critique = iteration.critique ?? {};
  const seen = run.relooks?.[iteration.number]?.items?.length ? merged(critique, run.relooks[iteration.number]) : critique;
  const correct = beforeWish(run, iteration.number) || run.elsewhere ? null : (id, met) => actions.correct(run, iteration.number, id, met);
  const checklist = checklistView(t, run, seen, correct);
  return [
    head(t, run, iteration, best),
    beforeWish(run, iteration.number) ? h("p", { className: "imitatoes-quiet" }, t("iteration.beforeWish")) : null,
    h("p", {}, critique.reason ?? ""),
    decision(t, run, iteration),
    iteration.duplicate_of ? h("p", { className: "imitatoes-quiet" }, t("iteration.duplicate", { number: iteration.duplicate_of })) : null,
    relook(t, run, iteration),
    sure(t, run, iteration),
    checklist && group(t("iteration.checklist"), h("div", {}, checklist, editor.root)),
    jury(t, run, critique),
    checks(t, critique),
    recoveries(t, run, iteration),
    changes(t, run, iteration),
    group(t("iteration.settings"), facts([
      [t("setting.seed"), iteration.seed_text ?? iteration.settings?.seed],
      [t("setting.steps"), iteration.settings?.steps],
      [t("setting.cfg"), iteration.settings?.cfg],
    ])),
    seconds(t, iteration),
    h("p", { className: "imitatoes-quiet" }, critique.judge === "offline" ? t("iteration.judgeOffline") : t("iteration.judge", { model: critique.model || critique.judge || "" })),
  ];
}

function jury(t, run, critique) {
  const shown = juryView(t, run, critique);
  return shown && group(t("jury.title"), shown);
}

function head(t, run, iteration, best) {
  const taken = run.taken === iteration.number;
  const seen = typeof iteration.critique?.score === "number";
  const mark = taken ? "iteration.taken" : best ? "iteration.best" : !seen ? "iteration.unseen" : iteration.decision?.kind === "accept" ? "iteration.accept" : "iteration.reject";
  return h(
    "div",
    { className: "imitatoes-iteration-head" },
    h("h3", {}, t("iteration.title", { number: iteration.number })),
    h("span", { className: best ? "imitatoes-mark imitatoes-mark-best" : "imitatoes-mark" }, t(mark)),
    h("strong", { className: "imitatoes-score" }, score(scoreOf(run, iteration))),
  );
}

// Said when the picture was made: of the first look alone, where there was a second one.
function decision(t, run, iteration) {
  const reason = iteration.decision?.reason;
  if (!reason || reason === iteration.critique?.reason) return null;
  return h("p", { className: "imitatoes-quiet" }, run.relooks?.[iteration.number] ? t("iteration.whenMade", { reason }) : reason);
}

// By all looks and by what its words brought elsewhere: it may differ from what one look says.
function sure(t, run, iteration) {
  const words = sureWords(t, run, iteration.number);
  return words ? h("p", { className: "imitatoes-quiet" }, t("iteration.sure", { words })) : null;
}

function relook(t, run, iteration) {
  const again = run.relooks?.[iteration.number];
  return typeof again?.score === "number" ? h("p", { className: "imitatoes-quiet" }, t("iteration.relooked", { score: score(again.score) })) : null;
}

// What the second look saw counts where it saw less.
function merged(first, again) {
  const seen = new Map(again.items.map((item) => [item.id, item]));
  const items = (first.items ?? []).map((item) => {
    const other = seen.get(item.id);
    return other && other.p < item.p ? { ...item, ...other, evidence: other.evidence || item.evidence } : item;
  });
  return { ...first, items };
}

function checks(t, critique) {
  const found = Object.entries(critique.checks ?? {});
  const unanswered = critique.unanswered ?? [];
  if (!found.length && !unanswered.length) return null;
  const rows = found.map(([name, value]) => {
    const fill = h("i", {});
    fill.style.width = `${Math.round(value * 100)}%`;
    return h("div", { className: "imitatoes-meter" }, h("span", {}, t(`check.${name}`)), h("span", { className: "imitatoes-track", "aria-hidden": "true" }, fill), h("span", { className: "imitatoes-figure" }, score(value)));
  });
  rows.push(...unanswered.map((name) => h("div", { className: "imitatoes-meter" }, h("span", {}, t(`check.${name}`)), h("span", { className: "imitatoes-quiet" }, t("check.unanswered")))));
  const reach = typeof critique.reachable === "number" ? h("p", { className: "imitatoes-quiet" }, t("iteration.reachable", { score: score(critique.reachable) })) : null;
  return group(t("iteration.checks"), h("div", {}, ...rows, ...(reach ? [reach] : [])));
}

/** What was changed before this render was tried again, where it failed before. */
function recoveries(t, run, iteration) {
  const own = (run.recoveries ?? []).filter((one) => one.number === iteration.number);
  if (!own.length) return null;
  return group(t("iteration.recoveries"), h("div", { className: "imitatoes-stack" }, ...own.map((one) => h("p", { title: one.error }, one.sentence))));
}

function changes(t, run, iteration) {
  const earlier = iterationOf(run, iteration.number - 1);
  const before = earlier?.settings ?? run.start_settings;
  const rows = before ? settingsDifferences(t, before, iteration.settings ?? {}, { before: earlier?.seed_text, after: iteration.seed_text }) : [];
  const reason = iteration.plan?.reason;
  if (!reason && !rows.length) return null;
  return group(
    t("iteration.changed"),
    h("div", { className: "imitatoes-stack" }, reason ? h("p", {}, reason) : null, ...rows),
  );
}

function seconds(t, iteration) {
  const all = iteration.seconds ?? {};
  const known = STAGES.filter((stage) => all[stage] >= WORTH_TELLING);
  return known.length ? group(t("iteration.seconds"), facts(known.map((stage) => [t(`stage.${stage}`), duration(all[stage])]))) : null;
}

const group = (title, content) => h("div", { className: "imitatoes-group" }, h("h4", {}, title), content);

function facts(pairs) {
  const shown = pairs.filter(([, value]) => value !== undefined && value !== null);
  return h("dl", { className: "imitatoes-dl" }, ...shown.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, String(value)))));
}
