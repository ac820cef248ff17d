// A picture judged by itself: its goal is asked for, and the verdict shown, in a dialog.
import { h, setText } from "../dom.js";
import { score, textsOfRequirements } from "../wording.js";
import { openDialog } from "./dialog.js";
import { juryView } from "./jury.js";

/** picture: {image, folder}. goal, judge: to begin with. t: words. server: requests. */
export function showJudging({ t, server, picture, goal, judge }) {
  const wish = h("textarea", { rows: 3, value: goal, "aria-label": t("judgePicture.goal"), placeholder: t("judgePicture.goalHint") });
  const start = h("button", { type: "submit" }, t("judgePicture.start"));
  const told = h("p", { role: "status" });
  const items = h("ul", { className: "imitatoes-jury" });
  const judges = h("div", {});
  const form = h("form", { className: "imitatoes-connection-form", on: { submit: ask } }, h("label", {}, t("judgePicture.goal"), wish), start);
  openDialog({ title: t("judgePicture.title"), close: t("judgePicture.close") }, h("p", { className: "imitatoes-quiet" }, picture.image), form, told, items, judges);
  wish.focus();

  async function ask(event) {
    event.preventDefault();
    if (!wish.value.trim()) return;
    start.disabled = true;
    items.replaceChildren();
    judges.replaceChildren();
    setText(told, t("judgePicture.asking"));
    const answer = await server.judgePicture({ ...picture, goal: wish.value, judge });
    start.disabled = false;
    if (answer.problem) return setText(told, answer.problem);
    const { critique, checklist } = answer;
    const texts = textsOfRequirements(checklist);
    const verdict = typeof critique.score === "number" ? t(critique.passed ? "judgePicture.passed" : "judgePicture.notPassed", { score: score(critique.score) }) : t("judgePicture.none");
    setText(told, `${verdict} ${critique.reason}`);
    items.replaceChildren(...critique.items.map((one) => h("li", {}, `${t(one.passed ? "iteration.met" : "iteration.notMet")}: ${texts.get(one.id) ?? one.id} (${one.answer})`)));
    const said = juryView(t, { checklist }, critique);
    if (said) judges.append(h("h3", {}, t("jury.title")), said);
  }
}
