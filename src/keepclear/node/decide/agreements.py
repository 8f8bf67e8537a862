"""Propose and sign agreements. In force only when both parties have signed the same hash (G1)."""

from __future__ import annotations

from keepclear.core.agreement import Agreement
from keepclear.core.ids import check_party_id, check_person
from keepclear.core.terms import TABLES
from keepclear.errors import NotAllowed, NotFound, Refused
from keepclear.formats.agreement_wire import source_to_wire, tables_to_wire, zone_to_wire
from keepclear.formats.wire import separation_to_wire
from keepclear.node.commands import Command, ProposeAgreement, SignAgreement
from keepclear.node.consequences import standing_drafts
from keepclear.node.decision import Decision, Draft
from keepclear.node.entries import AgreementProposed, AgreementSigned, AgreementTerms, DisclosureTerm, content_hash
from keepclear.node.handlers import Decide
from keepclear.node.picture import Picture
from keepclear.node.settings import Settings


def terms_of(agreement: Agreement) -> AgreementTerms:
    """The agreement in integers: what is hashed and signed."""
    area = agreement.area
    deadlines = agreement.deadlines
    numbers, words = tables_to_wire({name: getattr(agreement, name) for name in TABLES})
    return AgreementTerms(
        title=agreement.title,
        parties=agreement.parties,
        area=(round(area.lat_deg * 1e7), round(area.lon_deg * 1e7), round(area.radius_m * 1000)),
        separation=separation_to_wire(agreement.separation),
        deadlines_s={name: getattr(deadlines, name) for name in deadlines.__slots__},
        disclosure={
            party: DisclosureTerm(shown.level.value, shown.shows_activity)
            for party, shown in sorted(agreement.disclosure.items())
        },
        profile=agreement.profile,
        valid_from=agreement.valid_from_us or 0,
        valid_until=agreement.valid_until_us or 0,
        numbers=numbers,
        words=words,
        zones=tuple(zone_to_wire(zone) for zone in agreement.zones),
        sources=tuple(source_to_wire(source) for source in agreement.sources),
    )


def propose_agreement(picture: Picture, command: ProposeAgreement, now_us: int, settings: Settings) -> Decision:
    """Send terms to the other party, signed by us."""
    check_person(command.by)
    agreement = command.agreement
    if picture.party not in agreement.parties:
        raise NotAllowed(f"{picture.party} is no party to this agreement", at="parties")
    if len(agreement.parties) > 2:
        raise Refused(
            "terms among more than two parties can be written and checked, and not yet be signed", at="parties"
        )
    other = next(party for party in agreement.parties if party != picture.party)
    check_party_id(other)
    if other not in picture.peers or picture.peers[other].is_removed:
        raise NotFound(f"{other} is not enrolled: compare the words first", at="parties")
    terms = terms_of(agreement)
    digest = content_hash(terms)
    if digest in picture.agreements:
        raise Refused(f"these very terms were proposed before: {digest[:16]}", at="terms")
    return Decision((Draft(AgreementProposed(digest, terms, command.by), other),), subject=digest)


def sign_agreement(picture: Picture, command: SignAgreement, now_us: int, settings: Settings) -> Decision:
    """Sign what the other party proposed; it is in force from now on, and our standing notices are told under it."""
    check_person(command.by)
    held = picture.agreements.get(command.hash)
    if held is None:
        raise NotFound(f"no terms with the hash {command.hash[:16]} were proposed", at="hash")
    if picture.party in held.signed_by:
        raise Refused("we have signed these terms already", at="hash")
    drafts = [Draft(AgreementSigned(held.hash, command.by), held.with_party)]
    drafts += standing_drafts(picture, held.with_party, held.agreement, now_us=now_us, settings=settings)
    return Decision(tuple(drafts), subject=held.hash)


TABLE: dict[type[Command], Decide] = {
    ProposeAgreement: propose_agreement,
    SignAgreement: sign_agreement,
}
