// What every view shares and nothing may move: the top bar, the state bands, the rail and the foot.
import { free, glyph, h, levelMark, ltr, partyMark, replaceChanged, withIds } from "./dom.js";
import { at, count, dateText, localText, offsetText, span, zulu, zuluPlan, zuluText } from "./format.js";
import { LANGUAGES, chooseLanguage, language, languageOf, say, sayCode } from "./words.js";
import { change, keep, nameOf, parties, state, telephones } from "./state.js";
import { now } from "./clock.js";
import { post } from "./api.js";
import { unlock, playAll } from "./sound.js";
import { pressStop, disarm } from "./stop.js";

const CLOCK_SHOWN_MS = 2000; // a smaller difference between two clocks is not worth a look

/** The name that goes with what is sent, or "" until somebody holds the watch. */
export const holderName = () => state.holder?.name || "";

// ------------------------------------------------------------------------------------------------------------ top bar

function ownParty(picture) {
  return h(
    "div",
    { class: "me" },
    partyMark(parties()[picture.party]),
    h("b", {}, free(picture.name)),
    h("span", { class: "oper" }, "OPER"),
  );
}

function clock(picture) {
  const ms = now();
  const off = picture.peers.find((peer) => Math.abs(peer.clock_difference_ms || 0) > CLOCK_SHOWN_MS);
  const difference = off
    ? say(
        "top.clock_off",
        span(Math.abs(off.clock_difference_ms)),
        say(off.clock_difference_ms > 0 ? "clock.ahead" : "clock.behind"),
        free(off.name),
      )
    : null;
  return h(
    "div",
    { class: "clock", role: "timer", "aria-label": say("top.clock") },
    h("div", { class: "zulu" }, h("bdi", { dir: "ltr", class: "n", "data-now": true }, zuluText(ms))),
    h(
      "div",
      { class: "loc" },
      h("div", {}, ltr(dateText(ms))),
      h("div", { id: "local" }, localNodes(ms)),
      difference ? h("div", { class: "off" }, difference) : null,
    ),
  );
}

const localNodes = (ms) => say("top.local", ltr(localText(ms)), ltr(offsetText(ms)));

/** The local time under Zulu, once a second. */
export function tickTop(ms) {
  document.getElementById("local")?.replaceChildren(...[localNodes(ms)].flat());
}

function holder() {
  const since = state.holder
    ? [" ", h("span", { class: "quiet" }, say("top.since", zuluPlan(Math.floor(state.holder.since / 60000) * 60000)))]
    : null;
  return h(
    "button",
    {
      class: "holder",
      "data-key": "holder",
      "aria-label": say("watch.change"),
      on: { click: () => change({ holder: null }) },
    },
    h("span", { class: "quiet sm" }, say("top.holder")),
    h("span", { class: "hname" }, state.holder ? [h("b", {}, free(state.holder.name)), since] : say("top.nobody")),
  );
}

function peer(one) {
  const line = state.isOffline ? "unknown" : one.line;
  const heard = one.last_heard
    ? say("top.heard", zuluPlan(Math.floor(at(one.last_heard) / 60000) * 60000))
    : say("top.never_heard");
  const detail = one.undelivered > 0 ? say("top.lag", heard, ltr(count(one.undelivered))) : heard;
  return h(
    "div",
    { class: "peer", "data-peer": one.party, "data-line": line },
    partyMark(parties()[one.party]),
    h(
      "div",
      {},
      h(
        "div",
        { class: "pname" },
        h("span", {}, free(one.name)),
        h("span", { class: `linemark ${line}`, "aria-hidden": "true" }),
        h("b", {}, sayCode("line", line)),
      ),
      h("div", { class: "quiet sm" }, detail),
    ),
  );
}

function stopButton(picture) {
  const isArmed = state.stopArmedUntil > now();
  const to = picture.peers.map((one) => one.name).join(", ");
  const where = state.isOffline
    ? say("stop.by_phone", telephones() || say("phone.none"))
    : isArmed
      ? say("stop.to", to)
      : to
        ? say("stop.to_duty")
        : say("stop.no_peer");
  const word = state.stopSending ? say("stop.sending") : isArmed ? say("stop.armed") : say("stop.rest");
  return h(
    "button",
    {
      class: `stopkey ${isArmed ? "armed" : ""}`,
      id: "stop",
      "data-key": "stop",
      "aria-keyshortcuts": "Alt+S",
      on: { click: pressStop, blur: () => disarm(true) },
    },
    glyph("octagon", "", "stopmark"),
    h("span", {}, h("b", {}, word), h("small", {}, where)),
  );
}

