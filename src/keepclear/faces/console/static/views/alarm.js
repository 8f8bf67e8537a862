// The alarm: takes the detail pane, covers nothing, and is closed by an answer alone. Two figures decide: need and have.
import { free, glyph, h, levelMark, ltr, withIds } from "../dom.js";
import { at, countdown, leadSpan, span, spanText, zulu, zuluPlan } from "../format.js";
import { say, sayCode } from "../words.js";
import { change, findNotice, nameOf, noticeKey, state } from "../state.js";
import { now } from "../clock.js";
import { post, Problem } from "../api.js";
import { send as sendStop } from "../stop.js";
import { alertKey, versioned } from "../rows.js";
import { instants } from "../instants.js";
import { noticeFacts } from "./facts.js";

const SETTLE_MS = 700; // a key meant for something else must not answer an alarm that has just come up
const SILENCE_S = 30;

let shownKey = "";
let shownSince = 0;

/** The alert or STOP of a row of the list: {alert} or {stop}. */
export function subjectOf(row) {
  if (row.choose.type === "stop") return { stop: state.picture.stops.find((one) => one.id === row.choose.key) };
  return { alert: state.picture.alerts.find((one) => alertKey(one) === row.choose.key) };
}

// ------------------------------------------------------------------------------------------------------------ answers

/** The answers in the order of their keys. WILCO is last when our own figures contradict it, and is never first. */
export function answersTo({ alert, stop }) {
  if (stop) return ["ROGER", "WILCO", "UNABLE"];
  if (alert.level === "warning")
    return isShortOfTime(alert)
      ? ["STOP", "UNABLE", "ROGER", "STANDBY", "WILCO"]
      : ["STOP", "ROGER", "WILCO", "UNABLE", "STANDBY"];
  return ["ROGER", "WILCO", "UNABLE", "STANDBY", "STOP"];
}

const isShortOfTime = (alert) => alert.need_s > 0 && haveMs(alert) < alert.need_s * 1000;

/** Milliseconds until the hazard starts: the figure "have", counted down here from the start itself. */
function haveMs(alert) {
  const notice = findNotice(noticeKey(alert.notice));
  return notice ? at(notice.start) - now() : alert.have_s * 1000;
}

const answering = (key) => (state.answering?.key === key ? state.answering : { key });
const note = (key, patch) => change({ answering: { ...answering(key), ...patch } });

async function answerAlert(row, alert, word) {
  if (word === "STOP") return askToStop(row, alert.party);
  const isAgain = answering(row.key).asks === word;
  note(row.key, { sending: word, problem: "" });
  try {
    await post("/v1/alerts/answer", {
      alert: alert.id,
      version: alert.notice.version,
      answer: word,
      by: state.holder?.name || "duty officer",
      again: isAgain,
    });
    change({
      answering: null,
      chosen: word === "STANDBY" ? state.chosen : { type: "notice", key: noticeKey(alert.notice) },
    });
  } catch (problem) {
    note(row.key, {
      sending: "",
      problem: problem.message,
      asks: problem instanceof Problem && problem.code === "contradicted" ? word : "",
    });
  }
  return undefined;
}

/** STOP from the alarm: the first action arms and names to whom, the second sends. */
async function askToStop(row, to) {
  if (answering(row.key).armed !== "STOP") return note(row.key, { armed: "STOP" });
  note(row.key, { sending: "STOP" });
  await sendStop([to]);
  return change({ answering: null });
}

async function answerStop(row, stop, word) {
  note(row.key, { sending: word, problem: "" });
  try {
    await post("/v1/stops/answer", { stop: stop.id, answer: word, by: state.holder?.name || "duty officer" });
    change({ answering: null, chosen: { type: "stop", key: stop.id } });
  } catch (problem) {
    note(row.key, { sending: "", problem: problem.message });
  }
}

/** Gives the answer, unless the alarm has only just come up. */
function give(row, subject, word) {
  if (now() - shownSince < SETTLE_MS || answering(row.key).sending) return;
  if (subject.stop) answerStop(row, subject.stop, word);
  else answerAlert(row, subject.alert, word);
}

