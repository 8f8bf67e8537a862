"""Drives the machine's own Chromium. Each page remembers what it wrote to its console; a test asks for silence."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from chromium import chromium_path

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=user-gesture-required",
]


@dataclass
class Seat:
    """One desk: a page in a browser context of its own, and what that page complained of."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def sit_down(self, url: str, name: str = "I. Maro", theme: str = "day") -> None:
        """Opens the console and takes the watch."""
        self.page.add_init_script(f"localStorage.setItem('theme', '{theme}')")
        self.page.goto(url)
        self.page.locator("#holder-name").fill(name)
        self.page.locator("[data-key=take-watch]").click()
        self.page.locator("[data-band=watch]").wait_for(state="detached")

    def forgive(self, status: int) -> None:
        """The browser itself notes each refused request in its console; here the test asked for that refusal."""
        self.complaints[:] = [line for line in self.complaints if f"a status of {status} " not in line]

    def theme(self, name: str) -> None:
        self.page.locator(f"[data-key=theme-{name}]").click()


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """The machine's Chromium, or a skip that says what to install."""
    path = chromium_path()
    if path is None:
        pytest.skip("no Chromium: install it, or set KEEPCLEAR_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def seat(browser: Browser, width: int = 1280, height: int = 720, **more: Any) -> Iterator[Seat]:
    """A fresh context: no cookies and no storage of another desk."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, ignore_https_errors=True, timezone_id="Europe/Helsinki", **more
    )
    page = context.new_page()
    page.set_default_timeout(15_000)
    here = Seat(page)
    page.on("console", lambda message: here.complaints.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: here.complaints.append(f"error: {error}"))
    try:
        yield here
    finally:
        context.close()
