// On a VLM Critique node: the best picture of its run with its verdict, and what is being judged while the model looks.
import { setText } from "../dom.js";
import { isRunning } from "../store.js";
import { bestName, bestWords, runLine, verdictWords } from "../wording.js";
import { addTextWidget, whenRemoved } from "./text_widget.js";

const HEIGHT = 96;
const TICK_MS = 1000;

/**
 * runOf(node): the run whose critic the node is, or null. problemOf(node): what went wrong in it, or "".
 * elsewhere(runId): whether that run is another workflow's. judgingSince(run): page time in ms, or null.
 * showBest(node, run): puts the best picture on the node.
 */
export function addCriticWidget(node, { t, store, runOf, elsewhere, problemOf, progress, judgingSince, showBest }) {
  let lone = null;
  let timer = null;
  const { element } = addTextWidget(node, "verdict", HEIGHT, t("node.queue"));
  const stop = store.watch(draw);

  function draw() {
    const run = runOf(node);
    clearTimeout(timer);
    if (run?.phase === "judging") timer = setTimeout(draw, TICK_MS);
    if (run) showBest(node, run);
    const problem = problemOf(node);
    // The page hands a verdict to whichever node in front has the id that it came from.
    const own = elsewhere(lone?.run_id) ? null : lone;
    const text = problem || (run ? ofRun(run) : verdictWords(t, own));
    element.classList.toggle("imitatoes-problem", Boolean(problem));
    setText(element, text || t("node.queue"));
  }

  function ofRun(run) {
    const judged = isRunning(run) && run.phase === "judging";
    const lines = judged ? [judging(run)] : [runLine(t, run, progress), run.reason];
    return [...lines, bestWords(t, run)].filter(Boolean).join("\n");
  }

  function judging(run) {
    const since = judgingSince(run);
    const seconds = since === null ? 0 : Math.max(0, Math.round((performance.now() - since) / 1000));
    const place = t("node.judging", { number: run.pending?.number ?? 1, limit: run.iteration_limit, seconds });
    const head = [place, bestName(t, run)].filter(Boolean).join(", ");
    const texts = (run.checklist?.requirements ?? []).map((requirement) => requirement.text);
    return texts.length ? `${head}\n${t("node.looksFor", { requirements: texts.join("; ") })}` : head;
  }

  whenRemoved(node, () => {
    stop();
    clearTimeout(timer);
  });
  draw();
  return {
    /** The verdict of a node without a loop, or of a run that the page knows nothing of yet. */
    show(critique) {
      lone = critique;
      draw();
    },
  };
}
