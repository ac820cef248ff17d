// A free place for a node on the canvas. Pure.

const MARGIN = 30;
const TITLE = 30;

/** The wanted place, moved down as far as it must not to lie on another node. rects: [x, y, width, height] with titles. */
export function freePlace([x, wanted], [width, height], rects) {
  let y = wanted;
  for (let moved = true; moved; ) {
    moved = false;
    for (const [left, top, w, h] of rects) {
      const beside = x + width + MARGIN <= left || left + w + MARGIN <= x;
      const apart = y + height + MARGIN <= top || top + h + MARGIN <= y - TITLE;
      if (beside || apart) continue;
      y = top + h + MARGIN + TITLE + 1;
      moved = true;
    }
  }
  return [x, y];
}
