// The action list as values: what waits for a person here, and what comes next. Sorted by level, then by time left.
import { nameOf, noticeKey } from "./state.js";
import { at, zuluText } from "./format.js";
import { say, sayCode } from "./words.js";

const RANK = { stop: 0, warning: 1, caution: 2, advisory: 3, routine: 4 };

export const alertKey = (alert) => `alert ${alert.id} ${alert.to}`;
export const isOpen = (alert) => ["open", "standby", "missed"].includes(alert.state);
export const versioned = (notice) => `${notice.id} v${notice.version}`;

/** Everything for the list: [{key, level, due, needs, sounds, isOutline, title, text, choose, isShort}], most urgent first. */
export function rowsOf(state, ms) {
  const picture = state.picture;
  if (!picture) return [];
  const rows = [
    ...picture.stops.flatMap(stopRows),
    ...picture.alerts.flatMap((alert) => (alert.to_us ? asked(alert, picture, ms) : waits(alert))),
    ...picture.conflicts.flatMap((conflict) => conflictRow(conflict, picture, ms)),
    ...picture.notices.flatMap((notice) => comingRow(notice, picture, ms)),
    ...(state.lines ?? []).flatMap((line) => lineRows(line, ms)),
    ...soundRow(state, ms),
  ];
  return rows.sort(
    (one, other) => RANK[one.level] - RANK[other.level] || one.due - other.due || one.key.localeCompare(other.key),
  );
}

const row = (key, level, due, title, text, choose, more) => ({
  key,
  level,
  due,
  title,
  text,
  choose,
  needs: false,
  sounds: false,
  isOutline: false,
  isShort: false,
  isPast: false,
  ...more,
});

function stopRows(stop) {
  if (stop.state !== "active") return [];
  const [key, choose] = [`stop ${stop.id}`, { type: "stop", key: stop.id }];
  const due = at(stop.due_at) || at(stop.at);
  if (!stop.own) {
    const name = nameOf(stop.party);
    if (!stop.answered)
      return [
        row(key, "stop", due, say("row.stop", name), say("row.stop_text"), choose, { needs: true, sounds: true }),
      ];
    const mine = stop.answers.at(-1);
    return [
      row(
        key,
        "stop",
        at(mine.at),
        say("row.stop_answered", name),
        say("row.stop_answered_text", mine.answer, zuluText(at(mine.at))),
        choose,
        { isOutline: true },
      ),
    ];
  }
  const names = stop.to.map(nameOf).join(", ");
  const missing = stop.to.filter((id) => !stop.answers.some((answer) => answer.party === id));
  const title = say("row.stop_sent", names);
  if (!missing.length)
    return [
      row(
        key,
        "routine",
        at(stop.at),
        title,
        say("row.stop_sent_answered", stop.answers.map((one) => one.answer).join(", ")),
        choose,
        { isPast: true },
      ),
    ];
  return [
    row(key, "caution", due, title, say("row.stop_sent_text", missing.map(nameOf).join(", ")), choose, { needs: true }),
  ];
}

function asked(alert, picture, ms) {
  if (!isOpen(alert)) return [];
  const [name, notice] = [nameOf(alert.party), versioned(alert.notice)];
  const full = picture.notices.find((one) => one.party === alert.notice.party && one.id === alert.notice.id);
  const isInside = alert.level === "warning" && alert.inside.length > 0;
  const before = picture.alerts.find(
    (one) =>
      one.to_us &&
      one.notice.id === alert.notice.id &&
      one.party === alert.party &&
      one.notice.version < alert.notice.version,
  );
  const kind = sayCode("kind", full?.kind ?? "HAZARD");
  const title = isInside
    ? say("row.hazard", name)
    : before
      ? say("row.changed", name, alert.notice.id)
      : say("row.notice", name, kind, notice);
  let text = say("row.answer_now", notice);
  if (isInside) text = say("row.hazard_text", notice, alert.inside.join(", "));
  else if (alert.state === "standby") text = say("row.standby", notice);
  else if (before?.answer) text = say("row.changed_text", String(before.notice.version), String(alert.notice.version));
  else if (alert.conflicts.length) text = say("row.in_conflict", notice, alert.conflicts.join(", "));
  const silent = at(alert.silenced_until) || 0;
  return [
    row(
      alertKey(alert),
      alert.level,
      at(alert.due_at),
      title,
      text,
      { type: "alert", key: alertKey(alert) },
      { needs: true, sounds: alert.state !== "standby" && silent < ms, isShort: alert.is_short },
    ),
  ];
}

function waits(alert) {
  if (!isOpen(alert)) return [];
  const [name, notice, due] = [nameOf(alert.to), versioned(alert.notice), at(alert.due_at)];
  const choose = { type: "notice", key: noticeKey(alert.notice) };
  if (alert.state === "missed")
    return [
      row(alertKey(alert), "caution", due, say("row.no_answer", name), say("row.no_answer_text", notice), choose, {
        needs: true,
        sounds: true,
      }),
    ];
  return [row(alertKey(alert), "routine", due, say("row.waits", name, notice), say("row.waits_text"), choose)];
}

