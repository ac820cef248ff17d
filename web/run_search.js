// The runs of the list: those this page knows, or those that the server finds by a filter, newest first.
import { LISTED } from "./feed.js";
import { isRunning } from "./store.js";

export const EVERYTHING = { search: "", state: "", model: "", least_score: "", starred: false };

/** feed: for the runs without a filter. */
export function createRunSearch({ store, server, feed }) {
  let filter = EVERYTHING;
  let found = [];
  let more = false;
  let asked = 0;

  const active = () => Object.entries(filter).some(([name, value]) => value !== EVERYTHING[name]);

  async function ask(before) {
    const question = (asked += 1);
    const answer = await server.runs(LISTED, before, filter);
    if (question !== asked || answer.problem) return; // the user has typed on
    for (const run of answer.runs) store.put(run);
    const ids = answer.runs.map((run) => run.run_id);
    found = before ? [...found, ...ids] : ids;
    more = ids.length === LISTED;
    store.touch();
  }

  return {
    filter: () => filter,
    active,
    /** Changes the filter. Resolves when the server has answered. */
    async set(fields) {
      filter = { ...filter, ...fields };
      if (active()) return ask("");
      asked += 1;
      found = [];
      return store.touch();
    },
    /** Runs that have ended, as the filter asks. */
    list: () => (active() ? found.map((id) => store.get(id)).filter(Boolean) : store.list()).filter((run) => !isRunning(run)),
    hasMore: () => (active() ? more : feed.hasOlder()),
    showMore: () => (active() ? ask(found.at(-1) ?? "") : feed.loadOlder()),
    /** Judge models of the runs that are known here. */
    models: () => [...new Set(store.list().map((run) => run.model).filter(Boolean))].sort(),
  };
}
