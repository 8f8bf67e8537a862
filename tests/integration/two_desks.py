"""Two real nodes as two processes, enrolled and agreed, for the tests of the program."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from keepclear.cli.demo_node import NodeProcess, make_node, wall_us
from keepclear.cli.demo_play import Player
from keepclear.cli.scenario import load_play, notice_request
from keepclear.formats.scenario import Circle, FileStep, Height, Volume


@contextlib.contextmanager
def two_nodes(folder: Path, scenario: str = "two_parties") -> Iterator[Player]:
    """Amber and Birch, running, enrolled and with an agreement in force; stopped when the context is left."""
    play = load_play(scenario)
    nodes: dict[str, NodeProcess] = {}
    try:
        for party in play.scenario.parties:
            nodes[party.id] = make_node(folder, party.id, party.name, party.telephone)
            nodes[party.id].begin()
        for node in nodes.values():
            node.wait_ready()
        player = Player(play, nodes, lambda _: None)
        player.enrol()
        player.agree()
        yield player
    finally:
        for node in nodes.values():
            node.stop()


def file_one(player: Player, party: str, *, lat: float = -38.1, lon: float = -152.0, remarks: str = "") -> str:
    """File one notice through a party's API; gives its serial."""
    low, high = Height(value_m=0, datum="AMSL"), Height(value_m=500, datum="AMSL")
    place = Circle(lat=lat, lon=lon, radius_m=1_000)
    volume = Volume(lower=low, upper=high, start_s=3600, end_s=7200, circle=place)
    step = FileStep(at_s=0, who=party, label="one", volumes=(volume,), remarks=remarks)
    filed = player.nodes[party].client.file_notice(notice_request(step, "T. Est", wall_us(), confirmed=True))
    assert filed.notice is not None
    return filed.notice.id
