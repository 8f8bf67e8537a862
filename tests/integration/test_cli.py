"""The program as people use it: every command against two real nodes, enrolled by the program itself."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from keepclear.cli import verify
from keepclear.cli.demo_node import NodeProcess, free_ports, wall_us
from keepclear.cli.doctor import examine
from keepclear.cli.helppage import help_page
from keepclear.cli.main import app
from keepclear.cli.notice import read_height, read_places, read_when
from keepclear.cli.scenario import examples_folder
from keepclear.client import Client
from keepclear.errors import Malformed, StoreFailed
from keepclear.links.system import SystemClock

pytestmark = pytest.mark.kills

ROOT = Path(__file__).parents[2]
COMMAND = typer.main.get_command(app)


def run(*arguments: str | Path, typed: str = "") -> Any:
    """One command of the program, in this process."""
    return CliRunner().invoke(app, [str(part) for part in arguments], input=typed, prog_name="keepclear")


def good(*arguments: str | Path, typed: str = "") -> str:
    """What a command printed that must succeed."""
    result = run(*arguments, typed=typed)
    assert result.exit_code == 0, (arguments, result.output, result.exception)
    return result.output


def facts(*arguments: str | Path) -> Any:
    """What a command printed as JSON."""
    return json.loads(good(*arguments, "--json"))


def refused(*arguments: str | Path, typed: str = "") -> str:
    """The one line with which a command refused."""
    result = run(*arguments, typed=typed)
    assert result.exit_code == 1, (arguments, result.output, result.exception)
    assert "Traceback" not in result.output
    return result.output.strip().splitlines()[-1]


@dataclass
class Desks:
    """Two nodes' folders and processes."""

    amber: Path
    birch: Path
    nodes: dict[str, NodeProcess]
    said: dict[str, str]


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desks]:
    """Amber and Birch: made, started, enrolled and agreed with nothing but commands of the program."""
    folder = tmp_path_factory.mktemp("cli")
    homes, nodes, said = {}, {}, {}
    try:
        for party, telephone in (("amber", "+00 100 0001"), ("birch", "+00 200 0002")):
            console, peers = free_ports(2)
            homes[party] = folder / party
            said[f"init {party}"] = good(
                "init", "--party", party, "--home", homes[party], "--telephone", telephone,
                "--console-port", str(console), "--peer-port", str(peers),
            )  # fmt: skip
            nodes[party] = NodeProcess(homes[party], party, party.title())
            nodes[party].begin()
        for node in nodes.values():
            node.wait_ready()
        said |= _enrol(folder, homes["amber"], homes["birch"])
        terms = examples_folder() / "two_parties" / "agreement.toml"
        said["propose"] = good("agreement", "propose", terms, "--by", "I. Maro", "--home", homes["amber"])
        hash_ = facts("agreement", "check", terms)["hash"]
        _until(lambda: hash_ in run("agreement", "show", "--home", homes["birch"]).output)
        said["sign"] = good("agreement", "sign", hash_[:8], "--by", "T. Quill", "--home", homes["birch"])
        _until(lambda: "in force" in run("agreement", "show", "--home", homes["amber"]).output)
        yield Desks(homes["amber"], homes["birch"], nodes, said)
    finally:
        for node in nodes.values():
            node.stop()


def _enrol(folder: Path, amber: Path, birch: Path) -> dict[str, str]:
    """Both halves of the words, each typed by the one who hears them."""
    invitation, reply, reveal = (folder / name for name in ("amber.invitation", "birch.reply", "amber.reveal"))
    said = {"invite": good("peer", "invite", "--home", amber, "--out", invitation)}
    said["reply"] = good("peer", "accept", invitation, "--home", birch, "--out", reply)
    # The inviter cannot know yet what it will hear: the first time it only writes the third file.
    first = run("peer", "accept", reply, "--home", amber, "--out", reveal, "--words", "not these")
    assert first.exit_code == 1
    read_by_amber = _read_aloud(first.output)
    wrong = refused("peer", "accept", reveal, "--home", birch, "--words", "six words that are not right")
    assert "nothing was enrolled" in wrong
    assert "no party is enrolled" in good("peer", "list", "--home", birch)
    said["birch"] = good("peer", "accept", reveal, "--home", birch, typed=f"{read_by_amber}\nR. Osei\nS. Venn\n")
    read_by_birch = _read_aloud(said["birch"])
    said["amber"] = good(
        "peer", "accept", reply, "--home", amber, "--out", reveal,
        "--words", read_by_birch.upper(), "--persons", "S. Venn", "R. Osei",
    )  # fmt: skip
    return said


