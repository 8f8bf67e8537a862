"""The watch: who is of the party, who holds it, how it passes, and what is kept beside it (D3)."""

from __future__ import annotations

from keepclear.core.duty import ON_WATCH, Role, Taking, list_digest, unticked
from keepclear.core.ids import check_person
from keepclear.core.notice import REMARKS_MAX
from keepclear.errors import LimitReached, Malformed, NotAllowed, NotFound, Refused, Stale, UnlawfulChange
from keepclear.node.checklist import checklist
from keepclear.node.commands import Command
from keepclear.node.commands.duty import (
    AddLog,
    AttachRecording,
    OfferHandover,
    SetNumber,
    SetPerson,
    SignHandover,
    TakeWatch,
    TickItems,
    WithdrawHandover,
)
from keepclear.node.decision import Decision, Draft
from keepclear.node.entries.duty import (
    DutyLogged,
    HandoverOffered,
    HandoverSigned,
    HandoverTicked,
    HandoverWithdrawn,
    NumberSet,
    PersonSet,
    RecordingAttached,
    WatchTaken,
)
from keepclear.node.handlers import Decide
from keepclear.node.heldduty import HeldHandover
from keepclear.node.picture import Picture
from keepclear.node.settings import Settings

PEOPLE_MAX = 500
NUMBERS_MAX = 500
TICKS_AT_ONCE_MAX = 500


def set_person(picture: Picture, command: SetPerson, now_us: int, settings: Settings) -> Decision:
    """A person and what they are there for; the last one who may change that stays."""
    check_person(command.by)
    check_person(command.name, at="name")
    people = picture.watch.people
    before = people.get(command.login)
    if before is None and not command.roles:
        raise NotFound(f"nobody signs in as {command.login}", at="login")
    if before is None and len(people) >= PEOPLE_MAX:
        raise LimitReached(f"people_max: {PEOPLE_MAX} people are there already", at="login")
    same = picture.watch.named(command.name)
    if same is not None and same.login != command.login:
        raise Refused(f"{command.name} is how {same.login} signs: two people cannot share a name", at="name")
    stays = bool(set(command.roles) & ON_WATCH) and before is not None and command.name == before.name
    if before is not None and picture.watch.holder == before.name and not stays:
        raise UnlawfulChange(f"{before.name} holds the watch: hand it over first", at="roles")
    admins = [person.login for person in people.values() if Role.ADMIN in person.roles]
    if admins == [command.login] and Role.ADMIN not in command.roles:
        raise UnlawfulChange(f"{command.login} is the last who may add people: name another admin first", at="roles")
    body = PersonSet(command.login, command.name, command.roles, command.by, command.desk, command.telephone)
    return Decision((Draft(body),), subject=command.login)


def take_watch(picture: Picture, command: TakeWatch, now_us: int, settings: Settings) -> Decision:
    """Begin the watch; or, when whoever holds it cannot hand it over, assume it for a reason that is kept."""
    _check_on_watch(picture, command.by)
    _check_remarks(command.remarks)
    holder = picture.watch.holder
    if not holder:
        return Decision((Draft(WatchTaken(command.by, Taking.BEGUN)),), subject=command.by)
    if holder == command.by:
        raise UnlawfulChange(f"{holder} holds the watch already", at="by")
    if not command.remarks.strip():
        raise Refused(
            f"{holder} holds the watch: take it over by a handover, or say why it must be assumed", at="remarks"
        )
    return Decision((Draft(WatchTaken(command.by, Taking.ASSUMED, holder, command.remarks)),), subject=command.by)


def offer_handover(picture: Picture, command: OfferHandover, now_us: int, settings: Settings) -> Decision:
    """Whoever holds the watch begins a handover; they go on holding it until both have signed."""
    check_person(command.by)
    _check_holds(picture, command.by)
    if command.to == command.by:
        raise Refused("a watch is handed to somebody else", at="to")
    _check_on_watch(picture, command.to, at="to")
    if picture.watch.handover is not None:
        raise UnlawfulChange(f"a handover to {picture.watch.handover.to} is under way: withdraw it first", at="to")
    return Decision((Draft(HandoverOffered(command.to, command.by)),), subject=command.to)


def tick_items(picture: Picture, command: TickItems, now_us: int, settings: Settings) -> Decision:
    """The next shift ticks what it has looked at, item by item; nobody else can, and nothing does so by itself."""
    check_person(command.by)
    handover = _under_way(picture)
    if command.by != handover.to:
        raise NotAllowed(f"{handover.to} takes over, and ticks what they have looked at", at="by")
    if not 0 < len(command.items) <= TICKS_AT_ONCE_MAX:
        raise LimitReached(f"1 to {TICKS_AT_ONCE_MAX} items are ticked at once", at="items")
    listed = {item.key: item for item in checklist(picture, now_us)}
    gone = [key for key in command.items if key not in listed]
    if gone:
        raise Stale(f"{gone[0]!r} is not on the list any more: look at it again", at="items")
    keys = tuple(dict.fromkeys(command.items))
    body = HandoverTicked(keys, tuple(listed[key].digest for key in keys), command.by)
    return Decision((Draft(body),), subject=handover.to)


