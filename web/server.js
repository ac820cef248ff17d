// Requests to the pack's routes. Every call resolves; a refusal comes as {problem, status}, in words for the user.

const SLOW_MS = 500;

/** api: ComfyUI's. t: words. */
export function createServer(api, t) {
  const under = (root) => (id, ...rest) => [`/imitatoes/${root}`, encodeURIComponent(id), ...rest].join("/");
  const path = under("runs");
  const seriesPath = under("series");
  const experimentPath = under("experiments");

  async function ask(route, body) {
    const options = body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    let response;
    try {
      response = await api.fetchApi(route, options);
    } catch {
      return { problem: t("tell.unreachable") };
    }
    const answer = await response.json().catch(() => null);
    if (response.ok) return answer ?? {};
    const { message, hint } = answer?.error ?? {};
    return { status: response.status, problem: [message ?? t("tell.answered", { status: response.status }), hint].filter(Boolean).join(" ") };
  }

  /** As ask, and slow() is called when there is no answer within half a second. */
  async function act(route, body, slow) {
    const timer = setTimeout(() => slow?.(t("tell.slow")), SLOW_MS);
    try {
      return await ask(route, body);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    /** filter: see run_search.js. */
    runs(limit, before = "", filter = {}) {
      const query = Object.entries({ limit, before, ...filter }).filter(([, value]) => value !== "" && value !== false);
      return ask(`/imitatoes/runs?${new URLSearchParams(query)}`);
    },
    judgeSetup: (connection) => ask(`/imitatoes/judge/setup?${new URLSearchParams({ connection })}`),
    pullJudge: (connection, model) => ask("/imitatoes/judge/pull", { connection, model }),
    pullState: () => ask("/imitatoes/judge/pull"),
    stopPull: () => ask("/imitatoes/judge/pull/stop", {}),
    startSelfTest: (connection, model) => ask("/imitatoes/judge/self-test", { connection, model }),
    selfTest: (connection, model) => ask(`/imitatoes/judge/self-test?${new URLSearchParams({ connection, model })}`),
    run: (runId) => ask(path(runId)),
    nodes: (runId) => ask(path(runId, "nodes")),
    folder: (runId) => ask(path(runId, "folder")),
    openFolder: (runId) => ask(path(runId, "open"), {}),
    star: (runId, starred, slow) => act(path(runId, "star"), { starred }, slow),
    stop: (runId, afterThis, slow) => act(path(runId, "stop"), { after_this: afterThis }, slow),
    goOn: (runId, instruction, slow) => act(path(runId, "continue"), { instruction, client_id: api.clientId ?? "" }, slow),
    resume: (runId, slow) => act(path(runId, "resume"), { client_id: api.clientId ?? "" }, slow),
    take: (runId, iteration, slow) => act(path(runId, "take"), { iteration }, slow),
    judge: (runId, iteration, slow) => act(path(runId, "judge"), { iteration }, slow),
    correct: (runId, iteration, requirement, met, slow) => act(path(runId, "correct"), { iteration, requirement, met }, slow),
    editChecklist: (runId, requirements, slow) => act(path(runId, "checklist"), { requirements }, slow),
    /** where: {box}, {mask} or {words}. */
    repair: (runId, iteration, wish, where, slow) => act(path(runId, "repair"), { iteration, wish, ...where, client_id: api.clientId ?? "" }, slow),
    extend: (runId, goal) => ask(path(runId, "extend"), { goal, client_id: api.clientId ?? "" }),
    attach: (runId, slow) => act(path(runId, "attach"), { client_id: api.clientId ?? "" }, slow),
    remove: (runId, slow) => act(path(runId, "delete"), {}, slow),
    /** How a loop would be put into a graph. judge: id of the node whose picture is judged; "" to have it chosen. */
    plan: (graph, judge) => ask("/imitatoes/plan", { workflow: graph, judge_node: judge }),
    /** Which shapes the clip of a graph can have. */
    clipShapes: (graph) => ask("/imitatoes/clip-shapes", { workflow: graph }),
    keepThumbnails: (kept) => ask("/imitatoes/thumbnails", { kept }),
    rankingFolders: () => ask("/imitatoes/judge/batch/folders"),
    rankings: () => ask("/imitatoes/judge/batch/list"),
    rankFolder: (request) => ask("/imitatoes/judge/batch", request),
    ranking: (id) => ask(`/imitatoes/judge/batch?${new URLSearchParams({ id })}`),
    stopRanking: (id) => ask("/imitatoes/judge/batch/stop", { id }),
    resumeRanking: (id) => ask("/imitatoes/judge/batch/resume", { id }),
    /** version: another one when the sheet is. */
    rankingSheet: (id, version) => api.apiURL(`/imitatoes/judge/batch/sheet?${new URLSearchParams({ id, version })}`),
    /** A picture of ComfyUI's own folders, by its name with its sub-folder. */
    shownPicture(name, folder) {
      const parts = name.split("/");
      return api.apiURL(`/view?${new URLSearchParams({ filename: parts.pop(), subfolder: parts.join("/"), type: folder })}`);
    },
    seriesList: () => ask("/imitatoes/series"),
    series: (id) => ask(seriesPath(id)),
    stopSeries: (id, afterThis, slow) => act(seriesPath(id, "stop"), { after_this: afterThis }, slow),
    resumeSeries: (id, slow) => act(seriesPath(id, "resume"), { client_id: api.clientId ?? "" }, slow),
    removeSeries: (id, slow) => act(seriesPath(id, "delete"), {}, slow),
    seriesSheet: (id) => api.apiURL(seriesPath(id, "sheet")),
    judgePicture: (request) => ask("/imitatoes/judge", request),
    connections: () => ask("/imitatoes/connections"),
    keepConnection: (change) => ask("/imitatoes/connections", change),
    testConnection: (name) => ask("/imitatoes/connections/test", { name }),
    removeConnection: (name) => ask("/imitatoes/connections/remove", { name }),
    experiments: () => ask("/imitatoes/experiments"),
    experiment: (id) => ask(experimentPath(id)),
    startExperiment: (request) => ask("/imitatoes/experiments", request),
    stopExperiment: (id) => ask(experimentPath(id, "stop"), {}),
    resumeExperiment: (id) => ask(experimentPath(id, "resume"), {}),
    /** page: "report", or "page" on which a person ticks pictures. */
    experimentPage: (id, page) => api.apiURL(experimentPath(id, page)),
    interrupt: (slow) => act("/interrupt", {}, slow),
    picture: (runId, name) => api.apiURL(path(runId, "pictures", encodeURIComponent(name))),
    /** version: what changes when the picture does, so that the browser may keep the rest. */
    thumbnail: (runId, name, version) => api.apiURL(`${path(runId, "thumbnails", encodeURIComponent(name))}?v=${encodeURIComponent(version)}`),
  };
}
