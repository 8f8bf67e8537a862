"""`keepclear demo`: two real nodes on this machine, which avoid an accident and keep proof of it.

With `--once` it plays to the end at full speed, kills one node on the way, has each record verified by the other
party's material, tells the story from the two records read back, and puts promises 1, 2, 6 and 7 to the test.
"""

from __future__ import annotations

import json
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

from keepclear.cli.common import EXIT_WRONG, AsJson, say, tell
from keepclear.errors import Unavailable, UnlawfulChange

VERIFY_WITHIN_S: Final = 60.0


@dataclass(slots=True)
class Outcome:
    """What a whole run gave."""

    scenario: str
    seconds: float = 0.0
    story: Any = None
    promises: list[Any] = field(default_factory=list)
    verified: list[dict[str, Any]] = field(default_factory=list)
    killed: dict[str, Any] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    folder: str = ""

    @property
    def held(self) -> bool:
        """Every promise held, every file verified, and every step was as the scenario expects."""
        return (
            not self.failures
            and {1, 2, 6, 7} <= {promise.number for promise in self.promises}
            and all(promise.held for promise in self.promises)
            and bool(self.verified)
            and all(each["sound"] for each in self.verified)
        )


def demo(
    scenario: Annotated[
        str, typer.Option(help="two_parties, short_notice, short_notice_by_the_rules, syria_2019, or a file.")
    ] = "two_parties",
    once: Annotated[
        bool, typer.Option("--once", help="Play to the end at full speed, check everything, exit.")
    ] = False,
    as_json: AsJson = False,
    keep: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep folders, records and receipts in a new folder.")
    ] = None,
    speed: Annotated[float, typer.Option(min=0.1, max=100.0, help="How fast the steps come when watched.")] = 1.0,
) -> None:
    """Watch two parties who do not trust each other avoid an accident and keep proof of it.

    Exit code with --once: 0 only if every promise held and both records verify.
    """
    from keepclear.cli.scenario import REFERENCE, load_play

    # Whoever ends us kindly, both nodes are stopped and the folder is taken away.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if scenario == REFERENCE:
        from keepclear.cli.demo_reference import show_reference

        with _folder(keep) as folder:
            show_reference(folder, once=once, as_json=as_json)
        return
    play = load_play(scenario)
    with _folder(keep) as folder:
        if once:
            outcome = run_once(play, scenario, folder, say if not as_json else lambda _: None)
            outcome.folder = str(folder) if keep is not None else ""
            _print_outcome(outcome, as_json=as_json)
            raise typer.Exit(0 if outcome.held else EXIT_WRONG)
        watch(play, folder, speed=speed, as_json=as_json)


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="keepclear-demo-") as name:
            yield Path(name)
        return
    if keep.exists() and any(keep.iterdir()):
        raise UnlawfulChange(f"{keep} is not empty; name another folder", at="keep")
    keep.mkdir(parents=True, exist_ok=True)
    yield keep.absolute()


@contextmanager
def _running(play: Any, folder: Path) -> Iterator[dict[str, Any]]:
    """Both nodes, running; stopped when the context is left, whatever happened."""
    from keepclear.cli.demo_node import make_node

    with ExitStack() as ends:
        nodes = {}
        for player in play.scenario.parties:
            node = make_node(folder, player.id, player.name, player.telephone)
            ends.callback(node.stop)
            node.begin()
            nodes[player.id] = node
        for node in nodes.values():
            node.wait_ready()
        yield nodes


# ------------------------------------------------------------------------------------------------------- watched


def watch(play: Any, folder: Path, *, speed: float, as_json: bool) -> None:
    """Play at a pace that a person can follow; the consoles stay open until Ctrl-C."""
    from keepclear.cli.demo_play import Player

    shown: Callable[[str], None] = say if not as_json else lambda _: None
    with _running(play, folder) as nodes:
        if as_json:
            say(json.dumps({party: {"link": node.link, "console": node.console} for party, node in nodes.items()}))
        shown(f"{play.scenario.title}. {play.scenario.place_note}")
        for node in nodes.values():
            shown(f"  {node.name}'s console, opens once:  {node.link}")
        shown("Open both side by side. Your browser does not know these two nodes: it asks you to go on.")
        shown("")
        sys.stdout.flush()
        player = Player(play, nodes, shown, is_watched=True)
        try:
            player.enrol()
            player.agree()
            began = time.monotonic()
            for number, step in enumerate(play.scenario.steps, 1):
                time.sleep(max(0.0, step.at_s / speed - (time.monotonic() - began)))
                shown(f"{number}. {step.say or type(step).__name__}")
                player.do(step)
                sys.stdout.flush()
            shown("")
            shown("The play is over; the consoles stay open. Ctrl-C ends both nodes, Enter prints new links.")
            sys.stdout.flush()
            _wait_for_person(nodes, shown)
        except KeyboardInterrupt:
            shown("")
            shown("Stopping both nodes.")


