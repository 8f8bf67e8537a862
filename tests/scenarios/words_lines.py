"""Verbs and words of the stories about notices that change, requests, read-back, the ladder and outcomes."""

from __future__ import annotations

from typing import Any

from keepclear.core.escalation import Rung, TryOutcome
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
from keepclear.core.request import DenyReason, Outcome, Reply
from keepclear.node.commands import (
    AcceptAlternative,
    AskRequest,
    ChangeNotice,
    Command,
    ExtendNotice,
    FileNotice,
    JudgeReadBack,
    MoveNotice,
    NoteCall,
    NoteCallBack,
    NoteTried,
    ReadBack,
    RecordVoiceStop,
    ReplyRequest,
    ReportOutcome,
    ShortenNotice,
    Tried,
    WithdrawRequest,
)
from keepclear.node.entries import (
    AlternativeAccepted,
    CallMade,
    Entry,
    ExpiryAnnounced,
    LadderStep,
    LadderTried,
    NoticeFiled,
    NoticeSent,
    OutcomeReported,
    ReadBackChecked,
    ReadBackJudged,
    ReadBackSaid,
    RequestReplied,
    RequestSent,
    RequestWithdrawn,
    VoiceStop,
    VoiceStopCalled,
)

_ENDS = {"cancels": Change.CANCEL, "completes": Change.COMPLETE, "gives-back": Change.GIVE_BACK}


def notice_of(teller: Any, rest: list[str], options: dict[str, str], by: str) -> FileNotice:
    """`place= time= [kind= action= contact= trucks= armed= escorts= markings= second_contact= reason=] [started]`."""
    timing = Timing.STARTED if "started" in rest else Timing.EMERGENCY if "emergency" in rest else Timing.ROUTINE
    return FileNotice(
        (teller.volume(options),),
        by,
        kind=NoticeKind.MOVEMENT if "trucks" in options else NoticeKind(options.get("kind", "HAZARD")),
        action=Action(options.get("action", "KEEP_CLEAR")),
        region=options.get("region", ""),
        contact=options.get("contact", ""),
        remarks=options.get("remarks", ""),
        slowest_mps=int(options.get("slowest_mps", "0")),
        reaction_s=int(options.get("reaction_s", "0")),
        mode=Mode(options.get("mode", "OPER")),
        confirmed="confirmed" in rest,
        timing=timing,
        reason=ShortReason(options["reason"]) if "reason" in options else None,
        movement=movement_of(options),
    )


def movement_of(options: dict[str, str]) -> Movement | None:
    if "trucks" not in options:
        return None
    return Movement(
        (Transports(TransportKind.TRUCK, int(options["trucks"])),),
        Armed(options.get("armed", "NONE")),
        int(options.get("escorts", "0")),
        tuple(options["markings"].split(",")) if "markings" in options else (),
        options.get("second_contact", ""),
    )


def command_of(teller: Any, desk: Any, verb: str, rest: list[str], options: dict[str, str], by: str) -> Command | None:
    """The command that a verb means, or None for a verb of others."""
    version = desk.picture.notices[f"{desk.party}/{rest[0]}"].latest.version if _is_own(desk, rest) else 1
    match verb:
        case "files":
            return notice_of(teller, rest, options, by)
        case "amends" | "deviates":
            change = Change.AMEND if verb == "amends" else Change.DEVIATE
            return ChangeNotice(rest[0], version, notice_of(teller, rest, options, by), change)
        case "extends":
            return ExtendNotice(rest[0], version, teller.instant(options["until"]), by)
        case "shortens":
            return ShortenNotice(rest[0], version, teller.instant(options["until"]), by)
        case "activates":
            return MoveNotice(rest[0], version, NoticeState.ACTIVATED, by)
        case "cancels" | "completes" | "gives-back":
            return MoveNotice(rest[0], version, NoticeState.ENDED, by, _ENDS[verb])
        case "asks":
            mode = Mode(options.get("mode", "OPER"))
            kind = NoticeKind.MOVEMENT if "trucks" in options else NoticeKind(options.get("kind", "HAZARD"))
            volumes = (teller.volume(options),)
            movement = movement_of(options)
            return AskRequest(
                rest[0], volumes, by, kind, remarks=options.get("remarks", ""), movement=movement, mode=mode
            )
        case "agrees":
            return ReplyRequest(rest[0], Reply.AGREE, by)
        case "denies":
            return ReplyRequest(rest[0], Reply.DENY, by, DenyReason(options.get("reason", "NOT_STATED")))
        case "offers":
            return ReplyRequest(rest[0], Reply.ALTERNATIVE, by, volumes=(teller.volume(options),))
        case "accepts":
            reply = desk.picture.requests[f"{desk.party}/{rest[0]}"].reply
            return AcceptAlternative(rest[0], reply.leaf if reply else "0" * 64, by)
        case "withdraws":
            return WithdrawRequest(rest[0], by)
        case "reports":
            return ReportOutcome(rest[0], Outcome(rest[1]), by, int(options.get("delay_min", "0")))
    return urgent_command_of(desk, verb, rest, options, by)


