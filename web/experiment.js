// An experiment as the dialog shows it: the newest one there is, followed while it goes on. Pure but for its requests.

const POLL_MS = 2000;

/** changed(): something is new. after, cancel: of timers. */
export function createExperiment({ server, changed, after = (ms, act) => setTimeout(act, ms), cancel = clearTimeout }) {
  let known = null; // as the server tells it; null while a new one is to be asked for
  let problem = "";
  let busy = false;
  let timer = null;
  let left = false; // the dialog is closed: an answer that was on its way is not followed up

  function take(answer) {
    problem = answer.problem ?? "";
    if (answer.id) known = answer;
    changed();
    cancel(timer);
    if (known?.state === "running" && !left) timer = after(POLL_MS, look);
  }

  const look = async () => take(await server.experiment(known.id));

  async function act(ask) {
    busy = true;
    changed();
    const answer = await ask();
    busy = false;
    take(answer);
  }

  return {
    state: () => ({ experiment: known, problem, busy }),
    /** The newest one, if there is any. */
    async load() {
      const answer = await server.experiments();
      const newest = answer.experiments?.[0];
      take(newest ? await server.experiment(newest.id) : { problem: answer.problem });
    },
    start: (request) => act(() => server.startExperiment(request)),
    stop: () => act(() => server.stopExperiment(known.id)),
    resume: () => act(() => server.resumeExperiment(known.id)),
    anew() {
      cancel(timer);
      known = null;
      problem = "";
      changed();
    },
    leave() {
      left = true;
      cancel(timer);
    },
  };
}