/** Silences one alert at this desk for 30 s. An alert's silence is recorded; a STOP is silenced once only. */
export async function silence(row) {
  const subject = subjectOf(row);
  if (subject.stop && state.silenced[row.key]) return;
  change({ silenced: { ...state.silenced, [row.key]: now() + SILENCE_S * 1000 } });
  if (!subject.alert || state.isOffline) return;
  try {
    await post("/v1/alerts/silence", {
      alert: subject.alert.id,
      by: state.holder?.name || "duty officer",
      seconds: SILENCE_S,
    });
  } catch (problem) {
    change({ trouble: { text: problem.message } });
  }
}

// ------------------------------------------------------------------------------------------------------------- choices

function wordsFor(subject, word) {
  const { alert, stop } = subject;
  if (stop) return say(`alarm.stop_${word}`);
  const notice = findNotice(noticeKey(alert.notice));
  if (word === "STOP") return say("alarm.STOP", free(nameOf(alert.party)));
  if (word === "WILCO" && alert.need_s && notice) return say("alarm.WILCO", zulu(at(notice.start)));
  if (word === "UNABLE" && alert.need_s) return say("alarm.UNABLE", zulu(now() + alert.need_s * 1000));
  return say(["WILCO", "UNABLE"].includes(word) ? `alarm.${word}_plain` : `alarm.${word}`);
}

function choice(row, subject, word, place) {
  const { armed, asks, sending } = answering(row.key);
  const isDoubted = subject.alert && word === "WILCO" && isShortOfTime(subject.alert);
  const isArmed = armed === word;
  const head = isArmed
    ? say("alarm.STOP_armed", free(nameOf(subject.alert.party)))
    : asks === word
      ? say("alarm.again", word)
      : word;
  const tail =
    sending === word
      ? h("span", { class: "tag" }, say("alarm.sending"))
      : isDoubted
        ? h("span", { class: "tag amber" }, say("alarm.not_on_figures"))
        : null;
  return h(
    "button",
    {
      class: `choice ${isArmed ? "armed" : ""} ${isDoubted ? "unlikely" : ""}`,
      "data-key": `answer-${word}`,
      "data-answer": word,
      "data-sends": true,
      disabled: state.isOffline,
      "aria-keyshortcuts": String(place + 1),
      on: { click: () => give(row, subject, word) },
    },
    h("kbd", {}, ltr(place + 1)),
    h("span", { class: "chead" }, word === "STOP" ? glyph("octagon", "", "stopmark") : null, head),
    h("span", { class: "ctext" }, wordsFor(subject, word)),
    tail,
  );
}

/** Key 1 to 9 in an alarm: chooses, so Enter sends. STOP is armed by being chosen. */
export function chooseAnswer(row, number) {
  const subject = subjectOf(row);
  const word = answersTo(subject)[number - 1];
  if (!word || now() - shownSince < SETTLE_MS) return;
  // At once, not later: an Enter that follows quickly must send what was chosen, and not what had the focus before.
  document.querySelector(`[data-answer="${word}"]`)?.focus();
  if (word === "STOP" && answering(row.key).armed !== "STOP") askToStop(row, subject.alert.party);
}

// ---------------------------------------------------------------------------------------------------------------- pane

function figures(alert) {
  const [need, have] = [alert.need_s * 1000, haveMs(alert)];
  const figure = (cls, word, ms) =>
    h("div", { class: cls }, h("span", { class: "rl" }, word), h("span", { class: "rv" }, span(ms)));
  const isShort = have < need;
  return [
    h(
      "div",
      { class: `race ${isShort ? "short" : ""}` },
      figure("need", say("alarm.need"), need),
      figure("have", say("alarm.have"), have),
      h(
        "div",
        { class: "bars", "aria-hidden": "true" },
        h("div", { class: "bneed" }),
        h("div", { class: "bhave", vars: { "--w": shareOf(need, have) } }),
      ),
      h("p", { class: "inwords", id: "race-words" }, inWords(alert, need, have)),
    ),
    why(alert),
  ];
}

const shareOf = (need, have) => `${Math.max(0, Math.min(100, (100 * have) / need))}%`;

