// The picture or clip of the chosen iteration, or two of them under a slider. A click shows them over the whole window.
import { h, icon, setSource } from "../dom.js";
import { iterationOf } from "../store.js";
import { score, scoreOf } from "../wording.js";
import { createPair, createPlayer, kindOf } from "./clip_player.js";
import { settingsDifferences } from "./prompt_differences.js";

const MIDDLE = 50;

/**
 * choose(side, number) is called when a side of the comparison is chosen; setMode(name) when the view is; open(compare)
 * to see it larger.
 */
export function createPicture({ t, server, choose, setMode, open }) {
  const single = h("img", { className: "imitatoes-single", decoding: "async" });
  const missing = h("p", { className: "imitatoes-quiet imitatoes-centre" }, t("iteration.noPicture"));
  const comparison = createComparison({ t, server, choose });
  const tabs = ["picture", "compare"].map((name) => h("button", { type: "button", className: "imitatoes-tab", on: { click: () => setMode(name) } }, t(`view.${name}`)));
  const larger = h("button", { type: "button", className: "imitatoes-tab imitatoes-larger", title: t("viewer.open"), "aria-label": t("viewer.open"), on: { click: () => open(!comparison.root.hidden) } }, icon("window-maximize"));
  const show = h("button", { type: "button", className: "imitatoes-show", title: t("viewer.open"), on: { click: () => open(false) } }, single);
  const player = createPlayer({ t, server });
  const canvas = h("div", { className: "imitatoes-canvas" }, show, player.root, missing);
  const root = h("div", { className: "imitatoes-hero" }, h("div", { className: "imitatoes-tabs", role: "group" }, ...tabs, larger), canvas, comparison.root);

  return {
    root,
    /** sides: {before, after} numbers of iterations, mode: "picture" or "compare", name: of the iteration's picture */
    update(run, iteration, { mode, sides, name }) {
      const comparable = (run.iterations ?? []).filter((one) => one.picture).length > 1;
      const compare = mode === "compare" && comparable;
      tabs.forEach((tab, index) => {
        tab.setAttribute("aria-pressed", String(compare === (index === 1)));
        tab.disabled = index === 1 && !comparable;
        tab.title = tab.disabled ? t("compare.needsTwo") : "";
      });
      canvas.hidden = compare;
      comparison.root.hidden = !compare;
      larger.disabled = false;
      const plays = player.update(run, compare || name !== iteration.picture ? null : iteration);
      if (compare) return comparison.update(run, sides);
      comparison.rest();
      larger.disabled = !name;
      show.hidden = !name || plays;
      missing.hidden = Boolean(name);
      if (name && !plays) {
        setSource(single, server.picture(run.run_id, name));
        single.alt = t("iteration.picture", { number: iteration.number });
      }
    },
  };
}

function createComparison({ t, server, choose }) {
  const before = h("img", { decoding: "async" });
  const after = h("img", { className: "imitatoes-after", decoding: "async" });
  const range = h("input", { type: "range", min: 0, max: 100, value: MIDDLE, on: { input: () => stage.style.setProperty("--imitatoes-split", `${range.value}%`) } });
  const pair = createPair();
  const stage = h("div", { className: "imitatoes-compare" }, before, after, ...pair.elements, range, h("div", { className: "imitatoes-divider", "aria-hidden": "true" }));
  const picks = ["before", "after"].map((side) => h("select", { "aria-label": t(`compare.${side}`), on: { change: (event) => choose(side, Number(event.target.value)) } }));
  const differences = h("div", { className: "imitatoes-stack" });
  const root = h("div", { className: "imitatoes-stack" }, stage, h("div", { className: "imitatoes-picks" }, ...picks), differences);
  let drawn = "";

  function options(run, pick, number) {
    const list = (run.iterations ?? []).filter((one) => one.picture);
    if (pick.options.length !== list.length) {
      const words = (one) => t("compare.option", { number: one.number, score: score(scoreOf(run, one)) });
      pick.replaceChildren(...list.map((one) => h("option", { value: one.number }, words(one))));
    }
    pick.value = String(number);
  }

  return {
    root,
    /** It is not looked at: nothing plays on. */
    rest() {
      pair.show(null);
      drawn = "";
    },
    update(run, sides) {
      const [left, right] = [iterationOf(run, sides.before), iterationOf(run, sides.after)];
      if (!left || !right) return;
      if (!drawn.startsWith(run.run_id)) picks.forEach((pick) => pick.replaceChildren());
      picks.forEach((pick, index) => options(run, pick, [left, right][index].number));
      const key = `${run.run_id} ${left.number} ${right.number}`;
      if (key === drawn) return;
      drawn = key;
      const play = [left, right].every((one) => kindOf(one) === "video");
      pair.show(play ? [left, right].map((one) => server.picture(run.run_id, one.clip.file)) : null);
      before.hidden = after.hidden = play;
      [[before, left], [after, right]].forEach(([image, iteration]) => {
        setSource(image, server.picture(run.run_id, iteration.picture));
        image.alt = t("iteration.picture", { number: iteration.number });
      });
      range.setAttribute("aria-label", t("compare.slider", { before: left.number, after: right.number }));
      const rows = settingsDifferences(t, left.settings ?? {}, right.settings ?? {}, { before: left.seed_text, after: right.seed_text });
      differences.replaceChildren(...(rows.length ? rows : [h("p", { className: "imitatoes-quiet" }, t("iteration.nothingChanged"))]));
    },
  };
}
