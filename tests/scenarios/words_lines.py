"""Verbs and words of the stories about notices that change, requests, read-back, the ladder and outcomes."""

from __future__ import annotations

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
from keepclear.core.request import DenyReason, Outcome, Reply
from keepclear.node.commands import (
    AcceptAlternative,
    AskRequest,
    ChangeNotice,
    Command,
    ExtendNotice,
    FileNotice,
    MoveNotice,
    ReplyRequest,
    ReportOutcome,
    ShortenNotice,
    WithdrawRequest,
)
from keepclear.node.entries import (
    AlternativeAccepted,
    Entry,
    ExpiryAnnounced,
    NoticeFiled,
    NoticeSent,
    OutcomeReported,
    RequestReplied,
    RequestSent,
    RequestWithdrawn,
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
    return None


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
        case OutcomeReported():
            return f"{body.about} {body.outcome} delay={body.delay_min}min by={body.by}"
    return None
