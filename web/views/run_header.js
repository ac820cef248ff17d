// What the run is about and where it stands: state, goal, place, pace, and the reason it gives.
import { h, setText } from "../dom.js";
import { isRunning } from "../store.js";
import { goalTitle, paceWords, placeWords, stateWords, sureWords, timeWords, tone } from "../wording.js";

const MOST_SEGMENTS = 40;
const TICK_MS = 1000;

/** What was changed before the render at hand was tried again, where it failed before. */
function triedAgain(run) {
  const number = run.pending?.number;
  return (run.recoveries ?? []).filter((one) => one.number === number).at(-1)?.sentence ?? "";
}

export function createRunHeader({ t }) {
  const state = h("span", { className: "imitatoes-state" });
  let timer = null;
  // Spoken without the steps: a screen reader would read out every one of them.
  const spoken = h("span", { className: "imitatoes-sr", role: "status", "aria-live": "polite" });
  const back = h("button", { type: "button", className: "imitatoes-link" });
  const goal = h("p", { className: "imitatoes-goal" });
  const wishes = h("ul", { className: "imitatoes-wishes", "aria-label": t("run.wishes") });
  const place = h("span", { className: "imitatoes-place" });
  const sure = h("span", { className: "imitatoes-sure" });
  const pace = h("span", { className: "imitatoes-quiet" });
  const time = h("p", { className: "imitatoes-quiet imitatoes-time" });
  const paid = h("span", { className: "imitatoes-paid" });
  const bar = h("div", { className: "imitatoes-bar", "aria-hidden": "true" });
  const reason = h("p", { className: "imitatoes-reason" });
  const warned = h("summary", {});
  const warnings = h("ul", {});
  const warning = h("details", { className: "imitatoes-quiet imitatoes-warnings" }, warned, warnings);
  const origin = h("p", { className: "imitatoes-quiet" });
  const root = h(
    "header",
    { className: "imitatoes-header" },
    h("div", { className: "imitatoes-row" }, state, spoken, back),
    goal,
    wishes,
    bar,
    h("div", { className: "imitatoes-facts" }, place, sure, paid, pace),
    time,
    reason,
    warning,
    origin,
  );

  function drawBar(run) {
    const limit = run.iteration_limit ?? 0;
    const segments = Math.min(limit, MOST_SEGMENTS);
    while (bar.children.length > segments) bar.lastChild.remove();
    while (bar.children.length < segments) bar.append(h("i", {}));
    const done = limit ? Math.floor(((run.iteration_count ?? 0) / limit) * segments) : 0;
    [...bar.children].forEach((segment, index) => {
      const kind = index < done ? "done" : index === done && isRunning(run) ? "now" : "left";
      if (segment.className !== kind) segment.className = kind;
    });
  }

  function drawWishes(said) {
    wishes.hidden = !said.length;
    if (said.join("\n") === [...wishes.children].map((line) => line.lastChild.textContent).join("\n")) return;
    wishes.replaceChildren(...said.map((wish) => h("li", {}, h("span", { className: "imitatoes-quiet" }, `${t("run.wish")} `), h("span", {}, wish))));
  }

  /** What the check of the graph found before the render: it runs, but perhaps not as meant. */
  function drawWarnings(found) {
    warning.hidden = !found.length;
    setText(warned, t("run.warnings", { count: found.length }));
    const said = found.map((one) => `${one.message} ${one.hint}`.trim());
    if (said.join("\n") !== [...warnings.children].map((line) => line.textContent).join("\n")) {
      warnings.replaceChildren(...said.map((line) => h("li", {}, line)));
    }
  }

  // Once a second while the run goes on: a page that is not looked at needs no clock.
  function tick(run, passed) {
    clearTimeout(timer);
    const words = timeWords(t, run, passed?.(run) ?? null);
    setText(time, words);
    time.hidden = !words;
    if (isRunning(run) && root.isConnected) timer = setTimeout(() => tick(run, passed), TICK_MS);
  }

  return {
    root,
    leave: () => clearTimeout(timer),
    /** context: {progress, attached, workflowId, passed(run), back: {words, click} | null} */
    update(run, { progress, attached, workflowId, passed, back: way }) {
      const words = stateWords(t, run, progress, attached);
      setText(state, tone(run) === "calm" ? `${words} · ${t("state.waiting")}` : words);
      state.dataset.tone = tone(run);
      setText(spoken, `${stateWords(t, run, null, false)}. ${placeWords(t, run)}`);
      back.hidden = !way;
      if (way) {
        setText(back, way.words);
        back.onclick = way.click;
      }
      setText(goal, goalTitle(run));
      goal.title = goalTitle(run);
      drawWishes(run.instructions ?? []);
      setText(place, placeWords(t, run));
      setText(sure, sureWords(t, run, run.best?.iteration));
      sure.hidden = !sure.textContent;
      tick(run, passed);
      setText(pace, paceWords(t, run, isRunning(run) ? progress.secondsPerStep() : null));
      paid.hidden = !run.paid_allowed;
      if (run.paid_allowed) setText(paid, t("run.paid", { used: run.paid_used ?? 0, allowed: run.paid_allowed }));
      setText(reason, isRunning(run) && !run.elsewhere ? triedAgain(run) : (run.reason ?? ""));
      reason.hidden = !reason.textContent;
      drawWarnings(run.warnings ?? []);
      const elsewhere = run.workflow_id ? run.workflow_id !== workflowId && "run.otherWorkflow" : "run.fromScript";
      setText(origin, elsewhere ? t(elsewhere) : "");
      origin.hidden = !elsewhere;
      drawBar(run);
    },
  };
}
