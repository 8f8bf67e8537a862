// The receipts of a notice: five instants for each recipient, and the proof that it was given, recomputed here.
import { free, h, levelMark, ltr, partyMark } from "../dom.js";
import { at, zulu } from "../format.js";
import { say } from "../words.js";
import { change, nameOf, noticeKey, party, state } from "../state.js";
import { now } from "../clock.js";
import { get, query } from "../api.js";
import { checkGiven } from "../proof.js";
import { instants } from "../instants.js";
import { fact, leadOf } from "./facts.js";

/** Fetches the given receipt and recomputes it here; asked once for each version and recipient. */
async function checkReceipt(notice, recipient) {
  const key = `${noticeKey(notice)}/v${recipient.version}/${recipient.party}`;
  if (state.given[key]) return;
  state.given[key] = { busy: true };
  const note = (result) => change({ given: { ...state.given, [key]: result } });
  try {
    const [from, to] = notice.own ? [notice.party, recipient.party] : [notice.party, state.picture.party];
    const receipt = await get(
      `/v1/record/given?${query({ party: from, id: notice.id, version: recipient.version, to })}`,
    );
    const result = await checkGiven(receipt);
    const says = JSON.parse(receipt.entry).body;
    const isThis = says.id === notice.id && says.version === recipient.version;
    note({ ...result, holds: result.holds && isThis, why: isThis ? result.why : "another notice", at: now() });
  } catch (problem) {
    // Asked again when something new is recorded: it may simply not be given yet.
    note({ holds: null, why: problem.message, seq: state.picture.seq });
  }
}

function proofLine(notice, recipient) {
  const key = `${noticeKey(notice)}/v${recipient.version}/${recipient.party}`;
  if (state.given[key]?.holds === null && state.given[key].seq !== state.picture.seq) delete state.given[key];
  if (recipient.given && !state.given[key]) checkReceipt(notice, recipient);
  const result = state.given[key];
  const who = notice.own ? nameOf(recipient.party) : state.picture.name;
  if (result?.holds === false)
    return h(
      "div",
      { class: "proof bad", "data-proof": "bad", role: "alert" },
      levelMark("warning"),
      say("receipts.failed", result.why),
    );
  if (result?.holds)
    return h(
      "div",
      { class: "proof", "data-proof": "ok" },
      h("span", { class: "pmark", "aria-hidden": "true" }, "✓"),
      " ",
      say("receipts.checked", zulu(result.at)),
    );
  if (result?.busy) return h("div", { class: "proof wait" }, say("receipts.checking"));
  return h(
    "div",
    { class: "proof wait", "data-proof": "wait" },
    h("span", { class: "pmark", "aria-hidden": "true" }, "…"),
    " ",
    say("receipts.waits", free(who)),
  );
}

/** Until when the recipient owes an acknowledgement, ms; NaN when it owes none. */
function dueOf(notice, recipient) {
  const alert = state.picture.alerts.find(
    (one) =>
      one.notice.party === notice.party &&
      one.notice.id === notice.id &&
      one.notice.version === notice.version &&
      one.to === recipient.party &&
      !one.answer,
  );
  return at(alert?.due_at);
}

function receipt(notice, recipient, isBrief) {
  const mark = h(
    "div",
    { class: "rhead" },
    partyMark(party(recipient.party)),
    h("b", {}, free(nameOf(recipient.party))),
  );
  if (recipient.disclosed === false)
    return h("div", { class: "rcpt" }, mark, h("div", { class: "proof wait" }, say("receipts.not_disclosed")));
  const answered = recipient.answer
    ? say("receipts.answer", h("b", {}, recipient.answer), free(recipient.acknowledged_by || "—"))
    : say("receipts.no_answer");
  mark.append(h("span", { class: "quiet" }, ...[answered].flat()));
  const old =
    recipient.version < notice.version
      ? h("div", { class: "proof wait" }, say("receipts.old_version", ltr(recipient.version), ltr(notice.version)))
      : null;
  const lead = isBrief ? null : h("dl", { class: "rlead" }, fact(say("notice.lead"), leadOf(recipient)));
  return h(
    "div",
    { class: "rcpt", "data-recipient": recipient.party },
    mark,
    instants(recipient, dueOf(notice, recipient)),
    old,
    lead,
    proofLine(notice, recipient),
  );
}

/** The receipts of the newest version, one for each recipient. Brief: without the lead time. */
export function receipts(notice, isBrief) {
  const list = notice.recipients.length
    ? notice.recipients.map((one) => receipt(notice, one, isBrief))
    : h("p", { class: "quiet" }, say("receipts.none"));
  return [h("h3", {}, say("receipts.title", ltr(notice.version))), list];
}
