// Entry point: the only module that imports the page's app and api. All others get what they need handed in.
import { app } from "../../scripts/app.js";
import { api } from "../../scripts/api.js";
import { createActions } from "./actions.js";
import { adopt } from "./adopt.js";
import { addCriticWidget } from "./canvas/critic_widget.js";
import { addLoopWidget } from "./canvas/loop_widget.js";
import { createFeed } from "./feed.js";
import { improve } from "./improve/apply.js";
import { CRITIC, LOOP } from "./improve/plan.js";
import { createProgress } from "./progress.js";
import { createServer } from "./server.js";
import { applyJudge, settingOf, settingsOf } from "./settings.js";
import { createSidebar, TAB } from "./sidebar.js";
import { createStore } from "./store.js";
import { textsOf } from "./texts.js";
import { createPanel } from "./views/panel.js";
import { score, stateWords, tone } from "./wording.js";
import { nodeAt, nodesOf, workflowInFront } from "./workflow.js";

const RUN_EVENT = "imitatoes.run";
const TOAST_MS = 8000;
const GRAPH_WITHIN = 4096; // bytes: "prompt" is the first text of the file
const language = navigator.language || "en";
const t = textsOf(language);
const store = createStore();
const progress = createProgress();
const server = createServer(api, t);
const nodesOfRun = new Map();
const judgingSince = new Map();
const adopted = new Set();
const followedRuns = new Set();
let first = null;

const feed = createFeed({ store, server, onEnded: ended, onPending: pending });
const page = {
  workflowInFront: () => workflowInFront(app),
  hasLoop: () => [LOOP, CRITIC].every((kind) => nodesOf(app.canvas?.graph ?? app.graph).some((node) => node.comfyClass === kind)),
  firstPicture,
  canFollow: (run) => !followedRuns.has(run.run_id),
  followed: (runId) => followedRuns.add(runId),
  need: (runId) => feed.need(runId),
  loadPicture,
  copy,
  confirm: async (title, message) => (await app.extensionManager.dialog.confirm({ title, message, type: "delete" })) === true,
  improve: makeSelfImproving,
};
const actions = createActions({ t, store, server, feed, page });
const sidebar = createSidebar({
  store,
  makePanel: () => createPanel({ t, store, server, actions, progress, page, language }),
  active: () => app.extensionManager.sidebarTab?.activeSidebarTabId,
});

// Extensions load before the socket opens: here no message is missed.
api.addEventListener(RUN_EVENT, ({ detail }) => {
  if (detail?.phase === "judging" && !judgingSince.has(detail.pending?.prompt_id)) {
    judgingSince.set(detail.pending?.prompt_id, performance.now());
  }
  if (first && detail?.prompt_ids?.includes(first.promptId)) first = null;
  feed.take(detail);
});
api.addEventListener("reconnected", () => feed.load());
api.addEventListener("execution_start", ({ detail }) => {
  progress.start(detail?.prompt_id);
  if (!store.ofPrompt(detail?.prompt_id) && page.hasLoop()) first = { promptId: detail?.prompt_id };
  store.touch();
});
api.addEventListener("progress_state", ({ detail }) => {
  if (progress.report(detail?.prompt_id, detail?.nodes)) store.touch();
});
for (const end of ["execution_success", "execution_error", "execution_interrupted"]) {
  api.addEventListener(end, ({ detail }) => {
    if (first?.promptId !== detail?.prompt_id) return;
    first = null;
    store.touch();
  });
}

/** In words what the first render of a run does: the run itself begins with its first judgement. "" when there is none. */
function firstPicture() {
  if (!first) return "";
  const steps = progress.of(first.promptId);
  return `${t("state.first")}: ${steps ? t("state.renderingSteps", steps) : t("state.rendering")}`;
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

function ended(run) {
  nodesOfRun.delete(run.run_id);
  if (sidebar.isOpen() || !settingOf(app, "toasts")) return;
  const severity = { good: "success", bad: "error" }[tone(run)] ?? "info";
  const best = typeof run.best?.score === "number" ? ` ${t("run.best", { score: score(run.best.score) })}.` : "";
  const summary = run.status === "done" ? t("toast.done") : `${t("toast.ended")}: ${stateWords(t, run)}`;
  toast(severity, summary, `${run.reason}${best}`);
}

function toast(severity, summary, detail) {
  app.extensionManager.toast?.add?.({ severity, summary, detail, life: TOAST_MS });
}

/** @returns {Promise<string | null>} the problem in words, or null */
async function loadPicture(url, name) {
  try {
    const response = await fetch(url);
    if (!response.ok) return t("tell.answered", { status: response.status });
    const picture = await response.blob();
    if (!(await holdsGraph(picture))) return t("tell.notLoaded");
    await app.handleFile(new File([picture], name, { type: "image/png" }));
    return null;
  } catch {
    return t("tell.unreachable");
  }
}

// ComfyUI started with --disable-metadata writes pictures without their graph. It stands before the pixels.
async function holdsGraph(picture) {
  const head = await picture.slice(0, GRAPH_WITHIN).arrayBuffer();
  return new TextDecoder("latin1").decode(head).includes("tEXtprompt\0");
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // no secure context, or not allowed
  }
}

function makeSelfImproving() {
  const result = improve(app, globalThis.LiteGraph);
  if (result.problem) {
    const [key, values] = result.problem;
    toast("warn", t("improve.title"), t(key, values));
    actions.tell(`${t("improve.title")}. ${t(key, values)}`);
    return;
  }
  const left = result.left.length ? ` ${t("improve.notEverything", { names: result.left.join(", ") })}` : "";
  toast("success", t("improve.doneTitle"), `${t("improve.done")}${left}`);
  actions.tell("");
}

// Node ids repeat between workflows: a run is looked up by its workflow, and then by the node.
function runOf(field) {
  return (node) => {
    const run = store.ofWorkflow(workflowInFront(app));
    return run && nodeAt(app, run[field]) === node ? run : null;
  };
}

const since = (run) => judgingSince.get(run.pending?.prompt_id) ?? null;

app.registerExtension({
  name: "imitatoes.panel",
  settings: settingsOf(t, (kept) => Number.isInteger(kept) && server.keepThumbnails(kept)),
  commands: [
    { id: "Imitatoes.OpenPanel", label: t("command.open"), icon: "pi pi-images", function: openPanel },
    { id: "Imitatoes.MakeSelfImproving", label: t("command.improve"), icon: "pi pi-sparkles", function: makeSelfImproving },
  ],
  menuCommands: [{ path: ["Edit", "Imitatoes"], commands: ["Imitatoes.MakeSelfImproving", "Imitatoes.OpenPanel"] }],
  async setup() {
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = new URL("./panel.css", import.meta.url).href;
    document.head.append(style);
    app.extensionManager.registerSidebarTab({
      id: TAB,
      icon: "pi pi-images",
      title: t("title"),
      tooltip: t("panel"),
      type: "custom",
      render: sidebar.render,
      destroy: sidebar.destroy,
    });
    await feed.load();
  },
  nodeCreated(node) {
    if (node.comfyClass === LOOP) addLoopWidget(node, { t, store, runOf: runOf("loop_node"), progress });
    if (node.comfyClass !== CRITIC) return;
    applyJudge(app, node);
    const widget = addCriticWidget(node, { t, store, runOf: runOf("critic_node"), progress, judgingSince: since });
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
