"""The other side of an exercise: plays its steps of a scenario at its own node, by itself, and answers line tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from keepclear.cli.scenario import notice_request
from keepclear.core.alert import Answer
from keepclear.core.ids import make_key
from keepclear.core.notice import Action, Mode, NoticeKind, NoticeState
from keepclear.errors import KeepclearError, NotFound
from keepclear.formats.api.volumes import volume_from_api
from keepclear.formats.scenario import (
    AnswerStep,
    AnswerStopStep,
    FileStep,
    MoveStep,
    Player,
    ResumeStep,
    Scenario,
    Step,
    StopStep,
)
from keepclear.node.commands import (
    AnswerAlert,
    AnswerLineTest,
    AnswerStop,
    Command,
    FileNotice,
    MoveNotice,
    Resume,
    SendStop,
)
from keepclear.node.node import Node

#: How often the scripted side looks whether anybody tests the line.
LOOK_S: Final = 1.0


@dataclass(slots=True)
class OtherSide:
    """The scripted party.

    Attributes:
        me: who trains: their steps are told as prompts.
        tell: prints a line for whoever trains.
    """

    scenario: Scenario
    node: Node
    me: Player
    tell: Callable[[str], None]
    made: dict[str, str] = field(default_factory=dict)

    @property
    def player(self) -> Player:
        """Whom it plays."""
        return self.scenario.other(self.me.id)

    async def play(self, *, speed: float) -> None:
        """Every step in its time; what is ours to do is told and not done."""
        begun_s = 0.0
        answering = asyncio.create_task(self._answer_tests())
        try:
            for step in self.scenario.steps:
                await asyncio.sleep(max(0.0, step.at_s - begun_s) / speed)
                begun_s = step.at_s
                if step.who == self.me.id:
                    self.tell(f"YOUR PART: {step.say or 'do as you think right'}")
                    continue
                self.tell(f"{self.player.name}: {step.say or 'acts'}")
                await self._do(step)
        finally:
            answering.cancel()
            await asyncio.gather(answering, return_exceptions=True)

    async def _do(self, step: Step) -> None:
        try:
            command = self._command(step)
            receipt = await self.node.submit(command)
        except KeepclearError as refused:
            # What you did may have made it impossible: an exercise goes on.
            self.tell(f"{self.player.name}'s node: {refused}")
            return
        if isinstance(step, FileStep | StopStep):
            self.made[step.label] = receipt.subject

    def _command(self, step: Step) -> Command:
        by, picture = self.player.on_watch, self.node.picture
        match step:
            case FileStep():
                return self._filing(step, by)
            case AnswerStep():
                asked = [held for held in picture.alerts.values() if held.to == self.player.id and held.is_open]
                if not asked:
                    raise NotFound("you have asked for no answer that is still owed")
                held = asked[-1]
                return AnswerAlert(held.id, held.ref.version, Answer(step.answer), by, again=True)
            case MoveStep():
                serial = self._own(step.notice)
                version = picture.notice(make_key(self.player.id, serial)).latest.version
                return MoveNotice(serial, version, NoticeState(step.state), by)
            case StopStep():
                return SendStop(by, remarks=step.remarks, mode=Mode.EXER)
            case AnswerStopStep():
                stops = [stop for stop in picture.stops.values() if not stop.is_own and not stop.answers]
                if not stops:
                    raise NotFound("you have sent no STOP that is not answered")
                return AnswerStop(stops[-1].key, Answer(step.answer), by)
            case ResumeStep():
                return Resume(self._own(step.stop), by)

    def _filing(self, step: FileStep, by: str) -> FileNotice:
        asked = notice_request(step, by, self.node.now_us(), confirmed=True)
        return FileNotice(
            tuple(volume_from_api(volume, at="volumes") for volume in asked.volumes),
            by,
            kind=NoticeKind(step.kind),
            action=Action(step.action),
            region=step.region,
            contact=step.contact,
            remarks=step.remarks,
            activity=step.activity,
            slowest_mps=step.slowest_mps,
            reaction_s=step.reaction_s,
            mode=Mode.EXER,
            confirmed=True,
        )

    def _own(self, label: str) -> str:
        key = self.made.get(label)
        if key is None:
            raise NotFound(f"{label} was not made in this exercise")
        return key.partition("/")[2]

    async def _answer_tests(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            asked = [
                test.key
                for line in self.node.picture.lines.values()
                for test in line.tests.values()
                if test.party == self.me.id and test.n >= 0 and test.asks_person and not test.answered_by
            ]
            for key in asked:
                await self.node.submit(AnswerLineTest(key, self.player.on_watch, language_ok=True))
