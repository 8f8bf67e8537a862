// Filing: by typing and by drawing, checked against our record while it is written. Nothing is lost by a fault.
import { free, h, levelMark, ltr, partyMark, replaceKeeping } from "../dom.js";
import { at, leadSpan, localText, offsetText, span, timeForForm, zulu, zuluDay } from "../format.js";
import { say, sayCode } from "../words.js";
import { change, nameOf, noticeKey, party, state } from "../state.js";
import { now } from "../clock.js";
import { post, put } from "../api.js";
import { bodyOf, cornersText, discard, draftOf, edit, newDraft, readDraft } from "../draft.js";
import { drawDraft, mapBox, startDrawing, stopDrawing } from "../map.js";
import { timeBar } from "../timebar.js";
import { profileStrip } from "../profile.js";

const CHECK_DELAY_MS = 300;
const REGIONS = ["", "N", "NE", "E", "SE", "S", "SW", "W", "NW", "C"];
const DATA = ["AMSL", "AGL", "WGS84", "FL"];
let form = null; // made once for a draft, so that typing is never disturbed
let formFor = null;
let checkTimer = 0;
let checkedFor = "";

/** Opens the form with a notice of ours, as its next version. */
export function amend(notice) {
  form = null;
  state.draft = null;
  edit(draftOf(notice));
  change({ view: "file", check: null });
}

// ----------------------------------------------------------------------------------------------------------------- form

function field(name, label, more = {}) {
  const { hint, multi, ...rest } = more;
  const id = `f-${name}`;
  const input = h(multi ? "textarea" : "input", {
    id,
    name,
    "data-key": id,
    value: state.draft[name],
    dir: "ltr",
    spellcheck: "false",
    autocomplete: "off",
    "aria-describedby": `${id}-hint`,
    on: { input: (event) => typed(name, event.target.value) },
    ...rest,
  });
  return h(
    "div",
    { class: "field", "data-field": name },
    h("label", { for: id }, say(label)),
    input,
    h("div", { class: "hint", id: `${id}-hint` }, hint ? say(hint) : ""),
  );
}

function select(name, label, options) {
  const id = `f-${name}`;
  const box = h(
    "select",
    { id, name, "data-key": id, on: { change: (event) => typed(name, event.target.value) } },
    options.map(([value, words]) => h("option", { value, selected: state.draft[name] === value }, words)),
  );
  return h("div", { class: "field", "data-field": name }, h("label", { for: id }, say(label)), box);
}

const two = (...kids) => h("div", { class: "two" }, kids);

function shapes() {
  const button = (shape) =>
    h(
      "button",
      {
        type: "button",
        "data-key": `shape-${shape}`,
        "aria-pressed": String(state.draft.shape === shape),
        on: { click: () => remake({ shape }) },
      },
      say(`file.${shape}`),
    );
  return h(
    "div",
    { class: "seg", role: "group", "aria-label": say("file.shape") },
    button("circle"),
    button("polygon"),
  );
}

/** Changes what the form itself is made of, and makes it anew. */
function remake(patch) {
  form = null;
  edit(patch);
  scheduleCheck();
}

function typed(name, value) {
  edit({ [name]: value, ...(name === "region" ? { confirmed: "" } : {}) });
  scheduleCheck();
}

