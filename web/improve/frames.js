// The nodes that show a judge some frames of a clip, as one batch. Pure.

/** @returns {{kind: string, values: object, inputs: {name: string, from: number | "picture"}[]}[]} in order; the last one
 *  gives what is judged; from: the number of a node before it, or the judged output itself. Empty for a picture. */
export function frameNodes({ type }, numbers) {
  const nodes = [];
  const add = (kind, values, inputs) => nodes.push({ kind, values, inputs }) - 1;
  const whole = type === "VIDEO" ? add("GetVideoComponents", {}, [{ name: "video", from: "picture" }]) : "picture";
  const frame = (number) => add("ImageFromBatch", { batch_index: number, length: 1 }, [{ name: "image", from: whole }]);
  let shown = null;
  for (const number of numbers ?? []) {
    const one = frame(number);
    shown = shown === null ? one : add("ImageBatch", {}, [{ name: "image1", from: shown }, { name: "image2", from: one }]);
  }
  return nodes;
}
