// The five instants of one version at one recipient, never merged into one tick:
// transmitted, received by the machine, acknowledged by a named person, read back, disseminated.
import { h } from "./dom.js";
import { at, zulu } from "./format.js";
import { say } from "./words.js";

const NAMES = ["transmitted", "received", "acknowledged", "read_back", "disseminated"];

/** Five dots with five times; the first that is missing is the next, and `dueMs` says by when. */
export function instants(recipient, dueMs) {
  const times = NAMES.map((name) => at(recipient[name]));
  const next = times.findIndex((ms) => Number.isNaN(ms));
  return h(
    "ol",
    { class: "five" },
    NAMES.map((name, place) => {
      const isDone = !Number.isNaN(times[place]);
      // Only the first three are owed in this line; read-back and passing on are shown when they happen.
      const isNext = place === next && place <= 2;
      const value = isDone
        ? zulu(times[place])
        : isNext && Number.isFinite(dueMs)
          ? say("instant.due", zulu(dueMs))
          : say("instant.not_yet");
      return h(
        "li",
        { class: isDone ? "done" : isNext ? "next" : "later", "data-instant": name },
        h("span", { class: "dot", "aria-hidden": "true" }, isDone ? "✓" : ""),
        h(
          "span",
          { class: "fname" },
          say(`instant.${name}`),
          h("span", { class: "sr" }, " ", say(isDone ? "instant.done" : "instant.waiting")),
        ),
        h("span", { class: "fval" }, value),
      );
    }),
  );
}
