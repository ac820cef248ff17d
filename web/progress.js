// How far the render is and how long a step takes, from ComfyUI's progress_state messages. Pure.

export function createProgress(now = () => performance.now()) {
  const started = new Set();
  let current = null;

  return {
    /** A prompt has begun to run: its page hears of it. */
    start(promptId) {
      started.add(promptId);
    },
    /** nodes: all nodes seen so far by id, as {value, max, state}. @returns {boolean} whether something changed */
    report(promptId, nodes) {
      started.add(promptId);
      const steps = Object.entries(nodes ?? {}).filter(([, node]) => node.state === "running" && node.max > 1);
      const [id, node] = steps.sort((a, b) => b[1].max - a[1].max)[0] ?? [];
      if (!node) return false;
      if (current?.promptId !== promptId || current.id !== id || node.value < current.value) {
        const secondsPerStep = current?.id === id ? current.secondsPerStep : null;
        current = { promptId, id, value: node.value, max: node.max, from: node.value, since: now(), secondsPerStep };
        return true;
      }
      if (node.value === current.value) return false;
      const secondsPerStep = (now() - current.since) / 1000 / (node.value - current.from);
      current = { ...current, value: node.value, max: node.max, secondsPerStep };
      return true;
    },
    /** {value, max, secondsPerStep} of a prompt, or null while nothing counts steps. */
    of: (promptId) => (current && current.promptId === promptId ? current : null),
    /** The last known time of a step in seconds, or null. */
    secondsPerStep: () => current?.secondsPerStep ?? null,
    /** Whether this page has heard ComfyUI begin that prompt. */
    heard: (promptId) => started.has(promptId),
  };
}
