// A picture on which a part is marked: a box that is drawn, or a mask that is painted.
import { h, setSource } from "../dom.js";

const LONGEST = 1024; // pixels of a mask's longer side: enough for any region, small to send
const PAINT = "rgba(127, 212, 255, 0.55)";

/** A box of two corners in shares of the picture, in order and within it. Pure. */
export function boxOf(one, other) {
  const within = (value) => Math.min(Math.max(value, 0), 1);
  const [left, right] = [within(one.x), within(other.x)].sort((a, b) => a - b);
  const [top, bottom] = [within(one.y), within(other.y)].sort((a, b) => a - b);
  return [left, top, right, bottom];
}

/** The size of a mask for a picture. Pure. */
export function maskSize(width, height) {
  const scale = Math.min(1, LONGEST / Math.max(width, height, 1));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** changed(): what is marked is another. */
export function createRepairCanvas({ t, changed }) {
  let mode = "box";
  let brush = 0.06;
  let box = null;
  let painted = false;
  const image = h("img", { alt: "", draggable: false, on: { load: fit } });
  const sheet = h("canvas", { className: "imitatoes-repair-sheet", tabIndex: 0, role: "img", "aria-label": t("repair.canvas"), on: { pointerdown: grab } });
  const root = h("div", { className: "imitatoes-repair-stage" }, image, sheet);
  const pen = sheet.getContext("2d");

  function fit() {
    const { width, height } = maskSize(image.naturalWidth, image.naturalHeight);
    sheet.width = width;
    sheet.height = height;
    clear();
  }

  function clear() {
    pen.clearRect(0, 0, sheet.width, sheet.height);
    box = null;
    painted = false;
    changed();
  }

  function at(event) {
    const place = sheet.getBoundingClientRect();
    return { x: (event.clientX - place.left) / place.width, y: (event.clientY - place.top) / place.height };
  }

  function grab(event) {
    if (event.button !== 0 || !image.naturalWidth) return;
    event.preventDefault();
    const from = at(event);
    let last = from;
    if (mode === "box") clear();
    const move = (moved) => {
      const here = at(moved);
      if (mode === "box") draw(boxOf(from, here));
      else stroke(last, here);
      last = here;
    };
    move(event);
    sheet.setPointerCapture(event.pointerId);
    sheet.addEventListener("pointermove", move);
    const drop = () => {
      sheet.removeEventListener("pointermove", move);
      changed();
    };
    sheet.addEventListener("pointerup", drop, { once: true });
    sheet.addEventListener("pointercancel", drop, { once: true });
  }

  function draw(next) {
    const [left, top, right, bottom] = next;
    pen.clearRect(0, 0, sheet.width, sheet.height);
    pen.fillStyle = PAINT;
    pen.fillRect(left * sheet.width, top * sheet.height, (right - left) * sheet.width, (bottom - top) * sheet.height);
    box = right - left > 0.005 && bottom - top > 0.005 ? next : null;
  }

  function stroke(one, other) {
    pen.strokeStyle = PAINT;
    pen.lineCap = "round";
    pen.lineWidth = Math.max(2, brush * Math.max(sheet.width, sheet.height));
    pen.globalCompositeOperation = "source-over";
    pen.beginPath();
    pen.moveTo(one.x * sheet.width, one.y * sheet.height);
    pen.lineTo(other.x * sheet.width + 0.01, other.y * sheet.height);
    pen.stroke();
    painted = true;
  }

  /** What was painted, white on black, as a PNG in base64. */
  function mask() {
    const copy = h("canvas", { width: sheet.width, height: sheet.height });
    const ink = copy.getContext("2d");
    const pixels = pen.getImageData(0, 0, sheet.width, sheet.height);
    for (let index = 0; index < pixels.data.length; index += 4) {
      const marked = pixels.data[index + 3] > 0 ? 255 : 0;
      pixels.data.set([marked, marked, marked, 255], index);
    }
    ink.putImageData(pixels, 0, 0);
    return copy.toDataURL("image/png").split(",")[1];
  }

  return {
    root,
    show(url, alt) {
      setSource(image, url);
      image.alt = alt;
      clear();
    },
    setMode(next) {
      if (next !== mode) clear();
      mode = next;
    },
    setBrush: (share) => (brush = share),
    clear,
    marked: () => (mode === "box" ? box !== null : painted),
    /** {box} or {mask} as the route takes them; null where nothing is marked. */
    region: () => (mode === "box" ? box && { box } : painted ? { mask: mask() } : null),
  };
}
