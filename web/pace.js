// How long a run takes: what has passed, and what is to be expected from its own renders so far. Pure.
import { isRunning } from "./store.js";

const mean = (values) => (values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : null);

/** Mean seconds of a stage over the iterations of a run, null while none is known. */
export const meanSeconds = (run, stage) => mean((run.iterations ?? []).map((iteration) => iteration.seconds?.[stage]).filter((value) => value > 0));

const total = (iteration) => Object.values(iteration.seconds ?? {}).reduce((sum, value) => sum + value, 0);

/** Mean seconds of a whole iteration, null while none is known. */
export const iterationSeconds = (run) => mean((run.iterations ?? []).map(total).filter((value) => value > 0));

/**
 * passed: seconds since the iteration at hand began, null where this page has not seen it begin.
 * @returns {{render: number | null, renderOf: number | null, run: number, left: number | null} | null} seconds: of this
 *   render, of such a render as a rule, of the run, and at most still to come; null when the run is over
 */
export function pace(run, passed) {
  if (!isRunning(run)) return null;
  const whole = iterationSeconds(run);
  const here = Math.max(0, passed ?? 0);
  const spent = (run.iterations ?? []).reduce((sum, iteration) => sum + total(iteration), 0);
  const remaining = Math.max(0, (run.iteration_limit ?? 0) - (run.iteration_count ?? 0));
  return {
    render: passed === null || run.phase !== "rendering" ? null : here,
    renderOf: meanSeconds(run, "render"),
    run: spent + here,
    left: whole === null ? null : Math.max(0, remaining * whole - Math.min(here, whole)),
  };
}
