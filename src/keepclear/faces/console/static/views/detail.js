// The detail pane of the floor: a notice with its receipts and versions, a conflict, our own STOP, or a card to read out.
import { free, glyph, h, levelMark, ltr, partyMark } from "../dom.js";
import { at, band, countdown, distance, span, zulu, zuluDay } from "../format.js";
import { say, sayCode } from "../words.js";
import { change, findNotice, nameOf, noticeKey, party, state } from "../state.js";
import { now } from "../clock.js";
import { post } from "../api.js";
import { alertKey, conflictKey } from "../rows.js";
import { showVolumes } from "../map.js";
import { fact, leadOf, noticeFacts } from "./facts.js";
import { receipts } from "./receipts.js";
import { amend } from "./file.js";

const TABS = ["notice", "receipts", "versions"];
const pane = (...kids) =>
  h("aside", { class: "detail", id: "detail", tabindex: -1, "aria-label": say("detail.detail") }, kids);

// --------------------------------------------------------------------------------------------------------------- notice

function lead(notice) {
  const known = notice.recipients.filter((one) => one.received);
  if (!known.length) return fact(say("notice.lead"), h("span", { class: "quiet" }, say("notice.lead_wait")));
  return known.map((one) =>
    fact(
      say("notice.lead"),
      notice.recipients.length > 1 ? h("div", { class: "quiet" }, free(nameOf(one.party))) : null,
      leadOf(one),
    ),
  );
}

function versions(notice) {
  const line = (one) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, ltr(`v${one.version}`)),
      h("td", {}, zuluDay(at(one.at), now())),
      h("td", {}, sayCode("state", one.state)),
      h("td", { class: "mono" }, ltr(`${one.hash.slice(0, 8)}…`)),
      h(
        "td",
        {},
        one.log
          ? h(
              "button",
              {
                class: "btn small",
                "data-key": `entry-${one.version}`,
                on: {
                  click: () =>
                    change({
                      view: "record",
                      record: { ...state.record, log: one.log, n: one.n, first: null, proof: null, entries: [] },
                    }),
                },
              },
              say("versions.entry", ltr(one.n)),
            )
          : null,
      ),
    );
  return [
    h("h3", {}, say("versions.title")),
    h("table", { class: "rb" }, h("tbody", {}, notice.versions.toReversed().map(line))),
  ];
}

async function setState(notice, next) {
  try {
    await post(`/v1/notices/${notice.id}/state`, {
      state: next,
      version: notice.version,
      by: state.holder?.name || "duty officer",
    });
    change({ trouble: null });
  } catch (problem) {
    change({ trouble: { text: problem.status === 412 ? say("trouble.stale") : problem.message } });
  }
}

function noticeActions(notice) {
  const act = (word, key, call, cls = "", shortcut = null) =>
    h(
      "button",
      {
        class: `btn ${cls}`,
        "data-key": key,
        "data-sends": true,
        disabled: state.isOffline,
        "aria-keyshortcuts": shortcut,
        on: { click: call },
      },
      word,
      shortcut ? h("kbd", {}, shortcut) : null,
    );
  if (!notice.own || notice.state === "Ended") return null;
  const first =
    notice.state === "Accepted"
      ? act(say("notice.activate", notice.id), "activate", () => setState(notice, "Activated"), "primary")
      : act(say("notice.end", notice.id), "end", () => setState(notice, "Ended"), "primary");
  const ended =
    notice.state === "Accepted" ? act(say("notice.end", notice.id), "end", () => setState(notice, "Ended")) : null;
  return h(
    "div",
    { class: "dact" },
    first,
    ended,
    act(say("notice.amend", notice.id), "amend", () => amend(notice), "", "M"),
  );
}

