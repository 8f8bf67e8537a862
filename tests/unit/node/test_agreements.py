"""Agreements among several, for a while, suspended, extended and left; and which one rules between two (G1, V5).

The rules are in docs/decisions/0050.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest

from given import CONTACT, Desk, Hands, a_notice, a_volume, amber_and_birch, an_agreement, enrol, kinds, sync
from keepclear.core.agreement import PROFILE, Agreement, AgreementAct
from keepclear.core.notice import NoticeKind, NoticeState
from keepclear.core.separation import Separation
from keepclear.core.terms import LineTerms, PlaceTerms, RoleTerms, SuspensionTerms
from keepclear.core.timespan import HOUR_US, MINUTE_US
from keepclear.errors import KeepclearError, Malformed, NotAllowed, NotFound, Refused
from keepclear.node.commands import ActOnAgreement, MoveNotice, ProposeAgreement, SignAgreement, Tick
from keepclear.node.logs import channel

GROUP = ("amber", "birch", "cedar")


def a_group(*names: str) -> list[Desk]:
    """Desks that have all enrolled each other."""
    hands = Hands()
    desks = [Desk(name, hands) for name in names]
    for one, other in combinations(desks, 2):
        enrol(one, other)
    sync_all(desks)
    return desks


def sync_all(desks: list[Desk]) -> None:
    # Twice: what one learns from the second may be for the first.
    for one, other in (*combinations(desks, 2), *combinations(desks, 2)):
        sync(one, other)


def group_terms(**changed: object) -> Agreement:
    """Terms among three."""
    two = an_agreement()
    return replace(two, parties=GROUP, disclosure=dict.fromkeys(GROUP, CONTACT), profile=PROFILE, **changed)


def agree(desks: list[Desk], terms: Agreement) -> str:
    """Proposed by the first, signed by all others that are parties."""
    digest = desks[0].ask(ProposeAgreement(terms, "Imani"))
    sync_all(desks)
    for desk in desks[1:]:
        if desk.party in terms.parties:
            desk.ask(SignAgreement(digest, "Tomas"))
    sync_all(desks)
    return digest


def ticks(*desks: Desk) -> None:
    for desk in desks:
        desk.run(Tick())


# ------------------------------------------------------------------------------------------------- more than two


def test_terms_among_three_are_in_force_when_all_have_signed_the_same_hash() -> None:
    desks = a_group(*GROUP)
    amber, birch, cedar = desks

    digest = amber.ask(ProposeAgreement(group_terms(), "Imani"))
    sync_all(desks)
    birch.ask(SignAgreement(digest, "Tomas"))
    sync_all(desks)
    half_way = [desk.picture.agreements[digest].state for desk in desks]
    cedar.ask(SignAgreement(digest, "Noor"))
    sync_all(desks)

    assert half_way == ["proposed"] * 3
    for desk in desks:
        assert desk.picture.agreements[digest].state == "in_force"
        assert {party for party in GROUP if desk.picture.agreement_with(party)} == set(GROUP) - {desk.party}


def test_who_signs_gives_the_terms_to_those_who_may_not_hold_them_yet() -> None:
    amber, birch, cedar = a_group(*GROUP)
    digest = amber.ask(ProposeAgreement(group_terms(), "Imani"))
    sync(amber, birch)

    # Amber's line to Cedar is down: Cedar hears of the terms from Birch.
    birch.ask(SignAgreement(digest, "Tomas"))
    sync(birch, cedar)
    cedar.ask(SignAgreement(digest, "Noor"))
    sync_all([amber, birch, cedar])

    assert [desk.picture.agreements[digest].state for desk in (amber, birch, cedar)] == ["in_force"] * 3


def test_a_notice_filed_before_is_told_to_all_once_terms_among_three_are_in_force() -> None:
    desks = a_group(*GROUP)
    desks[0].ask(a_notice())

    agree(desks, group_terms())

    assert [("amber/A-0001" in desk.picture.notices) for desk in desks] == [True] * 3


def test_no_one_signs_for_another() -> None:
    desks = a_group(*GROUP, "dune")
    amber, birch, _, dune = desks
    digest = amber.ask(ProposeAgreement(group_terms(), "Imani"))
    sync_all(desks)

    with pytest.raises(NotFound):
        dune.ask(SignAgreement(digest, "Eve"))
    birch.ask(SignAgreement(digest, "Tomas"))
    with pytest.raises(Refused):
        birch.ask(SignAgreement(digest, "Tomas"))

    assert amber.picture.agreements[digest].state == "proposed"


def test_an_observer_is_shown_terms_and_signatures_and_neither_signs_nor_sees_notices() -> None:
    desks = a_group("amber", "birch", "cedar")
    amber, birch, cedar = desks
    terms = replace(an_agreement(), profile=PROFILE, roles=RoleTerms(("cedar",)))

    digest = agree([amber, birch, cedar], terms)
    amber.ask(a_notice())
    sync_all(desks)

    held = cedar.picture.agreements[digest]
    assert (held.state, held.signed_by) == ("in_force", ["amber", "birch"])
    assert not cedar.picture.notices
    assert cedar.picture.agreement_with("amber") is None
    with pytest.raises(NotAllowed):
        cedar.ask(SignAgreement(digest, "Noor"))
    with pytest.raises(NotAllowed):
        cedar.ask(ActOnAgreement(digest, AgreementAct.SUSPEND, "Noor"))


def test_terms_with_a_party_that_is_not_enrolled_are_not_proposed() -> None:
    amber, _ = amber_and_birch()

    with pytest.raises(NotFound, match="cedar is not enrolled"):
        amber.ask(ProposeAgreement(group_terms(), "Imani"))


# ------------------------------------------------------------------------------------------------- which one rules


def test_between_two_the_agreement_of_fewest_rules_and_the_widest_separation_holds() -> None:
    desks = a_group(*GROUP)
    wide = group_terms(separation=Separation(500, 900, 10), place=PlaceTerms(700.0), line=LineTerms(3600, 60))
    pair = replace(an_agreement(title="Pair"), profile=PROFILE, place=PlaceTerms(200.0))

    agree(desks, pair)
    agree(desks, wide)

    amber = desks[0].picture
    with_birch, with_cedar = amber.agreement_with("birch"), amber.agreement_with("cedar")
    assert with_birch is not None and with_cedar is not None
    assert (with_birch.title, with_cedar.title) == ("Pair", wide.title)
    # Dimension by dimension: 2,000 m of the pair, 900 m of height of the group, 60 s of the pair.
    assert with_birch.separation == Separation(2_000, 900, 60)
    assert with_cedar.separation == Separation(500, 900, 10)
    # A table that the ruling one has not is taken from the other; one that it has is its own.
    assert with_birch.place == PlaceTerms(200.0)
    assert with_birch.line == LineTerms(3600, 60)


def test_newer_terms_of_the_same_parties_and_subject_replace_and_others_stand_beside() -> None:
    amber, birch = amber_and_birch()
    first = amber.picture.held_agreement_with("birch")
    sea = replace(an_agreement(title="At sea"), profile=PROFILE, subject="sea")
    again = an_agreement(title="Anew")

    sea_hash = agree([amber, birch], sea)
    agree([amber, birch], again)

    assert first is not None and first.state == "replaced"
    assert amber.picture.agreements[sea_hash].state == "in_force"
    assert [held.agreement.title for held in amber.picture.standing["birch"]] == ["Anew", "At sea"]


def test_an_amendment_takes_the_place_of_the_terms_that_it_names_and_of_no_others() -> None:
    amber, birch = amber_and_birch()
    sea_hash = agree([amber, birch], replace(an_agreement(title="At sea"), profile=PROFILE, subject="sea"))
    amended = replace(an_agreement(title="At sea, again"), profile=PROFILE, subject="sea", amends=sea_hash)

    agree([amber, birch], amended)

    assert [held.agreement.title for held in amber.picture.standing["birch"]] == ["At sea, again", "Keeping clear"]
    with pytest.raises(Refused, match="not in force"):
        amber.ask(ProposeAgreement(replace(amended, title="Third"), "Imani"))


# ------------------------------------------------------------------------------------------------------- in time


def test_terms_for_a_while_begin_and_end_by_themselves_and_notices_follow() -> None:
    desks = a_group("amber", "birch")
    amber, birch = desks
    start_us = amber.hands.now_us
    terms = replace(
        an_agreement(),
        profile=PROFILE,
        valid_from_us=start_us + 10 * MINUTE_US,
        valid_until_us=start_us + HOUR_US,
    )
    amber.ask(a_notice())
    digest = agree(desks, terms)
    signed = amber.picture.agreements[digest].state, len(birch.picture.notices)

    amber.hands.now_us = start_us + 10 * MINUTE_US
    ticks(amber, birch)
    sync_all(desks)
    begun = amber.picture.agreements[digest].state, len(birch.picture.notices)
    amber.hands.now_us = start_us + HOUR_US
    ticks(amber, birch)

    assert signed == ("signed", 0)
    assert begun == ("in_force", 1)
    assert [desk.picture.agreements[digest].state for desk in desks] == ["expired"] * 2
    assert amber.picture.agreement_with("birch") is None
    # Once is enough.
    assert kinds(amber.run(Tick())) == []


def test_an_extension_counts_when_all_have_said_the_same_end() -> None:
    desks = a_group("amber", "birch")
    amber, birch = desks
    start_us = amber.hands.now_us
    digest = agree(desks, replace(an_agreement(), profile=PROFILE, valid_until_us=start_us + HOUR_US))
    later = start_us + 2 * HOUR_US

    amber.ask(ActOnAgreement(digest, AgreementAct.EXTEND, "Imani", later))
    birch.ask(ActOnAgreement(digest, AgreementAct.EXTEND, "Tomas", later + MINUTE_US))
    sync_all(desks)
    apart = [desk.picture.agreements[digest].until for desk in desks]
    birch.ask(ActOnAgreement(digest, AgreementAct.EXTEND, "Tomas", later))
    sync_all(desks)
    amber.hands.now_us = start_us + HOUR_US + MINUTE_US
    ticks(amber, birch)

    assert apart == [start_us + HOUR_US] * 2
    assert [desk.picture.agreements[digest].until for desk in desks] == [later] * 2
    assert [desk.picture.agreements[digest].state for desk in desks] == ["in_force"] * 2


@pytest.mark.parametrize("minutes", [0, 30])
def test_who_withdraws_ends_it_at_once_or_from_when_it_says(minutes: int) -> None:
    amber, birch = amber_and_birch()
    held = birch.picture.held_agreement_with("amber")
    assert held is not None
    start_us = amber.hands.now_us
    until = start_us + minutes * MINUTE_US if minutes else 0

    amber.ask(ActOnAgreement(held.hash, AgreementAct.WITHDRAW, "Imani", until))
    sync(amber, birch)
    at_once = held.state
    amber.hands.now_us = start_us + 31 * MINUTE_US
    ticks(amber, birch)

    assert at_once == ("in_force" if minutes else "withdrawn")
    assert held.state == ("expired" if minutes else "withdrawn")
    assert birch.picture.agreement_with("amber") is None


@pytest.mark.parametrize(
    ("act", "until", "error"),
    [
        (AgreementAct.RESUME, 0, Refused),
        (AgreementAct.EXTEND, 10**15, Refused),
        (AgreementAct.SUSPEND, 10**15, Malformed),
        (AgreementAct.WITHDRAW, 1, Malformed),
    ],
)
def test_what_cannot_be_said_of_an_agreement_is_refused(
    act: AgreementAct, until: int, error: type[KeepclearError]
) -> None:
    amber, _ = amber_and_birch()
    held = amber.picture.held_agreement_with("birch")
    assert held is not None

    with pytest.raises(error):
        amber.ask(ActOnAgreement(held.hash, act, "Imani", until))


# ------------------------------------------------------------------------------------------------------ suspended


def test_suspended_terms_leave_open_what_they_say_and_the_rest_follows_when_they_are_taken_up_again() -> None:
    terms = replace(an_agreement(), profile=PROFILE, suspension=SuspensionTerms(("stop", "hazard")))
    amber, birch = amber_and_birch(terms)
    held = amber.picture.held_agreement_with("birch")
    assert held is not None
    known = replace(a_notice(a_volume(lat_deg=11)), kind=NoticeKind.MOVEMENT)
    amber.ask(known)
    sync(amber, birch)

    birch.ask(ActOnAgreement(held.hash, AgreementAct.SUSPEND, "Tomas", reason="for now"))
    sync(amber, birch)
    amber.ask(a_notice())
    amber.ask(replace(a_notice(), kind=NoticeKind.MOVEMENT))
    amber.ask(MoveNotice("A-0001", 1, NoticeState.ACTIVATED, "Imani"))
    sync(amber, birch)
    while_suspended = set(birch.picture.notices), birch.picture.notice("amber/A-0001").latest.version
    with pytest.raises(Refused, match="who has can take that back"):
        amber.ask(ActOnAgreement(held.hash, AgreementAct.RESUME, "Imani"))
    birch.ask(ActOnAgreement(held.hash, AgreementAct.RESUME, "Tomas"))
    sync(amber, birch)

    # The hazard is told, the new movement is not, and the movement that Birch knew is told on.
    assert while_suspended == ({"amber/A-0001", "amber/A-0002"}, 2)
    assert set(birch.picture.notices) == {"amber/A-0001", "amber/A-0002", "amber/A-0003"}


def test_suspension_takes_no_separation_away() -> None:
    amber, birch = amber_and_birch()
    held = amber.picture.held_agreement_with("birch")
    assert held is not None
    before = amber.picture.separation_to("birch")

    birch.ask(ActOnAgreement(held.hash, AgreementAct.SUSPEND, "Tomas"))
    sync(amber, birch)

    assert amber.picture.separation_to("birch") == before
    assert held.state == "suspended"


def test_what_becomes_of_agreements_comes_out_the_same_when_the_record_is_folded_anew() -> None:
    desks = a_group(*GROUP)
    amber = desks[0]
    digest = agree(desks, group_terms(valid_until_us=amber.hands.now_us + HOUR_US))
    desks[1].ask(ActOnAgreement(digest, AgreementAct.SUSPEND, "Tomas"))
    agree(desks, an_agreement(title="Pair"))
    before = [(held.hash, held.state, held.until) for held in amber.picture.agreements.values()]
    effective = dict(amber.picture.effective)

    amber.restart()

    assert [(held.hash, held.state, held.until) for held in amber.picture.agreements.values()] == before
    assert amber.picture.effective == effective


def test_each_signature_goes_to_each_other_party() -> None:
    desks = a_group(*GROUP)

    agree(desks, group_terms())

    told = {
        (one.party, other.party): [
            type(body).__name__
            for body in one.bodies(channel(one.party, other.party))
            if "Agreement" in type(body).__name__
        ]
        for one in desks
        for other in desks
        if one is not other
    }
    assert all(told.values()), told
