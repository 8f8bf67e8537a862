"""The promises that a demo puts to the test, each with its evidence. Each can fail.

The numbers are those of ARCHITECTURE.md, section 1.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from keepclear.cli.demo_node import Row, read_all_values, read_rows
from keepclear.cli.demo_play import Acknowledged
from keepclear.cli.scenario import Play
from keepclear.cli.story import HeldRecord, Story
from keepclear.core.disclosure import disclosed_fields
from keepclear.formats.scenario import HIDEABLE_TEXTS, NEVER_SENT, FileStep, StopStep
from keepclear.record import channel_origin

Place = tuple[str, int]


@dataclass(slots=True)
class Promise:
    """One promise: what was looked at, and what was not as promised."""

    number: int
    words: str
    evidence: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    @property
    def held(self) -> bool:
        """Something was looked at, and nothing was wrong."""
        return bool(self.evidence) and not self.broken


@dataclass(frozen=True, slots=True)
class Killed:
    """What was found when a node was killed.

    Attributes:
        party: whose node; rows: what lay on its disk, read before it ran again.
        peer_held: what the other node held of its channel at that time, place to hash.
        acknowledged: what it had said to be recorded before.
    """

    party: str
    other: str
    rows: list[Row]
    peer_held: dict[Place, str]
    acknowledged: list[Acknowledged]


def recorded_before_sent(records: Mapping[str, HeldRecord], killed: Killed) -> Promise:
    """Promise 1: what a peer holds of a channel is in the sender's own log, at the same index, with the same hash."""
    promise = Promise(1, "Recorded before sent")
    for party, record in records.items():
        for other, theirs in records.items():
            if other == party:
                continue
            log = channel_origin(party, other)
            own = {held.n: held.hash for held in record.logs.get(log, [])}
            copy = theirs.logs.get(log, [])
            wrong = [held.n for held in copy if own.get(held.n) != held.hash]
            promise.broken += [f"{other} holds entry {n} of {log}, which {party} does not hold so" for n in wrong]
            if len(own) != len(copy):
                promise.broken.append(f"{party} holds {len(own)} entries of {log}, {other} holds {len(copy)}")
            promise.evidence.append(
                f"{log}: all {len(copy)} entries that {other} holds stand in {party}'s own log, same index, same hash"
            )
    on_disk = {(row.log, row.n): row.hash for row in killed.rows}
    early = [place for place, hash_ in killed.peer_held.items() if on_disk.get(place) != hash_]
    promise.broken += [f"{killed.other} held {log} entry {n} that was not on {killed.party}'s disk" for log, n in early]
    promise.evidence.append(
        f"kill -9 of {killed.party}: each of the {len(killed.peer_held)} entries that {killed.other} held of it"
        f" lay on the dead node's disk"
    )
    lost = [each for each in killed.acknowledged if on_disk.get((each.log, each.n)) != each.hash]
    promise.broken += [f"{each.party} had acknowledged {each.log} entry {each.n} and lost it" for each in lost]
    promise.evidence.append(
        f"kill -9 of {killed.party}: each of the {len(killed.acknowledged)} entries that it had acknowledged"
        f" lay on its disk, {len(lost)} lost"
    )
    return promise


def kept_for_ever(records: Mapping[str, HeldRecord], acknowledged: Iterable[Acknowledged], killed: Killed) -> Promise:
    """Of promise 1 too: what was acknowledged, or lay on the dead node's disk, is in the record at the end."""
    promise = Promise(1, "Recorded before sent: nothing acknowledged was lost")
    held = {
        party: {(log, each.n): each.hash for log, entries in record.logs.items() for each in entries}
        for party, record in records.items()
    }
    count = 0
    for each in acknowledged:
        count += 1
        if held[each.party].get((each.log, each.n)) != each.hash:
            promise.broken.append(f"{each.party} had acknowledged {each.log} entry {each.n}; its record has another")
    gone = [row for row in killed.rows if held[killed.party].get((row.log, row.n)) != row.hash]
    promise.broken += [f"{row.log} entry {row.n} was on {killed.party}'s disk and is not in its record" for row in gone]
    promise.evidence.append(f"all {count} entries acknowledged by both nodes stand in the records read back")
    promise.evidence.append(f"all {len(killed.rows)} entries on the killed node's disk stand in its record")
    return promise


@dataclass(frozen=True, slots=True)
class SecondWriter:
    """What became of a second `keepclear serve` on the folder of a running node."""

    party: str
    exit_code: int
    said: str
    first_still_runs: bool


def one_order(rows: Mapping[str, Sequence[Row]], second: SecondWriter) -> Promise:
    """Promise 2: one writer puts commands in a row; no number is missing or given twice."""
    promise = Promise(2, "One order")
    for party, own in rows.items():
        if [row.seq for row in own] != list(range(1, len(own) + 1)):
            promise.broken.append(f"{party}: the numbers of recording are not 1 to {len(own)}")
        logs: dict[str, list[int]] = defaultdict(list)
        for row in own:
            logs[row.log].append(row.n)
        for log, numbers in logs.items():
            if numbers != list(range(len(numbers))):
                promise.broken.append(f"{party}: the indices of {log} are not 0 to {len(numbers) - 1} in order")
        promise.evidence.append(f"{party}: {len(own)} entries numbered 1 to {len(own)}, {len(logs)} logs without a gap")
    if second.exit_code == 0 or not second.said:
        promise.broken.append(f"a second writer on {second.party}'s folder was not refused (exit {second.exit_code})")
    if not second.first_still_runs:
        promise.broken.append(f"{second.party}'s node did not survive the second writer")
    promise.evidence.append(f"a second `keepclear serve` on {second.party}'s folder was refused: {second.said[:160]}")
    return promise


