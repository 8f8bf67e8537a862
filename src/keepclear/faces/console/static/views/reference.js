// The reference view: public facts with who says them and where, side by side. Read-only; it judges nothing.
import { free, h, ltr, replaceKeeping } from "../dom.js";
import { distance } from "../format.js";
import { say } from "../words.js";
import { change, state } from "../state.js";
import { get } from "../api.js";
import { incident } from "./incident.js";
import { claims, names, note, plain, section, sources, table, tag, view } from "./refparts.js";
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

const SECTIONS = {
  about: () => {
    const about = view().about;
    return [
      h("h1", {}, free(about.title)),
      h("p", {}, free(about.purpose)),
      h("p", {}, free(about.neutrality)),
      h("p", {}, free(about.time)),
      h("p", { class: "quiet" }, free(about.prepared)),
    ];
  },
  parties: () => [
    h("h1", {}, say("ref.parties")),
    table(
      [say("ref.name"), say("ref.kind")],
      [...view().parties, ...view().others].map((one) =>
        h("tr", {}, h("th", { scope: "row" }, free(one.name)), h("td", {}, plain(one.kind || ""))),
      ),
    ),
  ],
  agreements: () => [h("h1", {}, say("ref.agreements")), view().agreements.map(agreement)],
  zones: () => {
    setTimeout(drawZones, 0);
    return [
      h("h1", {}, say("ref.zones")),
      mapHolder,
      h("p", { class: "hint" }, say("ref.on_map")),
      view().zones.map(zone),
    ];
  },
  posts: () => {
    const { posts } = view();
    const row = (one) =>
      h(
        "tr",
        {},
        h("td", {}, one.number === null ? "—" : ltr(one.number)),
        h("th", { scope: "row" }, free(one.name), sources(one.sources)),
        h("td", {}, free(one.name_variants.join(", "))),
        h("td", {}, free(one.near || "—")),
        h("td", {}, free(one.established || "—")),
        h("td", {}, free(one.closed || "—")),
      );
    return [
      h("h1", {}, say("ref.posts")),
      h("p", {}, say("ref.posts_note"), " ", free(posts.note)),
      table(
        ["", say("ref.name"), say("ref.variants"), say("ref.near"), say("ref.established"), say("ref.closed")],
        posts.items.map(row),
      ),
    ];
  },
  meetings: () => [
    h("h1", {}, say("ref.meetings")),
    table(
      [say("ref.date"), say("ref.kind"), say("ref.parties"), ""],
      view().meetings.map((one) =>
        h(
          "tr",
          {},
          h("th", { scope: "row" }, ltr(one.date)),
          h("td", {}, plain(one.kind)),
          h("td", {}, free(names(one.parties))),
          h("td", {}, free(one.summary), sources(one.sources), claims(one.claims), note(one.note)),
        ),
      ),
    ),
  ],
  differences: () => [
    h("h1", {}, say("ref.differences")),
    table(
      ["", say("ref.text_says"), say("ref.record_shows")],
      view().differences.map((one) =>
        h(
          "tr",
          { "data-difference": one.id },
          h(
            "th",
            { scope: "row" },
            free(one.topic),
            one.true_when_written ? h("div", {}, tag(say("ref.true_then"))) : null,
          ),
          h(
            "td",
            {},
            free(one.text_says),
            one.quotation
              ? h(
                  "p",
                  {},
                  h("span", { class: "quiet sm" }, say("ref.quotation"), ": "),
                  h("q", {}, free(one.quotation)),
                )
              : null,
          ),
          h("td", {}, free(one.record_shows), sources(one.sources), note(one.note)),
        ),
      ),
    ),
  ],
  statements: () => [
    h("h1", {}, say("ref.statements")),
    view().joint_statements.map((one) =>
      h(
        "article",
        { class: "dcard" },
        h("h2", {}, ltr(one.date), " ", free(names(one.parties))),
        h(
          "ul",
          { class: "dots" },
          one.points.map((point) => h("li", {}, free(point))),
        ),
        sources(one.sources),
      ),
    ),
  ],
  parameters: () => [
    h("h1", {}, say("ref.parameters")),
    table(
      [say("ref.name"), say("ref.value"), say("ref.profile"), say("ref.status")],
      view().parameters.map((one) =>
        h(
          "tr",
          {},
          h("th", { scope: "row" }, plain(one.key)),
          h("td", {}, ltr(one.low === one.high ? one.low : `${one.low} – ${one.high}`), " ", free(one.unit)),
          h("td", {}, free(plain(one.profile))),
          h("td", {}, plain(one.status), sources(one.sources)),
        ),
      ),
    ),
  ],
  sources: () => [
    h("h1", {}, say("ref.sources")),
    h(
      "dl",
      {},
      Object.entries(view().sources).map(([key, one]) =>
        h(
          "div",
          { class: "kv wide", id: `ref-${key}` },
          h("dt", {}, ltr(key)),
          h(
            "dd",
            {},
            free(one.title),
            " ",
            tag(one.kind),
            one.address ? h("div", { class: "quiet mono wrap" }, ltr(one.address, "n wrap")) : null,
          ),
        ),
      ),
    ),
  ],
};

