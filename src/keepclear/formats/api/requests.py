"""What can be asked over HTTP, with the bound of every field. A field that is not named here is refused."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from keepclear.core.agreement import PARTIES_MAX, Agreement, AgreementAct, Deadlines, Disclosure, DisclosureLevel
from keepclear.core.alert import Answer
from keepclear.core.footprint import Circle
from keepclear.core.notice import (
    CONTACT_MAX,
    MARKING_MAX,
    MARKINGS_MAX,
    REMARKS_MAX,
    TRANSPORTS_MAX,
    VOLUMES_MAX,
    Action,
    Armed,
    Mode,
    Movement,
    NoticeKind,
    ShortReason,
    Timing,
    TransportKind,
    Transports,
)
from keepclear.core.separation import Separation
from keepclear.formats.api.volumes import Latitude, Longitude, Volume

Party = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9-]{0,31}$")]
Serial = Annotated[str, msgspec.Meta(pattern="^[A-Z]{1,3}-[0-9]{4,7}$")]
SerialOrNone = Annotated[str, msgspec.Meta(pattern="^([A-Z]{1,3}-[0-9]{4,7})?$")]
Person = Annotated[str, msgspec.Meta(min_length=1, max_length=60, description="who does this, as they sign")]
Remarks = Annotated[str, msgspec.Meta(max_length=REMARKS_MAX, description="free text; not for targets")]
Version = Annotated[int, msgspec.Meta(ge=1, le=100_000)]
Volumes = Annotated[tuple[Volume, ...], msgspec.Meta(min_length=1, max_length=VOLUMES_MAX)]
AlertId = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
StopId = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
SeenFromText = Annotated[str, msgspec.Meta(max_length=200, description="a bearing and distance, or a named area")]
Region = Literal["", "N", "NE", "E", "SE", "S", "SW", "W", "NW", "C"]


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What every body shares: it is a value, and a field it does not know is refused."""


class TransportsJson(Request, frozen=True):
    """So many transports of one kind."""

    kind: TransportKind
    count: Annotated[int, msgspec.Meta(ge=1, le=1_000)]


class MovementJson(Request, frozen=True, kw_only=True):
    """What moves, and what can be seen of it from outside. Whether armed persons are with it must be said."""

    transports: Annotated[tuple[TransportsJson, ...], msgspec.Meta(min_length=1, max_length=TRANSPORTS_MAX)]
    armed: Armed
    armed_count: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 0
    markings: Annotated[
        tuple[Annotated[str, msgspec.Meta(min_length=1, max_length=MARKING_MAX)], ...],
        msgspec.Meta(max_length=MARKINGS_MAX),
    ] = ()
    second_contact: Annotated[str, msgspec.Meta(max_length=CONTACT_MAX)] = ""


def movement_from_api(said: MovementJson | None) -> Movement | None:
    """What moves, as a value of the core. Raises Malformed where it contradicts itself."""
    if said is None:
        return None
    transports = tuple(Transports(each.kind, each.count) for each in said.transports)
    return Movement(transports, said.armed, said.armed_count, said.markings, said.second_contact)


class FileNoticeRequest(Request, frozen=True, kw_only=True):
    """A new notice. `id` empty: the node gives the next serial.

    `seen_from`: the place said a second time: `Latakia 270/90km`, `within ALPHA` or `whole of ALPHA` (P1).
    `confirmed`: a person was shown that the region word or `seen_from` contradicts the geometry, and sends it all the
    same.
    """

    volumes: Volumes
    by: Person
    kind: NoticeKind = NoticeKind.HAZARD
    action: Action = Action.KEEP_CLEAR
    region: Region = ""
    seen_from: SeenFromText = ""
    contact: Annotated[str, msgspec.Meta(max_length=CONTACT_MAX)] = ""
    remarks: Remarks = ""
    activity: Annotated[str, msgspec.Meta(max_length=40)] = ""
    slowest_mps: Annotated[int, msgspec.Meta(ge=0, le=1_000)] = 0
    reaction_s: Annotated[int, msgspec.Meta(ge=0, le=3_600)] = 0
    timing: Timing = Timing.ROUTINE
    reason: ShortReason | None = None
    movement: MovementJson | None = None
    mode: Mode = Mode.OPER
    id: SerialOrNone = ""
    confirmed: bool = False


