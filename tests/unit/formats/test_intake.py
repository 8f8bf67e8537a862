"""The parts of intake: times, passages, speakers, and the bounds."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepclear.errors import LimitReached, Malformed
from keepclear.formats import intake
from keepclear.formats.intake import TEXT_CHARS_MAX, Kind, Span, read_text
from keepclear.formats.intake.dates import Days, dateline, times
from keepclear.formats.intake.passages import passages, quotes

TUESDAY = date(2019, 2, 19)


@pytest.mark.parametrize(
    ("text", "is_future", "iso"),
    [
        ("on Thursday", True, "2019-02-21"),
        ("on Thursday", False, "2019-02-14"),
        ("next Monday", True, "2019-02-25"),
        ("last Tuesday", False, "2019-02-12"),
        ("last week", False, "2019-02-11/2019-02-17"),
        ("next month", True, "2019-03"),
        ("last month", False, "2019-01"),
        ("in November", False, "2018-11"),
        ("in April", True, "2019-04"),
        ("in September of last year", False, "2018-09"),
        ("over the weekend", False, "2019-02-16/2019-02-17"),
        ("yesterday morning", False, "2019-02-18"),
        ("three weeks ago", False, "2019-01-29"),
        ("within ten days", True, "2019-02-19/2019-03-01"),
        ("13 and 14 May 2031", None, "2031-05-13/2031-05-14"),
        ("May 3-5, 2031", None, "2031-05-03/2031-05-05"),
        ("30 April to 2 May 2031", None, "2031-04-30/2031-05-02"),
        ("060500 UTC to 061100 UTC MAR 31", None, "2031-03-06T05:00Z/2031-03-06T11:00Z"),
        ("at 22:14 local time (19:14 UTC)", False, "2019-02-19T19:14Z"),
        ("at 01:30 (UTC+3)", False, "2019-02-18T22:30Z"),
        ("2019-02-21T10:00Z", None, "2019-02-21T10:00Z"),
        ("last winter", False, "2017-12/2018-02"),
    ],
)
def test_times_mean_what_a_reader_on_that_day_takes_them_for(text: str, is_future: bool | None, iso: str) -> None:
    found = times(text, Span(0, len(text)), Days(TUESDAY, is_future=is_future))

    assert [when.iso for when in found] == [iso]


@pytest.mark.parametrize("text", ["They may go.", "a march of 3 km", "123.450 MHz", "12.50 m", "31 February 2019"])
def test_what_only_looks_like_a_time_is_not_resolved(text: str) -> None:
    assert not [when for when in times(text, Span(0, len(text)), Days(TUESDAY)) if when.first]


def test_a_night_has_two_days_and_midnight_lies_between_them() -> None:
    text = (
        "On the night of 17 to 18 August 2032. At 23:05 (20:05 UTC) contact was lost."
        " At 00:40 (21:40 UTC) a convoy was hit."
    )

    found = [finding for finding in read_text(text).findings if finding.kind is Kind.INCIDENT]

    assert [f.when.iso for f in found if f.when] == ["2032-08-17T20:05Z", "2032-08-17T21:40Z"]


def test_the_following_day_is_counted_from_the_day_that_was_named_last() -> None:
    text = "A convoy was hit near Arda on 30 April 2031. Moe and Lill spoke by phone the following day."

    call = next(finding for finding in read_text(text).findings if finding.kind is Kind.CALL)

    assert call.when is not None and call.when.iso == "2031-05-01"


def test_a_dateline_is_offered_and_never_used_by_itself() -> None:
    text = "Halden, 14 May 2031\n\nThe ministers met in Vessby yesterday."

    draft = read_text(text)

    assert draft.dateline == dateline(text) == "2031-05-14"
    assert draft.findings[0].when is not None and not draft.findings[0].when.first


def test_a_sentence_does_not_end_at_a_title_or_inside_a_number() -> None:
    text = "Lt. Gen. A. Moe met Dr. Lill at 3.5 km from No. 9 on Oct. 3. They left."

    assert [passage.span.of(text) for passage in passages(text)] == [text[:-11], "They left."]


def test_a_quotation_that_is_never_closed_ends_with_its_paragraph() -> None:
    text = 'He said: "we wait for word.\n\nNothing else was said.'

    assert [quote.span.of(text) for quote in quotes(text)] == ["we wait for word."]


@pytest.mark.parametrize(
    ("text", "speaker"),
    [
        ('"We talk to them every single day," Gen. Ida Moe told reporters.', "Ida Moe"),
        ('Gen. Ida Moe told reporters: "We talk to them every single day."', "Ida Moe"),
        ("According to the Amber air staff, the notice was sent in time.", "the Amber air staff"),
        ("The notice was sent in time, the ministry said.", "the ministry"),
        ("Birch's Defence Ministry denied that any aircraft of its own was there.", "Birch's Defence Ministry"),
        ("Col. Ida Moe met her counterpart. She added that the line was open.", "Ida Moe"),
        (
            "The crew was not warned, spokesman Major General Igor Moe told a briefing on Sunday.",
            "Igor Moe",
        ),
        ('"It is a loss," the army\'s spokesman, Rear Adm. Ida Moe, said.', "Ida Moe"),
        ("Moe: The line must stay open\n\nGeneral Ida Moe was in Vessby.", "Ida Moe"),
    ],
)
def test_a_statement_has_the_speaker_that_the_text_gives_it(text: str, speaker: str) -> None:
    said = [finding for finding in read_text(text).findings if finding.kind is Kind.STATEMENT]

    assert [finding.speaker for finding in said] == [speaker]


@pytest.mark.parametrize(
    "text",
    [
        "The conditions were met.",
        "They hope to prevent incidents in the air.",
        "The agreement was not kept.",
        "Officials met with criticism at home.",
        "He was ready to host talks.",
        "The meeting was useful.",
        "Each side blames the other for the collision.",
        "The security area of the website was changed.",
        "They did not answer regular phone calls on Monday.",
        "Ten mortar rounds lay near Arda.",
    ],
)
def test_words_that_only_resemble_an_event_give_none(text: str) -> None:
    assert not [finding for finding in read_text(text).findings if finding.kind is not Kind.STATEMENT]


def test_a_text_that_is_too_long_is_refused_and_one_at_the_bound_is_read() -> None:
    assert read_text("a " * (TEXT_CHARS_MAX // 2)).findings == ()

    with pytest.raises(LimitReached):
        read_text("a" * (TEXT_CHARS_MAX + 1))


def test_more_findings_than_a_person_can_confirm_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "FINDINGS_MAX", 3)
    line = "Amber and Birch met in Vessby on 3 May 2031.\n\n"

    assert len(read_text(line * 3).findings) == 3
    with pytest.raises(LimitReached):
        read_text(line * 4)


def test_a_day_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(Malformed, match="2019-02-30"):
        read_text("x", dated="2019-02-30")


@settings(max_examples=60)
@given(st.text(alphabet=st.sampled_from("AaBb 12:.,;\"“”'’\n-()MZéю"), max_size=300) | st.text(max_size=200))
def test_any_text_is_read_and_every_span_lies_in_it(text: str) -> None:
    for finding in read_text(text, dated="2031-01-01").findings:
        assert finding.text == text[finding.span.start : finding.span.end] != ""
