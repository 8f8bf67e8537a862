// The record: each log, its entries, and the proof of the chosen one, recomputed in this browser.
import { free, h, levelMark, ltr } from "../dom.js";
import { count, zuluDay } from "../format.js";
import { say } from "../words.js";
import { change, nameOf, state } from "../state.js";
import { now } from "../clock.js";
import { get, query } from "../api.js";
import { checkEntry } from "../proof.js";

const PAGE = 50;
let identity = null;
let loading = "";
let loaded = "";

const note = (patch) => change({ record: { ...state.record, ...patch } });
const logs = () => state.picture.record.logs;
const logOf = (origin) => logs().find((one) => one.origin === origin);

function wordsFor(log) {
  if (log.kind === "private") return say("record.private");
  return say(log.kind === "out" ? "record.out" : "record.in", free(nameOf(log.party)));
}

/** Fetches the page of entries that is to be shown: the newest, unless another first one is asked for. */
async function load(log) {
  const first = state.record.first ?? Math.max(0, log.size - PAGE);
  const wanted = `${log.origin} ${first} ${log.size}`;
  if (loading === wanted || state.record.problem || (loaded === wanted && state.record.entries.length)) return;
  loading = wanted;
  try {
    const { entries } = await get(`/v1/record/entries?${query({ log: log.origin, first, count: PAGE })}`);
    loaded = wanted;
    note({ log: log.origin, entries: entries.map((one) => ({ ...one, log: log.origin })), problem: "" });
    if (state.record.n !== null && !state.record.proof) check(state.record.n);
  } catch (problem) {
    note({ problem: problem.message });
  } finally {
    loading = "";
  }
}

/** Fetches the proof of an entry and recomputes it from the bytes shown. */
async function check(n) {
  const shown = state.record.entries.find((one) => one.n === n);
  if (!shown) return;
  note({ n, proof: null, busy: true, problem: "" });
  const started = performance.now();
  try {
    identity ??= (await get("/v1/identity")).identity;
    const answer = await get(`/v1/record/proof?${query({ log: shown.log, n })}`);
    // Only our own key is known here for certain; the others' keys are in the record file that `keepclear verify` reads.
    const key = logOf(shown.log)?.kind === "in" ? "" : identity.ed25519;
    const result = await checkEntry(answer, shown, key);
    if (state.record.n === n)
      note({
        proof: { ...result, at: now(), took: Math.max(1, Math.round(performance.now() - started)) },
        busy: false,
      });
  } catch (problem) {
    if (state.record.n === n) note({ proof: null, busy: false, problem: problem.message });
  }
}

// -------------------------------------------------------------------------------------------------------------- entries

function tabs() {
  return h(
    "div",
    { class: "logs", role: "group", "aria-label": say("record.logs") },
    logs().map((one) =>
      h(
        "button",
        {
          class: "logtab",
          "data-key": `log-${one.origin}`,
          "aria-pressed": String(one.origin === state.record.log),
          on: { click: () => note({ log: one.origin, first: null, entries: [], n: null, proof: null, problem: "" }) },
        },
        h("span", {}, wordsFor(one)),
        h(
          "span",
          { class: "quiet sm" },
          say("record.size", ltr(count(one.size))),
          one.kind === "private"
            ? null
            : [
                " · ",
                one.cosigned_size ? say("record.cosigned", ltr(count(one.cosigned_size))) : say("record.not_cosigned"),
              ],
        ),
      ),
    ),
  );
}

/** What an entry is about, from its own body: an id and a version where it has them. */
function about(body) {
  const inner = body.body || {};
  const id = inner.id ?? inner.notice?.id ?? inner.alert ?? inner.party ?? "";
  const version = inner.version ?? inner.notice?.version;
  return `${id}${version ? ` v${version}` : ""}`;
}

function entryLine(entry) {
  const body = JSON.parse(entry.text);
  const isChosen = entry.n === state.record.n;
  const result = isChosen ? state.record.proof : null;
  const mark = result ? (result.holds ? "✓" : "✕") : "";
  return h(
    "li",
    {},
    h(
      "button",
      {
        class: `entry ${isChosen ? "sel" : ""}`,
        "data-key": `entry-${entry.n}`,
        "aria-current": isChosen ? "true" : null,
        on: { click: () => check(entry.n) },
      },
      h("span", { class: "pm", "aria-hidden": "true" }, mark),
      ltr(count(entry.n)),
      zuluDay(Math.floor(body.at / 1e6) * 1000, now()),
      h(
        "span",
        { class: "ew" },
        h("b", {}, ltr(body.kind, "n wrap")),
        " ",
        h("span", { class: "quiet" }, ltr(about(body), "n wrap")),
      ),
      h("span", { class: "sr" }, say(result ? (result.holds ? "record.holds" : "record.fails") : "record.unproved")),
    ),
  );
}

function entryList(log) {
  const { entries } = state.record;
  const first = entries[0]?.n ?? 0;
  const page = (word, key, to, isOff) =>
    h(
      "button",
      {
        class: "btn small",
        "data-key": key,
        disabled: isOff,
        on: { click: () => note({ first: to, entries: [], n: null, proof: null, problem: "" }) },
      },
      say(word),
    );
  return h(
    "aside",
    { class: "list reclist", id: "list", tabindex: -1, "aria-label": say("record.entries"), "data-scroll": "entries" },
    h("h2", {}, say("record.title")),
    tabs(),
    h(
      "div",
      { class: "pager" },
      page("record.older", "older", Math.max(0, first - PAGE), first === 0),
      page(
        "record.newer",
        "newer",
        Math.min(Math.max(0, log.size - PAGE), first + PAGE),
        !log.size || first + PAGE >= log.size,
      ),
      page("record.newest", "newest", null, false),
    ),
    entries.length
      ? h("ol", { class: "entries" }, entries.toReversed().map(entryLine))
      : h("p", { class: "none" }, say(log.size ? "record.loading" : "record.nothing")),
  );
}

