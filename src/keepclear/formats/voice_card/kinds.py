"""Which lines the card of each kind of entry has: one row of the table for each kind of the voice set (RULINGS of V1).

The message line says mode and kind in words; for a notice it says too what is expected and whether it amends,
activates or cancels, so that neither needs a line of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from keepclear.core.alert import Answer
from keepclear.core.ids import make_alert_id
from keepclear.core.line import ChannelName, ChannelState, Path
from keepclear.core.notice import (
    ENDINGS,
    Action,
    Armed,
    Change,
    NoticeKind,
    NoticeState,
    ShortReason,
    Timing,
    TransportKind,
)
from keepclear.core.place import Region
from keepclear.errors import Malformed
from keepclear.formats.voice_card import values as v

CORNERS_MAX: Final = 6

Body = Mapping[str, Any]
#: Field name to value, as the codec of the field holds it.
Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One line of a card: its name, how its value is written, and whether every card of the kind has it."""

    name: str
    codec: v.Codec
    is_needed: bool = True


@dataclass(frozen=True, slots=True)
class CardKind:
    """A kind of entry that can be said by voice.

    Attributes:
        heads: the words of the message line, each with what they say of the body.
        head_of: which of them are said of a body.
        fields: the lines between the second and the last, in order.
        take_apart: a speakable body as field values.
        put_together: the body of field values, given what the head says, the sender and the receiver.
        keys: fields of the body that can be said; others go by file.
    """

    heads: Mapping[str, Body]
    head_of: Callable[[Body], str]
    fields: tuple[Field, ...]
    take_apart: Callable[[Body], Fields]
    put_together: Callable[[Fields, Body, str, str], dict[str, Any]]
    keys: frozenset[str]


# ------------------------------------------------------------------------------------------------------------ notices

_ACTIONS: Final = {action.value.replace("_", " "): action.value for action in Action}
#: What stands before the kind of a notice: what the version does to the one before, and the state where that is open.
_MOVES: Final[dict[str, tuple[Change | None, NoticeState]]] = {
    "": (None, NoticeState.ACCEPTED),
    "ACTIVE ": (None, NoticeState.ACTIVATED),
    "ENDED ": (None, NoticeState.ENDED),
    **{
        f"{change.value} {state}": (change, held)
        for change in (Change.AMEND, Change.EXTEND, Change.SHORTEN, Change.DEVIATE)
        for state, held in (("", NoticeState.ACCEPTED), ("ACTIVE ", NoticeState.ACTIVATED))
    },
    "ACTIVATE ": (Change.ACTIVATE, NoticeState.ACTIVATED),
    **{f"{change.value.replace('_', ' ')} ": (change, NoticeState.ENDED) for change in ENDINGS},
}


def _head_says(change: Change | None, state: NoticeState, kind: NoticeKind, action: str) -> Body:
    said = {"state": state.value, "kind": kind.value, "action": action}
    return said | ({"change": change.value} if change else {})


_HEADS: Final = {
    f"{move}{kind.value} {said}": _head_says(change, state, kind, action)
    for move, (change, state) in _MOVES.items()
    for kind in NoticeKind
    for said, action in _ACTIONS.items()
}


def _notice_head(body: Body) -> str:
    does, state = body.get("change"), body["state"]
    move = next((move for move, said in _MOVES.items() if said == (does, state)), None)
    if move is None:
        raise Malformed(f"a notice that is {state} by {does} cannot be said by voice", at="change")
    return f"{move}{body['kind']} {body['action'].replace('_', ' ')}"


def _write_band(value: tuple[tuple[int, str], tuple[int, str]]) -> str:
    return f"{v.write_height(value[0])} TO {v.write_height(value[1])}"


def _read_band(text: str) -> tuple[tuple[int, str], tuple[int, str]]:
    lower, to, upper = text.partition(" TO ")
    if not to:
        raise Malformed(f"{text[:60]!r} is no height band such as 0 M AMSL TO FL100")
    return v.read_height(lower.strip()), v.read_height(upper.strip())


def _write_version(value: tuple[str, int]) -> str:
    return f"{value[0]} V{value[1]}"


def _read_version(text: str) -> tuple[str, int]:
    serial, _, version = text.rpartition("V")
    digits = version.strip().translate(str.maketrans("OIL", "011"))
    if not (serial.strip() and digits.isascii() and digits.isdigit() and len(digits) <= 6 and int(digits)):
        raise Malformed(f"{text[:60]!r} is no notice with its version, such as A-0412 V2")
    return v.read_serial(serial.strip()), int(digits)


BAND: Final = v.Codec(_write_band, _read_band)
NOTICE_VERSION: Final = v.Codec(_write_version, _read_version)
_TEXTS: Final = ("contact", "remarks", "activity")
_WORDS: Final = ("region", "timing", "reason")


