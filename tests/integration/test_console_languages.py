"""The console in six languages (T2): switched at once, remembered for each person, right to left where it should be."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from tests.integration.browser import Seat, chromium, seat
from tests.integration.console_fake import Server, Stage, add_stop, add_warning, set_the_watch
from tests.integration.test_console_tokens import STATIC

pytestmark = pytest.mark.browser

LANGUAGES = ("en", "ru", "ar", "he", "tr", "fr")
VIEWS = ("floor", "file", "record")


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


def choose(page: Page, language: str) -> None:
    page.locator("[data-key=language]").select_option(language)
    expect(page.locator("html")).to_have_attribute("lang", language)
    page.locator("[data-key=rail-floor]").wait_for()


def test_a_language_is_switched_at_once_and_the_watch_and_draft_are_kept(desk: Seat) -> None:
    page = desk.page
    page.locator("[data-key=rail-file]").click()
    page.locator("#f-remarks, [name=remarks]").first.fill("towed drone")

    choose(page, "ru")

    expect(page.locator("#top")).to_contain_text("Дежурит")
    expect(page.locator("#top")).to_contain_text("I. Maro")
    page.locator("[data-key=rail-file]").click()
    expect(page.locator("#f-remarks, [name=remarks]").first).to_have_value("towed drone")


def test_each_person_finds_the_language_they_chose(desk: Seat) -> None:
    page = desk.page
    choose(page, "tr")

    for name, language in (("R. Osei", "fr"), ("I. Maro", "tr")):
        page.locator("[data-key=holder]").click()
        page.locator("#holder-name").fill(name)
        page.locator("[data-key=take-watch]").click()
        if page.locator("html").get_attribute("lang") != language and name == "R. Osei":
            choose(page, "fr")

        expect(page.locator("html")).to_have_attribute("lang", language)


@pytest.mark.parametrize("language", ["ar", "he"])
def test_right_to_left_mirrors_the_page_and_leaves_digits_times_and_strips(
    stage: Stage, desk: Seat, language: str
) -> None:
    add_warning(stage)
    stage.tell()
    page = desk.page

    choose(page, language)

    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    rail, stop = page.locator("#rail").bounding_box(), page.locator("#stop").bounding_box()
    assert rail is not None and rail["x"] > 1000  # the rail stands at the start: at the right
    assert stop is not None and stop["x"] < 200  # STOP stays at the inline end: at the left
    assert page.locator(".strip.time").get_attribute("dir") == "ltr"
    zulu = page.locator(".zulu").inner_text()
    assert re.fullmatch(r"\d\d:\d\d:\d\dZ", zulu)
    text = page.locator("body").inner_text()
    assert not re.search(r"[٠-٩۰-۹]", text)


def test_a_translation_says_draft_on_every_screen_and_english_does_not(desk: Seat) -> None:
    page = desk.page
    expect(page.locator("#foot")).not_to_contain_text("DRAFT")

    for language in LANGUAGES[1:]:
        choose(page, language)
        page.locator(f"[data-key=rail-{'record' if language == 'ar' else 'file'}]").click()
        expect(page.locator("#foot")).to_contain_text("DRAFT")


_TEXTS = """() => {
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode.textContent.trim();
    const parent = walk.currentNode.parentElement;
    if (!text || !parent.checkVisibility()) continue;
    if (parent.closest("bdi, svg, kbd, code, pre, option, noscript, script, .oper, .free")) continue;
    found.push(text);
  }
  for (const element of document.querySelectorAll("[aria-label], [title], [placeholder]"))
    if (element.checkVisibility())
      for (const name of ["aria-label", "title", "placeholder"])
        if (element.hasAttribute(name)) found.push(element.getAttribute(name));
  return found;
}"""
#: Words that stay as they are in every language (docs/how-to/console.md).
_STAYS = re.compile(
    r"ROGER|WILCO|UNABLE|STANDBY|SHORT|STOP|OPER|AMSL|AGL|WGS84|FL|HAZARD|MOVEMENT|DRAFT|TEST|EXER|keepclear|verify|FILE"
    r"|Amber|Birch|Cedar|I\. Maro"
    r"|\b[A-Z]-\d+|\bv\d+|\bR\b|\bm\b|\bkm\b|\bNM\b|Z\b"
)


def test_nothing_is_said_that_is_not_a_phrase(browser: Browser, stage: Stage) -> None:
    """Every letter of every phrase is put into another script: a Latin word that is left never became a phrase."""
    add_stop(stage)
    add_warning(stage)

    def other_script(route: Route) -> None:
        source = (STATIC / "words" / "en.js").read_text("utf-8")
        line = re.compile(r'^(  "[a-z]+\.[A-Za-z0-9_]*":\s*")(.*)(",)$', re.MULTILINE)
        pseudo = line.sub(lambda found: found[1] + re.sub("[A-Za-z]", "ж", found[2]) + found[3], source)
        route.fulfill(status=200, content_type="text/javascript", body=pseudo)

    with seat(browser) as taken:
        taken.page.route("**/words/ru.js", other_script)
        taken.page.add_init_script("localStorage.setItem('language', 'ru')")
        taken.sit_down(stage.url)  # type: ignore[attr-defined]
        for view in VIEWS:
            taken.page.locator(f"[data-key=rail-{view}]").click()
            taken.page.wait_for_timeout(500)
            texts = taken.page.evaluate(_TEXTS)

            assert len(texts) > 20
            assert [text for text in texts if re.search(r"[A-Za-z]{3,}", _STAYS.sub(" ", text))] == [], view
