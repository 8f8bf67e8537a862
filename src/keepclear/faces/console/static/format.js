// Times, lengths of time, places and heights as words. A length of time never looks like a time of day.
import { h, ltr } from "./dom.js";
import { say } from "./words.js";

const two = (number) => String(number).padStart(2, "0");
const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

/** Milliseconds since 1970 of an RFC 3339 text; NaN for "not yet". */
export const at = (text) => (text ? Date.parse(text) : NaN);

/** 02:17:40Z */
export function zuluText(ms) {
  const day = new Date(ms);
  return `${two(day.getUTCHours())}:${two(day.getUTCMinutes())}:${two(day.getUTCSeconds())}Z`;
}

/** 02:17Z for what is planned to the minute, 02:17:40Z otherwise. */
export const zuluPlanText = (ms) => (ms % 60000 === 0 ? `${zuluText(ms).slice(0, 5)}Z` : zuluText(ms));

/** 14 MAR 2027 */
export function dateText(ms) {
  const day = new Date(ms);
  return `${two(day.getUTCDate())} ${MONTHS[day.getUTCMonth()]} ${day.getUTCFullYear()}`;
}

export const zulu = (ms) => ltr(zuluText(ms), "n z");
export const zuluPlan = (ms) => ltr(zuluPlanText(ms), "n z");

/** Zulu with the date before it when it is not today's. */
export function zuluDay(ms, now) {
  const date = dateText(ms);
  return date === dateText(now) ? zuluPlan(ms) : ltr(`${date.slice(0, 6)} ${zuluPlanText(ms)}`, "n z");
}

