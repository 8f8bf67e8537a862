"""The console of two real nodes, each in its own Chromium page: what Amber does, Birch sees, and back."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.integration.browser import Seat, chromium, seat
from tests.integration.nodes import Pair, RealNode, amber_and_birch

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with amber_and_birch(tmp_path_factory.mktemp("nodes")) as made:
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as launched:
        yield launched


def sits_at(node: RealNode, desk: Seat, name: str) -> Page:
    desk.sit_down(node.console_link(), name=name)
    expect(desk.page.locator("[data-peer] b")).to_have_text("Line open")
    return desk.page


@pytest.fixture
def desks(browser: Browser, pair: Pair) -> Iterator[tuple[Page, Page]]:
    """Amber's page and Birch's page. Neither may have complained at the end."""
    with seat(browser) as at_amber, seat(browser) as at_birch:
        yield sits_at(pair.amber, at_amber, "I. Maro"), sits_at(pair.birch, at_birch, "K. Orr")
        assert at_amber.complaints == []
        assert at_birch.complaints == []


def file_on_page(page: Page, lat: str, lon: str, **fields: str) -> str:
    """Files a circle by typing, and gives the id that the node gave it."""
    page.keyboard.press("Alt+2")
    for name, value in ({"lat": lat, "lon": lon, "radius": "4500", "upper": "900"} | fields).items():
        page.locator(f"#f-{name}").fill(value)
    expect(page.locator("[data-lead]")).to_be_visible()
    page.keyboard.press("Control+Enter")
    title = page.locator("#detail h2")
    expect(title).to_have_text(re.compile(r"^[A-Z]+-\d{4} v1$"))
    return (title.text_content() or "").split(" ")[0]


def test_what_amber_files_birch_is_asked_and_what_birch_answers_amber_sees(desks: tuple[Page, Page]) -> None:
    amber, birch = desks

    ident = file_on_page(amber, "-38.0", "-152.0", remarks="boats stay north")

    row = birch.locator(f"[data-row^='alert amber/{ident}/v1']")
    expect(row).to_contain_text(f"Amber: Hazard {ident} v1")
    row.locator("button").click()
    pane = birch.locator("[data-alarm]")
    expect(pane).to_contain_text("boats stay north")
    expect(pane).to_contain_text("38°00′00″S 152°00′00″W")
    birch.wait_for_timeout(800)
    pane.locator("[data-answer=ROGER]").click()

    receipt = amber.locator("[data-recipient=birch]").first
    expect(receipt).to_contain_text("Answered ROGER by K. Orr")
    for instant in ("transmitted", "received", "acknowledged"):
        expect(receipt.locator(f"[data-instant={instant}]")).to_have_class("done")
    expect(receipt.locator("[data-proof=ok]")).to_contain_text("proof checked here")
    expect(birch.locator("#detail h2")).to_have_text(f"{ident} v1")


def test_stop_on_amber_is_an_alarm_on_birch_and_its_answer_comes_back(desks: tuple[Page, Page]) -> None:
    amber, birch = desks

    amber.keyboard.press("Alt+s")
    expect(amber.locator("#stop")).to_contain_text("to Birch")
    amber.wait_for_timeout(300)
    amber.keyboard.press("Alt+s")

    pane = birch.locator("[data-alarm^=stop]")
    expect(pane).to_contain_text("Amber asks you to stop")
    assert birch.title() == "! keepclear"
    birch.wait_for_timeout(800)
    birch.keyboard.press("2")
    birch.keyboard.press("Enter")

    expect(amber.locator("[data-stop]")).to_contain_text(re.compile("Birch: WILCO"))
    amber.locator("[data-key=resume]").click()
    expect(birch.locator("[data-row^='stop']")).to_have_count(0)
    assert birch.title() == "keepclear"


def test_two_that_are_too_near_are_a_conflict_on_both_pages(desks: tuple[Page, Page]) -> None:
    amber, birch = desks
    ours = file_on_page(amber, "-39.0", "-150.0")
    expect(birch.locator(f"[data-row^='alert amber/{ours}/v1']")).to_be_visible()

    birch.keyboard.press("Alt+2")
    for name, value in {"lat": "-39.02", "lon": "-150.02", "radius": "4500", "upper": "900"}.items():
        birch.locator(f"#f-{name}").fill(value)
    expect(birch.locator(f"[data-conflict={ours}]")).to_be_visible()
    birch.locator("[data-key=send]").click()

    for page in (amber, birch):
        expect(page.locator(".cstrip")).to_contain_text(re.compile(rf"Conflict \d+.*{ours}"))


def test_activate_amend_and_end_are_versions_that_the_other_page_shows(desks: tuple[Page, Page]) -> None:
    amber, birch = desks
    ident = file_on_page(amber, "-40.0", "-148.0")
    expect(birch.locator(f"[data-row^='alert amber/{ident}/v1']")).to_be_visible()

    amber.locator("[data-key=amend]").click()
    amber.locator("#f-radius").fill("5200")
    expect(amber.locator("[data-lead]")).to_be_visible()
    amber.locator("[data-key=send]").click()
    expect(amber.locator("#detail h2")).to_have_text(f"{ident} v2")
    expect(birch.locator(f"[data-row^='alert amber/{ident}/v2']")).to_contain_text(f"Amber changed {ident}")
    amber.locator("[data-key=activate]").click()
    expect(amber.locator("#detail [data-state]")).to_have_text("Activated")
    amber.locator("[data-key=end]").click()

    expect(amber.locator("#detail [data-state]")).to_have_text("Ended")
    expect(birch.locator(f"[data-row='notice amber/{ident}']")).to_have_count(0)


def test_a_region_word_that_the_place_contradicts_is_sent_only_when_confirmed(desks: tuple[Page, Page]) -> None:
    amber, birch = desks
    area = amber.evaluate("fetch('/v1/picture').then((a) => a.json()).then((p) => p.agreements[0].area)")
    # North of the middle of the agreed area, and the word says south.
    lat = area["lat"] + 0.6 * area["radius_m"] / 111_320
    amber.keyboard.press("Alt+2")
    for name, value in {"lat": f"{lat:.4f}", "lon": str(area["lon"]), "radius": "2000", "upper": "900"}.items():
        amber.locator(f"#f-{name}").fill(value)
    amber.locator("#f-region").select_option("S")
    expect(amber.locator("[data-contradiction]")).to_contain_text("The words say south; the drawing fits north.")

    amber.locator("[data-key=send-said]").click()

    expect(amber.locator("#detail h2")).to_have_text(re.compile(r"v1$"))
    ident = (amber.locator("#detail h2").text_content() or "").split(" ")[0]
    birch.locator(f"[data-row^='alert amber/{ident}/v1'] button").click()
    expect(birch.locator("[data-alarm] [data-contradiction]")).to_contain_text(
        "The words say south; the figures fit north."
    )


def test_each_entry_of_the_record_proves_itself_in_the_browser(desks: tuple[Page, Page]) -> None:
    amber, _ = desks
    amber.keyboard.press("Alt+5")

    for kind in ("keepclear/amber/to/birch", "keepclear/birch/to/amber", "keepclear/amber/private"):
        amber.locator(f"[data-key='log-{kind}']").click()
        amber.locator(".entry").first.click()
        expect(amber.locator("[data-verdict=holds]")).to_contain_text("Proof holds: recomputed here")
        amber.locator(".entry").last.click()
        expect(amber.locator(".entry").last).to_have_attribute("aria-current", "true")
        expect(amber.locator("[data-verdict=holds]")).to_be_visible()
        expect(amber.locator("[data-check=bad]")).to_have_count(0)


def test_one_flipped_byte_in_a_proof_shows_red(desks: tuple[Page, Page]) -> None:
    amber, _ = desks

    def forge(route: Any) -> None:
        answer = route.fetch().json()
        first = answer["proof"][0]
        answer["proof"][0] = ("1" if first[0] == "0" else "0") + first[1:]
        route.fulfill(body=json.dumps(answer), content_type="application/json")

    amber.route("**/v1/record/proof*", forge)
    amber.keyboard.press("Alt+5")
    amber.locator(".entry").first.click()

    expect(amber.locator("[data-verdict=fails]")).to_contain_text("Proof does not hold")
    red = amber.locator("[data-verdict=fails] path").evaluate("element => getComputedStyle(element).fill")
    assert red == "rgb(184, 15, 28)"


def test_the_page_is_under_the_strict_policy_and_loads_nothing_from_elsewhere(browser: Browser, pair: Pair) -> None:
    with seat(browser) as desk:
        asked: list[str] = []
        desk.page.on("request", lambda request: asked.append(request.url))
        answer = desk.page.goto(pair.amber.console_link())

        expect(desk.page.locator("#stop")).to_be_visible()
        assert answer
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "unsafe" not in policy
        assert all(url.startswith((pair.amber.url, "data:")) for url in asked)
        assert desk.complaints == []


def test_a_killed_node_is_offline_within_about_three_seconds_and_back_when_it_is(browser: Browser, pair: Pair) -> None:
    with seat(browser) as desk:
        page = sits_at(pair.birch, desk, "K. Orr")
        pair.birch.kill()
        expect(page.locator("[data-band=off]").first).to_contain_text("No connection to our node", timeout=5_000)
        expect(page.locator("#stop")).to_contain_text("by telephone")

        started: Future[None] = Future()
        threading.Thread(target=lambda: started.set_result(pair.birch.start())).start()
        started.result(60)

        # Sessions live in memory, so the same browser is told to open the console anew; a fresh link does.
        page.goto(pair.birch.console_link())
        expect(page.locator("[data-peer] b")).to_have_text("Line open")
        expect(page.locator("[data-band=off]")).to_have_count(0)


def test_screens_are_kept_for_a_look(desks: tuple[Page, Page], tmp_path: Path) -> None:
    amber, birch = desks
    for page, name in ((amber, "amber"), (birch, "birch")):
        for theme in ("day", "night", "red"):
            page.locator(f"[data-key=theme-{theme}]").click()
            page.wait_for_timeout(150)
            shot = tmp_path / f"{name}-{theme}.png"
            page.screenshot(path=shot)
            assert shot.stat().st_size > 20_000
