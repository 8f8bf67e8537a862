"""Writes the reference pages that follow from types: `python docs/generate.py`.

With `--check` it writes nothing, names the pages that are not current, and fails if there are any.
Each page says at its top that it is generated; tests/unit/test_reference_pages.py holds it to what this writes.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from msgspec import inspect as types

from keepclear.errors import InvariantBroken, KeepclearError
from keepclear.node import entries

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src"

#: What a field means where the docstring of its struct does not say it. A name with a class before it goes first.
MEANINGS = {
    "action": "what the sender expects of others",
    "activity": "the kind of activity, in free words; hidden unless the agreement shows it",
    "alert": "id of the alert: `party/serial/vN/recipient`",
    "answer": "the word that was given",
    "answer_within_s": "how long the recipient has, from its receipt, seconds",
    "area": "where the region words are measured from: [latitude e7, longitude e7, radius mm]",
    "by": "the person who said it, as they gave their name",
    "contact": "whom to call, in free words",
    "deadlines_s": "name of each deadline to its seconds; docs/explanation/deadlines.md says which there are",
    "disclosure": "party to what that party shows the other",
    "drafted_by": "the person who stated it; never leaves",
    "ed25519": "record key, base64",
    "hidden": "names of the fields that are not shown, each with its commitment (record.md, section 2)",
    "id": "serial among those of its party",
    "index": "place of the entry in the opposite channel",
    "kind": "what sort of statement it is",
    "log": "origin line of the log in question",
    "mldsa44": "cosignature key, base64",
    "notice": "the one version of the notice that is meant",
    "notices": "serials of notices that the STOP is about; empty when it is about everything",
    "pairs": "what was found, one pair of notices each",
    "parties": "ids of all parties, in one order",
    "party": "id of a party",
    "persons": "the two persons who compared the words",
    "received_at": "when the bytes were read, by the receiver's clock",
    "seen_from": "the place said a second time: bearing and distance from a point (name, id, position), or an area",
    "region": "a word for where: N, NE, E, SE, S, SW, W, NW, C, or empty; checked against the geometry",
    "remarks": "free words; not for targets",
    "salts": "field to its 16 random bytes in hexadecimal; never leaves",
    "seconds": "for how long",
    "separation": "what to keep between activities of the two parties",
    "slowest_mps": "the slowest ground speed of the activity, m/s; 0 when there is nothing to clear; never leaves",
    "reaction_s": "how long until its aircraft turn, seconds; never leaves",
    "sent_at": "when the stretch was sent, by our clock",
    "size": "entries of the channel that the peer holds now",
    "software": "name and version",
    "standby_s": "by how long STANDBY extends the deadline, seconds; 0 with any other answer",
    "state": "the state that this version puts it in",
    "telephone": "where the duty officer is reached when the line is down",
    "terms": "the agreement",
    "title": "as people call it",
    "tls": "the certificate that its node shows and calls with, PEM",
    "url": "its peer door",
    "version": "version of the notice, from 1",
    "volumes": "where, how high and when",
    "why": "what was wrong with it",
    "against": "whose clock differs: a party, or our own",
    "difference_ms": "by how much, milliseconds; positive: the other clock is ahead",
    "roles": "what the person is there for; none: no longer one of the party",
    "desk": "where the person sits",
    "how": "`begun`, `handover` or `assumed`",
    "items": "of the list, by what each is about",
    "text": "free words; not for targets",
    "about": "what it is about",
    "number": "to call; empty: taken out",
    "fields": "the rest of what was asked, RFC 8785",
    "sent": "whether it was sent; otherwise it was dropped",
    "DraftDecided.id": "serial of the draft",
    "NoticeDrafted.id": "serial of the draft",
    "HandoverOffered.to": "who is to take over",
    "PersonSet.telephone": "where the person is reached",
    "PersonSet.name": "the name that they sign with",
    "RecordingAttached.name": "of the file",
    "NumberSet.name": "whose number it is",
    "WatchTaken.person": "who is responsible from now on",
    "group": "a group of addressees of our own",
    "groups": "of how many groups",
    "members": "who may confirm for it; nobody: it is no group any more",
    "missing": "groups that have not confirmed",
    "person": "who confirmed",
    "commitment": "salted commitment to the list (record.md, section 2)",
    "salt": "16 random bytes in hexadecimal; never leaves",
    "word": "`taken`, `loop` or `reworded`",
    "leaf": "leaf hash of the cited entry",
    "PassedOn.groups": "which went to have it",
    "GroupSet.name": "as people call it",
    "GroupConfirmed.by": "who entered that",
    "Disseminated.by": "the person who said it, as they gave their name",
    "Relay.log": "the origin's log that it stands in",
    "Relay.index": "place of the cited entry in that log",
    "Relay.id": "serial among the relays of the sender",
    "RelayAnswered.id": "serial of the relay that is answered",
    "channel": "`safety` is this line; `political` is carried elsewhere",
    "path": "which way was tested",
    "test": "the line test that is meant",
    "to": "the party",
    "result": "what came of it; a late answer does not undo the miss before it",
    "cause": "why a test was missed, as it is stated",
    "skew_ms": "how far the other clock was ahead, milliseconds",
    "skew_uncertain_ms": "how far that may be wrong, milliseconds: half the way there and back",
    "language_ok": "whether the two could speak with each other in the agreed language",
    "is_silent": "whether it has not been heard for as long as alarms",
    "answered_by": "who answered; empty when nobody did, or the machine",
    "HeldBack.kind": "of the entry that waits",
    "ChannelStateSent.state": "`open`, `limited` or `suspended`",
    "LetGo.number": "the last that is settled",
    "LineTestSent.answer_within_s": "how long the tested side has, seconds",
    "LineTestAnswered.by": "the person on watch who answers",
    "LineTestAnswered.id": "serial of the test that is answered",
    "LineTestResult.id": "serial of the test, among those of whoever tested",
    "LineTestSent.id": "serial of the test, among those of its party",
    "MessageSkew.index": "place of the entry in the opposite channel",
    "TransportsSaid.kind": "what moves, as seen from outside",
    "TransportsSaid.count": "how many",
    "AlertSent.level": "how soon a person must act",
    "AgreementProposed.hash": "SHA-256 of the terms in RFC 8785 form",
    "AgreementSigned.hash": "of the terms that are signed",
    "AlertAssessed.conflicts": "our own notices that it conflicts with, those that the other party does not see too",
    "AlertAssessed.level": "what it means to us",
    "ConflictsFound.party": "whose notice was new",
    "ConflictsFound.id": "serial of the notice that was new",
    "ConflictsFound.version": "version of the notice that was new",
    "ConflictsFound.with_party": "whose notices `pairs` are",
    "DutyChanged.state": "what became of it",
    "DisclosureTerm.level": "`NONE`, `VOLUME` or `CONTACT`",
    "DisclosureTerm.shows_activity": "whether the kind of activity is shown",
    "FoundPair.verdict": "`CONFLICT`, or `POSSIBLE` where the measurement leaves a doubt",
    "FoundPair.horizontal_mm": "gap on the ground: [least, most], millimetres; 0 where they meet",
    "FoundPair.vertical_mm": "gap in height: [least, most], millimetres; 0 where they meet",
    "FoundPair.time_ms": "gap in time, milliseconds; 0 where they share an instant or meet end to end",
    "FoundPair.start": "start of the span that both share; 0 when they share none",
    "FoundPair.end": "end of the span that both share; 0 when they share none",
    "FoundPair.near": "[latitude e7, longitude e7] where they are nearest, or that both hold; empty when not known",
    "HistoryRefused.first": "the signed checkpoint that we kept before",
    "HistoryRefused.second": "the signed checkpoint that contradicts it",
    "SplitViewSeen.first": "the signed checkpoint that was shown first",
    "SplitViewSeen.second": "the signed checkpoint that contradicts it",
    "NoticeRef.party": "whose notice it is",
    "NoticeRef.hash": "content hash of what was sent: SHA-256 of the body in RFC 8785 form",
    "PeerEnrolled.name": "as people call the party",
    "Quarantined.party": "whose message it was",
    "Quarantined.evidence": "SHA-256 of the bytes that are kept",
    "Received.hash": "leaf hash of the entry that reached us",
    "Transmitted.to": "the peer",
    "Transmitted.first": "first entry that it had not held before",
    "WireSeparation.horizontal_mm": "on the ground, millimetres",
    "WireSeparation.vertical_mm": "in height, millimetres",
    "WireSeparation.time_ms": "in time, milliseconds",
}


# ------------------------------------------------------------------------------------------------------------ entries


def entries_page() -> str:
    """docs/reference/entries.md."""
    lines = [
        "# Kinds of entries",
        "",
        "This page is generated from `node/entries/` by `docs/generate.py`; change it there.",
        "",
        "What the body of an entry says, kind by kind.",
        "The envelope around it, and how it is hashed, is in [record.md](record.md).",
        "",
        "- *Channel* entries go to the other party; *private* ones stay with the party that wrote them.",
        "- A *stated* entry was said by a person; a *derived* one was found by a rule.",
        "- *Frozen core*: every version of the software speaks it, and STOP and its answers have places kept free.",
        "- A field that a known kind does not have is refused. An entry of an unknown kind is kept and cosigned.",
        "- A field with a default may be left out; it then has that value. All others must be there.",
        "- Instants are microseconds since 1970-01-01T00:00:00Z. Lengths of text are in characters.",
        "",
        "| Kind | Where | Stated or derived | What it says |",
        "|---|---|---|---|",
    ]
    kinds = [("channel", entries.CHANNEL_KINDS), ("private", entries.PRIVATE_KINDS)]
    for where, bodies in kinds:
        for kind, body in bodies.items():
            lines.append(f"| [`{kind}`](#{kind}) | {where} | {_origin(kind)} | {_summary(body)} |")
    shared: dict[type, None] = {}
    for where, bodies in kinds:
        lines += ["", f"## {where.capitalize()} entries"]
        for kind, body in bodies.items():
            core = " Frozen core." if kind in entries.FROZEN_CORE else ""
            lines += ["", f"### {kind}", "", f"{where.capitalize()}, {_origin(kind)}.{core}"]
            lines += _prose(body) + _fields(body, shared)
    lines += ["", "## Values inside them"]
    done: set[type] = set()
    while more := [value for value in shared if value not in done]:
        for value in more:
            done.add(value)
            lines += ["", f"### {value.__name__}", *_prose(value), *_fields(value, shared)]
    return "\n".join(lines) + "\n"


def _origin(kind: str) -> str:
    return "derived" if kind in entries.DERIVED else "stated"


def _summary(body: type) -> str:
    first = _doc(body).split("\n\n")[0].replace("\n", " ")
    text = re.sub(r"^`\w+`: ", "", first).replace(" (derived)", "").rstrip(".")
    return text[0].upper() + text[1:]


def _prose(body: type) -> list[str]:
    """The docstring without its list of attributes, as paragraphs."""
    text = _doc(body).split("\n\nAttributes:")[0]
    parts = [re.sub(r"^`\w+`: ", "", part.replace("\n", " ")).replace(" (derived)", "") for part in text.split("\n\n")]
    return [line for part in parts for line in ("", part[0].upper() + part[1:])]


def _doc(body: type) -> str:
    # Not inspect.getdoc, which would give a base class's words where a struct has none of its own.
    text = inspect.cleandoc(body.__dict__.get("__doc__") or "")
    if not text:
        raise SystemExit(f"{body.__name__} has no docstring")
    return text


def _attributes(body: type) -> dict[str, str]:
    """What the docstring says of each attribute."""
    _, found, text = _doc(body).partition("Attributes:\n")
    if not found:
        return {}
    said: dict[str, str] = {}
    for names, meaning in re.findall(r"^    (\w[\w, ]*): (.*(?:\n        .*)*)", text, re.MULTILINE):
        for name in names.split(", "):
            said[name] = re.sub(r"\s+", " ", meaning).rstrip(".")
    return said


def _fields(body: type, shared: dict[type, None]) -> list[str]:
    shape = types.type_info(body)
    assert isinstance(shape, types.StructType)
    if not shape.fields:
        return []
    lines = ["", "| Field | Type | Bounds | Default | Meaning |", "|---|---|---|---|---|"]
    said = _attributes(body)
    for field in shape.fields:
        kind, bounds = _type(field.type, shared)
        meaning = said.get(field.name) or meaning_of(body.__name__, field.name)
        cells = (f"`{field.name}`", kind, bounds, _default(field), meaning)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return lines


def meaning_of(struct: str, field: str) -> str:
    """What a field means. Every field has to have a meaning, so one that nobody described ends the run."""
    meaning = MEANINGS.get(f"{struct}.{field}") or MEANINGS.get(field)
    if meaning is None:
        raise SystemExit(f"{struct}.{field}: say in its docstring, or in docs/generate.py, what it means")
    return meaning


def _default(field: types.Field) -> str:
    if field.required:
        return "-"
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    if value is None:
        return "absent"
    return f"`{msgspec.json.encode(value).decode()}`"


def _type(kind: types.Type, shared: dict[type, None]) -> tuple[str, str]:
    """The JSON type of a field and the bounds on it, as Markdown."""
    match kind:
        case types.IntType():
            return "int", _between(kind.ge, kind.le)
        case types.BoolType():
            return "bool", ""
        case types.StrType():
            if kind.pattern:
                return "string", f"`{kind.pattern}`"
            return "string", _between(kind.min_length, kind.max_length, " long")
        case types.EnumType():
            return "string", " ".join(f"`{member.value}`" for member in kind.cls)
        case types.UnionType() if len(kind.types) == 2 and isinstance(kind.types[1], types.NoneType):
            return _type(kind.types[0], shared)  # absent is said by the default: `null` never stands in an entry
        case types.StructType():
            shared.setdefault(kind.cls)
            return f"[{kind.cls.__name__}](#{kind.cls.__name__.lower()})", ""
        case types.DictType():
            key, key_bounds = _type(kind.key_type, shared)
            value, value_bounds = _type(kind.value_type, shared)
            inside = [f"keys {key_bounds}" if key_bounds else "", f"values {value_bounds}" if value_bounds else ""]
            return f"object: {key} to {value}", ", ".join(filter(None, inside))
        case types.VarTupleType():
            inner, bounds = _type(kind.item_type, shared)
            count = _between(kind.min_length, kind.max_length, " of them")
            return f"array of {inner}", "; ".join(filter(None, (count, f"each {bounds}" if bounds else "")))
        case types.TupleType():
            parts = [_type(part, shared) for part in kind.item_types]
            each = dict.fromkeys(part for _, part in parts if part)
            return f"[{', '.join(part for part, _ in parts)}]", "; ".join(each)
        case types.UnionType() if kind.includes_none and len(kind.types) == 2:
            return _type(next(each for each in kind.types if not isinstance(each, types.NoneType)), shared)
        case _:
            raise SystemExit(f"no words for the type {kind}")


def _between(least: int | None, most: int | None, unit: str = "") -> str:
    if least is None and most is None:
        return ""
    if most is None:
        return f"at least {least:,}{unit}"
    return f"{least or 0:,} to {most:,}{unit}"


# ------------------------------------------------------------------------------------------------------------- errors

_ERROR_NOTES = """\
## On the wire

