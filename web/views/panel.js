// The panel: puts the views together and hands each what it shows. Built once, changed in place.
import { h, icon } from "../dom.js";
import { isRunning, iterationOf, picturesOf } from "../store.js";
import { createBatch } from "./batch.js";
import { createChoices } from "./choices.js";
import { createEmpty } from "./empty.js";
import { createFilmstrip } from "./filmstrip.js";
import { createIteration } from "./iteration.js";
import { createIterationButtons } from "./iteration_buttons.js";
import { createPastRuns } from "./past_runs.js";
import { createPicture } from "./picture.js";
import { createProblem } from "./problem.js";
import { createRepair } from "./repair.js";
import { createRepairedHere } from "./repaired_here.js";
import { createRunButtons } from "./run_buttons.js";
import { createRunHeader } from "./run_header.js";
import { createScoreChart } from "./score_chart.js";
import { createSegments } from "./segments.js";
import { createSeriesView } from "./series.js";
import { createViewer } from "./viewer.js";

const TABS = ["run", "past", "series"];

/** page: what the panel needs of the page around it, see main.js. */
export function createPanel({ t, store, server, actions, search, judge, series, progress, page, language }) {
  let focus = none();
  let view = "run";
  const choose = (number) => change({ number, after: number, index: null });
  const header = createRunHeader({ t });
  const buttons = createRunButtons({ t, actions });
  const chart = createScoreChart({ t, choose });
  const film = createFilmstrip({ t, server, choose });
  const picture = createPicture({ t, server, choose: (side, number) => change({ [side]: number }), setMode: (mode) => change({ mode }), open: openViewer });
  const viewer = createViewer({ t, server, choose });
  const batch = createBatch({ t, server, choose: (index) => change({ index, mode: "picture" }) });
  const detail = createIteration({ t, actions });
  const iterationButtons = createIterationButtons({ t, actions, judgeAlone: page.judgePicture });
  const repair = createRepair({ t, server, actions });
  const repaired = createRepairedHere({ t, server, compare: compareRepair });
  const past = createPastRuns({ t, server, actions, search, language, open });
  const segments = createSegments({ t, server, actions, get: store.get, need: page.need, open });
  const many = createSeriesView({ t, server, series, open: (runId) => open({ run_id: runId }) });
  const empty = createEmpty({ t, actions, judge });
  const problem = createProblem({ t });
  const choices = createChoices({ t, actions, choice: page.choice });
  const tabs = h(
    "div",
    { className: "imitatoes-tabs", role: "group", "aria-label": t("panel.views") },
    ...TABS.map((name) => h("button", { type: "button", className: "imitatoes-tab", on: { click: () => show(name) } }, t(`panel.${name}`))),
  );
  const pictures = h("div", { className: "imitatoes-stack imitatoes-wide" }, chart.root, film.root, picture.root, batch.root, repaired.root, iterationButtons.root, repair.root, detail.root);
  const current = h("div", { className: "imitatoes-stack" }, header.root, buttons.root, segments.root);
  const tools = h("button", { type: "button", className: "imitatoes-link", on: { click: () => page.rankFolder() } }, icon("sort-amount-down"), t("ranking.title"));
  const root = h("section", { className: "imitatoes-panel", "aria-label": t("panel") }, tabs, choices.root, problem.root, empty.root, current, pictures, past.root, many.root, tools, viewer.root);

  function show(name) {
    view = name;
    root.scrollTop = 0;
    update();
  }

  function open(run) {
    view = "run";
    actions.open(run.run_id);
    update();
  }

  function none() {
    return { runId: null, number: null, index: null, before: null, after: null, mode: "picture" };
  }

  function change(fields) {
    focus = { ...focus, ...fields };
    update();
  }

  function openViewer(compare) {
    const run = store.get(focus.runId);
    const sides = sidesOf(run);
    viewer.open(run, compare ? sides.after : shownIteration(run).number, compare ? sides.before : null);
  }

  function compareRepair() {
    const run = store.get(focus.runId);
    const iteration = shownIteration(run);
    viewer.open(run, iteration.number, iteration.plan?.edit_of ?? null);
  }

  // A running run shows its newest picture, an ended one its best, until the user chooses.
  function shownIteration(run) {
    const byItself = isRunning(run) ? run.iterations?.at(-1) : (iterationOf(run, run.best?.iteration) ?? run.iterations?.at(-1));
    return iterationOf(run, focus.number) ?? byItself ?? null;
  }

  function sidesOf(run) {
    const drawn = (run.iterations ?? []).filter((one) => one.picture);
    const best = drawn.find((one) => one.number === run.best?.iteration) ?? drawn.at(-1);
    const first = drawn.find((one) => one.number !== best?.number) ?? drawn[0];
    const known = (number) => (drawn.some((one) => one.number === number) ? number : null);
    return { before: known(focus.before) ?? first?.number, after: known(focus.after) ?? best?.number };
  }

  function way(run, workflowId) {
    if (store.chosen() !== run.run_id) return null;
    const running = store.list().some((other) => isRunning(other) && other.run_id !== run.run_id);
    return { words: t(running ? "run.backToCurrent" : "run.close"), click: () => store.choose(null), workflowId };
  }

  function update() {
    const workflowId = page.workflowInFront();
    const run = store.shown(workflowId);
    if (run?.run_id !== focus.runId) {
      actions.left();
      focus = { ...none(), runId: run?.run_id ?? null };
      if (run && isRunning(run) && view !== "series") view = "run"; // what has just begun is what the user waits for
      root.scrollTop = 0;
    }
    if (run) page.need(run.run_id);
    const first = isRunning(run ?? {}) ? "" : page.firstPicture();
    const iteration = run && shownIteration(run);
    if (!run) view = "run";
    const listed = view === "past" || view === "series";
    empty.root.hidden = (Boolean(run) && !first) || listed;
    if (!empty.root.hidden) empty.update({ hasLoop: page.hasLoop(), first });
    current.hidden = !run || listed || Boolean(first && !store.chosen());
    pictures.hidden = !(run?.iteration_count || isRunning(run ?? {})) || current.hidden;
    chart.root.hidden = !run?.iteration_count;
    const attached = run && (run.prompt_ids ?? []).some((id) => progress.heard(id));
    if (!current.hidden) {
      header.update(run, { progress, attached, workflowId, passed: page.passed, back: way(run, workflowId) });
      buttons.update(run, { busy: actions.busy(), canFollow: !attached && page.canFollow(run) });
      segments.update(run, { busy: actions.busy() });
    }
    if (current.hidden) segments.leave(); // nothing plays on unseen
    if (!pictures.hidden) {
      chart.update(run, iteration?.number);
      film.update(run, iteration?.number, page.preview(run));
      batch.root.hidden = picture.root.hidden = detail.root.hidden = iterationButtons.root.hidden = repair.root.hidden = !iteration;
      if (iteration) {
        const part = picturesOf(iteration).find((one) => one.index === focus.index);
        picture.update(run, iteration, { mode: focus.mode, sides: sidesOf(run), name: (part ?? iteration).picture });
        batch.update(run, iteration, part?.index ?? iteration.batch_index);
        iterationButtons.update(run, iteration, { busy: actions.busy() });
        repair.update(run, iteration, { busy: actions.busy() });
        detail.update(run, iteration);
      }
      repaired.update(run, iteration);
    }
    viewer.update(run);
    problem.update(page.problem());
    choices.update();
    const others = store.list().some((one) => !isRunning(one));
    const anySeries = series.list().length > 0;
    tabs.hidden = !run || !(others || anySeries);
    [...tabs.children].forEach((tab, index) => {
      tab.setAttribute("aria-pressed", String(view === TABS[index]));
      tab.hidden = (index === 1 && !others) || (index === 2 && !anySeries);
    });
    many.root.hidden = !(view === "series" || !run) || !anySeries;
    if (!many.root.hidden) many.update();
    past.root.hidden = !(view === "past" || !run) || !others;
    if (!past.root.hidden) past.update(run?.run_id, actions.busy());
  }

  return { root, update, leave: () => [chart, segments, viewer, header, past, empty].forEach((one) => one.leave()) };
}
