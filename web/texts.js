// Finds the words for a key. Pure.
import en from "./locales/en.js";

const languages = { en };

/** @returns {(key: string, values?: object) => string} the words of a language, English where it has none */
export function textsOf(language) {
  const words = { ...en, ...languages[language], ...languages[String(language).split("-")[0]] };
  return (key, values = {}) => fill(words[key] ?? key, values);
}

// Values go in as they are, also where they hold braces themselves: what a user wrote is never filled in.
function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}