export function drawTop(container) {
  const { picture } = state;
  if (!picture) return;
  replaceChanged(
    container,
    h("h1", { class: "sr" }, say("app.title")),
    ownParty(picture),
    clock(picture),
    holder(),
    h("div", { class: "peers", role: "group", "aria-label": say("top.lines") }, picture.peers.map(peer)),
    stopButton(picture),
  );
}

// -------------------------------------------------------------------------------------------------------------- bands

const band = (kind, title, text, ...more) =>
  h(
    "div",
    { class: `band ${kind}`, role: "status", "data-band": kind },
    h("b", {}, title),
    h("span", { class: "btext" }, text),
    more,
  );

async function confirmClock() {
  try {
    await post("/v1/clock/confirm", { by: holderName() });
  } catch (problem) {
    change({ trouble: { text: problem.message } });
  }
}

let watchForm = null; // made once: a redraw must not take a half-written name away

function watchBand() {
  if (watchForm) return watchForm;
  const take = (event) => {
    event.preventDefault();
    const name = new FormData(event.target).get("name").trim().slice(0, 60);
    if (!name) return;
    const taken = { name, since: now() };
    keep("holder", taken);
    event.target.reset();
    change({ holder: taken });
    // The gesture lets the browser sound; the signals are heard at the start of each watch.
    unlock().then(playAll);
    const spoken = languageOf(name);
    if (spoken) chooseLanguage(spoken, name);
  };
  const field = h("input", {
    name: "name",
    id: "holder-name",
    "data-key": "holder-name",
    maxlength: 60,
    autocomplete: "off",
    "aria-label": say("watch.name"),
    required: true,
  });
  watchForm = h(
    "form",
    { class: "band take", "data-band": "watch", on: { submit: take } },
    h("b", {}, say("watch.title")),
    h("span", { class: "btext" }, say("watch.text")),
    field,
    h("button", { class: "btn small", "data-key": "take-watch" }, say("watch.take")),
  );
  return watchForm;
}

function unrecordedBands() {
  return state.unrecordedStops.map((stop) =>
    band(
      "alarm",
      say("band.unrecorded"),
      say(
        "band.unrecorded_text",
        free(nameOf(stop.party || String(stop).split("/")[0])),
        telephones() || say("phone.none"),
      ),
    ),
  );
}

/** The bands that hold now, most urgent first. They push the page down and never cover it. */
function bands(picture, alarm) {
  const all = unrecordedBands();
  // In a view without the list an alarm still says what it is; its answers are in the pane at the side.
  if (alarm && !["floor"].includes(state.view))
    all.push(
      band(
        ["stop", "warning"].includes(alarm.level) ? "alarm" : "owed",
        levelWord(alarm.level),
        withIds(alarm.title),
        h(
          "button",
          {
            class: "mini",
            "data-key": "to-floor",
            on: { click: () => change({ view: "floor", chosen: alarm.choose }) },
          },
          say("map.show"),
        ),
      ),
    );
  if (state.isOffline)
    all.push(
      band(
        "off",
        say("band.off"),
        say(
          "band.off_text",
          zulu(state.lostAt),
          h("span", { "data-since": state.lostAt }, span(now() - state.lostAt)),
          telephones() || say("phone.none"),
        ),
      ),
    );
  if (!picture.store.ok)
    all.push(
      band("off", say("band.store"), say("band.store_text", picture.store.detail, telephones() || say("phone.none"))),
    );
  if (picture.clock.suspect)
    all.push(
      band(
        "off",
        say("band.clock"),
        say("band.clock_text", span(Math.abs(picture.clock.difference_ms)), free(nameOf(picture.clock.against))),
        h(
          "button",
          {
            class: "btn small",
            "data-key": "confirm-clock",
            disabled: state.isOffline || !state.holder,
            on: { click: confirmClock },
          },
          say("band.clock_confirm"),
        ),
      ),
    );
  if (picture.degraded) all.push(band("off", say("band.degraded"), say("band.degraded_text", picture.degraded)));
  for (const one of picture.peers) {
    if (one.line === "split")
      all.push(
        band("off", say("band.split"), say("band.split_text", free(one.name), one.telephone || say("phone.none"))),
      );
    const line = state.lines.find((each) => each.party === one.party);
    if (line?.suspended)
      all.push(
        band(
          "off suspended",
          say("band.suspended"),
          say(
            "band.suspended_text",
            free(one.name),
            ltr(count(line.waiting.length)),
            line.stays_open.map((kind) => sayCode("open", kind)).join(", "),
          ),
        ),
      );
    if (one.quarantined)
      all.push(
        band("off", say("band.quarantine"), say("band.quarantine_text", free(one.name), ltr(count(one.quarantined)))),
      );
  }
  const { n, log, proof } = state.record;
  if (proof && !proof.holds)
    all.push(
      band("off forged", [levelMark("warning"), say("band.proof")], say("band.proof_text", ltr(count(n)), ltr(log))),
    );
  if (state.caughtUp)
    all.push(
      band(
        "plain",
        say("band.caught_up", ltr(count(state.caughtUp.count))),
        say("band.caught_up_text", zulu(state.caughtUp.from), zulu(state.caughtUp.until)),
        seen("caughtUp"),
      ),
    );
  if (state.trouble) all.push(band("plain", say("band.trouble"), state.trouble.text, seen("trouble")));
  if (!state.holder) all.push(watchBand());
  return all;
}

