"""The console in real Chromium, over a stage: what two healthy nodes seldom show at will."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.integration.browser import Seat, chromium, seat
from tests.integration.console_fake import (
    Server,
    Stage,
    a_notice,
    add_stop,
    add_warning,
    circle,
    problem,
    set_the_watch,
    volume,
    zulu,
)
from tests.integration.nodes import ROOT

from keepclear.formats.reference import read_reference, reference_view

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
    """A desk at which the watch was taken. Nothing may have been written to its console at the end."""
    with seat(browser) as taken:
        taken.sit_down(stage.url)  # type: ignore[attr-defined]
        yield taken
        assert taken.complaints == []


def answered(stage: Stage) -> None:
    """Nothing asks Amber for an answer any more."""
    for alert in stage.picture["alerts"]:
        if alert["to_us"] and alert["state"] == "open":
            alert |= {"state": "answered", "answer": "ROGER", "answered_at": zulu(datetime.now(UTC))}
    stage.tell()


def warned(stage: Stage, desk: Seat) -> dict[str, Any]:
    """A warning has come up and its pane stands long enough to take an answer."""
    alert = add_warning(stage)
    stage.tell()
    expect(desk.page.locator("[data-alarm]")).to_contain_text("You need")
    desk.page.wait_for_timeout(800)
    return alert


# --------------------------------------------------------------------------------------------------- the floor


def test_the_list_is_sorted_by_level_and_then_by_time_left(stage: Stage, desk: Seat) -> None:
    add_warning(stage)
    add_stop(stage)
    stage.tell()

    rows = desk.page.locator("[data-row].needs")
    expect(rows).to_have_count(4)

    kinds = [row.get_attribute("class").split()[1] for row in rows.all()]  # type: ignore[union-attr]
    dues = [float(row.locator("[data-due]").get_attribute("data-due") or 0) for row in rows.all()]
    assert kinds == ["stop", "warning", "caution", "caution"]
    assert dues[2] < dues[3]


def test_the_foot_says_what_a_notice_is_not_in_every_view(stage: Stage, desk: Seat) -> None:
    for view in ("floor", "file", "record"):
        desk.page.locator(f"[data-key=rail-{view}]").click()
        foot = desk.page.locator("#foot")
        expect(foot).to_contain_text("A notice is no permission, no recognition and no guarantee.")
        expect(foot).to_contain_text("Not certified. Not the sole means of separation.")
        expect(desk.page.locator("#stop")).to_be_visible()


def test_five_instants_stay_five_and_a_missing_one_is_a_dash(stage: Stage, desk: Seat) -> None:
    answered(stage)
    desk.page.locator("[data-row='notice amber/A-0220'] button").click()

    dots = desk.page.locator("[data-recipient=birch] [data-instant]")
    expect(dots).to_have_count(5)
    states = {dot.get_attribute("data-instant"): dot.get_attribute("class") for dot in dots.all()}
    assert states == {
        "transmitted": "done", "received": "done", "acknowledged": "done",
        "read_back": "later", "disseminated": "later",
    }  # fmt: skip
    expect(desk.page.locator("[data-recipient=cedar] [data-instant=acknowledged]")).to_contain_text("due ")


def test_a_given_receipt_is_recomputed_in_the_browser(stage: Stage, desk: Seat) -> None:
    answered(stage)

    desk.page.locator("[data-row='notice amber/A-0220'] button").click()

    expect(desk.page.locator("[data-recipient=birch] [data-proof=ok]")).to_contain_text("proof checked here")
    expect(desk.page.locator("[data-recipient=cedar] [data-proof=wait]")).to_be_visible()


@pytest.mark.parametrize("part", ["entry", "proof", "received", "received_proof", "cosignature"])
def test_a_forged_given_receipt_is_shown_as_one(stage: Stage, desk: Seat, part: str) -> None:
    def forge(receipt: dict[str, Any]) -> dict[str, Any]:
        forged = copy.deepcopy(receipt)
        if part == "cosignature":
            lines = forged["proof"].split("\n")
            forged["proof"] = "\n".join(line for line in lines if not line.startswith("— keepclear/birch "))
        elif part in ("entry", "received"):
            forged[part] = forged[part].replace('"at":1', '"at":2')
        else:
            head, _, note = forged[part].partition("\n\n")
            lines = head.split("\n")
            lines[-1] = ("B" if lines[-1][0] != "B" else "C") + lines[-1][1:]
            forged[part] = "\n".join(lines) + "\n\n" + note
        assert forged != receipt
        return forged

    stage.forge = forge
    answered(stage)

    desk.page.locator("[data-row='notice amber/A-0220'] button").click()

    expect(desk.page.locator("[data-recipient=birch] [data-proof=bad]")).to_contain_text("Proof does not hold")


def test_another_partys_words_are_text_and_never_markup(stage: Stage, desk: Seat) -> None:
    answered(stage)
    stage.find("birch/B-0107")["remarks"] = "<img src=x onerror=alert(1)><b>bold</b>"
    stage.tell()

    desk.page.locator("[data-row='notice birch/B-0107'] button").click()

    expect(desk.page.locator("#detail")).to_contain_text("<img src=x onerror=alert(1)><b>bold</b>")
    assert desk.page.locator("#detail img").count() == 0


def test_a_length_of_time_never_looks_like_a_time_of_day(stage: Stage, desk: Seat) -> None:
    add_warning(stage)
    stage.tell()
    expect(desk.page.locator("[data-alarm]")).to_contain_text("You need")

    lefts = desk.page.locator(".left, .rv").all_inner_texts()

    assert len(lefts) > 5
    assert all(re.search(r"\d\s*(min|s|h|d)", text.replace("\n", "")) and ":" not in text for text in lefts)


# --------------------------------------------------------------------------------------------------- the alarm


def test_an_alarm_shows_need_and_have_and_the_difference_in_words(stage: Stage, desk: Seat) -> None:
    add_warning(stage)
    stage.tell()

    pane = desk.page.locator("[data-alarm]")
    expect(pane.locator("h2")).to_contain_text("Cedar: hazard where you are")
    expect(pane.locator(".need")).to_contain_text("5 min 20 s")
    expect(pane.locator(".inwords").first).to_contain_text(re.compile(r"Short by 4 min [2-5]\d s\."))
    expect(pane).to_contain_text("Inside it: A-0219. Slowest 50 m/s, 60 s to react.")
    assert desk.page.title() == "! keepclear"


def test_the_focus_goes_to_the_first_answer_and_never_to_wilco(stage: Stage, desk: Seat) -> None:
    add_warning(stage)
    stage.tell()

    expect(desk.page.locator("[data-answer]").first).to_be_focused()

    assert desk.page.evaluate("document.activeElement.dataset.answer") == "STOP"
    assert desk.page.locator("[data-answer]").last.get_attribute("data-answer") == "WILCO"


def box_of(locator: Any) -> dict[str, float]:
    """Where an element lies; asked again where the page has just drawn it anew."""
    for _ in range(40):
        box = locator.bounding_box()
        if box:
            return box
        locator.page.wait_for_timeout(50)
    raise AssertionError(f"{locator} lies nowhere")


def test_an_alarm_covers_neither_list_nor_map_nor_stop_and_escape_leaves_it(stage: Stage, desk: Seat) -> None:
    add_warning(stage)
    stage.tell()
    expect(desk.page.locator("[data-alarm]")).to_be_visible()

    desk.page.keyboard.press("Escape")

    pane = desk.page.locator("[data-alarm]")
    expect(pane).to_be_visible()
    box = box_of(pane)
    for other in ("#list", "#map", "#stop", ".zulu"):
        there = box_of(desk.page.locator(other))
        apart = there["x"] + there["width"] <= box["x"] + 1 or there["y"] + there["height"] <= box["y"] + 1
        assert apart, other
    for answer in pane.locator("[data-answer]").all():
        inside = box_of(answer)
        assert inside["y"] + inside["height"] <= 692, "all answers are there without scrolling"
        assert inside["height"] >= 44


def test_a_key_chooses_and_enter_sends(stage: Stage, desk: Seat) -> None:
    alert = warned(stage, desk)

    desk.page.keyboard.press("2")
    expect(desk.page.locator("[data-answer=UNABLE]")).to_be_focused()
    assert stage.of_kind("/v1/alerts/answer") == []
    with desk.page.expect_response("**/v1/alerts/answer"):
        desk.page.keyboard.press("Enter")

    assert stage.of_kind("/v1/alerts/answer") == [
        {"alert": alert["id"], "version": 1, "answer": "UNABLE", "by": "I. Maro", "again": False}
    ]


def test_a_key_pressed_as_the_alarm_comes_up_answers_nothing(stage: Stage, desk: Seat) -> None:
    add_warning(stage)
    stage.tell()
    expect(desk.page.locator("[data-answer]").first).to_be_focused()

    desk.page.keyboard.press("3")
    desk.page.keyboard.press("Enter")

    desk.page.wait_for_timeout(400)
    assert stage.sent == []


def test_wilco_that_our_figures_contradict_asks_once_more(stage: Stage, desk: Seat) -> None:
    stage.answers["/v1/alerts/answer"] = problem(409, "contradicted", "320 s are needed and 57 s are left")
    warned(stage, desk)
    wilco = desk.page.locator("[data-answer=WILCO]")
    expect(wilco).to_contain_text("Not on these figures: asks once more")

    wilco.click()
    expect(desk.page.locator("[data-problem]")).to_contain_text("320 s are needed and 57 s are left")
    stage.answers["/v1/alerts/answer"] = (200, {})
    expect(wilco).to_contain_text("Send WILCO all the same")
    wilco.click()

    expect(desk.page.locator("[data-problem]")).to_have_count(0)
    assert [sent["again"] for sent in stage.of_kind("/v1/alerts/answer")] == [False, True]
    desk.forgive(409)


def test_an_alarm_in_another_view_leaves_what_is_being_written(stage: Stage, desk: Seat) -> None:
    answered(stage)
    desk.page.keyboard.press("Alt+2")
    desk.page.locator("#f-remarks").fill("half a sen")
    desk.page.locator("#f-remarks").focus()

    add_warning(stage)
    stage.tell()
    expect(desk.page.locator("[data-band=alarm]")).to_contain_text("hazard where you are")
    desk.page.keyboard.type("tence 123")

    expect(desk.page.locator("#f-remarks")).to_have_value("half a sentence 123")
    expect(desk.page.locator("[data-alarm]")).to_be_visible()
    assert stage.sent == []


def test_a_received_stop_is_answered_by_anyone(stage: Stage, desk: Seat) -> None:
    add_stop(stage)
    stage.tell()
    expect(desk.page.locator("[data-alarm]")).to_contain_text("Birch asks you to stop")
    desk.page.wait_for_timeout(800)

    desk.page.locator("[data-answer=WILCO]").click()

    expect(desk.page.locator("[data-problem]")).to_have_count(0)
    assert stage.of_kind("/v1/stops/answer") == [{"stop": "birch/SB-0001", "answer": "WILCO", "by": "I. Maro"}]


def test_silence_lasts_thirty_seconds_and_hides_nothing(stage: Stage, desk: Seat) -> None:
    alert = warned(stage, desk)

    desk.page.keyboard.press("q")

    expect(desk.page.locator("[data-key=silence]")).to_contain_text("Silent for")
    expect(desk.page.locator("[data-row].warning")).to_be_visible()
    assert stage.of_kind("/v1/alerts/silence") == [{"alert": alert["id"], "by": "I. Maro", "seconds": 30}]


# ---------------------------------------------------------------------------------------------------------- STOP


def a_stop_sent(stage: Stage) -> dict[str, Any]:
    now = zulu(datetime.now(UTC))
    stop = {"id": "amber/SA-0001", "party": "amber", "own": True, "at": now, "by": "I. Maro", "remarks": ""}
    return stop | {"to": ["birch", "cedar"], "state": "active", "resumed_at": "", "answers": [], "answered": False,
                   "due_at": now, "due_in_s": 60.0, "received": {}, "recorded": True, "mode": "OPER"}  # fmt: skip


@pytest.mark.parametrize("view", ["floor", "file", "record"])
def test_stop_takes_two_presses_from_every_view(stage: Stage, desk: Seat, view: str) -> None:
    desk.page.locator(f"[data-key=rail-{view}]").click()
    stage.answers["/v1/stops"] = (201, {"stop": a_stop_sent(stage)})

    desk.page.keyboard.press("Alt+s")
    expect(desk.page.locator("#stop")).to_contain_text("Send STOP")
    expect(desk.page.locator("#stop")).to_contain_text("to Birch, Cedar")
    desk.page.wait_for_timeout(300)
    assert stage.sent == []
    desk.page.keyboard.press("Alt+s")

    expect(desk.page.locator("#stop")).not_to_have_class(re.compile("armed"))
    assert stage.of_kind("/v1/stops") == [{"by": "I. Maro", "to": [], "remarks": ""}]


def test_an_armed_stop_is_disarmed_by_escape_and_by_time(stage: Stage, desk: Seat) -> None:
    desk.page.clock.install()
    desk.page.reload()
    expect(desk.page.locator("#stop")).to_contain_text("STOP")
    desk.page.keyboard.press("Alt+s")
    expect(desk.page.locator("#stop")).to_have_class(re.compile("armed"))
    desk.page.keyboard.press("Escape")
    expect(desk.page.locator("#stop")).not_to_have_class(re.compile("armed"))

    desk.page.keyboard.press("Alt+s")
    expect(desk.page.locator("#stop")).to_have_class(re.compile("armed"))
    desk.page.clock.run_for(10_500)

    expect(desk.page.locator("#stop")).not_to_have_class(re.compile("armed"))
    assert stage.sent == []


def test_a_stop_that_cannot_be_recorded_becomes_a_card_to_read_out(stage: Stage, desk: Seat) -> None:
    card = ["CALL BIRCH: line 2", "OPER. STOP STOP STOP.", "ANSWER WILCO OR UNABLE, AND YOUR NAME."]
    stage.answers["/v1/stops"] = problem(503, "store_failed", "the disk is full", card=card, sent_unrecorded=True)

    desk.page.keyboard.press("Alt+s")
    desk.page.wait_for_timeout(300)
    desk.page.keyboard.press("Enter")

    shown = desk.page.locator("[data-card]")
    for line in card:
        expect(shown).to_contain_text(line)
    expect(shown).to_contain_text("It was also sent over the line, unrecorded.")
    desk.forgive(503)


# ------------------------------------------------------------------------------------------------------- states


def test_a_silent_node_is_offline_within_about_three_seconds(stage: Stage, desk: Seat) -> None:
    expect(desk.page.locator("[data-band=off]")).to_have_count(0)

    stage.is_silent = True

    expect(desk.page.locator("[data-band=off]")).to_be_visible(timeout=4_500)
    expect(desk.page.locator("[data-band=off]")).to_contain_text("Nothing you press will be sent.")
    expect(desk.page.locator("#stop")).to_contain_text("by telephone: Birch line 2, Cedar line 3")
    assert all(button.is_disabled() for button in desk.page.locator("[data-sends]").all())
    desk.page.keyboard.press("Alt+s")
    expect(desk.page.locator("[data-card]")).to_contain_text("STOP. STOP. STOP.")


def test_coming_back_says_how_much_was_missed(stage: Stage, desk: Seat) -> None:
    stage.is_silent = True
    expect(desk.page.locator("[data-band=off]")).to_be_visible(timeout=5_000)
    stage.seq += 14
    stage.picture["seq"] = stage.seq

    stage.is_silent = False

    expect(desk.page.locator("[data-band=plain]")).to_contain_text("Caught up: 14 entries")
    expect(desk.page.locator("[data-band=off]")).to_have_count(0)


def test_a_suspect_clock_waits_for_a_person(stage: Stage, desk: Seat) -> None:
    stage.picture["clock"] = {"suspect": True, "difference_ms": 3_600_000, "against": "birch"}
    expect(desk.page.locator("[data-band=off]")).to_contain_text("CLOCK SUSPECT")

    desk.page.locator("[data-key=confirm-clock]").click()

    desk.page.wait_for_timeout(300)
    assert stage.of_kind("/v1/clock/confirm") == [{"by": "I. Maro"}]


def test_a_store_that_fails_is_line_down_with_the_telephone(stage: Stage, desk: Seat) -> None:
    stage.picture["store"] = {"ok": False, "detail": "the disk is full"}

    band = desk.page.locator("[data-band=off]")
    expect(band).to_contain_text("LINE DOWN")
    expect(band).to_contain_text("Birch line 2")


def test_an_unrecorded_stop_is_shown_as_one(stage: Stage, desk: Seat) -> None:
    stage.unrecorded_stops = [{"party": "birch", "id": "SB-0002", "by": "R. Lind", "at": zulu(stage.now)}]

    expect(desk.page.locator("[data-band=alarm]")).to_contain_text("STOP, UNRECORDED")
    expect(desk.page.locator("[data-band=alarm]")).to_contain_text("Birch asks to stop")


def test_an_empty_watch_says_that_it_was_checked(browser: Browser) -> None:
    with Server(Stage()) as server, seat(browser) as desk:
        desk.sit_down(server.url)

        expect(desk.page.locator("#list")).to_contain_text(
            re.compile(r"Nothing waits for you\. Checked \d\d:\d\d:\d\dZ")
        )
        assert desk.complaints == []


# -------------------------------------------------------------------------------------------------------- filing


def fill(page: Page, **fields: str) -> None:
    for name, value in fields.items():
        page.locator(f"#f-{name}").fill(value)


def a_check(**more: Any) -> dict[str, Any]:
    empty = {"conflicts": [], "lead_s": 2_400.0, "is_short": {"birch": False}, "contradiction": None}
    return empty | {"earliest_clear_start": ""} | more


def test_a_contradiction_asks_and_goes_only_when_confirmed(stage: Stage, desk: Seat) -> None:
    answered(stage)
    stage.answers["/v1/check"] = (200, a_check(contradiction={"said": "N", "fits": "W"}))
    stage.answers["/v1/notices"] = problem(409, "contradiction", "the words say N; the geometry fits W")
    desk.page.keyboard.press("Alt+2")
    fill(desk.page, lat="33.29", lon="-38.82", radius="9000", upper="1200")
    desk.page.locator("#f-region").select_option("N")
    expect(desk.page.locator("[data-contradiction]")).to_contain_text("The words say north; the drawing fits west.")

    desk.page.keyboard.press("Control+Enter")
    expect(desk.page.locator("[data-problem]")).to_contain_text("the geometry fits W")
    expect(desk.page.locator("#f-lat")).to_have_value("33.29")
    notice = a_notice(
        "amber", "A-0221", volume(stage.now, stage.now + timedelta(hours=2), 0, 1200, **circle(33, -38, 9))
    )
    stage.answers["/v1/notices"] = (201, {"notice": notice})
    stage.picture["notices"].append(notice)
    stage.tell()
    desk.page.locator("[data-key=send-said]").click()

    expect(desk.page.locator("#detail h2")).to_contain_text("A-0221 v1")
    assert [sent["confirmed"] for sent in stage.of_kind("/v1/notices")] == [False, True]
    desk.forgive(409)


def test_a_draft_outlives_a_fault_and_a_reload(stage: Stage, desk: Seat) -> None:
    answered(stage)
    stage.answers["/v1/check"] = (200, a_check())
    stage.answers["/v1/notices"] = problem(422, "malformed", "a radius is at most 1,000 km", at="volumes[0].circle")
    desk.page.keyboard.press("Alt+2")
    fill(desk.page, lat="33 30 00 N", lon="038 26 24 W", radius="4500", upper="900", remarks="slow boats")

    desk.page.locator("[data-key=send]").click()
    expect(desk.page.locator("[data-problem]")).to_contain_text("volumes[0].circle: a radius is at most 1,000 km")
    desk.page.reload()
    desk.page.keyboard.press("Alt+2")

    expect(desk.page.locator("#f-remarks")).to_have_value("slow boats")
    [sent] = stage.of_kind("/v1/notices")
    assert sent["volumes"][0]["circle"] == {"lat": 33.5, "lon": -38.44, "radius_m": 4500}
    assert sent["volumes"][0]["lower"] == {"value_m": 0, "datum": "AMSL"}
    desk.forgive(422)


def test_what_cannot_be_read_is_said_at_its_field_and_not_sent(stage: Stage, desk: Seat) -> None:
    answered(stage)
    desk.page.keyboard.press("Alt+2")

    fill(desk.page, lat="91", lon="-38.44", radius="4500", upper="-5", until="0245 tomorrow")

    expect(desk.page.locator("#f-lat-hint")).to_have_text("A latitude lies between 90 S and 90 N")
    expect(desk.page.locator("#f-upper-hint")).to_have_text("The upper height is above the lower")
    expect(desk.page.locator("#f-until-hint")).to_contain_text("A time is written")
    expect(desk.page.locator("[data-key=send]")).to_be_disabled()


def test_a_polygon_is_drawn_on_the_map(stage: Stage, desk: Seat) -> None:
    answered(stage)
    stage.answers["/v1/check"] = (200, a_check())
    desk.page.keyboard.press("Alt+2")
    desk.page.locator("[data-key=shape-polygon]").click()
    desk.page.locator("[data-key=draw]").click()
    box = desk.page.locator("#map").bounding_box()
    assert box
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    for east, south in [(-60, -40), (70, -60), (100, 30)]:
        desk.page.mouse.click(middle[0] + east, middle[1] + south)
        desk.page.wait_for_timeout(300)
    desk.page.mouse.dblclick(middle[0], middle[1] + 70)

    expect(desk.page.locator("#f-corners")).to_have_value(re.compile(r"^(3[23]\.\d+ -3[89]\.\d+\n?){4}$"))


# -------------------------------------------------------------------------------------------------------- record


def open_entry(page: Page, n: int) -> None:
    page.keyboard.press("Alt+5")
    page.locator(f"[data-key=entry-{n}]").click()


def test_a_proof_that_holds_is_a_check_mark_and_a_word(stage: Stage, desk: Seat) -> None:
    answered(stage)

    open_entry(desk.page, 1)

    expect(desk.page.locator("[data-verdict=holds]")).to_contain_text("Proof holds: recomputed here")
    assert desk.page.locator("[data-check=ok]").count() == 6
    expect(desk.page.locator("[data-failed]")).to_have_count(0)


def flipped(text: str, place: int = 5) -> str:
    return text[:place] + ("0" if text[place] != "0" else "1") + text[place + 1 :]


FORGERIES = {
    "a step of the proof": lambda proof: proof | {"proof": [flipped(proof["proof"][0])]},
    "a step too many": lambda proof: proof | {"proof": [*proof["proof"], "00" * 32]},
    "a step too few": lambda proof: proof | {"proof": []},
    "the text of the entry": lambda proof: proof | {"text": proof["text"].replace("HAZARD", "HAZARE")},
    "the leaf": lambda proof: proof | {"leaf": flipped(proof["leaf"])},
    "the root": lambda proof: proof | {"root": flipped(proof["root"])},
    "the index": lambda proof: proof | {"index": 0},
    "the size in the checkpoint": lambda proof: (
        proof | {"checkpoint": proof["checkpoint"].replace("\n2\n", "\n3\n", 1)}
    ),
    "the name of the log": lambda proof: proof | {"checkpoint": proof["checkpoint"].replace("amber", "umber", 1)},
    "the signature": lambda proof: (
        proof | {"checkpoint": re.sub(r"(birch \S{20}).", r"\1A", proof["checkpoint"], count=1)}
    ),
}


@pytest.mark.parametrize("what", FORGERIES)
def test_a_false_proof_from_the_server_shows_red(stage: Stage, desk: Seat, what: str) -> None:
    def forge(route: Any) -> None:
        honest = route.fetch().json()
        forged = FORGERIES[what](honest)
        assert forged != honest
        route.fulfill(body=json.dumps(forged), content_type="application/json")

    answered(stage)
    desk.page.route("**/v1/record/proof*", forge)

    open_entry(desk.page, 1)

    verdict = desk.page.locator("[data-verdict=fails]")
    expect(verdict).to_contain_text("Proof does not hold")
    red = desk.page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--red')").strip()
    wanted = f"rgb({', '.join(str(int(red[at : at + 2], 16)) for at in (1, 3, 5))})"
    # The page may draw the verdict anew meanwhile, so it is asked until it stands.
    expect(verdict).to_have_css("border-top-color", wanted)
    expect(verdict.locator("path")).to_have_css("fill", wanted)
    expect(desk.page.locator("[data-failed]")).to_be_visible()
    expect(desk.page.locator("[data-band='off forged']")).to_contain_text("Entry 1 of keepclear/amber/to/birch")
    expect(desk.page.locator("[data-key=export]")).to_have_count(0)
    desk.page.keyboard.press("Alt+1")
    expect(desk.page.locator("[data-band='off forged']")).to_be_visible()


def test_a_record_that_shrank_since_this_browser_looked_does_not_hold(stage: Stage, desk: Seat) -> None:
    answered(stage)
    open_entry(desk.page, 1)
    expect(desk.page.locator("[data-verdict=holds]")).to_be_visible()
    origin = stage.forth.origin
    desk.page.evaluate(
        "origin => sessionStorage.setItem(`seen ${origin}`, JSON.stringify({size: 3, root: '00', at: '02:00:00Z'}))",
        origin,
    )

    desk.page.locator("[data-key=entry-1]").click()

    expect(desk.page.locator("[data-verdict=fails]")).to_be_visible()
    expect(desk.page.locator("[data-check=bad]")).to_contain_text("was 3, now 2")


# ----------------------------------------------------------------------------------------------------- reference


def test_the_reference_view_sets_accounts_side_by_side_and_marks_no_middle(stage: Stage, desk: Seat) -> None:
    data = (ROOT / "examples/syria_2019/reference.json").read_bytes()
    stage.reference = reference_view(read_reference(data))
    stage.picture["reference"] = True
    answered(stage)
    page = desk.page
    page.locator("[data-key=rail-reference]").click()

    page.locator("[data-key=ref-il20]").click()
    heads = page.locator(".refpage table").first.locator("th[scope=col]").all_inner_texts()
    assert heads[1:3] == ["Russian Federation says", "Israel says"]
    expect(page.locator("[data-lead=rus]")).to_contain_text("1 min 00 s; between 0 min 00 s and 2 min 00 s")
    expect(page.locator("[data-lead=isr]")).to_contain_text("no upper bound")
    page.locator("[data-key=ref-differences]").click()
    expect(page.locator("[data-difference]")).to_have_count(4)
    expect(page.locator(".refpage")).to_contain_text("True when written")
    page.locator("[data-key=ref-zones]").click()
    expect(page.locator(".refmap #map")).to_be_visible()
    assert page.locator("[data-sends]").count() == 0


# ------------------------------------------------------------------------------------------------ form and measure


SMALL_TEXT = """() => {
  const bad = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim();
    const element = walker.currentNode.parentElement;
    if (!text || !element.getClientRects().length || element.closest("noscript, .glyph")) continue;
    const size = parseFloat(getComputedStyle(element).fontSize);
    if (size < 10.99) bad.push(`${size} ${text.slice(0, 40)}`);
  }
  return bad;
}"""

SMALL_TARGETS = """() => [...document.querySelectorAll("button, input, select, textarea, a[href]")]
  .filter((one) => one.getClientRects().length && !one.closest(".skip, .refs, .ol-control"))
  .map((one) => [one.textContent.trim().slice(0, 30) || one.id, one.getBoundingClientRect()])
  .filter(([, box]) => box.width < 24 || box.height < 24).map(([name, box]) => `${name} ${box.width}x${box.height}`)"""

OFF_PAGE = """() => {
  const root = document.documentElement;
  return [root.scrollWidth - root.clientWidth, root.scrollHeight - root.clientHeight];
}"""

CLIPPED = """() => [...document.querySelectorAll(".top *, .foot *, .item *, .choice *, .dhead *, .ahead *, .band *")]
  .filter((one) => one.children.length === 0 && one.textContent.trim() && one.getClientRects().length)
  .filter((one) => !one.closest(".sr, svg"))
  .filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflow !== "visible")
  .map((one) => one.textContent.trim().slice(0, 40))"""


@pytest.mark.parametrize("theme", ["day", "night", "red"])
@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)], ids=["1280", "1920"])
def test_nothing_is_too_small_clipped_or_off_the_page(
    browser: Browser, stage: Stage, theme: str, size: tuple[int, int], tmp_path: Any
) -> None:
    with seat(browser, *size) as desk:
        desk.sit_down(stage.url, theme=theme)  # type: ignore[attr-defined]
        stage.answers["/v1/check"] = (200, a_check(conflicts=stage.picture["conflicts"], is_short={"birch": True}))
        for view in ("caution", "notice", "file", "record", "keys", "warning"):
            if view == "notice":
                answered(stage)
                desk.page.locator("[data-row='notice amber/A-0220'] button").click()
            elif view == "warning":
                desk.page.keyboard.press("Alt+1")
                add_warning(stage)
                stage.tell()
                expect(desk.page.locator("[data-alarm]")).to_contain_text("You need")
            elif view == "keys":
                desk.page.locator("[data-key=help]").click()
            elif view != "caution":
                desk.page.locator(f"[data-key=rail-{view}]").click()
            if view == "file":
                fill(desk.page, lat="33.29", lon="-38.82", radius="9000", upper="1200")
                expect(desk.page.locator("[data-lead]")).to_be_visible()
            if view == "record":
                open_entry(desk.page, 1)
                expect(desk.page.locator("[data-verdict=holds]")).to_be_visible()
            desk.page.screenshot(path=tmp_path / f"{view}-{theme}-{size[0]}.png")

            assert desk.page.evaluate(SMALL_TEXT) == [], view
            assert desk.page.evaluate(SMALL_TARGETS) == [], view
            assert desk.page.evaluate(OFF_PAGE) == [0, 0], view
            assert desk.page.evaluate(CLIPPED) == [], view
        assert desk.complaints == []


def test_a_calm_watch_has_no_red_on_it(stage: Stage, desk: Seat) -> None:
    answered(stage)
    expect(desk.page.locator("[data-alarm]")).to_have_count(0)

    red = desk.page.evaluate(
        """() => {
          const red = getComputedStyle(document.documentElement).getPropertyValue("--red").trim();
          const as = `rgb(${[1, 3, 5].map((at) => parseInt(red.slice(at, at + 2), 16)).join(", ")})`;
          return [...document.querySelectorAll("body *")].filter((one) => {
            const style = getComputedStyle(one);
            const isDrawn = one.getClientRects().length;
            const used = [style.color, style.backgroundColor, style.borderTopColor, style.fill, style.stroke];
            return isDrawn && used.includes(as);
          }).map((one) => one.className.baseVal ?? one.className);
        }"""
    )

    assert red == []


def test_tabs_of_one_browser_share_one_stream_and_another_takes_over_when_its_holder_goes(
    stage: Stage, desk: Seat
) -> None:
    other = desk.page.context.new_page()
    other.goto(stage.url)  # type: ignore[attr-defined]
    other.locator("#top .zulu").wait_for()
    other.wait_for_timeout(1500)
    assert len(stage.waiting) == 1

    desk.page.close()
    other.wait_for_timeout(1500)
    add_stop(stage)
    stage.tell()

    expect(other.locator("[data-alarm]")).to_contain_text("asks you to stop")
    expect(other.locator("html")).to_have_attribute("data-state", "live")
    assert len(stage.waiting) == 1
