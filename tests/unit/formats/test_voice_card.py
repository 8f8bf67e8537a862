"""Voice cards (V1): said, heard, typed in at the far side from the card alone, and the same hash again."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given as when_given
from hypothesis import settings
from hypothesis import strategies as st

from given import START_US
from keepclear.core.alert import Answer
from keepclear.core.footprint import Circle, Polygon
from keepclear.core.geodesy import distance_m
from keepclear.core.line import ChannelName, ChannelState, Path
from keepclear.core.notice import Action, Armed, Change, NoticeKind, NoticeState, ShortReason, Timing, TransportKind
from keepclear.errors import KeepclearError, LimitReached, Malformed
from keepclear.formats.voice_card import KINDS, LineWrong, card_of, read_card, read_line, say, spoken_form
from keepclear.formats.wire import WireVolume, volume_from_wire
from keepclear.node import entries
from keepclear.node.entries.channel import ChannelStateSent
from keepclear.node.entries.linetests import LineTestAnswered, LineTestSent
from keepclear.node.entries.notices import MovementSaid, TransportsSaid

HASH = "3f9c2a1b8d0477e2" * 4
HOUR_US = 3_600_000_000
CIRCLE = WireVolume(
    (0, "AMSL"), (3_048_000, "FL"), START_US, START_US + HOUR_US, (105_000_000, -1_523_456_789, 5_000_500)
)
SIX = tuple((100_000_000 + n * 1_000_003, 1_799_990_000 - n * 7) for n in range(6))
OUTLINE = WireVolume((-5_500, "AGL"), (914_400, "AMSL"), START_US, START_US + HOUR_US, outline=SIX)
NOTICE = entries.NoticeRef("birch", "B-0107", 12, HASH)


def a_notice(volume: WireVolume, *, version: int = 1, state: str = "Accepted", **told: Any) -> entries.NoticeSent:
    """A hazard of Amber's."""
    return entries.NoticeSent(
        "A-0412", version, NoticeState(state), NoticeKind.HAZARD, Action.KEEP_CLEAR, (volume,), **told
    )


#: Each message of the voice set that stands, by the name practice has for it.
VOICE_SET: dict[str, entries.Entry] = {
    "hazard": a_notice(CIRCLE, region="NE", contact="Desk 7", remarks="Burning of gorse", activity="survey"),
    "hazard with six corners": a_notice(OUTLINE, region="C"),
    "movement": entries.NoticeSent(
        "AB-1234567", 1, NoticeState.ACCEPTED, NoticeKind.MOVEMENT, Action.CALL_BEFORE_ENTERING, (CIRCLE,)
    ),
    "movement with escort": entries.NoticeSent(
        "A-0413",
        1,
        NoticeState.ACCEPTED,
        NoticeKind.MOVEMENT,
        Action.KEEP_CLEAR,
        (CIRCLE,),
        "SW",
        movement=MovementSaid(
            (TransportsSaid(TransportKind.TRUCK, 12), TransportsSaid(TransportKind.AMBULANCE, 1)), Armed.ON_BOARD, 4
        ),
    ),
    "movement without arms": entries.NoticeSent(
        "A-0414",
        1,
        NoticeState.ACCEPTED,
        NoticeKind.MOVEMENT,
        Action.BE_AWARE,
        (CIRCLE,),
        movement=MovementSaid((TransportsSaid(TransportKind.VESSEL, 1),), Armed.NONE),
    ),
    "emergency": a_notice(CIRCLE, timing=Timing.EMERGENCY, reason=ShortReason.LATE_DECISION),
    "amend": a_notice(CIRCLE, version=2, change=Change.AMEND),
    "extend while active": a_notice(CIRCLE, version=3, state="Activated", change=Change.EXTEND),
    "amended by older software": a_notice(CIRCLE, version=2),
    "cancel": a_notice(CIRCLE, version=3, state="Ended", change=Change.CANCEL),
    "give back": a_notice(CIRCLE, version=3, state="Ended", change=Change.GIVE_BACK),
    "activate": a_notice(OUTLINE, version=2, state="Activated", change=Change.ACTIVATE),
    "line test": LineTestSent("LA-0001", Path.TELEPHONE, 60, "I. Maro"),
    "line test by schedule": LineTestSent("LA-0002", Path.NETWORK, 300, machine_suffices=True),
    "line test answer": LineTestAnswered("LB-0001", "I. Maro", language_ok=False),
    "channel state": ChannelStateSent(ChannelName.SAFETY, ChannelState.SUSPENDED, "I. Maro", "Until noon."),
    "acknowledgement": entries.AnswerSent("birch/B-0107/v12/amber", NOTICE, Answer.WILCO, "I. Maro"),
    "standby": entries.AnswerSent("birch/B-0107/v12/amber", NOTICE, Answer.STANDBY, "I. Maro", 120),
    "stop": entries.StopSent("SA-0001", "I. Maro", "Now.", ("B-0107", "B-0108")),
    "stop about everything": entries.StopSent("SA-0002", "Imani"),
    "stop answer": entries.StopAnswered("SB-0001", Answer.UNABLE, "I. Maro"),
    "resume": entries.Resumed("SA-0001", "I. Maro"),
}
NAMES = sorted(VOICE_SET)


