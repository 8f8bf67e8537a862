// The reference view: public facts with who says them and where, side by side. Read-only; it judges nothing.
import { free, h, ltr, replaceKeeping } from "../dom.js";
import { at, dateText, distance, span, zuluText } from "../format.js";
import { say } from "../words.js";
import { change, state } from "../state.js";
import { get } from "../api.js";
import { drawNothingLive, drawRings, mapBox, showVolumes } from "../map.js";

let isLoading = false;
let shownRing = "";
const mapHolder = h("div", { class: "refmap" });

async function load() {
  if (isLoading) return;
  isLoading = true;
  try {
    change({ reference: { view: await get("/v1/reference"), section: "about" } });
  } catch (problem) {
    change({ reference: { view: null, problem: problem.message, section: "about" } });
  }
}

const view = () => state.reference.view;
const nameOf = (id) => view().names[id] || id;
const names = (ids) => ids.map(nameOf).join(", ");
const tag = (words) => (words ? h("span", { class: "tag quiet" }, words) : null);
const plain = (code) => String(code).replaceAll("_", " ");
const note = (text) => (text ? h("p", { class: "hint" }, h("b", {}, say("ref.note"), ": "), free(text)) : null);

/** Sources as titles with their keys; addresses are shown as text in the list of sources, and never loaded. */
const sources = (keys) => h("span", { class: "quiet sm refs" }, (keys || []).map((key) => [" ", h("button", { class: "ref", on: { click: () => section("sources", key) } }, ltr(`[${key}]`))]));
const section = (name, anchor) => {
  change({ reference: { ...state.reference, section: name } });
  if (anchor) setTimeout(() => document.getElementById(`ref-${anchor}`)?.scrollIntoView({ block: "center" }), 50);
};

const claim = (one) => h("li", { class: "claim" }, h("b", {}, free(nameOf(one.by))), one.speaker ? [", ", h("span", { class: "quiet" }, free(one.speaker))] : null, ": ", free(one.text), sources(one.sources));
const claims = (list) => (list?.length ? h("ul", { class: "claims" }, list.map(claim)) : null);
const table = (heads, rows) => h("table", { class: "accounts" }, h("thead", {}, h("tr", {}, heads.map((one) => h("th", { scope: "col" }, one)))), h("tbody", {}, rows));

const SECTIONS = {
  about: () => {
    const about = view().about;
    return [h("h1", {}, free(about.title)), h("p", {}, free(about.purpose)), h("p", {}, free(about.neutrality)), h("p", {}, free(about.time)), h("p", { class: "quiet" }, free(about.prepared))];
  },
  parties: () => [h("h1", {}, say("ref.parties")), table([say("ref.name"), say("ref.kind")], [...view().parties, ...view().others].map((one) => h("tr", {}, h("th", { scope: "row" }, free(one.name)), h("td", {}, plain(one.kind || "")))))],
  agreements: () => [h("h1", {}, say("ref.agreements")), view().agreements.map(agreement)],
  zones: () => {
    setTimeout(drawZones, 0);
    return [h("h1", {}, say("ref.zones")), mapHolder, h("p", { class: "hint" }, say("ref.on_map")), view().zones.map(zone)];
  },
  posts: () => {
    const { posts } = view();
    const row = (one) => h("tr", {}, h("td", {}, one.number === null ? "—" : ltr(one.number)), h("th", { scope: "row" }, free(one.name), sources(one.sources)), h("td", {}, free(one.name_variants.join(", "))), h("td", {}, free(one.near || "—")), h("td", {}, free(one.established || "—")), h("td", {}, free(one.closed || "—")));
    return [h("h1", {}, say("ref.posts")), h("p", {}, say("ref.posts_note"), " ", free(posts.note)), table(["", say("ref.name"), say("ref.variants"), say("ref.near"), say("ref.established"), say("ref.closed")], posts.items.map(row))];
  },
  meetings: () => [h("h1", {}, say("ref.meetings")), table([say("ref.date"), say("ref.kind"), say("ref.parties"), ""], view().meetings.map((one) => h("tr", {}, h("th", { scope: "row" }, ltr(one.date)), h("td", {}, plain(one.kind)), h("td", {}, free(names(one.parties))), h("td", {}, free(one.summary), sources(one.sources), claims(one.claims), note(one.note)))))],
  differences: () => [h("h1", {}, say("ref.differences")), table(["", say("ref.text_says"), say("ref.record_shows")], view().differences.map((one) => h("tr", { "data-difference": one.id }, h("th", { scope: "row" }, free(one.topic), one.true_when_written ? h("div", {}, tag(say("ref.true_then"))) : null), h("td", {}, free(one.text_says), one.quotation ? h("p", {}, h("span", { class: "quiet sm" }, say("ref.quotation"), ": "), h("q", {}, free(one.quotation))) : null), h("td", {}, free(one.record_shows), sources(one.sources), note(one.note)))))],
  statements: () => [h("h1", {}, say("ref.statements")), view().joint_statements.map((one) => h("article", { class: "dcard" }, h("h2", {}, ltr(one.date), " ", free(names(one.parties))), h("ul", { class: "dots" }, one.points.map((point) => h("li", {}, free(point)))), sources(one.sources)))],
  parameters: () => [h("h1", {}, say("ref.parameters")), table([say("ref.name"), say("ref.value"), say("ref.profile"), say("ref.status")], view().parameters.map((one) => h("tr", {}, h("th", { scope: "row" }, plain(one.key)), h("td", {}, ltr(one.low === one.high ? one.low : `${one.low} – ${one.high}`), " ", free(one.unit)), h("td", {}, free(plain(one.profile))), h("td", {}, plain(one.status), sources(one.sources)))))],
  sources: () => [h("h1", {}, say("ref.sources")), h("dl", {}, Object.entries(view().sources).map(([key, one]) => h("div", { class: "kv wide", id: `ref-${key}` }, h("dt", {}, ltr(key)), h("dd", {}, free(one.title), " ", tag(one.kind), one.address ? h("div", { class: "quiet mono wrap" }, ltr(one.address, "n wrap")) : null))))],
};

