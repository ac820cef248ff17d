// A clip that goes on from another: its segments, each a run of its own, the whole clip at the end, and the way to a further one.
import { h, icon, setText } from "../dom.js";
import { isRunning } from "../store.js";
import { goalTitle, stateWords } from "../wording.js";
import { createPlayer } from "./clip_player.js";
import { showExtending } from "./extend_clip.js";

/** The segments up to a run, the first one first: {id, run}, run null where it is not known here, or gone. Pure. */
export function segmentsOf(run, get) {
  const found = [];
  const seen = new Set();
  for (let id = run.run_id; id && !seen.has(id); id = found[0].run?.extends ?? "") {
    seen.add(id);
    found.unshift({ id, run: id === run.run_id ? run : get(id) });
  }
  return found;
}

/** Whether a further segment can be made of a run's best clip. */
export const canExtend = (run) => !isRunning(run) && !run.elsewhere && Boolean(run.best?.clip);

/** need(runId): asks for a run that is not known here. open(run): the user wants to see it. */
export function createSegments({ t, server, actions, get, need, open }) {
  let shown = null;
  let drawn = "";
  const title = h("h3", {});
  const list = h("ol", { className: "imitatoes-segments" });
  const player = createPlayer({ t, server });
  const button = h("button", { type: "button", title: t("extend.about"), on: { click: extend } }, icon("forward"), h("span", {}, t("extend.title")));
  const root = h("section", { className: "imitatoes-stack" }, title, player.root, list, h("div", { className: "imitatoes-row" }, button));

  function extend() {
    const segments = segmentsOf(shown, get).map(rowWords);
    showExtending({ t, segments, extend: (goal) => actions.extend(shown, goal) });
  }

  const rowWords = ({ run }) => (run?.goal ? goalTitle(run) : t("segments.gone"));

  function row(segment) {
    const { id, run } = segment;
    const words = rowWords(segment);
    if (id === shown.run_id || !run?.goal) return h("li", { "aria-current": id === shown.run_id ? "true" : null }, words);
    return h("li", {}, h("button", { type: "button", className: "imitatoes-link", title: stateWords(t, run, null, false), on: { click: () => open(run) } }, words));
  }

  return {
    root,
    update(run, { busy }) {
      shown = run;
      const segments = segmentsOf(run, get);
      for (const { id, run: known } of segments) if (known?.extends === undefined) need(id);
      const many = segments.length > 1;
      root.hidden = !many && !canExtend(run);
      button.hidden = !canExtend(run);
      button.disabled = busy;
      title.hidden = list.hidden = !many;
      setText(title, t(run.joined ? "segments.whole" : "segments.title", { count: segments.length }));
      player.update(run, many && run.joined && !isRunning(run) ? wholeClip(run) : null);
      const key = JSON.stringify(segments.map((one) => [one.id, one.run?.goal, one.run?.status]));
      if (key === drawn) return;
      drawn = key;
      list.replaceChildren(...(many ? segments.map(row) : []));
    },
    leave: () => player.update(null, null),
  };

  /** As an iteration, which is what a player plays. */
  function wholeClip(run) {
    const best = run.iterations?.find((one) => one.number === run.best.iteration);
    return { number: run.best.iteration, clip: { rate: best?.clip?.rate ?? 0, file: run.best.clip }, label: t("segments.clip") };
  }
}
