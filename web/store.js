// What the page knows about runs: one map, fed by messages, by single runs and by lists of them. Pure.
//
// A message holds the run as it stands with its last iterations, the list holds none. Iterations never change once they
// are recorded, so whatever arrives is joined by number; a lost, late or doubled message does no harm.

export function createStore() {
  const runs = new Map();
  const runOfPrompt = new Map(); // also of renders that ended without a verdict, which the run no longer names
  const watchers = new Set();
  let choice = null;
  let followed = null;

  const tell = () => {
    for (const watcher of [...watchers]) watcher();
  };

  function keep(told, run) {
    const known = runs.get(told.run_id);
    if (run === known) return { ended: false, endedBy: null, missing: lacks(run) };
    runs.set(run.run_id, run);
    for (const id of [run.first_prompt_id, run.pending?.prompt_id]) if (id) runOfPrompt.set(id, run.run_id);
    if (isRunning(run)) followed = run.run_id;
    if (isRunning(run) && !known) choice = null; // what has just begun is what the user waits for
    tell();
    const ended = Boolean(known && isRunning(known) && !isRunning(run));
    return { ended, endedBy: ended ? (known.pending?.prompt_id ?? null) : null, missing: lacks(run) };
  }

  return {
    /**
     * Takes in a run, whole or in part.
     * @returns {{ended: boolean, endedBy: string | null, missing: boolean}} whether it ended by this, with which prompt, and
     *   whether iterations are unknown here
     */
    put(told) {
      return keep(told, joined(runs.get(told.run_id), told));
    },
    /**
     * Takes in a run as the server has it now, whatever was told before: a server that was restarted counts its
     * revisions from where the disk stands. known: the run as it was in this store when the server was asked.
     */
    correct(told, known) {
      const now = runs.get(told.run_id);
      if (now !== known) return keep(told, joined(now, told)); // a message was faster
      const iterations = joinedIterations(now?.iterations, told.iterations);
      return keep(told, { ...now, ...told, ...(iterations && { iterations }) });
    },
    remove(runId) {
      if (!runs.delete(runId)) return;
      if (choice === runId) choice = null;
      tell();
    },
    get: (runId) => runs.get(runId) ?? null,
    /** Another workflow came to the front: what has ended elsewhere is no longer what the user looks at. */
    moved(workflowId) {
      const last = runs.get(followed);
      if (last && !isRunning(last) && last.workflow_id !== workflowId) followed = null;
      tell();
    },
    /** All runs, newest first. */
    list: () => newestFirst(runs),
    /** The user opens a run; null goes back to the one that the page would show by itself. */
    choose(runId) {
      choice = runId;
      tell();
    },
    chosen: () => (runs.has(choice) ? choice : null),
    /** The run to show: the chosen one, else a running one, else the last that ran, else the newest of the workflow. */
    shown(workflowId) {
      const list = newestFirst(runs);
      const ofWorkflow = (run) => Boolean(workflowId) && run.workflow_id === workflowId;
      const running = list.filter(isRunning);
      const last = runs.get(followed);
      return runs.get(choice) ?? running.find(ofWorkflow) ?? running[0] ?? last ?? list.find(ofWorkflow) ?? null;
    },
    /** The newest run of a workflow, or null. Node ids repeat between workflows: never look a run up by them. */
    ofWorkflow: (workflowId) => newestFirst(runs).find((run) => workflowId && run.workflow_id === workflowId) ?? null,
    /** The run that a prompt belongs to, or null. */
    ofPrompt: (promptId) => runs.get(runOfPrompt.get(promptId)) ?? [...runs.values()].find((run) => run.prompt_ids?.includes(promptId)) ?? null,
    watch(watcher) {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    touch: tell,
  };
}

export const isRunning = (run) => run.status === "running";
export const iterationOf = (run, number) => run?.iterations?.find((iteration) => iteration.number === number) ?? null;
/** All pictures of an iteration, in the order of its batch; the best stands at its batch_index. */
export function picturesOf(iteration) {
  const { batch_index: index = 0, critique, picture, source } = iteration;
  return [{ index, critique, picture, source }, ...(iteration.others ?? [])].sort((a, b) => a.index - b.index);
}
/** What a picture of a batch is called by, as its file is: "a", "b" ... "z", "aa". */
export const letterOf = (index) => (index < 26 ? "" : letterOf(Math.floor(index / 26) - 1)) + String.fromCharCode(97 + (index % 26));
/** A list gives no iterations, a message the last few: whether the whole run must still be asked for. */
export const lacks = (run) => (run.iterations?.length ?? 0) < (run.iteration_count ?? 0) || run.iterations === undefined;

const newestFirst = (runs) => [...runs.values()].sort((a, b) => (a.run_id < b.run_id ? 1 : -1));

function joined(known, told) {
  if (!known) return { ...told };
  const older = (told.revision ?? 0) < (known.revision ?? 0);
  const same = (told.revision ?? 0) === (known.revision ?? 0);
  const brings = (told.iterations ?? []).some((iteration) => !iterationOf(known, iteration.number));
  const whole = known.iterations === undefined && told.iterations !== undefined;
  if ((older || same) && !brings && !whole) return known;
  const fields = older ? { ...told, ...known } : { ...known, ...told };
  return { ...fields, ...joinedDetails(known, told), iterations: joinedIterations(known.iterations, told.iterations) };
}

/** What a message tells of its own iterations only. A line of the list tells nothing of it. */
function joinedDetails(known, told) {
  const details = {};
  if (known.prompt_ids && told.prompt_ids) details.prompt_ids = [...new Set([...known.prompt_ids, ...told.prompt_ids])];
  if (known.relooks && told.relooks) details.relooks = { ...known.relooks, ...told.relooks };
  if (known.standing && told.standing) details.standing = { ...known.standing, ...told.standing };
  if (known.recoveries && told.recoveries) {
    const key = (one) => `${one.number} ${one.kind} ${one.sentence}`;
    const all = new Map([...known.recoveries, ...told.recoveries].map((one) => [key(one), one]));
    details.recoveries = [...all.values()].sort((a, b) => a.number - b.number);
  }
  return details;
}

function joinedIterations(known, told) {
  if (!known || !told) return known ?? told;
  const byNumber = new Map([...known, ...told].map((iteration) => [iteration.number, iteration]));
  return [...byNumber.values()].sort((a, b) => a.number - b.number);
}
