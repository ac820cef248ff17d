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

test("the end of a run is told while the page looks on", () => {
  const { feed, ended } = stage([]);
  feed.take(run("a", 1, 0));
  feed.take(run("a", 2, 0, { status: "limit" }));
  feed.take({});
  assert.deepEqual(ended, ["a"]);
});
