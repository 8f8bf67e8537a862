"""What is held in memory of all that is in force, and questions about it. Only the folds change it.

A new subject holds its own values in one field here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from keepclear.core.agreement import Agreement
from keepclear.core.escalation import Rung
from keepclear.core.notice import Mode, NoticeState
from keepclear.core.separation import NO_SEPARATION, Separation
from keepclear.core.timespan import MINUTE_US
from keepclear.core.zone import Zone
from keepclear.engine.standing import StandingIndex
from keepclear.errors import NotFound
from keepclear.node.entries import ConflictsFound, DutyState, ZonesMet
from keepclear.node.entries.airspace import IntentConflict
from keepclear.node.held import (
    HeldAgreement,
    HeldAlert,
    HeldCard,
    HeldDuty,
    HeldNotice,
    HeldOutcome,
    HeldPeer,
    HeldRequest,
    HeldStop,
    HeldVoiceStop,
    HeldZone,
    Subject,
)
from keepclear.node.heldairspace import HeldIntent
from keepclear.node.helddissemination import PassingOn
from keepclear.node.heldduty import Watch
from keepclear.node.heldladder import HeldLadder
from keepclear.node.heldline import HeldLine
from keepclear.node.logs import Read

CLOSED_DUTIES_MAX = 1_000
#: What stays open under a suspended agreement that does not say it: what saves lives (PRACTICE.md, V5).
STAYS_OPEN = ("stop", "hazard", "line_test")


class State:
    """All that is in force, for one party."""

    def __init__(self, party: str) -> None:
        self.party = party
        self.peers: dict[str, HeldPeer] = {}
        self.notices: dict[str, HeldNotice] = {}
        self.alerts: dict[str, HeldAlert] = {}
        self.stops: dict[str, HeldStop] = {}
        self.duties: dict[str, HeldDuty] = {}
        self.closed_duties: deque[HeldDuty] = deque(maxlen=CLOSED_DUTIES_MAX)
        self.agreements: dict[str, HeldAgreement] = {}
        self.conflicts: dict[tuple[str, str], ConflictsFound] = {}
        self.conflict_numbers: dict[frozenset[str], int] = {}
        self.indexes: dict[Mode, StandingIndex] = {mode: StandingIndex() for mode in Mode}
        self.last_serial: dict[str, int] = {}
        self.is_clock_suspect = False
        self.clock_difference_ms = 0
        self.clock_against = ""
        self.quarantined = 0
        #: Of each party the agreements in force with it, the ruling one first; that one; and what they say together.
        self.standing: dict[str, list[HeldAgreement]] = {}
        self.in_force: dict[str, HeldAgreement] = {}
        self.effective: dict[str, Agreement] = {}
        #: Zones that parties announced, `party/ID`; those that were agreed stand in the agreements.
        self.zones: dict[str, HeldZone] = {}
        #: Of each notice the zones that it meets, where it meets any.
        self.zones_met: dict[str, ZonesMet] = {}
        self.subjects: dict[tuple[str, int], Subject] = {}
        self.written_at: dict[str, list[int]] = {}
        self.answered: dict[str, int] = {}
        self.counts: dict[str, int] = {}
        #: What our channel to a peer said last of a notice of ours: version, mode and state.
        self.told: dict[tuple[str, str], tuple[int, Mode, NoticeState]] = {}
        #: Of each entry of our channel to a peer: 1 where the peer owes a `received`; and from where on it does.
        self.asks: dict[str, bytearray] = {}
        self.answered_by: dict[str, int] = {}
        self.lines: dict[str, HeldLine] = {}
        self.voice_stops: dict[str, HeldVoiceStop] = {}
        self.ladders: dict[str, HeldLadder] = {}
        #: Of these, the ones that may still be climbed, in the order they began.
        self.climbing: dict[str, None] = {}
        #: Rungs that were due and whose outcome is not recorded, in the order they were due.
        self.untried: dict[tuple[str, Rung], None] = {}
        self.requests: dict[str, HeldRequest] = {}
        #: Serial of a notice of ours to what came of showing it as an operational intent of ASTM F3548.
        self.intents: dict[str, HeldIntent] = {}
        #: What our notices meet there: (serial, the other's id) to what was recorded last.
        self.intent_conflicts: dict[tuple[str, str], IntentConflict] = {}
        self.cards: dict[tuple[str, str], HeldCard] = {}
        self.voice_rows: set[tuple[str, int]] = set()
        #: `party/serial` of a notice or request to what each party says came of it.
        self.outcomes: dict[str, dict[str, HeldOutcome]] = {}
        #: Minute in which a notice in force ends, whose end was not announced yet, to the keys of such notices.
        self.ends: dict[int, set[str]] = {}
        self.passing_on = PassingOn()
        self.watch = Watch()

    # ------------------------------------------------------------------------------------------------ questions

    def notice(self, key: str) -> HeldNotice:
        """The notice `party/serial`. Raises NotFound."""
        held = self.notices.get(key)
        if held is None:
            raise NotFound(f"there is no notice {key} in force here", at="id")
        return held

    def live_notices(self, now_us: int) -> Iterator[HeldNotice]:
        """Every notice that others have to reckon with."""
        return (held for held in self.notices.values() if held.is_live(now_us))

    def notices_of(self, party: str) -> int:
        """How many notices of a party are held."""
        return self.counts.get(party, 0)

    def agreement_with(self, party: str) -> Agreement | None:
        """What is in force between us and another party: all agreements that both have signed, read together."""
        return self.effective.get(party)

    def held_agreement_with(self, party: str) -> HeldAgreement | None:
        """The ruling one of them, with its hash and signatures."""
        return self.in_force.get(party)

    def zones_for(self, party: str) -> Iterator[tuple[str, Zone]]:
        """Every zone that asks something of a party's notices, with its key: agreed between us and announced.

        For ourselves all that we agreed with anybody; for another party what we agreed with it, and what either of us
        announced to the other.
        """
        others = [*self.standing] if party == self.party else [party]
        agreed = {held.hash: held for other in others for held in self.standing.get(other, ())}
        for held in agreed.values():
            for zone in held.agreement.zones:
                yield f"{held.hash[:16]}/{zone.id}", zone
        for announced in self.zones.values():
            concerns = party in (self.party, announced.party) or party in announced.to
            if concerns and (zone_now := announced.standing) is not None:
                yield announced.key, zone_now

    def stays_open(self, party: str, what: str) -> bool:
        """Whether "hazard", "movement", "stop" or "line_test" goes to a party when agreements may be suspended (V5).

        So it does while one agreement stands; and when all are suspended, if the ruling one lets it.
        """
        ruling = self.held_agreement_with(party)
        if ruling is None or not ruling.suspended_by:
            return True
        terms = ruling.agreement.suspension
        return what in (terms.stays_open if terms else STAYS_OPEN)

    def enrolled_peers(self) -> Iterator[str]:
        """Parties whose keys we accept."""
        return (party for party, held in self.peers.items() if not held.is_removed)

    def alert_to_us(self, alert: str) -> HeldAlert:
        """An alert that asks us. Raises NotFound."""
        held = self.alerts.get(alert)
        if held is None or held.to != self.party:
            raise NotFound(f"there is no alert {alert} for us", at="alert")
        return held

    def line_with(self, party: str) -> HeldLine:
        """Tests, clock and channels of the line to a party; an empty one where nothing was said yet."""
        return self.lines.get(party) or HeldLine(party)

    def separation_to(self, party: str) -> Separation:
        """What to keep from another party; nothing beyond not meeting, among our own or where none is agreed."""
        agreement = self.agreement_with(party)
        return agreement.separation if agreement else NO_SEPARATION

    def has_answered(self, party: str, index: int) -> bool:
        """Whether our channel to a party says already that we received its entry of that index."""
        return index <= self.answered.get(party, -1)

    def next_due(self, party: str, first: int | None = None) -> int:
        """Index of the next entry of our channel to a party that it has not answered with `received`."""
        asks = self.asks.get(party, bytearray())
        due = self.answered_by.get(party, 0) if first is None else first
        found = asks.find(1, due)
        return found if found >= 0 else len(asks)

    def may_tell(self, party: str, key: str, version: int, mode: Mode) -> bool:
        """Whether a version of a notice of ours can follow what our channel to a party said of it last.

        Not so only after a restore: what the party holds under this serial is another notice.
        """
        told = self.told.get((party, key))
        return told is None or (version > told[0] and mode is told[1] and told[2] is not NoticeState.ENDED)

    def ending_before(self, before_us: int) -> list[str]:
        """Keys of notices in force that end before an instant, or in its minute, and whose end was not announced."""
        last = before_us // MINUTE_US
        return sorted(key for minute, keys in self.ends.items() if minute <= last for key in keys)

    def open_duties(self) -> Iterator[HeldDuty]:
        """What is still owed."""
        return (duty for duty in self.duties.values() if duty.state is DutyState.OPEN)

    # ------------------------------------------------------------------------------------------- what folds share

    def line_to(self, party: str) -> HeldLine:
        """The line to a party, to be changed."""
        return self.lines.setdefault(party, HeldLine(party))

    def begin_ladder(self, held: HeldLadder) -> None:
        """Something of ours waits for an answer."""
        self.ladders[held.about] = held
        self.climbing[held.about] = None

    def drop_ladder(self, about: str) -> None:
        """Let go of it."""
        self.climbing.pop(about, None)
        self.ladders.pop(about, None)
        for rung in Rung:
            self.untried.pop((about, rung), None)

    def close_ladder(self, about: str, why: str) -> None:
        """Nothing more is climbed."""
        self.climbing.pop(about, None)
        held = self.ladders.get(about)
        if held is not None and not held.closed:
            held.closed = why

    def hand_over_ladder(self, about: str, at_us: int) -> None:
        """The other machine took it: its ladder counts from there."""
        held = self.ladders.get(about)
        if held is not None and not held.is_handed_over:
            held.is_handed_over, held.since_us = True, at_us

    def set_end(self, key: str, end_us: int) -> None:
        """The end of a notice in force is to be announced."""
        self.ends.setdefault(end_us // MINUTE_US, set()).add(key)

    def drop_end(self, key: str, end_us: int) -> None:
        """It was announced, or is no longer its end."""
        minute = end_us // MINUTE_US
        keys = self.ends.get(minute, set())
        keys.discard(key)
        if not keys:
            self.ends.pop(minute, None)

    def count_serial(self, serial: str) -> None:
        """A serial of our own is used: the next one is higher."""
        prefix, _, number = serial.rpartition("-")
        self.last_serial[prefix] = max(self.last_serial.get(prefix, 0), int(number))


#: How one entry changes the state: state, entry, its body, the party that wrote it, the one it was written to or "".
Fold = Callable[[State, Read, Any, str, str], None]
