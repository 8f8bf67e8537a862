// All keys, on a page that can be printed; and the switch that turns single letters off (WCAG 2.1.4).
import { h, ltr } from "../dom.js";
import { say } from "../words.js";
import { change, state } from "../state.js";
import { playAll } from "../sound.js";

const KEYS = [
  ["Alt S", "stop"],
  ["Alt 1 … 6", "views"],
  ["J K", "next"],
  ["1 … 5", "choose"],
  ["A", "answer"],
  ["Q", "silence"],
  ["M", "amend"],
  ["Space", "play"],
  [", .", "step"],
  ["N", "now"],
  ["+ − 0", "zoom"],
  ["D", "draw"],
  ["Ctrl ↵", "send"],
  ["F6", "pane"],
  ["?", "help"],
];

function flip() {
  const on = !state.lettersOn;
  localStorage.setItem("letters", on ? "on" : "off");
  change({ lettersOn: on });
}

/** The children of the main area. */
export function keysView(side) {
  const row = ([key, word]) =>
    h("tr", {}, h("th", { scope: "row" }, h("kbd", {}, ltr(key))), h("td", {}, say(`keys.${word}`)));
  return [
    h(
      "section",
      { class: "pmain", tabindex: 0, "data-scroll": "keys", "aria-label": say("keys.title") },
      h("h1", {}, say("keys.title")),
      h("p", { class: "hint" }, say("keys.hint")),
      h(
        "table",
        { class: "accounts keys" },
        h(
          "thead",
          {},
          h("tr", {}, h("th", { scope: "col" }, say("keys.key")), h("th", { scope: "col" }, say("keys.does"))),
        ),
        h("tbody", {}, KEYS.map(row)),
      ),
      h(
        "label",
        { class: "check" },
        h("input", { type: "checkbox", "data-key": "letters", checked: state.lettersOn, on: { change: flip } }),
        say("keys.switch"),
      ),
      h("h2", {}, say("keys.sound")),
      h("p", { class: "hint" }, say("keys.sound_text")),
      h("p", {}, h("button", { class: "btn", "data-key": "hear", on: { click: playAll } }, say("keys.sound_test"))),
    ),
    side,
  ];
}
