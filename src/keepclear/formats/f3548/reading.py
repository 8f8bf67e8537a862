"""ASTM F3548-21 JSON to planned activities: operational intents, constraints and plain volumes.

Reads the entity itself (`reference` and `details`), the answer of a details query (`{"operational_intent": ...}`,
`{"constraint": ...}`), lists of these (also under `operational_intents` or `constraints`), a notification body and a
Volume4D or a list of them. Unknown fields are ignored, as the interface says.

The field is closed in time: an activity that ends at 12:00 meets one that starts then. Our spans are half-open, so an
end is read as the microsecond after it.
"""

from __future__ import annotations

from collections.abc import Iterator

from keepclear.core.footprint import Circle, Footprint, LatLon, Polygon, check_position
from keepclear.core.timespan import LATEST_US, TimeSpan, parse_instant
from keepclear.core.volume import Altitude, AltitudeBand, AltitudeDatum, Volume4D
from keepclear.errors import Malformed
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

_WRAPPERS = ("operational_intent", "constraint")
_LISTS = ("operational_intents", "constraints")
#: Lists of volumes: of details, and of a request to put a reference.
_VOLUMES = ("volumes", "off_nominal_volumes", "extents")
#: Where volumes may stand. An object has them in one way; a second would be passed over.
_PLACES = ((*_WRAPPERS, *_LISTS), ("details",), ("volume",), _VOLUMES)
_REFERENCES = (
    "operational_intent_reference",
    "constraint_reference",
    "operational_intent_references",
    "constraint_references",
)
_TIME_RIGHT = 'give {"value": "2027-03-14T02:17:40Z", "format": "RFC3339"}'
_ALTITUDE_RIGHT = 'give {"value": 120, "reference": "W84", "units": "M"}'
_OUTLINE_RIGHT = "give exactly one of outline_polygon and outline_circle"

Item = dict[str, object]


def looks_like_f3548(value: object) -> bool:
    """Whether a JSON value has the shape of something that this reader knows, or is a list whose first item has."""
    if isinstance(value, list):
        return bool(value) and not isinstance(value[0], list) and looks_like_f3548(value[0])
    names = (*_WRAPPERS, *_LISTS, *_REFERENCES, *_VOLUMES, "details", "reference", "volume")
    return isinstance(value, dict) and any(name in value for name in names)


def read_f3548(value: object, *, file: str) -> Reading:
    """Planned activities of an F3548 value, and a fault for everything that was not read.

    Args:
        value: what `planned.load_json` gave.
        file: the file's name, for people.
    """
    faults = Faults(file)
    reader = _Reader(file, faults)
    planned: list[Planned] = []
    loose: list[tuple[str, object]] = []
    for count, (path, item) in enumerate(_entities(value, "", faults)):
        faults.feature = path
        if count >= FEATURES_MAX:
            faults.add("", f"the file holds more than {FEATURES_MAX:,} entities (FEATURES_MAX)", "split the file")
            break
        if isinstance(item, dict) and "volume" in item and "details" not in item:
            loose.append((path, item))
        elif (one := reader.entity(item)) is not None:
            planned.append(one)
    if loose:
        # Plain volumes side by side are one area, as in the `extents` of one entity.
        faults.feature = ""
        volumes, paths = reader.volumes(loose)
        if volumes:
            planned.append(Planned(file, "", volumes, file, file, "", paths))
    return Reading(tuple(planned), tuple(faults.items))


def _entities(value: object, path: str, faults: Faults) -> Iterator[tuple[str, object]]:
    """Each entity or plain volume with its path, wrappers and lists taken off."""
    if isinstance(value, list):
        if not value:
            faults.feature = path
            faults.add("", "the list is empty", "give at least one operational intent or constraint")
        for index, item in enumerate(value):
            # One list may hold wrappers, but not lists of lists: that has no meaning in F3548.
            if isinstance(item, list):
                faults.feature = f"{path}[{index}]"
                faults.add("", "is a list in a list", "give an operational intent or a constraint")
            else:
                yield from _entities(item, f"{path}[{index}]", faults)
        return
    if not isinstance(value, dict):
        yield path, value
        return
    ways = [[name for name in place if value.get(name) is not None] for place in _PLACES]
    if len(several := [names[0] for names in ways if names]) > 1:
        faults.feature = path
        faults.add(several[1], f"stands beside {several[0]}, and both hold volumes", "give them apart")
        return
    inside = [name for name in (*_WRAPPERS, *_LISTS) if value.get(name) is not None]
    for name in inside:
        yield from _entities(value[name], f"{path}.{name}".lstrip("."), faults)
    references = [name for name in _REFERENCES if value.get(name)]
    if references:
        faults.feature = path
        faults.add(references[0], "a reference alone holds no volumes", "give the answer of the details query")
    if not inside and not references:
        yield path, value