function makeForm() {
  const place =
    state.draft.shape === "circle"
      ? [
          two(field("lat", "file.lat", { hint: "file.hint_latlon" }), field("lon", "file.lon")),
          field("radius", "file.radius", { inputmode: "numeric" }),
        ]
      : [field("corners", "file.corners", { multi: true, rows: 5 })];
  const code = (prefix, names) => names.map((name) => [name, sayCode(prefix, name)]);
  const data = DATA.map((name) => [name, name]);
  return h(
    "aside",
    { class: "list form", id: "list", tabindex: -1, "aria-label": say("file.title"), "data-scroll": "form" },
    h(
      "h2",
      {},
      state.draft.id ? say("file.amend", state.draft.id) : say("file.title"),
      " ",
      h("span", { class: "tag" }, say("file.draft")),
    ),
    shapes(),
    h(
      "button",
      { class: "btn wide", type: "button", "data-key": "draw", "aria-keyshortcuts": "D", on: { click: draw } },
      h("span", { id: "draw-word" }, say("file.draw")),
      h("kbd", {}, "D"),
    ),
    place,
    h("div", { class: "two heights" }, field("lower", "file.lower"), select("lower_datum", "file.datum", data)),
    h("div", { class: "two heights" }, field("upper", "file.upper"), select("upper_datum", "file.datum", data)),
    two(field("from", "file.from"), field("until", "file.until")),
    two(
      select("kind", "file.kind", code("kind", ["HAZARD", "MOVEMENT"])),
      select("region", "file.region", code("region", REGIONS)),
    ),
    select("action", "file.action", code("action", ["KEEP_CLEAR", "CALL_BEFORE_ENTERING", "BE_AWARE"])),
    two(field("contact", "file.contact", { maxlength: 80 }), field("activity", "file.activity", { maxlength: 40 })),
    field("remarks", "file.remarks", { multi: true, rows: 2, maxlength: 500, dir: "auto", hint: "file.free" }),
    h("h3", {}, say("file.more")),
    two(
      field("slowest", "file.speed", { inputmode: "numeric" }),
      field("reaction", "file.reaction", { inputmode: "numeric" }),
    ),
  );
}

/** Writes what each field means, and what is wrong with it, under it. */
function writeHints(read) {
  const draft = state.draft;
  const hint = (name, words, isBad = false) => {
    const element = form.querySelector(`#f-${name}-hint`);
    if (!element) return;
    element.replaceChildren(...[words].flat(3));
    element.classList.toggle("bad", isBad);
    form.querySelector(`#f-${name}`).setAttribute("aria-invalid", String(isBad));
  };
  for (const [name, ms] of [
    ["from", read.start],
    ["until", read.end],
  ]) {
    const words = Number.isNaN(ms)
      ? say("file.time_hint")
      : say("file.reads", zuluDay(ms, now()), ltr(`${localText(ms, false)} ${offsetText(ms)}`));
    hint(name, words);
  }
  for (const name of ["lat", "lon", "radius", "corners", "lower", "upper"])
    hint(name, name === "lat" && !draft.lat ? say("file.hint_latlon") : "");
  for (const [name, words] of Object.entries(read.faults)) {
    const isEmpty = draft[name] === "";
    hint(name, isEmpty && name === "lat" ? say("file.hint_latlon") : isEmpty ? "" : words, !isEmpty);
  }
  form.querySelector("#draw-word").textContent = say(state.drawing ? "file.drawing" : "file.draw");
}

/** Draws the shape on the map; what is drawn goes into the form. */
export function draw() {
  if (state.drawing) return stopDrawing();
  return startDrawing(state.draft.shape, ({ circle, polygon }) => {
    remake(
      circle
        ? { lat: String(circle.lat), lon: String(circle.lon), radius: String(circle.radius_m) }
        : { corners: cornersText(polygon) },
    );
  });
}

// ---------------------------------------------------------------------------------------------------------------- check

function scheduleCheck() {
  clearTimeout(checkTimer);
  checkTimer = setTimeout(check, CHECK_DELAY_MS);
}

/** Asks the node what the draft would meet. Nothing is recorded by asking. */
async function check() {
  const { volume } = readDraft(state.draft ?? newDraft());
  if (!volume || state.isOffline) return change({ check: null });
  const body = { volumes: [volume, ...state.draft.others], region: state.draft.region };
  const asked = JSON.stringify(body);
  checkedFor = asked;
  try {
    const result = await post("/v1/check", body);
    if (checkedFor === asked) change({ check: { at: now(), result } });
  } catch (problem) {
    if (checkedFor === asked) change({ check: { at: now(), problem: problem.message, place: problem.at } });
  }
  return undefined;
}

