// What this browser knows, and one way to change it. Views are drawn from this and hold nothing of their own.

const kept = (key, otherwise) => {
  try {
    return JSON.parse(sessionStorage.getItem(key)) ?? otherwise;
  } catch {
    return otherwise;
  }
};

export const state = {
  picture: null, // GET /v1/picture, newest
  lines: [], // GET /v1/line, newest: one for each enrolled party
  sendingLine: "", // what is being sent from the pages of the lines and the watch
  watch: { watch: null, people: [], log: [], problem: "" }, // GET /v1/watch, /v1/people, /v1/log
  pictureAt: 0, // when it came, by the node's clock, ms
  view: "floor", // floor, file, lines, watch, record, reference, keys
  chosen: null, // {type: "alert" | "stop" | "notice" | "conflict", key}
  tab: "notice",
  holder: kept("holder", null), // {name, since}: who holds the watch at this desk
  isOffline: false,
  lostAt: 0, // last pulse before the connection went
  caughtUp: null, // {count, from, until}
  stopArmedUntil: 0,
  stopSending: false,
  card: null, // lines to read out by telephone
  trouble: null, // {text}: the last thing that was not done
  answering: null, // {key, armed, sending, problem, sent}: the alarm pane's own business
  silenced: {}, // alert key to instant, ms: silence at this desk
  soundBlocked: false,
  draft: kept("draft", null),
  check: null, // the last POST /v1/check: {at, for, result | problem}
  drawing: false,
  shownAt: null, // null: now; else the instant the time bar shows, ms
  playing: false,
  record: { log: "", first: null, entries: [], n: null, proof: null, busy: false, problem: "" },
  given: {}, // "A-0001/v1/birch" to the receipt as checked here
  reference: null,
  unrecordedStops: [],
  lettersOn: localStorage.getItem("letters") !== "off",
};

const listeners = new Set();
let isQueued = false;
let isHeld = false; // a pointer is down: a redraw now would take the button from under it

export function subscribe(listener) {
  listeners.add(listener);
}

function run() {
  isQueued = false;
  if (isHeld) return;
  for (const listener of listeners) listener(state);
}

/** Changes the state and redraws once, soon. Not by animation frame: a hidden tab must stay true as well. */
export function change(patch = {}) {
  Object.assign(state, patch);
  if (isQueued) return;
  isQueued = true;
  setTimeout(run, 0);
}

addEventListener("pointerdown", () => (isHeld = true), true);
for (const name of ["pointerup", "pointercancel", "blur"]) {
  addEventListener(
    name,
    () => {
      if (!isHeld) return;
      // After the click that belongs to this pointer has been told.
      setTimeout(() => ((isHeld = false), change()), 0);
    },
    true,
  );
}

/** Keeps a value for this session, or forgets it. */
export function keep(key, value) {
  if (value === null) sessionStorage.removeItem(key);
  else sessionStorage.setItem(key, JSON.stringify(value));
}

/** Own party and peers by id: {id, name, letter, slot, own, ...}. Own party is always slot 0. */
export function parties(picture = state.picture) {
  if (!picture) return {};
  const all = [{ party: picture.party, name: picture.name, slot: 0, own: true }, ...picture.peers];
  return Object.fromEntries(
    all.map((one, place) => [
      one.party,
      {
        ...one,
        id: one.party,
        slot: one.own ? 0 : one.slot || place,
        letter: (one.name || one.party).slice(0, 1).toUpperCase(),
      },
    ]),
  );
}

/** A party by id; one that is no longer enrolled still has a name and a mark. */
export const party = (id) => parties()[id] || { id, name: id, letter: id.slice(0, 1).toUpperCase(), slot: 4 };
export const nameOf = (id) => party(id).name;

export const noticeKey = (notice) => `${notice.party}/${notice.id}`;
export const findNotice = (key) => state.picture?.notices.find((notice) => noticeKey(notice) === key);
export const telephones = () =>
  (state.picture?.peers || [])
    .filter((peer) => peer.telephone)
    .map((peer) => `${peer.name} ${peer.telephone}`)
    .join(", ");
