"""WCAG 2.2 AA by axe-core on every view, in every theme, with nothing ignored (D4)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from tests.integration.browser import chromium, seat
from tests.integration.console_fake import Server, Stage, add_stop, add_warning, set_the_watch

pytestmark = pytest.mark.browser

RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as launched:
        yield launched


def faults(page: Page) -> list[str]:
    """Each rule that does not hold, with the first places where it does not."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{one['id']}: {[node['target'] for node in one['nodes'][:4]]}" for one in found]


@pytest.mark.parametrize(("theme", "language"), [("day", "en"), ("night", "ar"), ("red", "ru")])
def test_every_view_holds_wcag_22_aa_with_nothing_ignored(browser: Browser, theme: str, language: str) -> None:
    stage = Stage()
    set_the_watch(stage)
    with Server(stage) as server, seat(browser) as desk:
        page = desk.page
        page.add_init_script(f"localStorage.setItem('language', '{language}')")
        desk.sit_down(server.url, theme=theme)

        found = {}
        for view in ("floor", "file", "record"):
            page.locator(f"[data-key=rail-{view}]").click()
            page.wait_for_timeout(400)
            found[view] = faults(page)
        page.locator("[data-key=help]").click()
        found["keys"] = faults(page)
        page.locator("[data-key=rail-floor]").click()
        page.locator("[data-row] button").first.click()
        found["detail"] = faults(page)
        add_warning(stage)
        stage.tell()
        page.locator("[data-alarm]").wait_for()
        found["alarm"] = faults(page)
        add_stop(stage)
        stage.tell()
        page.wait_for_timeout(900)
        found["stop"] = faults(page)

        assert found == {key: [] for key in found}