function agreement(one) {
  const text = one.text_public === true ? "ref.text_public" : one.text_public === false ? "ref.text_not_public" : "ref.text_unknown";
  return h("article", { class: "dcard" }, h("h2", {}, free(one.name)), h("p", {}, ltr(one.date), " · ", free(names(one.parties)), " ", tag(plain(one.kind)), " ", tag(plain(one.status)), " ", tag(say(text)), one.scope === "elsewhere" ? tag(say("ref.elsewhere")) : null, one.document ? [" ", ltr(one.document)] : null, sources(one.sources)),
    h("ul", { class: "dots" }, one.terms.map((term) => h("li", {}, free(term.text), term.status === "undisputed" ? null : [" ", tag(plain(term.status))], sources(term.sources), claims(term.claims), note(term.note)))), claims(one.claims), note(one.note));
}

function zone(one) {
  const ring = one.geometry ? say("ref.ring", ltr(distance(one.geometry.radius_m))) : say("ref.no_geometry");
  return h("article", { class: "dcard", "data-zone": one.id }, h("h2", {}, free(one.name), " ", tag(plain(one.kind))), h("p", {}, ring, one.stated.length ? [" · ", say("ref.stated"), ": ", free(one.stated.join("; "))] : null, " ", tag(plain(one.status)), sources(one.sources)), claims(one.claims), note(one.note));
}

/** Rings of public terms on the map, with nothing in their middle and nothing live beside them. */
function drawZones() {
  const rings = view().zones.filter((one) => one.geometry).map((one) => ({ volume: { circle: { lat: one.geometry.center.lat_deg, lon: one.geometry.center.lon_deg, radius_m: one.geometry.radius_m } }, name: `${one.name}, ${distance(one.geometry.radius_m)}` }));
  if (!mapHolder.isConnected) return;
  replaceKeeping(mapHolder, mapBox(null));
  drawNothingLive();
  drawRings(rings);
  if (rings.length && shownRing !== "zones") setTimeout(() => showVolumes(rings.map((one) => one.volume)), 50);
  shownRing = "zones";
}

// ------------------------------------------------------------------------------------------------------------ incidents

/** One column for each who speaks, in the order given; what one does not speak of stays open. */
function topics(incident) {
  const speakers = [...new Set(incident.topics.flatMap((one) => one.claims.map((said) => said.by)))];
  const cell = (one, by) => h("td", {}, one.claims.filter((said) => said.by === by).map((said) => h("p", {}, free(said.text), said.speaker ? [" ", h("span", { class: "quiet sm" }, free(said.speaker))] : null, sources(said.sources))));
  return table([say("ref.topic"), ...speakers.map((by) => say("ref.said", free(nameOf(by))))], incident.topics.map((one) => h("tr", {}, h("th", { scope: "row" }, free(one.topic), note(one.note)), speakers.map((by) => cell(one, by)))));
}