/** +02:00, the difference of this desk from Zulu at an instant. */
export function offsetText(ms) {
  const minutes = -new Date(ms).getTimezoneOffset();
  return `${minutes < 0 ? "−" : "+"}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
}

/** 04:17:40, by the clock of this desk. */
export function localText(ms, seconds = true) {
  const day = new Date(ms);
  return `${two(day.getHours())}:${two(day.getMinutes())}${seconds ? `:${two(day.getSeconds())}` : ""}`;
}

/** What somebody types as a time: "14 0245Z", "0245Z", "02:45", "+30" (minutes from now) or RFC 3339. NaN when it is none. */
export function readTime(text, now) {
  const plain = text.trim().toUpperCase();
  if (/^\d{4}-\d\d-\d\dT/.test(plain)) return Date.parse(plain);
  const later = /^\+(\d{1,5})$/.exec(plain);
  if (later) return Math.ceil((now + Number(later[1]) * 60000) / 60000) * 60000;
  const parts = /^(?:(\d{1,2})\s+)?([01]\d|2[0-3]):?([0-5]\d)(?::?([0-5]\d))?Z?$/.exec(plain);
  if (!parts) return NaN;
  const today = new Date(now);
  const [day, hour, minute, second] = parts.slice(1).map((part) => (part === undefined ? null : Number(part)));
  const make = (month, date) => Date.UTC(today.getUTCFullYear(), month, date, hour, minute, second || 0);
  if (day === null) {
    // No day given: the next such time, allowing for one that has just gone by.
    const ms = make(today.getUTCMonth(), today.getUTCDate());
    return ms < now - 6 * 3600e3 ? ms + 86400e3 : ms;
  }
  const ms = make(today.getUTCMonth(), day);
  if (new Date(ms).getUTCDate() !== day) return NaN;
  return ms < now - 20 * 86400e3 ? make(today.getUTCMonth() + 1, day) : ms;
}

/** 14 0245Z: how a planned time is written into a form. */
export function timeForForm(ms) {
  const day = new Date(ms);
  const seconds = day.getUTCSeconds() ? two(day.getUTCSeconds()) : "";
  return `${two(day.getUTCDate())} ${two(day.getUTCHours())}${two(day.getUTCMinutes())}${seconds}Z`;
}

/** A length of time in parts: [["6", "min"], ["20", "s"]]. Below zero counts as zero; who needs the sign asks for it. */
export function spanParts(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const [days, hours, minutes] = [
    Math.floor(seconds / 86400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ];
  if (days)
    return [
      [String(days), say("unit.d")],
      [String(hours), say("unit.h")],
    ];
  if (hours)
    return [
      [String(hours), say("unit.h")],
      [two(minutes), say("unit.min")],
    ];
  return [
    [String(minutes), say("unit.min")],
    [two(seconds % 60), say("unit.s")],
  ];
}

export const spanText = (ms) =>
  spanParts(ms)
    .map((part) => part.join(" "))
    .join(" ");

/** A length of time: "6 min 20 s", the units smaller than the numbers. */
export function span(ms) {
  const parts = spanParts(ms).map(([number, unit], place) => [
    place ? " " : null,
    ltr(number),
    " ",
    h("span", { class: "unit" }, unit),
  ]);
  return h("span", { class: "span" }, parts);
}

/** A lead time in seconds: how long before the start, or how long after it. */
export const leadSpan = (seconds) =>
  seconds < 0 ? say("notice.after_start", span(-seconds * 1000)) : span(seconds * 1000);

/** A countdown to an instant; `tick` in clock.js rewrites it once a second. Past zero it says by how much. */
export function countdown(dueMs, now) {
  const element = h("span", { class: "left", "data-due": dueMs });
  writeCountdown(element, now);
  return element;
}

export function writeCountdown(element, now) {
  const left = Number(element.dataset.due) - now;
  const text = left < -999 ? say("list.overdue", span(-left)) : span(left);
  element.replaceChildren(...[text].flat());
  element.classList.toggle("over", left < 0);
}

const degrees = (value, width, plus, minus) => {
  const seconds = Math.round(Math.abs(value) * 3600);
  const whole = String(Math.floor(seconds / 3600)).padStart(width, "0");
  return `${whole}°${two(Math.floor(seconds / 60) % 60)}′${two(seconds % 60)}″${value < 0 ? minus : plus}`;
};

/** 33°30′00″N 038°26′24″W */
export const dms = (lat, lon) => `${degrees(lat, 2, "N", "S")} ${degrees(lon, 3, "E", "W")}`;

/** 33.50000 −38.44000: latitude first, degrees. */
export const decimal = (lat, lon) => `${lat.toFixed(5)} ${lon.toFixed(5)}`.replaceAll("-", "−");

/** What somebody types as a latitude or longitude: "33.5", "-38.44", "33 30 00 N", "038°26′24″W". NaN when it is none. */
export function readDegrees(text, positive, negative) {
  const plain = text.trim().toUpperCase().replaceAll("−", "-");
  const parts =
    /^([+-]?)(\d{1,3}(?:\.\d+)?)(?:[°\s]+(\d{1,2}(?:\.\d+)?)(?:[′'\s]+(\d{1,2}(?:\.\d+)?)[″"]?)?[′']?)?[°]?\s*([NSEW]?)$/.exec(
      plain,
    );
  if (!parts) return NaN;
  const [, sign, whole, minutes = "0", seconds = "0", side] = parts;
  if (
    Number(minutes) >= 60 ||
    Number(seconds) >= 60 ||
    (side && ![positive, negative].includes(side)) ||
    (side && sign)
  )
    return NaN;
  const value = Number(whole) + Number(minutes) / 60 + Number(seconds) / 3600;
  return sign === "-" || side === negative ? -value : value;
}

/** 4.5 km, 850 m: a distance on the ground. */
export const distance = (metres) =>
  metres >= 1000
    ? `${Number((metres / 1000).toFixed(metres < 10000 ? 2 : 1))} km`
    : `${Number(metres.toFixed(metres < 10 ? 2 : 0))} m`;

/** 600 m AMSL; FL 95. Always with its datum. */
export function height(level) {
  if (level.datum === "FL") return `FL ${Math.round(level.value_m / 30.48)}`;
  return `${Number(level.value_m.toFixed(1))} m ${level.datum}`;
}

/** "600–1500 m AMSL", or both in full when the data differ. */
export function band(lower, upper) {
  if (lower.datum !== upper.datum || lower.datum === "FL") return `${height(lower)} – ${height(upper)}`;
  return `${Number(lower.value_m.toFixed(1))}–${height(upper)}`;
}

/** 48 213: thousands apart. */
export const count = (number) => String(number).replace(/\B(?=(\d{3})+(?!\d))/g, " ");
