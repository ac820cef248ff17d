// A node of ours stopped the render: what was wrong, and the way to the node.
import { h, setText } from "../dom.js";

export function createProblem({ t }) {
  const title = h("h3", {});
  const words = h("p", {});
  const show = h("button", { type: "button", className: "imitatoes-link" }, t("problem.goTo"));
  const root = h("div", { className: "imitatoes-notice imitatoes-problem", role: "alert", hidden: true }, title, words, show);

  return {
    root,
    /** problem: {title, words, show()}, or null when nothing is wrong. */
    update(problem) {
      root.hidden = !problem;
      if (!problem) return;
      setText(title, t("problem.title", { title: problem.title }));
      setText(words, problem.words);
      show.onclick = problem.show;
    },
  };
}
