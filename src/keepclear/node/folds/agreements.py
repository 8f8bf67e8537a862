"""How the picture takes up agreements: proposed, signed, in force, replaced (G1)."""

from __future__ import annotations

from typing import Any

from keepclear.core.agreement import Agreement, Deadlines, Disclosure, DisclosureLevel, check_profile
from keepclear.core.footprint import Circle
from keepclear.formats.agreement_wire import source_from_wire, tables_from_wire, zone_from_wire
from keepclear.formats.wire import separation_from_wire
from keepclear.node.entries import AgreementProposed, AgreementSigned, AgreementTerms
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
        valid_from_us=terms.valid_from or None,
        valid_until_us=terms.valid_until or None,
        zones=tuple(zone_from_wire(zone) for zone in terms.zones),
        sources=tuple(source_from_wire(source) for source in terms.sources),
        **tables_from_wire(terms.numbers, terms.words),
    )


def apply_agreement(
    state: State, entry: Read, body: AgreementProposed | AgreementSigned, sender: str, receiver: str
) -> None:
    """Terms are proposed, or signed; in force once both have signed the same hash."""
    if isinstance(body, AgreementProposed):
        # A proposal that comes again takes nobody's signature away; from the other side it is one.
        other = receiver if sender == state.party else sender
        if body.hash not in state.agreements:
            terms = agreement_from_terms(body.terms)
            state.agreements[body.hash] = HeldAgreement(body.hash, body.terms, terms, sender, other, [sender])
            _drop_proposals(state, other, by=sender, kept=PROPOSALS_KEPT)
            return
    held = state.agreements.get(body.hash)
    if held is not None and sender in held.agreement.parties and sender not in held.signed_by:
        held.signed_by.append(sender)
        if set(held.signed_by) == set(held.agreement.parties):
            held.in_force_since = entry.at
            if before := state.in_force.get(held.with_party):
                before.is_replaced = True
            state.in_force[held.with_party] = held
            # What was offered before is no longer: else a party could take up old terms whenever they suit it.
            _drop_proposals(state, held.with_party)


def _drop_proposals(state: State, other: str, *, by: str = "", kept: int = 0) -> None:
    unsigned = [
        held.hash
        for held in state.agreements.values()
        if held.with_party == other and by in ("", held.proposed_by) and len(held.signed_by) == 1
    ]
    for digest in unsigned[: max(0, len(unsigned) - kept)]:
        del state.agreements[digest]


FOLDS: dict[Any, Fold] = {AgreementProposed: apply_agreement, AgreementSigned: apply_agreement}
