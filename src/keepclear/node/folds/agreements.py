"""How the picture takes up agreements: proposed, signed, in force, replaced (G1)."""

from __future__ import annotations

from typing import Any

from keepclear.core.agreement import (
    Agreement,
    AgreementAct,
    Deadlines,
    Disclosure,
    DisclosureLevel,
    check_profile,
    combined,
)
from keepclear.core.footprint import Circle
from keepclear.formats.agreement_wire import source_from_wire, tables_from_wire, zone_from_wire
from keepclear.formats.wire import separation_from_wire
from keepclear.node.entries import (
    AgreementActed,
    AgreementProposed,
    AgreementSigned,
    AgreementState,
    AgreementTerms,
    AgreementTurned,
)
from keepclear.node.held import HeldAgreement
from keepclear.node.logs import Read
from keepclear.node.state import Fold, State

#: Proposals of one party that nobody has signed, that stay in the picture: the newest.
PROPOSALS_KEPT = 32


def agreement_from_terms(terms: AgreementTerms) -> Agreement:
    """The agreement that recorded terms mean.

    Raises:
        Malformed: a value out of range, or a version or a term that this software does not speak.
        ValueError: a disclosure level that this version does not know.
    """
    check_profile(terms.profile)
    lat, lon, radius = terms.area
    return Agreement(
        title=terms.title,
        parties=terms.parties,
        area=Circle(lat / 1e7, lon / 1e7, radius / 1000),
        separation=separation_from_wire(terms.separation),
        deadlines=Deadlines(**terms.deadlines_s),
        disclosure={
            party: Disclosure(DisclosureLevel(term.level), term.shows_activity)
            for party, term in terms.disclosure.items()
        },
        profile=terms.profile,
        subject=terms.subject,
        amends=terms.amends,
        valid_from_us=terms.valid_from or None,
        valid_until_us=terms.valid_until or None,
        zones=tuple(zone_from_wire(zone) for zone in terms.zones),
        sources=tuple(source_from_wire(source) for source in terms.sources),
        **tables_from_wire(terms.numbers, terms.words),
    )


def apply_agreement(
    state: State, entry: Read, body: AgreementProposed | AgreementSigned, sender: str, receiver: str
) -> None:
    """Terms are proposed, or signed; in force once all their parties have signed the same hash (G1)."""
    if isinstance(body, AgreementProposed) and body.hash not in state.agreements:
        terms = agreement_from_terms(body.terms)
        others = tuple(party for party in terms.parties if party != state.party)
        state.agreements[body.hash] = HeldAgreement(
            body.hash, body.terms, terms, sender, others, [sender], until=body.terms.valid_until
        )
        _drop_proposals(state, PROPOSALS_KEPT, by=sender, others=others if sender == state.party else None)
        return
    # A proposal that comes again takes nobody's signature away; from another party it is one.
    held = state.agreements.get(body.hash)
    if held is None or sender not in held.agreement.parties or sender in held.signed_by:
        return
    held.signed_by.append(sender)
    if set(held.signed_by) == set(held.agreement.parties):
        held.signed_at = entry.at
        if (held.agreement.valid_from_us or 0) <= entry.at:
            _begin(state, held, entry.at)


def _begin(state: State, held: HeldAgreement, at: int) -> None:
    held.in_force_since = at
    for before in state.agreements.values():
        if before is not held and before.is_in_force and replaces(held, before):
            before.ended, before.ended_at = "replaced", at
    # What was offered before is no longer: else a party could take up old terms whenever they suit it.
    _drop_proposals(state, 0, others=held.others)
    rule_anew(state)


def replaces(new: HeldAgreement, before: HeldAgreement) -> bool:
    """Whether terms take the place of others: they name them, or have the same parties and subject."""
    if new.terms.amends:
        return new.terms.amends == before.hash and set(before.agreement.parties) <= set(new.agreement.parties)
    same = set(new.agreement.parties) == set(before.agreement.parties)
    return same and new.agreement.subject == before.agreement.subject


def rule_anew(state: State) -> None:
    """Which agreements hold with each party, the ruling one first, and what they say together.

    What is not suspended rules what is; then the fewest parties; then the last to come into force (decision 50).
    """
    state.standing.clear()
    for held in state.agreements.values():
        if held.is_in_force and state.party in held.agreement.parties:
            for party in held.others:
                state.standing.setdefault(party, []).append(held)
    for several in state.standing.values():
        several.sort(key=ruling_order)
    state.in_force = {party: held_[0] for party, held_ in state.standing.items()}
    state.effective = {party: combined([held.agreement for held in held_]) for party, held_ in state.standing.items()}


def ruling_order(held: HeldAgreement) -> tuple[bool, int, int, str]:
    """What rules comes first."""
    return (bool(held.suspended_by), len(held.agreement.parties), -held.in_force_since, held.hash)


def apply_act(state: State, entry: Read, body: AgreementActed, sender: str, receiver: str) -> None:
    """A party suspends an agreement, takes that back, agrees to extend it, or withdraws."""
    held = state.agreements.get(body.hash)
    if held is None or sender not in held.agreement.parties or held.ended:
        return
    match body.act:
        case AgreementAct.SUSPEND:
            if sender not in held.suspended_by:
                held.suspended_by.append(sender)
        case AgreementAct.RESUME:
            held.suspended_by = [party for party in held.suspended_by if party != sender]
        case AgreementAct.EXTEND:
            held.extensions[sender] = body.until
            agreed = set(held.extensions.values())
            if set(held.extensions) == set(held.agreement.parties) and len(agreed) == 1:
                held.until = body.until
                held.extensions.clear()
        case AgreementAct.WITHDRAW if body.until > entry.at:
            held.until = min(held.until or body.until, body.until)
        case AgreementAct.WITHDRAW:
            held.ended, held.ended_at = "withdrawn", entry.at
    rule_anew(state)


def apply_turn(state: State, entry: Read, body: AgreementTurned, sender: str, receiver: str) -> None:
    """The clock has begun or ended an agreement."""
    held = state.agreements.get(body.hash)
    if held is None or held.ended:
        return
    if body.state is AgreementState.BEGUN:
        _begin(state, held, entry.at)
        return
    held.ended, held.ended_at = "expired", body.due_at
    rule_anew(state)


def _drop_proposals(state: State, kept: int, *, by: str = "", others: tuple[str, ...] | None = None) -> None:
    unsigned = [
        held.hash
        for held in state.agreements.values()
        if not held.signed_at and by in ("", held.proposed_by) and others in (None, held.others)
    ]
    for digest in unsigned[: max(0, len(unsigned) - kept)]:
        del state.agreements[digest]


FOLDS: dict[Any, Fold] = {
    AgreementProposed: apply_agreement,
    AgreementSigned: apply_agreement,
    AgreementActed: apply_act,
    AgreementTurned: apply_turn,
}
