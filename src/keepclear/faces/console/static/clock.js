// The time of our node. It runs on by this machine's steady clock when the node is out of reach.
import { writeCountdown, zuluText } from "./format.js";

let offsetMs = Date.now() - performance.now();

/** Sets the clock by what the node says now. Small steps of the network's own are left out, so that seconds do not jump. */
export function setClock(nodeMs, force = false) {
  const wanted = nodeMs - performance.now();
  if (force || Math.abs(wanted - offsetMs) > 400) offsetMs = wanted;
}

/** Now, by the clock of our node, milliseconds since 1970. */
export const now = () => performance.now() + offsetMs;

const eachSecond = new Set();
export const onSecond = (call) => eachSecond.add(call);

/** Rewrites every countdown and clock on the page; called once a second, on the second. */
function tick() {
  const ms = Math.floor(now() / 1000) * 1000;
  for (const element of document.querySelectorAll("[data-due]")) writeCountdown(element, ms);
  for (const element of document.querySelectorAll("[data-now]")) element.textContent = zuluText(ms);
  for (const call of eachSecond) call(ms);
  setTimeout(tick, 1000 - (now() % 1000) + 5);
}

export const startClock = tick;
