// The runs that ended, newest first: find one, open it, keep it by a star, delete it or many.
import { h, icon, setText } from "../dom.js";
import { goalTitle, score, stateWords, tone } from "../wording.js";
import { createNotice } from "./notice.js";
import { createRunFilters } from "./run_filters.js";
import { createSelection } from "./run_selection.js";

/** search: see run_search.js. open(run): the user wants to see it. */
export function createPastRuns({ t, server, actions, search, language, open }) {
  const rows = new Map();
  let last = null;
  const filters = createRunFilters({ t, search });
  const selection = createSelection({ t, actions, changed: () => last && update(...last) });
  const list = h("ul", { className: "imitatoes-past" });
  const nothing = h("p", { className: "imitatoes-quiet" }, t("past.nothing"));
  const more = h("button", { type: "button", className: "imitatoes-link", on: { click: () => search.showMore() } }, t("do.more"));
  const notice = createNotice({ actions, place: "past" });
  const root = h("section", { className: "imitatoes-section", "aria-label": t("past.title") }, h("h3", {}, t("past.title")), filters.root, selection.root, notice.root, list, nothing, more);

  function row(id) {
    const known = () => rows.get(id).run;
    const image = h("img", { alt: "", loading: "lazy", decoding: "async" });
    const goal = h("span", { className: "imitatoes-past-goal" });
    const result = h("span", { className: "imitatoes-quiet" });
    const when = h("span", { className: "imitatoes-quiet" });
    const box = h("input", { type: "checkbox", className: "imitatoes-past-choose", on: { change: () => selection.choose(known(), box.checked) } });
    const openButton = h("button", { type: "button", className: "imitatoes-past-open", on: { click: () => open(known()) } }, h("span", { className: "imitatoes-frame" }, image), h("span", { className: "imitatoes-past-words" }, goal, result, when));
    const star = h("button", { type: "button", className: "imitatoes-past-button", on: { click: () => actions.star(known(), !known().starred) } }, icon("star"));
    const remove = h("button", { type: "button", className: "imitatoes-past-button", on: { click: () => actions.remove(known()) } }, icon("trash"));
    return { item: h("li", {}, box, openButton, star, remove), box, image, goal, result, when, open: openButton, star, remove, key: "" };
  }

  function change(made, run, shownId) {
    made.run = run;
    made.box.checked = selection.has(run.run_id);
    const key = `${run.revision} ${run.status} ${run.run_id === shownId}`;
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
    setText(made.when, [time(run.created, language), run.model].filter(Boolean).join(" · "));
    made.open.setAttribute("aria-label", t("past.open", { goal, result: words }));
    made.open.setAttribute("aria-current", String(run.run_id === shownId));
    made.box.setAttribute("aria-label", t("past.chooseLabel", { goal }));
    made.star.setAttribute("aria-label", t("past.starLabel", { goal }));
    made.star.setAttribute("aria-pressed", String(Boolean(run.starred)));
    made.star.title = t(run.starred ? "past.unstar" : "past.star");
    made.star.firstChild.className = `pi pi-star${run.starred ? "-fill" : ""}`;
    made.remove.setAttribute("aria-label", t("past.deleteLabel", { goal }));
    made.remove.title = t("do.delete");
  }

  function update(shownId, busy) {
    last = [shownId, busy];
    const runs = search.list();
    const ids = new Set(runs.map((run) => run.run_id));
    for (const [id, made] of rows) {
      if (ids.has(id)) continue;
      made.item.remove();
      rows.delete(id);
    }
    selection.update(runs, busy);
    runs.forEach((run, index) => {
      if (!rows.has(run.run_id)) rows.set(run.run_id, row(run.run_id));
      const made = rows.get(run.run_id);
      if (list.children[index] !== made.item) list.insertBefore(made.item, list.children[index] ?? null);
      change(made, run, shownId);
    });
    filters.update();
    nothing.hidden = runs.length > 0 || !search.active();
    more.hidden = !search.hasMore();
    notice.update();
  }

  return { root, update, leave: filters.leave };
}

function time(seconds, language) {
  if (!seconds) return "";
  const date = new Date(seconds * 1000);
  return date.toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });
}
