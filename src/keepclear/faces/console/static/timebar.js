// The time bar: when each notice holds, where two meet, and which instant the map shows.
import { h, replaceKeeping, s } from "./dom.js";
import { at, dateText, zulu, zuluPlanText, zuluText } from "./format.js";
import { say } from "./words.js";
import { change, noticeKey, party, state } from "./state.js";
import { now } from "./clock.js";
import { box, drawnBox, patterns, shared, text } from "./strips.js";

const HOUR = 3600e3;
const BACK = 1 * HOUR;
const SPANS = [2, 4, 6, 12, 24, 72, 240, 2400].map((hours) => hours * HOUR);
const TICKS = [10 * 60e3, 30 * 60e3, HOUR, 3 * HOUR, 6 * HOUR, 24 * HOUR, 240 * HOUR];
const PLAY_RATE = 120; // seconds of the picture in one second of playing
let hot;
let draft = null;

/** The hours shown: from one hour ago to the end of what is live, in one of a few lengths so that it seldom jumps. */
function range() {
  const from = Math.floor((now() - BACK) / (HOUR / 2)) * (HOUR / 2);
  const ends = (state.picture?.notices || []).filter((one) => one.state !== "Ended").map((one) => at(one.end));
  if (draft) ends.push(at(draft.end));
  const need = Math.max(...ends.filter(Number.isFinite), now() + HOUR) - from;
  return [from, from + (SPANS.find((length) => length >= need) ?? SPANS.at(-1))];
}

/** Rows for the bar: the hot one, the draft, the chosen ones and those in conflict first, then by start. As many as fit. */
function shownRows(most) {
  const chosen = state.chosen?.key || "";
  const inConflict = new Set(state.picture.conflicts.flatMap((one) => [noticeKey(one.one), noticeKey(one.other)]));
  const rank = (one) =>
    noticeKey(one) === hot
      ? 0
      : one === draft
        ? 1
        : chosen.includes(noticeKey(one))
          ? 2
          : inConflict.has(noticeKey(one))
            ? 3
            : 4;
  const live = state.picture.notices.filter((one) => one.state !== "Ended" || state.shownAt !== null);
  const all = [...(draft ? [draft] : []), ...live].sort(
    (one, other) => rank(one) - rank(other) || at(one.start) - at(other.start),
  );
  return { rows: all.slice(0, most), more: Math.max(0, all.length - most) };
}

function ticks(from, until, x, height) {
  const step = TICKS.find((one) => (until - from) / one <= 10) ?? TICKS.at(-1);
  const marks = [];
  for (let ms = Math.ceil(from / step) * step; ms < until; ms += step) {
    const words = step >= 24 * HOUR ? dateText(ms).slice(0, 6) : zuluPlanText(ms);
    marks.push(s("line", { x1: x(ms), x2: x(ms), y1: 14, y2: height, class: "gridline" }));
    if (x(ms) > 20 && x(ms) < x(until) - 30) marks.push(text(x(ms), 11, words, "tick", "middle"));
  }
  return marks;
}

function meetings(notice) {
  return state.picture.conflicts.filter((one) =>
    [one.one, one.other].some((side) => noticeKey(side) === noticeKey(notice)),
  );
}

function rowMarks(notice, place, rowHeight, x, until) {
  const [start, end] = [at(notice.start), at(notice.end)];
  const frame = {
    x: x(start),
    y: 16 + place * rowHeight,
    width: x(end) - x(start),
    height: Math.min(rowHeight - 3, 17),
  };
  const isHot = noticeKey(notice) === hot;
  const crossed = meetings(notice)
    .filter((one) => at(one.end) > at(one.start))
    .map((one) => {
      const isAlarm = [one.one, one.other].some((side) => noticeKey(side) === hot);
      return shared("time", { ...frame, x: x(at(one.start)), width: x(at(one.end)) - x(at(one.start)) }, isAlarm);
    });
  const inside = frame.width > 74 && !crossed.length;
  const after = x(end) + 4;
  const [labelX, anchor] = inside
    ? [frame.x + 4, "start"]
    : after + 60 < x(until)
      ? [after, "start"]
      : [frame.x - 4, "end"];
  const word = text(
    labelX,
    frame.y + frame.height - 4,
    notice === draft ? say("map.draft") : notice.id,
    `lbl p${party(notice.party).slot % 3} ${isHot ? "hot" : ""}`,
    anchor,
  );
  return [box("time", notice, frame, isHot), crossed, word];
}

