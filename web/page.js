// What the panel needs of the page around it: the workflow in front, its nodes, pictures onto the canvas, toasts.
import { useWords } from "./canvas/use_words.js";
import { CRITIC, LOOP } from "./improve/names.js";
import { nodeAt, nodesInFront, workflowInFront } from "./workflow.js";

const TOAST_MS = 8000;
const GRAPH_WITHIN = 4096; // bytes: "prompt" is the first text of the file

export function createPage(app, t) {
  const shown = () => nodesInFront(app);

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

  /** @returns {Promise<boolean>} false where there is no secure context, or it is not allowed */
  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return false;
    }
  }

  function showNode(nodeId) {
    const node = nodeAt(app, nodeId);
    if (!node) return;
    if (node.graph && app.canvas.graph !== node.graph) app.canvas.setGraph?.(node.graph);
    app.canvas.selectNode?.(node);
    app.canvas.centerOnNode?.(node);
  }

  return {
    workflowInFront: () => workflowInFront(app),
    /** Whether the graph in front has the two nodes of a loop. */
    hasLoop: () => [LOOP, CRITIC].every((kind) => shown().some((node) => node.comfyClass === kind)),
    /** The title of a node that an execution names, or that of its class. */
    titleOf: (nodeId, kind) => nodeAt(app, nodeId)?.title ?? globalThis.LiteGraph?.registered_node_types?.[kind]?.title ?? kind,
    showNode,
    loadPicture,
    useWords: (loopNode, settings) => useWords(app, loopNode, settings),
    copy,
    confirm: async (title, message) => (await app.extensionManager.dialog.confirm({ title, message, type: "delete" })) === true,
    toast: (severity, summary, detail) => app.extensionManager.toast?.add?.({ severity, summary, detail, life: TOAST_MS }),
  };
}

// ComfyUI started with --disable-metadata writes pictures without their graph. It stands before the pixels.
async function holdsGraph(picture) {
  const head = await picture.slice(0, GRAPH_WITHIN).arrayBuffer();
  return new TextDecoder("latin1").decode(head).includes("tEXtprompt\0");
}
