"""The second means of a place as the record holds it: integers, and the words that were said (P1)."""

from __future__ import annotations

from typing import Annotated

import msgspec

from keepclear.core.secondmeans import NAME_MAX, RANGE_MAX_M, Reckoned
from keepclear.errors import Malformed

_E7 = 10_000_000
Millimetres = Annotated[int, msgspec.Meta(ge=0, le=int(RANGE_MAX_M) * 1000)]


class WireSeenFrom(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of three: a bearing and distance from a point, within a named area, or the whole of one.

    Attributes:
        name: of the point, or empty.
        within, whole_of: id or name of a zone of the agreement, or empty.
        place: id of the point in the sender's gazetteer, or empty.
        point: [latitude e7, longitude e7] of the point; empty for an area.
        bearing, bearing_step: thousandths of a degree, true; the step is what the last digit said stands for.
        range, range_step: millimetres.
    """

    name: Annotated[str, msgspec.Meta(max_length=NAME_MAX)] = ""
    within: Annotated[str, msgspec.Meta(max_length=NAME_MAX)] = ""
    whole_of: Annotated[str, msgspec.Meta(max_length=NAME_MAX)] = ""
    place: Annotated[str, msgspec.Meta(max_length=60)] = ""
    point: tuple[int, ...] = ()
    bearing: Annotated[int, msgspec.Meta(ge=0, le=360_000)] = 0
    bearing_step: Annotated[int, msgspec.Meta(ge=0, le=45_000)] = 0
    range: Millimetres = 0
    range_step: Millimetres = 0

    @property
    def area(self) -> str:
        """The zone that was named, or empty."""
        return self.within or self.whole_of


def reckoned_to_wire(said: Reckoned) -> WireSeenFrom:
    """A bearing and distance in integers."""
    return WireSeenFrom(
        name=said.name,
        place=said.place_id,
        point=(round(said.origin[0] * _E7), round(said.origin[1] * _E7)),
        bearing=round(said.bearing_deg * 1000),
        bearing_step=max(1, round(said.bearing_step_deg * 1000)),
        range=round(said.range_m * 1000),
        range_step=max(1, round(said.range_step_m * 1000)),
    )


def reckoned_from_wire(said: WireSeenFrom) -> Reckoned | None:
    """The bearing and distance that was said; None for a named area.

    Raises:
        Malformed: it cannot be.
    """
    if [bool(said.name), bool(said.within), bool(said.whole_of)].count(True) != 1:
        raise Malformed("say one of a point, an area that it lies within, and a whole area", at="seen_from")
    if said.area:
        if said.point or said.place or said.range or said.bearing:
            raise Malformed("a named area has neither point nor bearing", at="seen_from")
        return None
    if len(said.point) != 2:
        raise Malformed("a point is [latitude e7, longitude e7]", at="seen_from.point")
    return Reckoned(
        said.name,
        (said.point[0] / _E7, said.point[1] / _E7),
        said.bearing / 1000,
        said.range / 1000,
        said.place,
        bearing_step_deg=said.bearing_step / 1000,
        range_step_m=said.range_step / 1000,
    )
