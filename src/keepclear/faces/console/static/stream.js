// The event stream, one for all tabs of a browser: entries as they are recorded, and a pulse each second. No pulse for three seconds is "offline".
import { get } from "./api.js";
import { at } from "./format.js";
import { change, state } from "./state.js";
import { now, setClock } from "./clock.js";

const SILENCE_MS = 3000;
const FETCH_DELAY_MS = 100;

let source = null;
let lastSeq = 0;
let lastPulse = performance.now();
let isFetching = false;
let isStale = false;
let fetchTimer = 0;

/** Fetches the picture; one at a time, and once more when something happened meanwhile. */
async function refetch() {
  if (isFetching) {
    isStale = true;
    return;
  }
  isFetching = true;
  try {
    const [picture, lines] = await Promise.all([get("/v1/picture"), get("/v1/line").catch(() => state.lines)]);
    setClock(at(picture.now), state.picture === null);
    lastSeq = Math.max(lastSeq, picture.seq);
    change({ picture, lines, pictureAt: now() });
  } catch (problem) {
    if (problem.status) change({ trouble: { text: problem.message } });
  } finally {
    isFetching = false;
    if (isStale) {
      isStale = false;
      soon();
    }
  }
}

function soon() {
  clearTimeout(fetchTimer);
  fetchTimer = setTimeout(refetch, FETCH_DELAY_MS);
}

// One stream a browser: the tab that holds the lock opens it and tells the others. When it goes, another takes over and
// resumes by the last id. A tab that hears nothing from it for long opens one of its own until it does.
const LOCK = "keepclear stream";
const tabs = new BroadcastChannel(LOCK);
let isLeading = false;

function heard(kind, body) {
  if (kind === "pulse") return pulse(body);
  lastSeq = Math.max(lastSeq, body.seq);
  return soon();
}

tabs.addEventListener("message", ({ data }) => {
  if (!isLeading) source?.close();
  heard(data.kind, data.body);
});

function open() {
  source?.close();
  source = new EventSource(`/v1/stream?after=${lastSeq}`);
  for (const kind of ["entry", "pulse"])
    source.addEventListener(kind, (event) => {
      const body = JSON.parse(event.data);
      if (isLeading) tabs.postMessage({ kind, body });
      heard(kind, body);
    });
}

/** Waits for its turn to hold the stream, and holds it until this tab goes. */
function lead() {
  navigator.locks.request(LOCK, () => {
    isLeading = true;
    open();
    return new Promise(() => {});
  });
}

/** A pulse carries what changes without an entry: line states, the store, the clock. */
function pulse(beat) {
  lastPulse = performance.now();
  setClock(at(beat.now));
  if (state.isOffline) back(beat);
  const picture = state.picture;
  if (!picture) return;
  if (beat.seq > picture.seq) soon();
  const peers = picture.peers.map((peer) => ({
    ...peer,
    ...(beat.peers || []).find((one) => one.party === peer.party),
  }));
  const next = {
    ...picture,
    peers,
    store: beat.store ?? picture.store,
    clock: beat.clock ?? picture.clock,
    degraded: beat.degraded ?? picture.degraded,
  };
  const stops = beat.unrecorded_stops || [];
  // A quiet pulse redraws nothing: only a difference does.
  const shown = (value) =>
    JSON.stringify([
      value.store,
      value.clock,
      value.degraded,
      value.peers.map((peer) => [
        peer.line,
        peer.undelivered,
        peer.last_heard?.slice(0, 16),
        peer.clock_difference_ms > 2000,
      ]),
    ]);
  const isSame = shown(next) === shown(picture) && JSON.stringify(stops) === JSON.stringify(state.unrecordedStops);
  state.picture = next;
  if (!isSame) change({ unrecordedStops: stops });
}

function back(beat) {
  const missed = Math.max(0, beat.seq - (state.picture?.seq ?? beat.seq));
  change({ isOffline: false, caughtUp: { count: missed, from: state.lostAt, until: at(beat.now) } });
  refetch();
}

function watch() {
  const silent = performance.now() - lastPulse;
  if (silent > SILENCE_MS && !state.isOffline)
    change({ isOffline: true, lostAt: now() - silent, caughtUp: null, playing: false });
  // The browser gives up for good after an answer that is no stream: then it is opened anew.
  if ((isLeading && source?.readyState === EventSource.CLOSED) || silent > 4 * SILENCE_MS) {
    lastPulse = silent > 4 * SILENCE_MS ? performance.now() - SILENCE_MS - 1 : lastPulse;
    open();
  }
}

/** Opens the stream and keeps it open. */
export async function startStream() {
  await refetch();
  lastPulse = performance.now();
  lead();
  setInterval(watch, 250);
}
