// A folder of pictures ranked by a goal, in a dialog: chosen, begun, stopped, gone on with, and the list, best first.
import { h, say, setText } from "../dom.js";
import { score, textsOfRequirements } from "../wording.js";
import { openDialog } from "./dialog.js";

const POLL_MS = 1000;

/** goal, judge: to begin with; judge: {model, connection}. t: words. server: requests. */
export function showRanking({ t, server, goal, judge }) {
  let shown = null; // id of the ranking that is shown
  let open = true;
  let timer = 0;
  const folders = h("select", { "aria-label": t("ranking.folder") });
  const wish = h("textarea", { rows: 3, value: goal, "aria-label": t("ranking.goal"), placeholder: t("judgePicture.goalHint") });
  const model = h("input", { type: "text", spellcheck: false, value: judge.model, "aria-label": t("ranking.model") });
  const connection = h("input", { type: "text", spellcheck: false, value: judge.connection, "aria-label": t("ranking.connection") });
  const start = h("button", { type: "submit" }, t("ranking.start"));
  const form = h(
    "form",
    { className: "imitatoes-connection-form", on: { submit: begin } },
    h("label", {}, t("ranking.folder"), folders),
    h("label", {}, t("ranking.goal"), wish),
    h("label", {}, t("ranking.model"), model),
    h("label", {}, t("ranking.connection"), connection),
    start,
  );
  const earlier = h("select", { "aria-label": t("ranking.earlier"), on: { change: () => earlier.value && look(earlier.value) } });
  const earlierRow = h("label", { hidden: true }, t("ranking.earlier"), earlier);
  const told = h("p", { className: "imitatoes-notice", role: "alert", hidden: true });
  const status = h("p", { role: "status" });
  const bar = h("progress", { hidden: true, "aria-label": t("ranking.progress") });
  const stop = h("button", { type: "button", hidden: true, on: { click: () => act(server.stopRanking) } }, t("ranking.stop"));
  const resume = h("button", { type: "button", hidden: true, on: { click: () => act(server.resumeRanking) } }, t("ranking.resume"));
  const list = h("ol", { className: "imitatoes-ranking" });
  const sheet = h("img", { className: "imitatoes-ranking-sheet", alt: t("ranking.sheet"), hidden: true });
  const buttons = h("div", { className: "imitatoes-row" }, stop, resume);
  openDialog({ title: t("ranking.title"), close: t("ranking.close"), onClose: leave }, h("p", { className: "imitatoes-quiet" }, t("ranking.about")), form, earlierRow, told, status, bar, buttons, list, sheet);
  offer();

  function leave() {
    open = false;
    clearTimeout(timer);
  }

  async function offer() {
    const [places, kept] = await Promise.all([server.rankingFolders(), server.rankings()]);
    if (places.problem) return say(told, places.problem);
    folders.replaceChildren(...places.folders.map(option));
    start.disabled = !places.folders.length;
    if (!places.folders.length) say(told, t("ranking.noFolder"));
    const rankings = kept.rankings ?? [];
    earlierRow.hidden = !rankings.length;
    earlier.replaceChildren(h("option", { value: "" }, t("ranking.choose")), ...rankings.map((one) => h("option", { value: one.id }, `${one.goal.slice(0, 60)} (${t("ranking.done", { done: one.done, of: one.of })})`)));
    const running = rankings.find((one) => one.state === "running");
    if (running) look(running.id);
  }

  function option(one) {
    const name = [t(`ranking.${one.folder}`), one.sub_folder].filter(Boolean).join(" / ");
    return h("option", { value: JSON.stringify({ folder: one.folder, sub_folder: one.sub_folder }) }, `${name} (${one.pictures})`);
  }

  async function begin(event) {
    event.preventDefault();
    if (!wish.value.trim() || !folders.value) return;
    start.disabled = true;
    setText(status, t("judgePicture.asking"));
    const answer = await server.rankFolder({ ...JSON.parse(folders.value), goal: wish.value, judge: { model: model.value, connection: connection.value.trim() || "local" } });
    start.disabled = false;
    show(answer);
  }

  async function act(ask) {
    stop.disabled = resume.disabled = true;
    const answer = await ask(shown);
    stop.disabled = resume.disabled = false;
    show(answer);
  }

  async function look(id) {
    shown = id;
    const answer = await server.ranking(id);
    if (open && shown === id) show(answer);
  }

  function show(ranking) {
    clearTimeout(timer);
    say(told, ranking.problem);
    if (ranking.problem) return setText(status, "");
    shown = ranking.id;
    const running = ranking.state === "running";
    const done = ranking.ranked.filter((one) => typeof one.score === "number").length;
    setText(status, [t(`ranking.state.${ranking.state}`), t("ranking.done", { done, of: ranking.images.length }), ranking.message].filter(Boolean).join(" "));
    bar.hidden = !running;
    [bar.max, bar.value] = [ranking.images.length, done];
    stop.hidden = !running;
    resume.hidden = running || done === ranking.images.length;
    const texts = textsOfRequirements(ranking.checklist);
    list.replaceChildren(...ranking.ranked.map((one) => row(one, ranking.folder, texts)));
    sheet.hidden = !ranking.contact_sheet || running;
    if (!sheet.hidden) sheet.src = server.rankingSheet(ranking.id, done);
    if (running && open) timer = setTimeout(look, POLL_MS, ranking.id);
  }

  function row(one, folder, texts) {
    const missing = one.items.filter((item) => !item.passed).map((item) => texts.get(item.id) ?? item.id);
    const points = typeof one.score === "number" ? score(one.score) : t("judgePicture.none");
    const name = h("a", { href: server.shownPicture(one.image, folder), target: "_blank", rel: "noopener" }, one.image);
    const verdict = one.passed ? t("iteration.met") : missing.length ? t("ranking.missing", { what: missing.join("; ") }) : one.reason;
    return h("li", {}, name, ` ${points} `, h("span", { className: "imitatoes-quiet" }, verdict));
  }
}
