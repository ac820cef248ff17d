// The command that gives the clip of the workflow in front another shape: landscape, vertical or square, in the size that
// its model is made for. The server reads the graph; the user chooses; all numbers are written as one step.
import { asOneStep } from "../canvas/one_step.js";
import { writeValues } from "./place_loop.js";
import { reachValues } from "./reach.js";
import { readSaved } from "./saved_graph.js";

/**
 * @param {{app: object, server: {clipShapes: Function}, t: Function, choose: Function}} around choose: as of improve.js
 * @returns {Promise<{problem: string} | {width: number, height: number} | null>} why nothing was changed, the size that the
 *   clip has now, or null where the user said no
 */
export async function chooseShape({ app, server, t, choose }) {
  let workflow, output;
  try {
    ({ workflow, output } = await app.graphToPrompt());
  } catch (problem) {
    return { problem: t("improve.notRead", { message: problem.message ?? problem }) };
  }
  const asked = await server.clipShapes(output);
  if (asked.problem) return asked;
  const label = (one) => t(`shape.${one.shape}`, one) + (one.current ? ` (${t("shape.current")})` : "");
  const chosen = await choose(t("shape.question", { family: asked.family }), asked.shapes.map((one) => ({ value: one.shape, label: label(one) })));
  const wanted = asked.shapes.find((one) => one.shape === chosen);
  if (!wanted) return null;
  await asOneStep(app, () => writeValues(app, reachValues(readSaved(workflow), wanted.changes)));
  return { width: wanted.width, height: wanted.height };
}
