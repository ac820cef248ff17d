// The self-test of a judge on one connection, or of several as a jury: begun here, with what it finds.
import { h, setText } from "../dom.js";
import { selfTestLines } from "../wording.js";

const POLL_MS = 1000;

/** model: to begin with. t: words. server: requests. Goes on asking as long as it is on the page. */
export function selfTestView({ t, server, connection, model }) {
  const name = h("input", { type: "text", spellcheck: false, value: model, "aria-label": t("ranking.model") });
  const button = h("button", { type: "button", title: t("judge.testHint"), on: { click: start } }, t("judge.test"));
  const told = h("p", { className: "imitatoes-quiet", role: "status" });
  const root = h("div", { className: "imitatoes-row" }, name, button, told);

  async function start() {
    if (!name.value.trim()) return;
    button.disabled = true;
    show(await server.startSelfTest(connection, name.value.trim()));
  }

  function show(state) {
    button.disabled = state.state === "running";
    setText(told, state.problem ?? selfTestLines(t, state).join(" "));
    if (button.disabled) setTimeout(look, POLL_MS, state.model);
  }

  async function look(asked) {
    if (root.isConnected) show(await server.selfTest(connection, asked));
  }

  return root;
}
