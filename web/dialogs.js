// The dialogs beside the panel, each with what it begins with: the goal and judge of the loop in front.
import { shownPicture } from "./canvas/picture_menu.js";
import { CRITIC, LOOP } from "./improve/names.js";
import { judgeInFront, judgeOf } from "./settings.js";
import { showConnections } from "./views/connections.js";
import { showExperiment } from "./views/experiment.js";
import { showJudging } from "./views/judge_picture.js";
import { showRanking } from "./views/ranking.js";
import { nodesOf, widgetOf } from "./workflow.js";

export function createDialogs({ app, t, server, toast }) {
  /** {goal, judge}: of the workflow's loop, if it has one. */
  function asked() {
    const nodeOf = (kind) => nodesOf(app.graph).find((one) => one.comfyClass === kind);
    return { goal: String(widgetOf(nodeOf(LOOP), "goal")?.value ?? ""), judge: judgeOf(app, nodeOf(CRITIC)) };
  }

  return {
    /** A node that shows a picture, judged by itself. */
    judgeNode(node) {
      const picture = shownPicture(node, app.nodeOutputs);
      if (!picture) return toast("warn", t("judgePicture.title"), t("judgePicture.noPicture"));
      showJudging({ t, server, picture, ...asked() });
    },
    /** A picture of a run, by another goal than the run's or by the same. */
    judgeIteration(run, iteration) {
      showJudging({ t, server, picture: { image: `imitatoes/${run.run_id}/${iteration.picture}`, folder: "output" }, ...asked(), goal: run.goal });
    },
    ranking: () => showRanking({ t, server, ...asked() }),
    connections: () => showConnections({ t, server }),
    /** The workflow in front, measured with the judge that it has. */
    experiment: () => showExperiment({ t, server, judge: judgeInFront(app), graph: async () => (await app.graphToPrompt()).output }),
  };
}
