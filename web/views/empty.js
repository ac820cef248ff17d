// Nothing to show yet: what this is, and the one button that starts.
import { h, icon, setText } from "../dom.js";
import { createJudgeSetupView } from "./judge_setup.js";

export function createEmpty({ t, actions, judge }) {
  const setup = createJudgeSetupView({ t, judge });
  const text = h("p", { className: "imitatoes-quiet" });
  const title = h("h3", {}, t("empty.title"));
  const start = h("button", { type: "button", className: "imitatoes-primary", on: { click: () => actions.improve() } }, icon("sparkles"), h("span", {}, t("empty.start")));
  const root = h("div", { className: "imitatoes-empty" }, title, text, start, setup.root);

  return {
    root,
    leave: setup.leave,
    /** hasLoop: the workflow in front has its two nodes. first: its first picture is being rendered, in words, or "". */
    update({ hasLoop, first }) {
      setText(title, first || t("empty.title"));
      setText(text, t(first ? "run.firstHint" : hasLoop ? "empty.ready" : "empty.text"));
      start.hidden = hasLoop || Boolean(first);
      setup.update();
    },
  };
}
