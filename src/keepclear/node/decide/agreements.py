"""Propose and sign agreements, and act on them. In force only when all parties have signed the same hash (G1)."""

from __future__ import annotations

from typing import Final

from keepclear.core.agreement import Agreement, AgreementAct, DisclosureLevel, combined
from keepclear.core.ids import check_party_id, check_person
from keepclear.core.notice import REMARKS_MAX
from keepclear.core.terms import TABLES
from keepclear.core.timespan import LATEST_US, zulu
from keepclear.errors import Malformed, NotAllowed, NotFound, Refused, Tampered
from keepclear.formats.agreement_wire import source_to_wire, tables_to_wire, zone_to_wire
from keepclear.formats.wire import separation_to_wire
from keepclear.node.commands import ActOnAgreement, Command, ProposeAgreement, SignAgreement
from keepclear.node.consequences import standing_drafts
from keepclear.node.decision import Decision, Draft
from keepclear.node.entries import (
    AgreementActed,
    AgreementProposed,
    AgreementSigned,
    AgreementState,
    AgreementTerms,
    AgreementTurned,
    DisclosureTerm,
    Entry,
    content_hash,
)
from keepclear.node.folds.agreements import agreement_from_terms, replaces, ruling_order
from keepclear.node.handlers import CheckBody, Decide, Due, Take, Taken
from keepclear.node.held import HeldAgreement
from keepclear.node.logs import Read, parties_of
from keepclear.node.picture import Picture
from keepclear.node.settings import Settings
from keepclear.node.zonecheck import agreed_zones, zone_drafts_of_live

#: Under which name recorded terms hold those who observe.
OBSERVERS: Final = "roles.observers"


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
        subject=agreement.subject,
        amends=agreement.amends,
        valid_from=agreement.valid_from_us or 0,
        valid_until=agreement.valid_until_us or 0,
        numbers=numbers,
        words=words,
        zones=tuple(zone_to_wire(zone) for zone in agreement.zones),
        sources=tuple(source_to_wire(source) for source in agreement.sources),
    )


def propose_agreement(picture: Picture, command: ProposeAgreement, now_us: int, settings: Settings) -> Decision:
    """Send terms to all other parties and to the observers, signed by us."""
    check_person(command.by)
    agreement = command.agreement
    if picture.party not in agreement.parties:
        raise NotAllowed(f"{picture.party} is no party to this agreement", at="parties")
    terms = terms_of(agreement)
    others = _others(picture, terms)
    digest = content_hash(terms)
    if digest in picture.agreements:
        raise Refused(f"these very terms were proposed before: {digest[:16]}", at="terms")
    if terms.amends:
        amended = _held(picture, terms.amends, at="amends")
        if not amended.is_in_force or not set(amended.agreement.parties) <= set(agreement.parties):
            raise Refused(f"{terms.amends[:16]} is not in force among these parties", at="amends")
    if agreement.valid_until_us is not None and agreement.valid_until_us <= now_us:
        raise Refused(f"it would have ended before it began: {zulu(agreement.valid_until_us)}", at="valid_until")
    return Decision(
        tuple(Draft(AgreementProposed(digest, terms, command.by), other) for other in others), subject=digest
    )


def _others(picture: Picture, terms: AgreementTerms) -> list[str]:
    """Everyone who is told of terms: the other parties, all of whom must be enrolled, and the observers who are."""
    others = [check_party_id(party) for party in terms.parties if party != picture.party]
    enrolled = set(picture.enrolled_peers())
    for other in others:
        if other not in enrolled:
            raise NotFound(f"{other} is not enrolled: compare the words first", at="parties")
    return others + [party for party in terms.words.get(OBSERVERS, ()) if party in enrolled]


def sign_agreement(picture: Picture, command: SignAgreement, now_us: int, settings: Settings) -> Decision:
    """Sign what another party proposed.

    Once all have signed it is in force, and our standing notices are told under it. A party that has not sent us these
    terms itself may not hold them yet: it is given them with our signature.
    """
    check_person(command.by)
    held = _held(picture, command.hash)
    if picture.party not in held.agreement.parties:
        raise NotAllowed(f"{picture.party} is no party to these terms", at="hash")
    if picture.party in held.signed_by:
        raise Refused("we have signed these terms already", at="hash")
    drafts = []
    for other in _others(picture, held.terms):
        signature: Entry = AgreementSigned(held.hash, command.by)
        if other not in held.signed_by:
            signature = AgreementProposed(held.hash, held.terms, command.by)
        drafts.append(Draft(signature, other))
    is_last = {*held.signed_by, picture.party} == set(held.agreement.parties)
    if is_last and (held.agreement.valid_from_us or 0) <= now_us:
        drafts += _standing(picture, held, now_us, settings)
    return Decision(tuple(drafts), subject=held.hash)


def _standing(picture: Picture, held: HeldAgreement, now_us: int, settings: Settings) -> list[Draft]:
    """Our live notices for everyone with whom an agreement comes into force now."""
    drafts: list[Draft] = []
    for party in held.others:
        if party in picture.peers and not picture.peers[party].is_removed:
            # What rules once it is in force: others may stand beside it.
            stays = [each for each in picture.standing.get(party, ()) if each is not held and not replaces(held, each)]
            ruling = combined([each.agreement for each in sorted([held, *stays], key=ruling_order)])
            drafts += standing_drafts(picture, party, ruling, now_us=now_us, settings=settings)
    if held.agreement.zones:
        drafts += zone_drafts_of_live(picture, agreed_zones(held), now_us=now_us, settings=settings)
    return drafts


