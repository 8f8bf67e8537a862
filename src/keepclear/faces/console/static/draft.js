// The draft of a notice: what stands in the form, kept in this session until it is filed or discarded; and what it means.
import { at, readDegrees, readTime, timeForForm } from "./format.js";
import { say } from "./words.js";
import { change, keep, state } from "./state.js";
import { now } from "./clock.js";

const EMPTY = {
  shape: "circle",
  lat: "",
  lon: "",
  radius: "",
  corners: "",
  lower: "0",
  lower_datum: "AMSL",
  upper: "",
  upper_datum: "AMSL",
  from: "",
  until: "",
  kind: "HAZARD",
  action: "KEEP_CLEAR",
  region: "",
  contact: "",
  remarks: "",
  activity: "",
  slowest: "0",
  reaction: "0",
  id: "",
  version: 0,
  others: [],
  confirmed: "",
};

/** A new draft: half an hour ahead, three quarters long, nothing else assumed. */
export function newDraft() {
  const start = Math.ceil((now() + 40 * 60e3) / 300e3) * 300e3;
  return { ...EMPTY, from: timeForForm(start), until: timeForForm(start + 45 * 60e3) };
}

/** A draft from a notice of ours, to be filed as its next version. */
export function draftOf(notice) {
  const [first, ...others] = notice.volumes;
  const place = first.circle
    ? {
        shape: "circle",
        lat: String(first.circle.lat),
        lon: String(first.circle.lon),
        radius: String(first.circle.radius_m),
      }
    : { shape: "polygon", corners: cornersText(first.polygon) };
  return {
    ...EMPTY,
    ...place,
    lower: String(first.lower.value_m),
    lower_datum: first.lower.datum,
    upper: String(first.upper.value_m),
    upper_datum: first.upper.datum,
    from: timeForForm(at(first.start)),
    until: timeForForm(at(first.end)),
    kind: notice.kind,
    action: notice.action,
    region: notice.region,
    contact: notice.contact,
    remarks: notice.remarks,
    activity: notice.activity || "",
    slowest: String(notice.slowest_mps || 0),
    reaction: String(notice.reaction_s || 0),
    id: notice.id,
    version: notice.version,
    others,
  };
}

export const cornersText = (polygon) => polygon.map(([lat, lon]) => `${lat} ${lon}`).join("\n");

/** Changes fields of the draft, and keeps them. */
export function edit(patch) {
  state.draft = { ...state.draft, ...patch };
  keep("draft", state.draft);
  change();
}

export function discard() {
  keep("draft", null);
  change({ draft: null, check: null });
}

/** A line "33.5 -38.4" or "33 30 00 N, 038 26 24 W" as [lat, lon]; NaN where it cannot be read. */
function cornerOf(line) {
  const sides = /^(.+?[NS])[\s,;]+(.+)$/i.exec(line) ?? /^(\S+?)[\s,;]+(\S+)$/.exec(line.trim());
  return sides ? [readDegrees(sides[1], "N", "S"), readDegrees(sides[2], "E", "W")] : [NaN, NaN];
}

const metres = (text) => (/^-?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : NaN);
const isLatitude = (value) => Math.abs(value) <= 90;
const isLongitude = (value) => Math.abs(value) <= 180;

function groundOf(draft, faults) {
  if (draft.shape === "circle") {
    const circle = {
      lat: readDegrees(draft.lat, "N", "S"),
      lon: readDegrees(draft.lon, "E", "W"),
      radius_m: metres(draft.radius),
    };
    if (!isLatitude(circle.lat)) faults.lat = say("fault.latitude");
    if (!isLongitude(circle.lon)) faults.lon = say("fault.longitude");
    if (!(circle.radius_m > 0)) faults.radius = say("fault.radius");
    return { circle };
  }
  const polygon = draft.corners
    .split("\n")
    .filter((line) => line.trim())
    .map(cornerOf);
  if (polygon.length < 3) faults.corners = say("fault.corners");
  if (polygon.some(([lat]) => !isLatitude(lat))) faults.corners = say("fault.latitude");
  else if (polygon.some(([, lon]) => !isLongitude(lon))) faults.corners = say("fault.longitude");
  return { polygon };
}

/** What the draft means: {ground, volume, faults}. `ground` is there as soon as it can be drawn, `volume` when nothing is wrong. */
export function readDraft(draft) {
  const faults = {};
  const ground = groundOf(draft, faults);
  const canDraw = !Object.keys(faults).length;
  const [lower, upper] = [metres(draft.lower), metres(draft.upper)];
  if (Number.isNaN(lower)) faults.lower = say("fault.height");
  if (Number.isNaN(upper)) faults.upper = say("fault.height");
  else if (draft.lower_datum === draft.upper_datum && upper <= lower) faults.upper = say("fault.heights");
  const [start, end] = [readTime(draft.from, now()), readTime(draft.until, now())];
  if (Number.isNaN(start)) faults.from = say("fault.time");
  if (Number.isNaN(end)) faults.until = say("fault.time");
  else if (end <= start) faults.until = say("fault.times");
  const iso = (ms) => (Number.isNaN(ms) ? "" : new Date(ms).toISOString());
  const volume = {
    ...ground,
    lower: { value_m: lower, datum: draft.lower_datum },
    upper: { value_m: upper, datum: draft.upper_datum },
    start: iso(start),
    end: iso(end),
  };
  return { ground: canDraw ? ground : null, volume: Object.keys(faults).length ? null : volume, faults, start, end };
}

/** The body for POST and PUT /v1/notices. */
export function bodyOf(draft, volume, by) {
  const body = {
    volumes: [volume, ...draft.others],
    kind: draft.kind,
    action: draft.action,
    region: draft.region,
    contact: draft.contact,
    remarks: draft.remarks,
    activity: draft.activity,
    slowest_mps: Math.max(0, Math.round(Number(draft.slowest)) || 0),
    reaction_s: Math.max(0, Math.round(Number(draft.reaction)) || 0),
    mode: "OPER",
    by,
    confirmed: draft.confirmed !== "" && draft.confirmed === draft.region,
  };
  return draft.id ? { ...body, version: draft.version } : { ...body, id: "" };
}