class ChangeNoticeRequest(FileNoticeRequest, frozen=True, kw_only=True):
    """A new version of our own notice. `version` is the one that the caller has seen.

    `change`: DEVIATE for a movement that is not where or when it was to be.
    """

    version: Version
    change: Literal["AMEND", "DEVIATE"] = "AMEND"


class MoveNoticeRequest(Request, frozen=True):
    """Activate or end our own notice. `change` says how it ends; left out, the time of it says."""

    state: Literal["Activated", "Ended"]
    version: Version
    by: Person
    change: Literal["CANCEL", "COMPLETE", "GIVE_BACK"] | None = None


class CheckRequest(Request, frozen=True, kw_only=True):
    """What would conflict with these volumes? Nothing is recorded."""

    volumes: Volumes
    region: Region = ""
    seen_from: SeenFromText = ""
    mode: Mode = Mode.OPER


class AnswerAlertRequest(Request, frozen=True, kw_only=True):
    """A named person's answer. `again`: they were shown that our own figures contradict it."""

    alert: AlertId
    version: Version
    answer: Answer
    by: Person
    again: bool = False


class SilenceAlertRequest(Request, frozen=True, kw_only=True):
    """Stop the sound at this desk, for a while."""

    alert: AlertId
    by: Person
    seconds: Annotated[int, msgspec.Meta(ge=1, le=30)] = 30


class StopRequest(Request, frozen=True, kw_only=True):
    """Ask to stop. `to` empty: every peer."""

    by: Person
    to: Annotated[tuple[Party, ...], msgspec.Meta(max_length=64)] = ()
    remarks: Remarks = ""
    mode: Mode = Mode.OPER


class AnswerStopRequest(Request, frozen=True):
    """The answer of whoever is on duty; `stop` is `party/serial`."""

    stop: StopId
    answer: Answer
    by: Person


class ResumeRequest(Request, frozen=True):
    """We no longer ask to stop; `id` is the serial of our own STOP."""

    id: Serial
    by: Person


class AreaJson(Request, frozen=True):
    """What the region words are measured from."""

    lat: Latitude
    lon: Longitude
    radius_m: Annotated[float, msgspec.Meta(gt=0)]


class SeparationJson(Request, frozen=True):
    """Two activities closer than this in all three at once are a conflict."""

    horizontal_m: Annotated[float, msgspec.Meta(ge=0)]
    vertical_m: Annotated[float, msgspec.Meta(ge=0)]
    time_s: Annotated[float, msgspec.Meta(ge=0)]


class DeadlinesJson(Request, frozen=True):
    """Seconds within which things are owed."""

    notice_before_s: int
    acknowledge_s: int
    acknowledge_conflict_s: int
    acknowledge_warning_s: int
    acknowledge_stop_s: int
    standby_s: int


class DisclosureJson(Request, frozen=True, kw_only=True):
    """What one party shows the other."""

    level: DisclosureLevel
    shows_activity: bool = False


class TermsJson(Request, frozen=True):
    """An agreement without a profile, in plain units. What a profile holds beside it is written as TOML."""

    title: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
    parties: Annotated[tuple[Party, ...], msgspec.Meta(min_length=2, max_length=PARTIES_MAX)]
    area: AreaJson
    separation: SeparationJson
    deadlines: DeadlinesJson
    disclosure: Annotated[dict[Party, DisclosureJson], msgspec.Meta(min_length=2, max_length=PARTIES_MAX)]


class ProposeAgreementRequest(Request, frozen=True, kw_only=True):
    """Propose terms, and sign them ourselves. Exactly one of `toml` and `terms`."""

    by: Person
    toml: Annotated[str, msgspec.Meta(max_length=60_000)] = ""
    terms: TermsJson | None = None


class SignatureRequest(Request, frozen=True):
    """Sign what was proposed."""

    by: Person


class ActOnAgreementRequest(Request, frozen=True, kw_only=True):
    """Suspend an agreement in force, take that back, agree to extend it, or withdraw.

    `until`: the new end with `extend`; with `withdraw` from when, else at once.
    """

    act: AgreementAct
    by: Person
    until: Annotated[str, msgspec.Meta(max_length=40)] = ""
    reason: Remarks = ""


