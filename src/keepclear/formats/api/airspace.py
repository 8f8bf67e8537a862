"""What the API says of our acts in the field of ASTM F3548. Shapes: docs/reference/http-api.md."""

from __future__ import annotations

from typing import Literal

from keepclear.formats.api.answers import Answer
from keepclear.formats.api.volumes import Time


class Intent(Answer, frozen=True):
    """What came of showing a notice of ours as an operational intent.

    `planned` says whether one stands at the discovery service, be it of an earlier version of the notice.
    """

    id: str
    version: int
    entity: str
    outcome: Literal["planned", "refused", "failed", "ended"]
    planned: bool
    why: str
    conflicts: tuple[str, ...]
    at: Time


class IntentConflict(Answer, frozen=True):
    """A notice of ours meets an operational intent of another service."""

    id: str
    version: int
    entity: str
    manager: str
    verdict: Literal["POSSIBLE", "CONFLICT"]
    start: Time
    end: Time


class Airspace(Answer, frozen=True):
    """Our notices in the field of ASTM F3548, and what they meet there."""

    intents: tuple[Intent, ...]
    conflicts: tuple[IntentConflict, ...]
