"""The pages before the console in a real browser, under the strict content policy: password, passkey, signing out."""

from __future__ import annotations

import pytest
from tests.integration.test_accounts import PASSWORD, a_node, set_password

from chromium import chromium_path

pytestmark = pytest.mark.browser


async def test_a_person_signs_in_with_a_password_makes_a_passkey_and_signs_in_with_it(tmp_path):
    from playwright.async_api import async_playwright, expect

    async with a_node(tmp_path / "amber", tquill="duty_officer") as amber, async_playwright() as driver:
        await set_password(amber, "tquill")
        browser = await driver.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        context = await browser.new_context(ignore_https_errors=True)
        page = await context.new_page()
        refused: list[str] = []
        page.on("console", lambda said: refused.append(said.text) if "Content Security Policy" in said.text else None)
        front = f"https://localhost:{amber.config.console.port}/"
        devices = await context.new_cdp_session(page)
        await devices.send("WebAuthn.enable")
        key = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
               "isUserVerified": True}  # fmt: skip
        await devices.send("WebAuthn.addVirtualAuthenticator", {"options": key})

        await page.goto(front)
        await page.fill("#login", "tquill")
        await page.fill("#password", "a wrong password")
        await page.click("#enter")
        await expect(page.locator("#say")).to_have_text("name and password do not go together")
        await page.fill("#password", PASSWORD)
        await page.press("#password", "Enter")
        await expect(page).to_have_title("keepclear", timeout=20_000)

        await page.goto(f"{front}account.html")
        await expect(page.locator("#who")).to_have_text("TQUILL (tquill): duty_officer")
        await page.click("#add")
        await expect(page.locator("#say")).to_have_text("The passkey is kept.", timeout=20_000)
        await context.clear_cookies()
        await page.goto(front)
        await expect(page).to_have_title("keepclear: sign in")
        await page.click("#passkey")
        await expect(page).to_have_title("keepclear", timeout=20_000)

        assert refused == []
        await browser.close()
