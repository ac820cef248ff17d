// Where the run stands, in one line on a Self-Improving Prompt node.
import { setText } from "../dom.js";
import { runLine } from "../wording.js";
import { addTextWidget, whenRemoved } from "./text_widget.js";

const HEIGHT = 30;
const PROBLEM_HEIGHT = 64;

/** runOf(node): the run whose settings the node holds, or null. problemOf(node): what went wrong in it, or "". */
export function addLoopWidget(node, { t, store, runOf, problemOf, progress }) {
  const { element, fit } = addTextWidget(node, "run", HEIGHT, t("node.idle"));
  const draw = () => {
    const problem = problemOf(node);
    const run = runOf(node);
    element.classList.toggle("imitatoes-problem", Boolean(problem));
    if (problem) fit(PROBLEM_HEIGHT);
    setText(element, problem || (run ? runLine(t, run, progress) : t("node.idle")));
  };
  whenRemoved(node, store.watch(draw));
  draw();
}
