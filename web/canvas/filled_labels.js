// On the classic canvas a filled box of several lines no longer says what it is: its name stands above it.

const SIZE = 9;
const INSET = 14;
const ABOVE = 8; // the margin that ComfyUI leaves over such a box holds it

/** Draws the names of the node's filled boxes. liteGraph: tells Nodes 2.0, which names them by itself. */
export function labelFilledBoxes(node, liteGraph) {
  const before = node.onDrawForeground;
  node.onDrawForeground = function (context, ...rest) {
    before?.call(this, context, ...rest);
    if (liteGraph?.vueNodesMode || this.flags?.collapsed) return;
    context.save();
    context.font = `${SIZE}px sans-serif`;
    context.fillStyle = liteGraph?.WIDGET_SECONDARY_TEXT_COLOR ?? "#999";
    context.textAlign = "left";
    for (const widget of this.widgets ?? []) {
      const box = widget.element ?? widget.inputEl;
      if (widget.hidden || box?.tagName !== "TEXTAREA" || !widget.value || widget.y === undefined) continue;
      context.fillText(widget.label || widget.name, INSET, widget.y + ABOVE);
    }
    context.restore();
  };
}
