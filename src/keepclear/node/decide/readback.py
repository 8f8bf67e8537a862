"""Reading back: what the receiver's person read is compared line by line, and the sender's person confirms or corrects.

A wrong read-back is shown field by field and can not be confirmed (P3). An acknowledgement is another instant (N2).
"""

from __future__ import annotations

from keepclear.core.ids import check_person, make_key
from keepclear.core.readback import LINES_MAX, Heard, check_letters, differences, lines_of, spoken
from keepclear.errors import KeepclearError, LimitReached, Malformed, NotFound, Refused, Stale, UnlawfulChange
from keepclear.formats.wire import volume_from_wire
from keepclear.node.commands import Command, JudgeReadBack, ReadBack
from keepclear.node.consequences import close_duty
from keepclear.node.decision import Decision, Draft
from keepclear.node.entries import (
    Entry,
    ReadBackChecked,
    ReadBackJudged,
    ReadBackSaid,
    ReadLine,
    Verdict,
    WrongLine,
)
from keepclear.node.handlers import CheckBody, Decide, Take, Taken
from keepclear.node.held import HeldAlert, HeldVersion
from keepclear.node.logs import Read
from keepclear.node.picture import Picture
from keepclear.node.settings import Settings


class WrongReadBack(Refused):
    """What was read back is not what was sent: have it corrected, line by line."""

    code, status = "read_back_wrong", 409


def read_back(picture: Picture, command: ReadBack, now_us: int, settings: Settings) -> Decision:
    """What a person read back, told to the sender as they read it: it is not mended here."""
    check_person(command.by)
    held = picture.alert_to_us(command.alert)
    if held.ref.version != command.version:
        raise Stale(f"the alert is about version {held.ref.version}; you have seen {command.version}", at="version")
    notice = picture.notices.get(make_key(held.ref.party, held.ref.id))
    if notice is None or notice.latest.version != held.ref.version:
        raise Stale(f"{held.ref.id} has a newer version; read that one back", at="alert")
    if not 1 <= len(command.lines) <= LINES_MAX:
        raise LimitReached(f"1 to {LINES_MAX} lines are read back, not {len(command.lines)}", at="lines")
    differences((), command.lines)  # each line once, in letters that can be spoken
    for number, line in enumerate(command.lines):
        _check_heard(line, f"lines[{number}]")
    lines = tuple(ReadLine(each.field, each.number, spoken(each.value), spoken(each.letters)) for each in command.lines)
    body = ReadBackSaid(held.id, held.ref, lines, command.by)
    return Decision((Draft(body, held.party, held.mode),), subject=held.id)


def _check_heard(line: Heard, at: str) -> None:
    """Raise unless a line can be spoken, and its letters are letters."""
    try:
        check_letters(f"{line.field} {line.number}", line.value)
    except KeepclearError as problem:
        raise Malformed(problem.message, at=f"{at}.value") from None
    letters = spoken(line.letters)
    if letters and not (len(letters) == 2 and letters.isascii() and letters.isalpha()):
        raise Malformed(f"two check letters, not {line.letters[:20]!r}", at=f"{at}.letters")


def judge(picture: Picture, command: JudgeReadBack, now_us: int, settings: Settings) -> Decision:
    """The sender's person confirms what came back right, or has it corrected with the lines that are wrong."""
    check_person(command.by)
    held = picture.alerts.get(command.alert)
    if held is None or held.party != picture.party:
        raise NotFound(f"there is no alert {command.alert} of ours", at="alert")
    found = next((each for each in held.read_backs if each.leaf == command.read_back), None)
    if found is None:
        raise NotFound(f"nobody read {command.alert} back so", at="read_back")
    if found.judged_at:
        raise UnlawfulChange(f"{found.judged_by} said {found.verdict} to it already", at="read_back")
    notice = picture.notices.get(make_key(held.ref.party, held.ref.id))
    if notice is None or notice.latest.version != held.ref.version:
        raise Stale(f"{held.ref.id} has a newer version, which is read back anew", at="alert")
    wrong = found.wrong or ()
    if command.confirms and (found.wrong is None or wrong):
        shown = "; ".join(
            f"{each.field} {each.number} {each.fault}: sent {each.sent!r}, heard {each.heard!r}" for each in wrong
        )
        raise WrongReadBack(f"it did not come back as it was sent: {shown[:400]}", at="read_back")
    verdict = Verdict.CONFIRM if command.confirms else Verdict.CORRECT
    body = ReadBackJudged(held.id, held.ref, command.read_back, verdict, command.by, wrong)
    return Decision((Draft(body, held.to, held.mode),), subject=held.id)


def wrong_lines(version: HeldVersion, said: ReadBackSaid) -> tuple[WrongLine, ...]:
    """Every line of a read-back that is not as it was sent.

    Raises:
        LimitReached: the notice has more lines than are read back.
    """
    body = version.body
    sent = lines_of([volume_from_wire(each) for each in body.volumes], body.action)
    heard = [Heard(each.field, each.number, each.value, each.letters) for each in said.lines]
    return tuple(
        WrongLine(each.field, each.number, each.fault, each.sent, each.heard) for each in differences(sent, heard)
    )


def take_read_back(picture: Picture, taken: Taken, body: ReadBackSaid, settings: Settings) -> list[Draft]:
    """What is wrong with it; when nothing is, what was owed is met."""
    held = picture.alerts.get(body.alert)
    version = _version_of(picture, held, body)
    if held is None or version is None or not held.read_backs or held.read_backs[-1].leaf != taken.read.leaf:
        return []
    wrong = wrong_lines(version, body)
    drafts = [Draft(ReadBackChecked(held.id, taken.sender, taken.read.leaf, wrong), mode=held.mode)]
    return drafts if wrong else [*drafts, *close_duty(picture, f"read_back_by {held.id}", taken.read)]


def _version_of(picture: Picture, held: HeldAlert | None, body: ReadBackSaid) -> HeldVersion | None:
    notice = picture.notices.get(make_key(body.notice.party, body.notice.id)) if held is not None else None
    if notice is None or not notice.is_own:
        return None
    return next((each for each in notice.versions if each.version == body.notice.version), None)


def check_lines(read: Read, body: ReadBackSaid) -> None:
    """Raise unless each line of a peer's read-back stands once and can be spoken."""
    heard = [Heard(each.field, each.number, each.value, each.letters) for each in body.lines]
    for number, line in enumerate(heard):
        _check_heard(line, f"entries[{read.n}].lines[{number}]")
    try:
        differences((), heard)
    except KeepclearError as problem:
        raise Malformed(problem.message, at=f"entries[{read.n}].lines") from None


TABLE: dict[type[Command], Decide] = {ReadBack: read_back, JudgeReadBack: judge}
CHECKS: dict[type[Entry], CheckBody] = {ReadBackSaid: check_lines}
TAKES: dict[type[Entry], Take] = {ReadBackSaid: take_read_back}
