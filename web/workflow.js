// Which workflow is in front, which open tab has an id, and which node an execution id means.
// The root graph has the id that the page sends along; the workflow store lags behind while a tab is opened or switched.

export const rootGraph = (app) => app.rootGraph ?? app.graph ?? null;
export const workflowInFront = (app) => String(rootGraph(app)?.id ?? "");
export const nodesOf = (graph) => graph?.nodes ?? graph?._nodes ?? [];
/** What the canvas shows: the workflow, or a subgraph that is open. */
export const graphInFront = (app) => app.canvas?.graph ?? app.graph;
export const nodesInFront = (app) => nodesOf(graphInFront(app));
export const widgetOf = (node, name) => node?.widgets?.find((widget) => widget.name === name);

/** The open tab with that id; the one in front if several have it, as the same file opened twice does. */
export function openWorkflow(app, workflowId) {
  const store = app.extensionManager?.workflow;
  const tabs = [store?.activeWorkflow, ...(store?.openWorkflows ?? [])];
  return tabs.find((tab) => workflowId && tab?.activeState?.id === workflowId) ?? null;
}

/** The node of an execution id such as "3", or "7:3" inside subgraph node 7; undefined when it is not in front. */
export function nodeAt(app, executionId) {
  let graph = rootGraph(app);
  let node;
  for (const step of String(executionId ?? "").split(":")) {
    node = nodesOf(graph).find((candidate) => String(candidate.id) === step);
    graph = node?.subgraph;
  }
  return node;
}