/** The difference in words, when the hazard starts, and when we could be clear. */
function inWords(alert, need, have) {
  const notice = findNotice(noticeKey(alert.notice));
  const isShort = have < need;
  const starts = notice ? say(have > 0 ? "alarm.starts" : "alarm.began", zulu(at(notice.start))) : null;
  return [
    say(isShort ? "alarm.short" : "alarm.spare", span(Math.abs(need - have))),
    " ",
    starts,
    " ",
    isShort ? say("alarm.clear_at", zulu(now() + need)) : null,
  ]
    .flat(9)
    .filter(Boolean);
}

/** Once a second: the figures run down in place. Only a turn of the answer is a redraw, so focus and screen reader rest. */
export function tickAlarm(row) {
  const { alert } = subjectOf(row);
  const silence = document.querySelector("[data-silent]");
  if (silence) silence.replaceChildren(span(Number(silence.dataset.silent) - now()));
  const race = document.querySelector("[data-alarm] .race:not(.one)");
  if (!alert || !race) return;
  const [need, have] = [alert.need_s * 1000, haveMs(alert)];
  if (race.classList.contains("short") !== have < need) change();
  race.querySelector(".have .rv").replaceChildren(span(have));
  race.querySelector(".bhave").style.setProperty("--w", shareOf(need, have));
  race.querySelector("#race-words").replaceChildren(...inWords(alert, need, have));
  document.querySelector("[data-answer=UNABLE] .ctext")?.replaceChildren(...[wordsFor({ alert }, "UNABLE")].flat());
}

function why(alert) {
  const slowest = state.picture.notices
    .filter((one) => one.own && alert.inside.includes(one.id) && one.slowest_mps)
    .sort((one, other) => one.slowest_mps - other.slowest_mps)[0];
  const ids = ltr(alert.inside.join(", "));
  return h(
    "p",
    { class: "why" },
    slowest ? say("alarm.why", ids, ltr(slowest.slowest_mps), ltr(slowest.reaction_s)) : say("alarm.why_short", ids),
  );
}

function dueFigure(due) {
  return h(
    "div",
    { class: "race one" },
    h(
      "div",
      { class: "have" },
      h("span", { class: "rl" }, say("alarm.left")),
      h("span", { class: "rv" }, countdown(due, now())),
    ),
  );
}

function leadLine(alert) {
  if (alert.lead_s === undefined || alert.lead_s === null) return null;
  const lead = leadSpan(alert.lead_s);
  const bracket = alert.lead_bracket_s;
  return h(
    "p",
    { class: "why" },
    bracket ? say("alarm.lead", lead, leadSpan(bracket[0]), leadSpan(bracket[1])) : say("alarm.lead_one", lead),
    alert.is_short ? [" ", h("span", { class: "tag amber" }, "SHORT")] : null,
  );
}

function head(row, title, under) {
  const silenced = state.silenced[row.key] > now();
  const quiet = silenced
    ? say(
        "alarm.silenced",
        h("span", { "data-silent": state.silenced[row.key] }, span(state.silenced[row.key] - now())),
      )
    : say("alarm.silence");
  return h(
    "div",
    { class: "ahead" },
    levelMark(row.level),
    h(
      "div",
      {},
      h("h2", { id: "alarm-title" }, h("span", { class: "sr" }, say(`level.${row.level}`), ": "), title),
      h("div", { class: "sm" }, under),
    ),
    h(
      "button",
      { class: "mini onred", "data-key": "silence", "aria-keyshortcuts": "Q", on: { click: () => silence(row) } },
      quiet,
      h("kbd", {}, "Q"),
    ),
  );
}

function contradiction(alert) {
  if (!alert.contradiction) return null;
  const { said, fits } = alert.contradiction;
  return h(
    "p",
    { class: "owed", "data-contradiction": true },
    levelMark("caution"),
    h(
      "span",
      {},
      say(
        "alarm.contradiction",
        h("b", {}, sayCode("region", said)),
        h("b", {}, sayCode("region", fits)),
        free(nameOf(alert.party)),
      ),
    ),
  );
}

