// A run's facts in words and figures. Pure; t gives the words.
import { meanSeconds, pace } from "./pace.js";
import { isRunning } from "./store.js";

export const score = (value) => (typeof value === "number" ? value.toFixed(2) : "–");

/** Seconds as people say them: 0.42 s, 8 s, 2 min 5 s. */
export function duration(seconds) {
  if (seconds < 1) return `${seconds.toFixed(2)} s`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** Bytes as people say them: 12 MB. */
export function fileSize(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const step = Math.min(Math.floor(Math.log(Math.max(bytes, 1)) / Math.log(1000)), units.length - 1);
  const value = bytes / 1000 ** step;
  return `${value < 10 && step > 0 ? value.toFixed(1) : Math.round(value)} ${units[step]}`;
}

/** The score that counts: of both looks where a picture was looked at again at the end, as the server reckons it. */
export function scoreOf(run, iteration) {
  if (iteration && iteration.number === run?.best?.iteration) return run.best.score ?? null;
  const first = iteration?.critique?.score;
  const again = run?.relooks?.[iteration?.number];
  if (typeof first !== "number" || typeof again?.score !== "number") return first ?? null;
  return again.looks > 1 ? again.score : (first + again.score) / 2;
}

/** Whether an iteration is the run's best. What a run shows for want of a judged picture is not. */
export const isBest = (run, number) => number === run.best?.iteration && (typeof run.best.score === "number" || run.taken === number);

const TROUBLE = new Set(["failed", "no_effect", "judge_failed", "unsaved", "unreadable", "suspended"]);
/** Whether the best is the one that the user took, whatever the judge said. */
const isTaken = (run) => Boolean(run.taken) && run.best?.iteration === run.taken;

/** The goal as the user first wrote it: each wish is told apart from it. */
export function goalTitle(run) {
  const wishes = [...(run.instructions ?? [])].reverse();
  return wishes.reduce((goal, wish) => (goal.endsWith(`. ${wish}`) ? goal.slice(0, -wish.length - 2) : goal), run.goal ?? "");
}

/** The run's state in few words. progress: see progress.js; attached: whether this page hears ComfyUI's own messages. */
export function stateWords(t, run, progress, attached) {
  if (!isRunning(run)) return isTaken(run) && !TROUBLE.has(run.status) ? t("status.taken", { number: run.taken }) : t(`status.${run.status}`);
  if (run.elsewhere) return t("state.elsewhere");
  if (run.stopping === "now") return t("state.stoppingNow");
  const words = phaseWords(t, run, progress, attached);
  return run.stopping === "after" ? `${words} · ${t("state.stoppingAfter")}` : words;
}

function phaseWords(t, run, progress, attached) {
  if (run.phase !== "rendering") return t(`state.${run.phase}`);
  const prompt = run.pending?.prompt_id;
  const steps = progress?.of(prompt);
  if (steps) return t("state.renderingSteps", steps);
  return attached && progress && !progress.heard(prompt) ? t("state.queued") : t("state.rendering");
}

/** What continuing grants, before it is pressed. A run that was cut off goes on with what was left of it. */
export function continueWords(t, run) {
  const adds = run.status !== "suspended" && run.continue_adds;
  return adds ? t("do.continueMore", { count: adds }) : t("do.continue");
}

/** Whether an iteration was judged against the goal before a wish. */
export const beforeWish = (run, number) => number < (run?.fresh_from ?? 1);

/** The best in few words, the same wherever it is named: "best 0.82 (#3)", or "" while nothing is judged. */
export function bestName(t, run) {
  const { iteration: number, score: value } = run.best ?? {};
  if (typeof value !== "number") return isTaken(run) ? t("run.takenUnseen", { number }) : "";
  const key = isTaken(run) ? "run.taken" : beforeWish(run, number) ? "run.bestBefore" : "run.best";
  return t(key, { score: score(value), number });
}

/** How sure it is that a picture meets everything: "91 % sure that all 6 are met"; "" where that is not known. */
export function sureWords(t, run, number) {
  const best = run.best && run.best.iteration === number ? run.best.sure : null;
  const chance = best ?? run.standing?.[number];
  const count = run.checklist?.requirements?.length;
  if (typeof chance !== "number" || !count) return "";
  const percent = Math.min(Math.max(Math.round(100 * chance), 1), 99);
  return t(count === 1 ? "run.sureOne" : count === 2 ? "run.sureBoth" : "run.sureAll", { percent, count });
}

/** The verdict on the best in words, for the node. */
export function bestWords(t, run) {
  const best = run.best_iteration;
  if (!best || best.number !== run.best?.iteration) return "";
  return `#${best.number} · ${verdictWords(t, { ...best.critique, score: scoreOf(run, best) })}`;
}

/** Which part of the run is done: "Iteration 3 of 12 · best 0.82 (#2)". */
export function placeWords(t, run) {
  const limit = run.iteration_limit;
  const place = isRunning(run)
    ? t("run.iteration", { number: run.pending?.number ?? (run.iteration_count ?? 0) + 1, limit })
    : t("run.iterations", { count: run.iteration_count ?? 0, limit });
  return [place, bestName(t, run)].filter(Boolean).join(" · ");
}

const HEADER_STAGES = ["render", "judge"];

/** Mean seconds of a step, a render and a judgement: "0.8 s a step · render 14 s · judge 6 s". */
export function paceWords(t, run, secondsPerStep) {
  const parts = secondsPerStep ? [t("run.perStep", { seconds: duration(secondsPerStep) })] : [];
  for (const stage of HEADER_STAGES) {
    const seconds = meanSeconds(run, stage);
    if (seconds !== null) parts.push(t("run.stage", { stage: t(`stage.${stage}`), seconds: duration(seconds) }));
  }
  return parts.join(" · ");
}

/** How long it has taken and may take: "This render 4 s of about 14 s · run 1 min 2 s, at most 3 min 0 s more". */
export function timeWords(t, run, passed) {
  const known = pace(run, passed);
  if (!known) return "";
  const seconds = (value) => duration(Math.max(1, Math.round(value)));
  const render = known.render === null ? "" : t(known.renderOf === null ? "run.render" : "run.renderOf", { seconds: seconds(known.render), of: duration(known.renderOf ?? 0) });
  const whole = t(known.left === null ? "run.spent" : "run.spentLeft", { seconds: seconds(known.run), left: seconds(known.left ?? 0) });
  return [render, known.run > 0 ? whole : ""].filter(Boolean).join(" · ");
}

/** Good, bad or neutral: what colours an ended run. */
export function tone(run) {
  if (isRunning(run)) return "running";
  if (TROUBLE.has(run.status)) return run.status === "suspended" ? "calm" : "bad";
  return run.status === "done" || isTaken(run) ? "good" : "calm";
}

/** The verdict on one picture in words, for the node. */
export function verdictWords(t, critique) {
  if (!critique) return "";
  if (typeof critique.score !== "number") return t(critique.sees_content === false ? "node.unseen" : "node.notJudged", { reason: critique.reason ?? "" }).trim();
  const head = t(critique.passed ? "node.passed" : "node.notPassed", { score: score(critique.score) });
  const checks = [
    ...Object.entries(critique.checks ?? {}).map(([name, value]) => `${t(`check.${name}`)} ${score(value)}`),
    ...(critique.unanswered ?? []).map((name) => `${t(`check.${name}`)} ${t("check.unanswered")}`),
  ];
  return [`${head}. ${critique.reason ?? ""}`.trim(), checks.join(" · ")].filter(Boolean).join("\n");
}

/** The run in one or two lines, for a node. */
export function runLine(t, run, progress, attached) {
  const limit = run.iteration_limit;
  const place = isRunning(run)
    ? t("node.iteration", { number: run.pending?.number ?? 1, limit, state: stateWords(t, run, progress, attached).toLowerCase() })
    : t("node.ended", { status: stateWords(t, run), count: run.iteration_count ?? 0, limit });
  return [place, bestName(t, run)].filter(Boolean).join(", ");
}

/** What a self-test says, line by line; nothing where there is none. */
export function selfTestLines(t, test) {
  if (test?.state === "running") return [t("judge.testing", { model: test.model, done: test.done, of: test.of })];
  return [...(test?.report?.words ?? []), test?.message].filter(Boolean);
}

/** The words of each requirement of a checklist, by its id. */
export const textsOfRequirements = (checklist) => new Map((checklist?.requirements ?? []).map((one) => [one.id, one.text]));
