// The pictures of an iteration that gave several: each with its score, and what paints it again.
import { h } from "../dom.js";
import { letterOf, picturesOf } from "../store.js";
import { score } from "../wording.js";

/** choose(index) is called when a picture is chosen. */
export function createBatch({ t, server, choose }) {
  let drawn = "";
  const root = h("div", { className: "imitatoes-batch", role: "group" });

  function tile(run, iteration, one, chosen) {
    const value = one.critique?.score;
    const best = one.index === iteration.batch_index;
    const said = t(best ? "batch.best" : "batch.picture", { letter: letterOf(one.index), score: typeof value === "number" ? score(value) : t("film.unjudged") });
    const words = `${said} ${source(one.source)}`.trim();
    return h(
      "button",
      { type: "button", className: best ? "imitatoes-tile imitatoes-is-best" : "imitatoes-tile", title: words, "aria-label": words, "aria-pressed": String(one.index === chosen), on: { click: () => choose(one.index) } },
      h("span", { className: "imitatoes-frame" }, one.picture ? h("img", { alt: "", loading: "lazy", decoding: "async", src: server.thumbnail(run.run_id, one.picture, iteration.prompt_id) }) : null),
      h("span", { className: "imitatoes-tile-score" }, `${letterOf(one.index)} ${score(value)}`),
    );
  }

  function source(from) {
    if (!from) return "";
    const seed = from.seed_text;
    if (from.worker) return t("batch.worker", { seed, worker: from.worker });
    return from.place ? t("batch.place", { seed, place: from.place + 1 }) : t("batch.seed", { seed });
  }

  return {
    root,
    /** chosen: index of the picture that is shown. */
    update(run, iteration, chosen) {
      const pictures = picturesOf(iteration);
      root.hidden = pictures.length < 2;
      if (root.hidden) return;
      const key = `${run.run_id} ${iteration.number} ${chosen} ${pictures.map((one) => `${one.index}${one.picture}${one.critique?.score}`).join()}`;
      if (key === drawn) return;
      drawn = key;
      const focused = root.contains(document.activeElement) ? [...root.children].indexOf(document.activeElement) : -1;
      root.setAttribute("aria-label", t("batch.label", { number: iteration.number }));
      root.replaceChildren(...pictures.map((one) => tile(run, iteration, one, chosen)));
      root.children[focused]?.focus();
    },
  };
}
