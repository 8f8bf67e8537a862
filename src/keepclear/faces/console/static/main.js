// The console of one party: fetches the picture, follows the stream, and draws one of the views from what it knows.
import { h, replaceKeeping, token } from "./dom.js";
import { say } from "./words.js";
import { change, noticeKey, state, subscribe } from "./state.js";
import { now, onSecond, startClock } from "./clock.js";
import { startStream } from "./stream.js";
import { alarmRow, rowsOf } from "./rows.js";
import { drawBands, drawFoot, drawRail, drawTop, tickBands, tickTop } from "./chrome.js";
import { drawMap, placeMap } from "./map.js";
import { alarmPane, spokenAt, subjectOf, takesFocus, tickAlarm } from "./views/alarm.js";
import { cardPane, detailPane } from "./views/detail.js";
import { floorView } from "./views/floor.js";
import { fileView } from "./views/file.js";
import { linesView } from "./views/lines.js";
import { watchView } from "./views/watch.js";
import { recordView } from "./views/record.js";
import { referenceView } from "./views/reference.js";
import { keysView } from "./views/keyspage.js";
import { soundRows, unlock } from "./sound.js";
import { listenToKeys } from "./keys.js";

const parts = Object.fromEntries(
  ["top", "bands", "rail", "main", "foot"].map((id) => [id, document.getElementById(id)]),
);
const centre = h("section", { class: "centre" });
const spoken = h("div", { class: "sr spoken", role: "status", "aria-live": "assertive" });
const known = new Set(); // rows that were there before: only a new caution may take an empty pane
let rows = [];
let alarm; // the row that asks first
let shown; // the row whose answers stand in the pane: elsewhere than on the floor, only a STOP or a warning takes it
let drawnTheme = "";

/** The theme chosen by hand, else by the hour at this desk. Never by the system. */
function startTheme() {
  const hour = new Date().getHours();
  document.documentElement.dataset.theme = localStorage.getItem("theme") || (hour >= 7 && hour < 19 ? "day" : "night");
}

/** A new caution takes the detail pane of the floor when nothing is chosen; anything chosen stays. */
function chooseNew() {
  for (const row of rows) {
    const isNew = row.needs && !known.has(row.key);
    known.add(row.key);
    if (!isNew) continue;
    // Told once, when it comes: the list itself is drawn anew too often to be a live region.
    spoken.textContent = h("span", {}, say(`level.${row.level}`), ": ", row.title).textContent;
    if (!state.chosen && ["alert", "stop"].includes(row.choose.type)) state.chosen = row.choose;
  }
}

/** The notice of a warning that waits: it is red on the map and in the strips, whatever the pane shows. */
function hotKey() {
  const warning = alarm?.level === "warning" ? alarm : rows.find((row) => row.needs && row.level === "warning");
  const alert = warning && subjectOf(warning).alert;
  return alert && noticeKey(alert.notice);
}

const isUrgent = (row) => ["stop", "warning"].includes(row.level);

function drawMain(hot) {
  const side = state.card ? cardPane() : shown ? alarmPane(shown) : null;
  const views = {
    floor: () => floorView(rows, side ?? detailPane(), hot, centre),
    file: () => fileView(side, hot, centre),
    lines: () => linesView(side),
    watch: () => watchView(side),
    record: () => recordView(side),
    reference: () => referenceView(side),
    keys: () => keysView(side),
  };
  const kids = views[state.view]();
  const kind = { floor: "floor", file: "floor", lines: "page linespage", watch: "page linespage", record: "page rec", reference: "page ref", keys: "page keyspage" }[
    state.view
  ];
  parts.main.className = [kind, shown && !state.card ? "isalarm" : "", side ? "hasside" : ""].join(" ");
  replaceKeeping(parts.main, kids);
}

function draw() {
  if (!state.picture) {
    replaceKeeping(parts.main, h("p", { class: "emptyp" }, state.trouble?.text ?? say("load.first")));
    return;
  }
  rows = rowsOf(state, now());
  chooseNew();
  alarm = alarmRow(state, rows);
  shown = alarm && (state.view === "floor" || isUrgent(alarm)) ? alarm : undefined;
  const root = document.documentElement;
  root.dataset.state = state.isOffline ? "offline" : "live";
  root.dataset.view = state.view;
  document.title = say(alarm && isUrgent(alarm) ? "app.alarm_title" : "app.title");
  drawTop(parts.top);
  drawBands(parts.bands, alarm);
  drawRail(parts.rail);
  drawFoot(parts.foot);
  const hot = hotKey();
  if (["floor", "file"].includes(state.view)) drawMap(hot);
  drawMain(hot);
  placeMap();
  focusAlarm();
  if (drawnTheme !== root.dataset.theme) root.style.setProperty("--ol-background-color", token("--panel"));
  drawnTheme = root.dataset.theme;
}

/** The focus goes to an alarm's first answer, once; not out of a field in which somebody is writing. */
function focusAlarm() {
  const isNew = takesFocus(shown);
  const isWriting = document.activeElement?.matches?.("input:not([type=range]), textarea, select");
  if (isNew && !isWriting && !state.card) document.querySelector("[data-answer]")?.focus({ preventScroll: true });
}

function second(ms) {
  if (!state.picture) return;
  tickTop(ms);
  tickBands(ms);
  soundRows(rows, ms);
  if (shown) {
    const words = spokenAt(shown, ms);
    if (words) spoken.textContent = words;
    tickAlarm(shown);
  }
  const turns = [...rows.map((row) => row.due), ...Object.values(state.silenced), state.stopArmedUntil];
  const hasTurned = turns.some((turn) => Math.abs(turn - ms) < 1000);
  if (
    hasTurned ||
    ms % 60000 === 0 ||
    (state.caughtUp && ms - state.caughtUp.until > 60000 && ((state.caughtUp = null), true))
  )
    change();
}

startTheme();
document.querySelector(".skip").textContent = say("list.skip");
parts.rail.setAttribute("aria-label", say("view.views"));
document.body.append(spoken);
subscribe(draw);
listenToKeys(() => ({ rows, alarm: shown }));
// A browser sounds only after a gesture; the first one, whatever it is for, wakes it.
for (const gesture of ["pointerdown", "keydown"])
  addEventListener(gesture, () => unlock(), { once: true, capture: true });
onSecond(second);
startClock();
startStream();
