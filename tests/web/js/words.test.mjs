import assert from "node:assert/strict";
import test from "node:test";
import { wordDifferences } from "../../../web/word_differences.js";
import { languageOf, textsOf } from "../../../web/texts.js";
import en from "../../../web/locales/en.js";
import { createProgress } from "../../../web/progress.js";
import { continueWords, duration, isBest, paceWords, placeWords, runLine, scoreOf, stateWords, sureWords, tone, verdictWords } from "../../../web/wording.js";
import { iteration, run } from "./runs.mjs";

const t = textsOf("en");
const shown = (before, after) => wordDifferences(before, after).map(({ kind, text }) => ({ same: text, inserted: `+[${text.trim()}]`, struck: `-[${text.trim()}]` })[kind]).join(" ");

test("words that were put in and struck", () => {
  assert.equal(shown("a red fox", "a red fox"), "a red fox");
  assert.equal(shown("some circles and a square", "some circles and a square, exactly three circles"), "some circles and a square,  +[exactly three circles]");
  assert.equal(shown("a red fox in snow", "a blue fox in snow"), "a  -[red] +[blue] fox in snow");
  assert.equal(shown("", "deep snow"), "+[deep snow]");
  assert.equal(shown("deep snow", ""), "-[deep snow]");
});

test("what is left of a difference is the new text, for whatever texts", () => {
  const words = ["fox", "snow,", "red", "a", "deep.", " "];
  let seed = 7;
  const text = () => Array.from({ length: 12 }, () => words[(seed = (seed * 16807) % 2147483647) % words.length]).join(" ");
  for (let count = 0; count < 300; count += 1) {
    const [before, after] = [text(), text()];
    const parts = wordDifferences(before, after);
    assert.equal(parts.filter((part) => part.kind !== "struck").map((part) => part.text).join(""), after);
    const bare = (list) => list.join("").replace(/[\s,.;]+/g, "");
    assert.equal(bare(parts.filter((part) => part.kind !== "inserted").map((part) => part.text)), bare([before]));
  }
});

test("very long texts do not hang", () => {
  const long = (word) => Array.from({ length: 3000 }, (_, index) => `${word}${index}`).join(" ");
  assert.equal(wordDifferences(long("a"), long("b")).length, 2);
});

test("a value that looks like a key or a pattern stays as it is", () => {
  assert.equal(t("iteration.answer", { answer: "{answer} $& <b>" }), "The judge saw: {answer} $& <b>");
  assert.equal(textsOf("xx-YY")("do.take"), en["do.take"]);
});

test("the state in words", () => {
  const progress = createProgress(() => 0);
  assert.equal(stateWords(t, run("a", 1, 2), progress, false), "Rendering");
  assert.equal(stateWords(t, run("a", 1, 2), progress, true), "In the queue", "heard of by this page, not begun");
  progress.report("next", { 5: { value: 12, max: 20, state: "running" } });
  assert.equal(stateWords(t, run("a", 1, 2), progress, true), "Rendering 12/20");
  assert.equal(stateWords(t, run("a", 1, 2, { stopping: "after" }), progress, true), "Rendering 12/20 · stops after this one");
  assert.equal(stateWords(t, run("a", 1, 2, { stopping: "now" }), progress, true), "Stopping");
  assert.equal(stateWords(t, run("a", 1, 2, { phase: "judging" }), progress, true), "Judging");
  assert.equal(stateWords(t, run("a", 1, 2, { status: "limit", taken: 2, best: { iteration: 2 } })), "You took #2");
  assert.equal(stateWords(t, run("a", 1, 2, { status: "failed", taken: 2, best: { iteration: 2 } })), "Failed");
  assert.equal(stateWords(t, run("a", 1, 3, { status: "done", taken: 2, best: { iteration: 3 } })), "Goal met");
  for (const status of ["done", "unverified", "limit", "no_progress", "no_effect", "stopped", "interrupted", "deleted", "failed", "judge_failed", "unsaved", "suspended", "unreadable"]) {
    assert.ok(en[`status.${status}`], status);
    assert.ok(["good", "bad", "calm"].includes(tone(run("a", 1, 1, { status }))));
  }
});

test("what continuing adds is said before it is pressed", () => {
  assert.equal(continueWords(t, run("a", 1, 1, { status: "stopped", continue_adds: 12 })), "Continue: 12 more");
  assert.equal(continueWords(t, run("a", 1, 1, { status: "suspended", continue_adds: 12 })), "Continue");
  assert.equal(continueWords(t, run("a", 1, 1, { status: "stopped" })), "Continue", "of an older server");
});

test("a run of another server says so", () => {
  assert.equal(stateWords(t, run("a", 1, 2, { elsewhere: true }), createProgress(() => 0), false), "Running on another server");
});

