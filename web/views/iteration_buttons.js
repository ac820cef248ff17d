// What can be done with one iteration. The answer stands where the click was.
import { h, icon, say, setText } from "../dom.js";
import { isRunning } from "../store.js";
import { beforeWish } from "../wording.js";
import { createNotice } from "./notice.js";

const SHOWN_MS = 2500;

/** judgeAlone(run, iteration): its picture by a goal of the user's, whatever the run says. */
export function createIterationButtons({ t, actions, judgeAlone }) {
  let shown = null;
  let copied = "";
  const button = (name, key, hint, click) => {
    const words = h("span", {}, t(key));
    return { words, root: h("button", { type: "button", title: hint ? t(hint) : null, on: { click } }, icon(name), words) };
  };
  const take = button("check", "do.take", "do.takeHint", () => actions.take(shown.run, shown.iteration.number));
  const judge = button("eye", "do.judge", "do.judgeHint", () => actions.judge(shown.run, shown.iteration.number));
  const alone = button("search-plus", "judgePicture.menu", "", () => judgeAlone(shown.run, shown.iteration));
  const words = button("pencil", "do.useWords", "do.useWordsHint", () => actions.useWords(shown.run, shown.iteration));
  const load = button("upload", "do.load", "do.loadHint", () => actions.load(shown.run, shown.iteration));
  const folder = button("copy", "do.copyFolder", "", copy);
  const why = h("p", { className: "imitatoes-quiet", hidden: true });
  const notice = createNotice({ actions, place: "iteration" });
  const spoken = h("span", { className: "imitatoes-sr", role: "status", "aria-live": "polite" });
  const buttons = h("div", { className: "imitatoes-row", role: "group" }, take.root, judge.root, alone.root, words.root, load.root, folder.root);
  const name = h("span", {});
  const place = h("button", { type: "button", className: "imitatoes-link", title: t("do.openFolderHint"), on: { click: () => actions.openFolder(shown.run) } }, icon("folder-open"), name);
  const root = h("div", { className: "imitatoes-buttons" }, buttons, spoken, why, place, notice.root);

  async function copy() {
    const { run } = shown;
    if (!(await actions.copyFolder(run))) return;
    copied = run.run_id;
    draw();
    setTimeout(() => {
      copied = "";
      draw();
    }, SHOWN_MS);
  }

  /** Why this picture cannot be taken, "" where it can. */
  function hindrance({ run, iteration }) {
    if (beforeWish(run, iteration.number)) return t("do.takeBeforeWish");
    return iteration.picture ? "" : t("do.takeUnsaved");
  }

  function draw() {
    const { run, iteration, busy } = shown;
    const taken = run.taken === iteration.number;
    const hindered = hindrance(shown);
    setText(take.words, t(taken ? "do.taken" : "do.take"));
    take.root.disabled = busy || taken || Boolean(hindered) || Boolean(run.elsewhere);
    judge.root.hidden = isRunning(run) || !iteration.picture || typeof iteration.critique?.score === "number";
    judge.root.disabled = busy || Boolean(run.elsewhere);
    alone.root.disabled = busy || !iteration.picture;
    words.root.disabled = busy;
    load.root.disabled = busy || !iteration.picture;
    folder.root.disabled = busy;
    setText(folder.words, t(copied === run.run_id ? "do.copied" : "do.copyFolder"));
    setText(spoken, copied === run.run_id ? t("do.copied") : taken ? t("do.taken") : "");
    setText(name, t("do.openFolder", { name: run.run_id }));
    place.disabled = busy;
    say(why, hindered);
    notice.update();
  }

  return {
    root,
    update(run, iteration, { busy }) {
      shown = { run, iteration, busy };
      draw();
    },
  };
}
