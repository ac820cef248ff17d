// What came of the last click, said beside what was clicked.
import { h, say } from "../dom.js";

/** place: "run", "iteration", "past" or "improve", see actions.js. */
export function createNotice({ actions, place }) {
  const root = h("p", { className: "imitatoes-notice", role: "alert", hidden: true });
  return {
    root,
    update() {
      say(root, actions.notice(place));
    },
  };
}