function noticePane(notice) {
  const tab = h(
    "div",
    { class: "tabs", role: "tablist", "aria-label": say("detail.parts") },
    TABS.map((name) =>
      h(
        "button",
        {
          role: "tab",
          "data-key": `tab-${name}`,
          id: `tab-${name}`,
          "aria-controls": "tab-body",
          "aria-selected": String(state.tab === name),
          on: { click: () => change({ tab: name }) },
        },
        say(`tab.${name}`),
      ),
    ),
  );
  const body =
    state.tab === "receipts"
      ? receipts(notice, false)
      : state.tab === "versions"
        ? versions(notice)
        : [noticeFacts(notice), h("dl", {}, lead(notice)), receipts(notice, true)];
  const filed = [
    say("notice.filed", zuluDay(Math.floor(at(notice.filed_at) / 1000) * 1000, now())),
    notice.own && notice.drafted_by ? [" ", say("notice.drafted", free(notice.drafted_by))] : null,
  ];
  return pane(
    h(
      "div",
      { class: "dhead" },
      h(
        "div",
        { class: "dtitle" },
        partyMark(party(notice.party)),
        h("h2", {}, ltr(`${notice.id} v${notice.version}`)),
        h("span", { class: "tag" }, sayCode("kind", notice.kind)),
        h("span", { class: "tag", "data-state": notice.state }, sayCode("state", notice.state)),
        notice.mode === "OPER" ? null : h("span", { class: "tag" }, notice.mode),
        h("span", { class: "grow" }),
        h(
          "button",
          { class: "btn small", "data-key": "show-notice", on: { click: () => showVolumes(notice.volumes) } },
          say("map.show"),
        ),
      ),
      h("div", { class: "quiet sm" }, filed),
    ),
    tab,
    h(
      "div",
      {
        class: "dbody",
        role: "tabpanel",
        id: "tab-body",
        "aria-labelledby": `tab-${state.tab}`,
        tabindex: 0,
        "data-scroll": "detail",
      },
      body,
    ),
    noticeActions(notice),
  );
}

// ------------------------------------------------------------------------------------------------------------- conflict

function gap([least, most]) {
  if (most <= 0) return say("conflict.overlap");
  return least === most
    ? say("conflict.apart", ltr(distance(most)))
    : say("conflict.between", ltr(distance(Math.max(0, least))), ltr(distance(most)));
}

function conflictPane(conflict) {
  const side = (one) => {
    const notice = findNotice(noticeKey(one));
    return h(
      "div",
      { class: "cbx" },
      h(
        "div",
        {},
        partyMark(party(one.party)),
        h("b", {}, ltr(`${one.id} v${one.version}`)),
        " ",
        free(nameOf(one.party)),
        h("span", { class: "grow" }),
        h(
          "button",
          {
            class: "btn small",
            "data-key": `open-${noticeKey(one)}`,
            on: { click: () => change({ chosen: { type: "notice", key: noticeKey(one) }, tab: "notice" }) },
          },
          say("conflict.open", one.id),
        ),
      ),
      notice?.volumes.length
        ? h(
            "div",
            { class: "quiet" },
            ltr(band(notice.volumes[0].lower, notice.volumes[0].upper)),
            " · ",
            zuluDay(at(notice.start), now()),
            " – ",
            zuluDay(at(notice.end), now()),
          )
        : null,
    );
  };
  const when = conflict.start
    ? say("conflict.span", zuluDay(at(conflict.start), now()), zuluDay(at(conflict.end), now()))
    : say("conflict.apart", span(conflict.time_s * 1000));
  const starts =
    at(conflict.start) > now() ? h("p", {}, say("map.begins", countdown(at(conflict.start), now()))) : null;
  return pane(
    h(
      "div",
      { class: "dhead" },
      h("div", { class: "dtitle" }, levelMark("caution"), h("h2", {}, say("conflict.title", ltr(conflict.number)))),
      h("div", { class: "quiet sm" }, say("conflict.who")),
    ),
    h(
      "div",
      { class: "dbody", tabindex: 0, "data-scroll": "detail" },
      side(conflict.one),
      side(conflict.other),
      starts,
      h(
        "dl",
        {},
        fact(say("conflict.verdict"), h("b", {}, sayCode("conflict", conflict.verdict))),
        fact(say("conflict.when"), when),
        fact(say("conflict.ground"), gap(conflict.horizontal_m)),
        fact(say("conflict.height"), gap(conflict.vertical_m)),
      ),
    ),
  );
}

// ---------------------------------------------------------------------------------------------------- our STOP, the card

