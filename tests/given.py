"""Builders with sensible defaults: two desks that talk to each other, their notices and their agreement.

A `Desk` is one party's loop and exchange, driven by plain calls on one hand-set clock: no task, no network, no wait.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace

from keepclear.core.agreement import Agreement, Deadlines, Disclosure, DisclosureLevel
from keepclear.core.footprint import Circle
from keepclear.core.notice import Mode, NoticeState
from keepclear.core.separation import Separation
from keepclear.core.timespan import MINUTE_US, SECOND_US, TimeSpan
from keepclear.core.volume import Altitude, AltitudeBand, AltitudeDatum, Volume4D
from keepclear.node.commands import (
    Command,
    EnrolPeer,
    FileNotice,
    ProposeAgreement,
    ReceiveEntries,
    SignAgreement,
)
from keepclear.node.exchange import Exchange
from keepclear.node.logs import channel, read_entry
from keepclear.node.loop import Asked, Loop, Outcome
from keepclear.node.picture import Picture
from keepclear.node.ports import Delivered, Delivery, Keys
from keepclear.node.settings import Settings
from keepclear.record import Ed25519Signer, Identity, leaf_hash
from keepclear.record.signing import RecordSigner
from keepclear.stores.memory import MemoryStore

#: 2027-01-15T08:00:00Z.
START_US = 1_800_000_000 * SECOND_US
#: Signs with Ed25519 alone, so that whatever is signed comes out the same.
SETTINGS = Settings(needs_mldsa44=False)
SEED = bytes(range(32))
VOLUME = Disclosure(DisclosureLevel.VOLUME)
CONTACT = Disclosure(DisclosureLevel.CONTACT)
DEADLINES = Deadlines(1_800, 900, 300, 60, 60, 120)
SEPARATION = Separation(2_000, 300, 60)


def a_signer(party: str) -> Ed25519Signer:
    """The keys of a fictional party."""
    return Ed25519Signer(leaf_hash(f"{party} ed25519".encode()), leaf_hash(f"{party} ml-dsa".encode()))


def an_identity(party: str, signer: RecordSigner | None = None) -> Identity:
    """Its public half."""
    return Identity.of(party, party.title(), signer or a_signer(party))


def a_volume(
    lat_deg: float = 10.5,
    lon_deg: float = 20.0,
    radius_m: float = 5_000.0,
    *,
    from_min: float = 60,
    to_min: float = 120,
    at_us: int = START_US,
    floor_m: float = 0.0,
    ceiling_m: float = 1_500.0,
) -> Volume4D:
    """A circle above mean sea level, from and to so many minutes after an instant."""
    band = AltitudeBand(Altitude(floor_m, AltitudeDatum.AMSL), Altitude(ceiling_m, AltitudeDatum.AMSL))
    span = TimeSpan(at_us + round(from_min * MINUTE_US), at_us + round(to_min * MINUTE_US))
    return Volume4D(Circle(lat_deg, lon_deg, radius_m), band, span)


def a_notice(
    *volumes: Volume4D,
    by: str = "Imani",
    remarks: str = "",
    contact: str = "",
    activity: str = "",
    region: str = "",
    state: NoticeState = NoticeState.ACCEPTED,
    mode: Mode = Mode.OPER,
    slowest_mps: int = 0,
    reaction_s: int = 0,
    confirmed: bool = False,
) -> FileNotice:
    """A hazard of one circle, an hour ahead and an hour long."""
    return FileNotice(
        volumes or (a_volume(),),
        by,
        remarks=remarks,
        contact=contact,
        activity=activity,
        region=region,
        state=state,
        mode=mode,
        slowest_mps=slowest_mps,
        reaction_s=reaction_s,
        confirmed=confirmed,
    )


def an_agreement(
    one: str = "amber",
    other: str = "birch",
    *,
    one_shows: Disclosure = VOLUME,
    other_shows: Disclosure = CONTACT,
    deadlines: Deadlines = DEADLINES,
    title: str = "Keeping clear",
    separation: Separation = SEPARATION,
) -> Agreement:
    """Terms between two parties: an area of 100 km around 10 N 20 E."""
    shown = {one: one_shows, other: other_shows}
    return Agreement(title, (one, other), Circle(10, 20, 100_000), separation, deadlines, shown)


def enrolment(identity: Identity) -> EnrolPeer:
    """The command that enrols a party whose words two persons have compared."""
    return EnrolPeer(
        identity.party,
        identity.name,
        base64.b64encode(identity.ed25519).decode(),
        base64.b64encode(identity.mldsa44).decode(),
        "",
        f"https://{identity.party}.example",
        "+0 000",
        ("Imani", "Tomas"),
    )


@dataclass(slots=True)
class Hands:
    """The hands of a clock that a test moves."""

    now_us: int = START_US


class Desk:
    """One party's loop and exchange."""

    def __init__(
        self, party: str, hands: Hands, *, settings: Settings = SETTINGS, store: MemoryStore | None = None
    ) -> None:
        self.party = party
        self.hands = hands
        self.settings = settings
        self.store = store or MemoryStore()
        self.keys = Keys(party, party.title(), a_signer(party))
        self.loop = Loop(self.keys, self.store, settings)
        self.exchange = Exchange(self.loop, software="test")

    @property
    def picture(self) -> Picture:
        """What is in force here now."""
        return self.loop.picture

    def restart(self) -> None:
        """Forget everything but what is durable."""
        self.loop = Loop(self.keys, self.store, self.settings)
        self.exchange = Exchange(self.loop, software="test")

    def run(self, *commands: Command) -> Outcome:
        """One turn with these commands, a millisecond later; each gets a seed if it has none."""
        self.hands.now_us += 1_000
        asked = [Asked(each if each.seed else replace(each, seed=SEED)) for each in commands]
        return self.loop.run(asked, self.hands.now_us)

    def ask(self, command: Command) -> str:
        """One command that must succeed; gives what it was about. Raises what it was answered."""
        answer = self.run(command).answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer.subject

    def bodies(self, log: str = "") -> list[object]:
        """The bodies of all stored entries of a log, or of all logs."""
        return [read_entry(e.data, e.leaf).body for e in self.store.entries() if not log or e.log == log]