test("place and pace", () => {
  assert.equal(placeWords(t, run("a", 1, 2, { best: { score: 0.82, iteration: 1 } })), "Iteration 3 of 12 · best 0.82 (#1)");
  assert.equal(placeWords(t, run("a", 1, 0)), "Iteration 1 of 12");
  assert.equal(paceWords(t, run("a", 1, 2), 0.8), "0.80 s a step · render 2.0 s · judge 1.0 s");
  assert.equal(runLine(t, run("a", 1, 2, { best: { score: 0.82, iteration: 1 } }), createProgress(), false), "Iteration 3 of 12, rendering, best 0.82 (#1)");
  assert.deepEqual([duration(0.5), duration(5.04), duration(59.7), duration(125)], ["0.50 s", "5.0 s", "1 min 0 s", "2 min 5 s"]);
});

test("how sure the run is of a picture", () => {
  const checklist = (count) => ({ requirements: Array.from({ length: count }, (_, at) => ({ id: `r${at}` })) });
  const known = run("a", 1, 2, { best: { score: 0.82, sure: 0.912, iteration: 1 }, standing: { 1: 0.5, 2: 0.0001 }, checklist: checklist(6) });
  assert.equal(sureWords(t, known, 1), "91 % sure that all 6 are met", "the best as the server tells it last");
  assert.equal(sureWords(t, known, 2), "1 % sure that all 6 are met", "nothing is that sure");
  assert.equal(sureWords(t, { ...known, best: null }, undefined), "", "no picture yet");
  assert.equal(sureWords(t, { ...known, checklist: checklist(1) }, 1), "91 % sure that it is met");
  assert.equal(sureWords(t, { ...known, checklist: checklist(2) }, 1), "91 % sure that both are met");
  assert.equal(sureWords(t, known, 3), "");
  assert.equal(sureWords(t, { ...known, best: null }, undefined), "", "before the first picture");
  assert.equal(sureWords(t, run("a", 1, 2, { best: { score: 0.82, iteration: 1 } }), 1), "", "of a run of 0.1.0");
  assert.equal(sureWords(t, run("a", 1, 2, { best: null }), undefined), "", "of a run without a picture");
});

test("what a run shows for want of a judged picture is no best", () => {
  assert.ok(isBest(run("a", 1, 1, { best: { score: 0.5, iteration: 1 } }), 1));
  assert.ok(!isBest(run("a", 1, 1, { best: { score: null, iteration: 1 } }), 1));
  assert.ok(isBest(run("a", 1, 1, { best: { score: null, iteration: 1 }, taken: 1 }), 1), "unless the user took it");
  assert.equal(placeWords(t, run("a", 1, 2, { status: "unverified", best: { score: null, iteration: 1 } })), "2 of 12 iterations");
  assert.equal(verdictWords(t, { score: null, sees_content: false, reason: "No server." }), "Not looked at. No server.");
  assert.match(verdictWords(t, { score: 0.7, checks: { faces: 1 }, unanswered: ["text"] }), /Faces 1\.00 · Text not answered/);
});

test("a picture looked at twice has the score of both looks, as the server reckons", () => {
  assert.equal(scoreOf(run("a", 1, 1, { relooks: { 1: { score: 0.7, looks: 1 } } }), iteration(1, 0.9)), 0.8);
  assert.equal(scoreOf(run("a", 1, 1, { relooks: { 1: { score: 0.7, looks: 2 } } }), iteration(1, 0.9)), 0.7);
  assert.equal(scoreOf(run("a", 1, 1), iteration(1, null)), null);
});

test("the verdict in words", () => {
  assert.equal(verdictWords(t, { score: null, reason: "No model." }), "Not judged. No model.");
  assert.equal(verdictWords(t, { score: 0.9, passed: true, reason: "All there.", checks: { faces: 1 } }), "Passed, 0.90. All there.\nFaces 1.00");
  assert.equal(verdictWords(t, undefined), "");
});

test("a language is found by the names that ComfyUI and browsers give it", () => {
  const names = { en: "en", "en-GB": "en", zh: "zh", "zh-CN": "zh", "zh-TW": "zh-TW", "zh-Hant-HK": "zh-TW", pt: "pt-BR", "pt-PT": "pt-BR", "de-AT": "de", xx: "en", "": "en" };
  for (const [name, language] of Object.entries(names)) assert.equal(languageOf(name), language, name);
  assert.equal(languageOf(undefined), "en");
});

test("numbers choose among a language's own forms", () => {
  const words = { "past.chosen.one": "{count} a", "past.chosen.few": "{count} b", "past.chosen.many": "{count} c", "past.chosen.other": "{count} d" };
  const t = textsOf("ru", words);
  assert.deepEqual([1, 3, 5, 21].map((count) => t("past.chosen", { count })), ["1 a", "3 b", "5 c", "21 a"]);
  assert.equal(t("do.take"), "Take this one", "what a language lacks is English");
});

test("a run without any picture yet is not sure of anything", () => {
  assert.equal(sureWords((key) => key, { best: null, checklist: { requirements: [{}] } }, undefined), "");
});
