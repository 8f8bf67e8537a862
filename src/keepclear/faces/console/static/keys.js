// The keyboard. Single letters act only outside a text field, and may be switched off.
import { change, findNotice, state } from "./state.js";
import { viewsThere } from "./chrome.js";
import { disarm, pressStop } from "./stop.js";
import { step } from "./list.js";
import { chooseAnswer, silence } from "./views/alarm.js";
import { drawingKey, showAll, stopDrawing, zoom } from "./map.js";
import { playOrHalt, show, stepTime } from "./timebar.js";
import { draw, send, amend } from "./views/file.js";

const PANES = [
  "#stop",
  "#bands button, #bands input",
  "#list",
  ".detail, .pside",
  "#map",
  "[data-key=time-slide]",
  "#rail button",
];

const isText = (element) =>
  Boolean(element?.closest?.("input:not([type=range]):not([type=checkbox]), textarea, select"));

/** F6: the focus goes to the next pane that is there. */
function nextPane() {
  const there = PANES.map((selector) => document.querySelector(selector)).filter(Boolean);
  const place = there.findIndex(
    (element) => element === document.activeElement || element.contains(document.activeElement),
  );
  const next = there[(place + 1) % there.length];
  if (next.tabIndex < 0 && !next.hasAttribute("tabindex")) next.setAttribute("tabindex", "-1");
  next.focus();
}

function withAlt(event) {
  if (event.code === "KeyS") return (pressStop(), true);
  const view = /^Digit([1-6])$/.exec(event.code) && viewsThere()[Number(event.code.at(-1)) - 1];
  return view ? (change({ view }), true) : false;
}

function letter(event, { rows, alarm }) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (alarm && /^[1-9]$/.test(key)) return (chooseAnswer(alarm, Number(key)), true);
  const chosen = state.chosen?.type === "notice" ? findNotice(state.chosen.key) : null;
  const acts = {
    j: () => step(rows, 1),
    k: () => step(rows, -1),
    q: () => alarm && silence(alarm),
    "?": () => change({ view: "keys" }),
    a: () => document.querySelector("[data-answer]")?.focus(),
    m: () => chosen?.own && state.view === "floor" && amend(chosen),
    n: () => show(null),
    ",": () => stepTime(-1),
    ".": () => stepTime(1),
    "<": () => stepTime(-10),
    ">": () => stepTime(10),
    " ": playOrHalt,
    "+": () => zoom(1),
    "-": () => zoom(-1),
    0: () => showAll(),
    d: () => state.view === "file" && draw(),
  };
  if (!(key in acts)) return false;
  // Space and the digits belong to a control that has the focus.
  if (key === " " && event.target.closest("button, a, summary")) return false;
  acts[key]();
  return true;
}

/** Listens for keys; `context()` gives the rows of the list and the row of the alarm that is up. */
export function listenToKeys(context) {
  document.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const isHandled = handle(event, context());
    if (isHandled) event.preventDefault();
  });
}

function handle(event, context) {
  if (event.altKey && !event.ctrlKey && !event.metaKey) return withAlt(event);
  if (event.key === "F6") return (nextPane(), true);
  if (event.key === "Escape") return (disarm(), stopDrawing(), false);
  if (event.ctrlKey && event.key === "Enter") return state.view === "file" ? (send(), true) : false;
  if (event.ctrlKey || event.metaKey) return false;
  if (event.target.id === "map" && drawingKey(event.key)) return true;
  // A held-down Enter must not send what it has just armed.
  if (event.repeat && ["Enter", " "].includes(event.key)) return !isText(event.target);
  if (isText(event.target) || (!state.lettersOn && event.key !== "?")) return false;
  return letter(event, context);
}
