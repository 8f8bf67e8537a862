"""What officers do about the line, their watch and passing things on."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from keepclear.core.agreement import PROFILE
from keepclear.core.duty import Role, list_digest, unticked
from keepclear.core.footprint import Circle
from keepclear.core.line import ChannelName, ChannelState, MissCause, Path
from keepclear.core.line import TestResult as Result
from keepclear.core.terms import DisseminationTerms, SecondPersonTerms
from keepclear.node.checklist import checklist
from keepclear.node.commands import (
    AddLog,
    AnswerLineTest,
    AttachRecording,
    Command,
    ConfirmGroup,
    DropDraft,
    OfferHandover,
    PassOn,
    ProposeAgreement,
    RecordLineTest,
    RelayNotice,
    SendDraft,
    SetChannel,
    SetGroup,
    SetNumber,
    SetPerson,
    SignAgreement,
    SignHandover,
    StateCause,
    TakeWatch,
    TellDisseminated,
    TestLine,
    TickItems,
    WithdrawHandover,
)
from keepclear.node.logs import channel
from keepclear.node.picture import Picture


def _peer(officers: Any, picture: Picture) -> str:
    enrolled = sorted(picture.enrolled_peers())
    return officers.rng.choice(enrolled) if enrolled else ""


def test_line(officers: Any, picture: Picture, party: Any, now_us: int) -> Command | None:
    to = _peer(officers, picture)
    return TestLine(to, "Imani", asks_person=officers.rng.random() < 0.6) if to else None


def answer_test(officers: Any, picture: Picture, party: Any, now_us: int) -> Command | None:
    asked = [
        test.key
        for line in picture.lines.values()
        for test in line.tests.values()
        if test.party != picture.party and test.n >= 0 and test.asks_person and not test.answered_by
    ]
    return AnswerLineTest(officers.rng.choice(asked), "Tomas", officers.rng.random() < 0.8) if asked else None


def enter_test(officers: Any, picture: Picture, party: Any, now_us: int) -> Command | None:
    to, path = _peer(officers, picture), officers.rng.choice((Path.TELEPHONE, Path.RADIO))
    if not to:
        return None
    if officers.rng.random() < 0.5:
        return RecordLineTest(to, path, "Imani", "Tomas", 12_000, language_ok=True)
    return RecordLineTest(to, path, "Imani", cause=officers.rng.choice(tuple(MissCause)))


def state_cause(officers: Any, picture: Picture, party: Any, now_us: int) -> Command | None:
    missed = [
        test.key for line in picture.lines.values() for test in line.tests.values() if Result.MISSED in test.results
    ]
    return StateCause(officers.rng.choice(missed), officers.rng.choice(tuple(MissCause)), "Imani") if missed else None


def set_channel(officers: Any, picture: Picture, party: Any, now_us: int) -> Command | None:
    """What was suspended is opened again soon: a suspension that lasts is a story of its own."""
    to = _peer(officers, picture)
    if not to:
        return None
    closed = [
        other
        for other, line in sorted(picture.lines.items())
        for (who, name), said in line.stated.items()
        if who == picture.party and name is ChannelName.SAFETY and said.state is ChannelState.SUSPENDED
    ]
    enrolled = set(picture.enrolled_peers())
    if closed and closed[0] in enrolled and officers.rng.random() < 0.4:
        return SetChannel(closed[0], ChannelName.SAFETY, ChannelState.OPEN, "Imani")
    name = officers.rng.choice((ChannelName.SAFETY,) * 4 + (ChannelName.POLITICAL,))
    return SetChannel(to, name, officers.rng.choice((*ChannelState, ChannelState.SUSPENDED)), "Imani")


def set_person(officers: Any, picture: Picture, party: Any, now_us: int) -> Command:
    """Everybody who acts here may do everything, so that what is refused is refused for another reason."""
    name = officers.rng.choice(("Imani", "Tomas", "Ruth", "Omar"))
    roles = (Role.DUTY_OFFICER, Role.SUPERVISOR, Role.ADMIN)
    return SetPerson(name.lower(), name, roles if officers.rng.random() < 0.9 else (), "Imani")


def take_watch(officers: Any, picture: Picture, party: Any, now_us: int) -> Command:
    return TakeWatch(officers.rng.choice(("Imani", "Ruth")), officers.rng.choice(("", "", "", "nobody is there")))


def _then(officers: Any, party: Any, *steps: Any) -> None:
    """Further steps of one piece of work, a second apart, each as the picture then stands."""

    async def rest() -> None:
        for step in steps:
            await asyncio.sleep(1)
            node = party.node
            if node is None:
                return
            command = step(officers, node.picture, party, node.now_us())
            if command is not None:
                await party.submit(command)

    party.spawn(rest())


def hand_over(officers: Any, picture: Picture, party: Any, now_us: int) -> Command | None:
    """A whole handover; whatever happens in between, the next step is taken as the picture stands."""
    one = picture.watch.holder or "Imani"
    other = "Ruth" if one == "Imani" else "Imani"

    def step(number: int) -> Any:
        return lambda officers, picture, party, now_us: _next_step(picture, one, other, now_us, number)

    # One in a while is withdrawn before it is signed.
    _then(officers, party, *(step(number) for number in ((0, 1, 7) if officers.rng.random() < 0.2 else range(6))))
    return TakeWatch(one) if not picture.watch.holder else OfferHandover(other, one)


def _next_step(picture: Picture, one: str, other: str, now_us: int, step: int) -> Command | None:
    handover = picture.watch.handover
    if handover is None:
        return OfferHandover(other, one) if picture.watch.holder == one else None
    if step == 7:
        return WithdrawHandover(handover.by)
    items = checklist(picture, now_us)
    left = unticked(items, handover.ticked)
    if left:
        return TickItems(tuple(item.key for item in left), handover.to)
    digest = list_digest(items)
    return SignHandover(digest, handover.to if handover.signed.get(handover.by) == digest else handover.by)


def keep_log(officers: Any, picture: Picture, party: Any, now_us: int) -> Command:
    return officers.rng.choice(
        (
            AddLog("all quiet", "Imani"),
            SetNumber("Tower", "+00 555", "Imani"),
            AttachRecording("ab" * 32, 80, "call.wav", "Imani"),
        )
    )


def decide_draft(officers: Any, picture: Picture, party: Any, now_us: int) -> Command | None:
    if not picture.watch.drafts:
        return None
    serial = officers.rng.choice(sorted(picture.watch.drafts))
    return SendDraft(serial, "Ruth") if officers.rng.random() < 0.7 else DropDraft(serial, "Ruth")


def propose_with_terms(officers: Any, picture: Picture, party: Any, now_us: int) -> Command | None:
    """Terms by which things wait for a second person and are passed on; most are signed a moment later."""
    to = _peer(officers, picture)
    if not to:
        return None
    terms = replace(
        officers._agreement(picture.party, to),
        profile=PROFILE,
        second_person=SecondPersonTerms(area_over_km2=400.0, lead_below_s=60),
        dissemination=DisseminationTerms(300, officers.rng.choice(("counts", "commitment"))),
    )
    there = officers.world.parties[to]

    async def sign() -> None:
        await asyncio.sleep(8)
        if there.node is None:
            return
        waiting = [held.hash for held in there.node.picture.agreements.values() if to not in held.signed_by]
        if waiting:
            await there.submit(SignAgreement(waiting[-1], "Tomas"))
        await asyncio.sleep(8)
        _then(officers, party, _file_large, decide_draft, _file_large, _file_large, decide_draft)

    there.spawn(sign())
    return ProposeAgreement(terms, "Imani")


def _file_large(officers: Any, picture: Picture, party: Any, now_us: int) -> Command:
    volume = officers._volume(now_us + 1_800_000_000)
    return officers._notice(party, now_us).__class__(
        (replace(volume, footprint=Circle(10.0, 20.0, 15_000.0)),), officers._secret(party, "drafter")
    )


def pass_on_whole(officers: Any, picture: Picture, party: Any, now_us: int) -> Command:
    """A group, a notice passed on to it, its receipts, and what the other side is told."""
    # One in two is left as it is: somebody is reminded of the other group.
    more = (confirm_group, tell_disseminated) if officers.rng.random() < 0.5 else ()
    _then(officers, party, _set_other_group, pass_on, confirm_group, tell_disseminated, *more)
    return set_group(officers, picture, party, now_us)


def _set_other_group(officers: Any, picture: Picture, party: Any, now_us: int) -> Command:
    missing = [group for group in ("tower", "battery") if group not in picture.passing_on.groups]
    return SetGroup(missing[0] if missing else "tower", "", ("Ruth", "Omar"), "Imani")


def set_group(officers: Any, picture: Picture, party: Any, now_us: int) -> Command:
    group = officers.rng.choice(("tower", "battery"))
    return SetGroup(group, group, ("Ruth", "Omar") if officers.rng.random() < 0.9 else (), "Imani")


def _foreign(officers: Any, picture: Picture) -> Any:
    held = [each for each in picture.notices.values() if not each.is_own]
    return officers.rng.choice(held) if held else None


def pass_on(officers: Any, picture: Picture, party: Any, now_us: int) -> Command | None:
    notice, groups = _foreign(officers, picture), tuple(sorted(picture.passing_on.groups))
    return PassOn(notice.key, notice.latest.version, groups, "Imani") if notice and groups else None


def confirm_group(officers: Any, picture: Picture, party: Any, now_us: int) -> Command | None:
    waiting = [
        (key, version, group)
        for (key, version), passing in picture.passing_on.passings.items()
        for group in passing.groups
        if group not in passing.confirmed
    ]
    return ConfirmGroup(*officers.rng.choice(waiting), "Ruth", "Imani") if waiting else None


def tell_disseminated(officers: Any, picture: Picture, party: Any, now_us: int) -> Command | None:
    passed = list(picture.passing_on.passings)
    shows = officers.rng.choice(("counts", "counts", "commitment"))
    return TellDisseminated(*officers.rng.choice(passed), "Imani", shows) if passed else None


def relay(officers: Any, picture: Picture, party: Any, now_us: int) -> Command | None:
    """A notice, or a relay of one, to anybody: where it would come round it must be refused."""
    to, relays = _peer(officers, picture), sorted(picture.passing_on.relays)
    if not to:
        return None
    if relays and officers.rng.random() < 0.4:
        return RelayNotice(officers.rng.choice(relays), to, "Imani")
    notice = _foreign(officers, picture)
    if notice is None:
        return None
    log = channel(notice.party, picture.party)
    data = next((entry.data for entry in party.durable(log) if entry.n == notice.latest.n), b"")
    return RelayNotice(notice.key, to, "Imani", data)


ACTS = [
    (2, test_line),
    (3, answer_test),
    (1, enter_test),
    (1, state_cause),
    (4, set_channel),
    (4, pass_on_whole),
    (2, confirm_group),
    (1, tell_disseminated),
    (3, relay),
    (1, set_person),
    (1, take_watch),
    (2, hand_over),
    (2, keep_log),
    (3, decide_draft),
    (2, propose_with_terms),
]
