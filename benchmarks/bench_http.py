"""Durable notices through the front door: HTTPS, checked, judged against all that live, recorded, one fsync a group.

The node is a process of its own, and so is the client (this one). CPU is the server process's alone.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import msgspec
from load import request, run_load
from measure import Figure
from nodes import ServedNode, enrol_and_agree, served
from workloads import dense, sparse

from keepclear.core.volume import Volume4D
from keepclear.formats.api.volumes import volume_to_api

Mix = Callable[[int, int], Iterator[Volume4D]]

#: Notices that live before anything is measured.
LIVE = 10_000
#: Notices filed in one round, and ended after it, so that every round begins with the same number.
A_ROUND = 1_500
ROUNDS = 3
CLIENTS = (8, 32, 64)


def figures(*, quick: bool = False) -> Iterator[Figure]:
    """The sparse mix while a peer is told of everything, and both mixes with one node alone."""
    sizes = (300, 100) if quick else (LIVE, A_ROUND)
    yield from told(sizes[0] // 10, sizes[1] // 3)
    yield from alone("sparse", sparse, *sizes)
    yield from alone("dense", dense, sizes[0], sizes[1] // 3)


def alone(name: str, mix: Mix, live: int, a_round: int) -> list[Figure]:
    """One node; the number of clients that gives the most notices a second is the figure."""
    with tempfile.TemporaryDirectory() as folder, served(Path(folder) / "amber", "amber") as node:
        volumes = mix(11, time.time_ns() // 1000)
        file_all(node, volumes, live, 64)
        tried = []
        for clients in CLIENTS:
            rounds = [one_round(node, volumes, a_round, clients) for _ in range(ROUNDS)]
            tried.append(_figure(f"file a notice, {name}, {live} live, {clients} clients", rounds))
        best = min(tried, key=lambda figure: figure.wall_us)
        return [*tried, Figure(f"file a notice, {name}: the best", best.unit, best.count, *_rest(best))]


def _rest(figure: Figure) -> tuple[float, float, tuple[float, ...], dict[str, float]]:
    return figure.cpu_us, figure.wall_us, figure.rounds_wall_us, figure.more


def told(live: int, a_round: int) -> list[Figure]:
    """Two nodes under an agreement: each notice goes to the peer with an alert, and is received and cosigned there."""
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder) / "amber", "amber") as amber,
        served(Path(folder) / "birch", "birch") as birch,
    ):
        enrol_and_agree(amber, birch)
        volumes = sparse(13, time.time_ns() // 1000)
        file_all(amber, volumes, live, 32)
        _settle(amber)
        rounds, theirs = [], []
        for _ in range(ROUNDS):
            before = birch.cpu_s()
            rounds.append(one_round(amber, volumes, a_round, 32, settle=True, end=False))
            theirs.append((birch.cpu_s() - before) / a_round * 1e6)
        figure = _figure(f"file a notice, sparse, {live} live, told to a peer", rounds)
        figure.more["peer_cpu_us"] = statistics.median(theirs)
        return [figure]


def _settle(node: ServedNode) -> None:
    """Wait until the peer has everything."""
    with node.client() as client:
        end = time.monotonic() + 120
        while any(peer.undelivered or peer.cosigned_size < peer.channel_size for peer in client.peers()):
            if time.monotonic() > end:
                raise TimeoutError("the peer was not given everything within two minutes")
            time.sleep(0.05)


def bodies(volumes: Iterator[Volume4D], count: int) -> list[bytes]:
    """So many notices of one volume each, as JSON."""
    return [
        msgspec.json.encode({"volumes": [volume_to_api(volume)], "by": "bench", "remarks": "a trial"})
        for volume in islice(volumes, count)
    ]


def file_all(node: ServedNode, volumes: Iterator[Volume4D], count: int, clients: int) -> tuple[float, list[bytes]]:
    """File so many; seconds by the clock, and the answers."""
    asked = [request("POST", "/v1/notices", node.port, node.token, body) for body in bodies(volumes, count)]
    load = run_load(asked, node.port, node.authority, connections=clients)
    return load.wall_s, list(load.answers)


def one_round(
    node: ServedNode, volumes: Iterator[Volume4D], count: int, clients: int, *, settle: bool = False, end: bool = True
) -> tuple[float, float, tuple[float, ...], float]:
    """Microseconds of CPU and of wall a notice, seconds each took, conflicts a notice; they are ended afterwards."""
    asked = [request("POST", "/v1/notices", node.port, node.token, body) for body in bodies(volumes, count)]
    cpu_before = node.cpu_s()
    load = run_load(asked, node.port, node.authority, connections=clients)
    if settle:
        _settle(node)
    cpu_us = (node.cpu_s() - cpu_before) / count * 1e6
    answers = [msgspec.json.decode(answer) for answer in load.answers]
    conflicts = sum(len(answer["conflicts"]) for answer in answers) / count
    if end:
        ended = b'{"state":"Ended","version":1,"by":"bench"}'
        paths = (f"/v1/notices/{answer['notice']['id']}/state" for answer in answers)
        run_load(
            [request("POST", path, node.port, node.token, ended) for path in paths],
            node.port,
            node.authority,
            connections=32,
        )
    return cpu_us, load.wall_s / count * 1e6, load.took_s, conflicts


def _figure(name: str, rounds: list[tuple[float, float, tuple[float, ...], float]]) -> Figure:
    took_s = sorted(each for _, _, took, _ in rounds for each in took)
    return Figure(
        name,
        "notices",
        sum(len(took) for _, _, took, _ in rounds),
        statistics.median(cpu for cpu, *_ in rounds),
        statistics.median(wall for _, wall, *_ in rounds),
        tuple(wall for _, wall, *_ in rounds),
        {
            "p50_ms": took_s[len(took_s) // 2] * 1e3,
            "p99_ms": took_s[len(took_s) * 99 // 100] * 1e3,
            "conflicts_a_notice": statistics.mean(conflicts for *_, conflicts in rounds),
        },
    )