def _read_aloud(output: str) -> str:
    match = re.search(r"Read aloud:  (.+)", output)
    assert match is not None, output
    assert len(match.group(1).split()) == 6
    return match.group(1)


def _until(is_so: Any, tries: int = 200) -> None:
    import time

    for _ in range(tries):
        if is_so():
            return
        time.sleep(0.05)
    pytest.fail("waited in vain")


# ------------------------------------------------------------------------------------------------------- beginning


def test_init_says_who_it_is_now_and_how_to_trust_the_console(desks: Desks) -> None:
    said = desks.said["init amber"]
    assert "fingerprint" in said
    assert "ca.crt" in said
    assert "keepclear serve --home" in said
    assert stat.S_IMODE((desks.amber / "record.key").stat().st_mode) == 0o600


def test_init_overwrites_nothing(desks: Desks) -> None:
    before = (desks.amber / "record.key").read_bytes()
    assert "holds a node already" in refused("init", "--party", "cedar", "--home", desks.amber)
    assert (desks.amber / "record.key").read_bytes() == before


def test_init_refuses_a_party_id_that_cannot_be(tmp_path: Path) -> None:
    assert "party" in refused("init", "--party", "Amber!", "--home", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_each_party_holds_the_other_by_the_same_keys(desks: Desks) -> None:
    own = json.loads((desks.amber / "identity.json").read_text())
    assert json.loads((desks.birch / "enrolment" / "amber.identity.json").read_text()) == own
    (peer,) = facts("peer", "list", "--home", desks.amber)
    assert (peer["party"], peer["telephone"], peer["line"]) == ("birch", "+00 200 0002", "open")


def test_a_file_of_another_enrolment_is_told_so(desks: Desks, tmp_path: Path) -> None:
    reveal = (desks.amber.parent / "amber.reveal").read_text()
    (tmp_path / "strange").write_text(re.sub(r'"commitment": "[0-9a-f]{8}', '"commitment": "00000000', reveal))
    assert "no enrolment that this node began" in refused("peer", "accept", tmp_path / "strange", "--home", desks.birch)
    (tmp_path / "text").write_text("hello")
    assert "not an enrolment file" in refused("peer", "accept", tmp_path / "text", "--home", desks.birch)


def test_agreement_check_reads_terms_without_a_node_and_names_what_is_wrong(tmp_path: Path) -> None:
    text = (examples_folder() / "two_parties" / "agreement.toml").read_text()
    (tmp_path / "bad.toml").write_text(text.replace('"5 km"', '"5"'))
    assert "separation.horizontal" in refused("agreement", "check", tmp_path / "bad.toml")
    (tmp_path / "good.toml").write_text(text)
    said = good("agreement", "check", tmp_path / "good.toml")
    for term in ('horizontal = "5 km"', 'vertical = "1000 ft"', 'time = "5 min"'):
        assert term in said


# ---------------------------------------------------------------------------------------------------------- notices


def _file(home: Path, *more: str, by: str = "I. Maro") -> Any:
    return facts(
        "notice", "file", "--circle", "-38.0,-152.0,4000", "--upper", "1500 m AMSL", "--start", "+45min", "--end",
        "+2h", "--by", by, "--home", home, *more,
    )  # fmt: skip


def test_a_notice_goes_to_the_other_side_is_answered_and_given(desks: Desks, tmp_path: Path) -> None:
    serial = _file(desks.amber, "--remarks", "One pass.")["notice"]["id"]
    _until(lambda: serial in run("alert", "list", "--home", desks.birch).output)
    alert = next(each for each in facts("alert", "list", "--home", desks.birch) if each["notice"]["id"] == serial)
    assert alert["to_us"]
    good("alert", "answer", alert["id"], "roger", "--by", "T. Quill", "--home", desks.birch)
    _until(lambda: "ROGER" in run("notice", "show", f"amber/{serial}", "--home", desks.amber).output)
    shown = good("notice", "show", f"amber/{serial}", "--home", desks.amber)
    assert "by T. Quill: ROGER" in shown
    assert "between" in shown, "the lead time has its bracket"
    assert serial in good("notice", "list", "--home", desks.birch)
    # the proof that it was given
    _until(lambda: "given         yes" in run("notice", "show", f"amber/{serial}", "--home", desks.amber).output)
    good("record", "given", serial, "--to", "birch", "--home", desks.amber, "--out", tmp_path / "one.keepclear-given")
    assert "amber gave birch" in good("verify", tmp_path / "one.keepclear-given")
    # and its end
    good("notice", "end", serial, "--by", "I. Maro", "--home", desks.amber)
    assert serial not in good("notice", "list", "--home", desks.amber)
    assert serial in good("notice", "list", "--all", "--home", desks.amber)


def test_a_contradiction_is_shown_and_nothing_is_sent_until_it_is_confirmed(desks: Desks) -> None:
    arguments = (
        "notice", "file", "--circle", "-38.0,-153.2,4000", "--upper", "1500 m AMSL", "--start", "+45min", "--end",
        "+2h", "--region", "N", "--by", "I. Maro", "--home", desks.amber,
    )  # fmt: skip
    before = len(facts("notice", "list", "--all", "--home", desks.amber))
    result = run(*arguments)
    assert result.exit_code == 1
    assert "says N, the geometry lies W" in result.output
    assert "--confirm" in result.output
    assert len(facts("notice", "list", "--all", "--home", desks.amber)) == before
    good(*arguments, "--confirm")
    assert len(facts("notice", "list", "--all", "--home", desks.amber)) == before + 1


def test_a_notice_can_be_filed_from_a_file(desks: Desks, tmp_path: Path) -> None:
    feature = {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [[[-150, -36], [-149.9, -36], [-149.9, -36.1], [-150, -36]]]},
        "properties": {
            "start": read_when("+1h", wall_us(), at=""), "end": read_when("+2h", wall_us(), at=""),
            "lower_m": 0, "upper_m": 300, "datum": "AMSL",
        },
    }  # fmt: skip
    (tmp_path / "plan.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    filed = facts("notice", "file", "--from", tmp_path / "plan.geojson", "--by", "I. Maro", "--home", desks.amber)
    corners = {tuple(corner) for corner in filed["notice"]["volumes"][0]["polygon"]}
    assert {(-36.0, -150.0), (-36.0, -149.9), (-36.1, -149.9)} <= corners


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--circle", "-38,-152", "latitude,longitude,radius"),
        ("--upper", "1500", "metres or feet"),
        ("--start", "tomorrow", "not a time"),
        ("--kind", "ATTACK", "Invalid enum value"),
    ],
)
def test_a_bad_value_is_told_in_one_line(desks: Desks, option: str, value: str, says: str) -> None:
    arguments = {
        "--circle": "-38.0,-152.0,4000", "--upper": "1500 m AMSL", "--start": "+45min", "--end": "+2h",
        "--by": "I. Maro", "--home": str(desks.amber),
    } | {option: value}  # fmt: skip
    assert says in refused("notice", "file", *(part for pair in arguments.items() for part in pair))


