"""The picture as our API shows it: plain values, ready to be written as JSON. Shapes: docs/reference/http-api.md."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from keepclear.core.disclosure import disclosed_fields
from keepclear.core.footprint import Circle
from keepclear.core.ids import make_key
from keepclear.core.notice import NOT_CERTIFIED_LINE, STANDING_LINE
from keepclear.core.timespan import SECOND_US, zulu
from keepclear.core.volume import Altitude, Volume4D
from keepclear.faces.http.places import said_and_checked
from keepclear.formats.agreement_toml import write_agreement
from keepclear.node.consequences import HIDEABLE
from keepclear.node.consequences import is_short as is_too_short
from keepclear.node.entries import ConflictsFound, FoundPair, MovementSaid, NoticeFiled
from keepclear.node.held import (
    HeldAgreement,
    HeldAlert,
    HeldDuty,
    HeldNotice,
    HeldStop,
    Instants,
)
from keepclear.node.logs import channel, parties_of, read_entry
from keepclear.node.loop import Receipt
from keepclear.node.node import Node
from keepclear.node.picture import Picture
from keepclear.node.proofs import is_given
from keepclear.record.checkpoint import parse
from keepclear.record.tree import leaf_hash

Shown = dict[str, Any]

#: Stands before everything else where a node only trains (V6).
EXERCISE = ("*** EXERCISE  EXERCISE  EXERCISE *** Nothing here is meant.",)


def instant(at_us: int) -> str:
    """RFC 3339 in UTC, or empty for "not yet"."""
    return zulu(at_us) if at_us > 0 else ""


def _altitude(altitude: Altitude) -> Shown:
    return {"value_m": altitude.value_m, "datum": altitude.datum.value}


def volume(given: Volume4D) -> Shown:
    """A volume in degrees, metres and UTC."""
    footprint = given.footprint
    shown: Shown = (
        {"circle": {"lat": footprint.lat_deg, "lon": footprint.lon_deg, "radius_m": footprint.radius_m}}
        if isinstance(footprint, Circle)
        else {"polygon": [list(corner) for corner in footprint.outline]}
    )
    shown["lower"], shown["upper"] = _altitude(given.band.lower), _altitude(given.band.upper)
    shown["start"], shown["end"] = zulu(given.span.start_us), zulu(given.span.end_us)
    return shown


def movement(said: MovementSaid | None) -> Shown | None:
    """What moves, or None."""
    return msgspec.to_builtins(said, builtin_types=()) if said is not None else None


# ---------------------------------------------------------------------------------------------------------- notices


def notice(node: Node, held: HeldNotice) -> Shown:
    """A notice with its versions and the five instants for each recipient."""
    latest = held.latest
    body = latest.body
    shown: Shown = {
        "party": held.party,
        "id": held.id,
        "version": latest.version,
        "state": body.state.value,
        "kind": body.kind.value,
        "action": body.action.value,
        "mode": latest.mode.value,
        "region": body.region,
        "contact": body.contact,
        "remarks": body.remarks,
        "activity": body.activity,
        "volumes": [volume(each) for each in held.volumes],
        "start": zulu(held.span.start_us),
        "end": zulu(held.span.end_us),
        "own": held.is_own,
        "live": held.is_live(node.now_us()),
        "hash": latest.hash,
        "log": latest.log,
        "n": latest.n,
        "filed_at": zulu(held.versions[0].at),
        "change": body.change.value if body.change else "",
        "timing": body.timing.value,
        "reason": body.reason.value if body.reason else "",
        "movement": movement(body.movement),
        "expiry_announced": instant(held.expiry_announced_at),
        "standing": STANDING_LINE,
        "recipients": recipients(node, held),
        **said_and_checked(node, held),
        "versions": [
            {
                "version": each.version,
                "at": zulu(each.at),
                "hash": each.hash,
                "state": each.state.value,
                "log": each.log,
                "n": each.n,
            }
            for each in held.versions
        ],
    }
    if isinstance(body, NoticeFiled):
        shown["drafted_by"], shown["slowest_mps"], shown["reaction_s"] = (
            body.drafted_by,
            body.slowest_mps,
            body.reaction_s,
        )
        shown["hidden"] = _hidden_from_others(node)
    else:
        shown["hidden"] = sorted(body.hidden)
        shown["drafted_by"] = held.party
    return shown


def _hidden_from_others(node: Node) -> list[str]:
    hidden: set[str] = set()
    for peer in node.picture.enrolled_peers():
        agreement = node.picture.agreement_with(peer)
        if agreement is not None:
            hidden |= set(HIDEABLE) - disclosed_fields(agreement.disclosure[node.party])
    return sorted(hidden)


def recipients(node: Node, held: HeldNotice) -> list[Shown]:
    """The five instants of the newest version, for each recipient: our peers, or ourselves for another party's."""
    latest = held.latest.version
    if not held.is_own:
        own = held.sent.get((node.party, latest))
        return [_recipient(node, held, node.party, own)] if own else []
    return [_recipient(node, held, peer, held.sent.get((peer, latest))) for peer in node.picture.enrolled_peers()]