def a_card(name: str) -> Any:
    """The card of one of them, from Amber to Birch."""
    body = VOICE_SET[name]
    return card_of(entries.KIND_OF[type(body)], "OPER", "amber", "birch", msgspec.to_builtins(body))


# ------------------------------------------------------------------------------------------------------ there and back


def test_every_kind_that_can_be_said_by_voice_is_tried_here() -> None:
    assert {entries.KIND_OF[type(body)] for body in VOICE_SET.values()} == set(KINDS)


@pytest.mark.parametrize("name", NAMES)
def test_a_card_that_was_typed_in_gives_the_hash_of_the_entry(name: str) -> None:
    """V1: from the card alone; an answer names a notice that its sender knows already."""
    body, card = VOICE_SET[name], a_card(name)

    again = read_card(card.typed(), known_hashes=[HASH])

    assert again == card
    assert again.hash == entries.content_hash(body)
    assert card.is_whole
    assert len(card.lines) <= 14
    assert msgspec.convert(again.body, type(body)) == body


@pytest.mark.parametrize("name", NAMES)
def test_a_printed_card_is_80_columns_wide_and_can_be_read_as_it_is(name: str) -> None:
    card = a_card(name)

    assert max(map(len, card.text().splitlines())) <= 80
    assert read_card(card.text(), known_hashes=[HASH]) == card
    assert "no permission, no recognition and no guarantee" in card.text()
    assert "not the sole means" in card.text().lower()
    for line in card.lines:
        assert f"<td>{line.field}</td>" in card.html()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("typing", ["lower", "blanks", "look-alikes", "o for 0", "no numbers", "dots", "shuffled"])
def test_how_it_was_typed_makes_no_difference(name: str, typing: str) -> None:
    card = a_card(name)
    lines = [line.typed() for line in card.lines]
    alike = str.maketrans("AEOPCHBMTX-", "АЕОРСНВМТХ‑")  # Cyrillic, and a hyphen that does not break
    typed = {
        "lower": [line.lower() for line in lines],
        "blanks": [f"  {line.replace(' ', '   ')}  \t" for line in lines],
        "look-alikes": [line.translate(alike) for line in lines],
        "o for 0": [line.replace("-0", "-O") if " V" in line or "STOP SA" in line else line for line in lines],
        "no numbers": [line.partition(" ")[2] for line in lines],
        "dots": [line.replace(" ", ". ", 1) for line in lines],
        "shuffled": lines[::-1],
    }[typing]

    assert read_card("\n\n".join(typed), known_hashes=[HASH]) == card


def _codes() -> st.SearchStrategy[dict[str, Any]]:
    latitude, longitude = st.integers(-899_999_999, 899_999_999), st.integers(-1_799_999_999, 1_799_999_999)
    position = st.tuples(latitude, longitude).map(list)
    height = st.tuples(st.integers(-1_000_000, 100_000_000), st.sampled_from(["AMSL", "AGL", "WGS84", "FL"])).map(list)
    circle = st.tuples(latitude, longitude, st.integers(1, 5_000_000_000)).map(lambda c: {"circle": list(c)})
    outline = st.lists(position, min_size=3, max_size=6).map(lambda corners: {"outline": corners})
    text = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60)
    words = text.map(lambda said: " ".join(said.split())).filter(lambda said: said == said.capitalize())

    @st.composite
    def body(draw: Any) -> dict[str, Any]:
        start = draw(st.integers(0, 7_000_000_000)) * 1_000_000
        end = start + draw(st.integers(1, 90_000)) * 1_000_000
        volume = {"lower": draw(height), "upper": draw(height), "start": start, "end": end}
        state = draw(st.sampled_from(["Accepted", "Activated", "Ended"]))
        told = {name: draw(words) for name in ("contact", "remarks")} | {"region": draw(st.sampled_from(["", "N"]))}
        return {
            "id": f"A-{draw(st.integers(0, 9_999_999)):04d}", "version": draw(st.integers(1, 99_999)), "state": state,
            "kind": draw(st.sampled_from(["HAZARD", "MOVEMENT"])),
            "action": draw(st.sampled_from([action.value for action in Action])),
            "volumes": [volume | draw(circle | outline)], **{name: said for name, said in told.items() if said},
        }  # fmt: skip

    return body()


