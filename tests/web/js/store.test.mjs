import assert from "node:assert/strict";
import test from "node:test";
import { createStore, lacks, letterOf, picturesOf } from "../../../web/store.js";
import { run } from "./runs.mjs";

const numbers = (store, id = "a") => store.get(id).iterations.map((one) => one.number);

test("messages join by number, whatever is lost, late or doubled", () => {
  const store = createStore();
  const messages = [1, 2, 3, 4, 5, 6].map((count) => run("a", count, count, { told: 3 }));
  for (const message of [messages[0], messages[2], messages[5], messages[3], messages[5]]) store.put(message);
  assert.deepEqual(numbers(store), [1, 2, 3, 4, 5, 6]);
  assert.equal(store.get("a").revision, 6);
});

test("what messages tell of their own iterations only is joined too", () => {
  const store = createStore();
  const told = (count) => ({ told: 3, prompt_ids: [`p${count}`, "next"], relooks: { [count]: { score: count / 10 } }, recoveries: [{ number: count, kind: "unload", sentence: "Unloaded." }] });
  for (const count of [1, 2, 3, 3]) store.put(run("a", count, count, told(count)));
  const { prompt_ids, relooks, recoveries } = store.get("a");
  assert.deepEqual([...prompt_ids].sort(), ["next", "p1", "p2", "p3"]);
  assert.deepEqual(Object.keys(relooks), ["1", "2", "3"]);
  assert.deepEqual(recoveries.map((one) => one.number), [1, 2, 3]);
  assert.equal(store.ofPrompt("p1").run_id, "a");
  store.put(run("a", 4, 3, { told: null, status: "stopped", prompt_ids: undefined }));
  assert.equal(Object.keys(store.get("a").relooks).length, 3, "a line of the list takes nothing away");
});

test("a gap is noticed, and closed by the whole run even when that is older", () => {
  const store = createStore();
  store.put(run("a", 1, 1, { told: 3 }));
  assert.equal(store.put(run("a", 9, 9, { told: 3 })).missing, true);
  store.put(run("a", 8, 8));
  assert.deepEqual(numbers(store), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.equal(store.get("a").revision, 9, "the newer fields stay");
  assert.equal(lacks(store.get("a")), false);
});

test("a line of the list takes nothing away", () => {
  const store = createStore();
  assert.equal(store.put(run("a", 2, 2, { told: null })).missing, true);
  store.put(run("a", 2, 2));
  assert.deepEqual(numbers(store), [1, 2]);
  store.put(run("a", 3, 2, { told: null, status: "stopped" }));
  assert.deepEqual(numbers(store), [1, 2]);
  assert.equal(store.get("a").status, "stopped");
});

test("an older message changes nothing and wakes nobody", () => {
  const store = createStore();
  store.put(run("a", 5, 2));
  let woken = 0;
  store.watch(() => (woken += 1));
  store.put(run("a", 4, 2));
  store.put(run("a", 5, 2));
  assert.equal(woken, 0);
});

test("the end of a run is told once, and not for runs that were over before", () => {
  const store = createStore();
  store.put(run("a", 1, 1));
  assert.equal(store.put(run("a", 2, 1, { status: "done" })).ended, true);
  assert.equal(store.put(run("a", 3, 1, { status: "done" })).ended, false);
  assert.equal(store.put(run("b", 1, 1, { status: "done" })).ended, false);
});

test("which run is shown: chosen, running, followed, newest of the workflow", () => {
  const store = createStore();
  assert.equal(store.shown("w1"), null);
  store.put(run("1", 1, 1, { status: "done" }));
  store.put(run("2", 1, 1, { status: "done", workflow_id: "w2" }));
  assert.equal(store.shown("w1").run_id, "1");
  assert.equal(store.shown("other"), null, "a run of another workflow is not shown");
  assert.equal(store.shown(""), null, "no workflow has no runs of its own");
  store.put(run("3", 1, 1, { workflow_id: "" }));
  assert.equal(store.shown("w1").run_id, "3", "a script's run is shown while it runs");
  store.put(run("3", 2, 1, { workflow_id: "", status: "done" }));
  assert.equal(store.shown("w1").run_id, "3", "and stays when it has ended");
  store.moved("w1");
  assert.equal(store.shown("w1").run_id, "1", "until another workflow comes to the front");
  store.choose("2");
  assert.equal(store.shown("w1").run_id, "2");
  store.put(run("3", 3, 1, { workflow_id: "", status: "done" }));
  assert.equal(store.shown("w1").run_id, "2", "the user's choice stays");
  store.put(run("4", 1, 1));
  assert.equal(store.shown("w1").run_id, "4", "until another run begins");
  assert.equal(store.shown("w2").run_id, "4");
  store.put(run("5", 1, 1, { workflow_id: "w2" }));
  assert.equal(store.shown("w2").run_id, "5", "of two running ones that of the workflow in front");
});

test("a deleted run is gone, and no longer chosen", () => {
  const store = createStore();
  store.put(run("1", 1, 1, { status: "done" }));
  store.choose("1");
  store.remove("1");
  assert.equal(store.shown("w1"), null);
  assert.equal(store.chosen(), null);
});

test("the pictures of a batch are told in its order, whichever is best, and called as their files are", () => {
  const batch = { batch_index: 1, critique: { score: 0.9 }, picture: "b", others: [{ index: 2, picture: "c" }, { index: 0, picture: "a" }] };
  assert.deepEqual(picturesOf(batch).map((one) => one.picture), ["a", "b", "c"]);
  assert.deepEqual(picturesOf({ picture: "alone" }).map((one) => one.index), [0], "an older server tells of no batch");
  assert.deepEqual([0, 25, 26, 52].map(letterOf), ["a", "z", "aa", "ba"]);
});
