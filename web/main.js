// Entry point: the only module that touches the page's app and api.
import { app } from "../../scripts/app.js";
import { api } from "../../scripts/api.js";
import { addVerdict, showRun, showVerdict } from "./verdict.js";

const CRITIC = "ImitatoesVLMCritique";
const RUN_EVENT = "imitatoes.run";

const frontGraph = () => app.rootGraph ?? app.graph;

// Walks "outer:inner" through subgraphs. Undefined when the workflow in front does not hold the node.
function nodeAt(path) {
  let graph = frontGraph();
  let node;
  for (const step of String(path).split(":")) {
    if (!graph) return undefined;
    node = (graph.nodes ?? graph._nodes ?? []).find((candidate) => String(candidate.id) === step);
    graph = node?.subgraph;
  }
  return node;
}

api.addEventListener(RUN_EVENT, (event) => {
  const run = event.detail;
  // Node ids repeat between workflows: a run of another workflow must not write into this one.
  if (run?.workflow_id && run.workflow_id !== String(frontGraph()?.id ?? "")) return;
  const node = nodeAt(run?.critic_node);
  if (node?.comfyClass === CRITIC) showRun(node, run);
});

app.registerExtension({
  name: "imitatoes.verdict",
  nodeCreated(node) {
    if (node.comfyClass !== CRITIC) return;
    addVerdict(node);
    const before = node.onExecuted;
    node.onExecuted = function (output) {
      before?.call(this, output);
      showVerdict(this, output?.imitatoes?.[0]);
    };
  },
});
