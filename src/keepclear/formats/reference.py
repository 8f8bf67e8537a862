"""The reference file: public facts about an arrangement between States, each claim with its claimant and source.

Read-only material for people. Nothing here becomes a party, a notice or a zone of a running node,
and nothing here says which account is right. The shape is told in `examples/syria_2019/README.md`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from keepclear.errors import LimitReached, Malformed

#: Largest reference file that is read, bytes. Ten times the one we ship; a person still opens it in an editor.
MAX_REFERENCE_BYTES = 1_048_576

Id = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
OptionalId = Annotated[str, Meta(pattern=r"^([a-z][a-z0-9_]{0,31})?$")]
Name = Annotated[str, Meta(min_length=1, max_length=120)]
Text = Annotated[str, Meta(min_length=1, max_length=400)]
Note = Annotated[str, Meta(max_length=400)]
#: A year, a month or a day, as precise as the source is.
Date = Annotated[str, Meta(pattern=r"^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$")]
#: A minute in UTC.
Zulu = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}Z$")]
Clock = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Few = Meta(max_length=64)
Sources = Annotated[tuple[Id, ...], Meta(min_length=1, max_length=16)]
Status = Literal["undisputed", "claimed", "disputed"]
Scope = Literal["syria", "elsewhere"]


class _Value(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A frozen value that refuses every field it does not know."""


class Party(_Value, frozen=True):
    """A State or a body that the facts are about. Never a party of a node."""

    id: Id
    name: Name
    kind: Literal["state", "united_nations", "humanitarian", "civil"]


class Other(_Value, frozen=True):
    """Somebody who is no party and yet claims, signs or is told something: a newspaper, a review, an agency."""

    id: Id
    name: Name


class Source(_Value, frozen=True):
    """Where a statement was read. `mirror` is a copy: look for the original before quoting it."""

    title: Annotated[str, Meta(min_length=1, max_length=300)]
    kind: Literal["official", "treaty", "inquiry", "standard", "dataset", "press", "analysis", "mirror", "repo", "text"]
    #: Web address, as text; empty only for a `text` that lies in nobody's archive.
    address: Annotated[str, Meta(max_length=400, pattern=r"^(https?://[\x21-\x7e]+)?$")]


class Claim(_Value, frozen=True):
    """What one side says. `by` is a party or a named other, `speaker` who spoke for it."""

    by: Id
    text: Text
    sources: Sources
    speaker: Note = ""


class Statement(_Value, frozen=True):
    """What none of the sides contests in the sources read."""

    text: Text
    sources: Sources


class Term(_Value, frozen=True):
    """One term of an agreement; a term that is not undisputed carries the claims about it."""

    text: Text
    sources: Sources
    status: Status = "undisputed"
    claims: Annotated[tuple[Claim, ...], Few] = ()
    note: Note = ""


class Agreement(_Value, frozen=True):
    """An agreement as a list of terms."""

    id: Id
    name: Name
    scope: Scope
    kind: Literal["bilateral_security", "deconfliction", "ceasefire", "treaty", "code"]
    date: Date
    parties: Annotated[tuple[Id, ...], Few]
    #: Null when the sources do not say.
    text_public: bool | None
    status: Status
    sources: Sources
    terms: Annotated[tuple[Term, ...], Few]
    claims: Annotated[tuple[Claim, ...], Few] = ()
    document: Note = ""


class Center(_Value, frozen=True):
    """Where an article puts the middle of a ring. Not a surveyed place, and never drawn."""

    lat_deg: Annotated[float, Meta(ge=-90, le=90)]
    lon_deg: Annotated[float, Meta(ge=-180, le=180)]
    datum: Literal["WGS84"]
    kind: Literal["article coordinate"]
    sources: Sources


class Ring(_Value, frozen=True):
    """A circle on the ground that the public terms themselves give."""

    shape: Literal["circle"]
    radius_m: Annotated[int, Meta(gt=0, le=1_000_000)]
    center: Center
    center_mark: bool
    sources: Sources


class Zone(_Value, frozen=True):
    """An area that terms or claims speak of; without geometry unless the terms give one."""

    id: Id
    name: Name
    scope: Scope
    kind: Literal["area", "belt", "corridor", "circle", "claimed_area", "rings"]
    status: Status
    sources: Sources
    stated: Annotated[tuple[Text, ...], Few]
    geometry: Ring | None
    agreement: OptionalId = ""
    claims: Annotated[tuple[Claim, ...], Few] = ()
    note: Note = ""


class Post(_Value, frozen=True):
    """A facility named in the press: names and dates only. There is no field for a position."""

    number: int | None
    name: Name
    name_variants: Annotated[tuple[Name, ...], Few]
    near: Text
    established: Note
    closed: Note
    number_confidence: Literal["high", "medium", "low"]
    sources: Sources
    note: Note = ""


class Posts(_Value, frozen=True):
    """The listed posts of one party under one agreement."""

    party: Id
    agreement: Id
    count_announced: int
    note: Text
    items: Annotated[tuple[Post, ...], Few]


