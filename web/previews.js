// The sampler's own picture of the render at hand, as ComfyUI sends it to the page that follows.

/** urls: what makes and drops the address of a blob. */
export function createPreviews(urls = URL) {
  let current = null;

  return {
    /** The newest picture of a prompt. */
    show(promptId, blob) {
      if (!promptId || !blob) return;
      if (current) urls.revokeObjectURL(current.url);
      current = { promptId, url: urls.createObjectURL(blob) };
    },
    /** Its address, or "" while none has come. */
    of: (promptId) => (current && current.promptId === promptId ? current.url : ""),
  };
}
