// What the page knows about series of goals: from messages, from the list, and whole ones that the user looks at.

/**
 * changed(): something is to be drawn anew. onEnded(series): one has ended while the page was looking. confirm(title,
 * message): asks the user.
 */
export function createSeries({ t, server, changed, onEnded, confirm }) {
  const known = new Map();
  let shown = null;
  let busy = false;
  let notice = "";

  /** What is known of a series is another object whenever it is told. */
  function put(told) {
    const before = known.get(told.series_id);
    known.set(told.series_id, { ...before, ...told });
    if (before?.state === "running" && told.state !== "running") onEnded(known.get(told.series_id));
  }

  const newest = () => [...known.values()].sort((a, b) => (a.series_id < b.series_id ? 1 : -1));

  async function act(ask) {
    busy = true;
    notice = "";
    changed();
    const answer = await ask((words) => {
      notice = words;
      changed();
    });
    busy = false;
    notice = answer.problem ?? "";
    if (!answer.problem && answer.series_id) put(answer);
    changed();
    return !answer.problem;
  }

  return {
    /** A message from the server. */
    take(told) {
      if (!told?.series_id) return;
      put(told);
      changed();
    },
    async load() {
      const answer = await server.seriesList();
      if (answer.problem) return;
      const told = new Set(answer.series.map((one) => one.series_id));
      for (const id of known.keys()) if (!told.has(id)) known.delete(id);
      for (const one of answer.series) put(one);
      changed();
    },
    /** All, newest first; of those that were not looked at without their goals. */
    list: newest,
    busy: () => busy,
    notice: () => notice,
    /** The one to show: the chosen one, else one that goes on, else the newest; null for none. */
    shown: () => known.get(shown) ?? newest().find((one) => one.state === "running") ?? newest()[0] ?? null,
    choose(id) {
      shown = id;
      changed();
    },
    /** Ask for the goals of a series where only its line of the list is known. */
    async need(id) {
      const one = known.get(id);
      if (!one || one.goals || one.asked) return;
      one.asked = true;
      const answer = await server.series(id);
      if (answer.problem) return;
      put(answer);
      changed();
    },
    stop: (one, afterThis) => act((slow) => server.stopSeries(one.series_id, afterThis, slow)),
    resume: (one) => act((slow) => server.resumeSeries(one.series_id, slow)),
    async remove(one) {
      if (!(await confirm(t("series.deleteTitle"), t("series.deleteMessage", { count: one.count })))) return;
      if (await act((slow) => server.removeSeries(one.series_id, slow))) known.delete(one.series_id);
      changed();
    },
  };
}
