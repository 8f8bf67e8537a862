"""The reader of a reference file: its bytes checked whole, by shape and by sense."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct

from keepclear.errors import LimitReached, Malformed
from keepclear.formats.reference.values import (
    Agreement,
    Meeting,
    Reference,
    Source,
    Term,
    TimelineItem,
    Zone,
    names_of,
)

#: Largest reference file that is read, bytes. Ten times the one we ship; a person still opens it in an editor.
MAX_REFERENCE_BYTES = 1_048_576


def read_reference(data: bytes) -> Reference:
    """The reference file in `data` (UTF-8 JSON), checked whole.

    Raises:
        LimitReached: it is larger than MAX_REFERENCE_BYTES.
        Malformed: it is not JSON, a field is unknown, missing or out of its bounds, a claimant, source, party or
            agreement is not in the file, an id occurs twice, a printed time is not its Zulu time, or a post
            carries a position; `at` is the path, as in `incidents[0].timeline[2].at`.
    """
    if len(data) > MAX_REFERENCE_BYTES:
        raise LimitReached(f"a reference file holds at most {MAX_REFERENCE_BYTES} bytes, this one has {len(data)}")
    try:
        reference = msgspec.json.decode(data, type=Reference)
    except msgspec.ValidationError as error:
        raise _malformed(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"a reference file is UTF-8 JSON: {error}") from error
    _check_ids(reference)
    _check_people_and_sources(reference)
    _check_times(reference)
    _check_places(reference)
    return reference


def _malformed(message: str) -> Malformed:
    """The validator's message as our error: its path without the root, the field's name put at the end."""
    text, _, path = message.partition(" - at `$")
    at = path.rstrip("`").lstrip(".")
    field = re.search(r"(?:unknown|required) field `([^`]*)`", text)
    if field:
        at = f"{at}.{field[1]}".lstrip(".")
    return Malformed(text, at=at)


def _walk(value: object, at: str = "") -> Iterator[tuple[str, Struct]]:
    """Every value in the file with its path, so that no claim can be in a place that the checks forget."""
    if isinstance(value, Struct):
        yield at, value
        for field in value.__struct_fields__:
            yield from _walk(getattr(value, field), f"{at}.{field}".lstrip("."))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _walk(item, f"{at}[{index}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _walk(item, f"{at}.{key}")


def _check_ids(reference: Reference) -> None:
    sections: tuple[tuple[str, Iterable[str]], ...] = (
        ("parties", [value.id for value in reference.parties] + [value.id for value in reference.others]),
        ("agreements", [value.id for value in reference.agreements]),
        ("zones", [value.id for value in reference.zones]),
        ("meetings", [value.id for value in reference.meetings]),
        ("incidents", [value.id for value in reference.incidents]),
        ("differences", [value.id for value in reference.differences]),
    )
    for section, ids in sections:
        seen: set[str] = set()
        for one in ids:
            if one in seen:
                raise Malformed(f"the id {one!r} stands twice", at=section)
            seen.add(one)


def _check_people_and_sources(reference: Reference) -> None:
    """Refuse a claimant, party, source or agreement that the file does not name, and a claimed thing without claim."""
    people = set(names_of(reference))
    agreements = {value.id for value in reference.agreements}
    known: dict[str, tuple[set[str], str]] = {
        "by": (people, "neither a party nor a named other of this file"),
        "party": (people, "neither a party nor a named other of this file"),
        "parties": (people, "neither a party nor a named other of this file"),
        "sources": (set(reference.sources), "not among the sources of this file"),
        "agreement": (agreements, "no agreement of this file"),
        "channel": (agreements, "no agreement of this file"),
    }
    for at, value in _walk(reference):
        if isinstance(value, Reference):
            continue
        for field in value.__struct_fields__:
            if field in known:
                _check_names(getattr(value, field), *known[field], at=f"{at}.{field}")
        if isinstance(value, Agreement | Term | Zone | Meeting) and value.status != "undisputed" and not value.claims:
            raise Malformed(f"what is {value.status} needs a claim with its claimant", at=f"{at}.claims")
        if isinstance(value, Source) and not value.address and value.kind != "text":
            raise Malformed("a source has an address, unless its kind is text", at=f"{at}.address")


def _check_names(names: str | tuple[str, ...], known: set[str], fault: str, *, at: str) -> None:
    for name in (names,) if isinstance(names, str) else names:
        if name and name not in known:
            raise Malformed(f"{name!r} is {fault}", at=at)


def _check_times(reference: Reference) -> None:
    for number, incident in enumerate(reference.incidents):
        clocked: set[tuple[str, str]] = set()
        for row, item in enumerate(incident.timeline):
            at = f"incidents[{number}].timeline[{row}]"
            _check_item(item, at)
            if item.at is None or item.says not in ("notice_time", "hazard_start"):
                continue
            if (item.by, item.says) in clocked:
                raise Malformed(f"one account gives one clock time as {item.says}", at=f"{at}.says")
            clocked.add((item.by, item.says))


def _check_item(item: TimelineItem, at: str) -> None:
    if (item.at is None) != (not item.published):
        raise Malformed("a Zulu time and the time as printed come together", at=f"{at}.published")
    if item.lead_longer_than_s is not None and (item.at is not None or item.says != "notice_time"):
        raise Malformed("only a notice without a clock time says a lead in words", at=f"{at}.lead_longer_than_s")
    if item.at is None:
        return
    instant = instant_of(item.at, at=f"{at}.at")
    for index, printed in enumerate(item.published):
        local = instant + timedelta(minutes=printed.utc_offset_min)
        if f"{local:%H:%M}" != printed.clock:
            raise Malformed(
                f"{item.at} at an offset of {printed.utc_offset_min} min is {local:%H:%M}, not {printed.clock}",
                at=f"{at}.published[{index}]",
            )


def _check_places(reference: Reference) -> None:
    """No post carries a position, not even in words, and no ring shows its middle."""
    position = re.compile(r"\d{1,3}\.\d{3,}|\d\s*[°º]|\b\d{1,2}\s?[SRQTU]\s?[A-Z]{2}\s?\d{4,}")
    for index, post in enumerate(reference.posts.items):
        words = (post.name, *post.name_variants, post.near, post.established, post.closed, post.note)
        if any(position.search(word) for word in words):
            raise Malformed("a post is listed by name; its text holds a position", at=f"posts.items[{index}]")
    for index, zone in enumerate(reference.zones):
        if zone.geometry and zone.geometry.center_mark:
            raise Malformed("a ring is drawn without a mark in its middle", at=f"zones[{index}].geometry.center_mark")


def instant_of(zulu: str, *, at: str = "") -> datetime:
    """The instant that a Zulu minute names; Malformed when the calendar has no such time."""
    try:
        return datetime.strptime(zulu, "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise Malformed(f"{zulu} is no time of the calendar", at=at) from error