def _write_transports(value: Sequence[Body]) -> str:
    return " ".join(f"{each['count']} {each['kind']}" for each in value)


def _read_transports(text: str) -> list[dict[str, Any]]:
    words = text.split()
    kind = v.words(*(each.value for each in TransportKind))
    if len(words) % 2 or not words:
        raise Malformed(f"{text[:60]!r} is no list of transports such as 3 TRUCK 1 AMBULANCE")
    pairs = zip(words[::2], words[1::2], strict=True)
    return [{"kind": kind.read(name), "count": v.read_count(count)} for count, name in pairs]


def _write_armed(value: tuple[str, int]) -> str:
    return f"{value[0].replace('_', ' ')} {value[1]}" if value[1] else value[0].replace("_", " ")


def _read_armed(text: str) -> tuple[str, int]:
    words, _, count = text.rpartition(" ")
    allowed = v.words(*(each.value for each in Armed))
    has_count = bool(words) and count.isascii() and count.isdigit()
    return (allowed.read(words), v.read_count(count)) if has_count else (allowed.read(text), 0)


TRANSPORTS: Final = v.Codec(_write_transports, _read_transports)
ARMED: Final = v.Codec(_write_armed, _read_armed)


def _notice_fields(body: Body) -> Fields:
    volume = body["volumes"][0]
    fields: dict[str, Any] = {
        "NOTICE": (body["id"], body["version"]),
        "START": volume["start"],
        "END": volume["end"],
        "HEIGHT": (tuple(volume["lower"]), tuple(volume["upper"])),
    }
    if volume.get("circle"):
        fields |= {"CENTRE": tuple(volume["circle"][:2]), "RADIUS": volume["circle"][2]}
    fields |= {f"CORNER {n}": tuple(corner) for n, corner in enumerate(volume.get("outline", ()), 1)}
    if moved := body.get("movement"):
        fields |= {"TRANSPORTS": moved["transports"], "ARMED": (moved["armed"], moved.get("armed_count", 0))}
    return fields | {name.upper(): body[name] for name in (*_WORDS, *_TEXTS) if body.get(name)}


def _notice_body(fields: Fields, head: Body, _sender: str, _to: str) -> dict[str, Any]:
    serial, version = fields["NOTICE"]
    corners = [list(fields[f"CORNER {n}"]) for n in range(1, CORNERS_MAX + 1) if f"CORNER {n}" in fields]
    last = next((n for n in range(CORNERS_MAX, 0, -1) if f"CORNER {n}" in fields), 0)
    if last != len(corners):
        raise Malformed("a corner is missing between the others", at=f"CORNER {len(corners) + 1}")
    has_circle = "CENTRE" in fields and "RADIUS" in fields
    if has_circle == bool(corners) or ("CENTRE" in fields) != ("RADIUS" in fields) or 0 < len(corners) < 3:
        raise Malformed("a notice has either CENTRE and RADIUS, or 3 to 6 corners", at="CENTRE")
    shape: dict[str, Any] = {"circle": [*fields["CENTRE"], fields["RADIUS"]]} if has_circle else {"outline": corners}
    lower, upper = fields["HEIGHT"]
    volume = {"lower": list(lower), "upper": list(upper), "start": fields["START"], "end": fields["END"], **shape}
    told = {name: fields[name.upper()] for name in (*_WORDS, *_TEXTS) if name.upper() in fields}
    if "TRANSPORTS" in fields:
        armed, count = fields.get("ARMED", ("", 0))
        if not armed:
            raise Malformed("whether armed persons are with it must be said, also when there are none", at="ARMED")
        moved = {"transports": fields["TRANSPORTS"], "armed": armed}
        told["movement"] = moved | ({"armed_count": count} if count else {})
    return {"id": serial, "version": version, **head, "volumes": [volume], **told}


_NOTICE: Final = CardKind(
    _HEADS,
    _notice_head,
    (
        Field("NOTICE", NOTICE_VERSION),
        Field("START", v.TIME),
        Field("END", v.TIME),
        Field("HEIGHT", BAND),
        Field("CENTRE", v.POSITION, is_needed=False),
        Field("RADIUS", v.LENGTH, is_needed=False),
        *(Field(f"CORNER {n}", v.POSITION, is_needed=False) for n in range(1, CORNERS_MAX + 1)),
        Field("REGION", v.words(*(region.value for region in Region)), is_needed=False),
        Field("TIMING", v.words(*(timing.value for timing in Timing)), is_needed=False),
        Field("REASON", v.words(*(reason.value for reason in ShortReason)), is_needed=False),
        Field("TRANSPORTS", TRANSPORTS, is_needed=False),
        Field("ARMED", ARMED, is_needed=False),
        *(Field(name.upper(), v.TEXT, is_needed=False) for name in _TEXTS),
    ),
    _notice_fields,
    _notice_body,
    frozenset({"id", "version", "state", "kind", "action", "volumes", "change", "movement", *_WORDS, *_TEXTS}),
)

