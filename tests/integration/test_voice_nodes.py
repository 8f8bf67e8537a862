"""Voice between two real nodes (V1, V2): the link cut, a card typed in, the link mended, and both compared by hash."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from tests.integration.inprocess import Inside, agree
from tests.integration.test_carry import Pair, file_notice, pair, written
from typer.testing import CliRunner

from keepclear.cli.main import app
from keepclear.core.challenge import token
from keepclear.formats.voice_card import card_digest, card_of, read_card
from keepclear.formats.voice_table import make_table
from keepclear.links.voice_tables import VoiceTables

__all__ = ["pair"]
UNTIL = 4_000_000_000_000_000


async def challenged(pair: Pair, row: int, text: str, word: str = "harbour") -> dict[str, Any]:
    """A fresh challenge of Birch's, and what Amber answers to it for a card."""
    asked = (await pair.birch.http.post("/v1/cards/challenge", json={"party": "amber"})).json()["challenge"]
    card = read_card(text)
    digest = card_digest(card.kind, card.mode, card.sender, card.to, card.hash)
    table = VoiceTables(pair.amber.config.folder).to_speak("birch")
    return {"challenge": asked, "row": row, "token": token(table.secret(row), word, asked, digest)}


async def type_in(side: Inside, text: str, **answer: Any) -> Any:
    """What the node says to a card that was typed in."""
    return await side.http.post("/v1/cards", json={"lines": text, "by": "K. Orr", **answer})


async def cards(side: Inside) -> list[dict[str, Any]]:
    """What was said to a node by voice."""
    return (await side.http.get("/v1/cards")).json()


@pytest.fixture
async def cut(pair: Pair) -> Pair:
    """Two nodes that agreed, exchanged a table by hand, and lost the link."""
    await agree(pair.amber, pair.birch)
    await pair.cut()
    made = make_table("amber", "birch", bytes(32), rows=9, until=UNTIL, watch_word="harbour", duress_word="lantern")
    VoiceTables(pair.amber.config.folder).keep(made, "amber")
    VoiceTables(pair.birch.config.folder).keep(made, "birch")
    return pair


async def compared(side: Inside) -> dict[str, Any]:
    """The first card, once the link has brought its entry."""
    async with asyncio.timeout(20):
        while (found := (await cards(side))[0])["state"] == "waiting":  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return found


async def test_a_card_typed_in_while_the_link_is_cut_agrees_when_it_is_mended(cut: Pair) -> None:
    serial = await file_notice(cut.amber)
    text = (await cut.amber.http.get(f"/v1/notices/amber/{serial}/card")).json()["text"]

    typed = await type_in(cut.birch, text, **await challenged(cut, 1, text))
    cut.mend()
    after = await compared(cut.birch)

    assert typed.status_code == 201, typed.text
    assert typed.json()["authenticated"]
    assert typed.json()["state"] == "waiting"
    assert not typed.json()["forced"]
    assert after["state"] == "agrees"
    assert after["subject"] == f"{serial} v1"


async def test_what_was_changed_on_the_way_alarms_by_its_full_hash(cut: Pair) -> None:
    serial = await file_notice(cut.amber)
    card = (await cut.amber.http.get(f"/v1/notices/amber/{serial}/card")).json()
    body = read_card(card["text"]).body
    body["volumes"][0]["circle"][2] += 1_000
    other = card_of("notice", "OPER", "amber", "birch", body)

    typed = await type_in(cut.birch, other.text())
    cut.mend()
    after = await compared(cut.birch)

    assert typed.json()["authenticated"] is False
    assert after["state"] == "differs"
    assert after["call_back"] == "+00 555"


async def test_a_row_and_a_challenge_serve_once_and_a_token_for_another_card_is_refused(cut: Pair) -> None:
    first, second = await file_notice(cut.amber, 60), await file_notice(cut.amber, 300)
    one, other = [
        (await cut.amber.http.get(f"/v1/notices/amber/{serial}/card")).json()["text"] for serial in (first, second)
    ]
    answer = await challenged(cut, 1, one)

    for_another = await type_in(cut.birch, other, **answer)
    spent = await type_in(cut.birch, one, **answer)
    good = await type_in(cut.birch, one, **await challenged(cut, 1, one))
    replayed = await type_in(cut.birch, other, **await challenged(cut, 1, other))

    assert for_another.status_code == 403
    assert "no challenge that waits" in spent.json()["detail"]
    assert good.status_code == 201
    assert replayed.status_code == 403
    assert "say a fresh challenge, or call back" in replayed.json()["detail"]


