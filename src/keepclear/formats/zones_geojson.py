"""Zones as GeoJSON (RFC 7946), to be drawn: longitude first, circles and belts as outlines close to their true edge.

The exact shape stands in the properties; what is judged is the shape, never the drawing.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any, Final

from keepclear.core.footprint import Circle, LatLon, Polygon
from keepclear.core.geodesy import bearing_deg, destination
from keepclear.core.timespan import zulu
from keepclear.core.zone import Belt, Zone, ZoneShape

#: Corners of a circle that is drawn: its outline strays from the circle by less than 0.3 % of the radius.
CORNERS: Final = 48


def zones_geojson(zones: Iterable[tuple[str, Zone]]) -> dict[str, Any]:
    """A FeatureCollection of zones, each with its key."""
    return {"type": "FeatureCollection", "features": [_feature(key, zone) for key, zone in zones]}


def _feature(key: str, zone: Zone) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "key": key,
        "name": zone.name,
        "kind": zone.kind.value,
        "rule": zone.rules[0].rule.value,
        "is_drawn": not isinstance(zone.shape, Polygon),
        **_exact(zone.shape),
    }
    if zone.span is not None:
        properties |= {"start": zulu(zone.span.start_us), "end": zulu(zone.span.end_us)}
    if zone.band is not None:
        for name, limit in (("lower", zone.band.lower), ("upper", zone.band.upper)):
            properties |= {f"{name}_m": limit.value_m, f"{name}_datum": limit.datum.value}
    return {"type": "Feature", "id": key, "geometry": _geometry(zone.shape), "properties": properties}


def _exact(shape: ZoneShape) -> dict[str, Any]:
    match shape:
        case Circle():
            return {"centre": [shape.lon_deg, shape.lat_deg], "radius_m": shape.radius_m}
        case Belt():
            line = [[lon, lat] for lat, lon in shape.line]
            return {"line": line, "left_m": shape.left_m, "right_m": shape.right_m}
        case Polygon():
            return {}


def _geometry(shape: ZoneShape) -> dict[str, Any]:
    match shape:
        case Circle():
            turns = [-360.0 * corner / CORNERS for corner in range(CORNERS)]
            ring = [destination((shape.lat_deg, shape.lon_deg), turn, shape.radius_m) for turn in turns]
            return {"type": "Polygon", "coordinates": [_ring(ring)]}
        case Polygon():
            return {"type": "Polygon", "coordinates": [_ring(list(shape.outline))]}
        case Belt():
            return {"type": "MultiPolygon", "coordinates": [[_ring(ring)] for ring in _belt_rings(shape)]}


def _belt_rings(belt: Belt) -> list[list[LatLon]]:
    """For each edge of the line one ring: along both sides of it and round both its ends."""
    rings = []
    for one, other in pairwise(belt.line):
        there, back = bearing_deg(one, other), bearing_deg(other, one)
        ring = _round(one, there + 90.0, belt.right_m, belt.left_m)
        ring += _round(other, back + 90.0, belt.left_m, belt.right_m)
        rings.append(ring)
    return rings


def _round(end: LatLon, from_deg: float, first_m: float, second_m: float) -> list[LatLon]:
    """Half way round an end of an edge, clockwise: the first quarter at one depth and the second at the other."""
    steps = CORNERS // 4
    quarter = [90.0 * step / steps for step in range(steps + 1)]
    corners = [destination(end, from_deg + turn, first_m) for turn in quarter] if first_m else [end]
    return corners + ([destination(end, from_deg + 90.0 + turn, second_m) for turn in quarter] if second_m else [end])


def _ring(corners: list[LatLon]) -> list[list[float]]:
    ring = [[round(lon, 7), round(lat, 7)] for lat, lon in corners]
    return [*ring, ring[0]]
