// The vertical profile: heights along a line through what is chosen. Heights are as stated; data are not converted here.
import { h, replaceKeeping, s } from "./dom.js";
import { at, band, distance } from "./format.js";
import { say } from "./words.js";
import { findNotice, noticeKey, party, state } from "./state.js";
import { now } from "./clock.js";
import { axisOf, contains, lineThrough, middleOf } from "./geometry.js";
import { box, drawnBox, patterns, shared, text } from "./strips.js";
import { conflictKey } from "./rows.js";

const SAMPLES = 240;
let hot;
let draft = null;

/** What the profile runs through: {name, line}, or null when nothing is chosen. */
function course() {
  const notice = draft ?? findNotice(hot ?? chosenNotice());
  const conflict = draft ? null : conflictOf(notice);
  const pair = conflict ? [conflict.one, conflict.other].map((one) => findNotice(noticeKey(one))) : [];
  if (pair.length && pair.every((one) => one?.volumes.length))
    return alongPair(pair.sort((one, other) => other.own - one.own));
  if (!notice?.volumes.length) return null;
  return { name: notice === draft ? say("map.draft") : notice.id, line: along(notice) };
}

function chosenNotice() {
  const chosen = state.chosen;
  if (chosen?.type === "notice") return chosen.key;
  return chosen?.type === "alert" ? chosen.key.split(" ")[1].split("/").slice(0, 2).join("/") : null;
}

/** The conflict that is chosen, or that the notice is in; without a choice the first there is. */
function conflictOf(notice) {
  const { conflicts } = state.picture;
  if (state.chosen?.type === "conflict" && !hot) return conflicts.find((one) => conflictKey(one) === state.chosen.key);
  if (notice)
    return conflicts.find((one) => [one.one, one.other].some((side) => noticeKey(side) === noticeKey(notice)));
  return state.chosen && state.chosen.type !== "stop" ? null : conflicts[0];
}

const along = (notice) => lineThrough(...axisOf(notice.volumes), 0.35);

/** Along the first way that shows the two meeting: the one's long axis, the other's, or from middle to middle. */
function alongPair(pair) {
  const [one, other] = pair.map((notice) => middleOf(notice.volumes[0]));
  const middles = {
    name: `${pair[0].id} × ${pair[1].id}`,
    line: lineThrough(...(one[1] <= other[1] ? [one, other] : [other, one]), 0.9),
  };
  const ways = [...pair.map((notice) => ({ name: notice.id, line: along(notice) })), middles];
  return (
    ways.find((way) =>
      overlaps(pieces(way.line)).some((piece) => pair.every((notice) => piece.keys.includes(noticeKey(notice)))),
    ) ?? middles
  );
}

/** Where along the line each volume lies: [{notice, volume, from, until}], metres. */
function pieces(line) {
  const live = state.picture.notices.filter((one) => one.state !== "Ended" && at(one.end) > now());
  const step = line.length_m / SAMPLES;
  const places = Array.from({ length: SAMPLES + 1 }, (_, at) => line.place(at * step));
  return [...live, ...(draft ? [draft] : [])].flatMap((notice) =>
    notice.volumes.flatMap((volume) => {
      const found = [];
      places.forEach((place, at) => {
        if (!contains(volume, place)) return;
        const last = found.at(-1);
        if (last && last.until >= (at - 1) * step - 1) last.until = at * step;
        else found.push({ notice, volume, from: Math.max(0, (at - 0.5) * step), until: at * step });
      });
      return found;
    }),
  );
}

/** A round number of metres for the top of the scale, and the step of its ticks. */
function scale(all) {
  const top = Math.max(500, ...all.map((one) => one.volume.upper.value_m)) * 1.08;
  const step = [100, 200, 500, 1000, 2000, 5000, 10000].find((one) => top / one <= 4) ?? 10000;
  return { top, step };
}

function overlaps(all) {
  const isPair = (one, other) =>
    state.picture.conflicts.some((conflict) =>
      [conflict.one, conflict.other].every((side) =>
        [noticeKey(one.notice), noticeKey(other.notice)].includes(noticeKey(side)),
      ),
    );
  return all
    .flatMap((one, place) =>
      all
        .slice(place + 1)
        .filter((other) => one.notice !== other.notice && isPair(one, other))
        .map((other) => ({
          from: Math.max(one.from, other.from),
          until: Math.min(one.until, other.until),
          lower: Math.max(one.volume.lower.value_m, other.volume.lower.value_m),
          upper: Math.min(one.volume.upper.value_m, other.volume.upper.value_m),
          isHot: [one, other].some((side) => noticeKey(side.notice) === hot),
          keys: [noticeKey(one.notice), noticeKey(other.notice)],
        })),
    )
    .filter((one) => one.until > one.from && one.upper > one.lower);
}

const plot = drawnBox((width, height, svg) => {
  const way = state.picture && course();
  if (!way) return [text(width / 2, height / 2, say("profile.choose"), "tick", "middle")];
  const all = pieces(way.line);
  const { top, step } = scale(all);
  const x = (metres) => 44 + ((width - 52) * metres) / way.line.length_m;
  const y = (metres) => 5 + (height - 24) * (1 - Math.max(0, metres) / top);
  const frame = (one, lower, upper) => ({
    x: x(one.from),
    width: x(one.until) - x(one.from),
    y: y(upper),
    height: Math.max(2, y(lower) - y(upper)),
  });
  const levels = Array.from({ length: Math.floor(top / step) + 1 }, (_, at) => at * step);
  const kilometres = [0, 0.25, 0.5, 0.75, 1].map((share) => share * way.line.length_m);
  svg.setAttribute(
    "aria-label",
    all.map((one) => `${one.notice.id} ${band(one.volume.lower, one.volume.upper)}`).join(", "),
  );
  const names = all.map((one) =>
    text(
      x(one.from) + 4,
      Math.min(height - 20, y(one.volume.upper.value_m) + 12),
      `${one.notice === draft ? say("map.draft") : one.notice.id}${one.volume.upper.datum === "AMSL" ? "" : ` ${one.volume.upper.datum}`}`,
      `lbl p${party(one.notice.party).slot % 3} ${noticeKey(one.notice) === hot ? "hot" : ""}`,
    ),
  );
  return [
    patterns("profile"),
    levels.map((one) => [
      s("line", { x1: 44, x2: width - 8, y1: y(one), y2: y(one), class: one ? "gridline" : "ground" }),
      text(40, y(one) + 4, String(one), "tick", "end"),
    ]),
    kilometres.map((one, at) =>
      text(x(one), height - 4, distance(one), "tick", at === 0 ? "start" : at === 4 ? "end" : "middle"),
    ),
    all.map((one) =>
      box(
        "profile",
        one.notice,
        frame(one, one.volume.lower.value_m, one.volume.upper.value_m),
        noticeKey(one.notice) === hot,
      ),
    ),
    overlaps(all).map((one) => shared("profile", frame(one, one.lower, one.upper), one.isHot)),
    names,
  ];
});

const head = h("div", { class: "striphead" });
const strip = h("section", { class: "strip prof", "aria-label": say("profile.title") }, head, plot.holder);

/** The strip; arguments as for the time bar. Kept, not made anew. */
export function profileStrip(hotKey, draftNotice = null) {
  [hot, draft] = [hotKey, draftNotice];
  const way = state.picture && course();
  replaceKeeping(
    head,
    h("b", {}, say("profile.title")),
    h("span", { class: "quiet" }, way ? [say("profile.along", way.name), " · ", say("profile.metres")] : null),
  );
  plot.redraw();
  return strip;
}