class Meeting(_Value, frozen=True):
    """A meeting, call or briefing between or of parties."""

    id: Id
    date: Date
    kind: Literal[
        "leaders_meeting", "military_talks", "envoys_meeting", "phone_call", "hotline_opened", "press_briefing"
    ]
    parties: Annotated[tuple[Id, ...], Few]
    summary: Text
    status: Status
    sources: Sources
    claims: Annotated[tuple[Claim, ...], Few] = ()
    note: Note = ""


class PublishedClock(_Value, frozen=True):
    """A clock time as it was printed, and the offset under which it is the item's Zulu time."""

    clock: Clock
    zone: Name
    utc_offset_min: Annotated[int, Meta(ge=-840, le=840)]


class TimelineItem(_Value, frozen=True):
    """One moment in one side's account. `at` is null when the account gives no clock time."""

    by: Id
    at: Zulu | None
    published: Annotated[tuple[PublishedClock, ...], Few]
    text: Text
    sources: Sources
    release: Name
    says: Literal["", "notice_time", "hazard_start", "loss_time"] = ""
    approximate: bool = False
    #: Only on a notice without a clock time: the account says that it came longer than this before the hazard.
    lead_longer_than_s: Annotated[int, Meta(ge=0)] | None = None


class Topic(_Value, frozen=True):
    """One question about an incident, with what each side says to it, side by side."""

    topic: Name
    claims: Annotated[tuple[Claim, ...], Meta(min_length=1, max_length=64)]
    note: Note = ""


class Incident(_Value, frozen=True):
    """An incident: what is common ground, what each side says, and each side's times."""

    id: Id
    date: Date
    title: Name
    scope: Scope
    parties: Annotated[tuple[Id, ...], Few]
    topics: Annotated[tuple[Topic, ...], Few]
    channel: OptionalId = ""
    common_ground: Annotated[tuple[Statement, ...], Few] = ()
    timeline: Annotated[tuple[TimelineItem, ...], Few] = ()
    changes_after: Annotated[tuple[Claim, ...], Few] = ()
    note: Note = ""


class JointStatement(_Value, frozen=True):
    """Points of a statement that several parties published together."""

    date: Date
    parties: Annotated[tuple[Id, ...], Few]
    points: Annotated[tuple[Text, ...], Few]
    sources: Sources


class Parameter(_Value, frozen=True):
    """A figure from a rule or practice: `low` and `high` are equal when one value is given."""

    key: Id
    low: Annotated[int, Meta(ge=0)]
    high: Annotated[int, Meta(ge=0)]
    unit: Literal["days", "h", "min", "count", "km", "nm", "ft", "cm"]
    profile: Id
    status: Status
    sources: Sources


class Difference(_Value, frozen=True):
    """A place where the news text and the public record differ. A quotation is in `quotation`, never in `text_says`."""

    id: Id
    topic: Name
    text_says: Text
    quotation: Note
    record_shows: Text
    sources: Sources
    true_when_written: bool
    note: Note = ""


class About(_Value, frozen=True):
    """What the file is and how its times are meant."""

    title: Name
    purpose: Text
    neutrality: Text
    time: Text
    prepared: Date


class Reference(_Value, frozen=True):
    """A whole reference file, checked: every claim has a known claimant and known sources."""

    format: Literal["keepclear-reference/1"]
    about: About
    parties: Annotated[tuple[Party, ...], Few]
    others: Annotated[tuple[Other, ...], Few]
    agreements: Annotated[tuple[Agreement, ...], Few]
    zones: Annotated[tuple[Zone, ...], Few]
    posts: Posts
    meetings: Annotated[tuple[Meeting, ...], Few]
    incidents: Annotated[tuple[Incident, ...], Few]
    joint_statements: Annotated[tuple[JointStatement, ...], Few]
    parameters: Annotated[tuple[Parameter, ...], Few]
    differences: Annotated[tuple[Difference, ...], Few]
    sources: Annotated[dict[Id, Source], Meta(max_length=256)]


class AccountLead(_Value, frozen=True):
    """How long before the hazard a notice came, by one account alone.

    `basis` is `clock_times` (then `lead_s`, and `bracket_s` for times printed to the minute), `words`
    (then `longer_than_s`, exclusive, with no upper bound) or `not_known` (all three are null).
    """

    by: Id
    basis: Literal["clock_times", "words", "not_known"]
    lead_s: int | None
    bracket_s: tuple[int, int] | None
    longer_than_s: int | None
    notice_at: Zulu | None
    hazard_at: Zulu | None
    stated: tuple[Text, ...]
    sources: tuple[Id, ...]


class Release(_Value, frozen=True):
    """The times that one publication gives for the same event, earliest and latest, as printed and in Zulu."""

    release: Name
    first_at: Zulu
    last_at: Zulu
    published: tuple[PublishedClock, ...]
    approximate: bool
    sources: tuple[Id, ...]


