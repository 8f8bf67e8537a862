"""What the service holds, as bytes for a store and back. Places keep every bit: two processes must judge alike.

MessagePack arrays, positions as below. A new field goes to the end, and is optional when read.
"""

from __future__ import annotations

from typing import Any

import msgspec

from keepclear.core.footprint import Circle, Polygon
from keepclear.core.timespan import TimeSpan
from keepclear.core.volume import Altitude, AltitudeBand, AltitudeDatum, Volume4D
from keepclear.dss.values import (
    Availability,
    Constraint,
    Intent,
    IntentState,
    Kind,
    Report,
    Subscription,
    UssState,
    Value,
)
from keepclear.errors import StoreFailed

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode


def to_bytes(value: Value) -> bytes:
    """The stored form of a value."""
    match value:
        case Intent():
            fields = (*_common(value), value.state.value, value.subscription)
        case Constraint():
            fields = _common(value)
        case Subscription():
            fields = (*_common(value), value.for_intents, value.for_constraints, value.is_implicit)
        case Availability(uss, state, version):
            fields = (uss, state.value, version)
        case Report(key, manager, at_us, data):
            fields = (key, manager, at_us, data)
        case int():
            return _encode(value)
    return _encode(fields)


def from_bytes(kind: Kind, data: bytes) -> Value:
    """A value from its stored form.

    Raises:
        StoreFailed: it is not one, so the store is damaged or of a newer version.
    """
    try:
        fields = _decode(data)
        match kind:
            case Kind.INTENT:
                common: tuple[Any, ...] = (*_read_common(fields), IntentState(fields[8]), fields[9])
                return Intent(*common)
            case Kind.CONSTRAINT:
                return Constraint(*_read_common(fields))
            case Kind.SUBSCRIPTION:
                key, manager, version, _, url, start_us, end_us, extents = _read_common(fields)
                return Subscription(key, manager, version, url, start_us, end_us, extents, *fields[8:11])
            case Kind.AVAILABILITY:
                return Availability(fields[0], UssState(fields[1]), fields[2])
            case Kind.REPORT:
                return Report(*fields[:4])
            case Kind.NOTIFIED:
                return int(fields)
    except (msgspec.MsgspecError, ValueError, TypeError, IndexError) as problem:
        raise StoreFailed(f"a stored {kind.name.lower()} cannot be read: {problem}") from None


def _common(value: Intent | Constraint | Subscription) -> tuple[Any, ...]:
    ovn = "" if isinstance(value, Subscription) else value.ovn
    extents = [_pack(volume) for volume in value.extents]
    return (value.id, value.manager, value.version, ovn, value.url, value.start_us, value.end_us, extents)


def _read_common(fields: Any) -> tuple[Any, ...]:
    return (*fields[:7], tuple(_unpack(volume) for volume in fields[7]))


def _pack(volume: Volume4D) -> tuple[Any, ...]:
    footprint, band, span = volume.footprint, volume.band, volume.span
    ground = (
        (footprint.lat_deg, footprint.lon_deg, footprint.radius_m)
        if isinstance(footprint, Circle)
        else footprint.outline
    )
    return (ground, band.lower.value_m, band.upper.value_m, span.start_us, span.end_us)


def _unpack(fields: Any) -> Volume4D:
    ground, lower_m, upper_m, start_us, end_us = fields
    footprint = Polygon(tuple(map(tuple, ground))) if isinstance(ground[0], list) else Circle(*ground)
    band = AltitudeBand(Altitude(lower_m, AltitudeDatum.WGS84), Altitude(upper_m, AltitudeDatum.WGS84))
    return Volume4D(footprint, band, TimeSpan(start_us, end_us))
