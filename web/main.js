// Entry point: the only module that imports the page's app and api. All others get what they need handed in.
import { app } from "../../scripts/app.js";
import { api } from "../../scripts/api.js";
import { createActions } from "./actions.js";
import { askForNotifications } from "./alerts.js";
import { adopt, workflowOfPrompt } from "./adopt.js";
import { showBest } from "./canvas/best_preview.js";
import { addCriticForm } from "./canvas/critic_form.js";
import { addCriticWidget } from "./canvas/critic_widget.js";
import { labelFilledBoxes } from "./canvas/filled_labels.js";
import { addLoopWidget } from "./canvas/loop_widget.js";
import { addProblemWidget } from "./canvas/problem_widget.js";
import { shownPicture } from "./canvas/picture_menu.js";
import { createChoice } from "./choice.js";
import { createDialogs } from "./dialogs.js";
import { createEndings } from "./endings.js";
import { createFeed } from "./feed.js";
import { improve } from "./improve/improve.js";
import { chooseShape } from "./improve/shape.js";
import { toggleSpread } from "./improve/spread.js";
import { CRITIC, LOOP } from "./improve/names.js";
import { createJudgeSetup } from "./judge_setup.js";
import { listen } from "./listening.js";
import { createPage } from "./page.js";
import { createProblems, problemWords } from "./problems.js";
import { createPreviews } from "./previews.js";
import { createProgress } from "./progress.js";
import { createRunSearch } from "./run_search.js";
import { createServer } from "./server.js";
import { createSeries } from "./series.js";
import { applyJudge, judgeInFront, judgeWith, settingOf, settingsOf } from "./settings.js";
import { createSidebar, TAB } from "./sidebar.js";
import { createStore } from "./store.js";
import { languageOf, textsOf, wordsOf } from "./texts.js";
import { createPanel } from "./views/panel.js";
import { nodeAt, workflowInFront } from "./workflow.js";

const OTHERS = new Set(["JudgeSelfTest", "TextSegmentMask", "StyleLoRAPicker", "VRAMGuard", "AutoTiledDecode", "RegionCrop", "RegionStitch"].map((name) => `Imitatoes${name}`));
const SHEETS = ["base", "setup", "run", "picture", "iteration", "repair", "past_runs", "dialogs"];
// Of ComfyUI's own setting, as far as this page has it by now; the panel's words come before anything is shown.
const spoken = languageOf(app.extensionManager?.setting?.get?.("Comfy.Locale") || navigator.language);
const language = spoken === "en" ? navigator.language || "en" : spoken; // of dates
const t = textsOf(spoken, await wordsOf(spoken));
const store = createStore();
const progress = createProgress();
const problems = createProblems();
const previews = createPreviews();
const server = createServer(api, t);
const choice = createChoice(() => store.touch());
const nodesOfRun = new Map();
const adopted = new Set();
const followedRuns = new Set();

const feed = createFeed({ store, server, onEnded: (run, promptId) => (nodesOfRun.delete(run.run_id), endings.run(run, promptId)), onPending: pending });
const page = {
  ...createPage(app, t),
  firstPicture,
  problem: problemInFront,
  passed: (run) => heard.passed(run),
  preview: (run) => previews.of(run.pending?.prompt_id),
  canFollow: (run) => !followedRuns.has(run.run_id),
  followed: (runId) => followedRuns.add(runId),
  need: (runId) => feed.need(runId),
  improve: makeSelfImproving,
  rankFolder: () => dialogs.ranking(),
  judgePicture: (run, iteration) => dialogs.judgeIteration(run, iteration),
  choice,
};
const dialogs = createDialogs({ app, t, server, toast: page.toast });
const series = createSeries({ t, server, changed: store.touch, onEnded: (one) => endings.series(one), confirm: page.confirm });
const heard = listen(api, {
  store,
  feed,
  series,
  progress,
  problems,
  previews,
  workflowOf: (promptId) => workflowOfPrompt(app, promptId) || workflowInFront(app),
  hasLoop: page.hasLoop,
  failed,
});
const search = createRunSearch({ store, server, feed });
const actions = createActions({ t, store, server, feed, page });
const sidebar = createSidebar({
  store,
  makePanel: () => createPanel({ t, store, server, actions, search, series, judge: judgeSetup(), progress, page, language }),
  active: () => app.extensionManager.sidebarTab?.activeSidebarTabId,
});

