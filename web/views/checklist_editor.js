// The checklist as text, one requirement a line: for what the judge asks about from the next picture on.
import { h, icon } from "../dom.js";

export function createChecklistEditor({ t, actions }) {
  let run = null;
  const text = h("textarea", { className: "imitatoes-lines", "aria-label": t("checklist.lines"), on: { keydown: (event) => event.stopPropagation() } });
  const hint = h("p", { className: "imitatoes-quiet" }, t("checklist.hint"));
  const save = h("button", { type: "button", className: "imitatoes-primary", on: { click: keep } }, t("checklist.save"));
  const cancel = h("button", { type: "button", on: { click: () => show(false) } }, t("checklist.cancel"));
  const form = h("div", { className: "imitatoes-stack imitatoes-close", hidden: true }, text, hint, h("div", { className: "imitatoes-row" }, save, cancel));
  const open = h("button", { type: "button", className: "imitatoes-link", on: { click: () => show(true) } }, icon("pencil"), t("checklist.edit"));
  const root = h("div", {}, open, form);

  function show(editing) {
    form.hidden = !editing;
    open.hidden = editing;
    if (!editing) return;
    text.value = run.checklist.requirements.map((requirement) => requirement.text).join("\n");
    text.rows = Math.min(run.checklist.requirements.length + 1, 12);
    text.focus();
  }

  async function keep() {
    if (await actions.editChecklist(run, text.value.split("\n"))) show(false);
  }

  return {
    root,
    update(shown) {
      if (shown.run_id !== run?.run_id) show(false);
      run = shown;
      root.hidden = !shown.checklist || Boolean(shown.elsewhere);
    },
  };
}
