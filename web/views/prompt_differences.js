// What changed in the words between two renders: put in, and struck.
import { h } from "../dom.js";
import { wordDifferences } from "../word_differences.js";

const NUMBERS = ["seed", "steps", "cfg"];

/** Rows for all that differs between two settings; empty when nothing does. seeds: as exact text, by side. */
export function settingsDifferences(t, before, after, seeds = {}) {
  const rows = [];
  for (const name of ["prompt", "negative"]) {
    if (before[name] !== after[name]) rows.push(row(t(`setting.${name}`), words(before[name], after[name])));
  }
  const value = (settings, name, side) => (name === "seed" ? (seeds[side] ?? settings.seed) : settings[name]);
  const numbers = NUMBERS.filter((name) => before[name] !== after[name]).map((name) =>
    h("span", { className: "imitatoes-nowrap" }, `${t(`setting.${name}`)} `, h("del", {}, String(value(before, name, "before"))), " → ", h("ins", {}, String(value(after, name, "after")))),
  );
  if (numbers.length) rows.push(h("div", { className: "imitatoes-numbers" }, ...numbers));
  return rows;
}

const row = (name, content) => h("div", { className: "imitatoes-difference" }, h("span", { className: "imitatoes-quiet" }, name), content);

function words(before, after) {
  const tags = { inserted: "ins", struck: "del", same: "span" };
  return h("p", { className: "imitatoes-words" }, ...wordDifferences(before, after).map(({ kind, text }) => h(tags[kind], {}, text)));
}
