// The watch: who holds it, the handover by a list that both sign, drafts that wait for a second person, the duty log and
// the directory (D3, D5). Nothing is ticked by itself, and a line that changed is ticked no longer.
import { free, h, levelMark, ltr } from "../dom.js";
import { at, zuluDay, zuluPlan } from "../format.js";
import { say, sayCode } from "../words.js";
import { change, state } from "../state.js";
import { now } from "../clock.js";
import { get, post } from "../api.js";
import { holderName } from "../chrome.js";

const LOG_SHOWN = 50;
const forms = new Map(); // made once: a redraw must not take a half-written line away
let loadedFor = 0; // the picture's seq that the page was fetched for
let isLoading = false;

/** Fetches the watch, its people and its log, when something was recorded since. */
async function load() {
  const seq = state.picture.seq;
  if (isLoading || loadedFor === seq) return;
  isLoading = true;
  try {
    const [watch, people, log] = await Promise.all([get("/v1/watch"), get("/v1/people"), get("/v1/log")]);
    loadedFor = seq;
    change({ watch: { watch, people, log, problem: "" } });
  } catch (problem) {
    loadedFor = seq;
    change({ watch: { ...state.watch, problem: problem.message } });
  } finally {
    isLoading = false;
  }
}

async function send(path, body, key) {
  change({ sendingLine: key });
  try {
    await post(path, body);
    forms.delete(key);
    loadedFor = 0;
    change({ sendingLine: "", trouble: null });
  } catch (problem) {
    loadedFor = 0;
    change({ sendingLine: "", trouble: { text: problem.message } });
  }
}

const isBusy = (key) => state.isOffline || state.sendingLine === key;

const button = (key, words, call, more = {}) =>
  h(
    "button",
    { class: "btn", type: "button", "data-key": key, disabled: isBusy(key), on: { click: call }, ...more },
    words,
  );

function holding(watch) {
  const key = "take-over";
  if (!watch.holder)
    return [
      h("p", {}, say("duty.nobody")),
      button(key, say("duty.begin", free(holderName())), () => send("/v1/watch/take", { by: holderName() }, key), {
        disabled: isBusy(key) || !holderName(),
      }),
    ];
  return [
    h("p", {}, say("duty.holds", free(watch.holder), zuluPlan(Math.floor(at(watch.since) / 1000) * 1000))),
    h(
      "ul",
      { class: "plain quiet" },
      watch.periods.slice(-6).map((one) => h("li", {}, zuluDay(at(one.since), now()), " · ", free(one.person))),
    ),
  ];
}

function offer(watch, people) {
  const key = "offer";
  if (!forms.has(key)) {
    const submit = (event) => {
      event.preventDefault();
      const to = new FormData(event.target).get("to").trim();
      if (to) send("/v1/watch/handover", { to, by: watch.holder }, key);
    };
    forms.set(
      key,
      h(
        "form",
        { class: "rowb", on: { submit } },
        h("label", { for: "offer-to" }, say("duty.hand_to")),
        h("input", {
          name: "to",
          id: "offer-to",
          "data-key": "offer-to",
          list: "people",
          maxlength: 60,
          required: true,
          dir: "auto",
          autocomplete: "off",
        }),
        h("datalist", { id: "people" }, people.map((one) => h("option", { value: one.name }))),
        h("button", { class: "btn", "data-key": "offer-send" }, say("duty.offer")),
      ),
    );
  }
  return forms.get(key);
}

function item(one, handover) {
  const key = `tick ${one.key}`;
  const tick = () => send("/v1/watch/handover/ticks", { items: [one.key], by: handover.to }, key);
  return h(
    "li",
    { class: one.ticked ? "ticked" : "", "data-item": one.key },
    h(
      "button",
      {
        class: "tick",
        type: "button",
        role: "checkbox",
        "aria-checked": String(one.ticked),
        "data-key": key,
        disabled: one.ticked || isBusy(key),
        on: { click: tick },
      },
      h("span", { class: "tickbox", "aria-hidden": "true" }, one.ticked ? "✓" : ""),
      h("span", {}, h("b", {}, ltr(one.key)), " · ", free(one.words)),
    ),
  );
}

