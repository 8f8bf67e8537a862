"""`keepclear say` and `keepclear phrasebook` as people use them: a file, an own language, a signature (T2)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from typer.testing import CliRunner

from given import START_US
from keepclear.cli.main import app
from keepclear.formats import phrasebook
from keepclear.links import system
from keepclear.node import entries
from keepclear.record import Envelope, Seen

SHIPPED = Path(phrasebook.__file__).parent


def run(*arguments: str | Path) -> Any:
    """One command of the program, in this process."""
    return CliRunner().invoke(app, [str(part) for part in arguments], prog_name="keepclear")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder of a node with keys."""
    system.create_identity(tmp_path, "amber", "Amber", system.SystemEntropy(), now_us=system.SystemClock().now_us())
    return tmp_path


@pytest.fixture
def entry(tmp_path: Path) -> tuple[Path, str]:
    """A file with a STOP from Amber to Birch, and its content hash."""
    stop = entries.StopSent("SA-0001", "I. Maro")
    envelope = Envelope(
        "keepclear/amber/to/birch", 3, START_US, "stop", "OPER", True, Seen(), msgspec.to_builtins(stop)
    )
    path = tmp_path / "stop.json"
    path.write_bytes(envelope.to_bytes())
    return path, entries.content_hash(stop)


def test_an_entry_in_a_file_is_said_in_each_language_with_one_hash(home: Path, entry: tuple[Path, str]) -> None:
    for language in ("en", "ru", "ar", "he", "tr", "fr"):
        result = run("say", entry[0], "--language", language, "--home", home)

        assert result.exit_code == 0, result.output
        assert entry[1] in result.output
        assert ("DRAFT" in result.output) is (language != "en")


def test_an_unknown_language_names_those_there_are(home: Path, entry: tuple[Path, str]) -> None:
    result = run("say", entry[0], "--language", "xx", "--home", home)

    assert result.exit_code == 1
    assert "there are ar, en, fr, he, ru, tr" in result.output


def test_a_signed_file_is_no_draft_until_it_is_changed(home: Path, entry: tuple[Path, str]) -> None:
    key = home / "speaker.pem"
    key.write_bytes(Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    signed = run("phrasebook", "sign", "--language", "ru", "--by", "L. Orlova", "--key", key, "--home", home)
    with_node = run("phrasebook", "sign", "--language", "he", "--by", "N. Levi", "--home", home)
    said = run("say", entry[0], "--language", "ru", "--home", home).output
    own = home / "phrasebook" / "ru.toml"
    own.write_text((SHIPPED / "ru.toml").read_text("utf-8").replace("ждите ответа", "ждите"), "utf-8")

    listed = json.loads(run("phrasebook", "list", "--home", home, "--json").output)
    again = run("say", entry[0], "--language", "ru", "--home", home).output

    assert signed.exit_code == with_node.exit_code == 0
    assert "L. Orlova" in said.splitlines()[0]
    assert "DRAFT" not in said
    states = {each["language"]: (each["state"], each["signer"]) for each in listed}
    assert states["he"] == ("signed", "N. Levi")
    assert states["ru"] == ("DRAFT", "")
    assert states["en"] == ("source", "")
    assert "changed since L. Orlova signed" in next(each["fault"] for each in listed if each["language"] == "ru")
    assert "DRAFT" in again


def test_a_language_of_a_partys_own_is_one_file(home: Path, entry: tuple[Path, str]) -> None:
    text = (SHIPPED / "en.toml").read_text("utf-8").replace('language = "en"', 'language = "eo"')
    (home / "phrasebook").mkdir()
    (home / "phrasebook" / "eo.toml").write_text(text, "utf-8")

    assert "DRAFT" in run("say", entry[0], "--language", "eo", "--home", home).output


def test_a_file_that_lacks_a_phrase_stops_with_its_name(home: Path, entry: tuple[Path, str]) -> None:
    lines = (SHIPPED / "tr.toml").read_text("utf-8").splitlines(keepends=True)
    (home / "phrasebook").mkdir()
    (home / "phrasebook" / "tr.toml").write_text("".join(line for line in lines if '"stop.all"' not in line), "utf-8")

    result = run("say", entry[0], "--language", "tr", "--home", home)

    assert result.exit_code == 1
    assert "tr.toml: phrases: not there: stop.all" in result.output
