// The scores of a run as a drawing: a dot for each iteration, the best so far as a line, the best marked.
import { h, svg } from "../dom.js";
import { beforeWish, score, scoreOf } from "../wording.js";

const HEIGHT = 88;
const INSET = { left: 8, right: 8, top: 24, bottom: 8 };
const MOST_SPOKEN = 12;
const SMALL_FROM = 60;
const EDGE = 14;
const WORDS = 60;

export function createScoreChart({ t, choose }) {
  let drawn = { key: "" };
  let latest = null;
  const picture = svg("svg", { role: "img", class: "imitatoes-chart-svg", height: HEIGHT, width: "100%" });
  const root = h("div", { className: "imitatoes-chart", on: { click: pick } }, picture);
  const watcher = new ResizeObserver(() => latest && draw(...latest));
  watcher.observe(root);

  function pick(event) {
    const left = root.getBoundingClientRect().left;
    const nearest = nearestTo(drawn.points ?? [], event.clientX - left);
    if (nearest) choose(nearest.number);
  }

  function draw(run, chosen) {
    latest = [run, chosen];
    const width = Math.round(root.clientWidth);
    if (!width) return;
    const scores = (run.iterations ?? []).map((iteration) => ({ number: iteration.number, score: scoreOf(run, iteration), old: beforeWish(run, iteration.number) }));
    const best = run.best?.iteration;
    const key = JSON.stringify([width, chosen, best, run.taken, run.pass_score, run.iteration_limit, scores]);
    if (key === drawn.key) return;
    const points = placed(scores, run, width);
    drawn = { key, points };
    picture.setAttribute("aria-label", label(t, points, best));
    picture.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    picture.replaceChildren(...marks(points, { run, best, chosen, width, t }));
  }

  return { root, update: draw, leave: () => watcher.disconnect() };
}

const y = (value) => INSET.top + (1 - value) * (HEIGHT - INSET.top - INSET.bottom);

function placed(scores, run, width) {
  const slots = Math.max(scores.length, Math.min(run.iteration_limit ?? 0, 2 * Math.max(scores.length, 6)), 2);
  const step = (width - INSET.left - INSET.right) / (slots - 1);
  return scores
    .map((entry, index) => ({ ...entry, x: INSET.left + index * step }))
    .filter((entry) => typeof entry.score === "number")
    .map((entry) => ({ ...entry, y: y(entry.score) }));
}

function marks(points, { run, best, chosen, width, t }) {
  const radius = points.length > SMALL_FROM ? 1.5 : 3;
  const base = svg("line", { class: "imitatoes-axis", x1: 0, x2: width, y1: y(0), y2: y(0) });
  if (!points.length) return [base, text(width / 2, HEIGHT / 2 + 4, t("chart.none"), "middle")];
  const found = [base];
  if (typeof run.pass_score === "number") {
    const at = y(run.pass_score);
    found.push(svg("line", { class: "imitatoes-pass", x1: 0, x2: width, y1: at, y2: at }));
    const right = points.some((point) => point.x > width - WORDS);
    found.push(text(right ? 0 : width, at - 4, t("chart.pass", { score: score(run.pass_score) }), right ? "start" : "end"));
  }
  const line = bestLine(points, run);
  if (line) found.push(svg("path", { class: "imitatoes-best-line", d: line }));
  for (const point of points) {
    const look = ["imitatoes-dot", point.number === chosen && "imitatoes-dot-chosen", point.old && "imitatoes-dot-old"].filter(Boolean).join(" ");
    found.push(svg("circle", { class: look, cx: point.x, cy: point.y, r: point.number === chosen ? Math.max(radius, 3) : radius }));
  }
  const top = points.find((point) => point.number === best);
  if (top) {
    found.push(svg("circle", { class: "imitatoes-best-ring", cx: top.x, cy: top.y, r: 6 }));
    const anchor = top.x < EDGE ? "start" : top.x > width - EDGE ? "end" : "middle";
    found.push(text(Math.min(Math.max(top.x, 0), width), top.y - 11, score(top.score), anchor, "imitatoes-best-score"));
  }
  return found;
}

const text = (x, at, words, anchor, look = "") => svg("text", { x, y: at, "text-anchor": anchor, class: look }, words);

// The best so far of the present goal. Where the user took another one, that is the best and no line leads to it.
function bestLine(all, run) {
  const points = all.filter((point) => !point.old);
  if (!points.length || run.taken) return "";
  let highest = points[0].score;
  let path = `M${points[0].x},${points[0].y}`;
  for (const point of points.slice(1)) {
    path += `H${point.x}`;
    if (point.score > highest) path += `V${point.y}`;
    highest = Math.max(highest, point.score);
  }
  return path;
}

export function nearestTo(points, x) {
  return points.reduce((near, point) => (!near || Math.abs(point.x - x) < Math.abs(near.x - x) ? point : near), null);
}

function label(t, points, best) {
  if (!points.length) return t("chart.none");
  if (points.length <= MOST_SPOKEN) {
    const scores = points.map((point) => `${point.number}: ${score(point.score)}`).join(", ");
    return t("chart.label", { scores, number: best ?? points[0].number });
  }
  const top = points.find((point) => point.number === best) ?? points[0];
  const ends = { first: score(points[0].score), last: score(points.at(-1).score) };
  return t("chart.labelMany", { count: points.length, ...ends, best: score(top.score), number: top.number });
}