class AnnounceZoneRequest(Request, frozen=True, kw_only=True):
    """Announce a zone: one as TOML, as it stands under `[[zone]]` in a profile. `to` empty: everyone agreed with."""

    toml: Annotated[str, msgspec.Meta(min_length=1, max_length=60_000)]
    by: Person
    to: Annotated[tuple[Party, ...], msgspec.Meta(max_length=64)] = ()
    reason: Remarks = ""


class ChangeZoneRequest(Request, frozen=True, kw_only=True):
    """State a zone of our own anew. `version` is the one that the caller has seen."""

    toml: Annotated[str, msgspec.Meta(min_length=1, max_length=60_000)]
    version: Version
    by: Person
    reason: Remarks = ""


class LiftZoneRequest(Request, frozen=True, kw_only=True):
    """A zone of our own is no more."""

    version: Version
    by: Person
    reason: Remarks = ""


class GiveBackZoneRequest(Request, frozen=True, kw_only=True):
    """What is left is not needed from `at` on, else from now; and the stretches in which it was used."""

    version: Version
    by: Person
    at: Annotated[str, msgspec.Meta(max_length=40)] = ""
    used: Annotated[tuple[tuple[str, str], ...], msgspec.Meta(max_length=200)] = ()
    reason: Remarks = ""


class EnrolPeerRequest(Request, frozen=True, kw_only=True):
    """Two persons compared the words: these are the other party's keys and door."""

    party: Party
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    ed25519: Annotated[str, msgspec.Meta(max_length=64)]
    mldsa44: Annotated[str, msgspec.Meta(max_length=2_000)]
    tls: Annotated[str, msgspec.Meta(max_length=8_000, description="the peer's certificate, PEM")]
    url: Annotated[str, msgspec.Meta(max_length=200, description="https://host:port of its peer door")]
    telephone: Annotated[str, msgspec.Meta(max_length=40)] = ""
    persons: tuple[Person, Person]


class ConfirmClockRequest(Request, frozen=True):
    """A person looked at another clock and vouches for ours."""

    by: Person


class ChallengeRequest(Request, frozen=True):
    """A party says it has a message for us by voice: what is it to answer?"""

    party: str


class TypeCardRequest(Request, frozen=True):
    """A voice card as it was typed in, and what answered our challenge; without a token it is UNAUTHENTICATED."""

    lines: Annotated[str, msgspec.Meta(min_length=1, max_length=20_000)]
    by: Person
    challenge: Annotated[str, msgspec.Meta(max_length=40)] = ""
    row: Annotated[int, msgspec.Meta(ge=0, le=99)] = 0
    token: Annotated[str, msgspec.Meta(max_length=40)] = ""


class CarryRequest(Request, frozen=True):
    """One line of a carried file."""

    line: Annotated[str, msgspec.Meta(min_length=2, max_length=400_000)]


class LinkRequest(Request, frozen=True):
    """Ask for a new one-time link to the console."""


def terms_to_agreement(terms: TermsJson) -> Agreement:
    """The agreement as a value of the core.

    Raises:
        Malformed: a number out of range, or the parties do not fit.
    """
    return Agreement(
        title=terms.title,
        parties=tuple(sorted(terms.parties)),
        area=Circle(terms.area.lat, terms.area.lon, terms.area.radius_m),
        separation=Separation(terms.separation.horizontal_m, terms.separation.vertical_m, terms.separation.time_s),
        deadlines=Deadlines(**msgspec.structs.asdict(terms.deadlines)),
        disclosure={party: Disclosure(shown.level, shown.shows_activity) for party, shown in terms.disclosure.items()},
    )


def agreement_to_terms(agreement: Agreement) -> TermsJson:
    """The agreement as the API writes it."""
    deadlines = agreement.deadlines
    return TermsJson(
        title=agreement.title,
        parties=agreement.parties,
        area=AreaJson(agreement.area.lat_deg, agreement.area.lon_deg, agreement.area.radius_m),
        separation=SeparationJson(
            agreement.separation.horizontal_m, agreement.separation.vertical_m, agreement.separation.time_s
        ),
        deadlines=DeadlinesJson(**{name: getattr(deadlines, name) for name in DeadlinesJson.__struct_fields__}),
        disclosure={
            party: DisclosureJson(level=shown.level, shows_activity=shown.shows_activity)
            for party, shown in agreement.disclosure.items()
        },
    )