The HTTP and peer doors answer an error as a problem of RFC 9457 (`application/problem+json`):
`type`, `title`, `status`, `code`, `detail`, and where they apply `at`, `card` and `sent_unrecorded`.
`code` is for programs and does not change; `detail` is for people and may.
`at` is the path of the bad field, as in `volumes[0].span`.
A 503 carries `Retry-After: 1`.

Two kinds of problem have no class of their own.
What the HTTP framework refuses (no such path, a wrong method) has the name of its status as `code`:
`not_found`, `method_not_allowed`.
What is our own fault has status 500 and the code `invariant_broken`, and says nothing else:
what happened stands in the diagnostic log.

`InvariantBroken` is deliberately no `KeepclearError`, so nothing that handles errors takes it for one.
If it breaks while one command or one peer's message is handled, that one is set aside, the node goes on,
and the console shows DEGRADED.
"""


def errors_page() -> str:
    """docs/reference/errors.md."""
    lines = [
        "# Errors",
        "",
        "This page is generated from the classes of the package by `docs/generate.py`; change it there.",
        "",
        "An error says what is wrong and what would be right.",
        "Each kind has a stable `code`, and the status that HTTP gives it.",
        "",
        "| Error | Code | Status | Defined in | When |",
        "|---|---|---|---|---|",
    ]
    for depth, error in error_tree():
        name = "&nbsp;&nbsp;&nbsp;&nbsp;" * depth + f"`{error.__name__}`"
        home = error.__module__.removeprefix("keepclear.").replace(".", "/") + ".py"
        lines.append(f"| {name} | `{error.code}` | {error.status} | `{home}` | {_summary(error)} |")
    broken = InvariantBroken
    lines.append(f"| `{broken.__name__}` | `invariant_broken` | 500 | `errors.py` | {_summary(broken)} |")
    return "\n".join(lines) + "\n\n" + _ERROR_NOTES


def error_tree() -> Iterator[tuple[int, type[KeepclearError]]]:
    """Every public error of the package with its depth in the tree, children in the order of their names."""
    for module in sorted(_modules_with_errors()):
        importlib.import_module(module)

    def walk(error: type[KeepclearError], depth: int) -> Iterator[tuple[int, type[KeepclearError]]]:
        yield depth, error
        # The order of `__subclasses__` is that of imports, which a page must not depend on.
        for child in sorted(error.__subclasses__(), key=lambda child: (child.__module__, child.__name__)):
            if child.__module__.startswith("keepclear.") and not child.__name__.startswith("_"):
                yield from walk(child, depth + 1)

    yield from walk(KeepclearError, 0)


def _modules_with_errors() -> set[str]:
    """Modules that define an error of ours, found by reading and not by importing them all."""
    classes: dict[str, tuple[str, set[str]]] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        module = ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                bases = {ast.unparse(base).rpartition(".")[2] for base in node.bases}
                classes[f"{module}:{node.name}"] = (node.name, bases)
    known, size = {"KeepclearError"}, 0
    while len(known) > size:
        size = len(known)
        known |= {name for name, bases in classes.values() if bases & known}
    return {where.partition(":")[0] for where, (_, bases) in classes.items() if bases & known}


# -------------------------------------------------------------------------------------------------------------- pages

PAGES: dict[str, Callable[[], str]] = {
    "docs/reference/entries.md": entries_page,
    "docs/reference/errors.md": errors_page,
}


def main(arguments: list[str]) -> int:
    """Write every page, or with `--check` only name those that are not current; the exit status."""
    stale = []
    for name, make in PAGES.items():
        path, text = ROOT / name, make()
        if not path.exists() or path.read_text("utf-8") != text:
            stale.append(name)
            if arguments != ["--check"]:
                path.write_text(text, "utf-8")
    sys.stdout.write("".join(f"{name}\n" for name in stale))
    return 1 if stale and arguments == ["--check"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