@settings(max_examples=60)
@when_given(_codes(), st.sampled_from(["OPER", "EXER", "TEST"]))
def test_any_notice_of_one_volume_goes_there_and_back(body: dict[str, Any], mode: str) -> None:
    card = card_of("notice", mode, "amber", "cedar-2", body)

    again = read_card(card.typed().lower())

    assert again == card
    assert len(card.lines) <= 14
    if card.is_whole:
        assert again.body == body


# --------------------------------------------------------------------------------------------------------- mishearing

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .-:"


_LINES = {f"{line.field} {line.value} {line.letters}".upper(): line for name in NAMES for line in a_card(name).lines}


@pytest.mark.parametrize("said", sorted(_LINES))
def test_every_single_wrong_character_and_every_swap_of_neighbours_is_caught(said: str) -> None:
    """V1, P3: all of them in every line of every card, not a sample."""
    line = _LINES[said]
    wrong = [said[:n] + other + said[n + 1 :] for n in range(len(said)) for other in _ALPHABET if other != said[n]]
    wrong += [said[:n] + said[n + 1] + said[n] + said[n + 2 :] for n in range(len(said) - 1)]

    taken = []
    for typed in wrong:
        try:
            read = read_line(typed, expected=line.number, guesses_max=0)
        except LineWrong:
            continue
        taken.append(read)

    assert len(wrong) > 300
    # Only what comes to the same is taken: O for 0, or a blank more.
    assert {(each.field, each.value.upper()) for each in taken if each} <= {(line.field, line.value.upper())}
    assert len(taken) < len(wrong) / 10


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_line_is_missed(name: str) -> None:
    lines = a_card(name).typed().splitlines()

    for gone in range(len(lines)):
        with pytest.raises(Malformed):
            read_card("\n".join(lines[:gone] + lines[gone + 1 :]), known_hashes=[HASH])


def test_two_lines_that_changed_places_are_told_with_their_places() -> None:
    lines = a_card("hazard").typed().splitlines()
    lines[3] = lines[3].replace("4 START", "5 START")
    lines[4] = lines[4].replace("5 END", "4 END")

    with pytest.raises(LineWrong, match=r"line 5 \(START\): START is line 4 of this card"):
        read_card("\n".join(lines))


def test_two_corners_that_changed_places_do_not_fit_their_letters() -> None:
    first, second = (line for line in a_card("activate").lines if line.field in ("CORNER 1", "CORNER 2"))

    with pytest.raises(LineWrong, match=r"line 7 \(CORNER 1\)"):
        read_line(f"7 CORNER 1 {second.value} {second.letters}")
    with pytest.raises(LineWrong):
        read_line(f"8 CORNER 2 {first.value} {first.letters}")


def test_a_wrong_line_is_named_with_what_would_be_right() -> None:
    typed = a_card("hazard").typed()

    with pytest.raises(LineWrong, match=r"line 3 \(NOTICE\)") as caught:
        read_card(typed.replace("A-0412", "A-0142"))

    assert "A-0412 V1" in caught.value.guesses
    assert "A-0412 V1 would fit" in str(caught.value) or "A-0412 V1" in caught.value.message


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("1 GREETING HELLO AB", "no field of a card"),
        ("4 START 2027-01-15 08:00:00Z", "check letters stand at its end"),
        ("4 START yesterday QX", "is not a time such as"),
        ("6 HEIGHT 0 M TO FL100 YJ", "no datum"),
        ("6 HEIGHT FL100 YJ", "no height band"),
        ("7 CENTRE 95.0000N 020.0000W PW", "beyond 90 degrees"),
        ("9 REGION NORTH DG", "none of N, NE"),
        ("3 NOTICE A-0412 RV", "with its version"),
    ],
)
def test_a_value_of_another_form_says_what_form_it_has(typed: str, why: str) -> None:
    with pytest.raises(LineWrong, match=why):
        read_line(typed)


def test_a_card_of_another_message_is_refused() -> None:
    stop, resume = a_card("stop").typed().splitlines(), a_card("resume").typed().splitlines()

    with pytest.raises(Malformed, match="no such line"):
        read_card("\n".join([*resume[:-1], stop[4].replace("5 ", "5 "), resume[-1]]))


