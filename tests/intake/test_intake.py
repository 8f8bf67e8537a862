"""Intake on whole texts: what it finds against what a person wrote down before there was a program."""

from __future__ import annotations

import hashlib
import itertools
from pathlib import Path

import pytest
import yaml

from intake.score import Score, read_case, score
from keepclear.formats.intake import Kind, read_text

HERE = Path(__file__).parent
TEXTS = sorted((HERE / "texts").glob("*.txt"))
ORIGIN = HERE.parents[2] / "shared" / "facts" / "origin.txt"


def test_at_least_five_texts_of_our_own_are_read() -> None:
    assert len(TEXTS) >= 5


@pytest.mark.parametrize("name", TEXTS, ids=lambda path: path.stem)
def test_a_text_of_our_own_is_read_as_a_person_read_it(name: Path) -> None:
    text, expected = read_case(name)

    result = score(text, expected)

    assert result.recall >= 0.9 and result.precision >= 0.85, "\n".join(result.wrong)
    assert result.fields_right >= 0.95 * result.fields, "\n".join(result.wrong)


def test_everything_the_facts_file_lists_is_found_in_the_origin_text() -> None:
    expected = yaml.safe_load((HERE / "origin.yaml").read_text("utf-8"))
    data = ORIGIN.read_bytes()
    assert hashlib.sha256(data).hexdigest() == expected["sha256"], "this is not the text that the findings are of"

    result: Score = score(data.decode(), expected)

    assert result.recall == 1.0 and result.precision >= 0.95, "\n".join(result.wrong)
    assert result.fields_right == result.fields, "\n".join(result.wrong)


def test_the_scorer_counts_what_is_missed_and_what_is_too_much() -> None:
    text = "Amber and Birch met in Vessby on 3 May 2031. A convoy came under fire near Arda on 4 May 2031."
    expected = {
        "dated": "2031-05-05",
        "findings": [
            {"kind": "meeting", "anchor": "met in Vessby", "where": "Halden"},
            {"kind": "call", "anchor": "convoy came under fire"},
        ],
    }

    result = score(text, expected)

    assert (result.met, result.expected, result.right, result.found) == (1, 2, 1, 2)
    assert (result.fields_right, result.fields) == (0, 1)


@pytest.mark.parametrize("name", TEXTS, ids=lambda path: path.stem)
def test_every_span_is_an_exact_slice_of_the_source(name: Path) -> None:
    text = name.read_text("utf-8")

    draft = read_text(text, dated="2031-01-01")

    for finding in draft.findings:
        assert finding.text == text[finding.span.start : finding.span.end] and finding.text.strip()
        for place in finding.where:
            assert place.name == place.span.of(text)
        if finding.when:
            assert finding.when.span.of(text).strip()


def test_without_a_date_relative_times_stay_relative_and_written_ones_do_not() -> None:
    text = "The two ministers met in Vessby last week. The Vessby Accord of 3 May 2029 remains in force."

    met, accord = read_text(text).findings

    assert met.when is not None and met.when.first == "" and met.when.span.of(text) == "last week"
    assert accord.when is not None and accord.when.iso == "2029-05-03"


def test_a_post_a_zone_and_an_agreement_are_never_one() -> None:
    text = (
        "Under the Halden Memorandum of 2029 there are 12 observation posts around the de-escalation zone in Orrin"
        " and a buffer zone near Tolm."
    )

    found = read_text(text).findings

    assert [finding.kind for finding in found] == [Kind.AGREEMENT, Kind.POST, Kind.ZONE, Kind.ZONE]
    spans = sorted((finding.span for finding in found), key=lambda span: span.start)
    assert all(one.end <= other.start for one, other in itertools.pairwise(spans))


def test_several_zones_around_one_place_are_put_to_the_person_as_a_doubt() -> None:
    (zone,) = read_text("Cedar has 9 de-escalation zones surrounding Orrin.").findings

    assert zone.kind is Kind.ZONE and zone.count == 9
    assert any("posts" in note for note in zone.notes)


def test_what_is_told_inside_a_quotation_carries_its_speaker() -> None:
    text = '"A convoy of ours was shot at near Arda on 3 May 2031," General Ida Brandt said.'

    incident = next(f for f in read_text(text).findings if f.kind is Kind.INCIDENT)

    assert incident.is_quoted and incident.speaker == "Ida Brandt"