class _Reader:
    """Reads the entities of one file, keeping to the bound on vertices of them all."""

    def __init__(self, file: str, faults: Faults) -> None:
        self._file, self._faults = file, faults
        self._vertices = 0

    def entity(self, item: object) -> Planned | None:
        """One operational intent or constraint; None when nothing of it could be read."""
        feature = self._faults.feature
        details = self._object(item, "")
        if details is None:
            return None
        prefix, reference = "", details.get("reference")
        if details.get("details") is not None:
            inner = self._object(details["details"], "details")
            if inner is None:
                return None
            prefix, details = "details.", inner
        given: list[tuple[str, object]] = []
        for name in _VOLUMES:
            listed = details.get(name)
            if listed is None:
                continue
            if not isinstance(listed, list):
                self._faults.add(f"{prefix}{name}", f"is {shown(listed)}", "give a list of volumes")
                continue
            given += [(f"{prefix}{name}[{index}]", volume) for index, volume in enumerate(listed)]
        if not given:
            self._faults.add(f"{prefix}volumes", "holds no volume", "give the answer of the details query")
            return None
        volumes, paths = self.volumes(given)
        if not volumes:
            return None
        identifier, notes = self._identity(reference)
        source = f"{self._file} {feature}".strip()
        return Planned(identifier or feature or self._file, "", volumes, source, self._file, feature, paths, notes)

    def _identity(self, reference: object) -> tuple[str, tuple[str, ...]]:
        if not isinstance(reference, dict):
            return "", ()
        identifier = reference.get("id")
        state = reference.get("state")
        notes = ("its state is Ended; it is checked all the same",) if state == "Ended" else ()
        return clean(identifier) if isinstance(identifier, str) else "", notes

    def volumes(self, given: list[tuple[str, object]]) -> tuple[tuple[Volume4D, ...], tuple[str, ...]]:
        """The volumes that could be read, and the field of each."""
        if len(given) > VOLUMES_MAX:
            self._faults.add(
                given[0][0], f"{len(given):,} volumes, more than {VOLUMES_MAX:,} (VOLUMES_MAX)", "split it"
            )
            return (), ()
        read = [(self._volume(value, path), path) for path, value in given]
        kept = [(volume, path) for volume, path in read if volume is not None]
        return tuple(volume for volume, _ in kept), tuple(path for _, path in kept)

    def _volume(self, value: object, path: str) -> Volume4D | None:
        outer = self._object(value, path)
        if outer is None:
            return None
        inner = self._object(outer.get("volume"), f"{path}.volume")
        span = self._span(outer, path)
        if inner is None:
            return None
        band, footprint = self._band(inner, f"{path}.volume"), self._footprint(inner, f"{path}.volume")
        return Volume4D(footprint, band, span) if footprint and band and span else None

    def _object(self, value: object, path: str) -> Item | None:
        if isinstance(value, Doubled):
            self._faults.add(
                path, f"gives {clean(value.doubled[0])} twice, and they differ", "keep the one that is meant"
            )
            return None
        if not isinstance(value, dict):
            self._faults.add(path, "is missing" if value is None else f"is {shown(value)}", "give an object")
            return None
        return value

    def _span(self, volume: Item, path: str) -> TimeSpan | None:
        start_us, end_us = (self._instant(volume.get(name), f"{path}.{name}") for name in ("time_start", "time_end"))
        if start_us is None or end_us is None:
            return None
        if end_us < start_us:
            self._faults.add(f"{path}.time_end", "lies before time_start", "give an end after the start")
            return None
        return TimeSpan(start_us, end_us + 1)

    def _instant(self, value: object, path: str) -> int | None:
        time = self._object(value, path) if value is not None else None
        if time is None:
            if value is None:
                self._faults.add(path, "is missing", _TIME_RIGHT)
            return None
        if time.get("format", "RFC3339") != "RFC3339":
            self._faults.add(f"{path}.format", f"is {shown(time['format'])}", _TIME_RIGHT)
            return None
        text = time.get("value")
        try:
            instant_us = parse_instant(text if isinstance(text, str) and len(text) < 100 else "")
        except Malformed:
            self._faults.add(f"{path}.value", f"{shown(text)} is not a time between 1970 and 2200 in UTC", _TIME_RIGHT)
            return None
        return min(instant_us, LATEST_US - 1)  # so that the microsecond after an end at the very limit still exists

    def _band(self, volume: Item, path: str) -> AltitudeBand | None:
        limits = [self._altitude(volume.get(name), f"{path}.{name}") for name in ("altitude_lower", "altitude_upper")]
        lower, upper = limits
        if lower is None or upper is None:
            return None
        try:
            return AltitudeBand(lower, upper)
        except Malformed as problem:
            self._faults.add_error(f"{path}.altitude_upper", problem, "give an upper limit above the lower")
            return None

    def _altitude(self, value: object, path: str) -> Altitude | None:
        if value is None:
            self._faults.add(path, "is missing", _ALTITUDE_RIGHT)
            return None
        altitude = self._object(value, path)
        if altitude is None:
            return None
        for name, wanted in (("reference", "W84"), ("units", "M")):
            if altitude.get(name) != wanted:
                self._faults.add(f"{path}.{name}", f"is {shown(altitude.get(name))}", f'F3548 allows "{wanted}" only')
                return None
        metres = number(altitude.get("value"))
        if metres is None:
            self._faults.add(f"{path}.value", f"{shown(altitude.get('value'))} is not a finite number", _ALTITUDE_RIGHT)
            return None
        try:
            return Altitude(metres, AltitudeDatum.WGS84)
        except Malformed as problem:
            self._faults.add_error(f"{path}.value", problem, _ALTITUDE_RIGHT)
            return None

    def _footprint(self, volume: Item, path: str) -> Footprint | None:
        polygon, circle = volume.get("outline_polygon"), volume.get("outline_circle")
        if (polygon is None) == (circle is None):
            self._faults.add(path, "has two outlines" if polygon is not None else "has no outline", _OUTLINE_RIGHT)
            return None
        if polygon is not None:
            return self._polygon(polygon, f"{path}.outline_polygon")
        return self._circle(circle, f"{path}.outline_circle")

    def _polygon(self, value: object, path: str) -> Polygon | None:
        polygon = self._object(value, path)
        vertices = polygon.get("vertices") if polygon is not None else None
        if not isinstance(vertices, list):
            if polygon is not None:
                self._faults.add(f"{path}.vertices", f"is {shown(vertices)}", "give at least 3 vertices")
            return None
        self._vertices += len(vertices)
        if self._vertices > VERTICES_MAX:
            self._faults.add(
                path, f"the file holds more than {VERTICES_MAX:,} vertices (VERTICES_MAX)", "split the file"
            )
            return None
        outline: list[LatLon] = []
        for index, vertex in enumerate(vertices):
            corner = self._point(vertex, f"{path}.vertices[{index}]")
            if corner is None:  # the first is told: an outline that is wrong throughout would give a line for each
                return None
            outline.append(corner)
        try:
            return Polygon(tuple(outline))
        except Malformed as problem:
            self._faults.add_error(f"{path}.vertices", problem, "give 3 vertices or more, each once")
            return None

    def _circle(self, value: object, path: str) -> Circle | None:
        circle = self._object(value, path)
        if circle is None:
            return None
        centre = self._point(circle.get("center"), f"{path}.center")
        radius = self._object(circle.get("radius"), f"{path}.radius")
        if centre is None or radius is None:
            return None
        radius_m = number(radius.get("value"))
        if radius_m is None or radius.get("units") != "M":
            self._faults.add(
                f"{path}.radius",
                f"is {shown(radius.get('value'))} {shown(radius.get('units'))}",
                'give {"value": 300, "units": "M"}',
            )
            return None
        try:
            return Circle(centre[0], centre[1], radius_m)
        except Malformed as problem:
            self._faults.add_error(f"{path}.radius.value", problem, "give metres")
            return None

    def _point(self, value: object, path: str) -> LatLon | None:
        point = self._object(value, path)
        if point is None:
            return None
        lat_deg, lon_deg = number(point.get("lat")), number(point.get("lng"))
        if lat_deg is None or lon_deg is None:
            name = "lat" if lat_deg is None else "lng"
            self._faults.add(f"{path}.{name}", f"{shown(point.get(name))} is not a finite number", "give degrees")
            return None
        try:
            return check_position((lat_deg, lon_deg), at=path)
        except Malformed as problem:
            self._faults.add_error(path, problem, 'give {"lat": latitude, "lng": longitude} in degrees')
            return None