# ------------------------------------------------------------------------------------------------------------ answers

_ANSWER_WORDS: Final = v.words(*(answer.value for answer in Answer))


def _answer_fields(body: Body) -> Fields:
    ref = body["notice"]
    fields = {"NOTICE": (ref["id"], ref["version"]), "SAYS": ref["hash"][:12], "ANSWER": body["answer"]}
    return fields | {"BY": body["by"]} | ({"EXTEND": body["standby_s"]} if body.get("standby_s") else {})


def _answer_body(fields: Fields, _head: Body, sender: str, to: str) -> dict[str, Any]:
    serial, version = fields["NOTICE"]
    body: dict[str, Any] = {
        "alert": make_alert_id(to, serial, version, sender),
        "notice": {"party": to, "id": serial, "version": version, "hash": fields["SAYS"]},
        "answer": fields["ANSWER"],
        "by": fields["BY"],
    }
    return body | ({"standby_s": fields["EXTEND"]} if "EXTEND" in fields else {})


_ANSWER: Final = CardKind(
    {"ANSWER": {}},
    lambda _: "ANSWER",
    (
        Field("NOTICE", NOTICE_VERSION),
        Field("SAYS", v.HASH_START),
        Field("ANSWER", _ANSWER_WORDS),
        Field("BY", v.TEXT),
        Field("EXTEND", v.SECONDS, is_needed=False),
    ),
    _answer_fields,
    _answer_body,
    frozenset({"alert", "notice", "answer", "by", "standby_s"}),
)

# ---------------------------------------------------------------------------------------------- kinds with plain lines


def plain(head: str, *rows: tuple[str, str, v.Codec, bool]) -> CardKind:
    """A kind whose lines are fields of its body, one each: (name of the line, field, codec, whether it is needed)."""

    def take_apart(body: Body) -> Fields:
        return {name: body[key] for name, key, _, is_needed in rows if is_needed or body.get(key)}

    def put_together(fields: Fields, _head: Body, _sender: str, _to: str) -> dict[str, Any]:
        return {key: fields[name] for name, key, _, _ in rows if name in fields}

    lines = tuple(Field(name, codec, is_needed) for name, _, codec, is_needed in rows)
    return CardKind(
        {head: {}}, lambda _: head, lines, take_apart, put_together, frozenset(key for _, key, _, _ in rows)
    )


KINDS: Final[dict[str, CardKind]] = {
    "notice": _NOTICE,
    "answer": _ANSWER,
    "stop": plain(
        "STOP",
        ("STOP", "id", v.SERIAL, True),
        ("BY", "by", v.TEXT, True),
        ("ABOUT", "notices", v.SERIALS, False),
        ("REMARKS", "remarks", v.TEXT, False),
    ),
    "stop_answer": plain(
        "STOP ANSWER", ("STOP", "id", v.SERIAL, True), ("ANSWER", "answer", _ANSWER_WORDS, True),
        ("BY", "by", v.TEXT, True),
    ),
    "resume": plain("RESUME", ("STOP", "id", v.SERIAL, True), ("BY", "by", v.TEXT, True)),
    "line_test": plain(
        "LINE TEST",
        ("TEST", "id", v.SERIAL, True),
        ("PATH", "path", v.small_words(*(path.value for path in Path)), True),
        ("WITHIN", "answer_within_s", v.SECONDS, True),
        ("BY", "by", v.TEXT, False),
        ("MACHINE", "machine_suffices", v.YES_NO, False),
    ),
    "line_test_answer": plain(
        "LINE TEST ANSWER",
        ("TEST", "id", v.SERIAL, True),
        ("LANGUAGE", "language_ok", v.YES_NO, True),
        ("BY", "by", v.TEXT, True),
    ),
    "channel_state": plain(
        "CHANNEL STATE",
        ("CHANNEL", "channel", v.small_words(*(channel.value for channel in ChannelName)), True),
        ("STATE", "state", v.small_words(*(state.value for state in ChannelState)), True),
        ("BY", "by", v.TEXT, True),
        ("REMARKS", "remarks", v.TEXT, False),
    ),
}  # fmt: skip


def kind_of_head(head: str) -> tuple[str, Body]:
    """The kind that a message line names, and what it says of the body.

    Raises:
        Malformed: no card begins like that.
    """
    for name, kind in KINDS.items():
        if head in kind.heads:
            return name, kind.heads[head]
    raise Malformed(f"{head[:60]!r} is no message of a voice card, as in OPER STOP or OPER HAZARD KEEP CLEAR")
