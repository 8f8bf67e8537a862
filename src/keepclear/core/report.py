"""The statistics of a line, from its two channels alone, so that both parties' records give the same to the digit (R4).

Integers only. What only one side knows (its plans, its drafts, when its node was down) is not in it.
A period lies between two named checkpoints of each channel; the entries before it are read for what they mean, and not
counted.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from keepclear.core.timespan import SECOND_US
from keepclear.errors import Malformed

#: Only what is meant for operation counts; exercises and tests of messages are counted apart, as a number (V6).
_OPER: Final = "OPER"


@dataclass(frozen=True, slots=True)
class Logged:
    """One entry of a channel: what it says and when, by its writer's clock."""

    at_us: int
    kind: str
    mode: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Channel:
    """What one party sent the other, from the beginning up to the later checkpoint; counted from index `since`."""

    sender: str
    entries: Sequence[Logged]
    since: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.since <= len(self.entries):
            raise Malformed(f"a period begins at an entry that is there, not at {self.since}", at=self.sender)


@dataclass(frozen=True, slots=True)
class Breach:
    """One thing that the agreement asked for and that the record shows was not so. It says nothing about why."""

    at_us: int
    party: str
    what: str
    about: str
    by_s: int


@dataclass(slots=True)
class Tally:
    """What one party sent in a period, and what became of it. Durations are whole seconds, rounded down.

    Attributes:
        notices: kind to how many were first told in the period; `changes`: what later versions did.
        leads_s: from receipt to start, of first versions that were received, ascending (N1).
        message_s: from an alert being written to its first answer being here again, by the sender's clock, rounded up,
            ascending: what the message itself needs on this line.
        not_received: first versions without a receipt at the cut-off; `short`: below the agreed lead.
        alerts: asked; `in_time`, `late`, `unanswered`, `superseded` (a newer version came before an answer),
            `undecided` (still open, and not yet due at the cut-off).
        stops, stops_answered_in_time, stops_answered_late, stops_unanswered: likewise, by the agreed time for STOP.
        tests, tests_answered: line tests by path that this party made, and how many were answered in time.
        reserved_s, used_s, given_back_s: of notices that were over at the cut-off.
        outcomes: word to how often this party reported it of a notice or request.
        not_operational: entries marked as exercise or test.
    """

    party: str
    notices: Counter[str] = field(default_factory=Counter)
    changes: Counter[str] = field(default_factory=Counter)
    leads_s: list[int] = field(default_factory=list)
    message_s: list[int] = field(default_factory=list)
    not_received: int = 0
    short: int = 0
    alerts: int = 0
    in_time: int = 0
    late: int = 0
    unanswered: int = 0
    superseded: int = 0
    undecided: int = 0
    stops: int = 0
    stops_answered_in_time: int = 0
    stops_answered_late: int = 0
    stops_unanswered: int = 0
    tests: Counter[str] = field(default_factory=Counter)
    tests_answered: Counter[str] = field(default_factory=Counter)
    reserved_s: int = 0
    used_s: int = 0
    given_back_s: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    not_operational: int = 0
    breaches: list[Breach] = field(default_factory=list)

    def lead_s(self, percent: int) -> int | None:
        """The lead that so many per cent of the notices did not exceed, by nearest rank; None when there is none."""
        return _ranked(self.leads_s, percent)

    def message_within_s(self, percent: int) -> int | None:
        """The time in which so many per cent of the alerts were answered, by nearest rank; None when none was."""
        return _ranked(self.message_s, percent)

    @property
    def available_permille(self) -> int | None:
        """Line tests answered in time, of a thousand; None when none was made."""
        made = sum(self.tests.values())
        return sum(self.tests_answered.values()) * 1000 // made if made else None


@dataclass(frozen=True, slots=True)
class Statistics:
    """Both directions of a line over one period. `cut_off_us` is the last entry's time: later things are not known."""

    tallies: tuple[Tally, Tally]
    cut_off_us: int
    from_us: int