def _recipient(node: Node, held: HeldNotice, party: str, instants: Instants | None) -> Shown:
    if instants is None:
        return {"party": party, "version": held.latest.version, "disclosed": False}
    other = held.party if not held.is_own else party
    agreement = node.picture.agreement_with(other)
    lead_s: int | None = None
    is_short = False
    if instants.received_at:
        exact_s = (held.span.start_us - instants.received_at) / SECOND_US
        lead_s = math.floor(exact_s)
        is_short = agreement is not None and is_too_short(agreement, held.latest.body, exact_s)
    return {
        "party": party,
        "version": instants.version,
        "disclosed": True,
        "transmitted": instant(instants.transmitted_at),
        "received": instant(instants.received_at),
        "acknowledged": instant(instants.acknowledged_at),
        "acknowledged_by": instants.acknowledged_by,
        "answer": instants.answer,
        "read_back": instant(instants.read_back_at),
        "read_back_by": instants.read_back_by,
        "profile": instants.profile,
        "disseminated": instant(instants.disseminated_at),
        "lead_s": lead_s,
        "lead_bracket_s": lead_bracket_s(node, held, instants),
        "is_short": is_short,
        "given": is_given(node.exchange, held.key, instants.version, party),
    }


def lead_bracket_s(node: Node, held: HeldNotice, instants: Instants) -> list[int] | None:
    """The lead time as our own clock bounds it: the receiver alone stamps the receipt, the record brackets it.

    For a notice of ours: not before we wrote it, not after we cosigned the peer's statement that it was received.
    For a notice of theirs: not before we wrote the newest entry that theirs embeds, not after we cosigned it.
    """
    if not instants.received_at:
        return None
    if held.is_own:
        earliest = instants.entered_at
        theirs = channel(_receiver(instants.log), node.party)
        times = node.exchange.cosigned.get(theirs)
        cosigned_s = times.first_over(instants.receipt_n) if times and instants.receipt_n >= 0 else 0
    else:
        earliest = instants.not_before
        times = node.exchange.cosigned.get(instants.log)
        cosigned_s = times.first_over(instants.n) if times else 0
    if not earliest or not cosigned_s:
        return None
    # A cosignature's time has whole seconds, cut off: the true moment lies before the next one.
    least = math.floor((held.span.start_us - (cosigned_s + 1) * SECOND_US) / SECOND_US)
    most = math.ceil((held.span.start_us - earliest) / SECOND_US)
    return [least, most]


def _receiver(log: str) -> str:
    return parties_of(log)[1]


# ---------------------------------------------------------------------------------------------------------- alerts


