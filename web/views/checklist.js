// The requirements of the goal, each met or not in one picture, with what the judge saw instead.
import { h, icon } from "../dom.js";
import { textsOfRequirements } from "../wording.js";

const SURE = 0.1;
const UNANSWERED = "unknown";

/** Whether a requirement is met: "met", "notMet", "unsure" where the judge could not tell, "unanswered" where it said nothing. */
export function verdictOn(item) {
  if (Math.abs(item.p - 0.5) < SURE / 2) return item.answer === UNANSWERED ? "unanswered" : "unsure";
  return item.passed ? "met" : "notMet";
}

const ICONS = { met: "check", notMet: "times", unsure: "question", unanswered: "minus" };

/**
 * A list with what the run says about its checklist below, or null where the judge had none.
 * correct(id, met): the user says otherwise, met null takes it back; none where that cannot be said.
 */
export function checklistView(t, run, critique, correct = null) {
  const items = critique?.items ?? [];
  if (!items.length) return null;
  const texts = textsOfRequirements(run.checklist);
  const asked = new Set(items.map((item) => item.id));
  const later = correct ? [...texts].filter(([id]) => !asked.has(id)) : []; // put on the checklist after this picture
  const notes = (run.checklist?.notes ?? []).map((note) => h("li", { className: "imitatoes-evidence" }, note));
  return h("ul", { className: "imitatoes-checklist" }, ...items.map((item) => row(t, item, texts.get(item.id) ?? item.id, correct)), ...later.map(([, text]) => laterRow(t, text)), ...notes);
}

function row(t, item, text, correct) {
  const verdict = verdictOn(item);
  const told = typeof item.judged === "number";
  const evidence = told ? t("correct.judged", { percent: Math.round(item.judged * 100) }) : item.evidence || (!["met", "unanswered"].includes(verdict) && item.answer && !/^(yes|no)$/i.test(item.answer) ? t("iteration.answer", { answer: item.answer }) : "");
  return h(
    "li",
    { className: `imitatoes-check imitatoes-${verdict}` },
    icon(ICONS[verdict]),
    h("span", { className: "imitatoes-sr" }, `${t(`iteration.${verdict}`)}: `),
    h("span", {}, text, evidence ? h("span", { className: "imitatoes-evidence" }, evidence) : null),
    h("span", { className: "imitatoes-figure" }, told ? t("correct.you") : verdict === "unanswered" ? t("iteration.unanswered") : `${Math.round(item.p * 100)} %`),
    correct && correction(t, item, text, told, correct),
  );
}

function laterRow(t, text) {
  return h("li", { className: "imitatoes-check imitatoes-unanswered" }, icon(ICONS.unanswered), h("span", {}, text), h("span", { className: "imitatoes-figure" }, t("iteration.notAsked")));
}

function correction(t, item, text, told, correct) {
  const words = t(told ? "correct.back" : item.passed ? "correct.notMet" : "correct.met", { text });
  return h("button", { type: "button", className: "imitatoes-correct", "data-id": item.id, title: words, "aria-label": words, on: { click: () => correct(item.id, told ? null : !item.passed) } }, icon(told ? "undo" : "flag"));
}