def statistics(one: Channel, other: Channel) -> Statistics:
    """What two parties sent each other in a period.

    The order of the two does not matter. Neither does whose record they were read from, as long as both hold the same
    entries, which is what a cosigned checkpoint says.
    """
    first, second = sorted((one, other), key=lambda channel: channel.sender)
    both = [entry.at_us for channel in (first, second) for entry in channel.entries]
    counted = [entry.at_us for channel in (first, second) for entry in channel.entries[channel.since :]]
    cut_off_us = max(both, default=0)
    agreed = _agreed(first, second)
    tallies = tuple(
        _Counting(forth, back, agreed, cut_off_us).tally() for forth, back in ((first, second), (second, first))
    )
    return Statistics((tallies[0], tallies[1]), cut_off_us, min(counted, default=cut_off_us))


def _agreed(one: Channel, other: Channel) -> list[tuple[int, Mapping[str, int]]]:
    """From when which deadlines held, in order: an agreement holds once the second party has signed its hash."""
    proposed: dict[str, Mapping[str, int]] = {}
    found = []
    for entry in sorted((*one.entries, *other.entries), key=lambda entry: entry.at_us):
        if entry.kind == "agreement_proposed":
            proposed[entry.body["hash"]] = entry.body["terms"]["deadlines_s"]
        elif entry.kind == "agreement_signed" and entry.body["hash"] in proposed:
            found.append((entry.at_us, proposed[entry.body["hash"]]))
    return found


