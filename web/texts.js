// Finds the words for a key, in the user's language. Pure, but for fetching a language's file.
import en from "./locales/en.js";

export const LANGUAGES = ["de", "es", "fr", "ja", "ko", "pt-BR", "ru", "zh", "zh-TW"]; // each a file locales/<language>.json
const TRADITIONAL = /^zh-(TW|HK|MO|Hant)/i;

/** Which of our languages is meant by one as ComfyUI or a browser names it; "en" where we have no words for it. */
export function languageOf(wanted) {
  const name = String(wanted ?? "");
  if (TRADITIONAL.test(name)) return "zh-TW";
  const base = name.split("-")[0].toLowerCase();
  return LANGUAGES.find((one) => one === name) ?? LANGUAGES.find((one) => one.split("-")[0] === base) ?? "en";
}

/** The words of a language; those in English where its file cannot be had. */
export async function wordsOf(language) {
  if (!LANGUAGES.includes(language)) return en;
  try {
    const response = await fetch(new URL(`./locales/${language}.json`, import.meta.url));
    return response.ok ? await response.json() : en;
  } catch {
    return en;
  }
}

/**
 * @returns {(key: string, values?: object) => string} the words of a language, English where it has none. Where the words
 *   depend on a number, as "1 picture" and "2 pictures", they stand under "key.one", "key.other" and what else the
 *   language tells apart, and values.count chooses.
 */
export function textsOf(language, own = en) {
  const english = new Intl.PluralRules("en");
  const rules = own === en ? english : new Intl.PluralRules(language);
  const found = (words, key, count, plural) => words[typeof count === "number" ? `${key}.${plural.select(count)}` : key] ?? words[`${key}.other`] ?? words[key];
  return (key, values = {}) => fill(found(own, key, values.count, rules) ?? found(en, key, values.count, english) ?? key, values);
}

// Values go in as they are, also where they hold braces themselves: what a user wrote is never filled in.
function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}
