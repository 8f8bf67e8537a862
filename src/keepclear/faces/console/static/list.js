// The action list: "Needs an answer", then "Due next". It is the map's twin: everything on the map can be reached here.
import { h, levelMark, ltr, withIds } from "./dom.js";
import { countdown, zulu, zuluDay, zuluText } from "./format.js";
import { say } from "./words.js";
import { change, state } from "./state.js";
import { now } from "./clock.js";
import { instants } from "./instants.js";
import { unlock } from "./sound.js";

const DUE_MAX = 100; // rows of "Due next" that are drawn; what needs an answer is never cut

const isSame = (one, other) => one?.type === other.type && one.key === other.key;

/** Chooses what a row is about. */
export function choose(row) {
  if (row.choose.type === "sound") unlock();
  else if (row.choose.type === "line") change({ view: "lines" });
  else change({ chosen: row.choose, tab: "notice" });
}

function line(row, ms) {
  const isChosen = isSame(state.chosen, row.choose);
  const tail =
    row.level === "routine" && !Number.isFinite(row.due)
      ? null
      : h(
          "span",
          { class: "idue" },
          row.isPast || (row.isOutline && row.level === "stop") ? null : countdown(row.due, ms),
          h("span", { class: "quiet sm" }, zuluDay(row.due, ms)),
        );
  const classes = [
    "item",
    row.level,
    isChosen ? "sel" : "",
    row.isOutline ? "outline" : "",
    row.needs ? "needs" : "",
    state.silenced[row.key] > ms ? "silent" : "",
  ];
  return h(
    "li",
    { class: classes.join(" "), "data-row": row.key },
    h(
      "button",
      {
        class: "itemlink",
        "data-key": `row ${row.key}`,
        "aria-current": isChosen ? "true" : null,
        on: { click: () => choose(row) },
      },
      h("span", { class: "ilevel" }, levelMark(row.level), h("span", { class: "sr" }, say(`level.${row.level}`))),
      h(
        "span",
        { class: "ibody" },
        h("span", { class: "ititle" }, withIds(row.title)),
        h(
          "span",
          { class: "itext" },
          withIds(row.text),
          row.isShort ? [" ", h("span", { class: "tag quiet" }, "SHORT")] : null,
        ),
      ),
      row.key === "sound" ? null : tail,
    ),
    receipt(row, isChosen),
  );
}

/** Under a chosen row about an own notice that nobody answered: where the five instants stand. */
function receipt(row, isChosen) {
  if (!isChosen || row.level !== "caution" || row.choose.type !== "notice") return null;
  const notice = state.picture.notices.find((one) => `${one.party}/${one.id}` === row.choose.key);
  const waiting = notice?.recipients.find((one) => !one.acknowledged);
  return waiting ? instants(waiting, row.due) : null;
}

/** The pane; `rows` from rows.js. */
export function actionList(rows) {
  const ms = now();
  const needs = rows.filter((row) => row.needs);
  const due = rows.filter((row) => !row.needs);
  const nothing = h(
    "p",
    { class: "none" },
    h("span", { "aria-hidden": "true" }, "✓ "),
    say("list.nothing"),
    " ",
    say("list.checked", h("bdi", { dir: "ltr", class: "n", "data-now": true }, zuluText(ms))),
  );
  if (state.isOffline) nothing.replaceChildren(...[say("list.checked", zulu(state.lostAt))].flat());
  return h(
    "aside",
    { class: "list", id: "list", tabindex: -1, "aria-label": say("list.actions"), "data-scroll": "list" },
    h("h2", {}, say("list.needs"), " ", h("span", { class: "count" }, ltr(needs.length))),
    needs.length
      ? h(
          "ul",
          {},
          needs.map((row) => line(row, ms)),
        )
      : nothing,
    h("h2", {}, say("list.due"), " ", h("span", { class: "count" }, ltr(due.length))),
    due.length
      ? h(
          "ul",
          {},
          due.slice(0, DUE_MAX).map((row) => line(row, ms)),
          due.length > DUE_MAX ? h("li", { class: "none" }, say("list.more", ltr(due.length - DUE_MAX))) : null,
        )
      : h("p", { class: "none" }, say("list.none_due")),
  );
}

/** J and K: the row after or before the chosen one. */
export function step(rows, by) {
  const place = rows.findIndex((row) => isSame(state.chosen, row.choose));
  const row = rows[Math.max(0, Math.min(rows.length - 1, place < 0 ? 0 : place + by))];
  if (!row) return;
  choose(row);
  setTimeout(
    () => document.querySelector(`[data-key="${CSS.escape(`row ${row.key}`)}"]`)?.scrollIntoView({ block: "nearest" }),
    0,
  );
}
