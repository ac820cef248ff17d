// Where the run stands, in one line on a Self-Improving Prompt node.
import { setText } from "../dom.js";
import { runLine } from "../wording.js";
import { addTextWidget } from "./text_widget.js";

const HEIGHT = 30;

/** runOf(node): the run whose settings the node holds, or null. */
export function addLoopWidget(node, { t, store, runOf, progress }) {
  const { element, leave } = addTextWidget(node, "run", HEIGHT, t("node.idle"));
  const draw = () => {
    const run = runOf(node);
    setText(element, run ? runLine(t, run, progress) : t("node.idle"));
  };
  leave(store.watch(draw));
  draw();
}
