// What went wrong, on nodes of ours that have no text of their own: there only while there is something to say.
import { setText } from "../dom.js";
import { addTextWidget, whenRemoved } from "./text_widget.js";

const HEIGHT = 64;

/** problemOf(node): what to say on this node, or "". */
export function addProblemWidget(node, { store, problemOf }) {
  let widget = null;

  function draw() {
    const words = problemOf(node);
    if (!words) {
      widget?.remove();
      widget = null;
      return;
    }
    widget ??= addTextWidget(node, "problem", HEIGHT, "");
    widget.element.classList.add("imitatoes-problem");
    setText(widget.element, words);
    widget.fit(HEIGHT);
  }

  whenRemoved(node, store.watch(draw));
}
