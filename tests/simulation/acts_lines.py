"""What officers do about notices, requests and outcomes: extend, shorten, ask, reply, accept, withdraw, report."""

from __future__ import annotations

import asyncio
from typing import Any

from keepclear.core.notice import (
    Action,
    Armed,
    Change,
    Mode,
    Movement,
    NoticeKind,
    NoticeState,
    ShortReason,
    Timing,
    TransportKind,
    Transports,
)
from keepclear.core.readback import Heard, lines_of
from keepclear.core.request import DenyReason, Outcome, Reply, RequestState
from keepclear.core.timespan import MINUTE_US, TimeSpan
from keepclear.core.volume import Volume4D
from keepclear.node.commands import (
    AcceptAlternative,
    AskRequest,
    Command,
    ExtendNotice,
    FileNotice,
    JudgeReadBack,
    MoveNotice,
    NoteCall,
    NoteCallBack,
    ReadBack,
    RecordVoiceStop,
    ReplyRequest,
    ReportOutcome,
    ShortenNotice,
    WithdrawRequest,
)

CONVOY = Movement((Transports(TransportKind.TRUCK, 4),), Armed.ESCORT, 6, ("RED ROOF",))


async def _later(officers: Any, party: Any, maker: Any, seconds: float) -> None:
    """Somebody at a party does what is next, a while later; nobody does when its node is down."""
    await asyncio.sleep(seconds)
    node = party.node
    if node is not None:
        command = maker(officers, node.picture, party, node.now_us())
        if command is not None:
            await party.submit(command)


def _then(officers: Any, party: Any, maker: Any, seconds: float) -> None:
    officers.world.loop.create_task(_later(officers, party, maker, seconds))


def _own_running(officers: Any, picture: Any) -> Any:
    own = [held for held in picture.notices.values() if held.is_own and held.latest.state is not NoticeState.ENDED]
    return officers.rng.choice(own) if own else None


def extend(officers: Any, picture: Any, party: Any, now_us: int) -> Command | None:
    held = _own_running(officers, picture)
    if held is None:
        return None
    until_us = held.span.end_us + officers.rng.randrange(-1, 20) * MINUTE_US
    return ExtendNotice(held.id, held.latest.version, until_us, "Imani")


def shorten(officers: Any, picture: Any, party: Any, now_us: int) -> Command | None:
    held = _own_running(officers, picture)
    if held is None:
        return None
    until_us = held.span.end_us - officers.rng.randrange(1, 5) * MINUTE_US
    return ShortenNotice(held.id, held.latest.version, until_us, "Imani")


def finish(officers: Any, picture: Any, party: Any, now_us: int) -> Command | None:
    held = _own_running(officers, picture)
    if held is None:
        return None
    change = officers.rng.choice((Change.CANCEL, Change.COMPLETE, Change.GIVE_BACK))
    return MoveNotice(held.id, held.latest.version, NoticeState.ENDED, "Imani", change)


def move_late(officers: Any, picture: Any, party: Any, now_us: int) -> Command:
    """A convoy that is told after it set out, or with too little time and a reason."""
    started = officers.rng.random() < 0.5
    volume = officers._volume(now_us)
    start_us = max(0, now_us + (-2 if started else 1) * MINUTE_US)
    volume = Volume4D(volume.footprint, volume.band, TimeSpan(start_us, start_us + 30 * MINUTE_US))
    return FileNotice(
        (volume,),
        officers._secret(party, "drafter"),
        kind=NoticeKind.MOVEMENT,
        action=Action.CALL_BEFORE_ENTERING,
        contact=officers._secret(party, "contact"),
        timing=Timing.STARTED if started else Timing.EMERGENCY,
        reason=officers.rng.choice(tuple(ShortReason)),
        movement=Movement(CONVOY.transports, CONVOY.armed, 6, CONVOY.markings, officers._secret(party, "contact")),
        confirmed=True,
    )


def ask(officers: Any, picture: Any, party: Any, now_us: int) -> Command:
    other = officers.rng.choice(officers.world.others(party))
    _then(officers, other, reply, 20.0)
    _then(officers, party, accept, 50.0)
    to = other.name
    mode = officers.rng.choice((Mode.OPER, Mode.OPER, Mode.EXER))
    return AskRequest(to, (officers._volume(now_us),), "Imani", movement=CONVOY, mode=mode)