def test_a_stop_is_sent_answered_and_resumed(desks: Desks) -> None:
    stop = facts("stop", "send", "--remarks", "Hold.", "--by", "I. Maro", "--home", desks.amber)["stop"]["id"]
    _until(lambda: stop in run("stop", "list", "--home", desks.birch).output)
    good("stop", "answer", stop, "wilco", "--by", "T. Quill", "--home", desks.birch)
    _until(lambda: "birch WILCO (T. Quill)" in run("stop", "list", "--home", desks.amber).output)
    good("stop", "resume", stop, "--by", "I. Maro", "--home", desks.amber)
    assert "resumed" in good("stop", "list", "--home", desks.amber)


# ----------------------------------------------------------------------------------------------------- the record


def test_the_record_is_shown_exported_and_verified_and_nothing_is_overwritten(desks: Desks, tmp_path: Path) -> None:
    assert "keepclear/amber/to/birch" in good("record", "show", "--home", desks.amber)
    good("record", "export", tmp_path / "a.keepclear-record", "--home", desks.amber)
    assert "private" not in good("verify", tmp_path / "a.keepclear-record", "--trust", desks.birch / "identity.json")
    assert "nothing is overwritten" in refused(
        "record", "export", tmp_path / "a.keepclear-record", "--home", desks.amber
    )
    good("record", "export", tmp_path / "own.keepclear-record", "--private", "--home", desks.amber)
    assert stat.S_IMODE((tmp_path / "own.keepclear-record").stat().st_mode) == 0o600
    assert "keepclear/amber/private" in good("verify", tmp_path / "own.keepclear-record")


