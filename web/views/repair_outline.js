// The outline of what a repair painted anew, as a drawing that lies over a picture.
import { svg } from "../dom.js";

/** Closed lines of points in shares as a path over `width` x `height`. Pure. */
export function pathOf(outlines, width = 1, height = 1) {
  const at = ([x, y]) => `${Math.round(x * width * 10000) / 10000} ${Math.round(y * height * 10000) / 10000}`;
  return outlines.map((line) => `M${line.map(at).join("L")}Z`).join("");
}

/**
 * What to draw over the picture of an iteration: lines around the mask that was used, else around the box of what
 * changed; null where nothing was repaired. Pure.
 */
export function outlinesOf(iteration) {
  const lines = iteration?.repaired_region?.outlines;
  if (lines?.length) return lines;
  if (!iteration?.repaired) return null;
  const [left, top, right, bottom] = iteration.repaired;
  return [
    [
      [left, top],
      [right, top],
      [right, bottom],
      [left, bottom],
    ],
  ];
}

/** {root, update(outlines or null)}: fills the box that it is put into, whatever its size. */
export function createOutline(className = "") {
  const lines = ["imitatoes-outline-around", "imitatoes-outline-line"].map((name) => svg("path", { class: name, "vector-effect": "non-scaling-stroke" }));
  let drawn; // undefined until it is first told what to draw
  const root = svg("svg", { class: `imitatoes-outline ${className}`.trim(), viewBox: "0 0 1 1", preserveAspectRatio: "none", "aria-hidden": "true" }, ...lines);
  return {
    root,
    update(outlines) {
      if (outlines === drawn) return;
      drawn = outlines;
      root.style.display = outlines ? "" : "none";
      if (!outlines) return;
      const path = pathOf(outlines);
      for (const line of lines) line.setAttribute("d", path);
    },
  };
}
