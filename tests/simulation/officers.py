"""People on watch, by chance: they file, answer, stop and sign, slip and repeat themselves; each at its own node."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from acts import ACTS
from world import Party, World

from keepclear.core.agreement import Agreement, Deadlines
from keepclear.core.alert import Answer
from keepclear.core.footprint import Circle, Footprint, Polygon
from keepclear.core.notice import Mode, NoticeState
from keepclear.core.separation import Separation
from keepclear.core.timespan import MINUTE_US, TimeSpan
from keepclear.core.volume import Altitude, AltitudeBand, AltitudeDatum, Volume4D
from keepclear.errors import Busy, KeepclearError
from keepclear.node.commands import (
    AnswerAlert,
    AnswerStop,
    ChangeNotice,
    Command,
    ConfirmClock,
    EnrolPeer,
    FileNotice,
    MoveNotice,
    ProposeAgreement,
    RemovePeer,
    Resume,
    SendStop,
    SignAgreement,
    SilenceAlert,
)
from keepclear.node.held import HeldAlert
from keepclear.node.node import Node
from keepclear.node.picture import Picture

ANSWERS = tuple(Answer)


@dataclass(frozen=True, slots=True)
class _Unanswered:
    party: Party
    command: Command
    key: str


class Officers:
    """Everyone on watch at every party."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rng = world.rng
        #: Asked, and the node died before it answered: a person would ask again.
        self.unanswered: dict[str, _Unanswered] = {}
        self.said: list[_Unanswered] = []
        makers: list[tuple[int, Callable[[Picture, Party, int], Command | None]]] = [
            (10, self._file),
            (4, self._change),
            (4, self._move),
            (12, self._answer),
            (2, self._silence),
            (2, self._stop),
            (4, self._answer_stop),
            (2, self._resume),
            (3, self._propose),
            (6, self._sign),
            (3, self._confirm),
            (5, self._slip),
            (1, self._remove),
        ]
        makers += [(weight, partial(act, self)) for weight, act in ACTS]
        self.makers = [maker for weight, maker in makers for _ in range(weight)]

    # ----------------------------------------------------------------------------------------------------- what they do

    async def enrol_all(self) -> None:
        """Everyone has compared words with everyone, and most have agreed on terms."""
        for party in self.world.parties.values():
            for other in self.world.others(party):
                await party.submit(self._enrolment(other))
        await asyncio.sleep(3)
        for party in self.world.parties.values():
            for other in self.world.others(party):
                if party.name < other.name and self.rng.random() < 0.8:
                    proposed = await party.submit(ProposeAgreement(self._agreement(party.name, other.name), "Imani"))
                    if not isinstance(proposed, KeepclearError):
                        await asyncio.sleep(2)
                        await other.submit(SignAgreement(proposed.subject, "Tomas"))

    def act(self) -> None:
        """Somebody does something."""
        alive = self.world.alive()
        if not alive:
            return
        party = self.rng.choice(alive)
        roll = self.rng.random()
        if roll < 0.08:
            self._repeat(party)
        elif roll < 0.10:
            self._flood(party)
        else:
            node = party.node
            assert node is not None
            # Whoever may be inside a hazard answers before doing anything else, as often as not.
            is_first = bool(_pressed(node.picture)) and self.rng.random() < 0.5
            maker = self._answer if is_first else self.rng.choice(self.makers)
            command = maker(node.picture, party, node.now_us())
            if command is not None:
                key = f"key-{self.rng.randrange(10**9)}" if self.rng.random() < 0.6 else ""
                party.spawn(self._ask(party, command, key))

    def vouch_for_clocks(self) -> None:
        """Wherever the clock is in doubt, somebody looks at another one."""
        for party in self.world.alive():
            if party.node is not None and party.node.picture.is_clock_suspect:
                party.spawn(party.submit(ConfirmClock("Imani")))

    def enrol_missing(self) -> None:
        """A backup from before an enrolment has lost it: two persons compare the words again."""
        for party in self.world.alive():
            enrolled = set(open_node(party).picture.enrolled_peers())
            for other in self.world.others(party):
                if other.name not in enrolled:
                    party.spawn(party.submit(self._enrolment(other)))

    async def _ask(self, party: Party, command: Command, key: str) -> None:
        if key:
            self.unanswered[key] = _Unanswered(party, command, key)
        if isinstance(command, AnswerAlert):
            self.world.count(f"answer:alert {command.answer}")
        if isinstance(command, AnswerStop):
            self.world.count(f"answer:stop {command.answer}")
        result = await party.submit(command, key, _fingerprint(command))
        self.unanswered.pop(key, None)
        if key and not isinstance(result, KeepclearError):
            self.said.append(_Unanswered(party, command, key))
        if isinstance(result, KeepclearError) and result.code == "contradicted" and isinstance(command, AnswerAlert):
            again = AnswerAlert(command.alert, command.version, command.answer, command.by, again=True)
            await party.submit(again)

    def _repeat(self, party: Party) -> None:
        """The same request with the same key: nobody heard the answer, or it is sent twice."""
        open_ = [each for each in self.unanswered.values() if each.party is party]
        said = [each for each in self.said if each.party is party]
        if open_:
            again = self.rng.choice(open_)
            self.world.count("fault:asked again after a crash")
            party.spawn(self._ask(party, again.command, again.key))
        elif said:
            again = self.rng.choice(said)
            if self.rng.random() < 0.3:
                self.world.count("fault:key used for something else")
                party.spawn(party.submit(SendStop("Imani"), again.key, _fingerprint(SendStop("Imani"))))
                return
            self.world.count("fault:asked twice")
            party.spawn(party.submit(again.command, again.key, _fingerprint(again.command)))

    def _flood(self, party: Party) -> None:
        """More than the queue holds at one instant, and a STOP in the middle of it, which must get through."""
        self.world.count("fault:flood")

        async def stop() -> None:
            try:
                result = await party.submit(SendStop("Imani"))
            except asyncio.CancelledError:
                return
            self.world.check(not isinstance(result, Busy), f"{party.name}: a flood shut out a STOP")

        node = party.node
        assert node is not None
        for number in range(30):
            if number == 20:
                party.spawn(stop())
            party.spawn(party.submit(SilenceAlert("nobody/A-0001/v1/nobody", "Imani")))

    # ------------------------------------------------------------------------------------------------ what they ask for

    def _secret(self, party: Party, field: str) -> str:
        text = f"{field}-{self.rng.randbytes(6).hex()}"
        self.world.secrets[text.encode()] = (party.name, field)
        return text

    def _volume(self, now_us: int) -> Volume4D:
        rng = self.rng
        lat, lon, radius_m = rng.uniform(9.8, 10.2), rng.uniform(19.8, 20.2), rng.uniform(1_000, 15_000)
        footprint: Footprint = Circle(lat, lon, radius_m)
        if rng.random() < 0.3:
            footprint = Polygon(((lat, lon), (lat + 0.1, lon), (lat + 0.1, lon + 0.1), (lat, lon + 0.1)))
        datum = rng.choice((AltitudeDatum.AMSL, AltitudeDatum.AMSL, AltitudeDatum.AGL, AltitudeDatum.FL))
        floor_m = rng.choice((0.0, 500.0, 3_000.0))
        band = AltitudeBand(Altitude(floor_m, datum), Altitude(floor_m + 1_500, datum))
        start_us = max(0, now_us + round(rng.uniform(-4, 30) * MINUTE_US))
        return Volume4D(footprint, band, TimeSpan(start_us, start_us + round(rng.uniform(6, 40) * MINUTE_US)))

    def _notice(self, party: Party, now_us: int, *, mode: Mode = Mode.OPER) -> FileNotice:
        rng = self.rng
        moving = rng.random() < 0.6
        return FileNotice(
            tuple(self._volume(now_us) for _ in range(rng.choice((1, 1, 1, 2)))),
            self._secret(party, "drafter"),
            region=rng.choice(("", "", "", "C", "N", "W")),
            contact=self._secret(party, "contact"),
            remarks=self._secret(party, "remarks"),
            activity=self._secret(party, "activity"),
            slowest_mps=rng.choice((1, 8)) if moving else 0,
            reaction_s=rng.choice((0, 60)) if moving else 0,
            mode=mode,
            confirmed=rng.random() < 0.7,
        )

    def _file(self, picture: Picture, party: Party, now_us: int) -> Command:
        return self._notice(party, now_us, mode=self.rng.choice((Mode.OPER, Mode.OPER, Mode.OPER, Mode.EXER)))

    def _own(self, picture: Picture) -> list[tuple[str, int, NoticeState, Mode]]:
        own = (held for held in picture.notices.values() if held.is_own)
        return [(held.id, held.latest.version, held.latest.state, held.latest.mode) for held in own]

    def _change(self, picture: Picture, party: Party, now_us: int) -> Command | None:
        own = self._own(picture)
        if not own:
            return None
        serial, version, _, mode = self.rng.choice(own)
        return ChangeNotice(serial, version - (self.rng.random() < 0.15), self._notice(party, now_us, mode=mode))

    def _move(self, picture: Picture, party: Party, now_us: int) -> Command | None:
        own = self._own(picture)
        if not own:
            return None
        serial, version, state, _ = self.rng.choice(own)
        after = (
            NoticeState.ACTIVATED if state is NoticeState.ACCEPTED and self.rng.random() < 0.5 else NoticeState.ENDED
        )
        return MoveNotice(serial, version, after, self._secret(party, "drafter"))

    def _answer(self, picture: Picture, party: Party, now_us: int) -> Command | None:
        alerts = [held for held in picture.alerts.values() if held.to == picture.party and held.is_open]
        if not alerts:
            return None
        # Where time is short people promise too soon, and must be asked whether they mean it.
        pressed = _pressed(picture)
        if pressed and self.rng.random() < 0.7:
            held = self.rng.choice(pressed)
            return AnswerAlert(held.id, held.ref.version, Answer.WILCO, "Imani")
        held = self.rng.choice(alerts)
        return AnswerAlert(held.id, held.ref.version, self.rng.choice(ANSWERS), "Imani")

    def _silence(self, picture: Picture, party: Party, now_us: int) -> Command | None:
        alerts = [held for held in picture.alerts.values() if held.to == picture.party]
        return SilenceAlert(self.rng.choice(alerts).id, "Imani", self.rng.choice((10, 30))) if alerts else None

    def _stop(self, picture: Picture, party: Party, now_us: int) -> Command:
        return SendStop("Imani", remarks="everything, now", mode=self.rng.choice((Mode.OPER, Mode.EXER)))

    def _answer_stop(self, picture: Picture, party: Party, now_us: int) -> Command | None:
        stops = [held for held in picture.stops.values() if not held.is_own]
        return AnswerStop(self.rng.choice(stops).key, self.rng.choice(ANSWERS), "Tomas") if stops else None

    def _resume(self, picture: Picture, party: Party, now_us: int) -> Command | None:
        stops = [held for held in picture.stops.values() if held.is_own]
        return Resume(self.rng.choice(stops).id, "Imani") if stops else None

    def _agreement(self, one: str, other: str) -> Agreement:
        rng = self.rng
        deadlines = Deadlines(
            rng.choice((300, 1_800)), rng.choice((60, 600)), rng.choice((45, 300)), 30, rng.choice((20, 60)), 60
        )
        shown = {one: self.world.shown[one, other], other: self.world.shown[other, one]}
        separation = Separation(rng.choice((0, 2_000)), rng.choice((0, 300)), rng.choice((0, 60)))
        title = f"Keeping clear {rng.randrange(10**6)}"
        return Agreement(
            title, (one, other), Circle(10, 20, rng.choice((8_000, 100_000))), separation, deadlines, shown
        )

    def _propose(self, picture: Picture, party: Party, now_us: int) -> Command | None:
        other = self.rng.choice(self.world.others(party)).name
        return ProposeAgreement(self._agreement(party.name, other), "Imani")

    def _sign(self, picture: Picture, party: Party, now_us: int) -> Command | None:
        waiting = [held for held in picture.agreements.values() if picture.party not in held.signed_by]
        return SignAgreement(self.rng.choice(waiting).hash, "Tomas") if waiting else None

    def _confirm(self, picture: Picture, party: Party, now_us: int) -> Command | None:
        return ConfirmClock("Imani") if picture.is_clock_suspect or self.rng.random() < 0.1 else None

    def _enrolment(self, other: Party) -> EnrolPeer:
        from given import enrolment

        return enrolment(other.identity)

    def _remove(self, picture: Picture, party: Party, now_us: int) -> Command | None:
        """Keys are taken back, and given again a moment later."""
        enrolled = list(picture.enrolled_peers())
        if not enrolled or self.rng.random() < 0.6:
            return None
        other = self.world.parties[self.rng.choice(enrolled)]

        async def again() -> None:
            await asyncio.sleep(30 * self.rng.random())
            for _ in range(40):
                result = await party.submit(self._enrolment(other))
                if not isinstance(result, KeepclearError):
                    return
                await asyncio.sleep(30)

        # Outside the party's process: the person is still there when the node is not.
        self.world.loop.create_task(again())
        return RemovePeer(other.name, "Imani")

    def _slip(self, picture: Picture, party: Party, now_us: int) -> Command | None:
        """What people get wrong: each must be refused with its own reason."""
        notice = self._notice(party, now_us)
        other = self.world.others(party)[0].name
        replaced = {
            "nobody": FileNotice(notice.volumes, ""),
            "no place": FileNotice((), notice.by),
            "too long": FileNotice(notice.volumes, notice.by, remarks="x" * 201),
            "not mine": ChangeNotice(f"{other}/{other[0].upper()}-0001", 1, notice),
            "no such alert": AnswerAlert("nobody/A-0001/v1/nobody", 1, Answer.ROGER, "Imani"),
            "no party to it": ProposeAgreement(self._foreign_agreement(), "Imani"),
            "too quiet": SilenceAlert("nobody/A-0001/v1/nobody", "Imani", 31),
            "wrong word": FileNotice((self._far_north(now_us),), notice.by, region="S"),
        }
        return self.rng.choice(list(replaced.values()))

    def _far_north(self, now_us: int) -> Volume4D:
        volume = self._volume(now_us)
        return Volume4D(Circle(10.7, 20.0, 3_000), volume.band, volume.span)

    def _foreign_agreement(self) -> Agreement:
        from given import an_agreement

        return an_agreement("xenon", "yttrium")


def _pressed(picture: Picture) -> list[HeldAlert]:
    """Open alerts that ask us and for which something of ours may be inside."""
    asked = (held for held in picture.alerts.values() if held.to == picture.party and held.is_open)
    return [held for held in asked if held.assessed is not None and held.assessed.need_s]


def _fingerprint(command: Command) -> bytes:
    return hashlib.sha256(repr(command).encode()).digest()


def open_node(party: Party) -> Node:
    """The node of a party that is up."""
    assert party.node is not None
    return party.node