function agreement(one) {
  const text =
    one.text_public === true
      ? "ref.text_public"
      : one.text_public === false
        ? "ref.text_not_public"
        : "ref.text_unknown";
  return h(
    "article",
    { class: "dcard" },
    h("h2", {}, free(one.name)),
    h(
      "p",
      {},
      ltr(one.date),
      " · ",
      free(names(one.parties)),
      " ",
      tag(plain(one.kind)),
      " ",
      tag(plain(one.status)),
      " ",
      tag(say(text)),
      one.scope === "elsewhere" ? tag(say("ref.elsewhere")) : null,
      one.document ? [" ", ltr(one.document)] : null,
      sources(one.sources),
    ),
    h(
      "ul",
      { class: "dots" },
      one.terms.map((term) =>
        h(
          "li",
          {},
          free(term.text),
          term.status === "undisputed" ? null : [" ", tag(plain(term.status))],
          sources(term.sources),
          claims(term.claims),
          note(term.note),
        ),
      ),
    ),
    claims(one.claims),
    note(one.note),
  );
}

function zone(one) {
  const ring = one.geometry ? say("ref.ring", ltr(distance(one.geometry.radius_m))) : say("ref.no_geometry");
  return h(
    "article",
    { class: "dcard", "data-zone": one.id },
    h("h2", {}, free(one.name), " ", tag(plain(one.kind))),
    h(
      "p",
      {},
      ring,
      one.stated.length ? [" · ", say("ref.stated"), ": ", free(one.stated.join("; "))] : null,
      " ",
      tag(plain(one.status)),
      sources(one.sources),
    ),
    claims(one.claims),
    note(one.note),
  );
}

/** Rings of public terms on the map, with nothing in their middle and nothing live beside them. */
function drawZones() {
  const rings = view()
    .zones.filter((one) => one.geometry)
    .map((one) => ({
      volume: {
        circle: { lat: one.geometry.center.lat_deg, lon: one.geometry.center.lon_deg, radius_m: one.geometry.radius_m },
      },
      name: `${one.name}, ${distance(one.geometry.radius_m)}`,
    }));
  if (!mapHolder.isConnected) return;
  replaceKeeping(mapHolder, mapBox(null));
  drawNothingLive();
  drawRings(rings);
  if (rings.length && shownRing !== "zones") setTimeout(() => showVolumes(rings.map((one) => one.volume)), 50);
  shownRing = "zones";
}

// ----------------------------------------------------------------------------------------------------------------- page

const WORDS = {
  about: "ref.about",
  parties: "ref.parties",
  agreements: "ref.agreements",
  zones: "ref.zones",
  posts: "ref.posts",
  meetings: "ref.meetings",
  differences: "ref.differences",
  statements: "ref.statements",
  parameters: "ref.parameters",
  sources: "ref.sources",
};

function contents() {
  const link = (key, words) =>
    h(
      "li",
      {},
      h(
        "button",
        {
          class: "entry",
          "data-key": `ref-${key}`,
          "aria-current": state.reference.section === key ? "true" : null,
          on: { click: () => section(key) },
        },
        words,
      ),
    );
  const before = ["about", "parties", "agreements", "zones", "posts", "meetings"];
  return h(
    "aside",
    { class: "list reclist", id: "list", tabindex: -1, "aria-label": say("ref.title"), "data-scroll": "ref" },
    h("h2", {}, say("ref.title")),
    h("p", { class: "none" }, say("ref.read_only")),
    h(
      "ol",
      { class: "entries" },
      before.map((key) => link(key, say(WORDS[key]))),
      h("li", { class: "none" }, say("ref.incidents")),
      view().incidents.map((one) => link(one.id, [ltr(one.date.slice(0, 4)), " ", free(one.title)])),
      Object.keys(WORDS)
        .filter((key) => !before.includes(key))
        .map((key) => link(key, say(WORDS[key]))),
    ),
  );
}

/** The children of the main area. */
export function referenceView(side) {
  if (!state.reference) load();
  if (!state.reference?.view)
    return [
      h(
        "section",
        { class: "pmain", tabindex: 0 },
        h("p", { class: "quiet" }, state.reference ? say("ref.none") : say("record.loading")),
      ),
      side,
    ];
  const key = state.reference.section;
  const chosen = view().incidents.find((one) => one.id === key);
  if (key !== "zones") shownRing = "";
  const { about } = view();
  const head = key === "about" ? null : h("p", { class: "hint" }, free(about.neutrality));
  return [
    contents(),
    h(
      "section",
      { class: "pmain refpage", tabindex: 0, "data-scroll": `ref-${key}`, "aria-label": say("ref.title") },
      head,
      chosen ? incident(chosen) : SECTIONS[key](),
    ),
    side,
  ];
}
