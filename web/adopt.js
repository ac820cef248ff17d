// Tells the frontend about a render that the server queued, so that its own total, title and App Mode are right.
// It uses a private store of the frontend: found by feature, silent where it is not as expected, never needed.
import { nodeAt, openWorkflow } from "./workflow.js";

/** nodes: class by node id of the graph that is rendered. @returns {boolean} whether the frontend took it */
export function adopt(app, run, nodes) {
  try {
    const execution = app.extensionManager?._p?._s?.get?.("execution");
    const workflow = openWorkflow(app, run.workflow_id);
    const promptId = run.pending?.prompt_id;
    if (!execution || !workflow || !promptId) return false;
    const ids = Object.keys(nodes);
    if (typeof execution.storeJob === "function") {
      const promptOutput = Object.fromEntries(
        ids.map((id) => [id, { class_type: nodes[id], inputs: {}, _meta: { title: nodeAt(app, id)?.title ?? nodes[id] } }]),
      );
      execution.storeJob({ id: promptId, nodes: ids, promptOutput, workflow, mode: "graph" });
      return true;
    }
    if (typeof execution.storePrompt === "function") {
      execution.storePrompt({ id: promptId, nodes: ids, workflow });
      return true;
    }
  } catch (problem) {
    console.debug("[imitatoes] this frontend does not take queued renders:", problem);
  }
  return false;
}

/** Id of the workflow that the frontend queued as this prompt; "" where it does not say. */
export function workflowOfPrompt(app, promptId) {
  try {
    const execution = app.extensionManager?._p?._s?.get?.("execution");
    const job = execution?.queuedJobs?.[promptId] ?? execution?.queuedPrompts?.[promptId];
    return String(job?.workflow?.activeState?.id ?? "");
  } catch {
    return "";
  }
}