// ---------------------------------------------------------------------------------------------------------------- entry

/** A value of an entry as nested lines of text; never as markup. */
function lines(value) {
  if (Array.isArray(value))
    return value.every((one) => typeof one !== "object")
      ? ltr(value.join(", "), "n wrap")
      : h(
          "ol",
          { class: "nest" },
          value.map((one) => h("li", {}, lines(one))),
        );
  if (value !== null && typeof value === "object")
    return h(
      "dl",
      { class: "nest" },
      Object.entries(value).map(([key, inner]) =>
        h("div", { class: "kv" }, h("dt", {}, ltr(key)), h("dd", {}, lines(inner))),
      ),
    );
  return free(String(value));
}

function entryPane() {
  const entry = state.record.entries.find((one) => one.n === state.record.n);
  if (!entry)
    return h(
      "section",
      { class: "pmain", tabindex: 0, "aria-label": say("record.entries") },
      h("p", { class: "quiet" }, say("record.choose")),
      state.record.problem ? h("p", { class: "owed" }, levelMark("caution"), state.record.problem) : null,
    );
  const body = JSON.parse(entry.text);
  return h(
    "section",
    { class: "pmain", tabindex: 0, "aria-label": say("record.entry", String(entry.n)), "data-scroll": "entry" },
    state.record.proof && !state.record.proof.holds
      ? h(
          "p",
          { class: "failed", role: "alert", "data-failed": true },
          levelMark("warning"),
          h("span", {}, h("b", {}, say("record.fails")), " ", say("record.fails_text")),
        )
      : null,
    h(
      "div",
      { class: "h1row" },
      h("h1", {}, say("record.entry", ltr(count(entry.n))), " ", ltr(body.kind)),
      h("span", { class: "tag" }, body.mode),
      h("span", { class: "tag" }, say(body.stated ? "record.stated" : "record.derived")),
      h("span", { class: "quiet" }, zuluDay(body.at / 1000, now())),
    ),
    h("h3", {}, say("record.body")),
    lines(body.body),
    h("h3", {}, say("record.hash")),
    h("p", { class: "mono wrap" }, ltr(entry.hash, "n wrap")),
    h("h3", {}, say("record.text")),
    h("pre", { class: "cmd", tabindex: 0, dir: "ltr" }, entry.text),
  );
}

function proofPane() {
  const { proof, busy, n } = state.record;
  const marks = { ok: "✓", bad: "✕", wait: "…", note: "·" };
  const list = proof?.lines.map((one) =>
    h(
      "li",
      { class: one.state, "data-check": one.state },
      h("span", { class: "pmark", "aria-hidden": "true" }, marks[one.state]),
      h("span", {}, one.what, h("br"), h("span", { class: "quiet mono" }, ltr(one.detail, "n wrap"))),
    ),
  );
  const verdict = proof
    ? h(
        "p",
        {
          class: proof.holds ? "verdict" : "verdict bad",
          "data-verdict": proof.holds ? "holds" : "fails",
          role: "status",
        },
        proof.holds ? h("span", { "aria-hidden": "true" }, "✓ ") : levelMark("warning"),
        say(proof.holds ? "record.holds" : "record.fails"),
      )
    : null;
  const isFailed = Boolean(proof && !proof.holds);
  return h(
    "aside",
    { class: "pside", tabindex: 0, "data-scroll": "proof" },
    h("h2", {}, n === null ? say("record.choose") : say("record.proof_of", ltr(count(n)))),
    verdict,
    proof
      ? h(
          "p",
          { class: "quiet sm" },
          say("record.checked", zuluDay(Math.floor(proof.at / 1000) * 1000, now()), ltr(proof.took)),
        )
      : busy
        ? h("p", { class: "quiet sm" }, say("receipts.checking"))
        : null,
    state.record.problem && n !== null ? h("p", { class: "owed" }, levelMark("caution"), state.record.problem) : null,
    h("ul", { class: "checks" }, list),
    h("h2", {}, say("record.elsewhere")),
    h("code", { class: "cmd", dir: "ltr" }, say("record.command")),
    h("p", { class: "hint" }, say("record.offline")),
    isFailed
      ? h("button", { class: "btn", disabled: true }, say("record.export_off"))
      : h(
          "a",
          {
            class: "btn",
            "data-key": "export",
            href: "/v1/record/export?private=false",
            download: `${state.picture.party}.keepclear-record`,
          },
          say("record.export"),
        ),
  );
}

/** The children of the main area. */
export function recordView(side) {
  const origin = state.record.log || logs().find((one) => one.kind === "out")?.origin || logs()[0]?.origin || "";
  state.record.log = origin;
  const log = logOf(origin) ?? { origin, size: 0, kind: "private" };
  // A newer entry comes in by itself only while the newest page is shown and nothing is chosen.
  if (log.size && (!state.record.entries.length || (state.record.first === null && state.record.n === null))) load(log);
  return [entryList(log), entryPane(), side ?? proofPane()];
}
