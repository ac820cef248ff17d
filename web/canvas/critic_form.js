// On a VLM Critique node: model and connection as text fields that offer what the server knows, checks as toggles. The
// node's own widgets hold the values, as texts, and are hidden only while this stands in their place.
import { h } from "../dom.js";
import { widgetOf } from "../workflow.js";
import { hideInputs, isLinked, whenLinksChange } from "./hidden_inputs.js";
import { whenRemoved } from "./text_widget.js";

const CHECKS = ["artifacts", "faces", "text", "composition"];
const ALWAYS = "prompt_match";
const HEIGHT = 96;
let made = 0;

const namesIn = (text) => String(text ?? "").split(",").map((name) => name.trim().toLowerCase()).filter(Boolean);

/** The checks that a text turns on: all of them where it is empty; null where it names one that there is not. */
export function checksIn(text) {
  const names = namesIn(text);
  if (names.some((name) => name !== ALWAYS && !CHECKS.includes(name))) return null;
  return names.length ? CHECKS.filter((name) => names.includes(name)) : [...CHECKS];
}

/** store: told of changes elsewhere. */
export function addCriticForm(node, { t, store, server }) {
  const number = (made += 1);
  const model = field("model");
  const connection = field("connection");
  const boxes = CHECKS.map((name) => {
    const box = h("input", { type: "checkbox", on: { change: writeChecks } });
    return { name, box, root: h("label", {}, box, t(`check.${name}`)) };
  });
  const checks = h("div", { className: "imitatoes-form-checks", role: "group", "aria-label": t("form.checks"), title: t("form.checksHint") }, ...boxes.map((one) => one.root));
  const element = h("div", { className: "imitatoes-node imitatoes-node-form" }, model.root, connection.root, checks);
  for (const type of ["pointerdown", "pointermove", "pointerup"]) element.addEventListener(type, (event) => event.button !== 1 && event.stopPropagation());
  element.addEventListener("pointerenter", draw);
  element.style.minHeight = `${HEIGHT}px`;
  const widget = node.addDOMWidget("judge_form", "imitatoes-judge-form", element, { serialize: false, hideOnZoom: false, getMinHeight: () => HEIGHT, getMaxHeight: () => HEIGHT, getValue: () => "", setValue: () => {} });
  widget.serialize = false;

  function field(name) {
    const list = h("datalist", { id: `imitatoes-${name}-${number}` });
    const input = h("input", {
      type: "text",
      autocomplete: "off",
      spellcheck: false,
      "aria-label": t(`form.${name}`),
      on: { keydown: (event) => event.stopPropagation(), focus: () => offer(name), input: () => write(name, input.value) },
    });
    input.setAttribute("list", list.id);
    return { name, input, list, root: h("label", { className: "imitatoes-form-field" }, h("span", {}, t(`form.${name}`)), input, list) };
  }

  function write(name, value) {
    const own = widgetOf(node, name);
    if (!own || own.value === value) return;
    own.value = value;
    own.callback?.(value);
    node.setDirtyCanvas?.(true, true);
  }

  function writeChecks() {
    write("checks", [ALWAYS, ...boxes.filter((one) => one.box.checked).map((one) => one.name)].join(", "));
  }

  /** What the server knows for this field; a connection is asked for its models only where one is chosen. */
  async function offer(wanted) {
    const known = await server.connections();
    fill(connection, (known.connections ?? []).map((one) => one.name));
    if (wanted !== "model") return undefined;
    const name = String(widgetOf(node, "connection")?.value ?? "");
    if (!(known.connections ?? []).some((one) => one.name === name)) return fill(model, []);
    const tested = await server.testConnection(name);
    return fill(model, (tested.models ?? []).filter((one) => one.sees !== false).map((one) => one.name));
  }

  const fill = ({ list }, names) => list.replaceChildren(...names.map((value) => h("option", { value })));

  /** Stands in the place of the widgets only where it is drawn at all: Nodes 2.0 of old frontends draws no such thing. */
  function draw() {
    const drawn = element.isConnected;
    const underALoop = isLinked(node, "loop");
    const hidden = { goal: underALoop, pass_score: underALoop };
    for (const one of [model, connection]) {
      const linked = isLinked(node, one.name);
      const value = String(widgetOf(node, one.name)?.value ?? "");
      if (one.input.value !== value) one.input.value = value;
      one.root.hidden = linked;
      hidden[one.name] = drawn && !linked;
    }
    const on = checksIn(widgetOf(node, "checks")?.value);
    checks.hidden = on === null || isLinked(node, "checks");
    hidden.checks = drawn && !checks.hidden;
    hideInputs(node, hidden);
    for (const one of boxes) one.box.checked = Boolean(on?.includes(one.name));
  }

  whenLinksChange(node, () => requestAnimationFrame(draw));
  whenRemoved(node, store.watch(draw));
  requestAnimationFrame(() => requestAnimationFrame(draw)); // once it may be on the page
  draw();
}
