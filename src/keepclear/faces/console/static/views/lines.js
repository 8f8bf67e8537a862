// The lines: for each party how its line stands, what is tested when and what came of it, how its channels stand and
// what waits. Tests by telephone are entered here; a test that asks us is answered here (V3, V5, T3).
import { free, h, levelMark, ltr, partyMark } from "../dom.js";
import { at, countdown, span, zulu, zuluDay } from "../format.js";
import { say, sayCode } from "../words.js";
import { change, nameOf, party, state } from "../state.js";
import { now } from "../clock.js";
import { post } from "../api.js";
import { holderName } from "../chrome.js";

const TESTS_SHOWN = 12;
const CAUSES = ["technical", "no_answer", "refused", "not_stated"];
const forms = new Map(); // made once for each party: a redraw must not take a half-written answer away

/** Sends one thing about a line, and shows the node's own words when it was not done. */
async function send(path, body, key) {
  change({ sendingLine: key });
  try {
    await post(path, { ...body, by: holderName() });
    forms.delete(key);
    change({ sendingLine: "", trouble: null });
  } catch (problem) {
    change({ sendingLine: "", trouble: { text: problem.message } });
  }
}

const mayNotSend = (key) => state.isOffline || !holderName() || state.sendingLine === key;

function button(key, words, call, more = {}) {
  return h(
    "button",
    { class: "btn", type: "button", "data-key": key, disabled: mayNotSend(key), on: { click: call }, ...more },
    words,
  );
}

const facts = (pairs) =>
  h(
    "dl",
    { class: "facts" },
    pairs.filter(Boolean).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
  );

function standing(line) {
  const skew = line.skew_s === null ? say("lines.not_known") : say("lines.skew", ltr(`${line.skew_s.toFixed(1)} s`));
  return facts([
    [say("lines.heard"), line.last_heard ? zulu(at(line.last_heard)) : say("top.never_heard")],
    [say("lines.clock"), skew],
    [say("lines.software"), line.software ? ltr(line.software) : say("lines.not_known")],
    [
      say("lines.limits"),
      say("lines.limits_text", span(line.heard_within_s * 1000), span(line.alarm_after_s * 1000)),
    ],
  ]);
}

function waiting(line) {
  if (!line.suspended) return null;
  return h(
    "div",
    { class: "cbx", "data-waiting": line.waiting.length },
    h("b", {}, say("lines.suspended_waits", ltr(line.waiting.length))),
    h("p", { class: "hint" }, say("lines.stays_open", line.stays_open.map((kind) => sayCode("open", kind)).join(", "))),
  );
}

function channels(line) {
  if (!line.channels.length) return h("p", { class: "hint" }, say("lines.nothing_said"));
  return h(
    "ul",
    { class: "plain" },
    line.channels.map((one) =>
      h(
        "li",
        {},
        free(nameOf(one.party)),
        " · ",
        sayCode("channel", one.channel),
        " · ",
        h("b", {}, sayCode("channelstate", one.state)),
        " · ",
        zuluDay(at(one.at), now()),
        " · ",
        free(one.by),
        one.remarks ? [" · ", free(one.remarks)] : null,
      ),
    ),
  );
}

function nextTests(line) {
  return h(
    "ul",
    { class: "plain" },
    line.next_tests.map((one) =>
      h("li", { "data-path": one.path }, sayCode("path", one.path), " · ", countdown(at(one.due_at), now()), " · ", zuluDay(at(one.due_at), now())),
    ),
  );
}

function result(test) {
  if (!test.results.length) return say("lines.under_way", countdown(at(test.due_at), now()));
  const words = test.results.map((one) => sayCode("result", one)).join(", ");
  return test.answered_by ? say("lines.result_by", words, free(test.answered_by), ltr(`${test.latency_s.toFixed(1)} s`)) : words;
}

function causeForm(test) {
  const key = `cause ${test.test}`;
  const isUnexplained = test.results.at(-1) === "missed" && !test.causes.some((one) => one.cause !== "not_stated");
  if (!isUnexplained) return null;
  return h(
    "div",
    { class: "rowb", role: "group", "aria-label": say("lines.cause") },
    h("span", { class: "quiet" }, say("lines.cause")),
    CAUSES.slice(0, 3).map((cause) =>
      button(`${key} ${cause}`, sayCode("cause", cause), () => send("/v1/line/tests/cause", { test: test.test, cause }, key), {
        class: "btn small",
      }),
    ),
  );
}

function testLine(test) {
  return h(
    "li",
    { class: "testline", "data-test": test.test },
    test.results.includes("missed") ? levelMark("caution") : null,
    zuluDay(at(test.at), now()),
    " · ",
    sayCode("path", test.path),
    " · ",
    free(nameOf(test.party)),
    " · ",
    result(test),
    test.mode === "OPER" ? null : [" ", h("span", { class: "tag" }, test.mode)],
    test.causes.map((one) => h("div", { class: "quiet" }, say("lines.cause_said", free(nameOf(one.party)), sayCode("cause", one.cause), free(one.by)))),
    test.party === state.picture.party ? causeForm(test) : null,
  );
}

