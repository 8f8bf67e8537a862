"""/v1/airspace: our notices as operational intents of ASTM F3548, and what they meet there."""

from __future__ import annotations

from keepclear.core.conflict import Verdict
from keepclear.core.timespan import zulu
from keepclear.faces.http.endpoint import Api, Asked, Endpoint
from keepclear.formats.api import airspace as shapes
from keepclear.node.entries.airspace import IntentOutcome


async def airspace(api: Api, _: Asked) -> shapes.Airspace:
    """What stands, what was refused and why, and every conflict with an intent of another service."""
    picture = api.node.picture
    return shapes.Airspace(
        tuple(
            shapes.Intent(
                serial,
                held.version,
                held.entity,
                IntentOutcome(held.outcome).value,
                held.is_planned,
                held.why,
                held.conflicts,
                zulu(held.at),
            )
            for serial, held in sorted(picture.intents.items())
        ),
        tuple(
            shapes.IntentConflict(
                serial,
                body.version,
                entity,
                body.manager,
                "CONFLICT" if body.verdict is Verdict.CONFLICT else "POSSIBLE",
                zulu(body.start),
                zulu(body.end),
            )
            for (serial, entity), body in sorted(picture.intent_conflicts.items())
        ),
    )


ENDPOINTS = (
    Endpoint(
        "GET", "/v1/airspace", "Our notices as operational intents of ASTM F3548, and what they meet there", airspace,
        answer=shapes.Airspace,
    ),
)  # fmt: skip
