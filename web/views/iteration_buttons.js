// What can be done with one iteration.
import { h, icon, setText } from "../dom.js";
import { isRunning } from "../store.js";

export function createIterationButtons({ t, actions }) {
  let shown = null;
  const button = (name, key, click) => {
    const words = h("span", {}, t(`do.${key}`));
    return { words, root: h("button", { type: "button", title: t(`do.${key}Hint`) === `do.${key}Hint` ? null : t(`do.${key}Hint`), on: { click } }, icon(name), words) };
  };
  const take = button("check", "take", () => actions.take(shown.run, shown.iteration.number));
  const judge = button("eye", "judge", () => actions.judge(shown.run, shown.iteration.number));
  const load = button("upload", "load", () => actions.load(shown.run, shown.iteration));
  const folder = button("copy", "copyFolder", () => actions.copyFolder(shown.run));
  const root = h("div", { className: "imitatoes-row", role: "group" }, take.root, judge.root, load.root, folder.root);

  return {
    root,
    update(run, iteration, { busy }) {
      shown = { run, iteration };
      const taken = run.taken === iteration.number;
      setText(take.words, t(taken ? "do.taken" : "do.take"));
      take.root.disabled = busy || taken || !iteration.picture;
      judge.root.hidden = isRunning(run) || !iteration.picture || typeof iteration.critique?.score === "number";
      judge.root.disabled = busy;
      load.root.disabled = busy || !iteration.picture;
      folder.root.disabled = busy;
    },
  };
}
