// What can be done with the run: stop it, or let it go on with a further wish; and what each of that means.
import { h, icon, setText } from "../dom.js";
import { isRunning } from "../store.js";
import { continueWords } from "../wording.js";
import { createNotice } from "./notice.js";

/** actions: see actions.js. */
export function createRunButtons({ t, actions }) {
  let run = null;
  const button = (name, words, click, look = "") =>
    h("button", { type: "button", className: look, on: { click } }, icon(name), h("span", {}, words));
  const stopNow = button("stop-circle", t("do.stopNow"), () => actions.stop(run, false));
  const stopAfter = button("step-forward", t("do.stopAfter"), () => actions.stop(run, true));
  const follow = button("eye", t("do.follow"), () => actions.follow(run), "imitatoes-link");
  const wish = h("textarea", {
    rows: 1,
    maxLength: 2000,
    placeholder: t("do.wish"),
    title: t("do.wishExample"),
    "aria-label": t("do.wish"),
    on: {
      keydown: (event) => {
        event.stopPropagation(); // the canvas has shortcuts of its own
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) goOn();
      },
    },
  });
  const goOnWords = h("span", {}, t("do.continue"));
  const goOnButton = h("button", { type: "button", className: "imitatoes-primary", on: { click: () => goOn() } }, icon("play"), goOnWords);
  const resume = button("replay", t("do.resume"), () => actions.resume(run), "imitatoes-primary");
  const explained = h("p", { className: "imitatoes-quiet" });
  const form = h("div", { className: "imitatoes-form" }, wish, h("div", { className: "imitatoes-row" }, resume, goOnButton), explained);
  const notice = createNotice({ actions, place: "run" });
  const stops = h("div", { className: "imitatoes-row" }, stopNow, stopAfter);
  const root = h("div", { className: "imitatoes-buttons", role: "group" }, stops, follow, form, notice.root);

  async function goOn() {
    if (await actions.goOn(run, wish.value.trim())) wish.value = "";
  }

  return {
    root,
    /** busy: an action is on its way. canFollow: ComfyUI's own progress goes to another page. */
    update(next, { busy, canFollow }) {
      run = next;
      const running = isRunning(run);
      stops.hidden = !running || Boolean(run.elsewhere);
      form.hidden = running || run.status === "unreadable";
      goOnWords.textContent = continueWords(t, run);
      resume.hidden = run.status !== "suspended";
      setText(explained, [resume.hidden ? "" : t("do.resumeHint"), t("do.continueHint")].filter(Boolean).join(" "));
      goOnButton.classList.toggle("imitatoes-primary", resume.hidden);
      stopNow.disabled = busy || run.stopping === "now";
      stopAfter.disabled = busy || Boolean(run.stopping);
      goOnButton.disabled = resume.disabled = busy;
      follow.hidden = !running || !canFollow || Boolean(run.elsewhere);
      follow.disabled = busy;
      notice.update();
    },
  };
}
