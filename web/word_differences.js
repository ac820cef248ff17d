// Which words were put in and taken out between two texts. Pure.

const MOST_CELLS = 1_000_000;

/** @returns {{kind: "same" | "inserted" | "struck", text: string}[]} whose same and inserted texts join to `after` */
export function wordDifferences(before, after) {
  const [a, b] = [pieces(before), pieces(after)];
  let start = 0;
  while (start < a.length && start < b.length && equal(a[start], b[start])) start += 1;
  let [endA, endB] = [a.length, b.length];
  while (endA > start && endB > start && equal(a[endA - 1], b[endB - 1])) {
    endA -= 1;
    endB -= 1;
  }
  const middle = changes(a.slice(start, endA), b.slice(start, endB));
  const all = [...b.slice(0, start).map(same), ...middle, ...b.slice(endB).map(same)];
  return merged(all);
}

const same = (text) => ({ kind: "same", text });
const struck = (text) => ({ kind: "struck", text });
const inserted = (text) => ({ kind: "inserted", text });
// A word with the punctuation and space behind it, so that what is shown reads like the text itself.
const pieces = (text) => String(text ?? "").match(/[^\s,.;]+[,.;]*\s*|[\s,.;]+/g) ?? [];

// Longest common subsequence. Beyond a million cells (two texts of a thousand words) one is struck whole, the other put in.
function changes(a, b) {
  if (a.length * b.length > MOST_CELLS) return [...a.map(struck), ...b.map(inserted)];
  const length = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      length[i][j] = equal(a[i], b[j]) ? length[i + 1][j + 1] + 1 : Math.max(length[i + 1][j], length[i][j + 1]);
    }
  }
  const found = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && equal(a[i], b[j])) {
      found.push(same(b[j]));
      i += 1;
      j += 1;
    } else if (j >= b.length || (i < a.length && length[i + 1][j] >= length[i][j + 1])) {
      found.push(struck(a[i]));
      i += 1;
    } else {
      found.push(inserted(b[j]));
      j += 1;
    }
  }
  return found;
}

// "square" and "square, " are the same word: only what is around them differs.
const bare = (piece) => piece.replace(/[\s,.;]+$/, "");
const equal = (a, b) => a === b || (bare(a) !== "" && bare(a) === bare(b));

function merged(parts) {
  const found = [];
  for (const part of parts) {
    const last = found.at(-1);
    if (last?.kind === part.kind) last.text += part.text;
    else found.push({ ...part });
  }
  return found;
}
