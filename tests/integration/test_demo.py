"""`keepclear demo`: it holds, it can fail, and it says which promise was broken by what."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from keepclear.cli import demo_checks as checks
from keepclear.cli.demo_node import NodeProcess, make_node, read_rows
from keepclear.cli.demo_play import Acknowledged
from keepclear.cli.scenario import NAMES, examples_folder, load_play
from keepclear.cli.story import HeldRecord, read_record, story_lines, tell_story
from keepclear.errors import Malformed

pytestmark = pytest.mark.kills

#: The demo is to take less than this, with all that it starts.
DEMO_WITHIN_S = 60.0


@dataclasses.dataclass
class Played:
    """One run with `--once --json --keep`: what it printed, and what it left."""

    folder: Path
    told: dict[str, Any]
    seconds: float
    code: int

    @property
    def records(self) -> dict[str, HeldRecord]:
        return {party: read_record(self.folder / f"{party}.keepclear-record") for party in ("amber", "birch")}

    @property
    def homes(self) -> dict[str, Path]:
        return {party: self.folder / party for party in ("amber", "birch")}

    @property
    def killed(self) -> checks.Killed:
        rows = read_rows(self.folder / "killed" / "record.sqlite")
        return checks.Killed("birch", "amber", rows, {}, [])


def _play(folder: Path, scenario: str) -> Played:
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "keepclear", "demo", "--scenario", scenario, "--once", "--json", "--keep", str(folder)],
        capture_output=True, text=True, check=False, timeout=110,
    )  # fmt: skip
    assert done.stdout, done.stderr
    return Played(folder, json.loads(done.stdout), time.monotonic() - began, done.returncode)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    return _play(tmp_path_factory.mktemp("demo") / "kept", "two_parties")


def test_the_demo_holds_within_a_minute(played: Played) -> None:
    assert played.code == 0, played.told
    assert played.told["held"]
    assert {promise["number"] for promise in played.told["promises"]} == {1, 2, 6, 7}
    assert all(promise["held"] and promise["evidence"] for promise in played.told["promises"])
    assert played.seconds < DEMO_WITHIN_S


def test_each_record_was_verified_with_the_other_partys_material(played: Played) -> None:
    records = [one for one in played.told["verified"] if one["kind"] == "record"]
    assert sorted((one["party"], one["by"], one["sound"]) for one in records) == [
        ("amber", "birch", True),
        ("birch", "amber", True),
    ]
    receipts = [one for one in played.told["verified"] if one["kind"] == "given"]
    versions = len(played.told["story"]["notices"])
    assert len(receipts) == versions
    assert all(one["sound"] for one in receipts)


def test_the_story_is_in_the_records_and_not_in_the_program(played: Played) -> None:
    story = tell_story(played.records)
    text = "\n".join(story_lines(story))
    drop = next(told for told in story.notices if told.notice == "amber/A-0001")
    assert drop.filed_by == "I. Maro"
    assert drop.conflicts == ("birch/B-0001",)
    assert [each.answer for each in drop.answers] == ["STANDBY", "WILCO"]
    emergency = next(told for told in story.notices if told.notice == "amber/A-0002" and told.version == 1)
    assert (emergency.is_short, emergency.level, emergency.given) == (True, "warning", True)
    assert emergency.need_s > emergency.have_s
    assert emergency.lead_bracket_s is not None and emergency.lead_s is not None
    assert emergency.lead_bracket_s[0] <= emergency.lead_s <= emergency.lead_bracket_s[1]
    assert [(stop.stop, [each.answer for each in stop.answers]) for stop in story.stops] == [
        ("birch/SB-0001", ["WILCO"])
    ]
    assert "SHORT" in text


def test_what_was_filed_while_the_other_node_was_dead_was_delivered_after_it_came_back(played: Played) -> None:
    dead = {(row.log, row.n) for row in played.killed.rows}
    later = [
        held
        for held in played.records["birch"].logs["keepclear/amber/to/birch"]
        if ("keepclear/amber/to/birch", held.n) not in dead
    ]
    assert any(held.entry.kind == "notice" and held.body["id"] == "A-0002" for held in later)


def _change(record: HeldRecord, log: str, change: Callable[[list[Any]], None]) -> HeldRecord:
    logs = {name: list(held) for name, held in record.logs.items()}
    change(logs[log])
    return dataclasses.replace(record, logs=logs)


def test_promise_1_is_broken_by_an_entry_that_the_sender_does_not_hold(played: Played) -> None:
    records = played.records
    log = "keepclear/amber/to/birch"
    assert checks.recorded_before_sent(records, played.killed).held

    def other_hash(held: list[Any]) -> None:
        held[3] = dataclasses.replace(held[3], hash="00" * 32)

    changed = records | {"birch": _change(records["birch"], log, other_hash)}
    broken = checks.recorded_before_sent(changed, played.killed)
    assert not broken.held
    assert f"birch holds entry 3 of {log}" in broken.broken[0]

    shorter = records | {"birch": _change(records["birch"], log, list.pop)}
    assert not checks.recorded_before_sent(shorter, played.killed).held


def test_promise_1_is_broken_by_what_was_sent_or_acknowledged_and_not_on_the_dead_disk(played: Played) -> None:
    killed, log = played.killed, "keepclear/birch/to/amber"
    size = sum(row.log == log for row in killed.rows)
    early = dataclasses.replace(killed, peer_held={(log, size): "11" * 32})
    assert "was not on birch's disk" in checks.recorded_before_sent(played.records, early).broken[0]
    lost = dataclasses.replace(killed, acknowledged=[Acknowledged("birch", log, size, "11" * 32)])
    assert "and lost it" in checks.recorded_before_sent(played.records, lost).broken[0]
    kept = checks.kept_for_ever(played.records, lost.acknowledged, killed)
    assert not kept.held


def test_promise_2_is_broken_by_a_gap_or_a_second_writer(played: Played) -> None:
    rows, refused = checks.rows_of(played.homes), checks.SecondWriter("amber", 1, "already writes", True)
    assert checks.one_order(rows, refused).held
    gap = {**rows, "amber": [row for row in rows["amber"] if row.seq != 5]}
    assert not checks.one_order(gap, refused).held
    assert not checks.one_order(rows, dataclasses.replace(refused, exit_code=0)).held
    assert not checks.one_order(rows, dataclasses.replace(refused, first_still_runs=False)).held


def test_promise_6_is_broken_by_one_hidden_text_anywhere_on_the_other_side(played: Played) -> None:
    play = load_play("two_parties")
    shown = {"amber": b"", "birch": b""}
    outside = {party: played.folder / f"{party}.log" for party in shown}
    assert checks.one_gate(play, played.homes, shown, outside).held
    leaked = checks.one_gate(play, played.homes, shown | {"amber": b"... home by dusk."}, outside)
    assert leaked.held, "a part of a text is not the text"
    leaked = checks.one_gate(
        play, played.homes, shown | {"amber": b"{Two legs left to fly, crew of four, home by dusk.}"}, outside
    )
    assert leaked.broken == ["remarks of birch, hidden as agreed, is in amber's API"]
    leaked = checks.one_gate(play, played.homes, shown | {"amber": b'{"slowest_mps":47}'}, outside)
    assert leaked.broken == ["slowest_mps of birch, hidden as agreed, is in amber's API"]


def test_promise_7_is_broken_by_a_conflict_that_was_not_told_and_by_none_at_all(played: Played) -> None:
    story = tell_story(played.records)
    filings = len({told.notice for told in story.notices})
    assert checks.no_party_commands(story, filings).held
    assert not checks.no_party_commands(story, filings + 1).held
    for told in story.notices:
        told.given = False
    assert not checks.no_party_commands(story, filings).held
    for told in story.notices:
        told.conflicts = ()
    assert "was not put to the test" in checks.no_party_commands(story, filings).broken[-1]


@pytest.mark.parametrize("scenario", ["short_notice", "short_notice_by_the_rules"])
def test_both_accounts_of_a_short_notice_can_be_played(tmp_path: Path, scenario: str) -> None:
    run = _play(tmp_path / "kept", scenario)
    assert run.code == 0, run.told
    hazard = next(told for told in run.told["story"]["notices"] if told["notice"] == "birch/B-0001")
    is_early = scenario.endswith("by_the_rules")
    assert hazard["is_short"] is not is_early
    assert hazard["contradiction"] == ([] if is_early else ["N", "W"])
    assert (hazard["need_s"] > hazard["have_s"]) is not is_early
    assert bool(run.told["story"]["stops"]) is not is_early


def test_a_step_that_does_not_come_out_as_expected_fails_the_run(tmp_path: Path) -> None:
    source = load_play("short_notice_by_the_rules")
    folder = tmp_path / "scenario"
    folder.mkdir()
    text = (examples_folder() / NAMES["short_notice_by_the_rules"]).read_text()
    (folder / "other.toml").write_text(text.replace('conflicts = ["homeward"]', "conflicts = []"))
    (folder / source.scenario.agreement).write_text(source.terms)
    run = _play(tmp_path / "kept", str(folder / "other.toml"))
    assert run.code == 1
    assert run.told["not_as_expected"] == ["step 3: amber should see conflicts set() and sees {'A-0001'}"]


def test_watched_it_shows_both_links_first_and_ends_both_nodes_with_ctrl_c(
    start: Callable[..., subprocess.Popen[Any]], tmp_path: Path
) -> None:
    watched = start(
        sys.executable, "-m", "keepclear", "demo", "--json", "--speed", "100", "--keep", tmp_path / "kept",
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert watched.stdout is not None
    links = json.loads(watched.stdout.readline())
    assert set(links) == {"amber", "birch"}
    assert all(each["link"].startswith(f"{each['console']}/open?code=") for each in links.values())
    time.sleep(1.0)
    watched.send_signal(signal.SIGINT)
    _, err = watched.communicate(timeout=40)
    assert watched.returncode == 0, err
    assert "Traceback" not in err
    assert not _nodes_in(tmp_path)


def test_no_node_outlives_a_demo_that_was_killed(start: Callable[..., subprocess.Popen[Any]], tmp_path: Path) -> None:
    watched = start(
        sys.executable, "-m", "keepclear", "demo", "--json", "--keep", tmp_path / "kept",
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert watched.stdout is not None
    assert watched.stdout.readline()
    assert len(_nodes_in(tmp_path)) == 2
    watched.kill()
    watched.wait()
    until = time.monotonic() + 20
    while _nodes_in(tmp_path) and time.monotonic() < until:
        time.sleep(0.1)
    assert not _nodes_in(tmp_path)


def _nodes_in(folder: Path) -> list[int]:
    """Processes whose command names the folder and is `serve`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if str(folder).encode() in command and b"serve" in command:
                found.append(int(entry.name))
    return found