def urgent_command_of(desk: Any, verb: str, rest: list[str], options: dict[str, str], by: str) -> Command | None:
    """Verbs of reading back, of the ladder, and of STOP by voice."""
    match verb:
        case "reads-back":
            held = desk.picture.alert_to_us(rest[0])
            return ReadBack(rest[0], held.ref.version, heard(desk, held, options), by)
        case "confirms-reading" | "corrects-reading":
            reading = desk.picture.alerts[rest[0]].read_backs[-1]
            return JudgeReadBack(rest[0], reading.leaf, verb == "confirms-reading", by)
        case "tried":
            tried = Tried(TryOutcome(rest[2]), desk.hands.now_us, options.get("path", ""))
            return NoteTried(rest[0], Rung(rest[1]), (tried,))
        case "called":
            return NoteCall(rest[0], rest[1], by, "+0 000", options.get("spoke_to", ""))
        case "types-stop":
            return RecordVoiceStop(rest[0], options["card"].replace("_", " "), by)
        case "called-back":
            return NoteCallBack(rest[0], rest[1], by, options.get("spoke_to", ""))
    return None


def heard(desk: Any, held: Any, options: dict[str, str]) -> tuple[Heard, ...]:
    """What a person reads from their own screen, but for the lines that they misread: `PLACE.1=09.6_N_020.5_E`."""
    notice = desk.picture.notices[f"{held.ref.party}/{held.ref.id}"]
    lines = lines_of(notice.volumes, notice.latest.body.action)
    misread = {name: value.replace("_", " ") for name, value in options.items() if "." in name}
    return tuple(
        Heard(line.field, line.number, misread.get(f"{line.field}.{line.number}", line.value)) for line in lines
    )


def _is_own(desk: Any, rest: list[str]) -> bool:
    return bool(rest) and f"{desk.party}/{rest[0]}" in desk.picture.notices


def words_of(body: Entry, clock: Any) -> str | None:
    """What an entry says, in few words; None for an entry of others."""
    match body:
        case NoticeFiled() | NoticeSent():
            hidden = f" hidden={','.join(sorted(body.hidden))}" if isinstance(body, NoticeSent) and body.hidden else ""
            change = f" {body.change}" if body.change else ""
            timing = f" {body.timing}" if body.timing is not Timing.ROUTINE else ""
            reason = f" because={body.reason}" if body.reason else ""
            moving = ""
            if body.movement is not None:
                kinds = ",".join(f"{each.count}x{each.kind}" for each in body.movement.transports)
                moving = f" moves={kinds} armed={body.movement.armed}/{body.movement.armed_count}"
            return f"{body.id} v{body.version} {body.state}{change}{timing}{reason}{moving}{hidden}"
        case ExpiryAnnounced():
            return f"{body.party}/{body.id} v{body.version} ends={clock(body.ends_at)}"
        case RequestSent():
            return f"{body.id} {body.kind} within={body.answer_within_s}s by={body.by}"
        case RequestReplied():
            reason = f" because={body.reason}" if body.reason else ""
            starts = f" from={clock(min(each.start for each in body.volumes))}" if body.volumes else ""
            return f"{body.request.party}/{body.request.id} {body.reply}{reason}{starts} by={body.by}"
        case AlternativeAccepted():
            return f"{body.request.party}/{body.request.id} by={body.by}"
        case RequestWithdrawn():
            return f"{body.id} by={body.by}"
        case LadderStep():
            return f"{body.about} {body.rung} due={clock(body.due_at)}"
        case LadderTried():
            return f"{body.about} {body.rung} {body.outcome} path={body.path or '-'}"
        case CallMade():
            return f"{body.about} {body.result} by={body.by}"
        case ReadBackSaid():
            return f"{body.alert} lines={len(body.lines)} by={body.by}"
        case ReadBackChecked() | ReadBackJudged():
            wrong = "; ".join(f"{e.field} {e.number} {e.fault}: sent {e.sent}, heard {e.heard}" for e in body.wrong)
            verdict = f" {body.verdict} by={body.by}" if isinstance(body, ReadBackJudged) else ""
            return f"{body.alert}{verdict} wrong={wrong or '-'}"
        case VoiceStop():
            return f"{body.id} from={body.party} UNAUTHENTICATED call={body.telephone} by={body.by}"
        case VoiceStopCalled():
            return f"{body.id} {body.result} by={body.by}"
        case OutcomeReported():
            return f"{body.about} {body.outcome} delay={body.delay_min}min by={body.by}"
    return None
