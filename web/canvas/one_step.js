// A change of the graph as one step that can be undone: between the two marks the page takes none.
import { rootGraph } from "../workflow.js";

/** change(): what is done to the graph. What it throws comes through, after the step is closed. */
export async function asOneStep(app, change) {
  const graph = rootGraph(app);
  app.canvas?.emitBeforeChange?.();
  graph.beforeChange?.();
  try {
    return await change(graph);
  } finally {
    graph.afterChange?.();
    app.canvas?.emitAfterChange?.();
    graph.setDirtyCanvas?.(true, true);
  }
}