const plot = drawnBox((width, height, svg) => {
  if (!state.picture) return [];
  const [from, until] = range();
  const x = (ms) => 4 + ((width - 8) * (Math.max(from, Math.min(until, ms)) - from)) / (until - from);
  const { rows, more } = shownRows(Math.max(1, Math.floor((height - 16) / 17)));
  svg.setAttribute(
    "aria-label",
    rows.map((one) => `${one.id} ${zuluPlanText(at(one.start))}–${zuluPlanText(at(one.end))}`).join(", ") ||
      say("time.nothing"),
  );
  const rowHeight = rows.length ? Math.min(20, (height - 18) / rows.length) : 20;
  const nowX = x(now());
  const shownX = state.shownAt === null ? null : x(state.shownAt);
  return [
    patterns("time"),
    ticks(from, until, x, height),
    rows.map((one, place) => rowMarks(one, place, rowHeight, x, until)),
    more ? text(width - 4, height - 3, `+${more}`, "tick", "end") : null,
    rows.length ? null : text(width / 2, height / 2 + 8, say("time.nothing"), "tick", "middle"),
    s("line", { x1: nowX, x2: nowX, y1: 0, y2: height, class: "nowline" }),
    s("path", { d: `M${nowX - 5} 0h10l-5 7z`, class: "nowtip" }),
    shownX === null ? null : s("line", { x1: shownX, x2: shownX, y1: 0, y2: height, class: "shownline" }),
  ];
});

/** Moves the instant shown; null is now. Beyond the bar it stays at its end. */
export function show(ms) {
  const [from, until] = range();
  change({
    shownAt: ms === null ? null : Math.max(from, Math.min(until, ms)),
    playing: ms === null ? false : state.playing,
  });
}

export const stepTime = (minutes) => show((state.shownAt ?? now()) + minutes * 60e3);

let playTimer = 0;
/** Plays two minutes in a second, or halts. */
export function playOrHalt() {
  clearInterval(playTimer);
  if (state.playing) return change({ playing: false });
  change({ playing: true, shownAt: state.shownAt ?? now() });
  playTimer = setInterval(() => {
    const [, until] = range();
    if (!state.playing || state.shownAt >= until) return (clearInterval(playTimer), change({ playing: false }));
    return change({ shownAt: Math.min(until, state.shownAt + (PLAY_RATE * 1000) / 4) });
  }, 250);
  return undefined;
}

const head = h("div", { class: "striphead" });
const bar = h("section", { class: "strip time", "aria-label": say("time.bar"), dir: "ltr" }, head, plot.holder);

function drawHead() {
  const [from, until] = range();
  const shown = state.shownAt ?? now();
  const slide = h("input", {
    type: "range",
    "data-key": "time-slide",
    min: from,
    max: until,
    step: 60000,
    value: Math.round(shown / 60000) * 60000,
    "aria-label": say("time.slide"),
    "aria-valuetext": zuluText(shown),
    on: { input: (event) => show(Number(event.target.value)) },
  });
  const instant =
    state.shownAt === null ? h("bdi", { dir: "ltr", class: "n", "data-now": true }, zuluText(now())) : zulu(shown);
  replaceKeeping(
    head,
    h(
      "button",
      { class: "mini", "data-key": "time-play", "aria-pressed": String(state.playing), on: { click: playOrHalt } },
      state.playing ? "❚❚ " : "▶ ",
      say(state.playing ? "time.halt" : "time.play"),
    ),
    h(
      "button",
      {
        class: "mini",
        "data-key": "time-now",
        "aria-pressed": String(state.shownAt === null),
        on: { click: () => show(null) },
      },
      say("time.now"),
    ),
    h("span", { class: "slide" }, slide),
    h("span", { class: "n quiet" }, say("time.showing", instant)),
  );
}

/** The strip; `hotKey` is the notice of a warning that waits, `draftNotice` the form's draft or null. Kept, not made anew. */
export function timeBar(hotKey, draftNotice = null) {
  [hot, draft] = [hotKey, draftNotice];
  // While the slide is held, replacing it would take it out of the hand.
  if (document.activeElement?.dataset?.key !== "time-slide" || state.shownAt === null) drawHead();
  else head.lastChild.replaceChildren(...[say("time.showing", zulu(state.shownAt))].flat());
  plot.redraw();
  return bar;
}