function alertBody(row, alert) {
  const notice = findNotice(noticeKey(alert.notice));
  const us = notice?.recipients.find((one) => one.party === state.picture.party);
  const received = at(us?.received) || at(alert.raised_at);
  const isInside = alert.need_s > 0 && alert.inside.length > 0;
  const under = [
    ltr(versioned(alert.notice)),
    " · ",
    say("alarm.received", zulu(received)),
    alert.is_short ? [" · ", h("span", { class: "tag onred" }, "SHORT")] : null,
  ];
  return [
    head(row, withIds(row.title), under),
    h(
      "div",
      { class: "abody", "data-scroll": "alarm", id: "alarm-text" },
      isInside ? figures(alert) : dueFigure(at(alert.due_at)),
      contradiction(alert),
      alert.conflicts.length
        ? h("p", { class: "inwords" }, say("alarm.conflicts", ltr(alert.conflicts.join(", "))))
        : null,
      isInside ? null : leadLine(alert),
      choices(row, { alert }),
      h("p", { class: "sm quiet" }, say("alarm.decides", free(nameOf(alert.party)), zulu(received))),
      isInside ? leadLine(alert) : null,
      notice ? noticeFacts(notice, { isBrief: true }) : null,
      us ? instants(us, at(alert.due_at)) : null,
    ),
  ];
}

function stopBody(row, stop) {
  const under = say("alarm.stop_at", ltr(stop.id.split("/").at(-1)), zuluPlan(at(stop.at)), free(stop.by));
  return [
    head(row, say("alarm.stop_title", free(nameOf(stop.party))), under),
    h(
      "div",
      { class: "abody", "data-scroll": "alarm", id: "alarm-text" },
      h("div", { class: "bigstop" }, glyph("octagon", "", "stopmark"), h("b", {}, say("alarm.stop_text"))),
      stop.remarks
        ? h("p", {}, h("span", { class: "quiet" }, say("alarm.stop_remarks"), " "), free(stop.remarks))
        : null,
      stop.recorded === false ? h("p", { class: "owed" }, levelMark("caution"), say("alarm.unrecorded")) : null,
      dueFigure(at(stop.due_at)),
      choices(row, { stop }),
      h("p", { class: "sm quiet" }, say("alarm.decides", free(nameOf(stop.party)), zulu(at(stop.at)))),
    ),
  ];
}

function choices(row, subject) {
  const { problem } = answering(row.key);
  const fault = problem
    ? h(
        "p",
        { class: "owed", role: "alert", "data-problem": true },
        levelMark("caution"),
        h("span", {}, h("b", {}, say("alarm.not_sent")), " ", problem),
      )
    : null;
  return [
    fault,
    h(
      "div",
      { class: "choices", role: "group", "aria-label": say("alarm.answers") },
      answersTo(subject).map((word, place) => choice(row, subject, word, place)),
    ),
  ];
}

/** The pane for a row that waits for an answer. */
export function alarmPane(row) {
  const subject = subjectOf(row);
  if (shownKey !== row.key) [shownKey, shownSince] = [row.key, now()];
  const level = row.level === "stop" ? "warning" : row.level;
  return h(
    "section",
    {
      class: `detail alarm ${level} ${row.level}`,
      role: row.level === "caution" ? "region" : "alertdialog",
      "aria-labelledby": "alarm-title",
      "aria-describedby": "alarm-text",
      "data-alarm": row.key,
    },
    subject.stop ? stopBody(row, subject.stop) : alertBody(row, subject.alert),
  );
}

/** True once for each alarm: when the focus is to go to its first answer. */
let focused = "";
export function takesFocus(row) {
  const isNew = Boolean(row) && focused !== row.key;
  focused = row?.key ?? "";
  if (!row) shownKey = "";
  return isNew;
}

/** What the screen reader says at 10, 5, 2, 1 min and 30 s, or "". */
export function spokenAt(row, ms) {
  const left = Math.round((row.due - ms) / 1000);
  return [600, 300, 120, 60, 30].includes(left) ? `${say(`level.${row.level}`)}: ${spanText(left * 1000)}` : "";
}