def alert(node: Node, held: HeldAlert) -> Shown:
    """An alert with its clock and what our own figures say."""
    now_us = node.now_us()
    about = node.picture.notices.get(make_key(held.ref.party, held.ref.id))
    assessed = held.assessed
    to_us = held.to == node.party
    state = held.state
    if held.is_open and about is not None and not about.is_live(now_us):
        state = "ended"
    have_s = max(0.0, (about.span.start_us - now_us) / SECOND_US) if about and assessed and assessed.need_s else 0.0
    recipient = node.party if to_us else held.to
    instants = about.sent.get((recipient, held.ref.version)) if about else None
    lead_s: int | None = assessed.lead_s if assessed else None
    if lead_s is None and about is not None and instants is not None and instants.received_at:
        lead_s = math.floor((about.span.start_us - instants.received_at) / SECOND_US)
    return {
        "id": held.id,
        "party": held.party,
        "to": held.to,
        "to_us": to_us,
        "level": held.level.value,
        "notice": {
            "party": held.ref.party,
            "id": held.ref.id,
            "version": held.ref.version,
            "hash": held.ref.hash,
        },
        "raised_at": zulu(held.raised_at),
        "due_at": instant(held.due_at),
        "due_in_s": round((held.due_at - now_us) / SECOND_US, 1),
        "state": state,
        "answer": held.answer,
        "answered_by": held.answered_by,
        "answered_at": instant(held.answered_at),
        "silenced_until": instant(held.silenced_until),
        "lead_s": lead_s,
        "lead_bracket_s": lead_bracket_s(node, about, instants) if about and instants else None,
        "is_short": _is_short(node, held, lead_s),
        "need_s": assessed.need_s if assessed else 0,
        "have_s": round(have_s, 1),
        "inside": list(assessed.inside) if assessed else [],
        "conflicts": list(assessed.conflicts if assessed else held.sent.conflicts),
        "contradiction": (
            {"said": assessed.contradiction[0], "fits": assessed.contradiction[1]}
            if assessed and assessed.contradiction
            else None
        ),
        "mode": held.mode.value,
    }


def _is_short(node: Node, held: HeldAlert, lead_s: int | None) -> bool:
    if held.assessed:
        return held.assessed.is_short
    agreement = node.picture.agreement_with(held.to)
    about = node.picture.notices.get(make_key(held.ref.party, held.ref.id))
    if lead_s is None or agreement is None or about is None:
        return False
    return is_too_short(agreement, about.latest.body, lead_s)


def stop(node: Node, held: HeldStop) -> Shown:
    """A STOP, who was asked, and who answered."""
    now_us = node.now_us()
    duties = [node.picture.duties.get(f"answer_stop {held.key}/{peer}") for peer in held.to]
    due_at = min((duty.due_at for duty in duties if duty is not None), default=0)
    if not held.is_own:
        agreement = node.picture.agreement_with(held.party)
        within_s = agreement.deadlines.acknowledge_stop_s if agreement else 60
        due_at = held.received.get(node.party, held.at) + within_s * SECOND_US
    return {
        "id": held.key,
        "serial": held.id,
        "party": held.party,
        "own": held.is_own,
        "at": zulu(held.at),
        "by": held.sent.by,
        "remarks": held.sent.remarks,
        "to": list(held.to),
        "state": "resumed" if held.resumed_at else "active",
        "resumed_at": instant(held.resumed_at),
        "answers": [
            {"party": given.party, "answer": given.answer, "by": given.by, "at": zulu(given.at)}
            for given in held.answers
        ],
        "answered": {given.party for given in held.answers} >= (set(held.to) if held.is_own else {node.party}),
        "due_at": instant(due_at),
        "due_in_s": round((due_at - now_us) / SECOND_US, 1) if due_at else 0.0,
        "received": {party: zulu(at) for party, at in held.received.items()},
        "recorded": True,
        "mode": held.mode.value,
    }


# ---------------------------------------------------------------------------------------------------------- conflicts


def conflicts(node: Node) -> list[Shown]:
    """The conflicts that stand: both notices live, and at the versions that were compared."""
    now_us = node.now_us()
    shown: dict[frozenset[str], Shown] = {}
    for (key, other_party), found in node.picture.conflicts.items():
        one = node.picture.notices.get(key)
        if one is None or one.latest.version != found.version or not one.is_live(now_us):
            continue
        for pair in found.pairs:
            other = node.picture.notices.get(make_key(other_party, pair.id))
            if other is None or other.latest.version != pair.version or not other.is_live(now_us):
                continue
            both = frozenset((one.key, other.key))
            shown[both] = conflict(found, pair, node.picture.conflict_numbers.get(both, 0))
    return sorted(shown.values(), key=lambda each: int(each["number"]))


