// The runs that ended, newest first: open one, delete one.
import { h, icon, setText } from "../dom.js";
import { isRunning } from "../store.js";
import { goalTitle, score, stateWords, tone } from "../wording.js";
import { createNotice } from "./notice.js";

export function createPastRuns({ t, server, actions, language }) {
  const rows = new Map();
  const list = h("ul", { className: "imitatoes-past" });
  const more = h("button", { type: "button", className: "imitatoes-link", on: { click: () => actions.showOlder() } }, t("do.more"));
  const notice = createNotice({ actions, place: "past" });
  const root = h("section", { className: "imitatoes-section", "aria-label": t("past.title") }, h("h3", {}, t("past.title")), notice.root, list, more);

  function row(run) {
    const image = h("img", { alt: "", loading: "lazy", decoding: "async" });
    const goal = h("span", { className: "imitatoes-past-goal" });
    const result = h("span", { className: "imitatoes-quiet" });
    const when = h("span", { className: "imitatoes-quiet" });
    const open = h("button", { type: "button", className: "imitatoes-past-open", on: { click: () => actions.open(run.run_id) } }, h("span", { className: "imitatoes-frame" }, image), h("span", { className: "imitatoes-past-words" }, goal, result, when));
    const remove = h("button", { type: "button", className: "imitatoes-past-delete", on: { click: () => actions.remove(rows.get(run.run_id).run) } }, icon("trash"));
    return { item: h("li", {}, open, remove), image, goal, result, when, open, remove, key: "" };
  }

  function change(made, run, shownId) {
    const key = `${run.revision} ${run.run_id === shownId}`;
    made.run = run;
    if (made.key === key) return;
    made.key = key;
    const words = t("past.result", {
      status: stateWords(t, run),
      score: typeof run.best?.score === "number" ? score(run.best.score) : t("past.none"),
      count: run.iteration_count ?? 0,
    });
    made.image.hidden = !run.best?.image;
    if (run.best?.image) made.image.src = server.thumbnail(run.run_id, run.best.image, run.revision);
    const goal = goalTitle(run);
    setText(made.goal, goal);
    setText(made.result, words);
    made.result.dataset.tone = tone(run);
    setText(made.when, time(run.created, language));
    made.open.setAttribute("aria-label", t("past.open", { goal, result: words }));
    made.open.setAttribute("aria-current", String(run.run_id === shownId));
    made.remove.setAttribute("aria-label", t("past.deleteLabel", { goal }));
    made.remove.title = t("do.delete");
  }

  return {
    root,
    update(runs, shownId, hasOlder) {
      const past = runs.filter((run) => !isRunning(run));
      const ids = new Set(past.map((run) => run.run_id));
      for (const [id, made] of rows) {
        if (ids.has(id)) continue;
        made.item.remove();
        rows.delete(id);
      }
      past.forEach((run, index) => {
        if (!rows.has(run.run_id)) rows.set(run.run_id, row(run));
        const made = rows.get(run.run_id);
        if (list.children[index] !== made.item) list.insertBefore(made.item, list.children[index] ?? null);
        change(made, run, shownId);
      });
      root.hidden = !past.length;
      more.hidden = !hasOlder;
      notice.update();
    },
  };
}

function time(seconds, language) {
  if (!seconds) return "";
  const date = new Date(seconds * 1000);
  return date.toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });
}
