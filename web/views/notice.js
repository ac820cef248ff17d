// What came of the last click, said beside what was clicked.
import { h } from "../dom.js";

/** place: "run", "iteration", "past" or "improve", see actions.js. */
export function createNotice({ actions, place }) {
  const root = h("p", { className: "imitatoes-notice", role: "alert", hidden: true });
  return {
    root,
    update() {
      const words = actions.notice(place);
      root.hidden = !words;
      if (root.textContent !== words) root.textContent = words;
    },
  };
}
