"""A record judged again, under the agreements of its own time or under another one: what would have come out otherwise.

What persons and peers stated is kept: notices, answers, STOPs and when they were received. What rules found is found
anew, by one and the same procedure for both, so a difference is a difference of terms and of nothing else (ruling 5).
Only channel entries are read, so either party's file gives the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from keepclear.core.agreement import Agreement
from keepclear.core.alert import Answer, acknowledges
from keepclear.core.conflict import Verdict
from keepclear.core.ids import make_key
from keepclear.core.notice import Mode, NoticeState, lead_time_s, whole_span
from keepclear.core.timespan import SECOND_US
from keepclear.core.volume import Volume4D
from keepclear.core.zone import Activity, Rule
from keepclear.engine.judge import judge
from keepclear.engine.volume_index import VolumeIndex
from keepclear.engine.zones import breaks
from keepclear.errors import KeepclearError
from keepclear.formats.wire import volume_from_wire
from keepclear.node.entries import (
    AgreementProposed,
    AlertSent,
    AnswerSent,
    NoticeSent,
    Received,
    StopAnswered,
    StopSent,
)
from keepclear.node.folds.agreements import agreement_from_terms
from keepclear.node.logs import Read, channel, parties_of

#: What was asked, by what duty: `amber/A-0001 v1 -> birch`, `notify_before`.
Question = tuple[str, str]
#: Told how many entries are done, now and then.
Progress = Callable[[int, int], None]
_PROGRESS_EVERY = 500


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that would have come out otherwise; an empty side: it did not arise there.

    Attributes:
        about: which notice, pair or STOP.
        duty: which duty or finding.
    """

    about: str
    duty: str
    before: str
    after: str


@dataclass(slots=True)
class _Told:
    """A notice as it stands in the channels, while they are gone through."""

    party: str
    version: int
    volumes: tuple[Volume4D, ...]
    end_us: int
    to: set[str]


@dataclass(slots=True)
class _Judge:
    """Goes through a record once."""

    under: Agreement | None
    terms: dict[str, Agreement]
    received: dict[tuple[str, int], int]
    answers: dict[tuple[str, str], list[tuple[int, Answer, int]]]
    found: dict[Question, str] = field(default_factory=dict)
    notices: dict[str, _Told] = field(default_factory=dict)
    indexes: dict[Mode, VolumeIndex] = field(default_factory=lambda: {mode: VolumeIndex() for mode in Mode})
    in_conflict: set[tuple[str, int, str]] = field(default_factory=set)

    def agreement(self, read: Read) -> Agreement | None:
        """What to judge an entry by: the terms given, where they are between these two, or those of its time."""
        if self.under is None:
            return self.terms.get(read.profile)
        return self.under if set(parties_of(read.log)) <= set(self.under.parties) else None


def judged(
    reads: Sequence[Read], under: Agreement | None = None, progress: Progress | None = None
) -> dict[Question, str]:
    """What the rules find in a record.

    Args:
        reads: its channel entries, in any order; others are left out.
        under: the agreement to judge by; None is what was in force when each entry was written.
    """
    ordered = sorted((read for read in reads if parties_of(read.log)[1]), key=lambda read: (read.at, read.log, read.n))
    work = _Judge(under, _terms(ordered), _received(ordered), _answers(ordered))
    for done, read in enumerate(ordered):
        if progress is not None and done % _PROGRESS_EVERY == 0:
            progress(done, len(ordered))
        agreement = work.agreement(read)
        match read.body:
            case NoticeSent():
                _notice(work, read, read.body, agreement)
            case AlertSent() if agreement is not None:
                _alert(work, read, read.body, agreement)
            case StopSent() if agreement is not None:
                _stop(work, read, read.body, agreement)
            case _:
                pass
    if progress is not None:
        progress(len(ordered), len(ordered))
    return work.found


def differences(before: dict[Question, str], after: dict[Question, str]) -> list[Difference]:
    """What came out otherwise, by what it is about."""
    return [
        Difference(about, duty, before.get((about, duty), ""), after.get((about, duty), ""))
        for about, duty in sorted({*before, *after})
        if before.get((about, duty)) != after.get((about, duty))
    ]


def _terms(reads: Iterable[Read]) -> dict[str, Agreement]:
    found: dict[str, Agreement] = {}
    for read in reads:
        if isinstance(read.body, AgreementProposed):
            try:
                found[read.body.hash] = agreement_from_terms(read.body.terms)
            except (KeepclearError, TypeError, ValueError):
                # Terms that this version does not speak judge nothing here.
                continue
    return found


def _received(reads: Iterable[Read]) -> dict[tuple[str, int], int]:
    """When each entry of a channel was received, by its receiver."""
    found = {}
    for read in reads:
        if isinstance(read.body, Received):
            sender, receiver = parties_of(read.log)
            found[channel(receiver, sender), read.body.index] = read.body.received_at
    return found


