"""A second pair of eyes: what is large or late waits for another person before it is told (D5). STOP never does."""

from __future__ import annotations

import dataclasses
import math
import typing

import msgspec

from keepclear.core.duty import SECOND_EYES
from keepclear.core.footprint import Circle
from keepclear.core.geodesy import area_m2
from keepclear.core.ids import check_person, make_serial
from keepclear.core.notice import REMARKS_MAX, Mode, lead_time_s, whole_span
from keepclear.core.volume import Volume4D
from keepclear.errors import LimitReached, NotAllowed, NotFound, Refused
from keepclear.formats.wire import volume_from_wire, volume_to_wire
from keepclear.node.commands import ChangeNotice, Command, FileNotice
from keepclear.node.commands.duty import DropDraft, SendDraft
from keepclear.node.decision import Decision, Draft
from keepclear.node.entries.duty import DraftDecided, NoticeDrafted
from keepclear.node.handlers import Decide
from keepclear.node.heldduty import DRAFTS_MAX
from keepclear.node.picture import Picture
from keepclear.node.settings import Settings
from keepclear.record import canonical

#: Fields of a filing that the draft holds otherwise, or that belong to the moment of sending.
_APART = frozenset({"volumes", "seed"})


def waiting(picture: Picture, command: Command, now_us: int, settings: Settings) -> Decision | None:
    """What is recorded instead when a filing is above the area, or below the lead time, that an agreement names.

    None: it needs no second person. An exercise is held to the same, so that it is exercised.
    """
    filing = command.changed if isinstance(command, ChangeNotice) else command
    if not isinstance(filing, FileNotice) or not filing.volumes:
        return None
    why = _reasons(picture, filing.volumes, now_us)
    if not why:
        return None
    if len(picture.watch.drafts) >= DRAFTS_MAX:
        raise LimitReached(f"drafts_max: {DRAFTS_MAX} drafts wait for a second person", at="drafts")
    check_person(filing.by)
    serial = make_serial(picture.party, picture.last_serial.get(f"D{picture.party[0].upper()}", 0) + 1, prefix="D")
    body = NoticeDrafted(
        id=serial,
        volumes=tuple(volume_to_wire(volume) for volume in filing.volumes),
        fields=canonical.encode(_fields(command, filing)).decode(),
        drafted_by=filing.by,
        why=why,
        changes=command.id if isinstance(command, ChangeNotice) else "",
        version=command.version if isinstance(command, ChangeNotice) else 0,
    )
    return Decision((Draft(body, mode=filing.mode),), subject=f"draft {serial}")


def _reasons(picture: Picture, volumes: tuple[Volume4D, ...], now_us: int) -> tuple[str, ...]:
    terms = [
        agreement.second_person
        for party in picture.enrolled_peers()
        if (agreement := picture.agreement_with(party)) is not None and agreement.second_person is not None
    ]
    areas = [term.area_over_km2 for term in terms if term.area_over_km2 is not None]
    leads = [term.lead_below_s for term in terms if term.lead_below_s is not None]
    why = []
    if areas and max(area_km2(volume) for volume in volumes) > min(areas):
        why.append("area")
    if leads and lead_time_s(whole_span(volumes).start_us, now_us) < max(leads):
        why.append("lead")
    return tuple(why)


def area_km2(volume: Volume4D) -> float:
    """How much ground a volume stands on, square kilometres."""
    footprint = volume.footprint
    if isinstance(footprint, Circle):
        return math.pi * footprint.radius_m**2 / 1e6
    return area_m2(footprint.outline) / 1e6


def _fields(command: Command, filing: FileNotice) -> dict[str, object]:
    """Everything asked but the volumes, as plain values; of a change, what sort of change too."""
    values = {
        field.name: msgspec.to_builtins(getattr(filing, field.name))
        for field in dataclasses.fields(filing)
        if field.name not in _APART and getattr(filing, field.name) is not None
    }
    if isinstance(command, ChangeNotice):
        values["@change"] = msgspec.to_builtins(command.change)
    return values


def asked(draft: NoticeDrafted, seed: bytes) -> FileNotice | ChangeNotice:
    """The filing that a draft holds, to be decided now."""
    values = msgspec.json.decode(draft.fields)
    change = values.pop("@change", None)
    hints = typing.get_type_hints(FileNotice)
    read = {name: msgspec.convert(value, hints[name]) for name, value in values.items() if name in hints}
    volumes = tuple(volume_from_wire(wire) for wire in draft.volumes)
    filing = FileNotice(volumes, seed=seed, **read)
    if not draft.changes:
        return filing
    kind = typing.get_type_hints(ChangeNotice)["change"]
    return ChangeNotice(draft.changes, draft.version, filing, msgspec.convert(change, kind), seed=seed)


def approved(picture: Picture, command: SendDraft) -> tuple[Draft, FileNotice | ChangeNotice]:
    """What is recorded of the second person's word, and the filing to be decided.

    Raises:
        NotFound: no such draft. NotAllowed: it is their own, or they may not be the second person.
    """
    check_person(command.by)
    held = picture.watch.drafts.get(command.id)
    if held is None:
        raise NotFound(f"no draft {command.id} waits", at="id")
    if command.by == held.body.drafted_by:
        raise NotAllowed(f"{command.by} drafted it: a second person looks", at="by")
    person = picture.watch.named(command.by)
    if picture.watch.people and (person is None or not set(person.roles) & SECOND_EYES):
        raise NotAllowed(f"{command.by} is none who may be the second person here", at="by")
    filing = asked(held.body, command.seed)
    mode = filing.changed.mode if isinstance(filing, ChangeNotice) else filing.mode
    return Draft(DraftDecided(command.id, sent=True, by=command.by), mode=mode), filing


def drop_draft(picture: Picture, command: DropDraft, now_us: int, settings: Settings) -> Decision:
    """What waits is not sent; that it was drafted stays in the record."""
    check_person(command.by)
    if command.id not in picture.watch.drafts:
        raise NotFound(f"no draft {command.id} waits", at="id")
    if len(command.remarks) > REMARKS_MAX:
        raise Refused(f"remarks have at most {REMARKS_MAX} characters", at="remarks")
    body = DraftDecided(command.id, sent=False, by=command.by, remarks=command.remarks)
    return Decision((Draft(body, mode=Mode.OPER),), subject=f"draft {command.id}")


TABLE: dict[type[Command], Decide] = {DropDraft: drop_draft}