def _wait_for_person(nodes: dict[str, Any], shown: Callable[[str], None]) -> None:
    is_listening = sys.stdin.isatty()
    while all(node.is_running for node in nodes.values()):
        if not is_listening:
            time.sleep(0.5)
            continue
        ready, _, _ = select.select([sys.stdin], [], [], 0.5)
        if ready:
            is_listening = bool(sys.stdin.readline())
            for node in nodes.values():
                shown(f"  {node.name}: {node.client.new_link().url}")
    raise Unavailable("a node ended by itself; its diagnostic log says why")


# ---------------------------------------------------------------------------------------------------------- once


def run_once(play: Any, name: str, folder: Path, shown: Callable[[str], None]) -> Outcome:
    """The whole run: play, kill, restart, export, stop, verify, tell, check."""
    from keepclear.cli import demo_checks as checks
    from keepclear.cli.demo_play import Player
    from keepclear.cli.story import read_record, tell_story

    began = time.monotonic()
    outcome = Outcome(name)
    shown(f"{play.scenario.title}. {play.scenario.place_note}")
    with _running(play, folder) as nodes:
        player = Player(play, nodes, shown)
        player.enrol()
        player.agree()
        # Not on the node that is killed: its folder would be free for the second writer in between.
        second = _SecondWriter(nodes[play.scenario.other(play.scenario.kill.party).id])
        killed = _play_with_kill(player, folder, shown)
        refused = second.result()
        player.settle()
        files = _export(player, folder)
        api = {party: _shown_by(node) for party, node in nodes.items()}
    homes = {party: node.home for party, node in nodes.items()}
    outcome.verified = _verify(play, files, homes)
    records = {party: read_record(path) for party, path in files.records.items()}
    story = tell_story(records)
    filings = len(player.notices)
    logs = {party: node.log_file for party, node in nodes.items()}
    outcome.promises = [
        checks.recorded_before_sent(records, killed),
        checks.kept_for_ever(records, player.acknowledged, killed),
        checks.one_order(checks.rows_of(homes), refused),
        checks.one_gate(play, homes, api, logs),
        checks.no_party_commands(story, filings),
    ]
    outcome.killed = {"party": killed.party, "entries_on_disk": len(killed.rows)}
    outcome.story, outcome.failures = story, player.failures
    outcome.seconds = time.monotonic() - began
    return outcome


