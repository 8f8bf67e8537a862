"""The line on foot between two real nodes (V4): cut off from each other, they give, answer and prove all the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.integration.inprocess import Inside, agree, configured, enrol, running
from tests.integration.nodes import AGREEMENT
from typer.testing import CliRunner

from keepclear.cli.main import app
from keepclear.core.timespan import zulu
from keepclear.errors import NotAllowed, Tampered
from keepclear.formats import carried


@dataclass
class Pair:
    """Two nodes, and what cuts and mends the line between them."""

    amber: Inside
    birch: Inside

    async def cut(self) -> None:
        """No heartbeat and no delivery from now on."""
        for side in (self.amber, self.birch):
            await side.node.outbox.stop()

    def mend(self) -> None:
        """As before."""
        for side in (self.amber, self.birch):
            side.node.outbox.start()


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[Pair]:
    """Amber and Birch in this process, enrolled."""
    made = [configured(tmp_path / party, party) for party in ("amber", "birch")]
    async with running(made[0]) as amber, running(made[1]) as birch:
        both = Pair(amber, birch)
        await enrol(amber, birch)
        yield both


async def carry(sender: Inside, receiver: Inside) -> list[Any]:
    """Everything that the sender has for the receiver, taken in there."""
    lines = sender.node.carry_out(receiver.config.party)
    return [await receiver.node.carry_in(line) for line in lines]


async def file_notice(side: Inside, minutes: int = 60) -> str:
    """A hazard, filed over the API; its serial."""
    start = side.node.now_us() // 1_000_000 * 1_000_000 + minutes * 60_000_000
    volume = {
        "circle": {"lat": -38.0, "lon": -152.0, "radius_m": 4000}, "lower": {"value_m": 0, "datum": "AMSL"},
        "upper": {"value_m": 1500, "datum": "AMSL"}, "start": zulu(start), "end": zulu(start + 3_600_000_000),
    }  # fmt: skip
    answer = await side.http.post("/v1/notices", json={"volumes": [volume], "by": "I. Maro"})
    assert answer.status_code == 201, answer.text
    return answer.json()["notice"]["id"]


async def test_a_notice_is_given_and_answered_with_the_line_cut_and_the_proof_holds(pair: Pair) -> None:
    await agree(pair.amber, pair.birch)
    await pair.cut()
    serial = await file_notice(pair.amber)

    came = await carry(pair.amber, pair.birch)
    alert = f"amber/{serial}/v1/birch"
    answered = await pair.birch.http.post(
        "/v1/alerts/answer", json={"alert": alert, "version": 1, "answer": "WILCO", "by": "K. Orr"}
    )
    back = await carry(pair.birch, pair.amber)

    assert sum(each.taken for each in came) >= 2
    assert answered.status_code == 200
    assert sum(each.taken for each in back) >= 3
    shown = (await pair.amber.http.get(f"/v1/notices/amber/{serial}")).json()["recipients"][0]
    assert shown["received"]
    assert shown["acknowledged_by"] == "K. Orr"
    given = await pair.amber.http.get(f"/v1/record/given?id={serial}&version=1&to=birch")
    assert given.status_code == 200, given.text


async def test_twice_is_once_and_any_order_comes_to_the_same(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    await agree(pair.amber, pair.birch)
    await pair.cut()
    monkeypatch.setattr("keepclear.node.exchange.STRETCH_BYTES_MAX", 900)
    for minutes in (60, 200, 400):
        await file_notice(pair.amber, minutes)
    first = pair.amber.node.carry_out("birch")
    await file_notice(pair.amber, 600)
    second = pair.amber.node.carry_out("birch")
    assert len(second) > 3

    gap = await pair.birch.node.carry_in(second[-1])
    taken = [await pair.birch.node.carry_in(line) for line in carried.in_order([*second, *first])]
    again = [await pair.birch.node.carry_in(line) for line in (*first, *second)]

    assert gap.has_gap
    assert gap.taken == 0
    log = "keepclear/amber/to/birch"
    assert pair.birch.node.loop.logs.size(log) == pair.amber.node.loop.logs.size(log)
    assert not taken[-1].has_gap
    assert sum(each.taken for each in again) == 0
    assert len(pair.birch.node.picture.notices) == 4


async def test_two_nodes_that_never_met_agree_on_foot(pair: Pair) -> None:
    """Neither signs before the other has said, since its start, what it holds: so the first way is without entries."""
    await pair.cut()
    for side in (pair.amber, pair.birch):
        for line in side.node.exchange.lines.values():
            line.may_sign, line.holds = False, -1
    proposed = await pair.amber.http.post("/v1/agreements", json={"toml": AGREEMENT.read_text(), "by": "I. Maro"})
    hash_ = proposed.json()["agreement"]["hash"]

    (first,) = await carry(pair.amber, pair.birch)
    assert (first.taken, first.may_answer) == (0, False)
    (second,) = await carry(pair.birch, pair.amber)
    assert second.may_answer
    (third,) = await carry(pair.amber, pair.birch)
    assert third.taken == 1
    assert third.may_answer
    signed = await pair.birch.http.post(f"/v1/agreements/{hash_}/signature", json={"by": "K. Orr"})
    await carry(pair.birch, pair.amber)

    assert signed.status_code == 200, signed.text
    assert pair.amber.node.picture.agreement_with("birch") is not None


async def test_a_line_from_before_our_start_never_lets_us_sign(pair: Pair) -> None:
    await agree(pair.amber, pair.birch)
    await pair.cut()
    await carry(pair.amber, pair.birch)
    old = pair.birch.node.carry_out("amber")
    line = pair.amber.node.exchange.line("birch")
    line.may_sign = False
    pair.amber.node.carrier._mark = "cd" * 16

    for each in old:
        came = await pair.amber.node.carry_in(each)
        assert not came.may_answer

    assert [carried.read_line(each)[0].stretch for each in pair.amber.node.carry_out("birch")] == [None]


async def test_a_line_for_another_or_by_a_stranger_or_changed_is_refused(pair: Pair) -> None:
    await agree(pair.amber, pair.birch)
    (line, *_) = pair.amber.node.carry_out("birch")

    with pytest.raises(NotAllowed, match="is for birch"):
        await pair.amber.node.carry_in(line)
    said, body, signature = carried.read_line(line)
    forged = msgspec.json.encode({"body": body.replace(b'"holds":', b'"holds":9'), "ed25519": signature})
    with pytest.raises(Tampered, match="amber did not sign"):
        await pair.birch.node.carry_in(forged)
    stranger = msgspec.structs.replace(said, sender="cedar")
    with pytest.raises(NotAllowed, match="cedar is not enrolled"):
        await pair.birch.node.carry_in(carried.write_line(stranger, pair.birch.node.loop.keys.signer))


async def test_what_was_carried_and_what_the_line_brings_afterwards_are_one(pair: Pair) -> None:
    await agree(pair.amber, pair.birch)
    await pair.cut()
    await file_notice(pair.amber)
    await carry(pair.amber, pair.birch)
    await file_notice(pair.amber, 300)

    pair.mend()

    log = "keepclear/amber/to/birch"
    async with asyncio.timeout(20):
        while pair.birch.node.loop.logs.size(log) != pair.amber.node.loop.logs.size(log):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert len(pair.birch.node.picture.notices) == 2
    assert not pair.amber.node.picture.quarantined


def written(side: Inside) -> Path:
    """The folder of a node, with its configuration where the program looks for it."""
    made = side.config
    text = f'[party]\nid = "{made.party}"\nname = "{made.party}"\ntelephone = "+00 555"\n'
    text += f"[console]\nport = {made.console.port}\n[peers]\nport = {made.peers.port}\n"
    (made.folder / "keepclear.toml").write_text(text)
    return made.folder


async def test_a_stick_and_scanned_codes_do_the_same_by_the_program(pair: Pair, tmp_path: Path) -> None:
    await agree(pair.amber, pair.birch)
    await pair.cut()
    await file_notice(pair.amber)

    async def run(*arguments: str | Path) -> Any:
        told = [str(part) for part in arguments]
        return await asyncio.to_thread(CliRunner().invoke, app, told, prog_name="keepclear")

    amber, birch = (written(side) for side in (pair.amber, pair.birch))
    codes = await run("carry", "out", "--to", "birch", "--qr", tmp_path / "codes", "--home", amber)
    stick = await run("carry", "out", "--to", "birch", tmp_path / "stick", "--home", amber)
    texts = carried.to_codes((tmp_path / "stick").read_bytes())
    (tmp_path / "scanned").write_text("\n".join(reversed(texts)))
    scanned = await run("carry", "in", tmp_path / "scanned", "--home", birch)
    again = await run("carry", "in", tmp_path / "stick", tmp_path / "scanned", "--home", birch)

    assert codes.exit_code == stick.exit_code == scanned.exit_code == again.exit_code == 0, (codes.output, stick.output)
    drawn = sorted(path.name for path in (tmp_path / "codes").iterdir())
    assert drawn[0].startswith("001-of-")
    assert drawn[-1] == "codes.html"
    assert "scan all of these" in (tmp_path / "codes" / "codes.html").read_text()
    assert "now bring the answer back" in scanned.output
    assert "amber: 0 entries are new" in again.output
    assert len(pair.birch.node.picture.notices) == 1
