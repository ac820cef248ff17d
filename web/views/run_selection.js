// Runs chosen in the list: how many, how much disk they take, and deleting them.
import { h, icon, setText } from "../dom.js";
import { fileSize } from "../wording.js";

/** actions: see actions.js. changed(): the choice is another one. */
export function createSelection({ t, actions, changed }) {
  const chosen = new Map();
  const sizes = new Map();
  const words = h("span", { role: "status", "aria-live": "polite" });
  const remove = h("button", { type: "button", on: { click: () => actions.removeAll([...chosen.values()], total()) } }, icon("trash"), h("span", {}, t("past.deleteChosen")));
  const none = h("button", { type: "button", className: "imitatoes-link", on: { click: () => clear() } }, t("past.chooseNone"));
  const root = h("div", { className: "imitatoes-row imitatoes-selection", hidden: true }, words, remove, none);

  const key = (run) => `${run.run_id} ${run.revision}`;
  /** Bytes of all chosen ones; null until each is known. */
  const total = () => [...chosen.values()].reduce((sum, run) => (sum === null || !sizes.has(key(run)) ? null : sum + sizes.get(key(run))), 0);

  function clear() {
    chosen.clear();
    changed();
  }

  async function measure(run) {
    if (sizes.has(key(run))) return;
    const size = await actions.sizeOf(run);
    if (size !== null) sizes.set(key(run), size);
    changed();
  }

  return {
    root,
    has: (runId) => chosen.has(runId),
    choose(run, on) {
      if (on) chosen.set(run.run_id, run);
      else chosen.delete(run.run_id);
      changed();
      if (on) measure(run);
    },
    /** runs: what is listed. Others are no longer chosen: nothing is deleted that is not seen. */
    update(runs, busy) {
      const listed = new Map(runs.map((run) => [run.run_id, run]));
      for (const id of [...chosen.keys()]) {
        if (listed.has(id)) chosen.set(id, listed.get(id));
        else chosen.delete(id);
      }
      root.hidden = !chosen.size;
      remove.disabled = busy;
      const size = total();
      setText(words, t(size === null ? "past.chosen" : "past.chosenSize", { count: chosen.size, size: fileSize(size ?? 0) }));
    },
  };
}
