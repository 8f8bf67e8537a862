"""Which phrases say what an entry holds: one row of the table for each kind. A new kind is one row more.

A line names a phrase and what stands in each of its slots, as a path into the entry's body: `notice.id`,
`volumes`, `circle.2`. A phrase is a whole sentence; what changes with a word of the record (`action`), with a number
(plural forms) or with minutes and seconds is another phrase, never a piece that is glued on.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from keepclear.core.agreement import AgreementAct
from keepclear.core.alert import AlertLevel, Answer
from keepclear.core.dissemination import RelayWord
from keepclear.core.line import ChannelName, ChannelState, MissCause, TestResult
from keepclear.core.notice import Action, Armed, Change, NoticeKind, NoticeState, ShortReason, Timing
from keepclear.core.place import Region
from keepclear.core.readback import ReadField
from keepclear.core.request import DenyReason, Outcome, Reply
from keepclear.core.zone import Rule, ZoneKind, ZoneState


class Form(enum.Enum):
    """How a value of the record is written; every one is an isolate of its own."""

    CODE = "code"  # an id, a hash, a number: as it is
    TIME = "time"  # microseconds as Zulu
    LENGTH = "length"  # millimetres as metres
    DURATION = "duration"  # milliseconds as seconds
    POSITION = "position"  # latitude and longitude e7
    BEARING = "bearing"  # thousandths of a degree
    HEIGHT = "height"  # millimetres and datum
    LIST = "list"  # ids, each an isolate, with commas between
    FREE = "free"  # words of a person, in whatever language: never translated


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence.

    Attributes:
        phrase: its name; with `word` the first half of it, with `within` it goes on `_minutes` or `_seconds`.
        slots: slot name to (path, form). In a block, paths begin at the item; `/` begins at the body.
        given: path that must hold something, or the line is left out; `not ` before it turns that round.
        word: path of a word of the record that chooses the phrase, out of `words`.
        counted: path of a number, or of a list that is counted; it fills the slot `n` and chooses the plural form.
        within: path of seconds; fills `n` in minutes where they are whole, and chooses the plural form.
    """

    phrase: str
    slots: Mapping[str, tuple[str, Form]] = field(default_factory=dict)
    given: str = ""
    word: str = ""
    words: tuple[str, ...] = ()
    counted: str = ""
    within: str = ""

    def phrases(self) -> Iterator[tuple[str, frozenset[str], bool]]:
        """Each phrase that the line may need: its name, its slots, and whether it has plural forms."""
        slots = frozenset(self.slots)
        if self.word:
            yield from ((f"{self.phrase}.{word}", slots, False) for word in self.words)
        elif self.within:
            yield from ((f"{self.phrase}_{unit}", slots | {"n"}, True) for unit in ("minutes", "seconds"))
        else:
            yield self.phrase, slots | ({"n"} if self.counted else frozenset()), bool(self.counted)


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that are said for each item of a list; `{index}` and `{of}` are the item's number and how many there are.

    Attributes:
        least: with fewer items than this nothing is said.
    """

    each: str
    lines: tuple[Line | Block, ...]
    least: int = 1

    def phrases(self) -> Iterator[tuple[str, frozenset[str], bool]]:
        """As of a line."""
        for line in self.lines:
            yield from line.phrases()


def _values(of: type[enum.StrEnum]) -> tuple[str, ...]:
    return tuple(value.value for value in of)


def _code(path: str) -> tuple[str, Form]:
    return path, Form.CODE


def _within(field_: str, line: Line | Block) -> Line | Block:
    """A line of an entry that stands inside another one, under a field."""

    def path(name: str) -> str:
        return name if not name or name.startswith("@") else f"{field_}.{name}"

    if isinstance(line, Block):
        return replace(line, each=path(line.each))
    slots = {slot: (path(at), form) for slot, (at, form) in line.slots.items()}
    given = f"not {path(line.given[4:])}" if line.given.startswith("not ") else path(line.given)
    return replace(
        line, slots=slots, given=given, word=path(line.word), counted=path(line.counted), within=path(line.within)
    )


_INDEX: Final = {"index": _code("@index"), "of": _code("@of")}
#: Who says it and to whom; the envelope has both.
_SENDER: Final = _code("@sender")

_VOLUMES: Final = Block(
    "volumes",
    (
        Line("volume.number", _INDEX, given="@several"),
        Line("volume.circle", {"position": ("circle", Form.POSITION), "radius": ("circle.2", Form.LENGTH)}, "circle"),
        Line("volume.outline", counted="outline", given="outline"),
        Block("outline", (Line("volume.corner", {"index": _code("@index"), "position": ("@item", Form.POSITION)}),)),
        Line("volume.height", {"lower": ("lower", Form.HEIGHT), "upper": ("upper", Form.HEIGHT)}),
        Line("volume.span", {"start": ("start", Form.TIME), "end": ("end", Form.TIME)}),
    ),
)
_BY: Final = Line("by", {"name": ("by", Form.FREE)})
_BY_PERSON: Final = Line("by", {"name": ("by", Form.FREE)}, "by")
_LANGUAGE: Final = (
    Line("line_test.language", given="language_ok"),
    Line("line_test.no_language", given="not language_ok"),
)
_REMARKS: Final = Line("free_text", {"text": ("remarks", Form.FREE)}, "remarks")
_ANSWER: Final = Line("answer", {"answer": _code("answer")}, word="answer", words=_values(Answer))

_ACTION: Final = Line("notice.action", word="action", words=_values(Action))
_CONTACT: Final = Line("notice.contact", {"contact": ("contact", Form.FREE)}, "contact")
_MOVEMENT: Final[tuple[Line | Block, ...]] = (
    Block("movement.transports", (Line("movement.transport", {"kind": _code("kind"), "count": _code("count")}),)),
    Line("movement.armed", word="movement.armed", words=_values(Armed), given="movement"),
    Line("movement.armed_count", {"count": _code("movement.armed_count")}, "movement.armed_count"),
    Block("movement.markings", (Line("movement.marking", {"text": ("@item", Form.FREE)}),)),
    Line("movement.second_contact", {"contact": ("movement.second_contact", Form.FREE)}, "movement.second_contact"),
)

ROWS: Final[dict[str, tuple[Line | Block, ...]]] = {
    "notice": (
        Line("notice", {"id": _code("id"), "version": _code("version")}, word="kind", words=_values(NoticeKind)),
        Line("notice.state", word="state", words=_values(NoticeState)),
        Line("notice.change", {"change": _code("change")}, "change", word="change", words=_values(Change)),
        Line("notice.timing", {"timing": _code("timing")}, "timing", word="timing", words=_values(Timing)),
        Line("notice.reason", word="reason", words=_values(ShortReason), given="reason"),
        _ACTION,
        _VOLUMES,
        Line("notice.region", word="region", words=_values(Region), given="region"),
        Line(
            "notice.seen_from",
            {
                "range": ("seen_from.range", Form.LENGTH),
                "bearing": ("seen_from.bearing", Form.BEARING),
                "name": ("seen_from.name", Form.FREE),
                "position": ("seen_from.point", Form.POSITION),
            },
            "seen_from.point",
        ),
        Line("notice.seen_within", {"name": ("seen_from.within", Form.FREE)}, "seen_from.within"),
        Line("notice.seen_whole", {"name": ("seen_from.whole_of", Form.FREE)}, "seen_from.whole_of"),
        *_MOVEMENT,
        _CONTACT,
        Line("notice.activity", {"text": ("activity", Form.FREE)}, "activity"),
        Line("notice.hidden", counted="hidden", given="hidden"),
        _REMARKS,
    ),
    "alert": (
        Line("alert", word="level", words=_values(AlertLevel)),
        Line("alert.about", {"id": _code("notice.id"), "version": _code("notice.version")}),
        Line("alert.hash", {"hash": _code("notice.hash")}),
        Line("alert.answer_within", within="answer_within_s"),
        Line("alert.conflicts", {"ids": ("conflicts", Form.LIST)}, "conflicts"),
        Line("alert.unlisted", counted="unlisted", given="unlisted"),
    ),
    "answer": (
        _ANSWER,
        Line("answer.about", {"id": _code("notice.id"), "version": _code("notice.version")}),
        Line("answer.hash", {"hash": _code("notice.hash")}),
        Line("answer.standby", within="standby_s", given="standby_s"),
        _BY,
    ),
    "received": (
        Line("received", {"index": _code("index"), "time": ("received_at", Form.TIME)}),
        Line("received.hash", {"hash": _code("hash")}),
    ),
    "stop": (
        Line("stop", {"id": _code("id"), "sender": _SENDER}),
        Line("stop.decides"),
        Line("stop.notices", {"ids": ("notices", Form.LIST)}, "notices"),
        Line("stop.all", given="not notices"),
        _BY,
        _REMARKS,
    ),
    "stop_answer": (_ANSWER, Line("stop_answer.about", {"id": _code("id")}), _BY),
    "resume": (Line("resume", {"id": _code("id"), "sender": _SENDER}), _BY),
    "agreement_proposed": (
        Line("agreement.proposed", {"title": ("terms.title", Form.FREE)}),
        Line("agreement.hash", {"hash": _code("hash")}),
        Line(
            "agreement.separation",
            {
                "horizontal": ("terms.separation.horizontal_mm", Form.LENGTH),
                "vertical": ("terms.separation.vertical_mm", Form.LENGTH),
                "time": ("terms.separation.time_ms", Form.DURATION),
            },
        ),
        Line("agreement.in_force"),
        _BY,
    ),
    "agreement_signed": (Line("agreement.signed", {"hash": _code("hash")}), _BY),
    "request": (
        Line("request", {"id": _code("id")}, word="kind", words=_values(NoticeKind)),
        _ACTION,
        _VOLUMES,
        *_MOVEMENT,
        Line("alert.answer_within", within="answer_within_s"),
        Line("request.silence"),
        _CONTACT,
        _BY,
        _REMARKS,
    ),
    "reply": (
        Line("reply", {"reply": _code("reply")}, word="reply", words=_values(Reply)),
        Line("reply.about", {"id": _code("request.id")}),
        Line("reply.hash", {"hash": _code("request.hash")}),
        Line("reply.reason", word="reason", words=_values(DenyReason), given="reason"),
        _VOLUMES,
        _BY,
        _REMARKS,
    ),
    "alternative_accepted": (
        Line("alternative_accepted", {"id": _code("request.id")}),
        Line("reply.hash", {"hash": _code("request.hash")}),
        _BY,
    ),
    "request_withdrawn": (Line("request_withdrawn", {"id": _code("id")}), _BY),
    "outcome": (
        Line("outcome.about", {"subject": _code("about")}),
        Line("outcome", {"outcome": _code("outcome")}, word="outcome", words=_values(Outcome)),
        Line("outcome.delay", counted="delay_min", given="delay_min"),
        _BY,
        _REMARKS,
    ),
    "read_back": (
        Line("read_back", {"id": _code("notice.id"), "version": _code("notice.version")}),
        Block(
            "lines",
            (
                Line(
                    "read_back.line",
                    {"number": _code("number"), "value": _code("value")},
                    word="field",
                    words=_values(ReadField),
                ),
                Line("read_back.letters", {"letters": _code("letters")}, "letters"),
            ),
        ),
        _BY,
    ),
    "read_back_judged": (
        Line(
            "read_back_judged",
            {"id": _code("notice.id"), "version": _code("notice.version")},
            word="verdict",
            words=("CONFIRM", "CORRECT"),
        ),
        Block(
            "wrong",
            (
                Line(
                    "read_back.wrong",
                    {"number": _code("number"), "sent": _code("sent"), "heard": _code("heard")},
                    word="field",
                    words=_values(ReadField),
                ),
            ),
        ),
        _BY,
    ),
    "zone": (
        Line("zone", {"id": _code("zone.id"), "sender": _SENDER}, word="state", words=_values(ZoneState)),
        Line("zone.name", {"name": ("zone.name", Form.FREE)}),
        Line("zone.kind", word="zone.kind", words=_values(ZoneKind)),
        Line(
            "zone.circle",
            {"position": ("zone.circle", Form.POSITION), "radius": ("zone.circle.2", Form.LENGTH)},
            "zone.circle",
        ),
        Block("zone.outline", (Line("zone.corner", {"index": _code("@index"), "position": ("@item", Form.POSITION)}),)),
        Block("zone.line", (Line("zone.line", {"index": _code("@index"), "position": ("@item", Form.POSITION)}),)),
        Line(
            "zone.depth",
            {"left": ("zone.depth.0", Form.LENGTH), "right": ("zone.depth.1", Form.LENGTH)},
            "zone.depth",
        ),
        Line(
            "zone.heights",
            {"lower": ("zone.lower", Form.HEIGHT), "upper": ("zone.upper", Form.HEIGHT)},
            "zone.lower",
        ),
        Line("zone.span", {"start": ("zone.start", Form.TIME), "end": ("zone.end", Form.TIME)}, "zone.end"),
        Line("zone.hours", given="zone.schedule"),
        Line("zone.rule", word="zone.rules.0.rule", words=_values(Rule)),
        Line("zone.given_back_at", {"time": ("given_back_at", Form.TIME)}, "given_back_at"),
        _BY,
        Line("free_text", {"text": ("reason", Form.FREE)}, "reason"),
    ),
    "agreement_act": (
        Line("agreement.act", {"sender": _SENDER}, word="act", words=_values(AgreementAct)),
        Line("agreement.until", {"time": ("until", Form.TIME)}, "until"),
        Line("agreement.hash", {"hash": _code("hash")}),
        _BY,
        Line("free_text", {"text": ("reason", Form.FREE)}, "reason"),
    ),
    "split_view": (Line("split_view", {"log": _code("log")}), Line("split_view.evidence")),
    "line_test": (
        Line("line_test", {"id": _code("id"), "path": _code("path")}),
        Line("line_test.person", given="not machine_suffices"),
        Line("alert.answer_within", within="answer_within_s"),
        _BY_PERSON,
    ),
    "line_test_answer": (Line("line_test_answer", {"id": _code("id")}), *_LANGUAGE, _BY),
    "line_test_result": (
        Line(
            "line_test_result",
            {"id": _code("id"), "path": _code("path")},
            word="result",
            words=_values(TestResult),
        ),
        Line("line_test.latency", {"time": ("latency_ms", Form.DURATION)}, "latency_ms"),
        Line("line_test.answered_by", {"name": ("answered_by", Form.FREE)}, "answered_by"),
        Line("line_test.language", given="language_ok"),
        Line("line_test.cause", word="cause", words=_values(MissCause), given="cause"),
        Line("line_test.skew", {"time": ("skew_ms", Form.DURATION)}, "skew_ms"),
        _BY_PERSON,
    ),
    "line_test_cause": (
        Line("line_test_cause", {"test": _code("test")}),
        Line("line_test.cause", word="cause", words=_values(MissCause)),
        _BY,
        _REMARKS,
    ),
    "channel_state": (
        Line("channel", word="channel", words=_values(ChannelName)),
        Line("channel_state", word="state", words=_values(ChannelState)),
        _BY,
        _REMARKS,
    ),
}

ROWS["disseminated"] = (
    Line("disseminated", {"id": _code("notice.id"), "version": _code("notice.version")}),
    Line("alert.hash", {"hash": _code("notice.hash")}),
    Line("disseminated.counts", {"reached": _code("reached"), "groups": _code("groups")}, "groups"),
    Line("disseminated.committed", {"hash": _code("commitment")}, "commitment"),
    _BY,
)
ROWS["relay"] = (
    Line("relay", {"id": _code("id"), "origin": _code("origin")}),
    Line("relay.trail", {"parties": ("trail", Form.LIST)}),
    Line("alert.hash", {"hash": _code("content")}),
    _BY,
    *(_within("said", line) for line in ROWS["notice"]),
)
ROWS["relay_answer"] = (Line("relay_answer", {"id": _code("id")}, word="word", words=_values(RelayWord)),)

#: What stands round every entry, in the order of `rendering.render`.
FRAME: Final = (
    Line("frame.draft"),
    Line("frame.checked", {"name": ("@signer", Form.FREE)}),
    Line("frame.mode", {"mode": _code("@mode")}, word="@mode", words=("EXER", "TEST")),
    Line("frame.from_to", {"sender": _SENDER, "receiver": _code("@receiver"), "time": ("@at", Form.TIME)}),
    Line("frame.unknown", {"kind": _code("@kind")}),
    Line("frame.raw", {"text": ("@raw", Form.FREE)}),
    Line("frame.hash", {"hash": _code("@hash")}),
    Line("frame.standing"),
    Line("frame.not_certified"),
)


def required_phrases() -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
    """Names of all plain phrases and of all counted ones, each with the slots it has to have.

    A language file holds just these: one that is missing cannot be said, one that is over is never said.
    """
    plain: dict[str, frozenset[str]] = {}
    counted: dict[str, frozenset[str]] = {}
    for row in (*ROWS.values(), FRAME):
        for line in row:
            for name, slots, is_counted in line.phrases():
                (counted if is_counted else plain)[name] = slots
    return plain, counted
