"""One message, many languages (T2): the same codes and hash in each, and nothing said that the codes do not say."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given as when_given
from hypothesis import settings
from hypothesis import strategies as st

from given import START_US, a_signer
from keepclear.core.agreement import AgreementAct
from keepclear.core.alert import AlertLevel, Answer
from keepclear.core.dissemination import RelayWord
from keepclear.core.line import ChannelName, ChannelState, MissCause, TestResult
from keepclear.core.line import Path as LinePath
from keepclear.core.notice import (
    NOT_CERTIFIED_LINE,
    STANDING_LINE,
    Action,
    Armed,
    Change,
    NoticeKind,
    NoticeState,
    ShortReason,
    Timing,
    TransportKind,
)  # fmt: skip
from keepclear.core.readback import Fault, ReadField
from keepclear.core.request import DenyReason, Outcome, Reply
from keepclear.core.zone import ZoneState
from keepclear.errors import Malformed, Tampered
from keepclear.formats import phrasebook
from keepclear.formats.agreement_wire import WireRule, WireWindow, WireZone
from keepclear.formats.phrasebook import Said, read_phrasebook, render, sign_phrasebook, signer_of
from keepclear.formats.phrasebook.plural import FAMILIES
from keepclear.formats.seen_from import WireSeenFrom
from keepclear.formats.wire import WireSeparation, WireVolume
from keepclear.node import entries
from keepclear.node.entries import channel, dissemination, linetests, readback, requests
from keepclear.node.entries.notices import MovementSaid, TransportsSaid
from keepclear.record import Envelope, Seen

FOLDER = Path(phrasebook.__file__).parent
FILES = {path.stem: path.read_bytes() for path in sorted(FOLDER.glob("*.toml"))}
BOOKS = {language: read_phrasebook(data) for language, data in FILES.items()}
HASH = "3f9c2a1b" * 8
CIRCLE = WireVolume((0, "AMSL"), (3_048_000, "FL"), START_US, START_US + 3_600_000_000, (105_000_000, -200_000_000, 5))
OUTLINE = WireVolume((-5_500, "AGL"), (914_400, "AMSL"), 0, 1, outline=((1, 2), (-3, 4), (5, -6)))
NOTICE = entries.NoticeRef("amber", "A-0412", 2, HASH)
REQUEST = requests.RequestRef("amber", "RA-0001", HASH)
SPLIT = entries.SplitViewSeen("keepclear/amber/to/birch", "one\n", "other\n")
TERMS = entries.AgreementTerms(
    "North", ("amber", "birch"), (1, 2, 3), WireSeparation(2_000_000, 304_800, 60_000), {"notice_s": 60},
    {"amber": entries.DisclosureTerm("VOLUME"), "birch": entries.DisclosureTerm("NONE")},
)  # fmt: skip
ZONE = WireZone(
    "DZ-1", "The field", "danger", (WireRule("stay_out"),), (105_000_000, -200_000_000, 5),
    lower=(0, "AMSL"), upper=(3_048_000, "FL"), start=1, end=2, schedule=(WireWindow(0, 60),),
)  # fmt: skip
BELT = WireZone("DZ-1", "The field", "corridor", (WireRule("free"),), line=((1, 2), (3, 4)), depth=(1, 0))
#: At least one body of each kind that a channel may hold.
BODIES: list[entries.Entry] = [
    entries.NoticeSent(
        "A-0412", 2, NoticeState.ACCEPTED, NoticeKind.HAZARD, Action.KEEP_CLEAR, (CIRCLE, OUTLINE), "NE",
        "desk 7", "burning, of gorse", "survey", {"contact": HASH, "activity": HASH},
    ),
    entries.NoticeSent("A-1", 1, NoticeState.ENDED, NoticeKind.MOVEMENT, Action.BE_AWARE, (CIRCLE,)),
    *(
        entries.NoticeSent(
            "A-2", 1, NoticeState.ACCEPTED, NoticeKind.HAZARD, Action.KEEP_CLEAR, (CIRCLE,), seen_from=said
        )
        for said in (
            WireSeenFrom("Rock", point=(105_000_000, -200_000_000), bearing_step=1_000, range=90_000_000, range_step=1),
            WireSeenFrom(within="ALPHA"),
            WireSeenFrom(whole_of="ALPHA"),
        )
    ),
    entries.AlertSent("amber/A-0412/v2/birch", AlertLevel.WARNING, NOTICE, 900, ("B-0001", "B-0002"), 3),
    entries.AlertSent("amber/A-0412/v2/birch", AlertLevel.ADVISORY, NOTICE, 61),
    entries.AnswerSent("amber/A-0412/v2/birch", NOTICE, Answer.STANDBY, "T. Quill", 120),
    entries.Received(HASH, 7, START_US),
    entries.StopSent("SA-0001", "I. Maro", "now", ("B-0001",)),
    entries.StopSent("SA-0002", "I. Maro"),
    entries.StopAnswered("SA-0001", Answer.WILCO, "T. Quill"),
    entries.Resumed("SA-0001", "I. Maro"),
    entries.AgreementProposed(HASH, TERMS, "I. Maro"),
    entries.AgreementSigned(HASH, "T. Quill"),
    entries.AgreementActed(HASH, AgreementAct.EXTEND, "T. Quill", START_US, "as at the last meeting"),
    entries.AgreementActed(HASH, AgreementAct.SUSPEND, "T. Quill"),
    entries.ZoneSaid(1, ZoneState.ANNOUNCED, ZONE, "I. Maro", reason="burning"),
    entries.ZoneSaid(2, ZoneState.GIVEN_BACK, BELT, "I. Maro", START_US, ((1, 2),)),
    SPLIT,
    linetests.LineTestSent("LA-0001", LinePath.NETWORK, 600),
    linetests.LineTestSent("LA-0002", LinePath.NETWORK, 90, "I. Maro", machine_suffices=True),
    linetests.LineTestAnswered("LA-0001", "T. Quill", language_ok=True),
    linetests.LineTestAnswered("LA-0001", "T. Quill", language_ok=False),
    linetests.LineTestResult(
        "LA-0001", LinePath.NETWORK, TestResult.LATE, latency_ms=1_500, answered_by="T. Quill", language_ok=True,
        skew_ms=-3_600_000, skew_uncertain_ms=20,
    ),
    linetests.LineTestResult("LA-0003", LinePath.RADIO, TestResult.MISSED, "I. Maro", cause=MissCause.TECHNICAL),
    linetests.LineTestCause("amber/LA-0003", MissCause.REFUSED, "T. Quill", "the mast"),
    channel.ChannelStateSent(ChannelName.SAFETY, ChannelState.SUSPENDED, "T. Quill", "as ordered"),
    entries.NoticeSent(
        "A-2", 3, NoticeState.ACTIVATED, NoticeKind.MOVEMENT, Action.BE_AWARE, (CIRCLE,), change=Change.DEVIATE,
        timing=Timing.EMERGENCY, reason=ShortReason.WEATHER,
        movement=MovementSaid(
            (TransportsSaid(TransportKind.TRUCK, 12),), Armed.ESCORT, 4, ("a white roof",), "desk 8"
        ),
    ),
    requests.RequestSent(
        "RA-0001", NoticeKind.MOVEMENT, Action.KEEP_CLEAR, (OUTLINE,), "I. Maro", 3_600, "desk 7", "convoy",
        MovementSaid((TransportsSaid(TransportKind.BUS, 3),), Armed.NONE),
    ),
    requests.RequestReplied(REQUEST, Reply.ALTERNATIVE, "T. Quill", volumes=(CIRCLE,), remarks="later"),
    requests.RequestReplied(REQUEST, Reply.DENY, "T. Quill", DenyReason.NO_AUTHORITY),
    requests.AlternativeAccepted(REQUEST, HASH, "I. Maro"),
    requests.RequestWithdrawn("RA-0001", "I. Maro"),
    readback.ReadBackSaid(
        "amber/A-0412/v2/birch", NOTICE,
        (
            *(readback.ReadLine(each, 1, "105 DEG", "AB") for each in ReadField),
            readback.ReadLine(ReadField.PLACE, 2, "200 DEG"),
        ),
        "T. Quill",
    ),
    readback.ReadBackJudged("amber/A-0412/v2/birch", NOTICE, HASH, readback.Verdict.CONFIRM, "I. Maro"),
    readback.ReadBackJudged(
        "amber/A-0412/v2/birch", NOTICE, HASH, readback.Verdict.CORRECT, "I. Maro",
        tuple(readback.WrongLine(each, 1, Fault.DIFFERS, "600 M", "900 M") for each in ReadField),
    ),
    requests.OutcomeReported("amber/RA-0001", Outcome.IMPEDED, "I. Maro", 45, "two halts"),
    channel.ChannelStateSent(ChannelName.POLITICAL, ChannelState.OPEN, "T. Quill"),
    dissemination.Disseminated(NOTICE, 2, 3, HASH, "T. Quill"),
    dissemination.Disseminated(NOTICE, 0, 0, HASH, "T. Quill"),
    dissemination.Relay(
        "RB-0001", "amber", "keepclear/amber/to/birch", 7, HASH, HASH,
        entries.NoticeSent("A-0412", 2, NoticeState.ACCEPTED, NoticeKind.HAZARD, Action.KEEP_CLEAR, (CIRCLE,), "NE"),
        ("amber", "birch"), "T. Quill",
    ),
    dissemination.RelayAnswered("RB-0001", RelayWord.LOOP),
    dissemination.RelayAnswered("RB-0001", RelayWord.REWORDED),
    dissemination.RelayAnswered("RB-0001", RelayWord.TAKEN, proved=True),
]  # fmt: skip


def a_said(body: entries.Entry, mode: str = "OPER") -> Said:
    """An entry as it stands in the channel from Amber to Birch."""
    kind = entries.KIND_OF[type(body)]
    seen = Seen()
    values: Any = msgspec.to_builtins(body)
    envelope = Envelope("keepclear/amber/to/birch", 0, START_US, kind, mode, True, seen, values)
    return phrasebook.said_of(envelope)


def changed(language: str, old: str, new: str) -> bytes:
    """A phrase file with one thing changed."""
    assert old.encode() in FILES[language]
    return FILES[language].replace(old.encode(), new.encode(), 1)


# ------------------------------------------------------------------------------------------------------- languages


def test_the_six_languages_of_the_line_are_there() -> None:
    assert set(BOOKS) >= {"en", "ru", "ar", "he", "tr", "fr"}
    assert [language for language, book in BOOKS.items() if book.is_right_to_left] == ["ar", "he"]


def test_every_kind_that_a_channel_may_hold_can_be_said() -> None:
    said = {entries.KIND_OF[type(body)] for body in BODIES}

    assert set(phrasebook.ROWS) == set(entries.CHANNEL_KINDS)
    assert said == set(entries.CHANNEL_KINDS)


@pytest.mark.parametrize("language", FILES)
def test_a_language_without_one_of_its_phrases_is_refused_by_that_name(language: str) -> None:
    read = tomllib.loads(FILES[language].decode())
    names = [("phrases", name) for name in read["phrases"]] + [("counted", name) for name in read["counted"]]
    assert len(names) >= 60

    for table, name in names:
        text = FILES[language].decode()
        if table == "phrases":
            without = re.sub(rf'(?m)^"{re.escape(name)}" = .*\n', "", text)
        else:
            without = re.sub(rf'(?m)^\[counted\."{re.escape(name)}"\]\n(?:[a-z]+ = .*\n)+', "", text)
        with pytest.raises(Malformed, match=rf"not there: {re.escape(name)}$"):
            read_phrasebook(without.encode())


@pytest.mark.parametrize("language", FILES)
def test_a_phrase_that_is_never_said_is_refused(language: str) -> None:
    with pytest.raises(Malformed, match=r"never said: alert\.joke"):
        read_phrasebook(changed(language, "[phrases]\n", '[phrases]\n"alert.joke" = "Ha."\n'))


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("{id}, version {version}", "{id}", "each once"),
        ("{id}, version {version}", "{id}, version {version} {id}", "each once"),
        ("{id}, version {version}", "{id}, version {weapon}", "each once"),
        ("{id}, version {version}", "{id}, version {version", "braces"),
        ("Hazard notice", "Hazard \u202e notice", "no direction marks"),
        ('direction = "ltr"', 'direction = "up"', "ltr or rtl"),
        ('plural = "one-other"', 'plural = "klingon"', "no family"),
        ('plural = "one-other"', 'plural = "arabic"', "counts with zero, one, two, few, many, other"),
    ],
)
def test_a_phrase_file_that_would_say_something_else_is_refused(old: str, new: str, why: str) -> None:
    with pytest.raises(Malformed, match=re.escape(why)):
        read_phrasebook(changed("en", old, new))


@pytest.mark.parametrize(
    ("family", "samples"),
    [
        # Unicode CLDR, cardinal rules: samples of its charts.
        ("one-other", {"one": [1], "other": [0, 2, 16, 100, 1_000_000]}),
        ("zero-one-other", {"one": [0, 1], "other": [2, 17, 100, 1_000_000]}),
        ("french", {"one": [0, 1], "many": [1_000_000, 2_000_000], "other": [2, 17, 100, 1_000, 1_000_001]}),
        ("spanish", {"one": [1], "many": [1_000_000], "other": [0, 2, 16, 1_000_001]}),
        ("east-slavic", {"one": [1, 21, 31, 101, 1001], "few": [2, 3, 4, 22, 24, 102, 1002],
                         "many": [0, 5, 11, 12, 13, 14, 19, 100, 111, 112, 1_000_000]}),
        ("hebrew", {"one": [1], "two": [2], "other": [0, 3, 11, 12, 20, 102, 1_000_000]}),
        ("arabic", {"zero": [0], "one": [1], "two": [2], "few": [3, 10, 103, 110, 1003],
                    "many": [11, 26, 99, 111, 1011], "other": [100, 101, 102, 200, 202, 300, 1_000_000]}),
        ("none", {"other": [0, 1, 2, 100]}),
    ],
)  # fmt: skip
def test_plural_forms_are_those_of_cldr(family: str, samples: dict[str, list[int]]) -> None:
    assert set(FAMILIES[family].forms) == set(samples)
    for form, numbers in samples.items():
        assert {FAMILIES[family].form_of(number) for number in numbers} == {form}, form


@pytest.mark.parametrize(
    ("language", "seconds", "words"),
    [
        ("ru", 60, "в течение \u20661\u2069 минуты"),
        ("ru", 180, "в течение \u20663\u2069 минут"),
        ("ar", 120, "خلال دقيقتين"),
        ("ar", 300, "خلال \u20665\u2069 دقائق"),
        ("ar", 900, "خلال \u206615\u2069 دقيقة"),
        ("he", 120, "בתוך שתי דקות"),
        ("he", 61, "בתוך \u206661\u2069 שניות"),
        ("fr", 60, "\u20661\u2069 minute après"),
        ("tr", 300, "\u20665\u2069 dakika"),
    ],
)
def test_a_number_takes_the_form_of_its_language(language: str, seconds: int, words: str) -> None:
    alert = entries.AlertSent("amber/A-0412/v2/birch", AlertLevel.CAUTION, NOTICE, seconds)

    assert words in render(a_said(alert), BOOKS[language]).text()


# ----------------------------------------------------------------------------------------------------- one message


@pytest.mark.parametrize("body", BODIES, ids=lambda body: type(body).__name__)
def test_every_language_says_the_same_hash_and_values_and_the_standing_lines(body: entries.Entry) -> None:
    """T2, N8: what differs is words alone."""
    said = a_said(body, "EXER")

    renderings = {language: render(said, book, signer="A. Speaker") for language, book in BOOKS.items()}

    assert said.hash == entries.content_hash(body)
    for language, rendering in renderings.items():
        text, book = rendering.text(), BOOKS[language]
        assert rendering.hash == said.hash
        assert said.hash in text
        assert "".join(book.phrases["frame.standing"]) in text
        assert "".join(book.phrases["frame.not_certified"]) in text
        assert "EXER" in text
    # Numbers below three may be said in words; everything else that is a value stands in each of them.
    codes = {language: _codes(rendering) - {"1", "2"} for language, rendering in renderings.items()}
    assert all(found == codes["en"] for found in codes.values())


def _codes(rendering: phrasebook.Rendering) -> set[str]:
    return {part.text for line in rendering.lines for part in line if part.role is phrasebook.Role.CODE}


def test_the_english_standing_lines_are_those_of_the_core() -> None:
    assert BOOKS["en"].phrases["frame.standing"] == (STANDING_LINE,)
    assert BOOKS["en"].phrases["frame.not_certified"] == (NOT_CERTIFIED_LINE,)


@pytest.mark.parametrize("language", BOOKS)
@pytest.mark.parametrize("body", BODIES, ids=lambda body: type(body).__name__)
def test_every_value_is_an_isolate_of_its_own_and_digits_are_0_to_9(language: str, body: entries.Entry) -> None:
    text = render(a_said(body), BOOKS[language]).text()

    outside = re.sub("[\u2066\u2068][^\u2066-\u2069]*\u2069", "", text)
    assert not re.search("[\u2066-\u2069]", outside)
    assert not re.search(r"\d", outside), "a number outside an isolate"
    assert not re.search(r"[^\W0-9_a-zA-Z]", "".join(re.findall("\u2066([^\u2069]*)\u2069", text)).replace("°", ""))
    assert not [letter for letter in text if letter.isdigit() and letter not in "0123456789"]
    marks = text.count("\u200f")
    assert marks == (text.count("\n") if BOOKS[language].is_right_to_left else 0)


@pytest.mark.parametrize("language", BOOKS)
def test_free_text_is_marked_untranslated_and_cannot_turn_the_line(language: str) -> None:
    text = "\u202eezod\u202c \u2069 \u2066 two\nlines <b>"
    stop = entries.StopSent("SA-0001", "I. Maro", text)

    rendering = render(a_said(stop), BOOKS[language])

    line = next(line for line in rendering.lines if any("two" in part.text for part in line))
    assert line[-1].role is phrasebook.Role.FREE
    assert line[0].text == BOOKS[language].phrases["free_text"][0]
    assert not re.search("[\u202a-\u202e\n]", "".join(part.text for part in line))
    assert "\u2066" not in line[-1].text
    assert "<b>" not in rendering.html()
    assert '<bdi dir="auto" translate="no">' in rendering.html()


@settings(max_examples=60)
@when_given(st.text(max_size=200), st.sampled_from(sorted(BOOKS)))
def test_whatever_a_person_writes_stays_inside_its_isolate(text: str, language: str) -> None:
    rendering = render(a_said(entries.Resumed("SA-0001", f"I{text}"[:60])), BOOKS[language])

    said = rendering.text()
    assert said.count("\u2068") + said.count("\u2066") == said.count("\u2069")
    assert len(said.splitlines()) == len(rendering.lines)


def test_a_kind_of_newer_software_is_shown_raw() -> None:
    said = Said("parley", "OPER", "amber", "birch", START_US, {"word": "x"}, HASH)

    for book in BOOKS.values():
        text = render(said, book).text()
        assert "\u2066parley\u2069" in text
        assert "{'word': 'x'}" in text


def test_an_entry_of_a_private_log_is_said_to_nobody() -> None:
    private = Envelope("keepclear/amber/private", 0, START_US, "silenced", "OPER", True, None, {"by": "x"})

    with pytest.raises(Malformed, match="private"):
        phrasebook.said_of(private)


def test_a_body_that_is_not_of_its_kind_is_refused() -> None:
    with pytest.raises(Malformed, match="it is not there"):
        render(Said("resume", "OPER", "amber", "birch", START_US, {"id": "SA-0001"}, HASH), BOOKS["tr"])


# ------------------------------------------------------------------------------------------------------- signing


@pytest.mark.parametrize("language", sorted(set(BOOKS) - {"en"}))
def test_a_translation_is_a_draft_in_every_rendering_until_a_named_speaker_signs_its_file(language: str) -> None:
    book = BOOKS[language]
    unsigned = render(a_said(BODIES[0]), book)
    signature = sign_phrasebook(book, "L. Orlova", a_signer("speaker"))

    signed = render(a_said(BODIES[0]), book, signer=signer_of(book, signature))

    assert unsigned.is_draft
    assert "DRAFT" in unsigned.text().splitlines()[0]
    assert not signed.is_draft
    assert "DRAFT" not in signed.text()
    assert "L. Orlova" in signed.text().splitlines()[0]


def test_english_is_no_translation_and_so_no_draft() -> None:
    assert not render(a_said(BODIES[0]), BOOKS["en"]).is_draft


def test_a_file_that_was_changed_by_a_letter_is_a_draft_again() -> None:
    signature = sign_phrasebook(BOOKS["ru"], "L. Orlova", a_signer("speaker"))
    other = read_phrasebook(changed("ru", "понял, выполню", "понял, не выполню"))

    assert signer_of(BOOKS["ru"], signature) == "L. Orlova"
    assert signer_of(other, signature) == ""


@pytest.mark.parametrize("field", ["name", "ed25519"])
def test_a_signature_under_another_name_or_key_is_tampered(field: str) -> None:
    signature = sign_phrasebook(BOOKS["ru"], "L. Orlova", a_signer("speaker"))
    other = {"name": "B. Other", "ed25519": sign_phrasebook(BOOKS["ru"], "x", a_signer("other")).ed25519}

    with pytest.raises(Tampered, match="did not sign"):
        signer_of(BOOKS["ru"], msgspec.structs.replace(signature, **{field: other[field]}))
