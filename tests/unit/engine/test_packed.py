"""The packed index: what it finds is what `judge` finds, whatever is added, removed and merged meanwhile."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from keepclear.core.conflict import Verdict
from keepclear.core.footprint import Circle, Footprint, Polygon
from keepclear.core.geodesy import destination
from keepclear.core.separation import Separation
from keepclear.core.timespan import TimeSpan
from keepclear.core.volume import Altitude, AltitudeBand, AltitudeDatum, Volume4D
from keepclear.engine import packed, standing
from keepclear.engine.judge import judge
from keepclear.engine.kernels.search import STATISTICS
from keepclear.engine.packed import PackedRows, Snapshot
from keepclear.engine.resolve import earliest_start_among, nearest_free_height_mm
from keepclear.engine.standing import StandingIndex
from unit.engine.packed_given import table

pytestmark = [pytest.mark.usefixtures("kernels"), pytest.mark.timeout(900)]

KNOTS = [(0.0, 180.0), (89.95, 0.0), (48.0, 12.0), (-60.0, -179.99)]
AGREED = {"birch": Separation(500, 20, 30), "cedar": Separation(9_000, 300, 600), "amber": Separation()}


def a_footprint(rng: random.Random) -> Footprint:
    size_m = rng.choice([60.0, 900.0, 8_000.0, 70_000.0, 400_000.0])
    middle = destination(rng.choice(KNOTS), rng.uniform(0, 360), rng.uniform(0, 2.5) * min(size_m * 2, 90_000.0))
    if rng.random() < 0.4:
        return Circle(*middle, size_m)
    corners = rng.randint(3, 40)
    return Polygon(
        tuple(destination(middle, 360.0 * k / corners, size_m * rng.uniform(0.5, 1.0)) for k in range(corners))
    )


def a_volume(rng: random.Random) -> Volume4D:
    low_m, start = rng.uniform(0, 1_500), rng.randint(0, 10**9)
    datum = rng.choice([AltitudeDatum.WGS84] * 6 + [AltitudeDatum.AMSL, AltitudeDatum.AGL, AltitudeDatum.FL])
    upper = rng.choice([datum] * 6 + [AltitudeDatum.FL])
    band = AltitudeBand(Altitude(low_m, datum), Altitude(low_m + rng.uniform(0, 900), upper))
    return Volume4D(a_footprint(rng), band, TimeSpan(start, start + rng.randint(1, 10**9)))


def asked_about(snapshot: Snapshot, index: PackedRows, volume: Volume4D) -> list[int]:
    room, statistics = np.empty(8, dtype=np.int32), np.zeros(STATISTICS, dtype=np.int64)
    return snapshot.find(index.question(volume, 0), room, statistics).tolist()


@pytest.mark.parametrize("seed", [1, 2])
def test_what_stands_is_found_whatever_was_added_and_removed_before(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Updates one by one, small trees that fill and merge, many parties: the same conflicts as trying all pairs."""
    monkeypatch.setattr(standing, "PACK_FROM", 40)
    monkeypatch.setattr(standing, "DEAD_MORE", 400)
    rng, index, live = random.Random(seed), StandingIndex(), {}

    for step in range(900):
        if live and rng.random() < 0.35:
            key = rng.choice(sorted(live))
            index.remove(key)
            del live[key]
        else:
            key, party = f"n{step}", rng.choice(sorted(AGREED))
            live[key] = (party, [a_volume(rng) for _ in range(rng.choice([1, 1, 2]))])
            index.add(key, live[key][1], party)
        if step % 90 == 89:
            volume, asked = a_volume(rng), {party: AGREED[party] for party in ("birch", "cedar")}
            found = dict(index.conflicts(volume, asked))
            truth = {
                (key, position): verdict
                for key, (party, volumes) in live.items()
                for position, other in enumerate(volumes)
                if party in asked and (verdict := judge(volume, other, asked[party]).verdict) is not Verdict.CLEAR
            }
            assert found == truth
    assert index.is_packed


