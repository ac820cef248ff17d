// In the empty panel: is there an Ollama, what can judge, what to get, and whether the judge sees.
import { h, icon, setText } from "../dom.js";
import { fileSize, selfTestLines } from "../wording.js";

const ICONS = { good: "check-circle", bad: "times-circle", open: "circle", busy: "spin pi-spinner" };

/** judge: see judge_setup.js. */
export function createJudgeSetupView({ t, judge }) {
  const server = line();
  const model = line();
  const missing = line();
  const recommended = h("p", { className: "imitatoes-quiet" });
  const sizes = h("select", { "aria-label": t("judge.choose"), on: { change: () => drawPull() } });
  const pull = button("download", () => judge.pull(sizes.value));
  const fill = h("i", {});
  const bar = h("div", { className: "imitatoes-track", role: "progressbar", "aria-label": t("judge.progress"), "aria-valuemin": 0, "aria-valuemax": 100 }, fill);
  const far = h("p", { className: "imitatoes-quiet" });
  const stop = button("times", () => judge.stopPull(), "judge.stop");
  const progress = h("div", { className: "imitatoes-stack imitatoes-close" }, bar, h("div", { className: "imitatoes-row" }, far, stop.root));
  const get = h("div", { className: "imitatoes-stack imitatoes-close" }, recommended, h("div", { className: "imitatoes-row" }, sizes, pull.root), progress);
  const installed = h("select", { "aria-label": t("judge.installed"), on: { change: () => update() } });
  const test = button("eye", () => judge.test(installed.value), "judge.test");
  const use = button("check", () => judge.use(installed.value), "judge.use");
  test.root.title = t("judge.testHint");
  use.root.title = t("judge.useHint");
  const choose = h("div", { className: "imitatoes-row" }, installed, use.root, test.root);
  const result = h("ul", { className: "imitatoes-result", role: "status", "aria-live": "polite" });
  const problem = h("p", { className: "imitatoes-notice imitatoes-problem", role: "alert" });
  const again = button("refresh", () => judge.load(), "judge.again");
  const root = h("section", { className: "imitatoes-setup", "aria-label": t("judge.title") }, h("h4", {}, t("judge.title")), server.root, model.root, missing.root, choose, get, result, problem, again.root);

  function line() {
    const mark = h("i", { "aria-hidden": "true" });
    const words = h("span", {});
    return { mark, words, root: h("p", { className: "imitatoes-setup-line" }, mark, words) };
  }

  function button(name, click, key) {
    const words = h("span", {}, key ? t(key) : "");
    return { words, root: h("button", { type: "button", on: { click } }, icon(name), words) };
  }

  function say({ mark, words, root: place }, tone, text) {
    place.hidden = !text;
    mark.className = `pi pi-${ICONS[tone]}`;
    place.dataset.tone = tone;
    setText(words, text);
  }

  /** chosen: what is selected at first; fresh: what is selected now, where it is new in the list. */
  function fillOptions(select, names, words, chosen, fresh) {
    const key = names.join("\n");
    if (select.dataset.key === key) return;
    const before = names.includes(fresh) && !(select.dataset.key ?? "").split("\n").includes(fresh) ? fresh : select.value;
    select.dataset.key = key;
    select.replaceChildren(...names.map((name, index) => h("option", { value: name }, words[index])));
    select.value = names.includes(before) ? before : (chosen ?? names[0] ?? "");
  }

  function drawPull() {
    const { setup } = judge.state();
    const one = setup?.choices.find((choice) => choice.model === sizes.value);
    setText(pull.words, t("judge.pull", { size: fileSize(one?.download ?? 0) }));
  }

  function drawGet(setup, busy) {
    const running = setup.pull.state === "running";
    const wanted = setup.recommended;
    const absent = setup.choices.filter((choice) => !setup.models.some((one) => one.model === choice.model));
    get.hidden = setup.state === "no_server" || !absent.length || (!wanted && !running);
    if (get.hidden) return;
    const memory = setup.memory === null ? "" : fileSize(setup.memory);
    const key = !wanted?.fits ? "judge.smallest" : setup.memory === null ? "judge.usual" : setup.where === "RAM" ? "judge.forRam" : "judge.forCard";
    setText(recommended, wanted ? t(key, { model: wanted.model, memory }) : "");
    const words = absent.map((one) => t(one.fits ? "judge.choice" : "judge.choiceLarge", { model: one.model, size: fileSize(one.download) }));
    fillOptions(sizes, absent.map((one) => one.model), words, wanted?.model);
    drawPull();
    sizes.disabled = pull.root.disabled = busy || running;
    progress.hidden = !running;
    const { done, of } = setup.pull;
    fill.style.width = `${of ? Math.round((100 * done) / of) : 0}%`;
    bar.setAttribute("aria-valuenow", of ? Math.round((100 * done) / of) : 0);
    setText(far, of ? t("judge.pulled", { model: setup.pull.model, done: fileSize(done), of: fileSize(of) }) : t("judge.pulling", { model: setup.pull.model }));
  }

  function drawResult(test) {
    const lines = selfTestLines(t, test);
    result.hidden = !lines.length;
    if (result.dataset.key === lines.join("\n")) return;
    result.dataset.key = lines.join("\n");
    result.replaceChildren(...lines.map((words) => h("li", {}, words)));
  }

  function update() {
    judge.need();
    const { setup, test: tested, problem: wrong, busy, asking } = judge.state();
    root.hidden = !setup && !wrong && !asking;
    setText(problem, wrong);
    problem.hidden = !wrong;
    again.root.disabled = asking;
    again.root.hidden = !wrong && setup?.state === "ready";
    model.root.hidden = missing.root.hidden = choose.hidden = get.hidden = result.hidden = !setup;
    if (!setup) return say(server, "busy", asking ? t("judge.asking") : "");
    say(server, setup.problem ? "bad" : "good", setup.problem || t("judge.server", { address: setup.address }));
    const local = setup.models.filter((one) => !one.cloud);
    const tone = local.length ? "good" : "open";
    say(model, tone, setup.problem ? "" : local.length ? t("judge.models", { count: local.length }) : t("judge.noModel"));
    const names = setup.models.map((one) => one.model);
    const wanted = judge.wanted().model;
    const there = names.find((name) => name === wanted || name === `${wanted}:latest`);
    say(missing, "open", there || !local.length ? "" : t("judge.missing", { model: wanted }));
    choose.hidden = !setup.models.length;
    fillOptions(installed, names, setup.models.map((one) => (one.cloud ? t("judge.cloud", { model: one.model }) : one.model)), there, setup.pull.model);
    use.root.disabled = installed.value === there;
    test.root.disabled = busy || tested?.state === "running";
    drawGet(setup, busy);
    return drawResult(tested);
  }

  return { root, update, leave: judge.leave };
}
