// A few lines of text as a widget on a node, on the classic canvas and in Nodes 2.0. It is never saved with the workflow.
import { h } from "../dom.js";

/** @returns {{element: HTMLElement, leave: (done: () => void) => void}} leave: done is called when the node is removed */
export function addTextWidget(node, name, height, text) {
  const element = h("div", { className: "imitatoes-node", tabIndex: 0 }, text);
  element.style.minHeight = `${height}px`; // Nodes 2.0 before 1.58 ignores getMinHeight
  // Nodes 2.0 before 1.58 drags the node from inside a widget; the middle button must still pan.
  for (const type of ["pointerdown", "pointermove", "pointerup"]) {
    element.addEventListener(type, (event) => event.button !== 1 && event.stopPropagation());
  }
  element.addEventListener("wheel", (event) => element.scrollHeight > element.clientHeight && event.stopPropagation(), { passive: true });
  const widget = node.addDOMWidget(name, `imitatoes-${name}`, element, {
    serialize: false,
    hideOnZoom: false,
    getMinHeight: () => height,
    getMaxHeight: () => height * 2,
    getValue: () => "",
    setValue: () => {},
  });
  widget.serialize = false; // the option alone keeps it out of the API graph, this out of the saved workflow
  return {
    element,
    leave(done) {
      const before = node.onRemoved;
      node.onRemoved = function (...rest) {
        done();
        return before?.apply(this, rest);
      };
    },
  };
}
