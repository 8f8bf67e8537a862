"""GeoJSON (RFC 7946) to planned activities: the one place where longitude comes first.

Reads a FeatureCollection, a Feature, a bare geometry or a list of features. docs/reference/geojson.md lists the
properties. What is not understood is a fault; a hole is read as filled, which is the safe side, and noted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from keepclear.core.footprint import Circle, Footprint, LatLon, Polygon, check_position
from keepclear.core.volume import AltitudeDatum, Volume4D
from keepclear.errors import Malformed
from keepclear.formats.geojson_edges import EDGE_TOLERANCE_M, Edges, densified, lies_inside, short_way_deg
from keepclear.formats.geojson_properties import LENGTH_RIGHT, Properties, is_heeded, is_telling
from keepclear.formats.planned import (
    FEATURES_MAX,
    VERTICES_MAX,
    VOLUMES_MAX,
    Doubled,
    Faults,
    Planned,
    Reading,
    clean,
    number,
    shown,
)

#: Geometry collections inside one another.
COLLECTIONS_MAX = 8
GEOMETRIES = ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection")
TYPES = ("FeatureCollection", "Feature", *GEOMETRIES)

_POSITION_RIGHT = "give [longitude, latitude] in degrees, longitude first"
_RING_RIGHT = "give a ring of at least 4 positions, the last the same as the first"
#: From this latitude on, and below this width in longitude, an edge of more than 180 degrees may mean either way.
EITHER_WAY_FROM_DEG, EITHER_WAY_BELOW_DEG = 45.0, 270.0
_CRS_WRONG = "names another coordinate system than WGS84"
_CRS_RIGHT = "give longitude and latitude on WGS84, without crs"
#: Members of a feature or a geometry that are read, or promise nothing about time or space.
_MEMBERS = frozenset({"type", "id", "bbox", "crs", "properties", "geometry", "coordinates", "geometries"})
_EDGES = {str(edges): edges for edges in Edges}


def looks_like_geojson(value: object) -> bool:
    """Whether a JSON value calls itself GeoJSON, or is a list whose first item does."""
    if isinstance(value, list):
        return bool(value) and not isinstance(value[0], list) and looks_like_geojson(value[0])
    return isinstance(value, dict) and isinstance(value.get("type"), str) and value["type"] in TYPES


def read_geojson(value: object, *, file: str, default_datum: AltitudeDatum | None = None) -> Reading:
    """Planned activities of a GeoJSON value, and a fault for everything that was not read.

    Features of one file that name the same `part_of` are the volumes of one notice.

    Args:
        value: what `planned.load_json` gave.
        file: the file's name, for people.
        default_datum: what a limit is measured from that does not say; None makes that a fault.
    """
    faults = Faults(file)
    reader = _Reader(file, faults, default_datum)
    planned: list[tuple[str, Planned]] = []
    if isinstance(value, dict) and not _is_wgs84(value):
        faults.add("crs", _CRS_WRONG, _CRS_RIGHT)
        return Reading((), tuple(faults.items))
    for path, feature in _features(value, faults):
        faults.feature = path
        read = reader.feature(feature)
        if read is not None:
            planned.append(read)
    return Reading(tuple(_joined(planned, faults)), tuple(faults.items))


def _is_wgs84(value: dict[str, object]) -> bool:
    """Whether an object has no `crs`, a member of the GeoJSON before RFC 7946, or one that names WGS84."""
    crs = value.get("crs")
    if crs is None:
        return True
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    return isinstance(name, str) and name.upper().endswith((":CRS84", ":4326", ":4979"))


def _features(value: object, faults: Faults) -> Iterator[tuple[str, dict[str, object]]]:
    """Each feature with its path; a bare geometry as a feature of its own."""
    items: object = [value]
    name = ""
    if isinstance(value, list):
        items = value
    elif isinstance(value, dict) and value.get("type") == "FeatureCollection":
        name, items = "features", value.get("features")
        if isinstance(value, Doubled):
            faults.add(clean(value.doubled[0]), "given twice with different values", "keep the one that is meant")
    if not isinstance(items, list):
        faults.add("features", f"is {shown(items)}", "give a list of features")
        return
    if not items:
        faults.add("features", "holds no feature", "give at least one feature")
    if len(items) > FEATURES_MAX:
        faults.add(
            "features", f"holds {len(items):,} features, more than {FEATURES_MAX:,} (FEATURES_MAX)", "split the file"
        )
        return
    for index, item in enumerate(items):
        path = "" if items == [value] and not name else f"{name}[{index}]"
        if isinstance(item, dict) and item.get("type") == "Feature":
            yield path, item
        elif isinstance(item, dict) and item.get("type") in GEOMETRIES:
            yield path, {"type": "Feature", "geometry": item, "properties": item.get("properties")}
        else:
            faults.feature = path
            kind = item.get("type") if isinstance(item, dict) else item
            right = "give its features here" if kind == "FeatureCollection" else 'give "type": "Feature"'
            faults.add("type", f"{shown(kind)} is not a feature", right)


def _joined(planned: list[tuple[str, Planned]], faults: Faults) -> Iterator[Planned]:
    """One notice for all features that name the same `part_of`, in the order of their first."""
    groups: dict[str, list[Planned]] = {}
    for index, (part_of, one) in enumerate(planned):
        groups.setdefault(f"part_of {part_of}" if part_of else f"alone {index}", []).append(one)
    for name, parts in groups.items():
        first, part_of = parts[0], name.removeprefix("part_of ")
        if not name.startswith("part_of "):
            yield first
            continue
        volumes = tuple(volume for part in parts for volume in part.volumes)
        if len(volumes) > VOLUMES_MAX:
            faults.feature = first.feature
            faults.add(
                "part_of", f"joins {len(volumes):,} volumes, more than {VOLUMES_MAX:,} (VOLUMES_MAX)", "split it"
            )
            continue
        yield Planned(
            id=part_of,
            title=first.title,
            volumes=volumes,
            source=first.source,
            file=first.file,
            feature=first.feature,
            paths=tuple(f"{part.feature} {path}" for part in parts for path in part.paths),
            notes=tuple(dict.fromkeys(note for part in parts for note in part.notes)),
        )


@dataclass(slots=True)
class _Reader:
    """Reads the features of one file, keeping to the bound on vertices of them all."""

    file: str
    faults: Faults
    default_datum: AltitudeDatum | None
    vertices: int = 0

    def feature(self, feature: dict[str, object]) -> tuple[str, Planned] | None:
        """What the feature is part of (or "") and its activity; None when nothing of it could be read."""
        if isinstance(feature, Doubled):
            self.faults.add(
                clean(feature.doubled[0]), "given twice with different values", "keep the one that is meant"
            )
            return None
        if not _is_wgs84(feature):
            self.faults.add("crs", _CRS_WRONG, _CRS_RIGHT)
            return None
        values = feature.get("properties")
        if values is not None and not isinstance(values, dict):
            self.faults.add("properties", f"is {shown(values)}", "give an object")
            return None
        before = len(self.faults.items)
        properties = Properties(values or {}, self.faults)
        span, band = properties.span(), properties.band(self.default_datum)
        title, part_of = properties.text("title"), properties.text("part_of")
        edges = properties.word("edges", _EDGES, right="say outer, straight or geodesic") or Edges.OUTER
        shape = _Shape(self, properties, edges)
        shape.members(feature, "")
        contradicted = len(self.faults.items) > before
        shape.read(feature.get("geometry"), "geometry", depth=0)
        if not shape.footprints and not shape.faulted:
            self.faults.add("geometry", "holds no shape", "give a Polygon, a MultiPolygon or a Point with radius_m")
        # A feature that contradicts itself in one property is not trusted in another: no half of it is checked.
        if span is None or band is None or contradicted or not shape.footprints:
            return None
        unread = [*properties.unread(), *shape.unread]
        notes = [*shape.notes, *([f"not read: {', '.join(dict.fromkeys(unread))}"] if unread else [])]
        source = f"{self.file} {self.faults.feature}".strip()
        identifier = properties.text("id") or _plain_id(feature.get("id")) or title or self.faults.feature or self.file
        return part_of, Planned(
            id=identifier,
            title=title,
            volumes=tuple(Volume4D(footprint, band, span) for footprint in shape.footprints),
            source=source,
            file=self.file,
            feature=self.faults.feature,
            paths=tuple(shape.paths),
            notes=tuple(dict.fromkeys(notes)),
        )


def _plain_id(value: object) -> str:
    return clean(value) if isinstance(value, str) else shown(value) if number(value) is not None else ""


class _Shape:
    """The footprints of one feature's geometry."""

    def __init__(self, reader: _Reader, properties: Properties, edges: Edges) -> None:
        self._reader, self._properties, self._edges = reader, properties, edges
        self._radius: tuple[float | None] | None = None
        self.footprints: list[Footprint] = []
        self.paths: list[str] = []
        self.notes: list[str] = []
        self.unread: list[str] = []
        self.faulted = False

    def read(self, geometry: object, path: str, *, depth: int) -> None:
        """Add the footprints of a geometry; what is not understood is a fault."""
        if not isinstance(geometry, dict) or isinstance(geometry, Doubled):
            twice = f"gives {clean(geometry.doubled[0])} twice" if isinstance(geometry, Doubled) else ""
            self._fault(path, twice or f"is {shown(geometry)}", "give one Polygon, MultiPolygon or Point with radius_m")
            return
        if not _is_wgs84(geometry):
            self._fault(f"{path}.crs", _CRS_WRONG, _CRS_RIGHT)
            return
        self.members(geometry, f"{path}.")
        kind, coordinates = geometry.get("type"), geometry.get("coordinates")
        inside = f"{path}.coordinates"
        match kind:
            case "Polygon":
                self._polygon(coordinates, inside)
            case "Point":
                self._circle(coordinates, inside)
            case "MultiPolygon" | "MultiPoint":
                one = self._polygon if kind == "MultiPolygon" else self._circle
                for index, item in self._items(coordinates, inside):
                    one(item, f"{inside}[{index}]")
            case "GeometryCollection":
                if depth >= COLLECTIONS_MAX:
                    self._fault(path, f"more than {COLLECTIONS_MAX} collections in one another", "give them flat")
                    return
                for index, item in self._items(geometry.get("geometries"), f"{path}.geometries"):
                    self.read(item, f"{path}.geometries[{index}]", depth=depth + 1)
            case "LineString" | "MultiLineString":
                self._fault(path, f"a {kind} holds no area", "draw the corridor as a Polygon")
            case _:
                self._fault(f"{path}.type", f"{shown(kind)} is not a geometry of RFC 7946", "give a Polygon")

    def members(self, value: dict[str, object], path: str) -> None:
        """Members that GeoJSON does not know: a fault if they would say where or when, else to be noted if telling."""
        for name, given in value.items():
            if name in _MEMBERS or given is None:
                continue
            if is_heeded(name):
                self._fault(path + clean(name), "is not read here", "put it into properties")
            elif is_telling(name):
                self.unread.append(path + clean(name))

    def _fault(self, path: str, wrong: str, right: str = "") -> None:
        self.faulted = True
        self._reader.faults.add(path, wrong, right)

    def _items(self, value: object, path: str) -> list[tuple[int, object]]:
        if not isinstance(value, list):
            self._fault(path, f"is {shown(value)}", "give a list")
            return []
        if not value:
            self._fault(path, "is empty", "give at least one")
        if len(value) > VOLUMES_MAX:
            self._fault(
                path, f"holds {len(value):,} shapes, more than {VOLUMES_MAX:,} (VOLUMES_MAX)", "split the feature"
            )
            return []
        return list(enumerate(value))

    def _add(self, footprint: Footprint, path: str) -> None:
        if len(self.footprints) >= VOLUMES_MAX:
            self._fault(path, f"more than {VOLUMES_MAX:,} volumes in one feature (VOLUMES_MAX)", "split the feature")
            return
        self.footprints.append(footprint)
        self.paths.append(path)

    def _circle(self, coordinates: object, path: str) -> None:
        centre = self._position(coordinates, path)
        if self._radius is None:  # read once, so that a fault in it is told once
            before = len(self._reader.faults.items)
            self._radius = (self._properties.radius_m(),)
            if self._radius[0] is None and len(self._reader.faults.items) == before:
                self._fault("properties.radius_m", "is missing, and a point holds no area", LENGTH_RIGHT)
        radius_m = self._radius[0]
        if centre is None or radius_m is None:
            self.faulted = True
            return
        try:
            self._add(Circle(centre[0], centre[1], radius_m), path)
        except Malformed as problem:
            self._fault("properties.radius_m", problem.message, LENGTH_RIGHT)

    def _polygon(self, coordinates: object, path: str) -> None:
        if not isinstance(coordinates, list) or not coordinates:
            self._fault(path, f"is {shown(coordinates)}" if coordinates != [] else "is empty", _RING_RIGHT)
            return
        outline = self._ring(coordinates[0], f"{path}[0]")
        if outline is None:
            return
        self._outline(outline, path)
        filled = 0
        for index, ring in enumerate(coordinates[1:], start=1):
            within = self._ring(ring, f"{path}[{index}]") if ring != [] else None
            if within is not None and not lies_inside(within, outline):
                # The hole came first, or areas stand side by side: what lies outside of the first ring is no hole.
                self.notes.append(f"{path}[{index}]: lies not wholly inside the first ring, so it is read as an area")
                self._outline(within, f"{path}[{index}]")
            elif within is not None:
                filled += 1
        if filled:
            self.notes.append(f"{path}: {filled} hole(s) read as filled, which is the safe side")

    def _outline(self, outline: list[LatLon], path: str) -> None:
        """Add the polygon of one ring, its edges read as the feature asks."""
        corners, apart_m = densified(outline, self._edges)
        if apart_m > EDGE_TOLERANCE_M and self._edges is Edges.OUTER:
            apart = f"{apart_m:,.0f} m" if apart_m >= 10 else f"{apart_m:.1f} m"
            self.notes.append(
                f"{path}: edges straight in longitude and latitude lie up to {apart} from geodesics; the outer"
                ' of the two is taken ("edges" chooses)'
            )
        try:
            self._add(Polygon(tuple(corners)), path)
        except Malformed as problem:
            right = '"edges": "geodesic" adds no corners' if len(corners) > len(outline) else _RING_RIGHT
            self._fault(path, problem.message, right)

    def _ring(self, ring: object, path: str) -> list[LatLon] | None:
        """The corners without the closing repeat, latitude first; None after a fault."""
        if not isinstance(ring, list):
            self._fault(path, f"is {shown(ring)}", _RING_RIGHT)
            return None
        self._reader.vertices += len(ring)
        if self._reader.vertices > VERTICES_MAX:
            self._fault(path, f"the file holds more than {VERTICES_MAX:,} positions (VERTICES_MAX)", "split the file")
            return None
        outline: list[LatLon] = []
        for index, position in enumerate(ring):
            corner = self._position(position, f"{path}[{index}]")
            if corner is None:  # the first is told: a ring written latitude first would give a line for every corner
                return None
            outline.append(corner)
        if len(outline) > 1 and outline[0] == outline[-1]:
            outline.pop()
        elif outline:
            self.notes.append(f"{path}: the ring is not closed; it is read as closed")
        once = [corner for corner, before in zip(outline, [None, *outline], strict=False) if corner != before]
        if len(once) < len(outline):
            self.notes.append(f"{path}: corners given twice in a row are read once")
            outline = once
        if len(outline) < 3:
            self._fault(path, f"a ring has at least 3 corners, not {len(outline)}", _RING_RIGHT)
            return None
        return outline if self._crosses_plainly(outline, path) else None

    def _crosses_plainly(self, outline: list[LatLon], path: str) -> bool:
        """Whether each edge has one way to go in longitude; the short way over 180 degrees is noted."""
        edges = list(zip(outline, outline[1:] + outline[:1], strict=True))
        is_round_pole = abs(sum(short_way_deg(one[1], other[1]) for one, other in edges)) > 180.0
        for index, (one, other) in enumerate(edges):
            if max(abs(one[0]), abs(other[0])) == 90.0:
                continue  # at a pole every longitude is the same place
            if abs(short_way_deg(one[1], other[1])) == 180.0:
                self._fault(
                    f"{path}[{index}]", "the edge spans 180 degrees of longitude, east or west", "split the edge"
                )
                return False
            if abs(other[1] - one[1]) <= 180.0 or -180.0 in (one[1], other[1]):
                continue
            # Only near a pole is a footprint of more than 180 degrees small enough to be a place.
            is_polar = one[0] * other[0] > 0 and min(abs(one[0]), abs(other[0])) >= EITHER_WAY_FROM_DEG
            if is_polar and not is_round_pole and abs(other[1] - one[1]) < EITHER_WAY_BELOW_DEG:
                self._fault(
                    f"{path}[{index}]",
                    f"the edge spans {abs(other[1] - one[1]):.10g} degrees of longitude: across 180, or not?",
                    "split the edge",
                )
                return False
            self.notes.append(f"{path}: an edge of more than 180 degrees is read the short way, across 180")
        return True

    def _position(self, position: object, path: str) -> LatLon | None:
        if not isinstance(position, list) or not 2 <= len(position) <= 16:
            self._fault(path, f"{shown(position)} is not a position", _POSITION_RIGHT)
            return None
        lon_deg, lat_deg = number(position[0]), number(position[1])
        if lon_deg is None or lat_deg is None:
            bad = position[0] if lon_deg is None else position[1]
            self._fault(path, f"{shown(bad)} is not a finite number", _POSITION_RIGHT)
            return None
        if len(position) > 2:
            self.notes.append("heights of positions are not read; lower and upper count")
        try:
            return check_position((lat_deg, lon_deg), at=path)
        except Malformed as problem:
            past = abs(lat_deg) <= 90.0 and 180.0 < abs(lon_deg) <= 540.0
            turned = f"write longitude {lon_deg:.10g} as {lon_deg - math.copysign(360.0, lon_deg):.10g}"
            self._fault(path, problem.message, turned if past else _POSITION_RIGHT)
            return None
