// UI workflows as the canvas saves them.
import { readFileSync } from "node:fs";

export const load = (name) => JSON.parse(readFileSync(new URL(`../data/graphs/${name}.json`, import.meta.url), "utf8"));
