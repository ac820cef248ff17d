// The settings under Imitatoes, and what they do.
import { asOneStep } from "./canvas/one_step.js";
import { h } from "./dom.js";
import { CRITIC } from "./improve/names.js";
import { nodesInFront, widgetOf } from "./workflow.js";

export const IDS = {
  model: "Imitatoes.Judge.Model",
  connection: "Imitatoes.Judge.Connection",
  connections: "Imitatoes.Judge.Connections",
  experiment: "Imitatoes.Judge.Experiment",
  thumbnails: "Imitatoes.Panel.Thumbnails",
  toasts: "Imitatoes.Panel.Toasts",
  sound: "Imitatoes.Panel.Sound",
  notification: "Imitatoes.Panel.Notification",
};
const USUAL = { connection: "local", model: "qwen3-vl:8b-instruct" }; // as the node's own defaults
const DEFAULTS = { [IDS.model]: "", [IDS.connection]: "", [IDS.connections]: "", [IDS.experiment]: "", [IDS.thumbnails]: 1000, [IDS.toasts]: true, [IDS.sound]: false, [IDS.notification]: false };

/** Descriptions for registerExtension. keepThumbnails(count), allowNotifications(on): called at start and at each change.
 * showConnections(), showExperiment(): called by a click. */
export function settingsOf(t, { keepThumbnails, allowNotifications, showConnections, showExperiment }) {
  const setting = (key, section, type, rest = {}) => ({
    id: IDS[key],
    name: t(`settings.${key}`),
    tooltip: t(`settings.${key}Hint`),
    category: [t("settings.group"), t(`settings.${section}`), t(`settings.${key}`)],
    type,
    defaultValue: DEFAULTS[IDS[key]],
    ...rest,
  });
  const opening = (key, click) => () => h("button", { type: "button", className: "imitatoes-button", on: { click } }, t(key));
  return [
    setting("model", "judge", "text"),
    setting("connection", "judge", "text"),
    // Settings without a value: their place in the dialog is a button.
    setting("connections", "judge", opening("connections.manage", showConnections)),
    setting("experiment", "judge", opening("experiment.open", showExperiment)),
    setting("thumbnails", "panel", "number", { attrs: { min: 0, max: 100000, step: 100 }, onChange: keepThumbnails }),
    setting("toasts", "panel", "boolean"),
    setting("sound", "panel", "boolean"),
    setting("notification", "panel", "boolean", { onChange: allowNotifications }),
  ];
}

/** The value of a setting; its default where the frontend does not know it yet. */
export function settingOf(app, key) {
  return app.extensionManager?.setting?.get?.(IDS[key]) ?? DEFAULTS[IDS[key]];
}

/** A new VLM Critique node judges with what the settings name. A node that is loaded gets its own values after this. */
export function applyJudge(app, node) {
  for (const key of ["model", "connection"]) {
    const value = String(settingOf(app, key) ?? "").trim();
    const widget = widgetOf(node, key);
    if (value && widget) widget.value = value;
  }
}

/** {connection, model} of a VLM Critique in front; where there is none, what a new one would have. */
export const judgeInFront = (app) => judgeOf(app, criticsOf(app)[0]);

/** The same of this one; node: undefined where there is none. */
export function judgeOf(app, node) {
  const value = (key) => String(widgetOf(node, key)?.value ?? settingOf(app, key) ?? "").trim();
  return { connection: value("connection") || USUAL.connection, model: value("model") || USUAL.model };
}

/** The VLM Critique nodes in front judge with it from now on, as one step that can be undone, and so do new ones. */
export async function judgeWith(app, connection, model) {
  for (const [key, value] of Object.entries({ connection, model })) await app.extensionManager?.setting?.set?.(IDS[key], value);
  if (criticsOf(app).length) await asOneStep(app, () => criticsOf(app).forEach((node) => applyJudge(app, node)));
}

const criticsOf = (app) => nodesInFront(app).filter((node) => node.comfyClass === CRITIC);
