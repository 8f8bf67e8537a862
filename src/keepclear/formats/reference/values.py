"""What a reference file holds, as values: one for each kind of fact, each with its claimant and sources."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

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


class Value(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A frozen value that refuses every field it does not know."""


class Party(Value, frozen=True):
    """A State or a body that the facts are about. Never a party of a node."""

    id: Id
    name: Name
    kind: Literal["state", "united_nations", "humanitarian", "civil"]


class Other(Value, frozen=True):
    """Somebody who is no party and yet claims, signs or is told something: a newspaper, a review, an agency."""

    id: Id
    name: Name


class Source(Value, frozen=True):
    """Where a statement was read. `mirror` is a copy: look for the original before quoting it."""

    title: Annotated[str, Meta(min_length=1, max_length=300)]
    kind: Literal["official", "treaty", "inquiry", "standard", "dataset", "press", "analysis", "mirror", "repo", "text"]
    #: Web address, as text; empty only for a `text` that lies in nobody's archive.
    address: Annotated[str, Meta(max_length=400, pattern=r"^(https?://[\x21-\x7e]+)?$")]


class Claim(Value, frozen=True):
    """What one side says. `by` is a party or a named other, `speaker` who spoke for it."""

    by: Id
    text: Text
    sources: Sources
    speaker: Note = ""


class Statement(Value, frozen=True):
    """What none of the sides contests in the sources read."""

    text: Text
    sources: Sources


class Term(Value, frozen=True):
    """One term of an agreement; a term that is not undisputed carries the claims about it."""

    text: Text
    sources: Sources
    status: Status = "undisputed"
    claims: Annotated[tuple[Claim, ...], Few] = ()
    note: Note = ""


class Agreement(Value, frozen=True):
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


class Center(Value, frozen=True):
    """Where an article puts the middle of a ring. Not a surveyed place, and never drawn."""

    lat_deg: Annotated[float, Meta(ge=-90, le=90)]
    lon_deg: Annotated[float, Meta(ge=-180, le=180)]
    datum: Literal["WGS84"]
    kind: Literal["article coordinate"]
    sources: Sources


class Ring(Value, frozen=True):
    """A circle on the ground that the public terms themselves give."""

    shape: Literal["circle"]
    radius_m: Annotated[int, Meta(gt=0, le=1_000_000)]
    center: Center
    center_mark: bool
    sources: Sources


class Zone(Value, frozen=True):
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


class Post(Value, frozen=True):
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


class Posts(Value, frozen=True):
    """The listed posts of one party under one agreement."""

    party: Id
    agreement: Id
    count_announced: int
    note: Text
    items: Annotated[tuple[Post, ...], Few]


class Meeting(Value, frozen=True):
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


class PublishedClock(Value, frozen=True):
    """A clock time as it was printed, and the offset under which it is the item's Zulu time."""

    clock: Clock
    zone: Name
    utc_offset_min: Annotated[int, Meta(ge=-840, le=840)]


class TimelineItem(Value, frozen=True):
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


class Topic(Value, frozen=True):
    """One question about an incident, with what each side says to it, side by side."""

    topic: Name
    claims: Annotated[tuple[Claim, ...], Meta(min_length=1, max_length=64)]
    note: Note = ""


class Incident(Value, frozen=True):
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


class JointStatement(Value, frozen=True):
    """Points of a statement that several parties published together."""

    date: Date
    parties: Annotated[tuple[Id, ...], Few]
    points: Annotated[tuple[Text, ...], Few]
    sources: Sources


class Parameter(Value, frozen=True):
    """A figure from a rule or practice: `low` and `high` are equal when one value is given."""

    key: Id
    low: Annotated[int, Meta(ge=0)]
    high: Annotated[int, Meta(ge=0)]
    unit: Literal["days", "h", "min", "count", "km", "nm", "ft", "cm"]
    profile: Id
    status: Status
    sources: Sources


class Difference(Value, frozen=True):
    """A place where the news text and the public record differ. A quotation is in `quotation`, never in `text_says`."""

    id: Id
    topic: Name
    text_says: Text
    quotation: Note
    record_shows: Text
    sources: Sources
    true_when_written: bool
    note: Note = ""


class About(Value, frozen=True):
    """What the file is and how its times are meant."""

    title: Name
    purpose: Text
    neutrality: Text
    time: Text
    prepared: Date


class Reference(Value, frozen=True):
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


def names_of(reference: Reference) -> dict[str, str]:
    """Who may claim or sign anything: id to name, parties first."""
    parties = {value.id: value.name for value in reference.parties}
    return parties | {value.id: value.name for value in reference.others}
