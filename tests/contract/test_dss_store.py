"""What a store of references owes the discovery service: one suite, run on each; and what a failed turn leaves."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conformance.service import (
    INTENTS,
    SUBSCRIPTIONS,
    Counted,
    Turned,
    a_circle,
    a_service,
    a_subscription,
    an_intent,
    new_id,
)

from keepclear.core.footprint import Circle, Polygon
from keepclear.core.timespan import TimeSpan
from keepclear.core.volume import Altitude, AltitudeBand, AltitudeDatum, Volume4D
from keepclear.dss.codec import from_bytes, to_bytes
from keepclear.dss.ports import Draft, DssStore, Row
from keepclear.dss.service import Dss
from keepclear.dss.values import (
    Availability,
    Constraint,
    Intent,
    IntentState,
    Kind,
    Report,
    Subscription,
    UssState,
    Value,
)
from keepclear.errors import StoreFailed
from keepclear.stores.dss_memory import MemoryDssStore
from keepclear.stores.sqlite import dss as sqlite_dss
from keepclear.stores.sqlite.dss import SqliteDssStore


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DssStore]:
    opened = MemoryDssStore() if request.param == "memory" else SqliteDssStore(tmp_path / "region.sqlite")
    yield opened
    opened.close()


def put(store: DssStore, *drafts: Draft) -> int:
    store.begin()
    return store.commit(drafts)


def a_draft(key: str, data: bytes | None = b"x", replaces: int = 0) -> Draft:
    return Draft(Kind.INTENT, key, data, replaces)


def test_of_each_thing_the_last_change_stands_in_order(store: DssStore) -> None:
    first = put(store, a_draft("a"), a_draft("b"))
    third = put(store, a_draft("a", b"y", replaces=first))

    assert (first, third) == (1, 3)
    assert list(store.rows()) == [Row(2, Kind.INTENT, "b", b"x"), Row(3, Kind.INTENT, "a", b"y")]
    assert [row.number for row in store.since(2) or ()] == [3]
    assert list(store.since(3) or ()) == []


def test_what_is_gone_is_not_there_after_a_start(store: DssStore) -> None:
    first = put(store, a_draft("a"))
    put(store, a_draft("a", None, replaces=first))

    assert [row.id for row in store.rows() if row.data is not None] == []


def test_a_turn_that_is_rolled_back_leaves_nothing(store: DssStore) -> None:
    store.begin()
    store.roll_back()

    assert list(store.rows()) == []
    assert put(store, a_draft("a")) == 1


def test_numbers_never_run_back(store: DssStore) -> None:
    first = put(store, a_draft("a"))
    gone = put(store, a_draft("a", None, replaces=first))

    assert put(store, a_draft("b")) > gone


def test_a_second_process_sees_that_and_what_another_wrote(tmp_path: Path) -> None:
    one, other = (SqliteDssStore(tmp_path / "region.sqlite") for _ in range(2))
    assert other.is_behind(), "the first look"
    assert not other.is_behind()

    put(one, a_draft("a"))

    assert other.is_behind()
    assert not other.is_behind()
    assert [row.id for row in other.since(0) or ()] == ["a"]
    one.is_behind()
    put(one, a_draft("b"))
    assert not one.is_behind(), "its own writing is no news to it"
    one.close()
    other.close()


def test_two_writers_take_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_dss, "PATIENCE_S", 0.05)
    one, other = (SqliteDssStore(tmp_path / "region.sqlite") for _ in range(2))
    one.begin()

    with pytest.raises(StoreFailed, match="locked"):
        other.begin()

    one.roll_back()
    assert put(other, a_draft("a")) == 1
    one.close()
    other.close()


def test_whoever_was_away_too_long_reads_everything_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_dss, "GONE_KEPT", 4)
    monkeypatch.setattr(sqlite_dss, "_FORGET_EVERY", 3)
    store = SqliteDssStore(tmp_path / "region.sqlite")
    for number in range(10):
        first = put(store, a_draft(str(number)))
        put(store, a_draft(str(number), None, replaces=first))

    assert store.since(1) is None
    assert store.since(19) is not None
    assert len(list(store.rows())) < 10
    assert put(store, a_draft("next")) == 21
    store.close()


def test_a_file_of_another_kind_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE mine (x)")
    (tmp_path / "text").write_text("not a database, and long enough to be looked at as one" * 50)

    with pytest.raises(StoreFailed, match="another"):
        SqliteDssStore(path)
    with pytest.raises(StoreFailed):
        SqliteDssStore(tmp_path / "text")


# ------------------------------------------------------------------------------------------------------------ codec

_BAND = AltitudeBand(Altitude(-12.1, AltitudeDatum.WGS84), Altitude(100.0, AltitudeDatum.WGS84))
_EXTENTS = (
    Volume4D(Circle(1.1, 2.2, 3.3), _BAND, TimeSpan(1, 2)),
    Volume4D(Polygon(((0.1, 0.2), (0.1, 0.3), (0.2, 0.3))), _BAND, TimeSpan(3, 4)),
)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.INTENT, Intent("a", "m", 3, "o", "https://u", -5, 9, _EXTENTS, IntentState.ACTIVATED, "s")),
        (Kind.CONSTRAINT, Constraint("a", "m", 3, "o", "https://u", 1, 9, _EXTENTS)),
        (Kind.SUBSCRIPTION, Subscription("a", "m", "v", "https://u", 1, 9, _EXTENTS, True, False, True)),
        (Kind.AVAILABILITY, Availability("u", UssState.DOWN, "v")),
        (Kind.REPORT, Report("r", "m", 5, b"{}")),
        (Kind.NOTIFIED, 7),
    ],
)
def test_what_is_stored_comes_back_the_same(kind: Kind, value: Value) -> None:
    assert from_bytes(kind, to_bytes(value)) == value


@pytest.mark.parametrize("data", [b"", b"\x00\x00", b"\x90", b"\x93\x01\x02\x03"])
def test_what_cannot_be_read_says_so(data: bytes) -> None:
    with pytest.raises(StoreFailed, match="cannot be read"):
        from_bytes(Kind.INTENT, data)


# ------------------------------------------------------------------------------------------------------------ turns


async def test_after_a_restart_all_is_as_it_was(tmp_path: Path) -> None:
    place = f"sqlite:{tmp_path / 'region.sqlite'}"
    clock = Turned()
    async with a_service(place, clock=clock) as service:
        await service.amber.make_subscription()
        made = await service.birch.make_intent(new_subscription={"uss_base_url": "https://b.example.com"})
        gone = await service.birch.make_intent(outline=a_circle(50, 50))
        await service.birch.delete(f"{INTENTS}/{gone['id']}/{gone['ovn']}")
        before = service.dss.current

    async with a_service(place, clock=clock) as service:
        after = service.dss.current

        assert after.intents == before.intents
        assert after.subscriptions == before.subscriptions
        assert after.notified == before.notified
        assert after.dependents(made["subscription_id"]) == {made["id"]}
        refused = await service.amber.put(f"{INTENTS}/{new_id()}", an_intent(clock))
        assert [each["id"] for each in refused.json()["missing_operational_intents"]] == [made["id"]]


async def test_a_turn_whose_commit_fails_changes_nothing_and_the_next_one_works() -> None:
    failing = False
    store = MemoryDssStore(fails=lambda: failing)
    async with a_service() as service:
        dss = Dss(store, service.clock, Counted())
        service.dss._store, service.dss._load = store, dss._load  # the same service, on a store that can fail
        service.dss._registry, service.dss._numbers, service.dss._number = dss._registry, dss._numbers, 0
        made = await service.amber.make_intent(new_subscription={"uss_base_url": "https://a.example.com"})
        held = dict(service.dss.current.intents), dict(service.dss.current.notified)

        failing = True
        headers = {"authorization": f"Bearer {service.birch.token()}"}
        bodies = [an_intent(service.clock, key=[made["ovn"]]) for _ in range(3)]
        answers = await asyncio.gather(
            *(service.http.put(f"{INTENTS}/{new_id()}", json=body, headers=headers) for body in bodies),
            service.http.put(f"{SUBSCRIPTIONS}/{new_id()}", json=a_subscription(service.clock), headers=headers),
        )

        # The ones that a rule refused are refused whatever the store does; nobody was told that something is so.
        assert {answer.status_code for answer in answers} <= {409, 503}
        assert 503 in {answer.status_code for answer in answers}
        assert (dict(service.dss.current.intents), dict(service.dss.current.notified)) == held
        assert len(service.dss.current.subscriptions) == 1

        failing = False
        await service.birch.make_intent(key=[made["ovn"]])