def _answers(reads: Iterable[Read]) -> dict[tuple[str, str], list[tuple[int, Answer, int]]]:
    """Answers to each alert and STOP, by whom, in order: when, what, and by how much STANDBY asked to extend."""
    found: dict[tuple[str, str], list[tuple[int, Answer, int]]] = {}
    for read in reads:
        sender, receiver = parties_of(read.log)
        if isinstance(read.body, AnswerSent):
            found.setdefault((read.body.alert, sender), []).append((read.at, read.body.answer, read.body.standby_s))
        elif isinstance(read.body, StopAnswered):
            found.setdefault((make_key(receiver, read.body.id), sender), []).append((read.at, read.body.answer, 0))
    return found


def _notice(work: _Judge, read: Read, body: NoticeSent, agreement: Agreement | None) -> None:
    sender, receiver = parties_of(read.log)
    key = make_key(sender, body.id)
    volumes = tuple(volume_from_wire(volume) for volume in body.volumes)
    index = work.indexes[read.mode]
    index.remove(key)
    before = work.notices.pop(key, None)
    if body.state is NoticeState.ENDED:
        return
    told = {receiver, *(before.to if before is not None and before.version == body.version else ())}
    work.notices[key] = _Told(sender, body.version, volumes, whole_span(volumes).end_us, told)
    index.add(key, volumes)
    if agreement is None:
        return
    start_us = whole_span(volumes).start_us
    received_at = work.received.get((read.log, read.n))
    if received_at is not None:
        least_s = _notify_before_s(agreement, body.kind.value)
        kept = "in time" if lead_time_s(start_us, received_at) >= least_s else "SHORT"
        work.found[f"{key} v{body.version} -> {receiver}", "notify_before"] = kept
    _conflicts(work, read, key, agreement)
    for zone in agreement.zones:
        rule = zone.rule_for(sender, Activity(body.kind.value.lower()))
        meetings = [meeting for volume in volumes if (meeting := breaks(volume, zone, rule)) is not None]
        if meetings and rule.rule is not Rule.FREE:
            work.found[f"{key} v{body.version}", f"zone {zone.id}"] = rule.rule.value


def _notify_before_s(agreement: Agreement, kind: str) -> int:
    own = getattr(agreement.notices, f"{kind.lower()}_before_s", None)
    return own if own is not None else agreement.deadlines.notice_before_s


def _conflicts(work: _Judge, read: Read, key: str, agreement: Agreement) -> None:
    """Conflicts with what the receiver has told the sender and still plans."""
    sender, receiver = parties_of(read.log)
    mine = work.notices[key]
    for volume in mine.volumes:
        for other_key, at in work.indexes[read.mode].candidates(volume, agreement.separation):
            other = work.notices[other_key]
            if other.party != receiver or sender not in other.to or other.end_us <= read.at:
                continue
            verdict = judge(volume, other.volumes[at], agreement.separation, measure_depth=False).verdict
            if verdict is Verdict.CLEAR:
                continue
            names = sorted((f"{key} v{mine.version}", f"{other_key} v{other.version}"))
            question = (" and ".join(names), "keep_separation")
            if work.found.get(question) != Verdict.CONFLICT.value:
                work.found[question] = verdict.value
            work.in_conflict.add((key, mine.version, receiver))


def _alert(work: _Judge, read: Read, body: AlertSent, agreement: Agreement) -> None:
    sender, receiver = parties_of(read.log)
    notice = work.notices.get(make_key(sender, body.notice.id))
    deadlines = agreement.deadlines
    within_s = deadlines.acknowledge_s
    is_conflict = (
        bool(body.conflicts) or (make_key(sender, body.notice.id), body.notice.version, receiver) in work.in_conflict
    )
    if is_conflict and notice is not None:
        lead_s = lead_time_s(whole_span(notice.volumes).start_us, read.at)
        is_soon = lead_s < deadlines.acknowledge_conflict_s
        within_s = deadlines.acknowledge_warning_s if is_soon else deadlines.acknowledge_conflict_s
    answers = work.answers.get((body.alert, receiver), [])
    about = f"{make_key(sender, body.notice.id)} v{body.notice.version} -> {receiver}"
    work.found[about, "acknowledge_by"] = _kept(answers, read.at, within_s, deadlines.standby_s)


def _stop(work: _Judge, read: Read, body: StopSent, agreement: Agreement) -> None:
    sender, receiver = parties_of(read.log)
    answers = work.answers.get((make_key(sender, body.id), receiver), [])
    kept = _kept(answers, read.at, agreement.deadlines.acknowledge_stop_s, 0)
    work.found[f"{make_key(sender, body.id)} -> {receiver}", "answer_stop"] = kept


def _kept(answers: Sequence[tuple[int, Answer, int]], asked_at: int, within_s: int, standby_s: int) -> str:
    """Whether somebody answered by then; STANDBY moves it once, by no more than was agreed."""
    due_us = asked_at + within_s * SECOND_US
    is_extended = False
    for at, answer, asked_s in answers:
        if at > due_us:
            return "missed"
        if acknowledges(answer):
            return "met"
        if answer is Answer.STANDBY and not is_extended:
            due_us, is_extended = due_us + min(asked_s, standby_s) * SECOND_US, True
    return "not answered"
