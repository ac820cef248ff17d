import assert from "node:assert/strict";
import test from "node:test";
import { createActions } from "../../../web/actions.js";
import { createServer } from "../../../web/server.js";
import { createStore } from "../../../web/store.js";
import { textsOf } from "../../../web/texts.js";
import { run } from "./runs.mjs";

const t = textsOf("en");
const answer = (status, body) => ({ ok: status < 400, status, json: async () => body });

function stage({ fetchApi, confirm = async () => true, copy = async () => true }) {
  const asked = [];
  const api = {
    clientId: "me",
    apiURL: (path) => `/api${path}`,
    fetchApi: (path, options) => (asked.push([path, options?.body && JSON.parse(options.body)]), fetchApi(path, options)),
  };
  const store = createStore();
  const server = createServer(api, t);
  const page = { confirm, copy, followed: () => {}, loadPicture: async () => null, front: "w1", workflowInFront: () => page.front };
  return { asked, page, store, server, actions: createActions({ t, store, server, feed: { hasOlder: () => false }, page }) };
}

test("an action is a POST of JSON, and its answer is the truth", async () => {
  const stopped = run("a", 2, 1, { stopping: "now" });
  const { actions, store, asked } = stage({ fetchApi: async () => answer(200, stopped) });
  store.put(run("a", 1, 1));
  assert.equal(await actions.stop(store.get("a"), false), true);
  assert.deepEqual(asked, [["/imitatoes/runs/a/stop", { after_this: false }]]);
  assert.equal(store.get("a").stopping, "now");
  assert.equal(actions.notice("run"), "");
});

test("a refusal is said in the server's words, with what to do", async () => {
  const error = { error: { message: "The run has already ended.", hint: "Continue it." } };
  const { actions, store } = stage({ fetchApi: async () => answer(409, error) });
  store.put(run("a", 1, 1));
  assert.equal(await actions.take(store.get("a"), 1), false);
  assert.equal(actions.notice("run"), "");
  assert.equal(actions.notice("iteration"), "The run has already ended. Continue it.");
  assert.equal(actions.busy(), false);
});

test("what a command said of a workflow is not said of another", () => {
  const { actions, page } = stage({ fetchApi: async () => answer(200, {}) });
  actions.tell("This workflow has no loop yet.", "improve");
  assert.equal(actions.notice("improve"), "This workflow has no loop yet.");
  page.front = "w2";
  assert.equal(actions.notice("improve"), "");
  actions.tell("Saved.");
  page.front = "w1";
  assert.equal(actions.notice("run"), "Saved.", "of a run, whatever is in front");
});

test("a server that is gone, and one that answers nonsense", async () => {
  const gone = stage({ fetchApi: async () => Promise.reject(new Error("refused")) });
  await gone.actions.resume(run("a", 1, 1));
  assert.match(gone.actions.notice("run"), /cannot be reached/);
  const nonsense = stage({ fetchApi: async () => ({ ok: false, status: 502, json: async () => JSON.parse("<html>") }) });
  await nonsense.actions.resume(run("a", 1, 1));
  assert.match(nonsense.actions.notice("run"), /answered 502/);
});

test("what was said of a run is over when another one is shown", async () => {
  const { actions } = stage({ fetchApi: async () => Promise.reject(new Error("refused")) });
  await actions.resume(run("a", 1, 1));
  actions.left();
  assert.equal(actions.notice("run"), "");
  actions.tell("Nothing is deleted.", "past");
  actions.left();
  assert.equal(actions.notice("past"), "Nothing is deleted.");
});

test("after half a second without an answer the user is told", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  let reply;
  const { actions } = stage({ fetchApi: () => new Promise((done) => (reply = done)) });
  const acting = actions.stop(run("a", 1, 1), false);
  context.mock.timers.tick(499);
  assert.equal(actions.notice("run"), "");
  assert.equal(actions.busy(), true);
  context.mock.timers.tick(1);
  assert.match(actions.notice("run"), /not answered yet/);
  reply(answer(200, run("a", 2, 1)));
  await acting;
  assert.equal(actions.notice("run"), "");
});

test("a run is deleted only after a yes", async () => {
  for (const yes of [false, true]) {
    const { actions, store, asked } = stage({ fetchApi: async () => answer(200, { deleted: "a" }), confirm: async () => yes });
    store.put(run("a", 1, 1, { status: "done" }));
    await actions.remove(store.get("a"));
    assert.equal(asked.length, yes ? 1 : 0);
    assert.equal(store.get("a") === null, yes);
  }
});

test("a run that could not be deleted stays", async () => {
  const { actions, store } = stage({ fetchApi: async () => answer(507, { error: { message: "In use.", hint: "" } }) });
  store.put(run("a", 1, 1, { status: "done" }));
  await actions.remove(store.get("a"));
  assert.equal(store.get("a").run_id, "a");
  assert.equal(actions.notice("past"), "In use.");
});

test("where copying is not allowed the folder is shown", async () => {
  const { actions } = stage({ fetchApi: async () => answer(200, { folder: "/out/a" }), copy: async () => false });
  assert.equal(await actions.copyFolder(run("a", 1, 1)), false);
  assert.match(actions.notice("iteration"), /The folder is: \/out\/a/);
});

test("names go into addresses as names, never as paths", () => {
  const { server } = stage({ fetchApi: async () => answer(200, {}) });
  assert.equal(server.thumbnail("a/..", "b?c.png", "p 1"), "/api/imitatoes/runs/a%2F../thumbnails/b%3Fc.png?v=p%201");
});