function timeline(incident) {
  const row = (one) => {
    const clock = one.at ? (one.approximate ? say("ref.about_time", ltr(one.at.slice(11))) : ltr(one.at.slice(11))) : h("span", { class: "quiet" }, say("ref.no_time"));
    const printed = one.published.map((two) => h("div", { class: "quiet sm" }, say("ref.as_printed", ltr(two.clock), free(two.zone))));
    return h("tr", {}, h("td", {}, clock, printed), h("td", {}, free(nameOf(one.by))), h("td", {}, free(one.text), sources(one.sources), one.release ? h("div", { class: "quiet sm" }, free(one.release)) : null));
  };
  // What has no clock time stands at the end, and is not sorted in among the others.
  const sorted = [...incident.timeline.filter((one) => one.at).sort((one, other) => at(one.at) - at(other.at)), ...incident.timeline.filter((one) => !one.at)];
  return table([say("ref.at"), say("ref.by"), ""], sorted.map(row));
}

function leadOf(one) {
  if (one.basis === "clock_times") return say("ref.lead_between", span(one.lead_s * 1000), span(one.bracket_s[0] * 1000), span(one.bracket_s[1] * 1000));
  if (one.basis === "words") return say("ref.lead_words", span(one.longer_than_s * 1000));
  return say("ref.lead_none");
}

function incident(one) {
  const leads = one.lead_times.length ? [h("h2", {}, say("ref.lead")), table([say("ref.by"), say("notice.lead"), say("ref.stated")], one.lead_times.map((lead) => h("tr", { "data-lead": lead.by }, h("th", { scope: "row" }, free(nameOf(lead.by))), h("td", {}, leadOf(lead)), h("td", {}, free(lead.stated || "—"), sources(lead.sources)))))] : null;
  const when = (side) => [ltr(`${zuluText(at(side.first_at)).slice(0, 5)}Z`), " ", h("span", { class: "quiet sm" }, free(side.release))];
  const gaps = one.clock_gaps.length ? [h("h2", {}, say("ref.gaps")), h("ul", { class: "dots" }, one.clock_gaps.map((gap) => h("li", {}, h("b", {}, free(nameOf(gap.by))), ": ", say("ref.gap", when(gap.earlier), when(gap.later), span(gap.least_s * 1000), span(gap.most_s * 1000)))))] : null;
  return [h("h1", {}, free(one.title)), h("p", {}, ltr(dateText(at(one.date))), " · ", free(names(one.parties)), one.scope === "elsewhere" ? [" ", tag(say("ref.elsewhere"))] : null),
    one.common_ground.length ? [h("h2", {}, say("ref.common")), h("ul", { class: "dots" }, one.common_ground.map((ground) => h("li", {}, free(ground.text), sources(ground.sources))))] : null,
    one.topics.length ? [h("h2", {}, say("ref.accounts")), topics(one)] : null, leads, one.timeline.length ? [h("h2", {}, say("ref.timeline")), timeline(one)] : null, gaps,
    one.changes_after.length ? [h("h2", {}, say("ref.changes")), claims(one.changes_after)] : null, note(one.note)];
}

// ----------------------------------------------------------------------------------------------------------------- page

const WORDS = { about: "ref.about", parties: "ref.parties", agreements: "ref.agreements", zones: "ref.zones", posts: "ref.posts", meetings: "ref.meetings", differences: "ref.differences", statements: "ref.statements", parameters: "ref.parameters", sources: "ref.sources" };

function contents() {
  const link = (key, words) => h("li", {}, h("button", { class: "entry", "data-key": `ref-${key}`, "aria-current": state.reference.section === key ? "true" : null, on: { click: () => section(key) } }, words));
  const before = ["about", "parties", "agreements", "zones", "posts", "meetings"];
  return h("aside", { class: "list reclist", id: "list", tabindex: -1, "aria-label": say("ref.title"), "data-scroll": "ref" }, h("h2", {}, say("ref.title")), h("p", { class: "none" }, say("ref.read_only")),
    h("ol", { class: "entries" }, before.map((key) => link(key, say(WORDS[key]))), h("li", { class: "none" }, say("ref.incidents")), view().incidents.map((one) => link(one.id, [ltr(one.date.slice(0, 4)), " ", free(one.title)])), Object.keys(WORDS).filter((key) => !before.includes(key)).map((key) => link(key, say(WORDS[key])))));
}

/** The children of the main area. */
export function referenceView(side) {
  if (!state.reference) load();
  if (!state.reference?.view) return [h("section", { class: "pmain", tabindex: 0 }, h("p", { class: "quiet" }, state.reference ? say("ref.none") : say("record.loading"))), side];
  const key = state.reference.section;
  const chosen = view().incidents.find((one) => one.id === key);
  if (key !== "zones") shownRing = "";
  const { about } = view();
  const head = key === "about" ? null : h("p", { class: "hint" }, free(about.neutrality));
  return [contents(), h("section", { class: "pmain refpage", tabindex: 0, "data-scroll": `ref-${key}`, "aria-label": say("ref.title") }, head, chosen ? incident(chosen) : SECTIONS[key]()), side];
}
