"""The lines at the console: tests answered and entered, causes stated, a suspended channel unmistakable (V3, V5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from tests.integration.browser import Seat, chromium, seat
from tests.integration.console_fake import Server, Stage, a_line, a_test, set_the_watch, zulu

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as launched:
        yield launched


@pytest.fixture
def stage() -> Iterator[Stage]:
    made = Stage()
    set_the_watch(made)
    with Server(made) as server:
        made.url = server.url  # type: ignore[attr-defined]
        yield made


@pytest.fixture
def desk(browser: Browser, stage: Stage) -> Iterator[Seat]:
    with seat(browser) as taken:
        taken.sit_down(stage.url)  # type: ignore[attr-defined]
        yield taken
        assert taken.complaints == []


def sent(stage: Stage, desk: Seat) -> tuple[str, Any]:
    """What the console sent last; the first thing may take a moment."""
    for _ in range(40):
        if stage.sent:
            desk.page.wait_for_timeout(100)
            return stage.sent.pop()
        desk.page.wait_for_timeout(100)
    raise AssertionError("nothing was sent")


def lines(stage: Stage, **birch: object) -> None:
    stage.lines = [a_line("birch", stage.now, **birch), a_line("cedar", stage.now)]
    stage.tell()


def test_a_test_that_asks_us_stands_in_the_list_and_is_answered_in_two_actions(stage: Stage, desk: Seat) -> None:
    asking = a_test("birch", 3, stage.now, results=[], answered_by="", latency_s=0, asks_us=True)
    lines(stage, tests=[asking])

    desk.page.locator("[data-row='line birch/LB-0003'] button").click()
    desk.page.locator("[data-asks='birch/LB-0003'] button").first.click()

    expect(desk.page.locator("#main")).to_contain_text("Birch")
    assert stage.sent == [
        ("/v1/line/tests/answer", {"test": "birch/LB-0003", "language_ok": True, "by": "I. Maro"})
    ]  # fmt: skip


def test_a_missed_test_asks_until_a_cause_is_stated_and_the_miss_stays(stage: Stage, desk: Seat) -> None:
    missed = a_test("amber", 7, stage.now - timedelta(minutes=20), results=["missed"], answered_by="", latency_s=0)
    alarm = {"party": "birch", "what": "missed_test", "about": missed["test"], "level": "caution"}
    lines(stage, tests=[missed], alarms=[alarm | {"since": zulu(stage.now)}])
    desk.page.locator("[data-row='line missed_test birch'] button").click()

    desk.page.locator("[data-key='cause amber/LA-0007 technical']").click()

    desk.page.locator("[data-test='amber/LA-0007']").wait_for()
    assert stage.sent[-1] == (
        "/v1/line/tests/cause", {"test": "amber/LA-0007", "cause": "technical", "by": "I. Maro"}
    )  # fmt: skip
    told = {"party": "amber", "cause": "technical", "by": "I. Maro", "remarks": ""}
    lines(stage, tests=[missed | {"causes": [told]}])
    expect(desk.page.locator("[data-test='amber/LA-0007']")).to_contain_text("missed")
    expect(desk.page.locator("[data-test='amber/LA-0007']")).to_contain_text("technical")
    expect(desk.page.locator("[data-row='line missed_test birch']")).to_have_count(0)


def test_a_test_by_telephone_is_entered_and_a_redraw_takes_nothing_away(stage: Stage, desk: Seat) -> None:
    desk.page.locator("[data-key=rail-lines]").click()
    desk.page.locator("[data-key='phone birch answered_by']").fill("S. Tarn")
    stage.tell()
    desk.page.wait_for_timeout(700)

    desk.page.locator("[data-key='phone birch latency']").fill("12")
    desk.page.locator("[data-key='phone birch send']").click()

    path, body = sent(stage, desk)
    assert path == "/v1/line/tests/entered"
    assert body == {
        "to": "birch", "path": "telephone", "answered_by": "S. Tarn", "latency_s": 12, "language_ok": True,
        "cause": "not_stated", "by": "I. Maro",
    }  # fmt: skip


def test_a_suspended_channel_is_said_in_every_view_with_what_waits_and_what_stays_open(
    stage: Stage, desk: Seat
) -> None:
    waits = [{"number": n, "kind": "notice", "since": zulu(stage.now)} for n in (1, 2)]
    said = {"party": "birch", "channel": "safety", "state": "suspended", "at": zulu(stage.now), "by": "R. Lind"}
    lines(stage, suspended=True, waiting=waits, channels=[said | {"remarks": ""}])

    for view in ("floor", "file", "lines", "record"):
        desk.page.locator(f"[data-key=rail-{view}]").click()
        band = desk.page.locator("[data-band='off suspended']")
        expect(band).to_contain_text("SUSPENDED")
        expect(band).to_contain_text("Not delivered: 2")
        expect(band).to_contain_text("STOP, hazard notices and answers, line tests")
        expect(desk.page.locator("#stop")).to_be_enabled()


def test_what_the_node_refuses_is_said_in_its_own_words(stage: Stage, desk: Seat) -> None:
    refusal = {"type": "about:blank", "title": "refused", "status": 409, "code": "refused"}
    stage.answers["/v1/line/channel"] = (409, refusal | {"detail": "birch has suspended it already"})
    desk.page.locator("[data-key=rail-lines]").click()

    desk.page.locator("[data-key='channel birch suspended']").click()

    expect(desk.page.locator("#bands")).to_contain_text("birch has suspended it already")
    desk.forgive(409)
