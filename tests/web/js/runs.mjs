// Runs as the server tells them.

export const t = (key, values = {}) => [key, ...Object.values(values)].join(" ");

export function iteration(number, score = 0.5, fields = {}) {
  const settings = { prompt: "a fox", negative: "", seed: number, steps: 20, cfg: 7 };
  return { number, prompt_id: `p${number}`, picture: `loop_01_iter_0${number}.png`, critique: { score, reason: "Why." }, settings, seconds: { render: 2, judge: 1 }, ...fields };
}

/** told: how many of its last iterations the message holds; undefined for all, null for a line of the list. */
export function run(id, revision, count, { told, ...fields } = {}) {
  const all = Array.from({ length: count }, (_, index) => iteration(index + 1));
  const iterations = told === null ? {} : { iterations: told === undefined ? all : all.slice(-told) };
  const prompt_ids = [...all.map((one) => one.prompt_id), "next"];
  return { run_id: id, revision, status: "running", phase: "rendering", workflow_id: "w1", iteration_count: count, iteration_limit: 12, prompt_ids, pending: { number: count + 1, prompt_id: "next" }, ...iterations, ...fields };
}