def one_gate(play: Play, homes: Mapping[str, Path], shown: Mapping[str, bytes], outside: Mapping[str, Path]) -> Promise:
    """Promise 6: what the agreement hides occurs nowhere in what the other side holds.

    Args:
        homes: each stopped node's folder; every byte in it is searched.
        shown: each party to what its node's API shows of the picture and the record.
        outside: each party to its node's diagnostic log.
    """
    promise = Promise(6, "One gate for what others see")
    holdings = {
        party: {**_files(home), "tables": read_all_values(home / "record.sqlite"), "API": shown[party],
                "diagnostic log": outside[party].read_bytes()}
        for party, home in homes.items()
    }  # fmt: skip
    for party in homes:
        other = play.scenario.other(party).id
        open_ = _held_by_right(play, other)
        # What people also say openly, or the other side wrote itself, is no secret that could leak.
        hidden = sorted((name, needle) for name, needle in _hidden(play, party) if not any(needle in o for o in open_))
        broken = []
        for name, needle in hidden:
            if not any(needle in data for data in holdings[party].values()):
                broken.append(f"{name} of {party} is not found in its own folder: the search proves nothing")
            leaks = [place for place, data in holdings[other].items() if needle in data]
            broken += [f"{name} of {party}, hidden as agreed, is in {other}'s {place}" for place in leaks]
        promise.broken += broken
        if hidden and not broken:
            size, names = sum(len(data) for data in holdings[other].values()), ", ".join(dict(hidden))
            promise.evidence.append(
                f"{len(hidden)} values that {party} hides ({names}): found in its own folder,"
                f" in none of the {size:,} bytes that {other} holds"
            )
    if not promise.evidence and not promise.broken:
        promise.broken.append("nothing is hidden in this scenario: the promise was not put to the test")
    return promise


def _hidden(play: Play, party: str) -> set[tuple[str, bytes]]:
    """What a party's notices say in fields that the agreement hides, as bytes; figures with their key."""
    shown = disclosed_fields(play.agreement.disclosure[party])
    return {
        (name, needle)
        for step in _filed(play, party)
        for name, needle in (*_texts(step, set(HIDEABLE_TEXTS) - shown), *_figures(step))
    }


def _held_by_right(play: Play, party: str) -> list[bytes]:
    """What a party holds because it wrote it, or because the other says it openly."""
    other = play.scenario.other(party).id
    shown = set(disclosed_fields(play.agreement.disclosure[other]))
    own = [text for step in _filed(play, party) for text in (*_texts(step, set(HIDEABLE_TEXTS)), *_figures(step))]
    told = [text for step in _filed(play, other) for text in _texts(step, set(HIDEABLE_TEXTS) & shown)]
    stops = [("remarks", step.remarks.encode()) for step in play.scenario.steps if isinstance(step, StopStep)]
    return [text for _, text in (*own, *told, *stops)]


def _filed(play: Play, party: str) -> Iterator[FileStep]:
    return (step for step in play.scenario.steps if isinstance(step, FileStep) and step.who == party)


def _texts(step: FileStep, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    return ((name, getattr(step, name).encode()) for name in names if getattr(step, name))


def _figures(step: FileStep) -> Iterator[tuple[str, bytes]]:
    return ((name, f'"{name}":{getattr(step, name)}'.encode()) for name in NEVER_SENT if getattr(step, name))


def _files(home: Path) -> dict[str, bytes]:
    return {str(path.relative_to(home)): path.read_bytes() for path in sorted(home.rglob("*")) if path.is_file()}


def no_party_commands(story: Story, acknowledged_filings: int) -> Promise:
    """Promise 7: a notice that conflicts with the other's plan is filed, told and recorded on both sides, not refused.

    Args:
        acknowledged_filings: how many notices the nodes took when they were asked to.
    """
    promise = Promise(7, "No party commands another")
    conflicting = [told for told in story.notices if told.conflicts and told.state != "Ended"]
    for told in conflicting:
        if not told.given:
            promise.broken.append(f"{told.notice} v{told.version} conflicts and was not given to {told.to}")
        if not told.level:
            promise.broken.append(f"{told.notice} v{told.version} conflicts, and {told.to} was not asked to answer")
        promise.evidence.append(
            f"{told.notice} v{told.version} conflicts with {', '.join(told.conflicts)}: filed, told to {told.to},"
            f" recorded by both, answered {', '.join(each.answer for each in told.answers) or 'not yet'}"
        )
    first_versions = sum(told.version == 1 for told in story.notices)
    if first_versions != acknowledged_filings:
        promise.broken.append(f"{acknowledged_filings} notices were taken, the records hold {first_versions}")
    if not conflicting:
        promise.broken.append("no notice conflicts in this scenario: the promise was not put to the test")
    return promise


def rows_of(homes: Mapping[str, Path]) -> dict[str, list[Row]]:
    """Every entry in each stopped node's database."""
    return {party: read_rows(home / "record.sqlite") for party, home in homes.items()}
