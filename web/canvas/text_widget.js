// A few lines of text as a widget on a node, on the classic canvas and in Nodes 2.0. It is never saved with the workflow.
import { h } from "../dom.js";

/** @returns {{element: HTMLElement, fit: (height: number) => void, remove: () => void}} */
export function addTextWidget(node, name, height, text) {
  const element = h("div", { className: "imitatoes-node", tabIndex: 0 }, text);
  let least = height;
  // Nodes 2.0 before 1.58 drags the node from inside a widget; the middle button must still pan.
  for (const type of ["pointerdown", "pointermove", "pointerup"]) {
    element.addEventListener(type, (event) => event.button !== 1 && event.stopPropagation());
  }
  element.addEventListener("wheel", (event) => element.scrollHeight > element.clientHeight && event.stopPropagation(), { passive: true });
  const widget = node.addDOMWidget(name, `imitatoes-${name}`, element, {
    serialize: false,
    hideOnZoom: false,
    getMinHeight: () => least,
    getMaxHeight: () => least * 2,
    getValue: () => "",
    setValue: () => {},
  });
  widget.serialize = false; // the option alone keeps it out of the API graph, this out of the saved workflow

  /** Makes room for so many pixels; the node grows where it must, and never shrinks. */
  function fit(pixels) {
    least = pixels;
    element.style.minHeight = `${least}px`; // Nodes 2.0 before 1.58 ignores getMinHeight
    const needed = node.computeSize?.()[1] ?? 0;
    if (needed > node.size[1]) node.setSize([node.size[0], needed]);
  }

  function remove() {
    const index = node.widgets?.indexOf(widget) ?? -1;
    if (index < 0) return;
    widget.onRemove?.();
    node.widgets.splice(index, 1);
    node.setDirtyCanvas?.(true, true);
  }

  element.style.minHeight = `${least}px`;
  return { element, fit, remove };
}

/** Calls done when the node is taken off the canvas. */
export function whenRemoved(node, done) {
  const before = node.onRemoved;
  node.onRemoved = function (...rest) {
    done();
    return before?.apply(this, rest);
  };
}
