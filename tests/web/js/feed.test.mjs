import assert from "node:assert/strict";
import test from "node:test";
import { createFeed, LISTED } from "../../../web/feed.js";
import { createStore } from "../../../web/store.js";
import { run } from "./runs.mjs";

function stage(runs = []) {
  const asked = [];
  const store = createStore();
  const server = {
    run: async (id) => (asked.push(id), runs.find((one) => one.run_id === id) ?? { problem: "gone" }),
    runs: async (limit, before) => ({ runs: runs.filter((one) => !before || one.run_id < before).slice(0, limit).map(({ iterations, ...line }) => line) }),
  };
  const ended = [];
  const feed = createFeed({ store, server, onEnded: (one) => ended.push(one.run_id), onPending: () => {} });
  return { store, feed, asked, ended };
}
const settled = () => new Promise((done) => setTimeout(done));

test("a page opened in the middle of a run shows all of it", async () => {
  const { store, feed } = stage([run("a", 9, 9)]);
  await feed.load();
  assert.equal(store.get("a").iterations.length, 9);
});

test("a message with a gap asks for the whole run, once", async () => {
  const { store, feed, asked } = stage([run("a", 9, 9)]);
  feed.take(run("a", 9, 9, { told: 3 }));
  feed.take(run("a", 9, 9, { told: 3 }));
  await settled();
  assert.deepEqual(asked, ["a"]);
  assert.equal(store.get("a").iterations.length, 9);
});

test("a run that cannot be read is not asked for again and again", async () => {
  const { feed, asked } = stage([]);
  feed.take(run("a", 9, 9, { told: 3 }));
  for (let count = 0; count < 5; count += 1) await feed.need("a");
  assert.deepEqual(asked, ["a"]);
});

test("older runs come in pages", async () => {
  const many = Array.from({ length: LISTED + 2 }, (_, index) => run(`r${99 - index}`, 1, 0, { status: "done" }));
  const { store, feed } = stage(many);
  await feed.load();
  assert.deepEqual([store.list().length, feed.hasOlder()], [LISTED, true]);
  await feed.loadOlder();
  assert.deepEqual([store.list().length, feed.hasOlder()], [LISTED + 2, false]);
});

test("a run that a search brought from far back leaves no gap in the pages", async () => {
  const many = Array.from({ length: 3 * LISTED }, (_, index) => run(`r${199 - index}`, 1, 0, { status: "done" }));
  const { store, feed } = stage(many);
  await feed.load();
  store.put(many.at(-1));
  await feed.loadOlder();
  await feed.loadOlder();
  assert.equal(store.list().length, 3 * LISTED);
});

test("the end of a run is told while the page looks on", () => {
  const { feed, ended } = stage([]);
  feed.take(run("a", 1, 0));
  feed.take(run("a", 2, 0, { status: "limit" }));
  feed.take({});
  assert.deepEqual(ended, ["a"]);
});

test("what a restarted server says is true, though the page knows a later revision", async () => {
  const disk = run("a", 5, 2, { status: "suspended" });
  const { store, feed } = stage([disk]);
  store.put(run("a", 8, 2, { phase: "judging" }));
  await feed.correct();
  assert.equal(store.get("a").status, "suspended");
  assert.equal(store.get("a").iterations.length, 2);
  store.put(run("a", 6, 3));
  assert.equal(store.get("a").status, "running", "resumed: revisions go on from the disk's");
});

test("a message that comes while the restarted server is asked wins", async () => {
  const { store, feed } = stage([run("a", 5, 2, { status: "suspended" })]);
  store.put(run("a", 8, 2));
  const asking = feed.correct();
  store.put(run("a", 9, 3));
  await asking;
  assert.equal(store.get("a").status, "running");
});

test("a server that is still starting is asked again", async () => {
  let calls = 0;
  const store = createStore();
  const line = run("a", 5, 2, { status: "suspended" });
  const server = { runs: async () => ((calls += 1) < 3 ? { problem: "not yet" } : { runs: [line] }), run: async () => line };
  const feed = createFeed({ store, server, onEnded: () => {}, onPending: () => {}, pause: async () => {} });
  await feed.correct();
  assert.equal(store.get("a").status, "suspended");
});

test("a running run that is further down the list than one answer holds is asked for", async () => {
  const rest = Array.from({ length: LISTED }, (_, index) => run(`b${100 + index}`, 1, 1, { status: "done" })).reverse();
  const { store, feed, asked } = stage([...rest, run("a", 5, 2, { status: "suspended" })]);
  store.put(run("a", 8, 2));
  await feed.correct();
  assert.ok(asked.includes("a"));
  assert.equal(store.get("a").status, "suspended");
});

test("a run that was never told is asked for once, and found or not", async () => {
  const { store, feed, asked } = stage([run("a", 2, 2, { status: "done" })]);
  for (let count = 0; count < 3; count += 1) await Promise.all([feed.need("a"), feed.need("b")]);
  assert.deepEqual(asked, ["a", "b"]);
  assert.equal(store.get("a").iterations.length, 2);
  assert.equal(store.get("b"), null);
});
