"""How the picture takes up zones: announced, changed, given back, lifted; and which a notice meets."""

from __future__ import annotations

from typing import Any

from keepclear.core.ids import make_key
from keepclear.core.zone import ZoneState
from keepclear.formats.agreement_wire import zone_from_wire
from keepclear.node.entries import ZoneSaid, ZonesMet
from keepclear.node.held import HeldZone
from keepclear.node.logs import Read
from keepclear.node.state import Fold, State

#: Zones of one party that are over and stay to be looked at: the newest.
OVER_KEPT = 200


def apply_zone(state: State, entry: Read, body: ZoneSaid, sender: str, receiver: str) -> None:
    """A party says what a zone of its own is now."""
    key = f"{sender}/{body.zone.id}"
    before = state.zones.get(key)
    if before is not None and body.version < before.version:
        return
    to = [*before.to] if before is not None else []
    if receiver != state.party and receiver not in to:
        to.append(receiver)
    # Held anew at the end, so that the oldest of those that are over go first.
    state.zones.pop(key, None)
    state.zones[key] = HeldZone(
        key=key,
        party=sender,
        zone=zone_from_wire(body.zone),
        version=body.version,
        state=body.state,
        at=entry.at,
        by=body.by,
        to=to,
        given_back_at=body.given_back_at,
        used=body.used,
        reason=body.reason,
    )
    over = [held.key for held in state.zones.values() if held.party == sender and held.state is ZoneState.LIFTED]
    for old in over[: max(0, len(over) - OVER_KEPT)]:
        del state.zones[old]


def apply_met(state: State, entry: Read, body: ZonesMet, sender: str, receiver: str) -> None:
    """Which zones a notice meets."""
    key = make_key(body.party, body.id)
    if not body.found:
        state.zones_met.pop(key, None)
    elif key in state.notices:
        state.zones_met[key] = body


FOLDS: dict[Any, Fold] = {ZoneSaid: apply_zone, ZonesMet: apply_met}