def test_lines_of_two_cards_do_not_make_a_third() -> None:
    """Each line fits its own letters; the last covers them all."""
    one, other = a_card("stop about everything").lines, a_card("resume").lines
    mixed = [one[0], one[1], other[2], one[3], one[4]]

    with pytest.raises(Malformed, match="the last does not fit them all"):
        read_card("\n".join(line.typed() for line in mixed))


@pytest.mark.parametrize("change", ["mode", "from", "kind"])
def test_the_last_line_covers_mode_and_parties_and_kind(change: str) -> None:
    body = msgspec.to_builtins(VOICE_SET["resume"])
    card = card_of("resume", "OPER", "amber", "birch", body)
    other = {
        "mode": card_of("resume", "EXER", "amber", "birch", body),
        "from": card_of("resume", "OPER", "amber", "cedar", body),
        "kind": card_of("stop", "OPER", "amber", "birch", body),
    }[change]
    assert other.lines[-1].value.split(" LINES ")[1] != card.lines[-1].value.split(" LINES ")[1]

    with pytest.raises(Malformed):
        read_card("\n".join(line.typed() for line in (*other.lines[:-1], card.lines[-1])))


def test_a_line_numbered_out_of_turn_is_told_as_it_is_typed() -> None:
    with pytest.raises(LineWrong, match="it is numbered 4; line 3 comes next"):
        read_line(a_card("stop").lines[3].typed(), expected=3)


def test_capitals_that_no_rule_gives_are_asked_for() -> None:
    card = card_of("resume", "OPER", "amber", "birch", {"id": "SA-0001", "by": "I. McAroV"})

    assert read_card(card.typed()) == card
    with pytest.raises(Malformed, match="capitals matter in BY"):
        read_card(card.typed().upper())


def test_an_answer_to_a_notice_that_was_never_sent_is_refused() -> None:
    with pytest.raises(Malformed, match="no notice of ours begins with the hash 3F9C 2A1B 8D04"):
        read_card(a_card("acknowledgement").typed(), known_hashes=["ab" * 32])


def test_a_typed_card_has_a_bound() -> None:
    with pytest.raises(LimitReached):
        read_card("x" * 20_001)


@settings(max_examples=100)
@when_given(st.text(max_size=300))
def test_whatever_is_typed_gives_a_card_or_an_error_of_ours(text: str) -> None:
    with pytest.raises(KeepclearError) as refused:
        read_card(text)

    assert refused.value.message


# ------------------------------------------------------------------------------------------------- what does not fit


def _many_corners(count: int) -> WireVolume:
    outline = tuple((300_000_000 + (n % 2) * 1_000_000 + n * 10_000, 200_000_000 + n * 100_000) for n in range(count))
    return WireVolume((0, "AMSL"), (1_000_000, "AMSL"), START_US + 1, START_US + HOUR_US - 1, outline=outline)


def test_more_than_six_corners_become_a_circle_that_holds_them_with_detail_by_file() -> None:
    body = msgspec.to_builtins(a_notice(_many_corners(7)))

    card = card_of("notice", "OPER", "amber", "birch", body)

    volume = volume_from_wire(msgspec.convert(card.body["volumes"][0], WireVolume))
    assert not card.is_whole
    assert card.lines[0].value == "OPER HAZARD KEEP CLEAR DETAIL BY FILE"
    assert isinstance(volume.footprint, Circle)
    middle = (volume.footprint.lat_deg, volume.footprint.lon_deg)
    corners = [(lat / 1e7, lon / 1e7) for lat, lon in _many_corners(7).outline]
    assert all(distance_m(middle, corner) < volume.footprint.radius_m for corner in corners)
    assert volume.span.start_us == START_US
    assert volume.span.end_us == START_US + HOUR_US
    assert read_card(card.typed()) == card


def test_several_volumes_become_one_that_holds_them_all_across_the_date_line_too() -> None:
    east = WireVolume((0, "AMSL"), (500_000, "AMSL"), START_US, START_US + HOUR_US, (0, 1_795_000_000, 10_000_000))
    west = WireVolume((0, "AMSL"), (900_000, "AGL"), START_US, START_US + 2 * HOUR_US, (0, -1_795_000_000, 10_000_000))
    notice = entries.NoticeSent("A-0412", 1, NoticeState.ACCEPTED, NoticeKind.HAZARD, Action.KEEP_CLEAR, (east, west))

    body = card_of("notice", "OPER", "amber", "birch", msgspec.to_builtins(notice)).body

    (volume,) = body["volumes"]
    lat, lon, radius_mm = volume["circle"]
    assert abs(lon) == 1_800_000_000
    for wire in (east, west):
        reach_m = distance_m((lat / 1e7, lon / 1e7), (wire.circle[0] / 1e7, wire.circle[1] / 1e7))
        assert reach_m + wire.circle[2] / 1000 <= radius_mm / 1000 < reach_m + wire.circle[2] / 1000 + 50
    assert volume["end"] == START_US + 2 * HOUR_US
    assert volume["lower"] == [0, "AMSL"]
    # Two data do not compare: the band has no end there.
    assert volume["upper"] == [100_000_000, "AMSL"]