def conflict(found: ConflictsFound, pair: FoundPair, number: int) -> Shown:
    """One pair of notices nearer than agreed."""
    return {
        "number": number,
        "one": {"party": found.party, "id": found.id, "version": found.version},
        "other": {"party": found.with_party, "id": pair.id, "version": pair.version},
        "verdict": pair.verdict.value,
        "start": instant(pair.start),
        "end": instant(pair.end),
        "horizontal_m": [each / 1000 for each in pair.horizontal_mm],
        "vertical_m": [each / 1000 for each in pair.vertical_mm],
        "time_s": pair.time_ms / 1000,
        "near": [pair.near[0] / 1e7, pair.near[1] / 1e7] if pair.near else None,
    }


def conflicts_of(node: Node, held: HeldNotice) -> list[Shown]:
    """The conflicts of one notice as it was found when its newest version was decided."""
    picture = node.picture
    # Asked for by name: all conflicts that stand are too many to look through for each notice that is filed.
    of_party = (picture.conflicts.get((held.key, party)) for party in (node.party, *picture.peers))
    return [
        conflict(found, pair, picture.conflict_numbers.get(_both(held, found, pair), 0))
        for found in of_party
        if found is not None and found.version == held.latest.version
        for pair in found.pairs
    ]


def _both(held: HeldNotice, found: ConflictsFound, pair: FoundPair) -> frozenset[str]:
    return frozenset((held.key, make_key(found.with_party, pair.id)))


# ------------------------------------------------------------------------------------------- duties, peers, agreements


def duty(node: Node, held: HeldDuty) -> Shown:
    """What somebody owes."""
    return {
        "duty": held.duty,
        "owed_by": held.owed_by,
        "due_at": zulu(held.due_at),
        "due_in_s": round((held.due_at - node.now_us()) / SECOND_US, 1),
        "state": held.state.value,
        "proof": held.proof,
    }


def agreement(held: HeldAgreement, picture: Picture) -> Shown:
    """An agreement in the units people use."""
    terms = held.agreement
    deadlines = terms.deadlines
    return {
        "hash": held.hash,
        "title": terms.title,
        "parties": list(terms.parties),
        "state": held.state,
        "proposed_by": held.proposed_by,
        "signed_by": list(held.signed_by),
        "in_force_since": instant(held.in_force_since),
        "area": {"lat": terms.area.lat_deg, "lon": terms.area.lon_deg, "radius_m": terms.area.radius_m},
        "separation": {
            "horizontal_m": terms.separation.horizontal_m,
            "vertical_m": terms.separation.vertical_m,
            "time_s": terms.separation.time_s,
        },
        "deadlines": {name: getattr(deadlines, name) for name in deadlines.__slots__},
        "disclosure": {
            party: {"level": shown.level.value, "shows_activity": shown.shows_activity}
            for party, shown in terms.disclosure.items()
        },
        "profile": terms.profile,
        "subject": terms.subject,
        "amends": terms.amends,
        "observers": list(terms.observers),
        "valid_from": instant(terms.valid_from_us or 0),
        "until": instant(held.until),
        "suspended_by": list(held.suspended_by),
        "extensions": {party: instant(until) for party, until in sorted(held.extensions.items())},
        "ended_at": instant(held.ended_at),
        "rules_with": [party for party in sorted(held.others) if picture.held_agreement_with(party) is held],
        "toml": write_agreement(terms),
    }


