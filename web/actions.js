// What the buttons do. An action is a request; the next message of the run is the truth. A refusal becomes a notice where
// the click was: among the buttons of the run, of the iteration, in the list of past runs, or, from the command that makes a
// workflow self-improving, above it all.

import { fileSize, goalTitle } from "./wording.js";

const OF_A_RUN = ["run", "iteration", "repair"];

/** page: loading a picture, copying, asking, see page.js. */
export function createActions({ t, store, server, feed, page }) {
  let busy = false;
  let notice = { place: "", words: "" };

  function tell(words, place = "run") {
    notice = { place, words, workflow: ofWorkflow(place) };
    store.touch();
  }

  /** The workflow that is spoken of: what a command did to one says nothing about another. */
  const ofWorkflow = (place) => (place === "improve" ? page.workflowInFront() : "");

  /** @returns {Promise<object | null>} the server's answer, null when it refused */
  async function act(place, ask) {
    busy = true;
    tell("", place);
    const answer = await ask((words) => tell(words, place));
    busy = false;
    tell(answer.problem ?? "", place);
    return answer.problem ? null : answer;
  }

  async function runAct(place, ask) {
    const run = await act(place, ask);
    if (run) store.put(run);
    return Boolean(run);
  }

  return {
    busy: () => busy,
    /** What to say at a place, "" for nothing. */
    notice: (place) => (notice.place === place && notice.workflow === ofWorkflow(place) ? notice.words : ""),
    tell,
    /** Another run is shown: what was said of the last one is over. */
    left() {
      if (OF_A_RUN.includes(notice.place)) notice = { place: "", words: "" };
    },
    stop: (run, afterThis) => runAct("run", (slow) => server.stop(run.run_id, afterThis, slow)),
    resume: (run) => runAct("run", (slow) => server.resume(run.run_id, slow)),
    goOn: (run, instruction) => runAct("run", (slow) => server.goOn(run.run_id, instruction, slow)),
    take: (run, number) => runAct("iteration", (slow) => server.take(run.run_id, number, slow)),
    judge: (run, number) => runAct("iteration", (slow) => server.judge(run.run_id, number, () => slow(t("tell.judging")))),
    repair: (run, number, wish, where) => runAct("repair", (slow) => server.repair(run.run_id, number, wish, where, () => slow(t("repair.asking")))),
    /** A further segment of its clip. @returns {Promise<string>} why there is none, "" where it is begun, or queued */
    async extend(run, goal) {
      const answer = await server.extend(run.run_id, goal);
      if (!answer.problem && !answer.run_id) tell(t("extend.queued"));
      return answer.problem ?? "";
    },
    async follow(run) {
      if (await runAct("run", (slow) => server.attach(run.run_id, slow))) {
        page.followed(run.run_id);
        tell(t("do.following"));
      }
    },
    correct: (run, number, requirement, met) => runAct("iteration", (slow) => server.correct(run.run_id, number, requirement, met, slow)),
    editChecklist: (run, lines) => runAct("iteration", (slow) => server.editChecklist(run.run_id, lines, slow)),
    /** Prompt, negative, seed, steps and cfg of a picture into the workflow in front. */
    async useWords(run, iteration) {
      const used = await page.useWords(run.loop_node, iteration.settings);
      const left = (used?.left ?? []).map((name) => t(`setting.${name}`)).join(", ");
      tell(!used ? t("tell.noHub") : left ? t("tell.wordsUsedExcept", { title: used.title, left }) : t("tell.wordsUsed", { title: used.title }), "iteration");
    },
    async load(run, iteration) {
      const problem = await page.loadPicture(server.picture(run.run_id, iteration.picture), iteration.picture);
      tell(problem ?? "", "iteration");
    },
    /** @returns {Promise<boolean>} whether the path is on the clipboard now; where it cannot be, it is shown */
    async copyFolder(run) {
      const answer = await act("iteration", () => server.folder(run.run_id));
      if (!answer) return false;
      const copied = await page.copy(answer.folder);
      if (!copied) tell(t("tell.folder", { folder: answer.folder }), "iteration");
      return copied;
    },
    /** Shows the folder where the server is this computer; else its path goes to the clipboard, or is shown. */
    async openFolder(run) {
      const answer = await act("iteration", () => server.folder(run.run_id));
      if (!answer) return;
      if (answer.opens && !(await server.openFolder(run.run_id)).problem) return;
      const copied = await page.copy(answer.folder);
      tell(t(copied ? "tell.folderCopied" : "tell.folder", { folder: answer.folder }), "iteration");
    },
    /** @returns {Promise<number | null>} bytes on disk, null where the server does not say */
    sizeOf: async (run) => (await server.folder(run.run_id)).size ?? null,
    star: (run, starred) => runAct("past", (slow) => server.star(run.run_id, starred, slow)),
    open(runId) {
      store.choose(runId);
      return feed.need(runId);
    },
    /** size: bytes of all of them, null where that is not known. */
    async removeAll(runs, size) {
      const words = size === null ? "tell.deleteAllMessage" : "tell.deleteAllSize";
      if (!(await page.confirm(t("tell.deleteAllTitle"), t(words, { count: runs.length, size: fileSize(size ?? 0) })))) return;
      for (const run of runs) {
        if (!(await act("past", (slow) => server.remove(run.run_id, slow)))) return;
        store.remove(run.run_id);
      }
    },
    async remove(run) {
      const message = t("tell.deleteMessage", { goal: goalTitle(run), count: run.iteration_count ?? 0 });
      if (!(await page.confirm(t("tell.deleteTitle"), message))) return;
      if (await act("past", (slow) => server.remove(run.run_id, slow))) store.remove(run.run_id);
    },
    improve: () => page.improve(),
  };
}
