// Inputs of a node that mean nothing at the moment are not shown. Their values stay, and are saved.

/** hidden: by name of a widget whether it is to be hidden, on the classic canvas and in Nodes 2.0. */
export function hideInputs(node, hidden) {
  const changing = (node.widgets ?? []).filter((one) => one.name in hidden && Boolean(one.hidden) !== hidden[one.name]);
  for (const widget of changing) {
    widget.hidden = hidden[widget.name];
    widget.options ??= {};
    widget.options.hidden = widget.hidden; // the same object: Nodes 2.0 of 1.35 goes on with the one that it read first
  }
  if (!changing.length) return;
  // Nodes 2.0 reads options when the list changes, which the same list does not; in 1.35 also when a value is told.
  const widgets = [...node.widgets];
  node.widgets = [];
  node.widgets = widgets;
  changing[0].callback?.(changing[0].value);
  const needed = node.computeSize?.()[1] ?? 0;
  if (needed > node.size[1]) node.setSize([node.size[0], needed]);
  node.setDirtyCanvas?.(true, true);
}

export const isLinked = (node, name) => {
  const input = node.inputs?.find((one) => one.name === name || one.widget?.name === name);
  return input?.link !== null && input?.link !== undefined;
};

/** Calls changed when a link of the node comes or goes, and when the node is loaded. */
export function whenLinksChange(node, changed) {
  for (const hook of ["onConnectionsChange", "onConfigure"]) {
    const before = node[hook];
    node[hook] = function (...rest) {
      const result = before?.apply(this, rest);
      changed();
      return result;
    };
  }
}
