"""kill -9 at moments nobody foresees: two hundred times the loop on its SQLite file, twenty times or more a whole node.

What was answered is there, what was signed is over what is there, and what was asked twice was done once.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
if __name__ == "__main__":  # The zygote below finds what pytest finds for itself.
    sys.path[:0] = [str(HERE.parents[1] / "src"), str(HERE.parent)]

from given import SETTINGS, a_notice, a_signer, a_volume, enrolment  # noqa: E402
from keepclear.client import to_request  # noqa: E402
from keepclear.core.timespan import SECOND_US  # noqa: E402
from keepclear.errors import KeepclearError  # noqa: E402
from keepclear.formats.api import requests  # noqa: E402
from keepclear.node.commands import Command, EnrolPeer, SendStop, Start  # noqa: E402
from keepclear.node.exchange import Exchange  # noqa: E402
from keepclear.node.logs import channel, read_entry  # noqa: E402
from keepclear.node.loop import Asked, Loop  # noqa: E402
from keepclear.node.picture import Picture  # noqa: E402
from keepclear.node.ports import Keys  # noqa: E402
from keepclear.record import Identity, leaf_hash, verify_record  # noqa: E402
from keepclear.record.checkpoint import parse  # noqa: E402
from keepclear.stores.sqlite import SqliteStore, check_file  # noqa: E402

LOOP_KILLS = 200
#: More of them by `make sim`.
NODE_KILLS = int(os.environ.get("KEEPCLEAR_NODE_KILLS", "20"))
NOW_US = 1_800_000_000 * SECOND_US
TO_BIRCH = channel("amber", "birch")

# --------------------------------------------------------------------------------------- two hundred: store and loop


def open_loop(path: Path) -> tuple[Loop, Exchange]:
    """Amber's loop on its file, as it starts."""
    loop = Loop(Keys("amber", "Amber", a_signer("amber")), SqliteStore(path, reserve_bytes=65_536), SETTINGS)
    return loop, Exchange(loop, software="test")


def work(path: Path, out: int, seed: int) -> None:
    """File and sign until killed; say on a pipe what was answered, and what was signed for Birch."""
    loop, exchange = open_loop(path)
    line = exchange.line("birch")
    line.may_sign, line.holds = True, loop.logs.size(TO_BIRCH)
    chance = random.Random(seed)

    def ask(*commands: Command) -> None:
        asked = [Asked(command, f"key-{chance.randrange(10**12)}") for command in commands]
        outcome = loop.run(asked, NOW_US + seed * SECOND_US)
        for answer in outcome.answers:
            assert not isinstance(answer, Exception), answer
            for ref in answer.entries:
                os.write(out, f"answered {ref.log} {ref.n} {ref.hash}\n".encode())

    if "birch" not in loop.picture.peers:
        ask(enrolment_of("birch"))
    ask(Start("test"))
    while True:
        notice = a_notice(a_volume(chance.uniform(-60, 60), chance.uniform(-170, 170)))
        ask(*[notice, SendStop("Imani")][: chance.choice((1, 2))])
        delivery = exchange.delivery_for("birch")
        if delivery is not None:
            size = delivery.first + len(delivery.entries)
            os.write(out, f"signed {size} {parse(delivery.checkpoint)[0].root.hex()}\n".encode())
            line.holds = size


def enrolment_of(party: str) -> EnrolPeer:
    """The command that enrols a fictional party."""
    return enrolment(Identity.of(party, party.title(), a_signer(party)))


def zygote(path: Path, kills: int) -> None:
    """Fork a worker, kill it, look at what it left; again and again. Prints what it saw as one JSON object."""
    chance = random.Random(8)
    answered: dict[tuple[str, int], str] = {}
    signed: dict[int, str] = {}
    broken: list[str] = []
    while_working = 0
    for turn in range(kills):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            work(path, writer, turn)
            os._exit(0)
        os.close(writer)
        # One turn in five it is killed while it starts; else at any moment after its first answer.
        text = os.read(reader, 1) if turn % 5 else b""
        time.sleep(chance.choice((0.001, 0.005, 0.02, 0.05)) * (0.3 + chance.random()))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with os.fdopen(reader, "rb") as said:
            text += said.read()
        lines = text.decode().splitlines(keepends=True)
        while_working += bool(lines)
        for line in lines:
            if not line.endswith("\n"):
                continue
            match line.split():
                case ["answered", log, n, leaf]:
                    answered[log, int(n)] = leaf
                case ["signed", size, root]:
                    signed[int(size)] = root
        broken += look(path, answered, signed)
        if broken:
            break
    print(json.dumps({"answered": len(answered), "signed": len(signed), "at_work": while_working, "broken": broken}))


def look(path: Path, answered: dict[tuple[str, int], str], signed: dict[int, str]) -> list[str]:
    """What a kill broke: answers that are gone, signatures over what is not there, a picture that is not the fold."""
    if not path.exists():
        return []
    loop, _ = open_loop(path)
    try:
        held = {(entry.log, entry.n): entry for entry in loop.store.entries()}
        broken = [f"answered and gone: {key}" for key, leaf in answered.items() if key not in held]
        broken += [
            f"answered otherwise: {key}"
            for key, leaf in answered.items()
            if key in held and held[key].leaf.hex() != leaf
        ]
        broken += [f"torn: {key}" for key, entry in held.items() if leaf_hash(entry.data) != entry.leaf]
        tree = loop.logs.tree(TO_BIRCH)
        for size, root in signed.items():
            if size > tree.size or tree.root(size).hex() != root:
                broken.append(f"signed at {size} and not recorded")
        return broken
    finally:
        loop.store.close()


