// The picture on a VLM Critique node: the best of its run, never merely the last one that ComfyUI put there.
// It uses a private store of the frontend: found by feature, silent where it is not as expected, never needed.

const FOLDER = "imitatoes"; // of the runs, in ComfyUI's output folder

/** The file of the run's best picture as ComfyUI's own previews name files; null where there is none. */
export function bestFile(run) {
  const best = run?.best?.iteration;
  const picture = (run?.best_iteration?.number === best ? run?.best_iteration : run?.iterations?.find((one) => one.number === best))?.picture;
  return picture ? { filename: picture, subfolder: `${FOLDER}/${run.run_id}`, type: "output" } : null;
}

/** @returns {boolean} whether the node shows another picture now */
export function showBest(app, node, run) {
  const file = bestFile(run);
  if (!file) return false;
  try {
    const store = app.extensionManager?._p?._s?.get?.("nodeOutput");
    if (typeof store?.setNodeOutputs !== "function" || typeof store.getNodeOutputs !== "function") return false;
    const outputs = store.getNodeOutputs(node);
    const shown = outputs?.images?.[0];
    if (shown?.filename === file.filename && shown.subfolder === file.subfolder) return false;
    store.setNodeOutputs(node, { ...outputs, images: [file] });
    node.setDirtyCanvas?.(true, true);
    return true;
  } catch (problem) {
    console.debug("[imitatoes] this frontend does not take another preview:", problem);
    return false;
  }
}
