"""Lengths and altitudes in the units people speak, and the metres used inside."""

from __future__ import annotations

FOOT_M = 0.3048
NAUTICAL_MILE_M = 1852.0
FLIGHT_LEVEL_M = 100 * FOOT_M


def feet_to_m(feet: float) -> float:
    """Metres of so many international feet."""
    return feet * FOOT_M


def m_to_feet(metres: float) -> float:
    """International feet of so many metres."""
    return metres / FOOT_M


def nautical_miles_to_m(nautical_miles: float) -> float:
    """Metres of so many international nautical miles."""
    return nautical_miles * NAUTICAL_MILE_M


def flight_level_to_m(flight_level: float) -> float:
    """Pressure altitude in metres of a flight level (FL 100 is 10,000 ft on standard pressure)."""
    return flight_level * FLIGHT_LEVEL_M
