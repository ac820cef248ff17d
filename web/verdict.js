// The verdict in words on a VLM Critique node. Model output is only ever set as text, never as markup.

const WIDGET = "verdict";
const HEIGHT = 96;

const percent = (value) => `${Math.round(value * 100)} %`;

export function verdictText(critique) {
  if (!critique) return "";
  if (critique.score === null || critique.score === undefined) return `Not judged. ${critique.reason ?? ""}`;
  const head = `${critique.passed ? "Passed" : "Not passed"}, ${percent(critique.score)}`;
  const checks = Object.entries(critique.checks ?? {}).map(([name, value]) => `${name.replace("_", " ")} ${percent(value)}`);
  return [`${head}. ${critique.reason ?? ""}`, checks.join(" · ")].filter(Boolean).join("\n");
}

export function runText(run) {
  const best = run.best?.score;
  const known = typeof best === "number" ? `Best ${percent(best)}, iteration ${run.best.iteration}.` : "";
  if (run.waiting) return [`${run.status.replace("_", " ")}: ${run.reason}`, known].filter(Boolean).join("\n");
  const last = run.iterations?.at(-1);
  return [
    `Iteration ${run.pending?.number ?? 1} of ${run.iteration_limit}: ${run.phase}. ${known}`,
    last?.decision?.reason,
  ]
    .filter(Boolean)
    .join("\n");
}

export function addVerdict(node) {
  const element = document.createElement("div");
  element.setAttribute("role", "status");
  element.setAttribute("aria-live", "polite");
  element.style.cssText = [
    "box-sizing:border-box",
    "padding:6px 8px",
    `min-height:${HEIGHT}px`,
    "overflow:auto",
    "white-space:pre-wrap",
    "overflow-wrap:anywhere",
    "font-size:12px",
    "line-height:1.35",
    "color:var(--fg-color)",
    "background:var(--comfy-input-bg)",
    "border-radius:4px",
  ].join(";");
  element.textContent = "Queue to see the verdict here.";
  const widget = node.addDOMWidget(WIDGET, "imitatoes-verdict", element, {
    serialize: false,
    hideOnZoom: false,
    getMinHeight: () => HEIGHT,
    getValue: () => "",
    setValue: () => {},
  });
  widget.serialize = false; // the option alone keeps it out of the API graph, this out of the saved workflow
}

function write(node, text) {
  const element = node.widgets?.find((widget) => widget.name === WIDGET)?.element;
  if (element && text && element.textContent !== text) element.textContent = text;
}

export const showVerdict = (node, critique) => write(node, verdictText(critique));
export const showRun = (node, run) => write(node, runText(run));