function handoverList(watch) {
  const { handover } = watch;
  const sections = [...new Set(watch.items.map((one) => one.section))];
  const open = watch.items.filter((one) => !one.ticked).length;
  const sign = (by, key) => send("/v1/watch/handover/signature", { digest: watch.digest, by }, key);
  const signer = (by, words) => {
    const key = `sign ${by}`;
    const isSigned = handover.signed.includes(by);
    return button(
      key,
      isSigned ? [h("span", { "aria-hidden": "true" }, "✓ "), say("duty.signed", free(by))] : say(words, free(by)),
      () => sign(by, key),
      { disabled: isSigned || open > 0 || isBusy(key) },
    );
  };
  return [
    h("p", {}, say("duty.under_way", free(handover.by), free(handover.to), zuluDay(at(handover.at), now()))),
    h("p", { class: "hint", "data-open": open }, open ? say("duty.open_items", ltr(open)) : say("duty.all_looked")),
    sections.map((section) => [
      h("h4", {}, sayCode("section", section)),
      h("ul", { class: "plain" }, watch.items.filter((one) => one.section === section).map((one) => item(one, handover))),
    ]),
    watch.items.length ? null : h("p", { class: "hint" }, say("duty.nothing_open")),
    h(
      "div",
      { class: "rowb" },
      signer(handover.by, "duty.sign_out"),
      signer(handover.to, "duty.sign_in"),
      button("withdraw", say("duty.withdraw"), () => send("/v1/watch/handover/withdrawal", { by: handover.by }, "withdraw")),
    ),
    h("p", { class: "hint" }, say("duty.both_sign")),
  ];
}

function drafts(watch) {
  if (!watch.drafts.length) return null;
  const me = holderName();
  return h(
    "section",
    { class: "linepart", "aria-label": say("duty.drafts") },
    h("h3", {}, levelMark("caution"), say("duty.drafts")),
    watch.drafts.map((one) => {
      const isMine = one.drafted_by === me;
      const key = `draft ${one.draft}`;
      return h(
        "div",
        { class: "cbx", "data-draft": one.draft },
        h("b", {}, one.changes ? ltr(one.changes) : say("file.title")),
        " · ",
        say("notice.drafted", free(one.drafted_by)),
        " · ",
        zuluDay(at(one.at), now()),
        h("p", { class: "hint" }, one.why.map((why) => sayCode("why", why)).join(", ")),
        h(
          "div",
          { class: "rowb" },
          button(`${key} send`, say("duty.second_send"), () => send(`/v1/drafts/${one.draft}/send`, { by: me }, key), {
            disabled: isMine || !me || isBusy(key),
          }),
          button(`${key} drop`, say("duty.second_drop"), () => send(`/v1/drafts/${one.draft}/drop`, { by: me }, key)),
        ),
        isMine ? h("p", { class: "hint" }, say("duty.not_yourself")) : null,
      );
    }),
  );
}

function logForm() {
  const key = "log";
  if (!forms.has(key)) {
    const submit = (event) => {
      event.preventDefault();
      const text = new FormData(event.target).get("text").trim();
      if (text) send("/v1/log", { text, by: holderName() }, key);
    };
    forms.set(
      key,
      h(
        "form",
        { class: "rowb", on: { submit } },
        h("input", {
          name: "text",
          "data-key": "log-text",
          "aria-label": say("duty.log_line"),
          maxlength: 2000,
          required: true,
          dir: "auto",
          autocomplete: "off",
        }),
        h("button", { class: "btn", "data-key": "log-send" }, say("duty.log_add")),
      ),
    );
  }
  return forms.get(key);
}

const log = (lines) => [
  logForm(),
  h("p", { class: "hint" }, say("file.free")),
  h(
    "ul",
    { class: "plain" },
    [...lines]
      .sort((one, other) => at(other.at) - at(one.at))
      .slice(0, LOG_SHOWN)
      .map((one) => h("li", {}, zuluDay(at(one.at), now()), " · ", free(one.by), " · ", free(one.text))),
  ),
];

const numbers = (watch) =>
  watch.numbers.length
    ? h(
        "ul",
        { class: "plain" },
        watch.numbers.map((one) =>
          h("li", {}, free(one.name), " · ", ltr(one.number), one.remarks ? [" · ", free(one.remarks)] : null),
        ),
      )
    : h("p", { class: "hint" }, say("duty.no_number"));

const part = (title, ...kids) =>
  h("section", { class: "linepart", "aria-label": say(title) }, h("h3", {}, say(title)), ...kids);

/** The page of the watch, and the pane at the side that main.js gives. */
export function watchView(side) {
  load();
  const { watch, people, log: lines, problem } = state.watch;
  const body = watch
    ? h(
        "div",
        { class: "lineparts" },
        part("duty.holder", holding(watch), watch.holder && !watch.handover ? offer(watch, people) : null),
        watch.handover ? part("duty.handover", handoverList(watch)) : null,
        drafts(watch),
        part("duty.log", log(lines)),
        part(
          "duty.numbers",
          numbers(watch),
          h("a", { class: "btn", "data-key": "sheet", href: "/v1/watch/sheet", target: "_blank", rel: "noopener" }, say("duty.sheet")),
        ),
      )
    : h("p", { class: "hint" }, problem || say("record.loading"));
  return [
    h("div", { class: "pagebody", "data-scroll": "watch" }, h("h2", {}, say("duty.title")), body),
    side,
  ];
}
