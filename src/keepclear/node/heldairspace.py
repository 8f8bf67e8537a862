"""What the picture holds of our acts in the field of ASTM F3548."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class HeldIntent:
    """What came last of showing a notice as an operational intent.

    Attributes:
        is_planned: whether an intent of it stands at the discovery service, be it of an earlier version.
    """

    version: int
    entity: str
    outcome: str
    there: int
    why: str
    conflicts: tuple[str, ...]
    at: int
    is_planned: bool
