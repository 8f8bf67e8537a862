"""Read-back: what the check letters catch, proved by trying every error, and which fields came back wrong (P3)."""

from __future__ import annotations

import pytest

from keepclear.core import readback
from keepclear.core.footprint import Circle, Polygon
from keepclear.core.readback import LETTERS, LINE_MAX, Fault, Heard, ReadField, check_letters, differences, lines_of
from keepclear.core.timespan import HOUR_US, TimeSpan
from keepclear.core.volume import Altitude, AltitudeBand, AltitudeDatum, Volume4D
from keepclear.errors import LimitReached, Malformed

#: Every character that a line may hold: printable ASCII without the lower case, which a voice does not have.
ALPHABET = [chr(code) for code in range(0x20, 0x7F) if not chr(code).islower()]
WORTHS = [ord(character) - 0x1F for character in ALPHABET]


def _contribution(worth: int, position: int) -> tuple[int, int]:
    """What a character worth so much adds at a position, by the module's own tables."""
    return readback._times((worth % 23, worth // 23), readback._WEIGHTS[position])


def _minus(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return (one[0] - other[0]) % 23, (one[1] - other[1]) % 23


def test_the_letters_are_23_without_those_that_look_like_digits():
    assert len(LETTERS) == len(set(LETTERS)) == 23
    assert not set(LETTERS) & set("IOS0123456789")


def test_the_weights_are_powers_of_an_element_that_generates_the_whole_field():
    power, order = readback._GENERATOR, 1
    while power != (1, 0):
        power, order = readback._times(power, readback._GENERATOR), order + 1

    assert order == 528


def test_every_single_wrong_character_changes_the_letters_at_every_position():
    """P3: the whole error space, LINE_MAX positions x 69 x 68 pairs of characters."""
    missed = [
        (position, one, other)
        for position in range(LINE_MAX)
        for one in WORTHS
        for other in WORTHS
        if one != other and _contribution(one, position) == _contribution(other, position)
    ]

    assert missed == []


def test_every_swap_of_neighbours_changes_the_letters_at_every_position():
    """P3: the whole error space, LINE_MAX - 1 pairs of positions x 69 x 68 pairs of characters."""
    missed = []
    for position in range(LINE_MAX - 1):
        # What a swap of two neighbours moves, for each character: nothing moved may be equal for two of them.
        moved = [_minus(_contribution(worth, position), _contribution(worth, position + 1)) for worth in WORTHS]
        missed += [position] if len(set(moved)) < len(WORTHS) else []

    assert missed == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("PLACE 1", "36.50000 N 035.70000 E"), ("TIME 1", "FROM 2018-09-17T18:40:00Z"), ("HEIGHT 2", "UPPER FL 320")],
)
def test_on_real_lines_every_wrong_character_and_every_swap_is_caught(field, value):
    right = check_letters(field, value)

    wrong = {
        changed
        for position in range(len(value))
        for character in ALPHABET
        if (changed := value[:position] + character + value[position + 1 :]) != value
    } | {
        value[:position] + value[position + 1] + value[position] + value[position + 2 :]
        for position in range(len(value) - 1)
        if value[position] != value[position + 1]
    }
    # A space at the end or beside another one cannot be heard, and is not part of what is compared.
    heard = {changed for changed in wrong if readback.spoken(changed) == changed}

    assert len(heard) > 60 * len(value)
    assert [changed for changed in heard if check_letters(field, changed) == right] == []


def test_a_wrong_letter_or_swapped_letters_never_fit_the_same_line():
    right = check_letters("PLACE 1", "36.50000 N 035.70000 E")
    line = readback.Line(ReadField.PLACE, 1, "36.50000 N 035.70000 E")
    wrong = [right[0] + x for x in LETTERS if x != right[1]] + [x + right[1] for x in LETTERS if x != right[0]]
    wrong += [right[::-1]] if right[0] != right[1] else []

    found = [differences([line], [Heard(ReadField.PLACE, 1, line.value, letters)]) for letters in wrong]

    assert all(len(each) == 1 and each[0].fault is Fault.MISHEARD for each in found)


def test_a_value_in_another_field_has_other_letters():
    assert check_letters("PLACE 1", "090") != check_letters("PLACE 2", "090")
    assert check_letters("HEIGHT 1", "090") != check_letters("TIME 1", "090")


def test_what_a_voice_cannot_carry_and_what_is_too_long_is_refused():
    check_letters("PLACE", "X" * (LINE_MAX - len("PLACE ")))

    with pytest.raises(LimitReached, match="160"):
        check_letters("PLACE", "X" * (LINE_MAX - len("PLACE ") + 1))
    with pytest.raises(Malformed, match="cannot be read back"):
        check_letters("PLACE", "Пункт")


def _volume(footprint):
    band = AltitudeBand(Altitude(0.0, AltitudeDatum.AMSL), Altitude(3048.0, AltitudeDatum.FL))
    return Volume4D(footprint, band, TimeSpan(0, HOUR_US))


CIRCLE = _volume(Circle(36.5, 35.7, 4000.0))


def test_the_lines_hold_place_time_height_and_action():
    lines = lines_of([CIRCLE], "KEEP_CLEAR")

    assert [(line.name, line.value) for line in lines] == [
        ("PLACE 1", "36.50000 N 035.70000 E"),
        ("PLACE 2", "RADIUS 4000 M"),
        ("TIME 1", "FROM 1970-01-01T00:00:00Z"),
        ("TIME 2", "UNTIL 1970-01-01T01:00:00Z"),
        ("HEIGHT 1", "LOWER 0 M AMSL"),
        ("HEIGHT 2", "UPPER FL 100"),
        ("ACTION 1", "KEEP CLEAR"),
    ]


def test_an_outline_is_read_back_with_the_number_of_its_corners():
    outline = tuple((10.0 + k / 10, 20.0 + (k % 2)) for k in range(8))

    places = [line.value for line in lines_of([_volume(Polygon(outline))], "BE_AWARE") if line.field == "PLACE"]

    assert places[0] == "8 CORNERS" and len(places) == 1 + readback.CORNERS_READ_MAX


def test_a_read_back_names_the_fields_that_differ():
    sent = lines_of([CIRCLE], "KEEP_CLEAR")
    heard = [Heard(line.field, line.number, line.value, line.letters) for line in sent]
    another = readback.Line(ReadField.TIME, 1, "FROM 1970-01-01T01:00:00Z")
    heard[0] = Heard(ReadField.PLACE, 1, "35.50000 N 035.70000 E", sent[0].letters)
    heard[2] = Heard(another.field, another.number, another.value, another.letters)
    del heard[5]
    heard.append(Heard(ReadField.ACTION, 2, "BE AWARE"))

    found = {(each.field, each.number): each.fault for each in differences(sent, heard)}

    assert found == {
        (ReadField.PLACE, 1): Fault.MISHEARD,
        (ReadField.TIME, 1): Fault.DIFFERS,
        (ReadField.HEIGHT, 2): Fault.MISSING,
        (ReadField.ACTION, 2): Fault.EXTRA,
    }


def test_a_read_back_in_lower_case_and_with_more_spaces_is_correct():
    sent = lines_of([CIRCLE], "KEEP_CLEAR")

    heard = [Heard(line.field, line.number, f" {line.value.lower()}  ", line.letters.lower()) for line in sent]

    assert differences(sent, heard) == ()


def test_a_line_read_back_twice_is_refused():
    sent = lines_of([CIRCLE], "KEEP_CLEAR")

    with pytest.raises(Malformed, match="twice"):
        differences(sent, [Heard(ReadField.ACTION, 1, "KEEP CLEAR"), Heard(ReadField.ACTION, 1, "BE AWARE")])