def beat(one: Desk, other: Desk, *, ahead_us: int = 0) -> None:
    """`one` hears a heartbeat of `other`, whose wall clock is so far ahead."""
    now_us = one.hands.now_us
    theirs = other.exchange.heartbeat(one.party, now_us, now_us + ahead_us)
    one.run(*one.exchange.take_heartbeat(other.party, theirs, now_us, now_us))


def hand_over(one: Desk, other: Desk, delivery: Delivery) -> Delivered:
    """`other` takes a delivery of `one`; raises what it was answered."""
    command = ReceiveEntries(one.party, delivery.first, delivery.entries, delivery.checkpoint, other.hands.now_us)
    other.ask(command)
    cosigned = other.exchange.cosign_held(one.party, delivery.checkpoint, other.hands.now_us)
    return Delivered(other.loop.logs.size(channel(one.party, other.party)), cosigned)


def ship(one: Desk, other: Desk) -> int:
    """Everything that `other` does not hold yet of `one`'s channel to it; gives how many deliveries that took."""
    count = 0
    while (delivery := one.exchange.delivery_for(other.party)) is not None:
        answer = hand_over(one, other, delivery)
        one.run(*one.exchange.take_delivered(other.party, delivery, answer, one.hands.now_us))
        count += 1
    return count


def sync(one: Desk, other: Desk) -> None:
    """Heartbeats both ways, then deliveries both ways until neither has anything to send."""
    beat(one, other)
    beat(other, one)
    while ship(one, other) + ship(other, one):
        pass


def amber_and_birch(agreement: Agreement | None = None, *, settings: Settings = SETTINGS) -> tuple[Desk, Desk]:
    """Two desks that have enrolled each other and signed an agreement."""
    hands = Hands()
    amber, birch = Desk("amber", hands, settings=settings), Desk("birch", hands, settings=settings)
    enrol(amber, birch)
    sync(amber, birch)
    digest = amber.ask(ProposeAgreement(agreement or an_agreement(), "Imani"))
    sync(amber, birch)
    birch.ask(SignAgreement(digest, "Tomas"))
    sync(amber, birch)
    return amber, birch


def enrol(one: Desk, other: Desk) -> None:
    """Each takes up the other's keys."""
    one.ask(enrolment(an_identity(other.party)))
    other.ask(enrolment(an_identity(one.party)))


def kinds(outcome: Outcome) -> Sequence[str]:
    """What a turn recorded, by kind."""
    return [read.kind for read in outcome.reads]
