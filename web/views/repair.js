// A wish about a part of a picture: the part is marked by a box or a brush, or named, and painted anew.
import { h, icon, say, setText } from "../dom.js";
import { createNotice } from "./notice.js";
import { createRepairCanvas } from "./repair_canvas.js";

const WAYS = ["box", "brush", "words"];

export function createRepair({ t, server, actions }) {
  let shown = null;
  let marked = null; // the run and iteration whose picture is in the dialog: a run that goes on shows another one soon
  let way = "box";
  const canvas = createRepairCanvas({ t, changed: draw });
  const open = h("button", { type: "button", title: t("repair.openHint"), on: { click: show } }, icon("pencil"), h("span", {}, t("repair.open")));
  const why = h("p", { className: "imitatoes-quiet", hidden: true });
  const title = h("h3", {});
  const ways = WAYS.map((name) => h("button", { type: "button", className: "imitatoes-tab", on: { click: () => choose(name) } }, t(`repair.${name}`)));
  const size = h("input", { type: "range", min: 1, max: 25, value: 6, "aria-label": t("repair.size"), on: { input: () => canvas.setBrush(size.value / 100) } });
  const words = h("input", { type: "text", maxLength: 200, placeholder: t("repair.wordsExample"), "aria-label": t("repair.words"), on: { input: draw } });
  const clear = h("button", { type: "button", on: { click: () => canvas.clear() } }, t("repair.clear"));
  const wish = h("textarea", { rows: 2, maxLength: 500, placeholder: t("repair.wishExample"), "aria-label": t("repair.wish"), on: { input: draw } });
  const send = h("button", { type: "submit", className: "imitatoes-primary" }, t("repair.send"));
  const cancel = h("button", { type: "button", on: { click: () => dialog.close() } }, t("repair.cancel"));
  const notice = createNotice({ actions, place: "repair" });
  const form = h(
    "form",
    { className: "imitatoes-repair-form", on: { submit: ask } },
    title,
    h("div", { className: "imitatoes-row" }, h("div", { className: "imitatoes-tabs", role: "group", "aria-label": t("repair.where") }, ...ways), size, clear),
    canvas.root,
    words,
    wish,
    notice.root,
    h("div", { className: "imitatoes-row" }, send, cancel),
  );
  const waiting = h("ul", { className: "imitatoes-quiet imitatoes-repair-waiting", "aria-label": t("repair.waiting"), hidden: true });
  const dialog = h("dialog", { className: "imitatoes-repair-dialog", "aria-label": t("repair.open"), on: { keydown: (event) => event.stopPropagation() } }, form);
  const root = h("div", { className: "imitatoes-buttons" }, open, why, waiting, dialog);

  function choose(name) {
    way = name;
    if (name !== "words") canvas.setMode(name === "box" ? "box" : "brush");
    draw();
  }

  function show() {
    const { run, iteration } = shown;
    marked = { run, number: iteration.number };
    setText(title, t("repair.title", { number: iteration.number }));
    canvas.show(server.picture(run.run_id, iteration.picture), t("iteration.picture", { number: iteration.number }));
    actions.tell("", "repair");
    draw();
    dialog.showModal();
    wish.focus();
  }

  const region = () => (way === "words" ? words.value.trim() && { words: words.value.trim() } : canvas.region());

  // Without the picture of what was painted, which takes long to make.
  const isMarked = () => (way === "words" ? Boolean(words.value.trim()) : canvas.marked());

  async function ask(event) {
    event.preventDefault();
    const where = region();
    if (!where || !wish.value.trim()) return;
    if (await actions.repair(marked.run, marked.number, wish.value.trim(), where)) {
      wish.value = words.value = "";
      dialog.close();
    }
    draw();
  }

  /** Why this picture cannot be repaired now, "" where it can. */
  function hindrance({ run, iteration }) {
    if (run.edit_refusal) return t("repair.cannot", { why: run.edit_refusal });
    return iteration.picture ? "" : t("do.takeUnsaved");
  }

  function draw() {
    ways.forEach((tab, index) => tab.setAttribute("aria-pressed", String(WAYS[index] === way)));
    size.hidden = way !== "brush";
    clear.hidden = way === "words";
    words.hidden = way !== "words";
    if (!shown) return;
    send.disabled = shown.busy || !isMarked() || !wish.value.trim();
    notice.update();
  }

  return {
    root,
    update(run, iteration, { busy }) {
      shown = { run, iteration, busy };
      const hindered = hindrance(shown);
      open.disabled = busy || Boolean(hindered) || Boolean(run.elsewhere);
      say(why, hindered);
      const wishes = (run.wishes ?? []).map((one) => t("repair.waits", { number: one.edit_of, wish: one.repair?.wish ?? "" }));
      waiting.hidden = !wishes.length;
      if (waiting.dataset.known !== wishes.join("\n")) {
        waiting.dataset.known = wishes.join("\n");
        waiting.replaceChildren(...wishes.map((words) => h("li", {}, words)));
      }
      draw();
    },
  };
}
