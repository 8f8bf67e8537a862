// Every word of the console, in one place. Slots are {0}, {1}; a sentence is never glued together from pieces.
// Code words (ROGER, WILCO, SHORT, STOP, OPER, AMSL) stay as they are in every language.

const WORDS = {
  "app.title": "keepclear", "app.alarm_title": "! keepclear",
  "view.floor": "Floor", "view.file": "File", "view.record": "Record", "view.reference": "Reference", "view.keys": "Keys",


  "top.clock": "Clock", "top.local": "{0} local {1}", "top.holder": "Holds the watch", "top.since": "since {0}", "top.nobody": "Nobody named yet",
  "top.lines": "Lines", "top.heard": "Heard {0}", "top.never_heard": "Never heard", "top.lag": "{0} · {1} to deliver",
  "top.clock_off": "{0} {1} from {2}", "clock.ahead": "ahead", "clock.behind": "behind",
  "line.open": "Line open", "line.degraded": "Degraded", "line.down": "Line down", "line.unknown": "Not known", "line.split": "Split view",

  "stop.rest": "STOP", "stop.to_duty": "to anyone on duty", "stop.armed": "Send STOP", "stop.to": "to {0}", "stop.by_phone": "by telephone: {0}",
  "stop.no_peer": "no party is enrolled", "stop.sending": "Sending STOP",

  "watch.title": "Who holds the watch?", "watch.text": "The name goes with each answer and each notice.", "watch.name": "Name", "watch.take": "Take the watch",
  "watch.change": "Change who holds the watch",

  "band.off": "No connection to our node", "band.off_text": "Last heard {0}, {1} ago. What you see may be out of date. Nothing you press will be sent. By telephone: {2}.",
  "band.store": "LINE DOWN", "band.store_text": "Our node cannot record: {0}. Nothing is sent before it is recorded. By telephone: {1}.",
  "band.clock": "CLOCK SUSPECT", "band.clock_text": "Our clock differs by {0} from {1}. Nothing is declared missed until a person confirms the time.", "band.clock_confirm": "The time is right",
  "band.degraded": "DEGRADED", "band.degraded_text": "{0}", "band.split": "Split view", "band.split_text": "{0} has shown two histories. Both are kept. The line stays in use; call {1}.",
  "band.quarantine": "DEGRADED", "band.quarantine_text": "Messages from {0} set aside: {1}. Look at the record.",
  "band.unrecorded": "STOP, UNRECORDED", "band.unrecorded_text": "{0} asks to stop. Our store could not record it. Act on it, and answer by telephone: {1}.",
  "band.caught_up": "Caught up: {0} entries", "band.caught_up_text": "{0} to {1}.", "band.seen": "Seen", "band.proof": "Proof does not hold",
  "band.proof_text": "Entry {0} of {1}. Nothing here may be exported as proven.",
  "band.trouble": "Not done", "phone.none": "no number is enrolled",

  "list.actions": "Actions", "list.needs": "Needs an answer", "list.due": "Due next", "list.nothing": "Nothing waits for you.", "list.checked": "Checked {0}.", "list.more": "{0} more, later than these", "list.none_due": "Nothing planned.",
  "list.overdue": "{0} over",
  "row.stop": "{0} asks to stop", "row.stop_text": "Anyone on duty answers.", "row.stop_answered": "{0} asks to stop", "row.stop_answered_text": "You answered {0} {1}",
  "row.stop_sent": "STOP sent to {0}", "row.stop_sent_text": "Not answered. Call {0}.", "row.stop_sent_answered": "Answered: {0}",
  "row.hazard": "{0}: hazard where you are", "row.hazard_text": "{0} · {1} may be inside", "row.notice": "{0}: {1} {2}", "row.answer_now": "Answer {0}",
  "row.changed": "{0} changed {1}", "row.changed_text": "Your answer was to v{0}. Answer v{1}.", "row.standby": "You said STANDBY. Answer {0}.", "row.in_conflict": "{0} in conflict with {1}",
  "row.no_answer": "No answer from {0}", "row.no_answer_text": "{0} · Next: you call", "row.waits": "{0} answers {1}", "row.waits_text": "Nothing to do",
  "row.conflict": "Conflict {0}: {1} with {2}", "row.conflict_text": "Nobody has said who moves. Amend, or call {0}.", "row.conflict_answered": "{0} answered {1}",
  "row.activate": "Activate {0} or end it", "row.starts": "{0} starts", "row.ends": "{0} ends", "row.you_answered": "You answered {0} {1}",
  "row.sound": "Sound is blocked", "row.sound_text": "Press a key or a button here to turn it on.",

  "level.stop": "STOP", "level.warning": "warning", "level.caution": "caution", "level.advisory": "advisory", "level.routine": "to come",
  "kind.HAZARD": "Hazard", "kind.MOVEMENT": "Movement", "action.KEEP_CLEAR": "Keep clear", "action.CALL_BEFORE_ENTERING": "Call before entering", "action.BE_AWARE": "Be aware",
  "state.Accepted": "Accepted", "state.Activated": "Activated", "state.Ended": "Ended",
  "region.": "not named", "region.N": "north", "region.NE": "north-east", "region.E": "east", "region.SE": "south-east", "region.S": "south", "region.SW": "south-west", "region.W": "west", "region.NW": "north-west", "region.C": "centre",

  "unit.h": "h", "unit.min": "min", "unit.s": "s", "unit.d": "d",
  "instant.transmitted": "Trans\u00admitted", "instant.received": "Received", "instant.acknowledged": "Acknow\u00adledged", "instant.read_back": "Read back", "instant.disseminated": "Dissemi\u00adnated",
  "instant.due": "due {0}", "instant.not_yet": "—", "instant.done": "done", "instant.waiting": "waits",

  "map.map": "Map", "map.in": "Zoom in", "map.out": "Zoom out", "map.all": "Show all", "map.legend": "Legend", "map.conflict": "Conflict {0}", "map.draft": "Draft",
  "map.strip": "{0} × {1}", "map.begins": "starts in {0}", "map.began": "since {0}", "map.show": "Show", "map.apart": "{0} apart on the ground", "map.meets": "meets on the ground",
  "map.tools": "Map tools",
  "time.bar": "Time bar", "time.play": "Play", "time.halt": "Halt", "time.now": "Now", "time.showing": "Showing {0}", "time.slide": "Show the picture at", "time.nothing": "Nothing is planned in these hours.",
  "profile.title": "Vertical profile", "profile.along": "along {0}", "profile.metres": "metres, each by its own datum", "profile.choose": "Choose a notice to see heights along it.",

  "detail.detail": "Detail", "detail.nothing": "Nothing chosen. Choose a line in the list or a notice on the map.", "detail.parts": "Parts",
  "tab.notice": "Notice", "tab.receipts": "Receipts", "tab.versions": "Versions",
  "notice.place": "Place", "notice.radius": "R {0}", "notice.corners": "{0} corners", "notice.height": "Height", "notice.to": "{0} to {1}", "notice.surface": "Surface",
  "notice.from": "From", "notice.until": "Until", "notice.action": "Action", "notice.region": "Region", "notice.contact": "Contact", "notice.remarks": "Remarks", "notice.not_targets": "not for targets",
  "notice.activity": "Activity", "notice.hidden": "Not shown", "notice.lead": "Lead time", "notice.lead_bracket": "Between {0} and {1}. Start less first receipt.", "notice.lead_wait": "not received yet",
  "notice.after_start": "{0} after the start", "notice.part": "Part {0} of {1}", "notice.drafted": "by {0}", "notice.clearing": "Clearing", "notice.clearing_text": "{0} m/s slowest, {1} s to react",
  "notice.activate": "Activate {0}", "notice.end": "End {0}", "notice.amend": "Amend {0}", "notice.filed": "Filed {0}",
  "receipts.title": "Receipts for v{0}", "receipts.none": "No party is owed this notice.", "receipts.not_disclosed": "not disclosed",
  "receipts.checking": "Proof is being checked", "receipts.checked": "Given: proof checked here, {0}", "receipts.failed": "Proof does not hold: {0}", "receipts.waits": "Waits for {0}’s cosignature and its receipt entry",
  "receipts.old_version": "Has v{0}; v{1} is newer", "receipts.answer": "Answered {0} by {1}", "receipts.no_answer": "Not answered",
  "versions.title": "Versions", "versions.entry": "entry {0}",

  "alarm.need": "You need", "alarm.have": "You have", "alarm.short": "Short by {0}.", "alarm.spare": "{0} in hand.", "alarm.starts": "Hazard starts {0}.", "alarm.began": "Hazard began {0}.", "alarm.clear_at": "Clear at {0} at the soonest.",
  "alarm.why": "Inside it: {0}. Slowest {1} m/s, {2} s to react.", "alarm.why_short": "Inside it: {0}.", "alarm.received": "received {0}", "alarm.silence": "Silence 30 s", "alarm.silenced": "Silent for {0}",
  "alarm.left": "Time left to answer", "alarm.answers": "Answer", "alarm.decides": "Each is a request or an answer. {0} decides what {0} does. Until you answer, {0} sees: received {1}, not answered.",
  "alarm.conflicts": "In conflict with {0}.", "alarm.contradiction": "The words say {0}; the figures fit {1}. Ask {2} which is right.", "alarm.lead": "Lead time {0}, between {1} and {2}.", "alarm.lead_one": "Lead time {0}.",
  "alarm.ROGER": "I have it.", "alarm.WILCO": "We’ll be clear by {0}.", "alarm.WILCO_plain": "We’ll comply.", "alarm.UNABLE": "We can’t be clear before {0}.", "alarm.UNABLE_plain": "We can’t comply.", "alarm.STANDBY": "Wait for me. The time runs on.", "alarm.STOP": "Ask anyone on duty at {0} to stop.",
  "alarm.STOP_armed": "Send STOP to {0}", "alarm.not_on_figures": "Not on these figures: asks once more", "alarm.again": "Send {0} all the same",
  "alarm.answered_by": "Answered {0} by {1}, {2}", "alarm.stop_title": "{0} asks you to stop", "alarm.stop_text": "Stop what you do now, then answer. Anyone on duty may.", "alarm.stop_remarks": "Says", "alarm.stop_at": "{0} · asked {1} by {2}",
  "alarm.stop_WILCO": "We stop now.", "alarm.stop_ROGER": "I have it.", "alarm.stop_UNABLE": "We can’t stop.", "alarm.sending": "Sending", "alarm.not_sent": "Not sent", "alarm.unrecorded": "Not recorded by our node",

  "stopped.title": "You asked {0} to stop", "stopped.text": "Asked {0} by {1}.", "stopped.answer": "{0}: {1} {2}", "stopped.wait": "{0}: not answered", "stopped.received": "{0}: received {1}, not answered", "stopped.resume": "End the STOP", "stopped.resumed": "Ended {0}",
  "stopped.state": "{0} decides what {0} does.", "card.title": "Read this out by telephone", "card.call": "Call {0}: {1}", "card.say": "STOP. STOP. STOP.", "card.this_is": "This is {0}, OPER, {1}.", "card.ask": "Stop what you do now. Say when you have stopped.", "card.done": "It has been read out",
  "card.sent": "It was also sent over the line, unrecorded.", "card.not_sent": "It was not sent over the line.",

  "conflict.title": "Conflict {0}", "conflict.verdict": "Judged", "conflict.CONFLICT": "In conflict", "conflict.POSSIBLE": "Possible: in doubt, so it counts",
  "conflict.when": "When", "conflict.ground": "On the ground", "conflict.height": "In height", "conflict.overlap": "they meet", "conflict.apart": "{0} apart", "conflict.between": "{0} to {1} apart",
  "conflict.who": "The record says that they are too near. Who moves is for the parties to say.", "conflict.span": "{0} to {1}", "conflict.open": "Open {0}",

  "file.title": "New notice", "file.amend": "Amend {0}", "file.draft": "Draft", "file.shape": "Shape", "file.circle": "Circle", "file.polygon": "Polygon", "file.draw": "Draw on the map", "file.drawing": "Drawing: Escape ends it",
  "file.kind": "Type", "file.action": "Action", "file.lat": "Latitude", "file.lon": "Longitude", "file.radius": "Radius, m", "file.corners": "Corners: latitude longitude, one a line", "file.lower": "From height, m", "file.upper": "To height, m", "file.datum": "Datum",
  "file.from": "From", "file.until": "Until", "file.region": "Region, in words", "file.contact": "Contact", "file.remarks": "Remarks", "file.activity": "Activity", "file.speed": "Slowest, m/s", "file.reaction": "React, s",
  "file.more": "For our own clearing time", "file.free": "Free text: not for targets", "file.hint_latlon": "Degrees, or 33 30 00 N", "file.time_hint": "14 0245Z, 0245Z or +30", "file.reads": "{0} · {1}", "file.while": "While you draw",
  "file.against": "Checked {0}. Against: our record, as the others have shown it.", "file.not_checked": "Not checked yet", "file.checking": "Checking", "file.not_clear": "Complete the form to check it.", "file.lead_now": "Lead time, if sent now",
  "file.agreed": "Agreed with {0}: {1}.", "file.may_send": "You may send: it goes labelled SHORT.", "file.conflicts": "In conflict: {0}", "file.no_conflict": "No conflict in our record.", "file.clear_from": "Clear from {0} on.", "file.clear_try": "Start {0}",
  "file.contradiction": "The words say {0}; the drawing fits {1}.", "file.take_fit": "Say {0}", "file.send_said": "Send with {0} all the same", "file.send": "File notice", "file.send_amend": "File v{0}", "file.discard": "Discard",
  "file.kept": "Nothing was lost: the draft is kept.", "file.no_peer": "No agreement is in force: nobody is told.", "file.conflict_at": "{0} to {1}", "file.at": "At {0}: {1}", "file.confirmed": "Goes with {0}, as you confirmed.",
  "fault.latitude": "A latitude lies between 90 S and 90 N", "fault.longitude": "A longitude lies between 180 W and 180 E", "fault.radius": "A radius is longer than 0 m", "fault.corners": "A polygon has at least three corners", "fault.heights": "The upper height is above the lower", "fault.times": "It ends after it starts", "fault.time": "A time is written 14 0245Z, 0245Z or +30", "fault.height": "A height is a number of metres",

  "record.title": "Record", "record.logs": "Logs", "record.size": "entries: {0}", "record.entries": "Entries", "record.newest": "Newest", "record.older": "Older", "record.newer": "Newer", "record.nothing": "No entry yet.", "record.choose": "Choose an entry to check its proof.",
  "record.entry": "Entry {0}", "record.proof_of": "Proof of entry {0}", "record.checked": "Checked in this browser, {0}, in {1} ms", "record.holds": "Proof holds: recomputed here", "record.fails": "Proof does not hold", "record.fails_text": "This is not the record that was signed. Tell the other party and your supervisor.",
  "record.stated": "stated", "record.derived": "derived", "record.export": "Export the record", "record.export_off": "Export as proven is off", "record.elsewhere": "Check it elsewhere", "record.command": "keepclear verify FILE", "record.offline": "Works offline, for a third party.",
  "record.cosigned": "cosigned to {0}", "record.not_cosigned": "not cosigned", "record.private": "private", "record.out": "to {0}", "record.in": "from {0}", "record.text": "The entry, as it was hashed",
  "record.loading": "Being fetched", "record.unproved": "not checked yet", "record.hash": "leaf hash", "record.body": "What it says",
  "proof.leaf": "Leaf hash is the hash of the entry shown", "proof.same": "The entry is the one in the list", "proof.inclusion": "Inclusion: leads to the checkpoint", "proof.steps": "steps: {0}, size: {1}", "proof.checkpoint": "Checkpoint names this log, size and root",
  "proof.signed": "Checkpoint signed with our key", "proof.signed_text": "key {0}", "proof.unsigned": "Signature not checked here", "proof.unsigned_text": "the key is not at hand", "proof.cosigners": "Cosignatures on it", "proof.cosigned": "Cosigned by {0}, {1}", "proof.none": "none yet",
  "proof.consistent": "Same history as this browser saw before", "proof.seen_before": "size {0} at {1}", "proof.first_seen": "first look at this log", "proof.shrunk": "was {0}, now {1}", "proof.other_root": "another root for size {0}",
  "proof.malformed": "The proof cannot be read",
  "foot.record": "Record {0}, cosigned by {1} {2}", "foot.record_alone": "Record {0}, not cosigned yet", "foot.record_unchecked": "Record {0}, not checked since {1}", "foot.keys": "Keys", "foot.theme": "Theme", "theme.day": "Day", "theme.night": "Night", "theme.red": "Red",
  "foot.standing": "A notice is no permission, no recognition and no guarantee.", "foot.certified": "Not certified. Not the sole means of separation.",
  "keys.title": "Keys", "keys.hint": "Single letters act only outside a text field. Print this page for paper.", "keys.switch": "Single letters act", "keys.key": "Key", "keys.does": "Does", "keys.language": "English only, so far",
  "keys.stop": "arm STOP; again or Enter sends; 10 s or Escape disarms", "keys.views": "floor, file, record, reference", "keys.next": "next, previous in the list", "keys.choose": "in an alarm: choose; Enter sends", "keys.answer": "to the answers of the chosen alert", "keys.silence": "silence 30 s",
  "keys.amend": "amend the chosen notice", "keys.play": "play or halt the time bar", "keys.step": "time bar back and on 1 min; Shift 10 min", "keys.now": "back to now", "keys.zoom": "zoom in, out, show all", "keys.draw": "draw: Enter adds a corner, Backspace removes it", "keys.send": "file the notice", "keys.pane": "next pane", "keys.help": "this page",
  "keys.sound": "Sound", "keys.sound_test": "Hear each signal", "keys.sound_text": "STOP, warning, caution, advisory, one after the other.",
  "ref.title": "Reference", "ref.read_only": "Read-only. Nothing here is live.", "ref.parties": "Parties", "ref.agreements": "Agreements", "ref.zones": "Zones", "ref.posts": "Observation posts", "ref.meetings": "Meetings and calls", "ref.incidents": "Incidents", "ref.differences": "Where the text differs", "ref.statements": "Joint statements", "ref.parameters": "Figures", "ref.sources": "Sources", "ref.about": "About",
  "ref.common": "Not contested", "ref.accounts": "Accounts", "ref.topic": "Question", "ref.said": "{0} says", "ref.timeline": "What each account times", "ref.no_time": "no clock time given", "ref.about_time": "about {0}", "ref.as_printed": "printed {0} {1}", "ref.lead": "Lead time by each account", "ref.lead_words": "longer than {0}, in words; no upper bound", "ref.lead_none": "not known",
  "ref.lead_between": "{0}; between {1} and {2}", "ref.gaps": "Two times published by one side", "ref.gap": "{0} and {1}: {2} to {3} apart", "ref.changes": "Changed afterwards", "ref.note": "Note", "ref.status": "Status", "ref.text_says": "The text says", "ref.record_shows": "The public record shows", "ref.true_then": "True when written", "ref.quotation": "Quotation",
  "ref.stated": "Stated", "ref.no_geometry": "no geometry is public", "ref.ring": "ring of {0}", "ref.name": "Name", "ref.kind": "Kind", "ref.date": "Date", "ref.text_public": "text public", "ref.text_not_public": "text not public", "ref.text_unknown": "not known whether the text is public", "ref.value": "Value", "ref.profile": "Profile", "ref.elsewhere": "elsewhere, for comparison", "ref.variants": "Also written", "ref.established": "Set up", "ref.closed": "Closed", "ref.near": "Near", "ref.none": "There is no reference view in this node.", "ref.by": "By", "ref.at": "Zulu", "ref.on_map": "The one zone whose terms give a figure that can be drawn. Its middle bears no mark.",
  "ref.posts_note": "Listed by name only.",

  "trouble.gone": "The node did not answer", "trouble.stale": "Somebody changed it first. What you wrote is kept.", "trouble.session": "This session has ended. Open the console anew with its one-time link.",
  "load.first": "Fetching the picture from our node",
};

/** A phrase with its slots filled: text when each slot is text, else a list of text and nodes. */
export function say(key, ...slots) {
  const phrase = WORDS[key];
  if (phrase === undefined) {
    console.error(`no phrase ${key}`);
    return key;
  }
  if (!slots.length) return phrase;
  const parts = phrase.split(/\{(\d)\}/).map((part, at) => (at % 2 ? slots[Number(part)] : part));
  // A node can stand in one place only: where a phrase names a slot twice, the second is a copy.
  const seen = new Set();
  const whole = parts.flat(9).map((part) => {
    if (!(part instanceof Node)) return part ?? "";
    if (seen.has(part)) return part.cloneNode(true);
    seen.add(part);
    return part;
  });
  return whole.every((part) => typeof part !== "object") ? whole.join("") : whole;
}

/** A phrase for a code from the node, or the code itself when a newer node sends one that has no phrase yet. */
export const sayCode = (prefix, code) => WORDS[`${prefix}.${code}`] ?? String(code);

/** All keys, for the test that each is used and each used one exists. */
export const phraseKeys = () => Object.keys(WORDS);
