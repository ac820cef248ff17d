// Brings runs into the store: from messages, from the list, and whole ones where iterations are unknown here.
import { isRunning, lacks } from "./store.js";

export const LISTED = 24;

/** onEnded(run, promptId): a run has ended with that render while the page was looking. onPending(run): a render of it was announced. */
export function createFeed({ store, server, onEnded, onPending }) {
  const asked = new Map();
  let older = false;

  /** Ask for the whole run, once for each revision. */
  async function need(runId) {
    const known = store.get(runId);
    if (!known || !lacks(known) || asked.get(runId) >= known.revision) return;
    asked.set(runId, known.revision);
    const run = await server.run(runId);
    if (!run.problem) store.put(run);
  }

  async function list(before) {
    const answer = await server.runs(LISTED, before);
    if (answer.problem) return;
    older = answer.runs.length === LISTED;
    for (const run of answer.runs) store.put(run);
    store.touch();
    for (const run of answer.runs.filter(isRunning)) await need(run.run_id);
  }

  return {
    need,
    /** A message from the server. */
    take(run) {
      if (!run?.run_id) return;
      const { ended, endedBy, missing } = store.put(run);
      if (missing) need(run.run_id);
      if (isRunning(run) && run.pending) onPending(store.get(run.run_id));
      if (ended) onEnded(store.get(run.run_id), endedBy);
    },
    load: () => list(""),
    loadOlder: () => list(store.list().at(-1)?.run_id ?? ""),
    hasOlder: () => older,
  };
}
