"""The second means on the line: what disagrees waits for a person to confirm, and the other side finds it anew (P1)."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from given import a_notice, a_volume, amber_and_birch, an_agreement, sync
from keepclear.core.agreement import PROFILE, Disclosure, DisclosureLevel
from keepclear.core.footprint import Circle
from keepclear.core.geodesy import bearing_deg, destination, distance_m
from keepclear.core.notice import NoticeState
from keepclear.core.secondmeans import ERROR_CAUGHT_M, Reckoned
from keepclear.core.terms import PlaceTerms
from keepclear.errors import Malformed
from keepclear.formats.seen_from import WireSeenFrom, reckoned_from_wire, reckoned_to_wire
from keepclear.formats.voice_card.spoken import spoken_form
from keepclear.node.commands import ChangeNotice, MoveNotice
from keepclear.node.decide.notices import Contradiction
from keepclear.node.entries import AlertAssessed, NoticeSent

POINT = (10.0, 20.0)
TRUE = (10.5, 20.0)


def agreed(tolerance_m=3_000.0, **changes):
    return replace(an_agreement(**changes), profile=PROFILE, place=PlaceTerms(tolerance_m) if tolerance_m else None)


def said_of(position, **changes):
    """What a person says who sees that position from the point, to a degree and a kilometre."""
    return reckoned_to_wire(
        Reckoned(
            "Halfway Rock",
            POINT,
            round(bearing_deg(POINT, position)) % 360,
            round(distance_m(POINT, position) / 1000) * 1000,
            "own:rock",
            **changes,
        )
    )


def at(position):
    return a_volume(*position)


def test_a_notice_said_twice_alike_is_sent_and_the_other_side_finds_that_they_agree():
    amber, birch = amber_and_birch(agreed())

    amber.ask(replace(a_notice(at(TRUE)), seen_from=said_of(TRUE)))
    sync(amber, birch)

    sent = [body for body in birch.bodies() if isinstance(body, NoticeSent)][-1]
    assessed = [body for body in birch.bodies() if isinstance(body, AlertAssessed)][-1]
    assert sent.seen_from == said_of(TRUE)
    assert assessed.place_verdict == "AGREE" and 0 < assessed.place_off < 1_000_000


@pytest.mark.parametrize("heading_deg", range(0, 360, 45))
def test_nine_kilometres_are_refused_before_anything_is_recorded(heading_deg):
    """P1: the error of 2016, in every direction."""
    amber, _ = amber_and_birch(agreed())
    before = len(amber.bodies())

    with pytest.raises(Contradiction, match="Halfway Rock 000/55km is") as refused:
        amber.ask(replace(a_notice(at(destination(TRUE, heading_deg, ERROR_CAUGHT_M))), seen_from=said_of(TRUE)))

    assert refused.value.code == "contradiction" and refused.value.at == "seen_from"
    assert len(amber.bodies()) == before


def test_what_a_person_confirms_is_sent_and_the_other_side_is_told_that_it_disagrees():
    amber, birch = amber_and_birch(agreed())
    wrong = at(destination(TRUE, 90.0, ERROR_CAUGHT_M))

    amber.ask(replace(a_notice(wrong, confirmed=True), seen_from=said_of(TRUE)))
    sync(amber, birch)

    assessed = [body for body in birch.bodies() if isinstance(body, AlertAssessed)][-1]
    assert assessed.place_verdict == "DISAGREE" and 8_000_000 < assessed.place_off < 10_000_000


def test_every_doubt_is_told_at_once_so_that_confirming_one_confirms_no_other_unseen():
    amber, _ = amber_and_birch(agreed())
    south_east = destination(POINT, 135.0, 90_000.0)

    with pytest.raises(Contradiction) as refused:
        amber.ask(replace(a_notice(at(south_east), region="N"), seen_from=said_of(TRUE)))

    assert "the region word says N" in refused.value.message and "Halfway Rock" in refused.value.message


def test_latitude_and_longitude_swapped_inside_the_area_are_refused_and_named():
    amber, _ = amber_and_birch(replace(agreed(), area=Circle(15.0, 15.0, 900_000.0)))

    with pytest.raises(Contradiction, match="latitude and longitude were swapped"):
        amber.ask(replace(a_notice(at((20.0, 10.5))), seen_from=said_of(TRUE)))


def test_what_is_said_too_coarsely_is_asked_for_again():
    amber, _ = amber_and_birch(agreed(500.0))

    with pytest.raises(Contradiction, match="say it more finely"):
        amber.ask(replace(a_notice(at(reckoned_from_wire(said_of(TRUE)).position)), seen_from=said_of(TRUE)))


def test_without_an_agreed_tolerance_nothing_is_compared_and_the_words_still_go():
    amber, birch = amber_and_birch(agreed(None))

    amber.ask(replace(a_notice(at(destination(TRUE, 90.0, 50_000.0))), seen_from=said_of(TRUE)))
    sync(amber, birch)

    assessed = [body for body in birch.bodies() if isinstance(body, AlertAssessed)][-1]
    assert assessed.place_verdict == ""
    assert [body for body in birch.bodies() if isinstance(body, NoticeSent)][-1].seen_from is not None


def test_a_party_that_is_shown_nothing_is_not_told_where_either():
    nothing = Disclosure(DisclosureLevel.NONE)
    amber, birch = amber_and_birch(agreed(one_shows=nothing))

    amber.ask(replace(a_notice(at(TRUE)), seen_from=said_of(TRUE)))
    sync(amber, birch)

    assert not [body for body in birch.bodies() if isinstance(body, NoticeSent)]


def test_a_new_version_says_its_own_second_means_and_one_that_moves_keeps_it():
    amber, birch = amber_and_birch(agreed())
    amber.ask(replace(a_notice(at(TRUE)), seen_from=said_of(TRUE)))
    other = destination(POINT, 90.0, 40_000.0)

    with pytest.raises(Contradiction):
        amber.ask(ChangeNotice("A-0001", 1, replace(a_notice(at(other)), seen_from=said_of(TRUE))))
    amber.ask(ChangeNotice("A-0001", 1, replace(a_notice(at(other)), seen_from=said_of(other))))
    amber.ask(MoveNotice("A-0001", 2, NoticeState.ACTIVATED, "Imani"))
    sync(amber, birch)

    sent = [body.seen_from for body in birch.bodies() if isinstance(body, NoticeSent)]
    assert sent == [said_of(TRUE), said_of(other), said_of(other)]


def test_an_area_that_the_agreement_does_not_have_cannot_tell():
    amber, _ = amber_and_birch(agreed())

    with pytest.raises(Contradiction, match="has no area 'ALPHA'"):
        amber.ask(replace(a_notice(at(TRUE)), seen_from=WireSeenFrom(within="ALPHA")))


@pytest.mark.parametrize(
    "wrong",
    [
        WireSeenFrom("Rock", point=(1,), bearing_step=1, range_step=1),
        WireSeenFrom("Rock", point=(910_000_000, 0), bearing_step=1, range_step=1),
        WireSeenFrom("Rock", point=(0, 0)),
        WireSeenFrom("Rock", "ALPHA"),
        WireSeenFrom(),
        WireSeenFrom(whole_of="ALPHA", bearing=1),
    ],
)
def test_what_cannot_be_a_bearing_is_refused(wrong):
    amber, _ = amber_and_birch(agreed(None))

    with pytest.raises(Malformed):
        amber.ask(replace(a_notice(at(TRUE)), seen_from=wrong))


def test_a_notice_without_a_second_means_has_the_bytes_it_always_had():
    amber, _ = amber_and_birch(agreed())
    amber.ask(a_notice(at(TRUE)))

    sent = [body for body in amber.bodies() if isinstance(body, NoticeSent)][-1]

    assert b"seen_from" not in msgspec.json.encode(sent)


def test_a_voice_card_leaves_the_second_means_to_the_file_and_says_so():
    amber, _ = amber_and_birch(agreed())
    amber.ask(replace(a_notice(at(TRUE)), seen_from=said_of(TRUE)))
    sent = [body for body in amber.bodies() if isinstance(body, NoticeSent)][-1]

    spoken = spoken_form("notice", msgspec.to_builtins(sent))

    assert "seen_from" not in spoken.body and not spoken.is_whole
