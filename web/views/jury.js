// What each of several judges and detectors said about one picture, where there were several: who disagreed, what it cost.
import { h } from "../dom.js";
import { duration, textsOfRequirements } from "../wording.js";

const TELLING = 0.05; // evidence of less says nothing

/** An element, or null for a judge that was alone. */
export function juryView(t, run, critique) {
  if (!critique.jury?.length) return null;
  const texts = textsOfRequirements(run.checklist);
  const rows = critique.jury.map((one) => h("li", {}, heading(t, one), ...verdicts(t, one, texts)));
  const swaps = critique.swaps ? h("p", { className: "imitatoes-quiet" }, t("jury.swaps", { count: critique.swaps })) : null;
  return h("div", {}, h("ul", { className: "imitatoes-jury" }, ...rows), swaps);
}

function heading(t, one) {
  if (!one.looks) return h("span", {}, h("strong", {}, one.model), ` ${one.reason ? t("jury.failed", { reason: one.reason }) : t("jury.notAsked")}`);
  const cost = t(one.judge === "detector" ? "jury.exact" : "jury.cost", { calls: one.calls, seconds: duration(one.seconds) });
  return h("span", {}, h("strong", {}, one.model), ` ${cost}`);
}

function verdicts(t, one, texts) {
  const against = one.items.filter((item) => item.evidence < -TELLING).map((item) => `${texts.get(item.id) ?? item.id} (${item.answer})`);
  const silent = one.items.filter((item) => Math.abs(item.evidence) <= TELLING).map((item) => texts.get(item.id) ?? item.id);
  const found = one.items.filter((item) => item.evidence > TELLING).length;
  return [
    found ? h("p", { className: "imitatoes-quiet" }, t("jury.found", { found, of: one.items.length })) : null,
    against.length ? h("p", { className: "imitatoes-quiet" }, t("jury.against", { what: against.join("; ") })) : null,
    silent.length ? h("p", { className: "imitatoes-quiet" }, t("jury.silent", { what: silent.join("; ") })) : null,
  ];
}
