// Measuring Imitatoes on this computer, in a dialog: what with, what it takes, how far it is, and its report.
import { h, say, setText } from "../dom.js";
import { createExperiment } from "../experiment.js";
import { duration, fileSize } from "../wording.js";
import { openDialog } from "./dialog.js";

/** t: words. server: requests. judge: {connection, model} to begin with. graph(): the workflow in front, to be rendered;
 * rejects where there is none. */
export async function showExperiment({ t, server, judge, graph }) {
  const choice = (key) => h("select", { "aria-label": t(key) });
  const number = (key, value, max) => h("input", { type: "number", value, min: 1, max, "aria-label": t(key) });
  const box = (key) => h("input", { type: "checkbox", "aria-label": t(key) });
  const fields = {
    judge: choice("experiment.judge"),
    referee: choice("experiment.referee"),
    prompts: number("experiment.prompts", 60, 120),
    renders: number("experiment.renders", 12, 50),
    quick: box("experiment.quick"),
    sameFamily: box("experiment.sameFamily"),
  };
  const labels = Object.entries(fields).map(([key, field]) => {
    const words = t(`experiment.${key}`);
    return field.type === "checkbox" ? h("label", { className: "imitatoes-tick" }, field, words) : h("label", {}, words, field);
  });
  const start = button("experiment.start", null, "submit");
  const form = h("form", { className: "imitatoes-connection-form", on: { submit: begin } }, ...labels, start);
  const told = h("p", { role: "status" });
  const bar = h("progress", { "aria-label": t("experiment.title"), max: 1, value: 0 });
  const verdict = h("p", { className: "imitatoes-quiet" });
  const problem = h("p", { className: "imitatoes-notice", role: "alert", hidden: true });
  const resume = button("experiment.begin", () => experiment.resume());
  const stop = button("experiment.stop", () => experiment.stop());
  const anew = button("experiment.again", () => experiment.anew());
  const report = link("experiment.report");
  const page = link("experiment.page");
  const going = h("section", { className: "imitatoes-stack" }, told, bar, verdict, h("div", { className: "imitatoes-row" }, resume, stop, anew, report, page));
  const experiment = createExperiment({ server, changed: update });
  openDialog({ title: t("experiment.title"), close: t("connections.close"), onClose: experiment.leave }, h("p", { className: "imitatoes-quiet" }, t("experiment.about")), form, going, problem);
  let ready = false; // once it is known what can judge
  form.hidden = going.hidden = true;
  const [setup] = await Promise.all([server.judgeSetup(judge.connection), experiment.load()]);
  const models = setup.models?.map((one) => one.model) ?? [];
  offer(fields.judge, models, judge.model);
  offer(fields.referee, models, models.find((one) => familyOf(one) !== familyOf(judge.model)));
  ready = true;
  update();

  function button(key, click, type = "button") {
    return h("button", { type, on: click ? { click } : {} }, t(key));
  }

  function link(key) {
    return h("a", { target: "_blank", rel: "noopener", className: "imitatoes-button" }, t(key));
  }

  function offer(select, models, chosen) {
    select.replaceChildren(...models.map((one) => h("option", { value: one, selected: one === chosen }, one)));
  }

  async function begin(event) {
    event.preventDefault();
    let workflow;
    try {
      workflow = await graph();
    } catch (error) {
      return say(problem, t("improve.notRead", { message: error?.message ?? String(error) }));
    }
    const named = (model) => ({ model, connection: judge.connection });
    return experiment.start({
      workflow,
      judge: named(fields.judge.value),
      referee: named(fields.referee.value),
      prompts: Number(fields.prompts.value),
      renders: Number(fields.renders.value),
      quick: fields.quick.checked,
      same_family: fields.sameFamily.checked,
    });
  }

  function update() {
    const { experiment: one, problem: wrong, busy } = experiment.state();
    say(problem, wrong || (one?.state === "failed" ? one.message : ""));
    form.hidden = Boolean(one) || !ready;
    going.hidden = !one;
    start.disabled = resume.disabled = stop.disabled = busy;
    if (!one) return;
    setText(told, stateOf(one));
    bar.hidden = !["running", "stopped", "failed"].includes(one.state);
    bar.value = one.progress.runs ? one.progress.runs_done / one.progress.runs : 0;
    setText(verdict, one.verdict);
    setText(resume, t(one.state === "planned" ? "experiment.begin" : "experiment.goOn"));
    resume.hidden = one.state === "running" || one.state === "done";
    stop.hidden = one.state !== "running";
    anew.hidden = one.state === "running";
    report.hidden = page.hidden = !one.progress.looked;
    report.href = server.experimentPage(one.id, "report");
    page.href = server.experimentPage(one.id, "page");
  }

  function stateOf(one) {
    const { progress, plan } = one;
    if (one.state === "planned") {
      const size = fileSize(plan.bytes ?? 0);
      return t("experiment.planned", { prompts: progress.prompts, points: plan.power.all_correct, renders: plan.renders, time: duration(plan.seconds ?? 0), size });
    }
    if (one.state === "running" && plan.seconds === null) return t("experiment.measuring");
    const words = t("experiment.progress", { runs: progress.runs_done, of: progress.runs, looked: progress.looked, prompts: progress.prompts });
    if (one.state === "running") return `${words} ${t("experiment.left", { time: duration(progress.seconds_left ?? 0) })}`;
    return `${t(`experiment.state_${one.state}`)} ${words}`;
  }
}

// Only to offer a fitting referee first; the server decides.
const familyOf = (model) => String(model).toLowerCase().split("/").pop().match(/[a-z]+/)?.[0] ?? "";
