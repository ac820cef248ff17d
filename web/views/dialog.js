// A dialog of ours over the page: closed by its button or by Escape, and gone then.
import { h } from "../dom.js";

/** Opens it with these elements between its title and its close button. onClose(): it is gone. */
export function openDialog({ title, close, onClose }, ...content) {
  const button = h("button", { type: "button", on: { click: () => dialog.close() } }, close);
  const dialog = h("dialog", { className: "imitatoes-dialog", "aria-label": title }, h("h2", {}, title), ...content, button);
  // Keys typed here are no shortcuts of the canvas.
  for (const name of ["keydown", "keyup", "paste", "copy"]) dialog.addEventListener(name, (event) => event.stopPropagation());
  dialog.addEventListener("close", () => {
    dialog.remove();
    onClose?.();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