def test_all_pairs_are_the_same_with_kernels_and_without(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(5)
    agreed = {
        ("amber", "birch"): Separation(2_000, 50, 60),
        ("birch", "birch"): Separation(),
        ("amber", "amber"): Separation(30),
    }
    entries = [
        (f"n{k}", [a_volume(rng) for _ in range(2)], rng.choice(["amber", "birch", "cedar"])) for k in range(150)
    ]
    answers = []
    for pack_from in (10, 10**9):
        monkeypatch.setattr(standing, "PACK_FROM", pack_from)
        index = StandingIndex()
        for entry in entries:
            index.add(*entry)
        answers.append({frozenset(pair) for pair in index.pairs(agreed, most=100_000)})
        assert index.is_packed == (pack_from == 10)

    assert answers[0] == answers[1]
    assert answers[0]


def test_a_snapshot_goes_on_saying_what_stood_when_it_was_taken() -> None:
    low = Altitude(0, AltitudeDatum.WGS84)
    index, spot = PackedRows(), Volume4D(Circle(48.0, 12.0, 100), AltitudeBand(low, low), TimeSpan(0, 9))
    rows = [index.add_one(spot, 1) for _ in range(300)]
    before = index.snapshot().asked_with(table(Separation()))

    index.remove(rows[:200])
    for _ in range(50):
        index.add_one(spot, 1)
    after = index.snapshot().asked_with(table(Separation()))

    counts = [len(asked_about(each, index, spot)) for each in (before, after)]
    assert counts == [300, 150]
    assert before.number < after.number


def test_a_merge_runs_aside_and_what_was_removed_meanwhile_stays_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "MERGE_AT_ONCE", 0)
    rng, index = random.Random(3), PackedRows()
    volumes = [replace(a_volume(rng), span=TimeSpan(0, 10)) for _ in range(5 * packed.OPEN_ROWS)]
    rows = [index.add_one(volume, 1) for volume in volumes]
    merge = index.due()
    assert merge is not None
    made = merge.run()
    index.remove(rows[:100])
    late = index.add_one(volumes[0], 1)
    index.adopt(made)

    asked = index.snapshot().asked_with(table(Separation()))
    everywhere = {
        value >> 1
        for volume in volumes[:100]
        for value in asked.find(
            index.question(volume, 0), np.empty(8, dtype=np.int32), np.zeros(STATISTICS, dtype=np.int64)
        )
    }
    assert not everywhere & set(rows[:100])
    assert late in everywhere
    assert len(index) == len(volumes) - 99


def test_what_is_over_is_let_go() -> None:
    index = StandingIndex()
    rng = random.Random(9)
    early = replace(a_volume(rng), span=TimeSpan(0, 10))
    index.add("early", [early])
    index.add("later", [early, replace(early, span=TimeSpan(5, 11))])

    assert index.expire(10) == ("early",)
    assert list(index) == ["later"]


def test_a_snapshot_knows_nothing_of_rows_that_its_arrays_have_no_room_for() -> None:
    rng, index = random.Random(4), PackedRows()
    volume = a_volume(rng)
    index.add_one(volume, 1)
    before = index.snapshot().asked_with(table(Separation()))

    for _ in range(200):
        index.add_one(volume, 1)
    index.rooms.make_room("life", 100_000, spare=True)

    assert asked_about(before, index, volume) in ([0], [1])


def test_the_ways_out_are_the_same_with_kernels_and_without(monkeypatch: pytest.MonkeyPatch) -> None:
    """The earliest start and the nearest free height, among volumes of every size and datum."""
    rng = random.Random(11)
    entries = [(f"n{k}", [a_volume(rng)], rng.choice(sorted(AGREED))) for k in range(120)]
    plans = [[a_volume(rng)] for _ in range(12)]
    answers = []
    for pack_from in (10, 10**9):
        monkeypatch.setattr(standing, "PACK_FROM", pack_from)
        index = StandingIndex()
        for entry in entries:
            index.add(*entry)
        answers.append(
            [
                (earliest_start_among(plan, index, AGREED), nearest_free_height_mm(plan, index, AGREED, exclude={"n0"}))
                for plan in plans
            ]
        )
        assert index.is_packed == (pack_from == 10)

    assert answers[0] == answers[1]
    assert any(start != plan[0].span.start_us for plan, (start, _) in zip(plans, answers[0], strict=True))
    assert any(height not in (0, None) for _, height in answers[0])
