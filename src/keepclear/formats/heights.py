"""Heights and bands as people write them, each with its unit and its datum (P4).

A height without a datum is refused, and so are two statements of one limit that differ: one published notice carried
two different upper limits (docs/explanation/altitude.md), and a machine must refuse that.
"""

from __future__ import annotations

import re
from typing import Final

from keepclear.core.units import FOOT_M, flight_level_to_m, m_to_feet
from keepclear.core.volume import Altitude, AltitudeBand, AltitudeDatum
from keepclear.errors import Malformed

TEXT_MAX: Final = 80
FLIGHT_LEVEL_MAX: Final = 660
RIGHT: Final = "write it as 1500 m AMSL, 5000 ft AGL, 300 m WGS84 or FL150"
#: Two statements of one height that are nearer than this are the same number, rounded.
ROUNDING_M: Final = 0.5

_DATA: Final = {
    **dict.fromkeys(("AMSL", "MSL", "ASL"), AltitudeDatum.AMSL),
    **dict.fromkeys(("AGL", "GND", "SFC", "ASFC"), AltitudeDatum.AGL),
    **dict.fromkeys(("WGS84", "WGS-84", "HAE", "ELLIPSOID"), AltitudeDatum.WGS84),
}
_UNITS: Final = {"M": 1.0, "METRES": 1.0, "METERS": 1.0, "FT": FOOT_M, "FEET": FOOT_M}
_LEVEL = re.compile(r"FL ?(\d{1,3})", re.ASCII)
_MEASURE = re.compile(r"(-?\d{1,6}(?:\.\d{1,3})?) ?([A-Z]+)?(?: ([A-Z0-9-]+))?", re.ASCII)
_BAND = re.compile(r"(.+?)(?: TO | ?[\u2013\u2014/] ?| - |(?<=[0-9A-Z])-(?=[0-9FSU]))(.+)", re.ASCII)


def read_height(text: str, *, at: str = "height") -> Altitude:
    """One height (P4).

    Raises:
        Malformed: no number, no unit, no datum, a comma, or a flight level beyond 660.

    >>> read_height("5000 ft AMSL"), read_height("FL150").datum
    (Altitude(value_m=1524.0, datum=<AltitudeDatum.AMSL: 'AMSL'>), <AltitudeDatum.FL: 'FL'>)
    """
    said = " ".join(text.split()).upper()
    if not 0 < len(said) <= TEXT_MAX:
        raise Malformed(f"a height takes 1 to {TEXT_MAX} characters; {RIGHT}", at=at)
    if said in ("SFC", "GND", "SURFACE", "GROUND"):
        return Altitude(0.0, AltitudeDatum.AGL)
    if (level := _LEVEL.fullmatch(said)) is not None:
        if int(level.group(1)) > FLIGHT_LEVEL_MAX:
            raise Malformed(f"a flight level lies between 0 and {FLIGHT_LEVEL_MAX}, not {level.group(1)}", at=at)
        return Altitude(round(flight_level_to_m(int(level.group(1))), 3), AltitudeDatum.FL)
    if "," in said:
        raise Malformed(f"in {text!r} a comma may part thousands or decimals: leave it out; {RIGHT}", at=at)
    match = _MEASURE.fullmatch(said)
    if match is None:
        raise Malformed(f"{text!r} is not a height; {RIGHT}", at=at)
    figure, unit, datum = match.groups()
    if unit is not None and unit not in _UNITS and datum is None:
        unit, datum = None, unit
    if unit is None or unit not in _UNITS:
        raise Malformed(f"{text!r} does not say whether it is in metres or feet; {RIGHT}", at=at)
    if datum is None or datum not in _DATA:
        raise Malformed(f"{text!r} does not say what it is measured from: AMSL, AGL or WGS84; {RIGHT}", at=at)
    return Altitude(round(float(figure) * _UNITS[unit], 3), _DATA[datum])


def read_band(text: str, *, at: str = "heights") -> AltitudeBand:
    """A lower and an upper limit: `SFC to FL150`, `500 ft AGL - 5000 ft AMSL`, `1500-3000 ft AMSL`.

    A lower limit without unit and datum takes those of the upper.

    Raises:
        Malformed: either is no height, or the lower lies above the upper.

    >>> read_band("1500-3000 ft AMSL").lower.value_m
    457.2
    """
    said = " ".join(text.split()).upper()
    match = _BAND.fullmatch(said) if len(said) <= TEXT_MAX else None
    if match is None:
        raise Malformed(f"{text!r} is no band of heights: write it as SFC to FL150", at=at)
    lower, upper = match.groups()
    top = _MEASURE.fullmatch(upper)
    if re.fullmatch(r"-?\d+(?:\.\d+)?", lower, re.ASCII) and top is not None:
        lower = f"{lower} {' '.join(part for part in top.groups()[1:] if part)}"
    return AltitudeBand(read_height(lower, at=f"{at}.lower"), read_height(upper, at=f"{at}.upper"))


def agreed_height(text: str, given: Altitude | None, *, at: str) -> Altitude:
    """The height that a text and a number both say (P4).

    Args:
        given: the same limit as a number with its datum; None when there is only the text.

    Raises:
        Malformed: they are two different limits. A notice was once published with two upper limits; neither is chosen
            here.

    >>> agreed_height("FL 320", Altitude(9753.6, AltitudeDatum.FL), at="upper").datum
    <AltitudeDatum.FL: 'FL'>
    """
    said = read_height(text, at=at)
    if given is None:
        return said
    if said.datum is not given.datum or abs(said.value_m - given.value_m) > ROUNDING_M:
        raise Malformed(
            f"two different limits: the text says {height_text(said)}, the number {height_text(given)}; give one, or"
            " make them agree",
            at=at,
        )
    return given


def height_text(altitude: Altitude) -> str:
    """A height as people write it, to a tenth of a metre, with its datum.

    >>> height_text(Altitude(9753.6, AltitudeDatum.FL)), height_text(Altitude(1500.0, AltitudeDatum.AMSL))
    ('FL320', '1500 m AMSL')
    """
    if altitude.datum is AltitudeDatum.FL:
        return f"FL{altitude.value_m / flight_level_to_m(1):g}"
    return f"{altitude.value_m:.1f}".removesuffix(".0") + f" m {altitude.datum}"


def height_in_feet(altitude: Altitude) -> str:
    """A height in feet with its datum, to the foot; a flight level stays one.

    >>> height_in_feet(Altitude(1524.0, AltitudeDatum.AGL))
    '5000 ft AGL'
    """
    if altitude.datum is AltitudeDatum.FL:
        return height_text(altitude)
    return f"{m_to_feet(altitude.value_m):.0f} ft {altitude.datum}"