def reply(officers: Any, picture: Any, party: Any, now_us: int) -> Command | None:
    rng = officers.rng
    asked = [held for held in picture.requests.values() if not held.is_own]
    waiting = [held for held in asked if held.state is RequestState.OPEN]
    if not asked:
        return None
    held = rng.choice(waiting or asked)
    word = rng.choice((Reply.AGREE, Reply.DENY, Reply.ALTERNATIVE, Reply.ALTERNATIVE))
    reason = DenyReason.TOO_LATE if word is Reply.DENY else None
    volumes = (officers._volume(now_us),) if word is Reply.ALTERNATIVE else ()
    key = held.key if rng.random() < 0.9 else held.key.replace("/R", "/")  # a slip: a notice is not asked
    return ReplyRequest(key, word, "Tomas", reason, volumes)


def accept(officers: Any, picture: Any, party: Any, now_us: int) -> Command | None:
    offered = [held for held in picture.requests.values() if held.is_own and held.state is RequestState.ALTERNATIVE]
    if not offered:
        return None
    held = officers.rng.choice(offered)
    return AcceptAlternative(held.id, held.reply.leaf, "Imani")


def withdraw(officers: Any, picture: Any, party: Any, now_us: int) -> Command | None:
    own = [held for held in picture.requests.values() if held.is_own and held.state is RequestState.OPEN]
    return WithdrawRequest(officers.rng.choice(own).id, "Imani") if own else None


def report(officers: Any, picture: Any, party: Any, now_us: int) -> Command | None:
    about = [*picture.notices, *picture.requests]
    if not about:
        return None
    return ReportOutcome(officers.rng.choice(about), officers.rng.choice(tuple(Outcome)), "Tomas", 15)


def read_back(officers: Any, picture: Any, party: Any, now_us: int) -> Command | None:
    asked = [held for held in picture.alerts.values() if held.to == picture.party and held.state != "superseded"]
    if not asked:
        return None
    held = officers.rng.choice(asked)
    _then(officers, officers.world.parties[held.party], judge, 15.0)
    notice = picture.notices[f"{held.ref.party}/{held.ref.id}"]
    lines = [Heard(line.field, line.number, line.value) for line in lines_of(notice.volumes, notice.latest.body.action)]
    if officers.rng.random() < 0.4:
        lines[0] = Heard(lines[0].field, lines[0].number, "00.00000 N 000.00000 E")
    return ReadBack(held.id, held.ref.version, tuple(lines), "Tomas")


def judge(officers: Any, picture: Any, party: Any, now_us: int) -> Command | None:
    read = [
        (held.id, each.leaf)
        for held in picture.alerts.values()
        for each in held.read_backs
        if held.party == picture.party and not each.judged_at
    ]
    if not read:
        return None
    alert, leaf = officers.rng.choice(read)
    return JudgeReadBack(alert, leaf, officers.rng.random() < 0.7, "Imani")


def call(officers: Any, picture: Any, party: Any, now_us: int) -> Command | None:
    if not picture.ladders:
        return None
    return NoteCall(officers.rng.choice(list(picture.ladders)), "no_answer", "Imani", "+0 000")


def type_stop(officers: Any, picture: Any, party: Any, now_us: int) -> Command | None:
    peers = list(picture.enrolled_peers())
    _then(officers, party, call_back, 30.0)
    return RecordVoiceStop(officers.rng.choice(peers), "STOP STOP STOP", "Imani") if peers else None


def call_back(officers: Any, picture: Any, party: Any, now_us: int) -> Command | None:
    typed = list(picture.voice_stops)
    result = officers.rng.choice(("CONFIRMED", "NOT_CONFIRMED", "NO_ANSWER"))
    return NoteCallBack(officers.rng.choice(typed), result, "Imani", "Tomas") if typed else None


ACTS = [
    (4, ask),
    (2, reply),
    (5, read_back),
    (1, type_stop),
    (1, call),
    (2, extend),
    (2, shorten),
    (2, finish),
    (2, move_late),
    (1, withdraw),
    (2, report),
]
