// What the command that makes a workflow self-improving asks and tells: a question has its answers as buttons, each with
// its picture where there is one.
import { h, setText } from "../dom.js";
import { createNotice } from "./notice.js";

export function createChoices({ t, actions, choice }) {
  let shown = null;
  const text = h("p", { id: "imitatoes-question" });
  const answers = h("div", { className: "imitatoes-answers" });
  const cancel = h("button", { type: "button", on: { click: () => choice.answer(null) } }, t("improve.cancel"));
  const question = h("div", { className: "imitatoes-question", role: "group", "aria-labelledby": "imitatoes-question", hidden: true }, text, answers, cancel);
  const notice = createNotice({ actions, place: "improve" });
  const root = h("div", { className: "imitatoes-stack" }, question, notice.root);

  const button = ({ value, label, picture }) =>
    h(
      "button",
      { type: "button", on: { click: () => choice.answer(value) } },
      picture ? h("img", { src: picture, alt: "" }) : null,
      h("span", {}, label),
    );

  return {
    root,
    update() {
      notice.update();
      const open = choice.open();
      root.hidden = !open && notice.root.hidden;
      if (open === shown) return;
      shown = open;
      question.hidden = !open;
      if (!open) return;
      setText(text, open.text);
      answers.replaceChildren(...open.options.map(button));
      answers.firstChild?.focus();
    },
  };
}