@settings(max_examples=40)
@when_given(st.integers(7, 40), st.integers(-80, 80), st.integers(-180, 179))
def test_the_circle_holds_every_point_of_the_edges(count: int, lat: int, lon: int) -> None:
    outline = tuple(
        (lat * 10_000_000 + (n * 7919 % 1_000) * 5_000, (lon * 10_000_000 + n * 90_000 + 1_800_000_000) % 3_600_000_000
         - 1_800_000_000) for n in range(count)
    )  # fmt: skip
    volume = WireVolume((0, "AMSL"), (1_000, "AMSL"), START_US, START_US + HOUR_US, outline=outline)

    form = spoken_form("notice", msgspec.to_builtins(a_notice(volume)))

    lat_e7, lon_e7, radius_mm = form.body["volumes"][0]["circle"]
    polygon = Polygon(tuple((one / 1e7, other / 1e7) for one, other in outline))
    from keepclear.core.geodesy import bearing_deg, destination

    corners = polygon.outline
    for one, other in zip(corners, (*corners[1:], corners[0]), strict=True):
        middle = destination(one, bearing_deg(one, other), distance_m(one, other) / 2)
        assert distance_m((lat_e7 / 1e7, lon_e7 / 1e7), middle) <= radius_mm / 1000


def test_markings_and_more_than_four_kinds_of_transport_go_by_file() -> None:
    kinds = [TransportsSaid(kind, 1) for kind in TransportKind]
    few, many = (MovementSaid(tuple(kinds[:count]), Armed.NONE, markings=("A white roof",)) for count in (4, 5))

    spoken = [
        card_of("notice", "OPER", "amber", "birch", msgspec.to_builtins(a_notice(CIRCLE, movement=movement)))
        for movement in (few, many)
    ]

    assert not any(card.is_whole for card in spoken)
    assert "markings" not in spoken[0].body["movement"]
    assert "movement" not in spoken[1].body
    assert all(read_card(card.typed()) == card for card in spoken)


def test_a_field_that_no_line_says_goes_by_file() -> None:
    sent = msgspec.to_builtins(a_notice(CIRCLE)) | {"seen_from": {"within": "north"}}

    card = card_of("notice", "OPER", "amber", "birch", sent)

    assert "seen_from" not in card.body
    assert not card.is_whole
    assert read_card(card.typed()) == card


def test_what_a_voice_cannot_carry_is_left_out_and_said_to_be_by_file() -> None:
    stop = {"id": "SA-0001", "by": "Зоя Müller", "remarks": "двор", "notices": [f"B-{n:04d}" for n in range(40)]}

    card = card_of("stop", "OPER", "amber", "birch", stop)

    assert card.body == {"id": "SA-0001", "by": "??? Muller"}
    assert "DETAIL BY FILE" in card.lines[0].value
    assert read_card(card.typed()) == card


def test_hidden_fields_are_not_said_and_both_sides_leave_them_out() -> None:
    """Their salted commitments cannot be spoken; the link brings them, and the spoken forms are compared."""
    sent = msgspec.to_builtins(a_notice(CIRCLE, hidden={"contact": HASH, "remarks": HASH}))

    card = card_of("notice", "OPER", "amber", "birch", sent)

    assert card.is_whole
    assert read_card(card.typed()).hash == card_of("notice", "OPER", "amber", "birch", sent).hash
    assert spoken_form("notice", card.body).body == card.body


def test_a_kind_outside_the_voice_set_is_refused() -> None:
    with pytest.raises(Malformed, match="is not said by voice"):
        card_of("agreement_signed", "OPER", "amber", "birch", {"hash": HASH, "by": "x"})


def test_digits_are_said_one_by_one_and_letters_by_the_alphabet() -> None:
    assert say("A-0412 V12") == "ALFA DASH ZERO FOWER ONE TWO, VICTOR ONE TWO"
    assert say("38.5000S") == "TREE EIGHT DECIMAL FIFE ZERO ZERO ZERO SIERRA"
