"""Our plans as messages of the interface, and other services' intents as ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import msgspec

from keepclear.core.volume import ALTITUDE_MAX_M, ALTITUDE_MIN_M, Altitude, AltitudeBand, AltitudeDatum, Volume4D
from keepclear.dss.names import check_id
from keepclear.dss.values import IntentState
from keepclear.engine.heights import heights_of
from keepclear.errors import KeepclearError, Malformed, NotAllowed, Unavailable
from keepclear.formats.f3548 import messages
from keepclear.formats.f3548.volumes import complete_volume, instant_us, time_of, volume_message
from keepclear.uss.values import Plan, Standing

#: Volumes of one intent of another service. More is refused: each is compared with each of ours.
VOLUMES_MAX = 1_000
#: Greater than any that is given.
PRIORITY_TOP: Final = 2**63


def details_message(standing: Standing) -> messages.OperationalIntent:
    """An intent of ours, whole, as we show it to a service that asks."""
    return messages.OperationalIntent(reference_message(standing), _details(standing.plan))


def reference_message(standing: Standing) -> messages.PeerIntentReference:
    """The reference of an intent of ours, with its OVN."""
    return messages.PeerIntentReference(
        id=standing.plan.id,
        manager=standing.manager,
        version=standing.version,
        state=standing.plan.state.value,
        time_start=time_of(standing.start_us),
        time_end=time_of(standing.end_us),
        uss_base_url=standing.url,
        ovn=standing.ovn,
        subscription_id=standing.subscription or None,
        uss_availability="Unknown",
    )


def _details(plan: Plan) -> messages.OperationalIntentDetails:
    return messages.OperationalIntentDetails(
        tuple(volume_message(volume) for volume in plan.volumes),
        tuple(volume_message(volume) for volume in plan.off_nominal),
        plan.priority,
    )


def put_message(plan: Plan, *, key: list[str], url: str, subscription: str) -> dict[str, Any]:
    """The request to put a reference: the extents are the volumes, no finer and no coarser than what we show."""
    body: dict[str, Any] = {
        "extents": [volume_message(volume) for volume in plan.extents],
        "key": key,
        "state": plan.state.value,
        "uss_base_url": url,
    }
    if subscription:
        body["subscription_id"] = subscription
    else:
        body["new_subscription"] = {"uss_base_url": url, "notify_for_constraints": False}
    return body


def standing_of(intent: messages.OperationalIntent) -> Standing:
    """Another service's intent as ours.

    Raises:
        Malformed: a volume that cannot be, or too many.
    """
    reference, details = intent.reference, intent.details
    volumes = _volumes(details.volumes, "volumes")
    off_nominal = _volumes(details.off_nominal_volumes, "off_nominal_volumes")
    if len(volumes) + len(off_nominal) > VOLUMES_MAX:
        raise Malformed(f"an intent has at most {VOLUMES_MAX} volumes here", at="operational_intent.details.volumes")
    plan = Plan(
        check_id(reference.id, at="operational_intent.reference.id"),
        volumes,
        IntentState(reference.state),
        details.priority or 0,
        off_nominal,
    )
    return Standing(
        plan,
        reference.manager,
        reference.version,
        reference.ovn or "",
        reference.uss_base_url.rstrip("/"),
        instant_us(reference.time_start),
        instant_us(reference.time_end),
    )


def assumed(reference: messages.PeerIntentReference, plan: Plan) -> Standing | None:
    """What the standard has us assume of an intent whose details its service, marked Down, does not give.

    What was only planned gives way: None. What may be in the air is wherever the plan is, and goes before everything.
    """
    state = IntentState(reference.state)
    if state is IntentState.ACCEPTED:
        return None
    return Standing(
        Plan(reference.id, plan.extents, state, PRIORITY_TOP),
        reference.manager,
        reference.version,
        "",
        reference.uss_base_url.rstrip("/"),
        instant_us(reference.time_start),
        instant_us(reference.time_end),
    )


def _volumes(given: tuple[messages.Volume4D, ...] | None, name: str) -> tuple[Volume4D, ...]:
    at = f"operational_intent.details.{name}"
    return tuple(complete_volume(volume, at=f"{at}[{number}]")[0] for number, volume in enumerate(given or ()))


def read(data: bytes, kind: Any, who: str) -> Any:
    """An answer of another service.

    Raises:
        Unavailable: it is not what the interface says; whose it is, is named.
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as problem:
        raise Unavailable(f"{who} answers with something else than the interface says: {problem}") from None


def refusal(status: int, data: bytes, who: str) -> KeepclearError:
    """What another service refused, as an error of ours."""
    try:
        said: Any = read(data, dict[str, Any], who).get("message", "")
    except Unavailable:
        said = ""
    words = f"{who} answers {status}: {str(said)[:300]}"
    if status in (400, 413):
        return Malformed(words)
    return NotAllowed(words) if status in (401, 403, 412) else Unavailable(words)


def above_ellipsoid(volume: Volume4D) -> Volume4D:
    """A volume whose limits are heights above the ellipsoid: where a conversion has a width, the outer end of it."""
    heights = heights_of(volume.band, volume.footprint)
    lower, upper = _clamped((heights.least_lower, heights.most_upper))
    return replace(volume, band=AltitudeBand(lower, upper))


def _clamped(limits_m: Sequence[float]) -> tuple[Altitude, ...]:
    return tuple(
        Altitude(min(max(limit_m, ALTITUDE_MIN_M), ALTITUDE_MAX_M), AltitudeDatum.WGS84) for limit_m in limits_m
    )
