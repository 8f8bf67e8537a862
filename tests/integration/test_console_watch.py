"""The watch at the console: handed over by a list that both sign, and a second pair of eyes (D3, D5)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from tests.integration.browser import Seat, chromium, seat
from tests.integration.console_fake import Server, Stage, a_watch, set_the_watch, zulu

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
        taken.page.locator("[data-key=rail-watch]").click()
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


def handing_over(stage: Stage, *ticked: str, signed: tuple[str, ...] = ()) -> dict[str, Any]:
    keys = (("notice birch/B-0107", "notices"), ("line birch", "lines"))
    items = [
        {"key": key, "section": section, "words": "as it stands", "digest": "0", "ticked": key in ticked}
        for key, section in keys
    ]
    handover = {"to": "R. Osei", "by": "I. Maro", "at": zulu(stage.now), "signed": list(signed)}
    held = {"holder": "I. Maro", "since": zulu(stage.now), "periods": [], "items": items, "handover": handover}
    return a_watch(stage.now, **held)


def shown(stage: Stage, watch: dict[str, Any]) -> None:
    stage.watch["watch"] = watch
    stage.tell()


def test_the_watch_is_begun_by_whoever_sits_here(stage: Stage, desk: Seat) -> None:
    desk.page.locator("[data-key=take-over]").click()

    assert sent(stage, desk) == ("/v1/watch/take", {"by": "I. Maro"})


def test_neither_can_sign_while_a_line_was_not_looked_at_and_nothing_is_ticked_by_itself(
    stage: Stage, desk: Seat
) -> None:
    shown(stage, handing_over(stage))
    expect(desk.page.locator("[data-open]")).to_contain_text("Not looked at yet: 2")
    expect(desk.page.locator("[role=checkbox][aria-checked=true]")).to_have_count(0)

    for name in ("I. Maro", "R. Osei"):
        expect(desk.page.locator(f"[data-key='sign {name}']")).to_be_disabled()

    desk.page.locator("[data-key='tick line birch']").click()
    assert sent(stage, desk) == ("/v1/watch/handover/ticks", {"items": ["line birch"], "by": "R. Osei"})


def test_both_sign_the_digest_of_the_list_that_they_saw(stage: Stage, desk: Seat) -> None:
    both = ("notice birch/B-0107", "line birch")
    shown(stage, handing_over(stage, *both))

    desk.page.locator("[data-key='sign I. Maro']").click()
    desk.page.wait_for_timeout(300)
    shown(stage, handing_over(stage, *both, signed=("I. Maro",)))

    expect(desk.page.locator("[data-key='sign I. Maro']")).to_contain_text("I. Maro has signed")
    expect(desk.page.locator("[data-key='sign R. Osei']")).to_be_enabled()
    assert stage.sent[-1] == ("/v1/watch/handover/signature", {"digest": "d" * 64, "by": "I. Maro"})


def test_a_draft_is_sent_by_another_person_than_the_one_who_wrote_it(stage: Stage, desk: Seat) -> None:
    def draft(by: str) -> dict[str, Any]:
        return {"draft": "D-0001", "drafted_by": by, "at": zulu(stage.now), "why": ["lead"], "changes": ""} | {
            "version": 1, "volumes": [],
        }  # fmt: skip

    shown(stage, a_watch(stage.now, holder="I. Maro", since=zulu(stage.now), drafts=[draft("I. Maro")]))
    expect(desk.page.locator("[data-key='draft D-0001 send']")).to_be_disabled()

    shown(stage, a_watch(stage.now, holder="I. Maro", since=zulu(stage.now), drafts=[draft("S. Venn")]))
    desk.page.locator("[data-key='draft D-0001 send']").click()

    assert sent(stage, desk) == ("/v1/drafts/D-0001/send", {"by": "I. Maro"})


def test_a_log_line_that_is_being_written_survives_a_redraw(stage: Stage, desk: Seat) -> None:
    desk.page.locator("[data-key=log-text]").fill("called Birch, line bad")
    stage.tell()
    desk.page.wait_for_timeout(600)

    desk.page.locator("[data-key=log-send]").click()

    assert sent(stage, desk) == ("/v1/log", {"text": "called Birch, line bad", "by": "I. Maro"})
