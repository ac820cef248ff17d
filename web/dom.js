// Making elements. Text goes in as text nodes only: a critique is model output, a goal is anybody's, neither is ever markup.

/** h("button", { type: "button", "aria-pressed": "true", on: { click } }, "text", child); null children are left out */
export function h(tag, { on = {}, ...properties } = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined) continue;
    if (name in element && !name.includes("-") && name !== "role") element[name] = value;
    else element.setAttribute(name, value);
  }
  for (const [name, listener] of Object.entries(on)) element.addEventListener(name, listener);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** A decorative icon of the PrimeIcons font, which every frontend brings. */
export const icon = (name) => h("i", { className: `pi pi-${name}`, "aria-hidden": "true" });

/** Writes only what differs: a screen reader speaks at every change, and focus and selection stay. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Says it; where there is nothing to say, the element is hidden. */
export function say(element, words) {
  element.hidden = !words;
  setText(element, words ?? "");
}

export function setSource(image, url) {
  if (image.getAttribute("src") !== url) image.setAttribute("src", url);
}
