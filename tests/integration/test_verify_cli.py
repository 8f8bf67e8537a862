"""`keepclear verify` as a stranger runs it: a process with files, and neither node nor network nor configuration."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.integration.two_desks import file_one, two_nodes

from keepclear.record import make_bundle


@dataclass(frozen=True)
class Files:
    """What two parties made, and what each knows of the other."""

    amber: Path
    receipt: Path
    trust_amber: Path
    trust_birch: Path
    bundle: Path
    entry: Path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("verify")
    with two_nodes(folder) as player:
        serial = file_one(player, "amber")
        player.settle()
        amber, birch = player.nodes["amber"], player.nodes["birch"]
        record, receipt = folder / "amber.keepclear-record", folder / "one.keepclear-given"
        record.write_bytes(b"".join(amber.client.export()))
        receipt.write_bytes(amber.client.given(serial, 1, "birch"))
        proof = amber.client.proof("keepclear/amber/to/birch", 0)
        bundle, entry = folder / "one.tlog-proof", folder / "one.entry"
        bundle.write_text(make_bundle(0, [bytes.fromhex(each) for each in proof.proof], proof.checkpoint))
        entry.write_text(proof.text)
        trust_amber = birch.home / "enrolment" / "amber.identity.json"
        trust_birch = birch.home / "identity.json"
    return Files(record, receipt, trust_amber, trust_birch, bundle, entry)


def _verify(*arguments: str | Path) -> tuple[int, str, str]:
    """Run it in a folder without anything, with an environment without anything that could help."""
    keep = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-m", "keepclear", "verify", *map(str, arguments)],
        capture_output=True, text=True, env=keep, cwd="/", check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def test_a_sound_record_is_called_sound_with_its_fingerprints(files: Files) -> None:
    code, out, _ = _verify(files.amber, "--trust", files.trust_amber, "--trust", files.trust_birch)
    assert code == 0
    assert ": SOUND" in out
    assert out.count("as trusted") == 2
    assert "compare the fingerprints" not in out


def test_without_trust_it_says_that_no_file_can_prove_whose_keys_these_are(files: Files) -> None:
    code, out, _ = _verify(files.amber)
    assert code == 0
    assert "compare the fingerprints" in out


def test_a_changed_entry_is_named(files: Files, tmp_path: Path) -> None:
    lines = files.amber.read_text().splitlines(keepends=True)
    number = next(n for n, line in enumerate(lines) if r"\"kind\":\"notice\"" in line)
    index = json.loads(lines[number])["n"]
    lines[number] = lines[number].replace("KEEP_CLEAR", "KEEP_CLEAN")
    (tmp_path / "bad").write_text("".join(lines))
    code, out, _ = _verify(tmp_path / "bad")
    assert code == 1
    assert "NOT SOUND" in out
    assert f"entry {index}: its text does not hash to its hash (line {number + 1})" in out


def test_a_cut_record_is_not_sound(files: Files, tmp_path: Path) -> None:
    (tmp_path / "cut").write_bytes(files.amber.read_bytes()[:-20])
    code, out, _ = _verify(tmp_path / "cut")
    assert code == 1
    assert "NOT SOUND" in out


def test_a_record_by_other_keys_than_the_trusted_is_not_sound(files: Files, tmp_path: Path) -> None:
    other = json.loads(files.trust_birch.read_text()) | {"party": "amber", "name": "Amber"}
    (tmp_path / "other.json").write_text(json.dumps(other))
    code, out, _ = _verify(files.amber, "--trust", tmp_path / "other.json")
    assert code == 1
    assert "trusted is" in out


def test_a_given_receipt_tells_who_gave_what_and_when(files: Files) -> None:
    code, out, _ = _verify(files.receipt, "--trust", files.trust_amber)
    assert code == 0
    assert "amber gave birch the notice A-0001 v1" in out


def test_a_receipt_with_another_time_of_receipt_is_not_sound(files: Files, tmp_path: Path) -> None:
    data = files.receipt.read_text()
    at = data.index(r"\"received_at\":") + len(r"\"received_at\":")
    (tmp_path / "bad").write_text(data[:at] + str((int(data[at]) + 1) % 10) + data[at + 1 :])
    code, out, _ = _verify(tmp_path / "bad")
    assert code == 1
    assert "NOT SOUND" in out


def test_a_proof_holds_for_its_entry_and_no_other(files: Files, tmp_path: Path) -> None:
    code, out, _ = _verify(files.bundle, "--entry", files.entry, "--trust", files.trust_amber)
    assert code == 0
    assert "entry 0 of keepclear/amber/to/birch" in out
    (tmp_path / "other").write_text(files.entry.read_text() + " ")
    code, out, _ = _verify(files.bundle, "--entry", tmp_path / "other", "--trust", files.trust_amber)
    assert code == 1


def test_a_proof_without_the_key_or_the_entry_is_not_checked_and_says_what_is_needed(files: Files) -> None:
    code, out, _ = _verify(files.bundle, "--entry", files.entry)
    assert (code, "--trust with the identity of amber" in out) == (2, True)
    code, out, _ = _verify(files.bundle, "--trust", files.trust_amber)
    assert (code, "--entry" in out) == (2, True)


def test_what_cannot_be_read_is_exit_2_and_one_bad_file_among_good_ones_is_exit_1(files: Files, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("a shopping list")
    assert _verify(tmp_path / "text", files.receipt)[0] == 2
    assert _verify(tmp_path / "missing")[0] == 2
    (tmp_path / "cut").write_bytes(files.amber.read_bytes()[:-20])
    assert _verify(tmp_path / "missing", tmp_path / "cut")[0] == 1


def test_json_says_the_same(files: Files) -> None:
    code, out, _ = _verify("--json", files.amber, files.receipt)
    told = json.loads(out)
    assert code == 0
    assert [(one["kind"], one["sound"]) for one in told["files"]] == [("record", True), ("given", True)]
    assert {party["party"] for party in told["files"][0]["parties"]} == {"amber", "birch"}


def test_an_identity_that_is_none_is_told_so(files: Files, tmp_path: Path) -> None:
    (tmp_path / "no.json").write_text("[]")
    code, _, err = _verify(files.amber, "--trust", tmp_path / "no.json")
    assert code == 1
    assert "an identity has party" in err
