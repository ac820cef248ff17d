// What the buttons do. An action is a request; the next message of the run is the truth. A refusal becomes a notice.

/** page: loading a picture, copying, asking, see main.js. */
export function createActions({ t, store, server, feed, page }) {
  let busy = false;
  let notice = "";

  function tell(words) {
    notice = words;
    store.touch();
  }

  /** @returns {Promise<object | null>} the server's answer, null when it refused */
  async function act(ask) {
    busy = true;
    tell("");
    const answer = await ask(tell);
    busy = false;
    tell(answer.problem ?? "");
    return answer.problem ? null : answer;
  }

  async function runAct(ask) {
    const run = await act(ask);
    if (run) store.put(run);
    return Boolean(run);
  }

  return {
    busy: () => busy,
    notice: () => notice,
    hasOlder: () => feed.hasOlder(),
    tell,
    stop: (run, afterThis) => runAct((slow) => server.stop(run.run_id, afterThis, slow)),
    resume: (run) => runAct((slow) => server.resume(run.run_id, slow)),
    goOn: (run, instruction) => runAct((slow) => server.goOn(run.run_id, instruction, slow)),
    take: (run, number) => runAct((slow) => server.take(run.run_id, number, slow)),
    judge: (run, number) => runAct((slow) => server.judge(run.run_id, number, () => slow(t("tell.judging")))),
    async follow(run) {
      if (await runAct((slow) => server.attach(run.run_id, slow))) {
        page.followed(run.run_id);
        tell(t("do.following"));
      }
    },
    async load(run, iteration) {
      const problem = await page.loadPicture(server.picture(run.run_id, iteration.picture), iteration.picture);
      tell(problem ?? "");
    },
    async copyFolder(run) {
      const answer = await act(() => server.folder(run.run_id));
      if (answer) tell((await page.copy(answer.folder)) ? t("do.copied") : t("tell.folder", { folder: answer.folder }));
    },
    open(runId) {
      store.choose(runId);
      return feed.need(runId);
    },
    async remove(run) {
      const message = t("tell.deleteMessage", { goal: run.goal, count: run.iteration_count ?? 0 });
      if (!(await page.confirm(t("tell.deleteTitle"), message))) return;
      if (await act((slow) => server.remove(run.run_id, slow))) store.remove(run.run_id);
    },
    showOlder: () => feed.loadOlder(),
    improve: () => page.improve(),
  };
}