def test_the_reference_is_told_as_text_and_judges_nobody() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "keepclear", "demo", "--scenario", "syria_2019", "--once"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    text = done.stdout
    for part in ("PARTIES", "AGREEMENTS", "INCIDENTS", "DIFFER", "SOURCES"):
        assert part in text
    assert text.count("lead time by the account of") == 2
    assert text.count("the text says") == 4
    assert text.count("(true when written)") == 1


def test_a_reference_node_is_no_state(tmp_path: Path, start: Callable[..., subprocess.Popen[Any]]) -> None:
    shown = start(
        sys.executable, "-m", "keepclear", "demo", "--scenario", "syria_2019", "--json", "--keep", tmp_path / "kept",
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert shown.stdout is not None
    assert set(json.loads(shown.stdout.readline())) == {"amber"}
    node = NodeProcess(tmp_path / "kept" / "amber", "amber", "Amber")
    picture = node.client.picture()
    assert (picture.party, picture.reference, picture.peers) == ("amber", True, ())
    assert len(node.client.reference()["differences"]) == 4
    node.stop()
    shown.send_signal(signal.SIGINT)
    shown.communicate(timeout=30)


def test_an_unknown_scenario_names_the_known_ones() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "keepclear", "demo", "--once", "--scenario", "three_parties"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "two_parties, short_notice, short_notice_by_the_rules, syria_2019" in done.stderr


def test_a_scenario_with_another_parties_agreement_is_refused(tmp_path: Path) -> None:
    play = load_play("two_parties")
    text = (examples_folder() / NAMES["two_parties"]).read_text()
    (tmp_path / "scenario.toml").write_text(text)
    (tmp_path / "agreement.toml").write_text(play.terms.replace("birch", "cedar"))
    with pytest.raises(Malformed, match="is between amber and cedar"):
        load_play(str(tmp_path / "scenario.toml"))


def test_two_nodes_made_at_once_get_different_ports(tmp_path: Path) -> None:
    ports = set()
    for number in range(5):
        node = make_node(tmp_path, f"party{number}", "Party", "")
        text = (node.home / "keepclear.toml").read_text()
        ports |= {line for line in text.splitlines() if line.startswith("port = ")}
    assert len(ports) == 10