def sign_handover(picture: Picture, command: SignHandover, now_us: int, settings: Settings) -> Decision:
    """One of the two signs the list as it stands; with the second signature under the same one the watch passes."""
    check_person(command.by)
    handover = _under_way(picture)
    if command.by not in (handover.by, handover.to):
        raise NotAllowed(f"{handover.by} and {handover.to} sign, nobody for them", at="by")
    items = checklist(picture, now_us)
    digest = list_digest(items)
    if digest != command.digest:
        raise Stale("the list has changed since you saw it: look at it again", at="digest")
    left = unticked(items, handover.ticked)
    if left:
        named = ", ".join(item.key for item in left[:3])
        raise Refused(f"{len(left)} items are not ticked as they now stand: {named}", at="items")
    drafts = [Draft(HandoverSigned(digest, len(items), command.by))]
    other = handover.to if command.by == handover.by else handover.by
    if handover.signed.get(other) == digest:
        drafts.append(Draft(WatchTaken(handover.to, Taking.HANDOVER, handover.by)))
    return Decision(tuple(drafts), subject=handover.to)


def withdraw_handover(picture: Picture, command: WithdrawHandover, now_us: int, settings: Settings) -> Decision:
    """It does not take place; the watch stays where it is."""
    check_person(command.by)
    handover = _under_way(picture)
    if command.by not in (handover.by, handover.to):
        raise NotAllowed(f"{handover.by} or {handover.to} withdraws it", at="by")
    return Decision((Draft(HandoverWithdrawn(command.by)),), subject=handover.to)


def add_log(picture: Picture, command: AddLog, now_us: int, settings: Settings) -> Decision:
    """A line of the duty log: bounded, private, never changed."""
    check_person(command.by)
    if not len(command.text.strip()) > 0 or len(command.text) > 2_000:
        raise Malformed("a line of the duty log has 1 to 2000 characters", at="text")
    return Decision((Draft(DutyLogged(command.text, command.by, command.about)),), subject=command.about)


def set_number(picture: Picture, command: SetNumber, now_us: int, settings: Settings) -> Decision:
    """A line of the telephone directory."""
    check_person(command.by)
    check_person(command.name, at="name")
    _check_remarks(command.remarks)
    numbers = picture.watch.numbers
    if not command.number and command.name not in numbers:
        raise NotFound(f"{command.name} is not in the directory", at="name")
    if command.name not in numbers and len(numbers) >= NUMBERS_MAX:
        raise LimitReached(f"numbers_max: {NUMBERS_MAX} numbers are there already", at="name")
    return Decision(
        (Draft(NumberSet(command.name, command.number, command.by, command.remarks)),), subject=command.name
    )


def attach_recording(picture: Picture, command: AttachRecording, now_us: int, settings: Settings) -> Decision:
    """A recording of a call, by its hash: the record proves which file it was, and does not hold it."""
    check_person(command.by)
    _check_remarks(command.remarks)
    body = RecordingAttached(command.sha256, command.size, command.name, command.by, command.about, command.remarks)
    return Decision((Draft(body),), subject=command.sha256)


# ------------------------------------------------------------------------------------------------------------ inside


def _under_way(picture: Picture) -> HeldHandover:
    if picture.watch.handover is None:
        raise UnlawfulChange("no handover is under way", at="handover")
    return picture.watch.handover


def _check_holds(picture: Picture, by: str) -> None:
    holder = picture.watch.holder
    if holder != by:
        raise NotAllowed(f"{holder or 'nobody'} holds the watch, not {by}", at="by")


def _check_on_watch(picture: Picture, name: str, *, at: str = "by") -> None:
    """Raise unless this person may hold the watch; anybody may where no people were named."""
    check_person(name, at=at)
    if not picture.watch.people:
        return
    person = picture.watch.named(name)
    if person is None:
        raise NotFound(f"nobody here signs as {name}", at=at)
    if not set(person.roles) & ON_WATCH:
        raise NotAllowed(f"{name} is {', '.join(person.roles)}, and holds no watch", at=at)


def _check_remarks(text: str) -> None:
    if len(text) > REMARKS_MAX:
        raise LimitReached(f"remarks have at most {REMARKS_MAX} characters", at="remarks")


TABLE: dict[type[Command], Decide] = {
    SetPerson: set_person,
    TakeWatch: take_watch,
    OfferHandover: offer_handover,
    TickItems: tick_items,
    SignHandover: sign_handover,
    WithdrawHandover: withdraw_handover,
    AddLog: add_log,
    SetNumber: set_number,
    AttachRecording: attach_recording,
}
