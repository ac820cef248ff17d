// What the list of runs is to show: words, and how a run ended, by which judge, how well, and whether it has a star.
import { h, icon } from "../dom.js";

const STATES = ["met", "not_met", "failed", "cut_off"];
const SCORES = ["0.5", "0.8", "0.9"];
const TYPED_MS = 250;

/** search: see run_search.js. */
export function createRunFilters({ t, search }) {
  let typed = null;
  const words = h("input", {
    type: "search",
    className: "imitatoes-search",
    placeholder: t("past.search"),
    "aria-label": t("past.search"),
    on: {
      keydown: (event) => event.stopPropagation(), // the canvas has shortcuts of its own
      input() {
        clearTimeout(typed);
        typed = setTimeout(() => search.set({ search: words.value.trim() }), TYPED_MS);
      },
    },
  });
  const select = (name, options) => h("select", { "aria-label": t(`past.${name}`), on: { change: (event) => search.set({ [name]: event.target.value }) } }, ...options);
  const option = (value, text) => h("option", { value }, text);
  const state = select("state", [option("", t("past.anyState")), ...STATES.map((one) => option(one, t(`past.state_${one}`)))]);
  const score = select("least_score", [option("", t("past.anyScore")), ...SCORES.map((one) => option(one, t("past.fromScore", { score: one })))]);
  const model = select("model", [option("", t("past.anyModel"))]);
  const starred = h("button", { type: "button", "aria-pressed": "false", title: t("past.onlyStarred"), "aria-label": t("past.onlyStarred"), on: { click: () => search.set({ starred: !search.filter().starred }) } }, icon("star"));
  const root = h("div", { className: "imitatoes-filters", role: "search" }, words, h("div", { className: "imitatoes-filter-row" }, state, model, score, starred));

  return {
    root,
    update() {
      const filter = search.filter();
      const models = search.models();
      if (models.length + 1 !== model.options.length) model.replaceChildren(option("", t("past.anyModel")), ...models.map((name) => option(name, name)));
      state.value = filter.state;
      model.value = filter.model;
      score.value = filter.least_score;
      starred.setAttribute("aria-pressed", String(filter.starred));
      starred.firstChild.className = `pi pi-star${filter.starred ? "-fill" : ""}`;
    },
    leave: () => clearTimeout(typed),
  };
}
