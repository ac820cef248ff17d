// How the user hears that a run or a series has ended: sound, notification, toast.
import { notify, playChime } from "./alerts.js";
import { bestName, goalTitle, stateWords, tone } from "./wording.js";

/** wanted(setting): whether the user switched it on. seen(promptId): the panel shows the end, or an error told it. */
export function createEndings({ t, toast, wanted, seen }) {
  return {
    /** promptId: of the render that was the last one. */
    run(run, promptId) {
      if (run.measured) return; // they come by hundreds
      if (wanted("sound")) playChime();
      if (wanted("notification")) notify(`${t("title")}: ${stateWords(t, run)}`, goalTitle(run), run.run_id);
      if (seen(promptId) || !wanted("toasts")) return;
      const severity = { good: "success", bad: "error" }[tone(run)] ?? "info";
      const best = bestName(t, run) ? ` ${bestName(t, run)}.` : "";
      const summary = run.status === "done" ? t("toast.done") : `${t("toast.ended")}: ${stateWords(t, run)}`;
      toast(severity, summary, `${run.reason}${best}`);
    },
    /** A series of goals is through, or was cut short. */
    series(one) {
      const words = `${t("series.count", { ended: one.ended, count: one.count, met: one.met })}. ${one.reason}`;
      if (wanted("sound")) playChime();
      if (wanted("notification")) notify(`${t("title")}: ${t("series.ended")}`, words, one.series_id);
      if (wanted("toasts")) toast(one.state === "failed" ? "error" : "success", t("series.ended"), words);
    },
  };
}