def test_doctor_finds_a_running_node_well(desks: Desks) -> None:
    findings = facts("doctor", "--home", desks.amber)
    states = {finding["what"]: finding["state"] for finding in findings}
    assert "wrong" not in states.values(), findings
    for what in ("configuration", "keys", "disk", "database", "clock", "record", "node", "certificate of birch"):
        assert states[what] == "good", findings


def test_a_backup_of_a_running_node_is_restored_by_the_program(desks: Desks, tmp_path: Path) -> None:
    kept = facts("backup", tmp_path, "--home", desks.birch)
    good("restore", kept["file"], "--home", tmp_path / "again")
    findings = facts("doctor", "--home", tmp_path / "again")
    assert {each["state"] for each in findings if each["what"] in ("keys", "database", "record")} == {"good"}
    assert "nothing is overwritten" in refused("restore", kept["file"], "--home", tmp_path / "again")


# --------------------------------------------------------------------------------------------- a folder that is ill


@pytest.fixture
def ill(desks: Desks, tmp_path: Path) -> Path:
    """A node's folder that is not running, made from Birch's, to be harmed."""
    kept = facts("backup", tmp_path / "one", "--home", desks.birch)
    good("restore", kept["file"], "--home", tmp_path / "ill")
    return tmp_path / "ill"


def _wrong(home: Path, now_us: int | None = None) -> dict[str, str]:
    findings = list(examine(home, now_us or SystemClock().now_us()))
    return {finding.what: finding.detail for finding in findings if finding.state == "wrong"}


def test_doctor_names_a_key_that_others_may_read(ill: Path) -> None:
    (ill / "record.key").chmod(0o640)
    result = run("doctor", "--home", ill)
    assert result.exit_code == 1
    assert "chmod 600" in result.output


def test_doctor_names_one_changed_byte_in_the_database(ill: Path) -> None:
    data = bytearray((ill / "record.sqlite").read_bytes())
    at = data.index(b'"kind":"notice"')
    data[at + 9] ^= 1
    (ill / "record.sqlite").write_bytes(data)
    assert re.match(r"entry \d+ of keepclear/", _wrong(ill)["database"])


