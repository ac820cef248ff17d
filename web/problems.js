// What went wrong in a node of ours, by workflow, until that workflow renders again. Pure.

export function createProblems() {
  const byWorkflow = new Map();
  const prompts = new Set();

  return {
    /** problem: {promptId, workflowId, nodeId, title, words} */
    report(problem) {
      byWorkflow.set(problem.workflowId, problem);
      prompts.add(problem.promptId);
    },
    /** The workflow renders again. @returns {boolean} whether something was forgotten */
    clear: (workflowId) => byWorkflow.delete(workflowId),
    /** The problem of a workflow, or null. */
    of: (workflowId) => byWorkflow.get(workflowId) ?? null,
    /** Whether the user has been told what ended that prompt. */
    told: (promptId) => prompts.has(promptId),
  };
}

// A path of the server's disk says nothing to a user: the file's name is left.
const FOLDERS = /(?:[A-Za-z]:)?(?:[\\/][^\s\\/:*?"'<>|]+)+[\\/]/g;

/**
 * An execution_error of ComfyUI as one sentence. Ours name their node and are kept as they are; of others the first
 * line is told, with the node in front.
 */
export function problemWords(t, { node_id: nodeId, exception_message: message }, title) {
  const said = String(message ?? "").trim();
  if (said.includes(`(node ${nodeId})`)) return said;
  const first = said.split("\n")[0].replace(FOLDERS, "").trim();
  return t(first ? "problem.failed" : "problem.failedSilently", { title, message: first });
}