function leadTime(result) {
  const isShort = Object.values(result.is_short || {}).some(Boolean);
  const lead = leadSpan(result.lead_s);
  const agreed = state.picture.agreements
    .filter((one) => one.state === "in_force")
    .map((one) =>
      h(
        "p",
        { class: "hint" },
        say(
          "file.agreed",
          free(nameOf(one.parties.find((id) => id !== state.picture.party))),
          span(one.deadlines.notice_before_s * 1000),
        ),
      ),
    );
  const most = Math.max(1, ...state.picture.agreements.map((one) => one.deadlines.notice_before_s)) * 2;
  return [
    h("h3", {}, say("file.lead_now")),
    h("div", { class: "leadv", "data-lead": true }, lead, isShort ? h("span", { class: "tag amber" }, "SHORT") : null),
    h(
      "div",
      {
        class: "meter",
        role: "meter",
        "aria-label": say("file.lead_now"),
        "aria-valuemin": 0,
        "aria-valuemax": most,
        "aria-valuenow": Math.max(0, Math.min(most, Math.round(result.lead_s))),
      },
      h("span", { class: "mfill", vars: { "--w": `${Math.max(0, Math.min(100, (100 * result.lead_s) / most))}%` } }),
      h("span", { class: "mmark" }),
    ),
    agreed.length ? agreed : h("p", { class: "hint" }, say("file.no_peer")),
    isShort ? h("p", { class: "hint" }, say("file.may_send")) : null,
  ];
}

function conflictBox(conflict) {
  const other =
    [conflict.one, conflict.other].find((one) => one.id && one.party !== state.picture.party) ?? conflict.other;
  const notice = state.picture.notices.find((one) => noticeKey(one) === noticeKey(other));
  const when = conflict.start
    ? h(
        "div",
        { class: "quiet" },
        say("file.conflict_at", zuluDay(at(conflict.start), now()), zuluDay(at(conflict.end), now())),
      )
    : null;
  return h(
    "div",
    { class: "cbx", "data-conflict": other.id },
    h(
      "div",
      {},
      partyMark(party(other.party)),
      h("b", {}, ltr(`${other.id} v${other.version}`)),
      " ",
      notice ? sayCode("kind", notice.kind) : "",
      " · ",
      free(nameOf(other.party)),
    ),
    when,
    h("div", { class: "quiet" }, sayCode("conflict", conflict.verdict)),
  );
}

function conflicts(result) {
  const clear = result.earliest_clear_start
    ? h(
        "p",
        { class: "hint" },
        say("file.clear_from", zuluDay(at(result.earliest_clear_start), now())),
        " ",
        h(
          "button",
          { class: "btn small", "data-key": "try-clear", on: { click: () => moveTo(at(result.earliest_clear_start)) } },
          say("file.clear_try", zuluDay(at(result.earliest_clear_start), now())),
        ),
      )
    : null;
  if (!result.conflicts.length)
    return [h("p", { "data-conflicts": 0 }, h("span", { "aria-hidden": "true" }, "✓ "), say("file.no_conflict"))];
  return [
    h(
      "h3",
      { "data-conflicts": result.conflicts.length },
      levelMark("caution"),
      say("file.conflicts", ltr(result.conflicts.length)),
    ),
    result.conflicts.map(conflictBox),
    clear,
  ];
}

/** Moves the draft in time, as long as it was. */
function moveTo(start) {
  const read = readDraft(state.draft);
  remake({ from: timeForForm(start), until: timeForForm(start + (read.end - read.start)) });
}

function contradiction(said, fits) {
  if (state.draft.confirmed && state.draft.confirmed === state.draft.region)
    return h("p", { class: "hint" }, say("file.confirmed", sayCode("region", state.draft.region)));
  return h(
    "div",
    { class: "cbx", role: "alert", "data-contradiction": true },
    h(
      "div",
      {},
      levelMark("caution"),
      h("b", {}, say("file.contradiction", sayCode("region", said), sayCode("region", fits))),
    ),
    h(
      "div",
      { class: "rowb" },
      h(
        "button",
        { class: "btn", "data-key": "take-fit", on: { click: () => remake({ region: fits, confirmed: "" }) } },
        say("file.take_fit", sayCode("region", fits)),
      ),
      h(
        "button",
        {
          class: "btn",
          "data-key": "send-said",
          disabled: state.isOffline,
          on: { click: () => (edit({ confirmed: state.draft.region }), send()) },
        },
        say("file.send_said", sayCode("region", said)),
      ),
    ),
  );
}