def test_doctor_names_a_clock_behind_the_record_and_a_certificate_that_is_over(ill: Path) -> None:
    now_us, day_us = SystemClock().now_us(), 86_400_000_000
    assert "clock" in _wrong(ill, now_us - day_us // 2)
    late = _wrong(ill, now_us + 400 * day_us)
    assert "certificate of the console" in late
    assert "certificate for peers" not in late


def test_doctor_names_an_unknown_key_of_the_configuration_and_says_no_more(ill: Path) -> None:
    with (ill / "keepclear.toml").open("a") as file:
        file.write("\n[consol]\nport = 1\n")
    result = run("doctor", "--home", ill)
    assert result.exit_code == 1
    assert result.output.count("\n") == 1
    assert "console" in result.output


def test_doctor_writes_nothing(ill: Path) -> None:
    before = {path.name: (path.stat().st_mtime_ns, path.stat().st_size) for path in ill.iterdir()}
    run("doctor", "--home", ill)
    after = {path.name: (path.stat().st_mtime_ns, path.stat().st_size) for path in ill.iterdir()}
    # SQLite makes its two side files when a database is opened to be read.
    assert {name: value for name, value in after.items() if not name.endswith(("-wal", "-shm"))} == before


# --------------------------------------------------------------------------------------------- the program as such


def test_without_a_node_the_error_says_how_to_make_or_start_one(tmp_path: Path, ill: Path) -> None:
    assert "`keepclear init` makes one" in refused("notice", "list", "--home", tmp_path / "nowhere")
    environment = {"KEEPCLEAR_CONSOLE_PORT": str(free_ports(1)[0])}
    result = CliRunner(env=environment).invoke(app, ["notice", "list", "--home", str(ill)])
    assert result.exit_code == 1
    assert "keepclear serve" in result.output


def test_a_stop_that_cannot_be_recorded_prints_what_to_read_out(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        error = StoreFailed("the disk is full: this STOP was not sent, read it out by telephone")
        error.card = ("CALL BIRCH: +00 200 0002", "STOP STOP STOP.")  # type: ignore[attr-defined]
        raise error

    monkeypatch.setattr(Client, "send_stop", fail)
    result = run("stop", "send", "--by", "I. Maro", "--home", desks.amber)
    assert result.exit_code == 1
    assert "CALL BIRCH: +00 200 0002" in result.output
    assert "STOP STOP STOP." in result.output


def test_a_long_file_is_checked_alike_with_its_progress_shown(
    desks: Desks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good("record", "export", tmp_path / "long", "--home", desks.amber)
    plain = verify.check_file(str(tmp_path / "long"), [])
    monkeypatch.setattr(verify, "SHOW_PROGRESS_FROM", 1)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert verify.check_file(str(tmp_path / "long"), []) == plain
    assert plain.sound


def test_a_wrong_command_line_is_exit_2() -> None:
    assert run("notice", "fiel").exit_code == 2
    assert run("notice", "show").exit_code == 2
    assert run("check").exit_code == 2


def test_version_is_said_both_ways() -> None:
    assert good("version") == good("--version")


def test_the_program_answers_as_a_script_and_as_a_module() -> None:
    script = Path(sys.executable).parent / "keepclear"
    for command in ([os.fspath(script)], [sys.executable, "-m", "keepclear"]):
        done = subprocess.run([*command, "version"], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout.split()[0]) == (0, "keepclear")


def test_verify_starts_without_the_heavy_libraries() -> None:
    code = """
import sys
from keepclear.cli.main import app
from keepclear.client import Client
sys.argv = ["keepclear", "verify", "--help"]
try:
    app()
except SystemExit:
    print(sorted({"numpy", "numba", "shapely", "starlette"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def _commands(command: Any, path: str = "keepclear") -> Iterator[tuple[str, Any]]:
    if hasattr(command, "list_commands"):
        context = typer.Context(command)
        for name in command.list_commands(context):
            yield from _commands(command.get_command(context, name), f"{path} {name}")
    else:
        yield path, command


def test_every_command_has_help_with_an_example_that_names_it() -> None:
    found = dict(_commands(COMMAND))
    assert len(found) >= 30
    for path, command in found.items():
        assert command.epilog, path
        assert f"Example: {path}" in command.epilog, path
        result = run(*path.split()[1:], "--help")
        assert result.exit_code == 0, path
        assert " ".join(command.epilog.split()) in " ".join(result.output.split()), path


def test_the_reference_page_is_what_the_program_says_today() -> None:
    page = (ROOT / "docs" / "reference" / "cli.md").read_text("utf-8")
    assert page == help_page(), "run `python -m keepclear.cli.helppage > docs/reference/cli.md`"


# ------------------------------------------------------------------------------------------------- values on the way


def test_heights_times_and_places_carry_their_units_or_are_refused() -> None:
    assert read_height("500 ft AGL", at="") == {"value_m": 152.4, "datum": "AGL"}
    assert read_height("FL 95", at="") == {"value_m": 2895.6, "datum": "FL"}
    assert read_when("+90s", 1_500_000, at="") == "1970-01-01T00:01:32Z"
    assert read_when("2027-03-14T02:17:40+02:00", 0, at="") == "2027-03-14T00:17:40Z"
    assert read_places("1,2", count=2, at="") == [1.0, 2.0]
    for text in ("1500", "FL", "10 km AMSL", "ten m AMSL", "5 m QNH"):
        with pytest.raises(Malformed):
            read_height(text, at="upper")
    for text in ("+5", "+5 weeks", "noon"):
        with pytest.raises(Malformed):
            read_when(text, 0, at="start")
