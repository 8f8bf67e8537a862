// Every word of the console, in the language of whoever sits here. A language is one file in words/; English is the one
// that the others translate. Slots are {0}, {1}; a sentence is never glued together from pieces.
// Code words (ROGER, WILCO, SHORT, STOP, OPER, AMSL) stay as they are in every language.
import ENGLISH from "./words/en.js";

/** Code, its own name, and which way it runs. */
export const LANGUAGES = [
  ["en", "English", "ltr"],
  ["ru", "Русский", "ltr"],
  ["ar", "العربية", "rtl"],
  ["he", "עברית", "rtl"],
  ["tr", "Türkçe", "ltr"],
  ["fr", "Français", "ltr"],
];

let WORDS = ENGLISH;
const known = (code) => LANGUAGES.some(([one]) => one === code);

/** The language of this browser: the one chosen last, else English. Never the system's: two officers share a desk. */
export function language() {
  const code = localStorage.getItem("language");
  return known(code) ? code : "en";
}

// What is written left to right in every language: 33 30 00 N, 0245Z, +30, 90 S.
const FIGURES = /[+]?\d+(?: \d+)*(?:\s?[NSEWZm]\b)?/g;

/** The phrases with each figure in them kept whole and left to right. Slots are left alone: what fills them is isolated. */
const isolated = (words) =>
  Object.fromEntries(
    Object.entries(words).map(([key, phrase]) => [
      key,
      phrase
        .split(/(\{\d\})/)
        .map((part, at) => (at % 2 ? part : part.replace(FIGURES, "\u2066$&\u2069")))
        .join(""),
    ]),
  );

/** Fetches the words of the language that was chosen. When they cannot be had the console speaks English. */
export async function startWords() {
  const code = language();
  try {
    if (code !== "en") WORDS = (await import(`./words/${code}.js`)).default;
    if (LANGUAGES.some(([one, , way]) => one === code && way === "rtl")) WORDS = isolated(WORDS);
  } catch (fault) {
    console.error(`no words for ${code}: ${fault}`);
    return;
  }
  const root = document.documentElement;
  root.lang = code;
  root.dir = LANGUAGES.find(([one]) => one === code)[2];
}

const kept = () => {
  try {
    return JSON.parse(localStorage.getItem("languages")) ?? {};
  } catch {
    return {};
  }
};

/** Speaks another language from now on, also when this person takes the watch again. What was being written is kept. */
export function chooseLanguage(code, person = "") {
  if (!known(code)) return;
  if (person) {
    // The newest fifty people: a shared desk must not fill its store.
    const others = Object.entries(kept()).filter(([name]) => name !== person);
    localStorage.setItem("languages", JSON.stringify(Object.fromEntries([...others.slice(-49), [person, code]])));
  }
  if (code === language()) return;
  localStorage.setItem("language", code);
  location.reload();
}

/** The language that a person chose at this desk before. */
export const languageOf = (person) => kept()[person];

/** A phrase with its slots filled: text when each slot is text, else a list of text and nodes. */
export function say(key, ...slots) {
  const phrase = WORDS[key];
  if (phrase === undefined) {
    console.error(`no phrase ${key}`);
    return key;
  }
  if (!slots.length) return phrase;
  const parts = phrase.split(/\{(\d)\}/).map((part, at) => (at % 2 ? slots[Number(part)] : part));
  // A node can stand in one place only: where a phrase names a slot twice, the second is a copy.
  const seen = new Set();
  const whole = parts.flat(9).map((part) => {
    if (!(part instanceof Node)) return part ?? "";
    if (seen.has(part)) return part.cloneNode(true);
    seen.add(part);
    return part;
  });
  return whole.every((part) => typeof part !== "object") ? whole.join("") : whole;
}

/** A phrase for a code from the node, or the code itself when a newer node sends one that has no phrase yet. */
export const sayCode = (prefix, code) => WORDS[`${prefix}.${code}`] ?? String(code);
