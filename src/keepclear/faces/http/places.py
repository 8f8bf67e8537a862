"""The second means of a place at the API: words looked up in the gazetteer, and what came of comparing both."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from keepclear.core.agreement import Agreement
from keepclear.core.gazetteer import Gazetteer, Place
from keepclear.core.gazetteer_data import bundled
from keepclear.core.secondmeans import Comparison, NamedArea, Reckoned, flags_against, middle_of
from keepclear.core.volume import Volume4D
from keepclear.errors import NotFound
from keepclear.formats.api.volumes import Volume, place_flags
from keepclear.formats.reckoning import Area, read_reckoning
from keepclear.formats.seen_from import WireSeenFrom, reckoned_from_wire, reckoned_to_wire
from keepclear.node.consequences import place_compared
from keepclear.node.held import HeldNotice
from keepclear.node.node import Node

#: A name is first sought within this of an agreed area, so that a namesake on another continent does not matter.
AROUND_M = 500_000.0

Shown = dict[str, Any]


async def second_means(node: Node, own: Gazetteer | None, text: str) -> WireSeenFrom | None:
    """What was said beside the geometry, its point looked up; None where nothing was said (P1).

    Raises:
        Malformed: it says no place, or a name that several places have.
        NotFound: no place has that name.
    """
    if not text.strip():
        return None
    said = read_reckoning(text, at="seen_from")
    if isinstance(said, Area):
        return WireSeenFrom(whole_of=said.name) if said.is_whole else WireSeenFrom(within=said.name)
    agreements = [agreement for _, agreement in _agreements(node)]
    # The first look-up unpacks the gazetteer, which takes a second: not on the loop that carries STOP.
    place = await asyncio.to_thread(_resolve, own, said.name, agreements)
    return reckoned_to_wire(
        Reckoned(
            place.name,
            place.position,
            said.bearing_deg,
            said.range_m,
            place.id,
            bearing_step_deg=said.bearing_step_deg,
            range_step_m=said.range_step_m,
        )
    )


def _resolve(own: Gazetteer | None, name: str, agreements: Sequence[Agreement]) -> Place:
    places = _places(own)
    for agreement in agreements:
        area = agreement.area
        try:
            return places.resolve(name, near=(area.lat_deg, area.lon_deg), within_m=area.radius_m + AROUND_M)
        except NotFound:
            continue
    return places.resolve(name)


@lru_cache(maxsize=4)
def _places(own: Gazetteer | None) -> Gazetteer:
    return bundled() if own is None else bundled().joined(own)


def _agreements(node: Node) -> list[tuple[str, Agreement]]:
    picture = node.picture
    found = ((peer, picture.agreement_with(peer)) for peer in sorted(picture.enrolled_peers()))
    return [(peer, agreement) for peer, agreement in found if agreement is not None]


def said_and_checked(node: Node, held: HeldNotice) -> Shown:
    """The second means of a notice and what comes of comparing it, by each agreement that it is under."""
    said = held.latest.body.seen_from
    if said is None:
        return {"seen_from": None, "place_check": []}
    parties = [(peer, each) for peer, each in _agreements(node) if held.is_own or peer == held.party]
    return {"seen_from": _said(said), "place_check": checked(said, held.volumes, parties)}


def checks_of(node: Node, said: WireSeenFrom | None, volumes: Sequence[Volume4D]) -> list[Shown]:
    """The same for a place that is only being drawn."""
    return checked(said, volumes, _agreements(node))


def checked(
    said: WireSeenFrom | None, volumes: Sequence[Volume4D], agreements: Sequence[tuple[str, Agreement]]
) -> list[Shown]:
    """One answer for each agreement that has a tolerance."""
    found = ((party, place_compared(said, volumes, agreement)) for party, agreement in agreements)
    return [_check(party, comparison) for party, comparison in found if comparison is not None]


def flags_of(node: Node, asked: Sequence[Volume], volumes: Sequence[Volume4D]) -> list[Shown]:
    """What to look at again in a place: how it was written, and each agreed area that it lies outside of (P4)."""
    found = [flag for number, volume in enumerate(asked) for flag in place_flags(volume, at=f"volumes[{number}]")]
    middle = middle_of([volume.footprint for volume in volumes])
    for _, agreement in _agreements(node):
        found += flags_against(middle, agreement.area)
    return [{"code": flag.code, "words": flag.words, "at": flag.at} for flag in dict.fromkeys(found)]


def _check(party: str, found: Comparison) -> Shown:
    return {
        "party": party,
        "verdict": found.verdict.value,
        "off_m": round(found.off_m, 1),
        "tolerance_m": found.tolerance_m,
        "words": found.words,
        "slips": [slip.words for slip in found.slips],
    }


def _said(said: WireSeenFrom) -> Shown:
    reckoned = reckoned_from_wire(said)
    if reckoned is None:
        return {
            "words": NamedArea.in_words(said.area, is_whole=bool(said.whole_of)),
            "name": said.area,
            "place": "",
            "whole": bool(said.whole_of),
        }
    return {
        "words": reckoned.words,
        "name": said.name,
        "place": said.place,
        "point": list(reckoned.origin),
        "bearing_deg": reckoned.bearing_deg,
        "range_m": reckoned.range_m,
    }
