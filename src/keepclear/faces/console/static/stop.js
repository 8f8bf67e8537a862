// STOP: the first action arms it and says to whom it goes, the second sends. It disarms by itself after ten seconds.
import { change, nameOf, state } from "./state.js";
import { now } from "./clock.js";
import { post } from "./api.js";
import { zuluText } from "./format.js";
import { say } from "./words.js";

const ARMED_MS = 10_000;
const ACCIDENT_MS = 250; // a double click is one action

let armedAt = 0;
let timer = 0;

/** The one way to STOP, from every view: arms, or sends when armed. Without a connection it gives the words to read out. */
export function pressStop() {
  if (state.stopSending) return;
  if (state.isOffline) {
    change({ card: localCard() });
    return;
  }
  if (state.stopArmedUntil > now()) {
    if (now() - armedAt > ACCIDENT_MS) send();
    return;
  }
  armedAt = now();
  clearTimeout(timer);
  timer = setTimeout(() => disarm(), ARMED_MS);
  change({ stopArmedUntil: now() + ARMED_MS });
  setTimeout(() => document.getElementById("stop")?.focus(), 0);
}

/** Takes the arming back: Escape, ten seconds, or the focus going elsewhere. */
export function disarm(isBlur = false) {
  if (!state.stopArmedUntil || state.stopSending) return;
  // A redraw of the bar takes the focus away for a moment; only a focus that truly went elsewhere disarms.
  if (isBlur) {
    setTimeout(() => document.activeElement?.id !== "stop" && document.activeElement !== document.body && disarm(), 50);
    return;
  }
  clearTimeout(timer);
  change({ stopArmedUntil: 0 });
}

/** Sends STOP; `to` empty means every peer. A name is not needed: anyone on duty may send. */
export async function send(to = []) {
  change({ stopSending: true });
  try {
    const { stop } = await post("/v1/stops", { by: state.holder?.name || "duty officer", to, remarks: "" });
    change({ chosen: { type: "stop", key: stop.id }, card: null });
  } catch (problem) {
    const lines = problem.body?.card || localCard().lines;
    change({ card: { lines, isSent: Boolean(problem.body?.sent_unrecorded), why: problem.message } });
  } finally {
    clearTimeout(timer);
    change({ stopSending: false, stopArmedUntil: 0 });
  }
}

/** What to read out by telephone when our own node cannot be reached. */
function localCard() {
  const picture = state.picture;
  const calls = (picture?.peers || []).map((peer) => say("card.call", peer.name, peer.telephone || say("phone.none")));
  return {
    lines: [
      ...calls,
      say("card.say"),
      say("card.this_is", picture?.name || nameOf("?"), zuluText(now())),
      say("card.ask"),
    ],
    isSent: false,
    why: "",
  };
}
