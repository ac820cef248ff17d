// Finds the words for a key. Pure.
import en from "./locales/en.js";

const languages = { en };

/**
 * @returns {(key: string, values?: object) => string} the words of a language, English where it has none. Where the words
 *   depend on a number, as "1 picture" and "2 pictures", they stand under "key.one", "key.other" and what else the
 *   language tells apart, and values.count chooses.
 */
export function textsOf(language) {
  const own = languages[language] ?? languages[String(language).split("-")[0]] ?? en;
  const rules = own === en ? new Intl.PluralRules("en") : new Intl.PluralRules(language);
  const english = new Intl.PluralRules("en");
  const found = (words, key, count, plural) => words[typeof count === "number" ? `${key}.${plural.select(count)}` : key] ?? words[`${key}.other`] ?? words[key];
  return (key, values = {}) => fill(found(own, key, values.count, rules) ?? found(en, key, values.count, english) ?? key, values);
}

// Values go in as they are, also where they hold braces themselves: what a user wrote is never filled in.
function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}
