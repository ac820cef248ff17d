import assert from "node:assert/strict";
import test from "node:test";
import { createJudgeSetup } from "../../../web/judge_setup.js";

const settled = () => new Promise((done) => setTimeout(done));

test("a server of another kind is asked about once, until the workflow names another", async () => {
  const asked = [];
  let connection = "studio";
  const server = { judgeSetup: async (name) => (asked.push(name), { status: 400, problem: "Another kind." }) };
  const setup = createJudgeSetup({ server, changed: () => setup?.need(), wanted: () => ({ connection, model: "" }), use: () => {} });
  setup.need();
  await settled();
  setup.need();
  await settled();
  assert.deepEqual(asked, ["studio"]);
  connection = "local";
  setup.need();
  await settled();
  assert.deepEqual(asked, ["studio", "local"]);
});
