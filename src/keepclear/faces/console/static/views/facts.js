// The facts of a notice as lines: place in decimal and in degrees, height with its datum, Zulu before local.
import { free, h, ltr } from "../dom.js";
import { at, band, decimal, distance, dms, height, leadSpan, localText, offsetText, span, zuluDay } from "../format.js";
import { say, sayCode } from "../words.js";
import { now } from "../clock.js";

export const fact = (word, ...values) => h("div", { class: "kv" }, h("dt", {}, word), h("dd", {}, values));

function placeOf(volume) {
  if (volume.circle) {
    const { lat, lon, radius_m: radius } = volume.circle;
    return [
      h("div", {}, ltr(dms(lat, lon), "n wrap"), " ", say("notice.radius", ltr(distance(radius)))),
      h("div", { class: "quiet" }, ltr(decimal(lat, lon))),
    ];
  }
  const corners = volume.polygon.map(([lat, lon]) =>
    h("li", {}, ltr(dms(lat, lon)), " ", h("span", { class: "quiet" }, ltr(decimal(lat, lon)))),
  );
  return [h("div", {}, say("notice.corners", ltr(volume.polygon.length))), h("ol", { class: "corners" }, corners)];
}

const heightOf = (volume) =>
  volume.lower.value_m === 0 && ["AMSL", "AGL"].includes(volume.lower.datum)
    ? say("notice.to", say("notice.surface"), ltr(height(volume.upper)))
    : ltr(band(volume.lower, volume.upper));

/** Zulu first, then local with its offset. */
export const timeOf = (ms) => [
  h("b", {}, zuluDay(ms, now())),
  " ",
  h("span", { class: "quiet" }, say("top.local", ltr(localText(ms, false)), ltr(offsetText(ms)))),
];

/** One volume: place, height, from, until. */
function volumeFacts(volume) {
  return [
    fact(say("notice.place"), placeOf(volume)),
    fact(say("notice.height"), heightOf(volume)),
    fact(say("notice.from"), timeOf(at(volume.start))),
    fact(say("notice.until"), timeOf(at(volume.end))),
  ];
}

/** The lead time at one recipient with its bracket, or that it was not received yet. */
export function leadOf(recipient) {
  if (!recipient.received || recipient.lead_s === null || recipient.lead_s === undefined)
    return h("span", { class: "quiet" }, say("notice.lead_wait"));
  const lead = leadSpan(recipient.lead_s);
  const bracket = recipient.lead_bracket_s;
  return [
    h(
      "div",
      { class: "lead" },
      h("b", {}, lead),
      recipient.is_short ? [" ", h("span", { class: "tag amber" }, "SHORT")] : null,
    ),
    bracket
      ? h("div", { class: "quiet" }, say("notice.lead_bracket", leadSpan(bracket[0]), leadSpan(bracket[1])))
      : null,
  ];
}

/** Everything a notice says. Brief: without what only its owner needs. */
export function noticeFacts(notice, { isBrief = false } = {}) {
  const parts = notice.volumes.map((volume, place) => [
    notice.volumes.length > 1 ? h("h3", {}, say("notice.part", ltr(place + 1), ltr(notice.volumes.length))) : null,
    h("dl", {}, volumeFacts(volume)),
  ]);
  const optional = (word, value, more) => (value ? fact(word, value, more) : null);
  const marked = h("span", { class: "quiet sm" }, " (", say("notice.not_targets"), ")");
  return h(
    "div",
    { class: "facts" },
    parts,
    h(
      "dl",
      {},
      fact(say("notice.action"), h("b", {}, sayCode("action", notice.action))),
      optional(say("notice.region"), notice.region ? [ltr(notice.region), " ", sayCode("region", notice.region)] : ""),
      optional(say("notice.contact"), notice.contact && free(notice.contact)),
      optional(say("notice.activity"), notice.activity && free(notice.activity)),
      optional(say("notice.remarks"), notice.remarks && free(notice.remarks), marked),
      notice.hidden?.length ? fact(say("notice.hidden"), ltr(notice.hidden.join(", "), "n wrap")) : null,
      !isBrief && notice.own && notice.slowest_mps
        ? fact(say("notice.clearing"), say("notice.clearing_text", ltr(notice.slowest_mps), ltr(notice.reaction_s)))
        : null,
    ),
  );
}