const endings = createEndings({ t, toast: page.toast, wanted: (setting) => settingOf(app, setting), seen: (promptId) => problems.told(promptId) || sidebar.isOpen() });

/** Anew for each opened panel: what was installed meanwhile is asked for. */
const judgeSetup = () => createJudgeSetup({ server, changed: store.touch, wanted: () => judgeInFront(app), use: useJudge });

async function useJudge(connection, model) {
  await judgeWith(app, connection, model);
  page.toast("success", t("judge.used", { model }));
  store.touch();
}

/** In words what the first render of a run does: the run itself begins with its first judgement. "" when there is none. */
function firstPicture() {
  const promptId = heard.firstRender();
  if (!promptId) return "";
  const steps = progress.of(promptId);
  return `${t("state.first")}: ${steps ? t("state.renderingSteps", steps) : t("state.rendering")}`;
}

/** A node of ours stopped a render. detail: of execution_error. */
function failed(detail, workflowId) {
  const title = page.titleOf(detail.node_id, detail.node_type);
  const words = problemWords(t, detail, title);
  problems.report({ promptId: detail.prompt_id, workflowId, nodeId: detail.node_id, title, words });
  page.toast("error", t("problem.title", { title }), words);
}

/** What went wrong in the workflow in front, where no run tells it; null when nothing did. */
function problemInFront() {
  const problem = problems.of(workflowInFront(app));
  return problem && !store.ofPrompt(problem.promptId) ? { ...problem, show: () => page.showNode(problem.nodeId) } : null;
}

function problemOf(node) {
  const problem = problems.of(workflowInFront(app));
  return problem && nodeAt(app, problem.nodeId) === node ? problem.words : "";
}

// Once for each render: told again, the frontend would begin to count anew.
async function pending(run) {
  const known = nodesOfRun.get(run.run_id);
  if (known && !adopted.has(run.pending.prompt_id)) {
    adopted.add(run.pending.prompt_id);
    adopt(app, run, known);
  }
  if (known) return;
  nodesOfRun.set(run.run_id, {});
  const answer = await server.nodes(run.run_id);
  if (answer.nodes) nodesOfRun.set(run.run_id, answer.nodes);
}

// Not awaited by whoever runs the command: it may wait for the user's answer.
function makeSelfImproving() {
  actions.tell("", "improve");
  improveWorkflow();
}

async function improveWorkflow() {
  const result = await improve({ app, liteGraph: globalThis.LiteGraph, server, t, choose });
  if (!result) return;
  if (result.problem) {
    page.toast("warn", t("improve.title"), result.problem);
    actions.tell(`${t("improve.title")}. ${result.problem}`, "improve");
    return;
  }
  page.toast("success", t("improve.doneTitle"), [t("improve.done"), ...result.left].join(" "));
  actions.tell(result.left.join(" "), "improve");
}

async function spread() {
  const result = await toggleSpread({ app, liteGraph: globalThis.LiteGraph, t });
  const words = result.problem ?? t(result.on ? "spread.on" : "spread.off");
  page.toast(result.problem ? "warn" : "success", t("spread.title"), words);
  actions.tell(result.problem ? words : "", "improve");
}

async function shapeClip() {
  const result = await chooseShape({ app, server, t, choose });
  if (!result) return;
  page.toast(result.problem ? "warn" : "success", t("command.shape"), result.problem ?? t("shape.done", result));
  actions.tell(result.problem ?? "", "improve");
}

function choose(text, options) {
  if (!sidebar.isOpen()) openPanel();
  return choice.ask(text, options);
}

// Node ids repeat between workflows: a run is looked up by its workflow, and then by the node.
function runOf(field) {
  return (node) => {
    const run = store.ofWorkflow(workflowInFront(app));
    return run && nodeAt(app, run[field]) === node ? run : null;
  };
}

