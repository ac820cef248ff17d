// A further segment of a clip, in a dialog: the segments so far, and what the next one must show.
import { h, say } from "../dom.js";
import { openDialog } from "./dialog.js";

const MOST = 2000;

/** segments: what each shows, the first one first. extend(goal) begins the next; what is wrong, in words, "" for nothing. */
export function showExtending({ t, segments, extend }) {
  const goal = h("textarea", { rows: 2, maxLength: MOST, required: true, "aria-label": t("extend.goal"), placeholder: t("extend.goalHint") });
  const start = h("button", { type: "submit", className: "imitatoes-primary" }, t("extend.start"));
  const told = h("p", { className: "imitatoes-notice", role: "alert", hidden: true });
  const next = h("li", { "aria-current": "true" }, h("label", {}, t("extend.goal"), goal));
  const list = h("ol", { className: "imitatoes-segments" }, ...segments.map((words) => h("li", {}, words)), next);
  const form = h("form", { className: "imitatoes-connection-form", on: { submit: ask } }, list, h("div", { className: "imitatoes-row" }, start));
  const dialog = openDialog({ title: t("extend.title"), close: t("judgePicture.close") }, h("p", { className: "imitatoes-quiet" }, t("extend.about")), form, told);
  goal.focus();

  async function ask(event) {
    event.preventDefault();
    if (!goal.value.trim()) return;
    start.disabled = true;
    say(told, "");
    const problem = await extend(goal.value.trim());
    start.disabled = false;
    if (problem) return say(told, problem);
    dialog.close();
  }
}
