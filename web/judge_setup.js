// What there is to judge with, as the panel shows it before the first run: asked once the panel is open, followed while a
// model is downloaded or tested. Nothing is downloaded without a click.

const POLL_MS = 1000;

/** wanted(): {connection, model} that the workflow in front judges with. use(connection, model): the user wants another. */
export function createJudgeSetup({ server, changed, wanted, use, after = (ms, act) => setTimeout(act, ms), cancel = clearTimeout }) {
  let setup = null;
  let test = null;
  let problem = "";
  let asking = false;
  let refused = null; // the connection of a server of another kind, which is not asked about again
  let busy = false;
  let watched = false; // a download that this panel has seen going on: how an earlier one ended is no news
  let timer = null;
  let left = false; // the panel is closed: an answer that was on its way is not followed up

  function tell(fields = {}) {
    ({ setup = setup, test = test, problem = problem } = fields);
    changed();
  }

  async function load() {
    if (asking) return;
    asking = true;
    changed();
    const { connection } = wanted();
    const answer = await server.judgeSetup(connection);
    asking = false;
    refused = answer.status === 400 ? connection : null;
    if (refused !== null) return changed();
    tell(answer.problem && !answer.state ? { problem: answer.problem } : { setup: answer, problem: "" });
    watched ||= setup?.pull.state === "running";
    follow();
  }

  const goesOn = () => setup?.pull.state === "running" || test?.state === "running";

  function follow() {
    cancel(timer);
    if (goesOn() && !left) timer = after(POLL_MS, look);
  }

  async function look() {
    if (setup.pull.state === "running") {
      const pull = await server.pullState();
      if (!pull.state) return tell({ problem: pull.problem });
      tell({ setup: { ...setup, pull } });
      if (pull.state === "done") await load();
    }
    if (test?.state === "running") {
      const state = await server.selfTest(test.connection, test.model);
      tell(state.state ? { test: state } : { problem: state.problem, test: null });
    }
    return follow();
  }

  async function act(ask, taken) {
    busy = true;
    tell({ problem: "" });
    const answer = await ask();
    busy = false;
    tell(answer.state ? taken(answer) : { problem: answer.problem });
    follow();
  }

  return {
    /** What is known: {setup, test, problem, busy, asking}; setup null until the server has answered. */
    state: () => ({ setup, test, problem: problem || (watched && setup?.pull.state === "failed" ? setup.pull.message : ""), busy, asking }),
    load,
    /** Asks when nothing is known yet. */
    need() {
      if (!setup && !asking && !problem && wanted().connection !== refused) load();
    },
    pull(model) {
      watched = true;
      return act(() => server.pullJudge(setup.connection, model), (pull) => ({ setup: { ...setup, pull } }));
    },
    stopPull: () => act(() => server.stopPull(), (pull) => ({ setup: { ...setup, pull } })),
    test: (model) => act(() => server.startSelfTest(setup.connection, model), (state) => ({ test: state })),
    use: (model) => use(setup.connection, model),
    wanted,
    leave() {
      left = true;
      cancel(timer);
    },
  };
}
