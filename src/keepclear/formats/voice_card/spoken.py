"""What can be said of an entry in 14 lines: the entry itself where it fits, else a coarser one that hides no danger.

Coarser means: whole seconds outward, every volume within one circle, band and span, words that a voice cannot carry
left out. Both sides derive it from the entry in the same way, so a card that was typed in is compared with the entry
that arrives later by the hash of this form. Fields that the agreement hides are not said at all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from keepclear.core.geodesy import distance_m
from keepclear.core.timespan import SECOND_US
from keepclear.core.volume import ALTITUDE_MAX_M, ALTITUDE_MIN_M
from keepclear.errors import Malformed
from keepclear.formats.voice_card import values as v
from keepclear.formats.voice_card.kinds import CORNERS_MAX, KINDS, Body

LINES_MAX: Final = 14
#: Message, from and sum stand on every card.
_FRAME_LINES: Final = 3
_E7: Final = 10_000_000
_HALF_TURN_E7: Final = 180 * _E7
_LEFT_OUT: Final = ("contact", "remarks", "activity")


@dataclass(frozen=True, slots=True)
class Spoken:
    """The body that a card says.

    Attributes:
        is_whole: it is the entry's own, less the salted commitments of hidden fields, which no voice can carry. Where
            nothing is hidden, its hash is the content hash of the entry.
    """

    body: dict[str, Any]
    is_whole: bool


def spoken_form(kind: str, body: Body) -> Spoken:
    """What a card says of an entry (V1).

    Raises:
        Malformed: a kind that is not said by voice, or an entry that cannot be.
    """
    if kind not in KINDS:
        raise Malformed(f"a {kind} is not said by voice; these are: {', '.join(KINDS)}", at="kind")
    form: dict[str, Any] = {key: _as_json(value) for key, value in body.items() if key != "hidden"}
    whole = dict(form)
    form = {key: value for key, value in form.items() if key in KINDS[kind].keys}
    # It would take a line, and a point whose position is known to both sides; it goes by file.
    form.pop("seen_from", None)
    if kind == "notice":
        form["volumes"] = [_whole_seconds(volume) for volume in form["volumes"]]
        if "movement" in form:
            form["movement"] = _spoken_movement(form["movement"])
        if not form.get("movement", True):
            del form["movement"]
    if isinstance(form.get("by"), str) and not v.is_speakable(form["by"]):
        form["by"] = v.to_speakable(form["by"])
    for name in _LEFT_OUT:
        if name in form and not v.is_speakable(form[name]):
            del form[name]
    if len(form.get("notices", ())) > v.SERIALS_MAX:
        del form["notices"]  # a STOP that names none is about everything
    if kind == "notice":
        form = _in_fourteen_lines(form)
    elif _count(kind, form) > LINES_MAX:
        raise Malformed(f"this {kind} has {_count(kind, form)} lines, and a card {LINES_MAX}", at="body")
    return Spoken(form, form == whole)


def _as_json(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_as_json(each) for each in value]
    return {key: _as_json(each) for key, each in value.items()} if isinstance(value, dict) else value


def _count(kind: str, body: Body) -> int:
    return len(KINDS[kind].take_apart(body)) + _FRAME_LINES


def _spoken_movement(movement: Body) -> dict[str, Any]:
    """What moves and whether armed persons are with it; markings and the second contact go by file."""
    kept = {key: value for key, value in movement.items() if key not in ("markings", "second_contact")}
    return kept if len(kept["transports"]) <= v.TRANSPORTS_SAID_MAX else {}


def _in_fourteen_lines(body: dict[str, Any]) -> dict[str, Any]:
    volumes = body["volumes"]
    is_plain = len(volumes) == 1 and len(volumes[0].get("outline", ())) <= CORNERS_MAX
    if is_plain and _count("notice", body) <= LINES_MAX:
        return body
    short = {key: value for key, value in body.items() if key not in _LEFT_OUT}
    if is_plain and _count("notice", short) <= LINES_MAX:
        return short
    bounded = {"volumes": [_bounding(volumes)]}
    return body | bounded if _count("notice", body | bounded) <= LINES_MAX else short | bounded


def _whole_seconds(volume: Body) -> dict[str, Any]:
    start = volume["start"] // SECOND_US * SECOND_US
    end = -(-volume["end"] // SECOND_US) * SECOND_US
    return {**volume, "start": start, "end": end}


def _bounding(volumes: Sequence[Body]) -> dict[str, Any]:
    """One circle, band and span around all. The middle is found in integers, so that both sides find the same one."""
    corners = [corner for volume in volumes for corner in (volume.get("outline") or [volume["circle"][:2]])]
    first = corners[0][1]
    turned = [first + (lon - first + _HALF_TURN_E7) % (2 * _HALF_TURN_E7) - _HALF_TURN_E7 for _, lon in corners]
    lat = (min(lat for lat, _ in corners) + max(lat for lat, _ in corners)) // 2
    lon = ((min(turned) + max(turned)) // 2 + _HALF_TURN_E7) % (2 * _HALF_TURN_E7) - _HALF_TURN_E7
    middle = (lat / _E7, lon / _E7)
    # Discs of a few hundred kilometres are convex for geodesics: what holds all corners holds all edges.
    reach_m = max(
        distance_m(middle, (at[0] / _E7, at[1] / _E7)) + (volume["circle"][2] / 1000 if volume.get("circle") else 0.0)
        for volume in volumes
        for at in (volume.get("outline") or [volume["circle"][:2]])
    )
    return {
        "lower": _bound([volume["lower"] for volume in volumes], min, round(ALTITUDE_MIN_M * 1000)),
        "upper": _bound([volume["upper"] for volume in volumes], max, round(ALTITUDE_MAX_M * 1000)),
        "start": min(volume["start"] for volume in volumes),
        "end": max(volume["end"] for volume in volumes),
        "circle": [lat, lon, (math.floor(reach_m / 10) + 2) * 10_000],
    }


def _bound(heights: Sequence[Sequence[Any]], most: Any, beyond: int) -> list[Any]:
    """The outermost of several heights; where their data differ they do not compare, and the band has no end there."""
    data = {height[1] for height in heights}
    return [most(height[0] for height in heights), data.pop()] if len(data) == 1 else [beyond, "AMSL"]