/** The pane at the side: what the node says of the draft so far, and the way to send it. */
function besides(read) {
  const { check: last, draft } = state;
  const body = [];
  if (!read.volume) body.push(h("p", { class: "hint" }, say("file.not_clear")));
  else if (last?.problem)
    body.push(
      h(
        "p",
        { class: "owed" },
        levelMark("caution"),
        last.place ? say("file.at", last.place, last.problem) : last.problem,
      ),
    );
  else if (last?.result)
    body.push(
      leadTime(last.result),
      conflicts(last.result),
      last.result.contradiction ? contradiction(last.result.contradiction.said, last.result.contradiction.fits) : null,
    );
  else body.push(h("p", { class: "hint" }, say("file.checking")));
  if (draft.problem)
    body.unshift(
      h(
        "p",
        { class: "owed", role: "alert", "data-problem": true },
        levelMark("caution"),
        h("span", {}, draft.problem, " ", say("file.kept")),
      ),
    );
  const checked = last?.result ? say("file.against", zulu(last.at)) : say("file.not_checked");
  return h(
    "aside",
    { class: "detail", id: "detail", tabindex: -1, "aria-label": say("file.while") },
    h("div", { class: "dhead" }, h("h2", {}, say("file.while")), h("div", { class: "quiet sm" }, checked)),
    h("div", { class: "dbody", tabindex: 0, "data-scroll": "check" }, body),
    h(
      "div",
      { class: "dact" },
      h(
        "button",
        {
          class: "btn primary",
          "data-key": "send",
          "data-sends": true,
          disabled: state.isOffline || !read.volume || draft.sending,
          "aria-keyshortcuts": "Control+Enter",
          on: { click: send },
        },
        draft.id ? say("file.send_amend", ltr(draft.version + 1)) : say("file.send"),
        h("kbd", {}, "Ctrl ↵"),
      ),
      h(
        "button",
        { class: "btn", "data-key": "discard", on: { click: () => ((form = null), discard()) } },
        say("file.discard"),
      ),
    ),
  );
}

/** Files the draft. On any refusal it stays as it is, with the reason above it. */
export async function send() {
  const { draft } = state;
  const { volume } = readDraft(draft);
  if (!volume || draft.sending || state.isOffline) return;
  edit({ sending: true, problem: "" });
  const body = bodyOf(state.draft, volume, state.holder?.name || "duty officer");
  try {
    const { notice } = draft.id ? await put(`/v1/notices/${draft.id}`, body) : await post("/v1/notices", body);
    form = null;
    discard();
    change({ view: "floor", chosen: { type: "notice", key: noticeKey(notice) }, tab: "notice" });
  } catch (problem) {
    edit({
      sending: false,
      problem:
        problem.status === 412
          ? say("trouble.stale")
          : problem.at
            ? say("file.at", problem.at, problem.message)
            : problem.message,
    });
    scheduleCheck();
  }
}

/** The children of the main area. `side` is the alarm's pane when one waits, else null. */
export function fileView(side, hotKey, centre) {
  if (!state.draft) state.draft = newDraft();
  // A send that was under way when the page was left is not under way any more.
  if (formFor !== state.draft.id || !form) {
    [form, formFor] = [makeForm(), state.draft.id];
    if (!state.check) scheduleCheck();
  }
  const read = readDraft(state.draft);
  writeHints(read);
  drawDraft(read.ground);
  const asNotice = read.volume
    ? {
        party: state.picture.party,
        id: "",
        version: 0,
        state: "Accepted",
        volumes: [read.volume],
        start: read.volume.start,
        end: read.volume.end,
        recipients: [],
      }
    : null;
  replaceKeeping(centre, mapBox(null), timeBar(hotKey, asNotice), profileStrip(hotKey, asNotice));
  return [form, centre, side ?? besides(read)];
}
