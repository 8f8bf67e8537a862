"""`keepclear card table` and `card token` as two desks use them, by hand and by voice (V2)."""

from __future__ import annotations

import re
import shutil
import stat
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from given import START_US
from keepclear.cli.main import app
from keepclear.core.challenge import judge
from keepclear.formats.voice_card import card_digest, card_of
from keepclear.links.voice_tables import VoiceTables
from keepclear.node import entries
from keepclear.record import Envelope, Seen

STOP = entries.StopSent("SA-0001", "I. Maro")
CHALLENGE = "KXQWBT"


def run(*arguments: str | Path, typed: str = "") -> Any:
    """One command of the program, in this process."""
    return CliRunner().invoke(app, [str(part) for part in arguments], input=typed, prog_name="keepclear")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with Amber's and Birch's, made once: keys take long."""
    made = tmp_path_factory.mktemp("voice")
    for party in ("amber", "birch"):
        result = run("init", "--party", party, "--name", party.title(), "--home", made / party)
        assert result.exit_code == 0, result.output
    return made


@pytest.fixture
def desks(folders: Path, tmp_path: Path) -> tuple[Path, Path, Path]:
    """Amber's folder, Birch's, with a table from Amber to Birch and words; and the file of a STOP."""
    for party in ("amber", "birch"):
        shutil.copytree(folders / party, tmp_path / party)
    amber, birch = tmp_path / "amber", tmp_path / "birch"
    for_birch = tmp_path / "for-birch"
    made = run(
        "card", "table", "--peer", "birch", "--out", for_birch, "--rows", "3", "--words", "--home", amber,
        typed="harbour\nlantern\n",
    )  # fmt: skip
    assert made.exit_code == 0, made.output
    taken = run("card", "table", "--peer", "amber", "--take", for_birch, "--home", birch)
    assert taken.exit_code == 0, taken.output
    stop = tmp_path / "stop.json"
    envelope = Envelope(
        "keepclear/amber/to/birch", 0, START_US, "stop", "OPER", True, Seen(), msgspec.to_builtins(STOP)
    )
    stop.write_bytes(envelope.to_bytes())
    return amber, birch, stop


def answer(amber: Path, stop: Path, row: int, word: str) -> Any:
    """What the program prints when a challenge is answered."""
    return run(
        "card", "token", stop, "--peer", "birch", "--row", str(row), "--challenge", "kxq-wbt", "--home", amber,
        typed=f"{word}\n",
    )  # fmt: skip


def heard(birch: Path, row: int, printed: str) -> Any:
    """What Birch makes of a token."""
    table = VoiceTables(birch).to_hear("amber")
    card = card_of("stop", "OPER", "amber", "birch", msgspec.to_builtins(STOP))
    digest = card_digest("stop", "OPER", "amber", "birch", card.hash)
    said = re.search(r"TOKEN ([A-Z]{4}) ([A-Z]{4})", printed)
    assert said is not None
    token = said[1] + said[2]
    return judge(table.secret(row), table.watch_word, table.duress_word, CHALLENGE, digest, token)


def test_a_challenge_is_answered_and_the_screen_is_the_same_under_duress(desks: tuple[Path, Path, Path]) -> None:
    """V2: nothing on the coerced screen or in its files differs but the letters themselves."""
    amber, birch, stop = desks
    well = answer(amber, stop, 1, "harbour")
    files_before = {path.name: len(path.read_bytes()) for path in (amber / "voice").iterdir()}
    forced = answer(amber, stop, 2, "lantern")
    wrong = answer(amber, stop, 3, "guess")

    shapes = {
        re.sub("[A-Z]+", "x", re.sub(r"[0-9]", "n", each.output.replace(" ", ""))).count("\n")
        for each in (well, forced, wrong)
    }
    assert len(shapes) == 1
    assert well.exit_code == forced.exit_code == wrong.exit_code == 0
    for each in (well, forced, wrong):
        for word in ("harbour", "lantern", "guess", "duress"):
            assert word not in each.output.lower()
    assert {path.name for path in (amber / "voice").iterdir()} == set(files_before)
    assert (heard(birch, 1, well.output).is_good, heard(birch, 1, well.output).is_duress) == (True, False)
    assert (heard(birch, 2, forced.output).is_good, heard(birch, 2, forced.output).is_duress) == (True, True)
    assert not heard(birch, 3, wrong.output).is_good


def test_a_row_serves_once(desks: tuple[Path, Path, Path]) -> None:
    amber, _, stop = desks
    assert answer(amber, stop, 1, "harbour").exit_code == 0

    again = answer(amber, stop, 1, "harbour")

    assert again.exit_code == 1
    assert "row 1 was used; take row 2" in again.output
    assert "USED" in run("card", "table", "--peer", "birch", "--home", amber).output


def test_the_speakers_machine_keeps_no_word_and_no_one_else_may_read_the_tables(desks: tuple[Path, Path, Path]) -> None:
    amber, birch, _ = desks

    kept = [path for home in (amber, birch) for path in (home / "voice").iterdir()]

    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in kept)
    assert not [path for path in (amber / "voice").iterdir() if b"harbour" in path.read_bytes()]
    assert b"lantern" in (birch / "voice" / "hear-amber.json").read_bytes()


def test_from_paper_a_spare_machine_answers_without_a_table(desks: tuple[Path, Path, Path], tmp_path: Path) -> None:
    amber, birch, stop = desks
    sheet = run("card", "table", "--peer", "birch", "--home", amber).output
    row = re.search(r"^  2  ((?:[A-Z]{4} ){4})", sheet, re.MULTILINE)
    assert row is not None
    assert max(map(len, sheet.splitlines())) <= 80

    made = run(
        "card", "token", stop, "--peer", "birch", "--row", "2", "--challenge", CHALLENGE, "--paper", "--home", tmp_path,
        typed=f"{row[1]}\nharbour\n",
    )  # fmt: skip

    assert made.exit_code == 0, made.output
    assert heard(birch, 2, made.output).is_good


def test_a_table_of_other_parties_or_equal_words_is_refused(desks: tuple[Path, Path, Path], tmp_path: Path) -> None:
    amber, birch, _ = desks

    other = run("card", "table", "--peer", "cedar", "--take", tmp_path / "for-birch", "--home", birch)
    same = run(
        "card", "table", "--peer", "birch", "--out", tmp_path / "x", "--words", "--home", amber, typed="sun\nSUN\n"
    )

    assert "with which amber speaks, not cedar" in other.output
    assert "must differ" in same.output