def act_on_agreement(picture: Picture, command: ActOnAgreement, now_us: int, settings: Settings) -> Decision:
    """Suspend an agreement, take that back, agree to extend it, or withdraw; told to all its parties (V5).

    What a suspended agreement leaves open goes on; nothing of it refuses anything to the other side.
    """
    check_person(command.by)
    held = _held(picture, command.hash)
    if picture.party not in held.agreement.parties:
        raise NotAllowed(f"{picture.party} is no party to these terms", at="hash")
    if not held.is_in_force:
        raise Refused(f"these terms are {held.state.replace('_', ' ')}, not in force", at="hash")
    if len(command.reason) > REMARKS_MAX:
        raise Malformed(f"a reason has at most {REMARKS_MAX} characters", at="reason")
    is_suspended = picture.party in held.suspended_by
    match command.act:
        case AgreementAct.SUSPEND if is_suspended:
            raise Refused("we have suspended it already", at="act")
        case AgreementAct.RESUME if not is_suspended:
            raise Refused("we have not suspended it: who has can take that back, and nobody else", at="act")
        case AgreementAct.EXTEND if not held.until:
            raise Refused("it has no end to extend", at="act")
        case AgreementAct.EXTEND if not held.until < command.until <= LATEST_US or command.until <= now_us:
            raise Malformed(f"an extension ends after {zulu(max(held.until, now_us))}", at="until")
        case AgreementAct.SUSPEND | AgreementAct.RESUME if command.until:
            raise Malformed("only an extension or a withdrawal has an instant", at="until")
        case AgreementAct.WITHDRAW if command.until and command.until <= now_us:
            raise Malformed("a withdrawal is for now, or for later", at="until")
        case _:
            pass
    body = AgreementActed(held.hash, command.act, command.by, command.until, command.reason)
    drafts = [Draft(body, other) for other in _others(picture, held.terms)]
    if command.act is AgreementAct.RESUME and held.suspended_by == [picture.party]:
        drafts += _standing(picture, held, now_us, settings)
    return Decision(tuple(drafts), subject=held.hash)


def _held(picture: Picture, digest: str, *, at: str = "hash") -> HeldAgreement:
    held = picture.agreements.get(digest)
    if held is None:
        raise NotFound(f"no terms with the hash {digest[:16]} were proposed", at=at)
    return held


# ------------------------------------------------------------------------------------------- what others say, and time


def check_proposal(read: Read, body: AgreementProposed) -> None:
    """Raise unless proposed terms are the sender's and ours, have their hash, and mean something here.

    A version or a term that is not known is refused, and never guessed at (G1).
    """
    if content_hash(body.terms) != body.hash:
        raise Tampered("the terms do not have the hash they are proposed under", at=f"entries[{read.n}]")
    sender, receiver = parties_of(read.log)
    if sender not in body.terms.parties or receiver not in {*body.terms.parties, *body.terms.words.get(OBSERVERS, ())}:
        raise NotAllowed("these terms are not between the two of us", at=f"entries[{read.n}].parties")
    try:
        agreement_from_terms(body.terms)
    except (TypeError, ValueError) as problem:
        levels = ", ".join(level.value for level in DisclosureLevel)
        raise Malformed(f"terms that this version does not know ({problem}); levels are {levels}") from None


def take_agreement(
    picture: Picture, taken: Taken, body: AgreementProposed | AgreementSigned | AgreementActed, settings: Settings
) -> list[Draft]:
    """What has just come into force, or is no longer suspended, is what our standing notices are told under."""
    held = picture.agreements.get(body.hash)
    # Terms of ours with somebody else show this party nothing.
    if held is None or taken.sender not in held.agreement.parties or picture.party not in held.agreement.parties:
        return []
    return _standing(picture, held, taken.now_us, settings) if held.is_in_force and not held.suspended_by else []


def turned(picture: Picture, now_us: int, settings: Settings) -> list[Draft]:
    """Agreements that have begun or expired, by our clock; with those that begin, our standing notices."""
    drafts: list[Draft] = []
    for held in picture.agreements.values():
        begins_at = held.agreement.valid_from_us or 0
        if held.signed_at and not held.in_force_since and not held.ended and begins_at <= now_us:
            drafts.append(Draft(AgreementTurned(held.hash, AgreementState.BEGUN, begins_at)))
            drafts += _standing(picture, held, now_us, settings)
        elif held.is_in_force and 0 < held.until <= now_us:
            drafts.append(Draft(AgreementTurned(held.hash, AgreementState.EXPIRED, held.until)))
    return drafts


TABLE: dict[type[Command], Decide] = {
    ProposeAgreement: propose_agreement,
    SignAgreement: sign_agreement,
    ActOnAgreement: act_on_agreement,
}
CHECKS: dict[type[Entry], CheckBody] = {AgreementProposed: check_proposal}
TAKES: dict[type[Entry], Take] = {
    AgreementProposed: take_agreement,
    AgreementSigned: take_agreement,
    AgreementActed: take_agreement,
}
DUE: tuple[Due, ...] = (turned,)
