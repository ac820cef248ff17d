// Brings runs into the store: from messages, from the list, and whole ones where iterations are unknown here.
import { isRunning, lacks } from "./store.js";

export const LISTED = 24;

const UNKNOWN = -1; // the revision of a run that was never told
const TRIES = 4; // while the server is still starting
const BETWEEN_MS = 700;

/**
 * onEnded(run, promptId): a run has ended with that render while the page was looking. onPending(run): a render of it
 * was announced. pause(ms): waits.
 */
export function createFeed({ store, server, onEnded, onPending, pause = (ms) => new Promise((done) => setTimeout(done, ms)) }) {
  const asked = new Map();
  let older = false;
  let oldest = ""; // of the pages of the list: a search brings older runs, with gaps before them

  /** Ask for the whole run, once for each revision; for one that is not known here once. */
  async function need(runId) {
    const known = store.get(runId);
    const revision = known ? known.revision : UNKNOWN;
    if ((known && !lacks(known)) || asked.get(runId) >= revision) return;
    asked.set(runId, revision);
    const run = await server.run(runId);
    if (!run.problem) store.put(run);
  }

  async function list(before) {
    const answer = await server.runs(LISTED, before);
    if (answer.problem) return;
    older = answer.runs.length === LISTED;
    const last = answer.runs.at(-1)?.run_id;
    if (last && (!oldest || last < oldest)) oldest = last;
    for (const run of answer.runs) store.put(run);
    store.touch();
    for (const run of answer.runs.filter(isRunning)) await need(run.run_id);
  }

  /** The server may have been restarted: what it says now is true, also where this page knows a later revision. */
  async function correct() {
    const known = new Map(store.list().map((run) => [run.run_id, run]));
    let answer = await server.runs(LISTED);
    for (let left = TRIES; answer.problem && left > 0; left -= 1) {
      await pause(BETWEEN_MS);
      answer = await server.runs(LISTED);
    }
    if (answer.problem) return;
    asked.clear();
    const told = new Set(answer.runs.map((run) => run.run_id));
    for (const run of answer.runs) store.correct(run, known.get(run.run_id));
    for (const run of [...known.values()].filter((one) => isRunning(one) && !told.has(one.run_id))) {
      const whole = await server.run(run.run_id);
      if (!whole.problem) store.correct(whole, run);
      else if (whole.status === 404) store.remove(run.run_id);
    }
    store.touch();
    for (const run of answer.runs.filter((one) => isRunning(one) || one.status === "suspended")) await need(run.run_id);
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
    correct,
    loadOlder: () => list(oldest),
    hasOlder: () => older,
  };
}
