// What the page hears of ComfyUI: runs, renders that begin and end, steps, and errors of nodes of ours.

const RUN_EVENT = "imitatoes.run";
const SERIES_EVENT = "imitatoes.series";
const ENDS = ["execution_success", "execution_error", "execution_interrupted"];
const OURS = /^Imitatoes/;

/**
 * Extensions load before the socket opens: called while the module loads, it misses no message.
 * workflowOf(promptId): id of the workflow that a prompt renders. hasLoop(): the workflow in front has its two nodes.
 * failed(detail): a node of ours stopped the render.
 */
export function listen(api, { store, feed, series, progress, problems, previews, workflowOf, hasLoop, failed }) {
  const judgingSince = new Map();
  const begunAt = new Map();
  const workflows = new Map();
  let first = null;

  const begun = (promptId) => {
    const workflowId = workflowOf(promptId);
    workflows.set(promptId, workflowId);
    problems.clear(workflowId);
    begunAt.set(promptId, performance.now()); // its turn has come, however long it waited
    progress.start(promptId);
    if (!store.ofPrompt(promptId) && hasLoop()) first = promptId;
    store.touch();
  };

  api.addEventListener(RUN_EVENT, ({ detail }) => {
    const promptId = detail?.pending?.prompt_id;
    if (detail?.phase === "judging" && !judgingSince.has(promptId)) judgingSince.set(promptId, performance.now());
    if (promptId && !begunAt.has(promptId)) begunAt.set(promptId, performance.now());
    if (first && detail?.prompt_ids?.includes(first)) first = null;
    feed.take(detail);
  });
  api.addEventListener(SERIES_EVENT, ({ detail }) => series.take(detail));
  api.addEventListener("reconnected", () => {
    feed.correct();
    series.load();
  });
  api.addEventListener("execution_start", ({ detail }) => begun(detail?.prompt_id));
  api.addEventListener("progress_state", ({ detail }) => {
    if (progress.report(detail?.prompt_id, detail?.nodes)) store.touch();
  });
  api.addEventListener("b_preview_with_metadata", ({ detail }) => {
    previews.show(detail?.jobId ?? detail?.promptId, detail?.blob);
    store.touch();
  });
  for (const end of ENDS) {
    api.addEventListener(end, ({ detail }) => {
      const promptId = detail?.prompt_id;
      if (end === "execution_error" && OURS.test(detail?.node_type ?? "")) failed(detail, workflows.get(promptId) ?? workflowOf(promptId));
      workflows.delete(promptId);
      if (first === promptId) first = null;
      store.touch();
    });
  }

  return {
    /** The prompt of a loop's first render, while no run is known of it; else null. */
    firstRender: () => first,
    /** Page time in ms since when the pending picture of a run is judged, or null. */
    judgingSince: (run) => judgingSince.get(run.pending?.prompt_id) ?? null,
    /** Seconds since the iteration at hand of a run began, or null where this page has not seen it begin. */
    passed(run) {
      const since = begunAt.get(run.pending?.prompt_id);
      return since === undefined ? null : (performance.now() - since) / 1000;
    },
  };
}