class ClockGap(_Value, frozen=True):
    """Two publications of one side that give different times for one event, and how far apart they lie."""

    by: Id
    says: Literal["loss_time"]
    earlier: Release
    later: Release
    least_s: int
    most_s: int


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
    people = set(_names(reference))
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


def _names(reference: Reference) -> dict[str, str]:
    """Who may claim or sign anything: id to name, parties first."""
    parties = {value.id: value.name for value in reference.parties}
    return parties | {value.id: value.name for value in reference.others}


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
    instant = _instant(item.at, at=f"{at}.at")
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


def _instant(zulu: str, *, at: str = "") -> datetime:
    try:
        return datetime.strptime(zulu, "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise Malformed(f"{zulu} is no time of the calendar", at=at) from error


def _seconds(earlier: str, later: str) -> int:
    return int((_instant(later) - _instant(earlier)).total_seconds())


def lead_times(incident: Incident) -> list[AccountLead]:
    """How long before the hazard the notice came, one row for each account that speaks of a notice.

    An account is judged by its own times alone: the other side's hazard start is never lent to it.
    Times are printed to the minute, so two of them are up to 60 s off their difference either way.
    """
    speakers = dict.fromkeys(item.by for item in incident.timeline if item.says == "notice_time")
    return [_lead([item for item in incident.timeline if item.by == by]) for by in speakers]


def _lead(account: list[TimelineItem]) -> AccountLead:
    items = [item for item in account if item.says in ("notice_time", "hazard_start")]
    notices = [item for item in items if item.says == "notice_time"]
    notice_at = next((item.at for item in notices if item.at), None)
    hazard_at = next((item.at for item in items if item.says == "hazard_start" and item.at), None)
    lead_s = _seconds(notice_at, hazard_at) if notice_at and hazard_at else None
    bounds_s = [item.lead_longer_than_s for item in notices if item.lead_longer_than_s is not None]
    longer_than_s = max(bounds_s, default=None) if lead_s is None else None
    words: Literal["words", "not_known"] = "not_known" if longer_than_s is None else "words"
    return AccountLead(
        by=account[0].by,
        basis=words if lead_s is None else "clock_times",
        lead_s=lead_s,
        bracket_s=None if lead_s is None else (lead_s - 60, lead_s + 60),
        longer_than_s=longer_than_s,
        notice_at=notice_at,
        hazard_at=hazard_at,
        stated=tuple(item.text for item in items),
        sources=tuple(dict.fromkeys(source for item in items for source in item.sources)),
    )


def clock_gaps(incident: Incident) -> list[ClockGap]:
    """Where two publications of one side give different times for the loss, all turned into Zulu.

    `least_s` and `most_s` are the nearest and the furthest two of these times; publications whose times
    overlap make no gap.
    """
    releases: dict[str, dict[str, list[TimelineItem]]] = {}
    for item in incident.timeline:
        if item.says == "loss_time" and item.at:
            releases.setdefault(item.by, {}).setdefault(item.release, []).append(item)
    gaps = []
    for by, items in releases.items():
        ordered = sorted((_release(name, rows) for name, rows in items.items()), key=lambda one: one.first_at)
        for earlier, later in pairwise(ordered):
            least_s, most_s = _seconds(earlier.last_at, later.first_at), _seconds(earlier.first_at, later.last_at)
            if least_s > 0:
                gap = ClockGap(by=by, says="loss_time", earlier=earlier, later=later, least_s=least_s, most_s=most_s)
                gaps.append(gap)
    return gaps


def _release(name: str, items: list[TimelineItem]) -> Release:
    times = sorted(item.at for item in items if item.at)
    return Release(
        release=name,
        first_at=times[0],
        last_at=times[-1],
        published=tuple(printed for item in items for printed in item.published),
        approximate=any(item.approximate for item in items),
        sources=tuple(dict.fromkeys(source for item in items for source in item.sources)),
    )


def _plain(value: object) -> Any:
    """Dictionaries, lists, text and numbers only, as a reader of the JSON would have them."""
    return msgspec.json.decode(msgspec.json.encode(value))


def reference_view(reference: Reference) -> dict[str, Any]:
    """The reference as plain JSON values for the console (`GET /v1/reference`), read-only.

    Sections: `parties, others, agreements, zones, posts, meetings, incidents, joint_statements, parameters,
    differences, sources`, as in the file and with every key present; besides `format`, `about`, and
    `names` (id to name, for parties and others). Each incident has two keys more, computed here:
    `lead_times` (a list of AccountLead) and `clock_gaps` (a list of ClockGap).
    The whole shape: `examples/syria_2019/README.md`, "Shape".
    """
    view: dict[str, Any] = _plain(reference)
    view["names"] = _names(reference)
    for row, incident in zip(view["incidents"], reference.incidents, strict=True):
        row["lead_times"] = _plain(lead_times(incident))
        row["clock_gaps"] = _plain(clock_gaps(incident))
    return view