class _Counting:
    """One direction being counted: what `forth.sender` sent, with the answers from the other channel."""

    def __init__(
        self, forth: Channel, back: Channel, agreed: list[tuple[int, Mapping[str, int]]], cut_off_us: int
    ) -> None:
        self.forth, self.back, self.cut_off_us = forth, back, cut_off_us
        self.agreed_at = [at for at, _ in agreed]
        self.agreed = [terms for _, terms in agreed]
        self.received = {e.body["index"]: e.body["received_at"] for e in back.entries if e.kind == "received"}
        self.heard = {e.body["index"]: e.body["received_at"] for e in forth.entries if e.kind == "received"}
        self.out = Tally(forth.sender)

    def deadline_s(self, name: str, at_us: int) -> int | None:
        """An agreed deadline as it held then; None when nothing was agreed yet."""
        place = bisect_left(self.agreed_at, at_us + 1) - 1
        return self.agreed[place].get(name) if place >= 0 else None

    def tally(self) -> Tally:
        """All of it."""
        for index in range(self.forth.since, len(self.forth.entries)):
            entry = self.forth.entries[index]
            if entry.mode != _OPER:
                self.out.not_operational += 1
            elif entry.kind == "notice":
                self._notice(index, entry)
            elif entry.kind == "alert":
                self._alert(index, entry)
            elif entry.kind == "stop":
                self._stop(index, entry)
            elif entry.kind == "line_test_result":
                self._test(entry)
            elif entry.kind == "outcome":
                self.out.outcomes[entry.body["outcome"]] += 1
        self.out.leads_s.sort()
        self.out.message_s.sort()
        self.out.breaches.sort(key=lambda breach: (breach.at_us, breach.what, breach.about))
        return self.out

    def _notice(self, index: int, entry: Logged) -> None:
        body, out = entry.body, self.out
        if body["version"] > 1:
            out.changes[body.get("change") or ("END" if body["state"] == "Ended" else "AMEND")] += 1
            if body["state"] == "Ended":
                self._use(entry)
            return
        out.notices[body["kind"]] += 1
        received_us = self.received.get(index)
        if received_us is None:
            out.not_received += 1
            return
        lead_s = (_start_us(body) - received_us) // SECOND_US
        out.leads_s.append(lead_s)
        agreed_s = self.deadline_s("notice_before_s", received_us)
        if agreed_s is not None and lead_s < agreed_s:
            out.short += 1
            self._breach(received_us, out.party, "SHORT", body["id"], agreed_s - lead_s)

    def _use(self, ending: Logged) -> None:
        """Reserved and used, once a notice is over: it is used from being activated until it ends or is ended."""
        versions = [
            e
            for e in self.forth.entries
            if e.kind == "notice" and e.body["id"] == ending.body["id"] and e.mode == _OPER
        ]
        start_us, end_us = _start_us(versions[0].body), _end_us(versions[0].body)
        over_us = min(end_us, max(start_us, ending.at_us))
        self.out.reserved_s += (end_us - start_us) // SECOND_US
        begun = [e.at_us for e in versions if e.body["state"] == "Activated" and e.at_us <= ending.at_us]
        if begun:
            self.out.used_s += max(0, over_us - max(start_us, begun[0])) // SECOND_US
        self.out.given_back_s += (end_us - over_us) // SECOND_US if ending.at_us < end_us else 0

    def _alert(self, index: int, entry: Logged) -> None:
        body, out = entry.body, self.out
        out.alerts += 1
        asked_us = self.received.get(index)
        if asked_us is None:
            # Nobody can answer what has not come.
            out.undecided += 1
            return
        due_us = asked_us + body["answer_within_s"] * SECOND_US
        about = f"{body['notice']['id']}/v{body['notice']['version']}"
        answers = []
        for place, reply in enumerate(self.back.entries):
            if reply.kind == "answer" and reply.body["alert"] == body["alert"]:
                answers.append(reply)
                if len(answers) == 1 and place in self.heard:
                    out.message_s.append(-(-(self.heard[place] - entry.at_us) // SECOND_US))
        standby = next((e for e in answers if e.body["answer"] == "STANDBY" and e.at_us <= due_us), None)
        if standby is not None:
            due_us = standby.at_us + standby.body.get("standby_s", 0) * SECOND_US
        answered = next((e.at_us for e in answers if e.body["answer"] != "STANDBY"), None)
        newer = min(
            (
                e.at_us
                for e in self.forth.entries
                if e.kind == "notice"
                and e.body["id"] == body["notice"]["id"]
                and e.body["version"] > body["notice"]["version"]
            ),
            default=None,
        )
        if answered is not None and answered <= due_us:
            out.in_time += 1
        elif newer is not None and newer <= due_us:
            out.superseded += 1
        elif answered is not None:
            out.late += 1
            self._breach(due_us, self.back.sender, "LATE", about, (answered - due_us) // SECOND_US)
        elif self.cut_off_us > due_us:
            out.unanswered += 1
            self._breach(due_us, self.back.sender, "UNANSWERED", about, (self.cut_off_us - due_us) // SECOND_US)
        else:
            out.undecided += 1

    def _stop(self, index: int, entry: Logged) -> None:
        self.out.stops += 1
        received_us = self.received.get(index, entry.at_us)
        agreed_s = self.deadline_s("acknowledge_stop_s", received_us)
        answers = (e.at_us for e in self.back.entries if e.kind == "stop_answer" and e.body["id"] == entry.body["id"])
        answered = next(answers, None)
        due_us = received_us + (agreed_s or 0) * SECOND_US
        if answered is not None and (agreed_s is None or answered <= due_us):
            self.out.stops_answered_in_time += 1
        elif answered is not None:
            self.out.stops_answered_late += 1
            self._breach(due_us, self.back.sender, "STOP LATE", entry.body["id"], (answered - due_us) // SECOND_US)
        else:
            self.out.stops_unanswered += 1
            if agreed_s is not None and self.cut_off_us > due_us:
                over_s = (self.cut_off_us - due_us) // SECOND_US
                self._breach(due_us, self.back.sender, "STOP UNANSWERED", entry.body["id"], over_s)

    def _test(self, entry: Logged) -> None:
        path = entry.body["path"]
        self.out.tests[path] += 1
        if entry.body["result"] == "answered":
            self.out.tests_answered[path] += 1
        elif entry.body["result"] == "missed":
            self._breach(entry.at_us, self.back.sender, "TEST MISSED", entry.body["id"], 0)

    def _breach(self, at_us: int, party: str, what: str, about: str, by_s: int) -> None:
        self.out.breaches.append(Breach(at_us, party, what, about, by_s))


def _ranked(ascending: list[int], percent: int) -> int | None:
    return ascending[max(0, -(-percent * len(ascending) // 100) - 1)] if ascending else None


def _start_us(body: Mapping[str, Any]) -> int:
    return min(int(volume["start"]) for volume in body["volumes"])


def _end_us(body: Mapping[str, Any]) -> int:
    return max(int(volume["end"]) for volume in body["volumes"])