/** A test that came in and waits for a person here. */
function asksUs(test) {
  const key = `answer ${test.test}`;
  const answer = (language_ok) => send("/v1/line/tests/answer", { test: test.test, language_ok }, key);
  return h(
    "div",
    { class: "cbx", role: "group", "data-asks": test.test },
    h("b", {}, levelMark("caution"), say("lines.asks_us", free(nameOf(test.party)))),
    h(
      "div",
      { class: "rowb" },
      button(`${key} yes`, say("lines.hear_well"), () => answer(true)),
      button(`${key} no`, say("lines.hear_badly"), () => answer(false)),
    ),
  );
}

/** The form for a test by telephone or radio, and for the state of a channel. */
function telephoneForm(line) {
  const key = `phone ${line.party}`;
  if (forms.has(key)) return forms.get(key);
  const paths = line.next_tests.map((one) => one.path).filter((path) => path !== "network");
  const submit = (event) => {
    event.preventDefault();
    const given = new FormData(event.target);
    const answered_by = given.get("answered_by").trim();
    send(
      "/v1/line/tests/entered",
      {
        to: line.party,
        path: given.get("path"),
        answered_by,
        latency_s: Number(given.get("latency")) || 0,
        language_ok: given.get("language") === "on",
        cause: answered_by ? "not_stated" : given.get("cause"),
      },
      key,
    );
  };
  const field = (name, label, input) =>
    h("div", { class: "field" }, h("label", { for: `${key} ${name}` }, say(label)), input);
  const form = h(
    "form",
    { class: "lineform", on: { submit } },
    h("h4", {}, say("lines.enter")),
    field(
      "path",
      "lines.path",
      h(
        "select",
        { name: "path", id: `${key} path`, "data-key": `${key} path` },
        (paths.length ? paths : ["telephone", "radio"]).map((path) => h("option", { value: path }, sayCode("path", path))),
      ),
    ),
    field(
      "answered_by",
      "lines.answered_by",
      h("input", { name: "answered_by", id: `${key} answered_by`, "data-key": `${key} answered_by`, maxlength: 60, dir: "auto", autocomplete: "off" }),
    ),
    field(
      "latency",
      "lines.latency",
      h("input", { name: "latency", id: `${key} latency`, "data-key": `${key} latency`, inputmode: "decimal", dir: "ltr", autocomplete: "off" }),
    ),
    field(
      "cause",
      "lines.if_nobody",
      h(
        "select",
        { name: "cause", id: `${key} cause`, "data-key": `${key} cause` },
        CAUSES.map((cause) => h("option", { value: cause, selected: cause === "not_stated" }, sayCode("cause", cause))),
      ),
    ),
    h(
      "label",
      { class: "check" },
      h("input", { type: "checkbox", name: "language", "data-key": `${key} language`, checked: true }),
      say("lines.language_ok"),
    ),
    h("button", { class: "btn", "data-key": `${key} send` }, say("lines.enter_send")),
  );
  forms.set(key, form);
  return form;
}

function channelButtons(line) {
  const key = `channel ${line.party}`;
  const set = (stated) => send("/v1/line/channel", { to: line.party, channel: "safety", state: stated }, key);
  const ours = line.channels.find((one) => one.party === state.picture.party && one.channel === "safety")?.state ?? "open";
  return h(
    "div",
    { class: "seg", role: "group", "aria-label": say("lines.our_channel") },
    ["open", "limited", "suspended"].map((one) =>
      h(
        "button",
        {
          type: "button",
          "data-key": `${key} ${one}`,
          "aria-pressed": String(ours === one),
          disabled: mayNotSend(key),
          on: { click: () => ours !== one && set(one) },
        },
        sayCode("channelstate", one),
      ),
    ),
  );
}

function onePart(line) {
  const key = `test ${line.party}`;
  const tests = [...line.tests].sort((one, other) => at(other.at) - at(one.at)).slice(0, TESTS_SHOWN);
  return h(
    "section",
    { class: "linepart", "data-line-of": line.party, "aria-label": nameOf(line.party) },
    h(
      "h3",
      {},
      partyMark(party(line.party)),
      free(nameOf(line.party)),
      " ",
      h("span", { class: `linemark ${line.line}`, "aria-hidden": "true" }),
      " ",
      sayCode("line", line.line),
    ),
    line.tests.filter((test) => test.asks_us).map(asksUs),
    line.alarms.map((one) =>
      h("p", { class: "owed", "data-linealarm": one.what }, levelMark("caution"), sayCode("linealarm", one.what), " · ", zuluDay(at(one.since), now())),
    ),
    waiting(line),
    standing(line),
    h("h4", {}, say("lines.next")),
    nextTests(line),
    h("div", { class: "rowb" }, button(key, say("lines.test_now"), () => send("/v1/line/tests", { to: line.party }, key))),
    telephoneForm(line),
    h("h4", {}, say("lines.our_channel")),
    channelButtons(line),
    h("h4", {}, say("lines.said")),
    channels(line),
    h("h4", {}, say("lines.tests")),
    tests.length ? h("ul", { class: "plain" }, tests.map(testLine)) : h("p", { class: "hint" }, say("lines.no_test")),
  );
}

/** The page of the lines, and the pane at the side that main.js gives. */
export function linesView(side) {
  const lines = state.lines ?? [];
  return [
    h(
      "div",
      { class: "pagebody lines", "data-scroll": "lines" },
      h("h2", {}, say("lines.title")),
      lines.length ? h("div", { class: "lineparts" }, lines.map(onePart)) : h("p", { class: "hint" }, say("lines.none")),
    ),
    side,
  ];
}