def test_two_hundred_kills_of_loop_and_store_lose_no_answer_and_sign_only_what_is_recorded(tmp_path: Path) -> None:
    path = tmp_path / "record.db"
    command = [sys.executable, str(Path(__file__)), str(path), str(LOOP_KILLS)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=110)
    assert result.returncode == 0, result.stderr[-3_000:]
    seen = json.loads(result.stdout)
    assert seen["broken"] == []
    # It was killed while it worked, not only while it started.
    assert seen["at_work"] > LOOP_KILLS / 3
    assert seen["answered"] > LOOP_KILLS
    assert seen["signed"] > LOOP_KILLS / 3
    assert check_file(path) == []


# ---------------------------------------------------------------------------------------------- twenty: whole nodes


@dataclass
class Filer:
    """A program at one node's door that files all the time, and asks again with the same key when nobody answered."""

    node: Any
    lat: float
    stopping: threading.Event = field(default_factory=threading.Event)
    answered: dict[str, Any] = field(default_factory=dict)
    unanswered: list[str] = field(default_factory=list)

    def run(self) -> None:
        from integration.nodes import a_volume as volume

        number = 0
        while not self.stopping.is_set():
            if not self.unanswered:
                number += 1
                self.unanswered.append(f"{self.node.party}-{number}")
            key = self.unanswered[0]
            lon = -150 + (int(key.rsplit("-", 1)[1]) % 400) * 0.2
            values = {"volumes": [volume(self.lat, lon)], "by": "I. Maro", "remarks": key}
            try:
                request = self.requests.setdefault(key, to_request(requests.FileNoticeRequest, values))
                self.answered[key] = self.node.client.file_notice(request, key=key).receipt
                self.unanswered.pop(0)
                time.sleep(0.02)
            except KeepclearError:
                time.sleep(0.1)

    requests: dict[str, Any] = field(default_factory=dict)


@pytest.mark.kills
@pytest.mark.timeout(300 + 10 * NODE_KILLS)
def test_kills_of_whole_nodes_lose_no_answer_and_file_nothing_twice(tmp_path: Path) -> None:
    from integration.nodes import amber_and_birch, wait_for

    chance = random.Random(4)
    with amber_and_birch(tmp_path) as pair:
        filers = [Filer(pair.amber, -30.0), Filer(pair.birch, 30.0)]
        threads = [threading.Thread(target=filer.run, daemon=True) for filer in filers]
        for thread in threads:
            thread.start()
        try:
            for turn in range(NODE_KILLS):
                node = pair.both()[turn % 2]
                time.sleep(0.1 + chance.random())
                node.kill()
                node.start()
        finally:
            for filer in filers:
                filer.stopping.set()
            for thread in threads:
                thread.join(30)
        # All that one filed is at the other, and cosigned.
        for filer, other in zip(filers, (pair.birch, pair.amber), strict=True):
            assert len(filer.answered) > NODE_KILLS / 2
            what = f"{filer.node.party}'s notices"
            wait_for(lambda filer=filer, other=other: arrived(filer, other), what, seconds=60)
        files = {}
        for node in pair.both():
            files[node.party] = wait_for(lambda node=node: sound(node), f"{node.party}'s record", seconds=60)
        for filer in filers:
            entries = entries_of(files[filer.node.party])
            for key, receipt in filer.answered.items():
                for ref in receipt.entries:
                    assert entries[ref.log][ref.n][0] == ref.hash, f"{key} was answered and is gone"
            private = [said for log in entries.values() for _, said in log if said["kind"] == "notice_filed"]
            remarks = [said["body"]["remarks"] for said in private]
            assert len(remarks) == len(set(remarks)), "one request filed two notices"
            assert set(filer.answered) <= set(remarks)
        for log in (channel("amber", "birch"), channel("birch", "amber")):
            both = [entries_of(file)[log] for file in files.values()]
            shorter = min(len(each) for each in both)
            assert both[0][:shorter] == both[1][:shorter]


def arrived(filer: Filer, other: Any) -> bool:
    """Whether the other node holds every notice that was answered."""
    log = channel(filer.node.party, other.party)
    needed = max(ref.n for receipt in filer.answered.values() for ref in receipt.entries if ref.log == log)
    return any(each.origin == log and each.size > needed for each in other.client.record().logs)


def sound(node: Any) -> list[bytes]:
    """A node's whole record once the other has answered all of it; nothing before. It is sound at any time."""
    lines = b"".join(node.client.export(private=True)).splitlines()
    report = verify_record(lines)
    assert not [fault for fault in report.faults if fault.rule != 7], [str(fault) for fault in report.faults[:3]]
    is_whole = report.sound and not any(
        log.unanswered or log.not_yet_cosigned for log in report.logs if log.cosigned_size
    )
    if not is_whole:
        print([str(fault) for fault in report.faults], report.logs)
    return lines if is_whole else []


def entries_of(lines: list[bytes]) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """Of a record file: hash and content of each entry, by log."""
    logs: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for line in lines:
        value = json.loads(line)
        if "entry" in value:
            logs.setdefault(value["log"], []).append((value["hash"], json.loads(value["entry"])))
    return logs


def test_the_fold_of_what_a_kill_left_is_the_picture_that_starts(tmp_path: Path) -> None:
    # given
    path = tmp_path / "record.db"
    subprocess.run([sys.executable, str(Path(__file__)), str(path), "3"], check=True, capture_output=True, timeout=60)
    # when
    loop, _ = open_loop(path)
    fresh = Picture("amber")
    for entry in loop.store.entries():
        fresh.apply(read_entry(entry.data, entry.leaf))
    # then
    assert fresh.notices == loop.picture.notices
    assert fresh.stops == loop.picture.stops
    assert fresh.duties == loop.picture.duties
    loop.store.close()


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        zygote(Path(sys.argv[1]), int(sys.argv[2]))