const levelWord = (level) => [levelMark(level), say(`level.${level}`)];
const seen = (what) =>
  h(
    "button",
    { class: "btn small", "data-key": `seen-${what}`, on: { click: () => change({ [what]: null }) } },
    say("band.seen"),
  );

export function drawBands(container, alarm) {
  if (state.picture) replaceChanged(container, bands(state.picture, alarm));
}

/** The length of the silence in the offline band, once a second. */
export function tickBands(ms) {
  for (const element of document.querySelectorAll("[data-since]"))
    element.replaceChildren(span(ms - Number(element.dataset.since)));
}

// ------------------------------------------------------------------------------------------------------ rail and foot

const VIEWS = [
  ["floor", "▦"],
  ["file", "✎"],
  ["lines", "⇄"],
  ["watch", "☰"],
  ["record", "≡"],
  ["reference", "§"],
];

export const viewsThere = () =>
  VIEWS.map(([name]) => name).filter((name) => name !== "reference" || state.picture?.reference);

export function drawRail(container) {
  const items = VIEWS.filter(([name]) => viewsThere().includes(name)).map(([name, mark], place) =>
    h(
      "button",
      {
        class: "railitem",
        "data-key": `rail-${name}`,
        "aria-current": state.view === name ? "page" : null,
        "aria-keyshortcuts": `Alt+${place + 1}`,
        on: { click: () => change({ view: name }) },
      },
      h("span", { class: "railglyph", "aria-hidden": "true" }, mark),
      h("span", {}, say(`view.${name}`)),
      h("kbd", {}, ltr(`Alt ${place + 1}`)),
    ),
  );
  replaceChanged(container, items);
}

/** Changes the theme by hand; kept in this browser. A theme never changes layout. */
export function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  localStorage.setItem("theme", theme);
  change();
}

function recordWords(picture) {
  const size = ltr(count(picture.record.entries));
  if (state.isOffline) return say("foot.record_unchecked", size, zulu(state.lostAt));
  const cosigned = picture.peers
    .filter((one) => one.cosigned_at)
    .sort((one, other) => at(other.cosigned_at) - at(one.cosigned_at))[0];
  return cosigned
    ? say("foot.record", size, free(cosigned.name), zulu(at(cosigned.cosigned_at)))
    : say("foot.record_alone", size);
}

export function drawFoot(container) {
  const { picture } = state;
  if (!picture) return;
  const theme = document.documentElement.dataset.theme;
  const themes = h(
    "div",
    { class: "themes", role: "group", "aria-label": say("foot.theme") },
    ["day", "night", "red"].map((name) =>
      h(
        "button",
        { "data-key": `theme-${name}`, "aria-pressed": String(theme === name), on: { click: () => setTheme(name) } },
        say(`theme.${name}`),
      ),
    ),
  );
  const help = h(
    "button",
    { class: "help", "data-key": "help", "aria-keyshortcuts": "?", on: { click: () => change({ view: "keys" }) } },
    h("kbd", {}, "?"),
    " ",
    say("foot.keys"),
  );
  const tongues = h(
    "select",
    {
      class: "language",
      "data-key": "language",
      "aria-label": say("language.choose"),
      on: { change: (event) => chooseLanguage(event.target.value, holderName()) },
    },
    LANGUAGES.map(([code, name]) => h("option", { value: code, lang: code, selected: code === language() }, name)),
  );
  replaceChanged(
    container,
    h("span", { class: "standing" }, say("foot.standing"), " ", h("b", {}, say("foot.certified"))),
    language() === "en" ? null : h("span", { class: "draftwords" }, say("language.draft")),
    h("span", { class: "grow" }),
    h("span", { class: "fsize" }, recordWords(picture)),
    tongues,
    themes,
    help,
  );
}