async def test_a_stop_that_cannot_be_authenticated_is_taken_marked_with_the_number_to_call(cut: Pair) -> None:
    stop = card_of("stop", "OPER", "amber", "birch", {"id": "SA-0001", "by": "I. Maro"}).text()
    answer = await challenged(cut, 2, stop)

    bare = await type_in(cut.birch, stop)
    wrong = await type_in(cut.birch, stop, **{**answer, "token": "ABCDEFGH"})
    later = await type_in(cut.birch, stop, **await challenged(cut, 3, stop))

    assert bare.status_code == 201
    assert bare.json()["authenticated"] is False
    assert bare.json()["call_back"] == "+00 555"
    assert wrong.status_code == 409, "the same card again, still without a good token"
    assert later.status_code == 201
    assert later.json()["authenticated"] is True


async def test_duress_is_seen_by_our_own_people_and_in_nothing_that_the_other_party_holds(cut: Pair) -> None:
    stop = card_of("stop", "OPER", "amber", "birch", {"id": "SA-0001", "by": "I. Maro"}).text()

    typed = await type_in(cut.birch, stop, **await challenged(cut, 1, stop, "lantern"))
    before = {log: cut.birch.node.loop.logs.size(log) for log in cut.birch.node.loop.logs.origins()}

    assert typed.json()["authenticated"] is True
    assert typed.json()["forced"] is True
    lines = b"".join(cut.birch.node.export())
    assert b"forced" not in lines
    assert b"card_typed" not in lines
    assert before["keepclear/birch/to/amber"] == cut.birch.node.loop.logs.size("keepclear/birch/to/amber")


async def test_a_card_for_another_party_or_with_a_wrong_line_is_refused_by_name(cut: Pair) -> None:
    stop = card_of("stop", "OPER", "amber", "cedar", {"id": "SA-0001", "by": "I. Maro"})

    other = await type_in(cut.birch, stop.text())
    wrong = await type_in(cut.birch, stop.text().replace("SA-0001", "SA-0010"))

    assert other.status_code == 403
    assert wrong.status_code == 422
    assert wrong.json()["code"] == "line_wrong"
    assert "line 3 (STOP)" in wrong.text


async def test_a_notice_is_read_in_each_language_over_the_api(cut: Pair) -> None:
    serial = await file_notice(cut.amber)

    texts = {
        language: (await cut.amber.http.get(f"/v1/notices/amber/{serial}/text?language={language}")).json()
        for language in ("en", "ru", "ar", "he", "tr", "fr")
    }
    unknown = await cut.amber.http.get(f"/v1/notices/amber/{serial}/text?language=xx")

    assert len({each["hash"] for each in texts.values()}) == 1
    assert {language for language, each in texts.items() if each["draft"]} == {"ru", "ar", "he", "tr", "fr"}
    assert texts["he"]["direction"] == "rtl"
    assert '<bdi dir="ltr">' in texts["ar"]["html"]
    assert unknown.status_code == 404


async def test_two_officers_do_the_same_by_the_program(cut: Pair, tmp_path: Path) -> None:
    serial = await file_notice(cut.amber)
    amber, birch = written(cut.amber), written(cut.birch)

    async def run(*arguments: str | Path, typed: str = "") -> Any:
        told = [str(part) for part in arguments]
        return await asyncio.to_thread(CliRunner().invoke, app, told, input=typed, prog_name="keepclear")

    printed = await run("card", "show", f"amber/{serial}", "--home", amber)
    (tmp_path / "card").write_text(printed.output)
    asked = (await run("card", "challenge", "--peer", "amber", "--home", birch)).output.splitlines()[0]
    answered = await run(
        "card", "token", f"amber/{serial}", "--peer", "birch", "--row", "4", "--challenge", asked, "--home", amber,
        typed="harbour\n",
    )  # fmt: skip
    said = re.search(r"TOKEN (\w{4} \w{4})", answered.output)
    assert said is not None, answered.output
    heard = await run(
        "card", "read", tmp_path / "card", "--by", "K. Orr", "--challenge", asked, "--row", "4", "--token", said[1],
        "--language", "fr", "--home", birch,
    )  # fmt: skip
    listed = await run("card", "list", "--home", birch)

    assert heard.exit_code == 0, heard.output
    assert "AUTHENTICATED, recorded as said by voice; the link: waiting." in heard.output
    assert "UNAUTHENTICATED" not in heard.output
    assert "Avis de zone dangereuse" in heard.output
    assert f"{serial} v1" in listed.output