class _SecondWriter:
    """A second `keepclear serve` on the folder of a running node, tried while the play goes on."""

    def __init__(self, node: Any) -> None:
        from keepclear.cli.demo_node import start_second

        self._node = node
        self._process = start_second(node)

    def result(self) -> Any:
        """What became of it."""
        from keepclear.cli.demo_checks import SecondWriter

        try:
            _, said = self._process.communicate(timeout=VERIFY_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            _, said = self._process.communicate()
        last = (said.strip().splitlines() or [""])[-1]
        return SecondWriter(self._node.party, self._process.returncode, last, self._node.client.health().ok)


def _play_with_kill(player: Any, folder: Path, shown: Callable[[str], None]) -> Any:
    """Every step in order; one node is killed on the way and started again."""
    from keepclear.cli.demo_checks import Killed
    from keepclear.cli.demo_node import copy_of_dead, read_rows
    from keepclear.record import channel_origin

    kill, killed = player.play.scenario.kill, None
    node = player.nodes[kill.party]
    other = player.play.scenario.other(kill.party).id
    for number, step in enumerate(player.play.scenario.steps, 1):
        shown(f"{number}. {step.say or type(step).__name__}")
        if number == kill.after:
            player.do_unsettled(step)
            node.kill()
            shown(f"  kill -9: {node.name}'s node is gone in the middle of it")
            rows = read_rows(copy_of_dead(node, folder / "killed"))
            log = channel_origin(kill.party, other)
            held = {(log, each.n): each.hash for each in _all_entries(player.nodes[other].client, log)}
            acknowledged = [each for each in player.acknowledged if each.party == kill.party]
            killed = Killed(kill.party, other, rows, held, acknowledged)
        else:
            player.do(step)
        if number == kill.back_after:
            node.begin()
            node.wait_ready()
            shown(f"  {node.name}'s node is started again")
            player.look()
    if killed is None:
        raise Unavailable("the scenario ended before its kill")
    return killed


def _all_entries(client: Any, log: str) -> Iterator[Any]:
    first = 0
    while page := client.entries(log, first=first, count=500):
        yield from page
        first += len(page)


@dataclass(frozen=True, slots=True)
class _Files:
    records: dict[str, Path]
    given: list[tuple[str, Path]]


def _export(player: Any, folder: Path) -> _Files:
    """Each party's record, and the receipt of each version of each notice that was given."""
    from keepclear.cli.record import write_parts

    records, given = {}, []
    for party, node in player.nodes.items():
        records[party] = folder / f"{party}.keepclear-record"
        write_parts(str(records[party]), node.client.export(private=True), mode=0o600)
        for notice in node.client.notices():
            if not notice.own:
                continue
            other = player.play.scenario.other(party).id
            for version in notice.versions:
                path = folder / f"{party}-{notice.id}-v{version.version}-{other}.keepclear-given"
                write_parts(str(path), [node.client.given(notice.id, version.version, other)], mode=0o644)
                given.append((other, path))
    return _Files(records, given)


def _shown_by(node: Any) -> bytes:
    """What a node's API shows of its picture and of its record without the private log."""
    return msgspec.json.encode(node.client.picture()) + b"".join(node.client.export())


def _verify(play: Any, files: _Files, homes: dict[str, Path]) -> list[dict[str, Any]]:
    """Each party's record, and its receipts, checked by `keepclear verify` with what the other party holds of it.

    The other party's material is the identity that it enrolled by the twelve words, and its own.
    """
    started = []
    for party, path in files.records.items():
        other = play.scenario.other(party).id
        trust = (homes[other] / "enrolment" / f"{party}.identity.json", homes[other] / "identity.json")
        names = [str(path), *(str(given) for receiver, given in files.given if receiver == other)]
        command = [sys.executable, "-m", "keepclear", "verify", "--json", *names]
        for each in trust:
            command += ["--trust", str(each)]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        started.append((party, other, process))
    verified = []
    for party, other, process in started:
        try:
            out, err = process.communicate(timeout=VERIFY_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
        if not out:
            last = err.decode(errors="replace").strip()[-300:]
            verified.append({"party": party, "by": other, "sound": False, "file": "", "first_bad": last})
            continue
        for one in json.loads(out)["files"]:
            sound = one["sound"] is True and process.returncode == 0
            entries = one.get("entries", 0)
            verified.append(
                {"party": party, "by": other, "sound": sound, "file": Path(one["file"]).name, "kind": one["kind"],
                 "entries": entries, "first_bad": one["first_bad"]}
            )  # fmt: skip
    return verified


# ----------------------------------------------------------------------------------------------------- the outcome


def _print_outcome(outcome: Outcome, *, as_json: bool) -> None:
    from keepclear.cli.story import story_lines

    if as_json:
        shown = {
            "format": "keepclear-demo/1",
            "scenario": outcome.scenario,
            "held": outcome.held,
            "seconds": round(outcome.seconds, 2),
            "promises": [{**asdict(promise), "held": promise.held} for promise in outcome.promises],
            "verified": outcome.verified,
            "killed": outcome.killed,
            "not_as_expected": outcome.failures,
            "story": msgspec.to_builtins(outcome.story),
            "folder": outcome.folder,
        }
        say(json.dumps(shown, indent=2, ensure_ascii=False))
        return
    say("\nThe story, read back from the two records:\n")
    for line in story_lines(outcome.story):
        say(f"  {line}")
    say("\nVerified with `keepclear verify`, each with the other party's material:\n")
    for one in outcome.verified:
        word = "SOUND" if one["sound"] else f"NOT SOUND: {one['first_bad']}"
        entries = f", {one['entries']} entries" if one.get("entries") else ""
        say(f"  {one['file'] or one['party']}, checked by {one['by']}: {word}{entries}")
    say("\nPromises:\n")
    for promise in outcome.promises:
        say(f"  {promise.number} {promise.words}: {'held' if promise.held else 'BROKEN'}")
        for line in promise.evidence:
            say(f"      {line}")
        for line in promise.broken:
            say(f"      BROKEN: {line}")
    for failure in outcome.failures:
        say(f"\nNot as the scenario expects: {failure}")
    say(f"\n{'Everything held' if outcome.held else 'NOT everything held'}, in {outcome.seconds:.1f} s.")
    if outcome.folder:
        say(f"Kept in {outcome.folder}")
    if not outcome.held:
        tell("the demo did not hold; see above")