def peer(node: Node, party: str) -> Shown:
    """Another party's node, and how the line to it is."""
    held = node.picture.peers[party]
    line = node.exchange.line(party)
    log = channel(node.party, party)
    size = node.loop.logs.size(log)
    taken = max(line.holds, held.delivered)
    oldest = node.store.log_entries(log, taken, 1) if taken < size else []
    in_force = node.picture.held_agreement_with(party)
    return {
        "party": party,
        "name": held.enrolled.name,
        "slot": held.slot,
        "telephone": held.enrolled.telephone,
        "line": node.exchange.line_word(party, node.now_us()),
        "trouble": line.trouble,
        "last_heard": instant(line.last_heard),
        "clock_difference_ms": line.difference_ms,
        "software": line.software,
        "channel_size": size,
        "delivered": taken,
        "undelivered": size - taken,
        "oldest_undelivered": instant(_written_at(oldest[0].data)) if oldest else "",
        "cosigned_size": node.exchange.cosigned_size.get(log, 0),
        "cosigned_at": _cosigned_at(node, log),
        "received_size": node.loop.logs.size(channel(party, node.party)),
        "agreement": in_force.hash if in_force else "",
        "quarantined": held.quarantined,
    }


def _written_at(data: bytes) -> int:
    return read_entry(data, leaf_hash(data)).at


def _cosigned_at(node: Node, log: str) -> str:
    times = node.exchange.cosigned.get(log)
    return zulu(times.at_s[-1] * SECOND_US) if times and times.at_s else ""


# ------------------------------------------------------------------------------------------------------- the record


def log_state(node: Node, origin: str) -> Shown:
    """Where a log stands."""
    sender, receiver = parties_of(origin)
    tree = node.loop.logs.known_tree(origin)
    newest = node.exchange.newest_checkpoint(origin)
    kind = "private" if not receiver else "out" if sender == node.party else "in"
    return {
        "origin": origin,
        "kind": kind,
        "party": receiver if kind == "out" else sender if kind == "in" else node.party,
        "size": tree.size,
        "root": tree.root().hex(),
        "checkpoint_size": parse(newest)[0].size if newest else 0,
        "cosigned_size": node.exchange.cosigned_size.get(origin, 0),
        "cosigned_at": _cosigned_at(node, origin),
    }


def record(node: Node) -> Shown:
    """All logs."""
    return {"entries": node.loop.logs.seq, "logs": [log_state(node, origin) for origin in node.loop.logs.origins()]}


def receipt(given: Receipt) -> Shown:
    """What the node made durable."""
    return {
        "entries": [{"log": ref.log, "n": ref.n, "hash": ref.hash, "kind": ref.kind} for ref in given.entries],
        "seq": given.seq,
        "submitted": given.submitted,
    }


def clock(node: Node) -> Shown:
    """Whether our clock is in doubt."""
    picture = node.picture
    return {
        "suspect": picture.is_clock_suspect,
        "difference_ms": picture.clock_difference_ms,
        "against": picture.clock_against,
    }


def store(node: Node) -> Shown:
    """Whether the node can record."""
    return {"ok": not node.loop.store_fault, "detail": node.loop.store_fault}


def picture(node: Node, *, has_reference: bool = False) -> Shown:
    """Everything in force, for a console that has just opened."""
    held = node.picture
    return {
        "party": node.party,
        "name": node.name,
        "software": node.software,
        "now": zulu(node.now_us()),
        "seq": node.loop.logs.seq,
        "store": store(node),
        "clock": clock(node),
        "degraded": node.loop.degraded,
        "peers": [peer(node, party) for party in held.enrolled_peers()],
        "agreements": [agreement(each, held) for each in held.agreements.values()],
        "notices": [notice(node, each) for each in held.notices.values()],
        "alerts": [alert(node, each) for each in held.alerts.values()],
        "stops": [stop(node, each) for each in held.stops.values()],
        "conflicts": conflicts(node),
        "duties": [duty(node, each) for each in (*held.duties.values(), *held.closed_duties)],
        "record": record(node),
        "unrecorded_stops": [
            {"party": each.party, "id": each.id, "by": each.by, "at": zulu(each.at)} for each in node.unrecorded_stops
        ],
        "standing": [*(EXERCISE if node.settings.exercise_only else ()), STANDING_LINE, NOT_CERTIFIED_LINE],
        "reference": has_reference,
    }
