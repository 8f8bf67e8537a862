"""The ladder: which rungs are due, and what came of them (N4).

A rung that is due is recorded before anything is tried. What is to be tried is the rungs without an outcome: after a
crash between the attempt and its record it is tried again, and never skipped.
"""

from __future__ import annotations

from functools import cache

from keepclear.core.alert import AlertLevel
from keepclear.core.escalation import Rung, after_s, due_rungs
from keepclear.core.ids import check_person, make_key
from keepclear.core.terms import LadderTerms
from keepclear.core.timespan import SECOND_US
from keepclear.errors import Malformed, NotFound, Refused, UnlawfulChange
from keepclear.node.commands import Command, NoteCall, NoteTried
from keepclear.node.decision import Decision, Draft
from keepclear.node.entries import CallMade, CallResult, LadderStep, LadderTried
from keepclear.node.handlers import Decide
from keepclear.node.heldladder import HeldLadder
from keepclear.node.picture import Picture
from keepclear.node.settings import Settings

#: Rungs recorded in one turn; the others a second later.
CLIMBED_AT_ONCE = 200


def terms_of(picture: Picture, held: HeldLadder, settings: Settings) -> LadderTerms:
    """The ladder that was agreed for this level, else the default of the settings. STOP has its own."""
    agreement = picture.agreement_with(held.party)
    ladders = agreement.ladder if agreement is not None else None
    if held.level is None:
        agreed = ladders.stop if ladders is not None else None
    else:
        is_warning = held.level is AlertLevel.WARNING
        agreed = (ladders.warning if is_warning else ladders.caution) if ladders is not None else None
    if agreed is not None:
        return agreed
    return _default(settings, is_urgent=held.level is None or held.level is AlertLevel.WARNING)


@cache
def _default(settings: Settings, *, is_urgent: bool) -> LadderTerms:
    if not is_urgent:
        return LadderTerms(
            settings.ladder_second_path_s,
            settings.ladder_phone_s,
            settings.ladder_supervisor_s,
            settings.ladder_next_echelon_s,
            settings.ladder_unanswered_s,
        )
    return LadderTerms(
        settings.ladder_urgent_second_path_s,
        settings.ladder_urgent_phone_s,
        settings.ladder_urgent_supervisor_s,
        settings.ladder_urgent_next_echelon_s,
        settings.ladder_urgent_unanswered_s,
    )


def rungs(picture: Picture, now_us: int, settings: Settings) -> list[Draft]:
    """Rungs that are due now. While our clock is suspect people are prompted; nothing is said to be unanswered."""
    drafts: list[Draft] = []
    agreed: dict[tuple[str, AlertLevel | None], tuple[LadderTerms, list[tuple[Rung, int]]]] = {}
    for about in picture.climbing:
        held = picture.ladders[about]
        key = (held.party, held.level)
        if key not in agreed:
            terms = terms_of(picture, held, settings)
            agreed[key] = (
                terms,
                [(rung, at_s * SECOND_US) for rung in Rung if (at_s := after_s(terms, rung)) is not None],
            )
        terms, steps = agreed[key]
        # Thousands may wait for an answer: most have nothing due yet, which is seen at a glance.
        next_us = next((at_us for rung, at_us in steps if rung not in held.steps), None)
        if next_us is None or held.since_us + next_us > now_us or not is_waiting(picture, held, now_us):
            continue
        for rung, due_at in due_rungs(terms, held.since_us, now_us, held.tried_at_us):
            if (rung is Rung.UNANSWERED and picture.is_clock_suspect) or len(drafts) >= CLIMBED_AT_ONCE:
                continue
            drafts.append(Draft(LadderStep(about, held.party, rung, max(0, due_at)), mode=held.mode))
    return drafts


def is_waiting(picture: Picture, held: HeldLadder, now_us: int) -> bool:
    """Whether an answer is still waited for: an alert about a notice in force, or a STOP that stands."""
    if held.closed:
        return False
    if held.level is None:
        stop = picture.stops.get(held.about.rpartition("/")[0])
        return stop is not None and not stop.resumed_at
    alert = picture.alerts.get(held.about)
    if alert is None or not alert.is_open:
        return False
    notice = picture.notices.get(make_key(alert.ref.party, alert.ref.id))
    return notice is not None and notice.is_live(now_us)


def note_tried(picture: Picture, command: NoteTried, now_us: int, settings: Settings) -> Decision:
    """What came of a rung, path by path."""
    held = picture.ladders.get(command.about)
    step = held.steps.get(command.rung) if held is not None else None
    if held is None or step is None:
        raise NotFound(f"{command.rung} of {command.about} was not due", at="rung")
    if step.tried_at:
        raise UnlawfulChange(f"what came of {command.rung} of {command.about} is recorded", at="rung")
    if not command.tries:
        raise Malformed("say what came of it", at="tries")
    return Decision(
        tuple(
            Draft(
                LadderTried(
                    command.about, command.rung, each.outcome, each.tried_at, each.path[:200], each.detail[:200]
                ),
                mode=held.mode,
            )
            for each in command.tries
        ),
        subject=command.about,
    )


def note_call(picture: Picture, command: NoteCall, now_us: int, settings: Settings) -> Decision:
    """A person called about it; also after it was answered or given up."""
    check_person(command.by)
    held = picture.ladders.get(command.about)
    if held is None:
        raise NotFound(f"nothing of ours called {command.about} waits, or waited, for an answer", at="about")
    if command.result not in set(CallResult):
        raise Malformed(f"{command.result!r} is not one of {', '.join(CallResult)}", at="result")
    if len(command.number) > 40 or len(command.spoke_to) > 60:
        raise Malformed("a number has at most 40 characters, a name 60", at="number")
    result = CallResult(command.result)
    if result is CallResult.ANSWERED and not command.spoke_to:
        raise Refused("say who answered", at="spoke_to")
    body = CallMade(command.about, result, command.by, command.number, command.spoke_to)
    return Decision((Draft(body, mode=held.mode),), subject=command.about)


TABLE: dict[type[Command], Decide] = {NoteTried: note_tried, NoteCall: note_call}