function elsewhere(runId) {
  const run = store.get(runId);
  return Boolean(run?.workflow_id) && run.workflow_id !== workflowInFront(app);
}

app.registerExtension({
  name: "imitatoes.panel",
  settings: settingsOf(t, { keepThumbnails: (kept) => Number.isInteger(kept) && server.keepThumbnails(kept), allowNotifications: (on) => on && askForNotifications(), showConnections: dialogs.connections, showExperiment: dialogs.experiment }),
  commands: [
    { id: "Imitatoes.OpenPanel", label: t("command.open"), icon: "pi pi-images", function: openPanel },
    { id: "Imitatoes.MakeSelfImproving", label: t("command.improve"), icon: "pi pi-sparkles", function: makeSelfImproving },
    { id: "Imitatoes.JudgePicture", label: t("judgePicture.menu"), icon: "pi pi-eye", function: () => dialogs.judgeNode(Object.values(app.canvas?.selected_nodes ?? {})[0]) },
    { id: "Imitatoes.RankFolder", label: t("ranking.title"), icon: "pi pi-sort-amount-down", function: dialogs.ranking },
    { id: "Imitatoes.Spread", label: t("command.spread"), icon: "pi pi-clone", function: spread },
    // Not awaited: it waits for the user's answer.
    { id: "Imitatoes.ShapeClip", label: t("command.shape"), icon: "pi pi-arrows-alt", function: () => void shapeClip() },
    { id: "Imitatoes.Connections", label: t("command.connections"), icon: "pi pi-link", function: dialogs.connections },
    { id: "Imitatoes.Measure", label: t("experiment.title"), icon: "pi pi-chart-bar", function: dialogs.experiment },
  ],
  menuCommands: [{ path: ["Edit", "Imitatoes"], commands: ["Imitatoes.MakeSelfImproving", "Imitatoes.OpenPanel", "Imitatoes.RankFolder", "Imitatoes.ShapeClip", "Imitatoes.Spread", "Imitatoes.Connections"] }],
  async setup() {
    for (const sheet of SHEETS) {
      const style = document.createElement("link");
      style.rel = "stylesheet";
      style.href = new URL(`./styles/${sheet}.css`, import.meta.url).href;
      document.head.append(style);
    }
    app.extensionManager.registerSidebarTab({
      id: TAB,
      icon: "pi pi-images",
      title: t("title"),
      tooltip: t("panel"),
      type: "custom",
      render: sidebar.render,
      destroy: sidebar.destroy,
    });
    await Promise.all([feed.load(), series.load()]);
  },
  // Newer pages ask for this when a node is clicked with the right button; the command does the same for a chosen node.
  getNodeMenuItems: (node) => (shownPicture(node, app.nodeOutputs) ? [{ content: t("judgePicture.menu"), callback: () => dialogs.judgeNode(node) }] : []),
  nodeCreated(node) {
    if (node.comfyClass === LOOP) addLoopWidget(node, { t, store, runOf: runOf("loop_node"), problemOf, progress });
    else if (OTHERS.has(node.comfyClass)) addProblemWidget(node, { store, problemOf });
    if ([LOOP, CRITIC].includes(node.comfyClass)) labelFilledBoxes(node, globalThis.LiteGraph);
    if (node.comfyClass !== CRITIC) return;
    applyJudge(app, node);
    addCriticForm(node, { t, store, server });
    const showing = { judgingSince: heard.judgingSince, showBest: (one, run) => showBest(app, one, run) };
    const widget = addCriticWidget(node, { t, store, runOf: runOf("critic_node"), elsewhere, problemOf, progress, ...showing });
    const before = node.onExecuted;
    node.onExecuted = function (output) {
      before?.call(this, output);
      widget.show(output?.imitatoes?.[0]);
    };
  },
  // Another workflow came to the front.
  afterConfigureGraph: () => store.moved(workflowInFront(app)),
});

function openPanel() {
  app.extensionManager.command.execute(`Workspace.ToggleSidebarTab.${TAB}`);
}