async function resume(stop) {
  try {
    await post("/v1/stops/resume", { id: stop.id.split("/").at(-1), by: state.holder?.name || "duty officer" });
  } catch (problem) {
    change({ trouble: { text: problem.message } });
  }
}

function stopPane(stop) {
  const of = (id) => {
    const [answer, received] = [stop.answers.find((one) => one.party === id), at(stop.received?.[id])];
    const words = answer
      ? say("stopped.answer", free(nameOf(id)), h("b", {}, answer.answer), zulu(at(answer.at)))
      : Number.isNaN(received)
        ? say("stopped.wait", free(nameOf(id)))
        : say("stopped.received", free(nameOf(id)), zulu(received));
    return h("li", {}, partyMark(party(id)), h("span", {}, words));
  };
  const names = stop.own ? stop.to.map(nameOf).join(", ") : nameOf(stop.party);
  const title = stop.own ? say("stopped.title", free(names)) : say("alarm.stop_title", free(names));
  const mine = stop.own
    ? stop.to.map(of)
    : stop.answers.map((one) =>
        h(
          "li",
          {},
          partyMark(party(one.party)),
          h("span", {}, say("alarm.answered_by", one.answer, free(one.by), zulu(at(one.at)))),
        ),
      );
  return pane(
    h(
      "div",
      { class: "dhead" },
      h("div", { class: "dtitle" }, glyph("octagon", "", "stopmark"), h("h2", {}, title)),
      h(
        "div",
        { class: "quiet sm" },
        ltr(stop.id.split("/").at(-1)),
        " · ",
        say("stopped.text", zulu(at(stop.at)), free(stop.by)),
      ),
    ),
    h(
      "div",
      { class: "dbody", tabindex: 0, "data-stop": stop.id },
      h("ul", { class: "answers" }, mine),
      stop.state === "resumed"
        ? h("p", {}, say("stopped.resumed", zulu(at(stop.resumed_at))))
        : h("p", { class: "quiet" }, say("stopped.state", free(names))),
    ),
    stop.own && stop.state === "active"
      ? h(
          "div",
          { class: "dact" },
          h(
            "button",
            {
              class: "btn",
              "data-key": "resume",
              "data-sends": true,
              disabled: state.isOffline,
              on: { click: () => resume(stop) },
            },
            say("stopped.resume"),
          ),
        )
      : null,
  );
}

/** What to read out by telephone when a STOP could not be recorded or sent. */
export function cardPane() {
  const { lines, isSent, why } = state.card;
  return h(
    "aside",
    { class: "detail card", role: "alertdialog", "aria-label": say("card.title"), "data-card": true },
    h(
      "div",
      { class: "ahead" },
      levelMark("warning"),
      h(
        "div",
        {},
        h("h2", {}, say("card.title")),
        h("div", { class: "sm" }, say(isSent ? "card.sent" : "card.not_sent"), why ? [" ", why] : null),
      ),
    ),
    h(
      "ol",
      { class: "dbody cardlines", tabindex: 0 },
      lines.map((line) => h("li", {}, free(line))),
    ),
    h(
      "div",
      { class: "dact" },
      h(
        "button",
        { class: "btn primary", "data-key": "card-done", on: { click: () => change({ card: null }) } },
        say("card.done"),
      ),
    ),
  );
}

/** The pane for what is chosen, or for nothing. */
export function detailPane() {
  const { chosen, picture } = state;
  if (chosen?.type === "stop") {
    const stop = picture.stops.find((one) => one.id === chosen.key);
    if (stop) return stopPane(stop);
  }
  if (chosen?.type === "conflict") {
    const conflict = picture.conflicts.find((one) => conflictKey(one) === chosen.key);
    if (conflict) return conflictPane(conflict);
  }
  // An alert that was answered, here or at another desk, shows its notice: who answered, and when, stands there.
  const alert = chosen?.type === "alert" ? picture.alerts.find((one) => alertKey(one) === chosen.key) : null;
  const notice = chosen?.type === "notice" ? findNotice(chosen.key) : alert && findNotice(noticeKey(alert.notice));
  if (notice) return noticePane(notice);
  return pane(h("p", { class: "emptyp" }, say("detail.nothing")));
}
