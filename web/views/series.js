// A series of goals: what is done, what is left, the best of each, and stopping or resuming it as a whole.
import { h, icon, say, setText } from "../dom.js";
import { score } from "../wording.js";

/** series: see series.js. open(runId): the user wants to see a run. */
export function createSeriesView({ t, server, series, open }) {
  let shown = null;
  let drawn = null; // the series as it was told
  let listed = "";
  const button = (name, words, click, look = "") => h("button", { type: "button", className: look, on: { click } }, icon(name), h("span", {}, words));
  const pick = h("select", { "aria-label": t("series.pick"), on: { change: () => series.choose(pick.value) } });
  const count = h("strong", {});
  const state = h("span", { className: "imitatoes-quiet" });
  const bar = h("progress", { className: "imitatoes-series-bar" });
  const reason = h("p", { className: "imitatoes-quiet" });
  const stopNow = button("stop-circle", t("do.stopNow"), () => series.stop(shown, false));
  const stopAfter = button("step-forward", t("do.stopAfter"), () => series.stop(shown, true));
  const resume = button("replay", t("do.resume"), () => series.resume(shown), "imitatoes-primary");
  const sheet = h("a", { className: "imitatoes-link", target: "_blank", rel: "noopener" }, t("series.sheet"));
  const remove = button("trash", t("do.delete"), () => series.remove(shown), "imitatoes-link");
  const notice = h("p", { className: "imitatoes-notice", role: "alert", hidden: true });
  const goals = h("ol", { className: "imitatoes-past imitatoes-series-goals" });
  const root = h(
    "section",
    { className: "imitatoes-section", "aria-label": t("series.title") },
    h("h3", {}, t("series.title")),
    pick,
    h("div", { className: "imitatoes-row" }, count, state),
    bar,
    reason,
    h("div", { className: "imitatoes-row" }, stopNow, stopAfter, resume, sheet, remove),
    notice,
    goals,
  );

  function stateOf(one) {
    if (one.state === "running") return one.status ? t(`status.${one.status}`) : t("series.goalRunning");
    if (one.state === "waiting") return t("series.goalWaiting");
    return one.status ? t(`status.${one.status}`) : t("status.failed");
  }

  function row(one) {
    const words = [stateOf(one), typeof one.score === "number" ? score(one.score) : ""].filter(Boolean).join(" \u00b7 ");
    const image = one.image ? h("img", { alt: "", loading: "lazy", decoding: "async", src: server.thumbnail(one.run_id, one.image, `${one.state}${one.iteration_count}`) }) : null;
    const inside = [h("span", { className: "imitatoes-frame" }, image), h("span", { className: "imitatoes-past-words" }, h("span", { className: "imitatoes-past-goal" }, `${one.number}. ${one.goal}`), h("span", { className: "imitatoes-quiet", title: one.reason }, words))];
    const label = t("series.goal", { number: one.number, goal: one.goal, state: words });
    return h("li", {}, h("button", { type: "button", className: "imitatoes-past-open", disabled: !one.run_id, "aria-label": label, on: { click: () => open(one.run_id) } }, ...inside));
  }

  return {
    root,
    update() {
      shown = series.shown();
      if (!shown) return;
      series.need(shown.series_id);
      const all = series.list();
      const key = all.map((one) => `${one.series_id}${one.ended}`).join();
      const going = shown.state === "running";
      stopNow.disabled = stopAfter.disabled = series.busy() || Boolean(shown.stopping);
      resume.disabled = remove.disabled = series.busy();
      say(notice, series.notice());
      if (shown === drawn && key === listed) return;
      [drawn, listed] = [shown, key];
      pick.hidden = all.length < 2;
      pick.replaceChildren(...all.map((one) => h("option", { value: one.series_id, selected: one === shown }, `${one.series_id.slice(0, 15)} \u00b7 ${counted(one)}`)));
      setText(count, counted(shown));
      setText(state, shown.stopping ? t("state.stoppingNow") : shown.elsewhere ? t("state.elsewhere") : t(`series.state.${shown.state}`));
      bar.max = shown.count;
      bar.value = shown.ended;
      bar.setAttribute("aria-label", counted(shown));
      say(reason, shown.reason);
      stopNow.hidden = stopAfter.hidden = !going;
      resume.hidden = going || shown.ended === shown.count;
      remove.hidden = going;
      sheet.hidden = !shown.contact_sheet;
      sheet.href = server.seriesSheet(shown.series_id);
      const focused = [...goals.children].findIndex((item) => item.contains(document.activeElement));
      goals.replaceChildren(...(shown.goals ?? []).map(row));
      goals.children[focused]?.firstChild.focus();
    },
  };

  function counted(one) {
    return t("series.count", { ended: one.ended, count: one.count, met: one.met });
  }
}