export const conflictKey = (conflict) =>
  `${conflict.one.party}/${conflict.one.id}~${conflict.other.party}/${conflict.other.id}`;

function conflictRow(conflict, picture, ms) {
  const end = at(conflict.end);
  if (end < ms) return [];
  const pair = [conflict.one, conflict.other];
  const about = picture.alerts.filter(
    (alert) =>
      pair.some((one) => one.id === alert.notice.id && one.party === alert.notice.party) &&
      pair.some((one) => alert.conflicts.includes(one.id)),
  );
  // While an alert about it waits for us, that row stands for the conflict; one thing is asked once.
  if (about.some((alert) => alert.to_us && isOpen(alert))) return [];
  const [key, choose] = [`conflict ${conflictKey(conflict)}`, { type: "conflict", key: conflictKey(conflict) }];
  const title = say("row.conflict", String(conflict.number), conflict.one.id, conflict.other.id);
  const due = at(conflict.start) || ms;
  const willing = about.find((alert) => alert.answer === "WILCO");
  if (willing)
    return [
      row(
        key,
        "caution",
        due,
        title,
        say("row.conflict_answered", willing.to_us ? picture.name : nameOf(willing.to), "WILCO"),
        choose,
        { isOutline: true },
      ),
    ];
  const other = pair.find((one) => one.party !== picture.party) ?? conflict.other;
  return [row(key, "caution", due, title, say("row.conflict_text", nameOf(other.party)), choose, { needs: true })];
}

function comingRow(notice, picture, ms) {
  const [start, end, choose] = [at(notice.start), at(notice.end), { type: "notice", key: noticeKey(notice) }];
  if (notice.state === "Ended" || end < ms) return [];
  const key = `notice ${noticeKey(notice)}`;
  const isShort = notice.recipients.some((one) => one.is_short);
  const mine = picture.alerts.find(
    (one) =>
      one.to_us &&
      one.answer &&
      one.notice.id === notice.id &&
      one.party === notice.party &&
      one.notice.version === notice.version,
  );
  const text = mine
    ? say("row.you_answered", mine.answer, zuluText(at(mine.answered_at)))
    : sayCode("kind", notice.kind);
  if (start > ms) {
    const title =
      notice.own && notice.state === "Accepted" ? say("row.activate", notice.id) : say("row.starts", notice.id);
    return [row(key, "routine", start, title, text, choose, { isShort })];
  }
  return [row(key, "routine", end, say("row.ends", notice.id), text, choose, { isShort })];
}

/** What a line itself asks for: a test that waits for a person here, silence, a missed test that nobody explained. */
function lineRows(line, ms) {
  const [name, choose] = [nameOf(line.party), { type: "line", key: line.party }];
  const asks = line.tests
    .filter((test) => test.asks_us && !test.results.includes("missed"))
    .map((test) =>
      row(`line ${test.test}`, "caution", at(test.due_at) || ms, say("row.line_asks", name), say("row.line_asks_text"), choose, {
        needs: true,
        sounds: true,
      }),
    );
  const alarms = line.alarms.map((one) => {
    const isSilent = one.what === "silent";
    return row(
      `line ${one.what} ${line.party}`,
      "caution",
      at(one.since) || ms,
      say(isSilent ? "row.line_silent" : "row.line_missed", name),
      say("row.line_missed_text", name),
      choose,
      { needs: true, sounds: true, isPast: true },
    );
  });
  return [...asks, ...alarms];
}

const soundRow = (state, ms) =>
  state.soundBlocked && state.holder
    ? [
        row(
          "sound",
          "caution",
          ms,
          say("row.sound"),
          say("row.sound_text"),
          { type: "sound", key: "sound" },
          { needs: true },
        ),
      ]
    : [];

/** The row that holds the alarm pane: a STOP or a warning without an answer, else the chosen caution; or undefined. */
export function alarmRow(state, rows) {
  const open = rows.filter((one) => one.needs && ["alert", "stop"].includes(one.choose.type) && !isOwnStop(state, one));
  const isChosen = (one) => state.chosen?.type === one.choose.type && state.chosen.key === one.choose.key;
  const urgent = open.filter((one) => ["stop", "warning"].includes(one.level));
  // Rows are sorted, so the first is of the highest level: a STOP never stands behind a warning that is being read.
  const first = urgent.filter((one) => one.level === urgent[0].level);
  return first.find(isChosen) ?? first[0] ?? open.find(isChosen);
}

const isOwnStop = (state, one) =>
  one.choose.type === "stop" && state.picture.stops.find((stop) => stop.id === one.choose.key)?.own;
