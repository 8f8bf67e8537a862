"""Plays a scenario through the real API of two real nodes: enrolment, agreement, steps, and what each side must see."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from keepclear.cli import peer
from keepclear.cli.demo_node import NodeProcess, wall_us
from keepclear.cli.scenario import Play, notice_request
from keepclear.core.timespan import spoken_duration
from keepclear.errors import KeepclearError, NotFound, Unavailable
from keepclear.formats.scenario import (
    AnswerStep,
    AnswerStopStep,
    FileStep,
    MoveStep,
    ResumeStep,
    Sees,
    Step,
    StopStep,
)

if TYPE_CHECKING:
    from keepclear.formats.api import answers

SETTLE_WITHIN_S: Final = 30.0
_POLL_S: Final = 0.02


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """An entry that a node said to be recorded, when it answered a request."""

    party: str
    log: str
    n: int
    hash: str


@dataclass(slots=True)
class Player:
    """Plays the steps of a scenario, and remembers what the nodes acknowledged.

    Attributes:
        tell: prints a line for whoever watches.
        is_watched: a person may have answered in a console meanwhile; that is then no failure.
        failures: what was not as the scenario expects.
    """

    play: Play
    nodes: dict[str, NodeProcess]
    tell: Callable[[str], None]
    is_watched: bool = False
    acknowledged: list[Acknowledged] = field(default_factory=list)
    notices: dict[str, tuple[str, str]] = field(default_factory=dict)
    stops: dict[str, tuple[str, str]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    _awaited: list[FileStep] = field(default_factory=list)

    # ------------------------------------------------------------------------------------------------ beginning

    def enrol(self) -> None:
        """Enrol each at the other, through the three files and both halves of the words."""
        one, other = self.play.scenario.parties
        first, second = self.nodes[one.id].home, self.nodes[other.id].home
        invitation = peer.make_invitation(first)
        answer = peer.make_reply(second, invitation)
        at_first = peer.take_reply(first, answer)
        if at_first.reveal is None:
            raise NotFound("the inviter has nothing to reveal")
        at_second = peer.take_reveal(second, at_first.reveal)
        # What one person reads aloud is what the other hears.
        peer.enrol(first, at_first, " ".join(at_second.read), (one.enrols, other.enrols))
        peer.enrol(second, at_second, " ".join(at_first.read), (other.enrols, one.enrols))
        self.tell(f"{one.enrols} read to {other.enrols}:  {' '.join(at_first.read)}")
        self.tell(f"{other.enrols} read to {one.enrols}:  {' '.join(at_second.read)}")

    def agree(self) -> None:
        """One proposes and signs, the other signs the same hash."""
        from keepclear.formats.api.requests import ProposeAgreementRequest

        one, other = self.play.scenario.parties
        proposal = ProposeAgreementRequest(by=one.on_watch, toml=self.play.terms)
        proposed = self.nodes[one.id].client.propose_agreement(proposal)
        self._acknowledge(one.id, proposed.receipt)
        hash_ = proposed.agreement.hash if proposed.agreement else ""
        self._wait(lambda: any(each.hash == hash_ for each in self.nodes[other.id].client.agreements()), "the proposal")
        signed = self.nodes[other.id].client.sign_agreement(hash_, other.on_watch)
        self._acknowledge(other.id, signed.receipt)
        for node in self.nodes.values():
            self._wait(
                lambda node=node: any(  # type: ignore[misc]  # a lambda cannot say what it binds
                    each.hash == hash_ and each.state == "in_force" for each in node.client.agreements()
                ),
                "the signature",
            )
        self.tell(f"{one.on_watch} proposed and {other.on_watch} signed: {self.play.agreement.title!r}")

    # ------------------------------------------------------------------------------------------------ the steps

    def do(self, step: Step) -> None:
        """Play one step, and say what the other side then sees, once it is there."""
        try:
            self._do(step)
        except KeepclearError as problem:
            if not self.is_watched:
                raise
            self.tell(f"  {step.who}'s node answered: {problem} (somebody at a console was quicker?)")
            return
        self.look()

    def do_unsettled(self, step: Step) -> None:
        """Play one step and wait for nothing but its answer."""
        self._do(step)

    def look(self) -> None:
        """Wait until everything is where it should be, and compare what each side sees with the scenario."""
        if not all(node.is_running for node in self.nodes.values()):
            return
        self.settle()
        awaited, self._awaited = self._awaited, []
        for step in awaited:
            self._see(step)

    def settle(self) -> None:
        """Wait until all is delivered, received and cosigned, both ways.

        Raises:
            Unavailable: it took more than 30 s.
        """
        last: list[tuple[int, int]] = []

        def is_settled() -> bool:
            nonlocal last
            pictures = [node.client.picture() for node in self.nodes.values()]
            sizes = [(each.channel_size, each.received_size) for picture in pictures for each in picture.peers]
            is_still, last = sizes == last, sizes
            lines = [each for picture in pictures for each in picture.peers]
            return is_still and all(not each.undelivered and each.cosigned_size == each.channel_size for each in lines)

        self._wait(is_settled, "both records to hold the same")

    def _do(self, step: Step) -> None:
        from keepclear.client import to_request
        from keepclear.formats.api import requests

        client, by = self.nodes[step.who].client, self.play.scenario.player(step.who).on_watch
        match step:
            case FileStep():
                self._file(step, by)
            case AnswerStep():
                self._answer(step, by)
            case MoveStep():
                party, serial = self.notices[step.notice]
                held = client.notice(party, serial)
                move = to_request(requests.MoveNoticeRequest, {"state": step.state, "version": held.version, "by": by})
                self._acknowledge(step.who, client.move_notice(serial, move).receipt)
                self.tell(f"  {party}/{serial} is {step.state.lower()}, by {by}")
            case StopStep():
                sent = client.send_stop(requests.StopRequest(by=by, remarks=step.remarks))
                self._acknowledge(step.who, sent.receipt)
                if sent.stop is not None:
                    self.stops[step.label] = (step.who, sent.stop.serial)
                    self.tell(f"  STOP {sent.stop.id}, asked by {by}: {step.remarks}")
            case AnswerStopStep():
                party, serial = self.stops[step.stop]
                reply = to_request(
                    requests.AnswerStopRequest, {"stop": f"{party}/{serial}", "answer": step.answer, "by": by}
                )
                self._acknowledge(step.who, client.answer_stop(reply).receipt)
                self.tell(f"  answered {step.answer} to STOP {party}/{serial}, by {by}")
            case ResumeStep():
                _, serial = self.stops[step.stop]
                self._acknowledge(step.who, client.resume(requests.ResumeRequest(serial, by)).receipt)
                self.tell(f"  STOP {step.who}/{serial} is resumed, by {by}")

    def _file(self, step: FileStep, by: str) -> None:
        client = self.nodes[step.who].client
        if step.warned:
            try:
                client.file_notice(notice_request(step, by, wall_us(), confirmed=False))
                self._fail(step, "its own node should have warned of the contradiction, and did not")
            except KeepclearError as problem:
                if problem.code != "contradiction":
                    raise
                self.tell(f"  its own node warns: {problem.message}")
        filed = client.file_notice(notice_request(step, by, wall_us(), confirmed=step.warned))
        self._acknowledge(step.who, filed.receipt)
        if filed.notice is None:
            raise NotFound("the notice was recorded, and is not in the picture")
        self.notices[step.label] = (step.who, filed.notice.id)
        conflicts = ", ".join(f"{each.other.party}/{each.other.id}" for each in filed.conflicts)
        self.tell(
            f"  {step.who}/{filed.notice.id} is recorded and submitted, by {by}"
            + (f"; told of the conflict with {conflicts}" if conflicts else "")
        )
        self._awaited.append(step)

    def _answer(self, step: AnswerStep, by: str) -> None:
        from keepclear.formats.api.requests import AnswerAlertRequest

        client = self.nodes[step.who].client
        party, serial = self.notices[step.notice]
        alert = self._alert(step.who, party, serial)
        if alert is None:
            raise NotFound(f"{step.who} has no alert about {party}/{serial}")
        from keepclear.core.alert import Answer

        request = AnswerAlertRequest(
            alert=alert.id, version=alert.notice.version, answer=Answer(step.answer), by=by, again=False
        )
        try:
            answered = client.answer_alert(request)
        except KeepclearError as problem:
            if problem.code != "contradicted" or not step.contradicted:
                raise
            self.tell(f"  its own node asks again: {problem.message}")
            return
        self._acknowledge(step.who, answered.receipt)
        if step.contradicted:
            self._fail(step, f"its own node should have said that {step.answer} cannot be kept, and did not")
        left = f", with {spoken_duration(alert.due_in_s)} left" if alert.due_in_s > 0 else ", late"
        self.tell(f"  answered {step.answer} to {party}/{serial}, by {by}{left}")

    # ------------------------------------------------------------------------------------------------ looking

    def _alert(self, at: str, party: str, serial: str) -> answers.Alert | None:
        """The newest alert about a notice, on a node's picture."""
        alerts = [each for each in self.nodes[at].client.alerts() if each.notice.id == serial and each.party == party]
        return max(alerts, key=lambda each: each.notice.version, default=None)

    def _see(self, step: FileStep) -> None:
        """Say and compare what the other side sees of a notice."""
        other = self.play.scenario.other(step.who).id
        party, serial = self.notices[step.label]
        alert = self._alert(other, party, serial)
        if alert is None:
            self._fail(step, f"{other} has no alert about it")
            return
        notice = self.nodes[step.who].client.notice(party, serial)
        told = next(each for each in notice.recipients if each.party == other)
        bracket = told.lead_bracket_s
        parts = [
            f"alert {alert.level}",
            f"lead {spoken_duration(alert.lead_s or 0)}{' SHORT' if alert.is_short else ''}",
        ]
        parts += [f"between {bracket[0]} and {bracket[1]} s by {step.who}'s own record"] if bracket else []
        parts += [f"conflict with {', '.join(alert.conflicts)}"] if alert.conflicts else []
        if alert.contradiction:
            parts.append(f"says {alert.contradiction.said}, fits {alert.contradiction.fits}")
        if alert.need_s:
            parts.append(f"needs {spoken_duration(alert.need_s)}, has {spoken_duration(alert.have_s)}")
        self.tell(f"  {other} sees {party}/{serial}: {'; '.join(parts)}")
        for name, expected, seen in self._compared(step.sees, alert):
            if expected is not None and expected != seen:
                self._fail(step, f"{other} should see {name} {expected!r} and sees {seen!r}")

    def _compared(self, sees: Sees, alert: answers.Alert) -> list[tuple[str, object, object]]:
        contradiction = (alert.contradiction.said, alert.contradiction.fits) if alert.contradiction else ()
        conflicts = None if sees.conflicts is None else {self.notices[label][1] for label in sees.conflicts}
        return [
            ("level", sees.level, alert.level),
            ("is_short", sees.is_short, alert.is_short),
            ("cannot_clear", sees.cannot_clear, bool(alert.need_s) and alert.need_s > (alert.lead_s or 0)),
            ("contradiction", sees.contradiction, contradiction),
            ("conflicts", conflicts, set(alert.conflicts)),
        ]

    def _fail(self, step: Step, what: str) -> None:
        number = self.play.scenario.steps.index(step) + 1
        self.failures.append(f"step {number}: {what}")
        self.tell(f"  NOT AS EXPECTED: {what}")

    def _acknowledge(self, party: str, receipt: answers.Receipt) -> None:
        self.acknowledged += [Acknowledged(party, each.log, each.n, each.hash) for each in receipt.entries]

    def _wait(self, is_so: Callable[[], bool], what: str) -> None:
        until = time.monotonic() + SETTLE_WITHIN_S
        while not is_so():
            if time.monotonic() > until:
                raise Unavailable(f"waited {SETTLE_WITHIN_S:.0f} s for {what}, in vain")
            time.sleep(_POLL_S)
