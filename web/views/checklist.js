// The requirements of the goal, each met or not in one picture, with what the judge saw instead.
import { h, icon } from "../dom.js";

const SURE = 0.1;
const UNANSWERED = "unknown";

/** Whether a requirement is met: "met", "notMet", "unsure" where the judge could not tell, "unanswered" where it said nothing. */
export function verdictOn(item) {
  if (Math.abs(item.p - 0.5) < SURE / 2) return item.answer === UNANSWERED ? "unanswered" : "unsure";
  return item.passed ? "met" : "notMet";
}

const ICONS = { met: "check", notMet: "times", unsure: "question", unanswered: "minus" };

/** A list with what the run says about its checklist below, or null where the judge had none. */
export function checklistView(t, run, critique) {
  const items = critique?.items ?? [];
  if (!items.length) return null;
  const texts = new Map((run.checklist?.requirements ?? []).map((requirement) => [requirement.id, requirement.text]));
  const notes = (run.checklist?.notes ?? []).map((note) => h("li", { className: "imitatoes-evidence" }, note));
  return h("ul", { className: "imitatoes-checklist" }, ...items.map((item) => row(t, item, texts.get(item.id) ?? item.id)), ...notes);
}

function row(t, item, text) {
  const verdict = verdictOn(item);
  const evidence = item.evidence || (!["met", "unanswered"].includes(verdict) && item.answer && !/^(yes|no)$/i.test(item.answer) ? t("iteration.answer", { answer: item.answer }) : "");
  return h(
    "li",
    { className: `imitatoes-check imitatoes-${verdict}` },
    icon(ICONS[verdict]),
    h("span", { className: "imitatoes-sr" }, `${t(`iteration.${verdict}`)}: `),
    h("span", {}, text, evidence ? h("span", { className: "imitatoes-evidence" }, evidence) : null),
    h("span", { className: "imitatoes-figure" }, verdict === "unanswered" ? t("iteration.unanswered") : `${Math.round(item.p * 100)} %`),
  );
}
