// The pictures of the viewer: one, two under a divider, or two side by side, all looked at in the same place.
import { h, setSource } from "../dom.js";
import { actualSize, FIT, panned, placed, zoomed } from "../zoom.js";
import { createOutline } from "./repair_outline.js";

const STEP = 1.25;
const PIXELS_FROM = 3; // screen pixels a picture's pixel: from there on they are shown as squares
const MIDDLE = 50;

export function createStage({ t }) {
  let look = FIT;
  let mode = "single";
  const images = ["before", "after"].map((side) => h("img", { className: `imitatoes-viewer-${side}`, draggable: false, on: { load: draw } }));
  const outlines = images.map(() => createOutline("imitatoes-viewer-outline"));
  const panes = images.map((image, index) => h("div", { className: "imitatoes-viewer-pane" }, image, outlines[index].root));
  const divider = h("div", { className: "imitatoes-divider", "aria-hidden": "true" });
  const pictures = h("div", { className: "imitatoes-viewer-pictures", on: { wheel: turn, pointerdown: grab, dblclick: toggle } }, ...panes, divider);
  const range = h("input", { type: "range", min: 0, max: 100, value: MIDDLE, className: "imitatoes-viewer-range", on: { input: split } });
  const root = h("div", { className: "imitatoes-viewer-stage" }, pictures, range);
  const watcher = new ResizeObserver(() => draw());
  watcher.observe(pictures);

  const viewOf = (pane) => ({ width: pane.clientWidth, height: pane.clientHeight });
  const sizeOf = (image) => ({ width: image.naturalWidth, height: image.naturalHeight });
  // The last one is always shown; what the pointer is over has the same size where two stand side by side.
  const shown = () => ({ view: viewOf(panes[1]), picture: sizeOf(images[1]) });
  const ready = () => images[1].naturalWidth > 0 && panes[1].clientWidth > 0;

  function draw() {
    images.forEach((image, index) => {
      if (!image.naturalWidth || !panes[index].clientWidth) return;
      const { scale, left, top } = placed(look, viewOf(panes[index]), sizeOf(image));
      image.style.transform = `translate(${left}px, ${top}px) scale(${scale})`;
      image.style.imageRendering = scale >= PIXELS_FROM ? "pixelated" : "";
      Object.assign(outlines[index].root.style, { left: `${left}px`, top: `${top}px`, width: `${image.naturalWidth * scale}px`, height: `${image.naturalHeight * scale}px` });
    });
  }

  function change(next) {
    look = next;
    draw();
  }

  function at(event) {
    const pane = panes.find((one) => one.contains(event.target)) ?? panes[1];
    const box = pane.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  function zoomBy(factor, point) {
    if (!ready()) return;
    const { view, picture } = shown();
    change(zoomed(look, look.zoom * factor, point ?? { x: view.width / 2, y: view.height / 2 }, view, picture));
  }

  function turn(event) {
    event.preventDefault();
    event.stopPropagation();
    zoomBy(event.deltaY < 0 ? STEP : 1 / STEP, at(event));
  }

  function grab(event) {
    if (event.button !== 0 || !ready()) return;
    event.preventDefault();
    const moved = mode === "slider" && event.target === divider ? slide : pan;
    pictures.setPointerCapture(event.pointerId);
    pictures.addEventListener("pointermove", moved);
    const drop = () => pictures.removeEventListener("pointermove", moved);
    pictures.addEventListener("pointerup", drop, { once: true });
    pictures.addEventListener("pointercancel", drop, { once: true });
  }

  function pan(event) {
    const { view, picture } = shown();
    change(panned(look, event.movementX, event.movementY, view, picture));
  }

  function slide(event) {
    const box = pictures.getBoundingClientRect();
    range.value = ((event.clientX - box.left) / box.width) * 100;
    split();
  }

  function split() {
    root.style.setProperty("--imitatoes-split", `${range.value}%`);
  }

  function toggle(event) {
    if (!ready()) return;
    const { view, picture } = shown();
    change(look.zoom > 1 ? FIT : zoomed(look, actualSize(view, picture), at(event), view, picture));
  }

  return {
    root,
    /**
     * mode: "single", "slider" or "sides"; before, after: {url, alt, outlines}; before counts in the last two alone.
     * outlines: lines to draw over the picture, null for none.
     */
    update(next, before, after) {
      mode = next;
      root.dataset.mode = mode;
      panes[0].hidden = mode === "single";
      divider.hidden = range.hidden = mode !== "slider";
      [before, after].forEach((picture, index) => {
        if (!picture || panes[index].hidden) return;
        setSource(images[index], picture.url);
        images[index].alt = picture.alt;
        outlines[index].update(picture.outlines);
      });
      range.setAttribute("aria-label", before && after ? t("compare.slider", { before: before.number, after: after.number }) : "");
      draw();
    },
    zoomBy: (steps) => zoomBy(STEP ** steps),
    fit: () => change(FIT),
    actual() {
      if (!ready()) return;
      const { view, picture } = shown();
      change(zoomed(look, actualSize(view, picture), { x: view.width / 2, y: view.height / 2 }, view, picture));
    },
    look: () => look,
    leave: () => watcher.disconnect(),
  };
}
