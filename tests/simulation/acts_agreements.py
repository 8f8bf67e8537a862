"""What officers do about agreements: among three, for a while, suspended, extended, withdrawn (G1, V5)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from keepclear.core.agreement import PROFILE, Agreement, AgreementAct, Disclosure, DisclosureLevel
from keepclear.core.footprint import Circle
from keepclear.core.terms import DutyTerms, SuspensionTerms
from keepclear.core.timespan import MINUTE_US, SECOND_US, TimeSpan
from keepclear.core.zone import Belt, Rule, Zone, ZoneKind, ZoneRule
from keepclear.node.commands import (
    ActOnAgreement,
    AnnounceZone,
    ChangeZone,
    Command,
    GiveBackZone,
    LiftZone,
    ProposeAgreement,
)
from keepclear.node.picture import Picture


def for_a_while(officers: Any, picture: Picture, party: Any, now_us: int) -> Command:
    """Terms that begin soon and end soon; among all parties now and then."""
    rng = officers.rng
    other = rng.choice(officers.world.others(party)).name
    terms: Agreement = officers._agreement(party.name, other)
    begins = now_us + rng.choice((-10, 20)) * SECOND_US
    if rng.random() < 0.4:
        names = sorted(officers.world.parties)
        shown = {name: _least_shown(officers.world, name) for name in names}
        terms = replace(terms, parties=tuple(names), disclosure=shown, profile=PROFILE, subject="all")
    return ProposeAgreement(
        replace(
            terms,
            profile=PROFILE,
            valid_from_us=begins,
            valid_until_us=begins + rng.choice((2, 8)) * MINUTE_US,
            suspension=SuspensionTerms(("stop", "hazard")),
            duties=DutyTerms(stay_out=True),
            zones=(_zone(officers, "FIELD", now_us),),
        ),
        "Imani",
    )


def _least_shown(world: Any, name: str) -> Disclosure:
    """What a party shows to all others: what it shows to the one that sees least."""
    shown = [each for (who, _), each in world.shown.items() if who == name]
    levels = (DisclosureLevel.NONE, DisclosureLevel.VOLUME, DisclosureLevel.CONTACT)
    return Disclosure(min((each.level for each in shown), key=levels.index), all(each.shows_activity for each in shown))


def act(officers: Any, picture: Picture, party: Any, now_us: int) -> Command | None:
    """Suspended, taken back, extended, left."""
    rng = officers.rng
    ours = [held for held in picture.agreements.values() if held.is_in_force]
    if not ours:
        return None
    held = rng.choice(ours)
    acts = [AgreementAct.SUSPEND, AgreementAct.RESUME, AgreementAct.RESUME, AgreementAct.EXTEND]
    if rng.random() < 0.1:
        acts = [AgreementAct.WITHDRAW]
    chosen = rng.choice(acts)
    until = held.until + 10 * MINUTE_US if chosen is AgreementAct.EXTEND else 0
    if held.extensions and chosen is AgreementAct.EXTEND:
        until = max(held.extensions.values())
    return ActOnAgreement(held.hash, chosen, "Tomas", until, rng.choice(("", "told by telephone")))


def _zone(officers: Any, name: str, now_us: int) -> Zone:
    rng = officers.rng
    shape: Any = Circle(rng.uniform(9.9, 10.1), rng.uniform(19.9, 20.1), rng.uniform(2_000, 9_000))
    if rng.random() < 0.4:
        shape = Belt(((10.0, 19.8), (10.0, 20.2)), rng.choice((3_000.0, 6_000.0)), rng.choice((0.0, 6_000.0)))
    rule = rng.choice((Rule.STAY_OUT, Rule.BE_AWARE, Rule.CALL_BEFORE))
    span = TimeSpan(now_us, now_us + rng.choice((5, 30)) * MINUTE_US)
    return Zone(name, "A field", ZoneKind.DANGER, shape, (ZoneRule(rule),), span=rng.choice((None, span)))


def announce(officers: Any, picture: Picture, party: Any, now_us: int) -> Command:
    """A zone beside what was agreed."""
    return AnnounceZone(_zone(officers, f"Z-{officers.rng.randrange(40)}", now_us), "Imani")


def change_zone(officers: Any, picture: Picture, party: Any, now_us: int) -> Command | None:
    """Changed, lifted or given back; now and then over an older version."""
    rng = officers.rng
    own = [held for held in picture.zones.values() if held.party == picture.party]
    if not own:
        return None
    held = rng.choice(own)
    version = held.version - (rng.random() < 0.1)
    if rng.random() < 0.4:
        return ChangeZone(_zone(officers, held.zone.id, now_us), version, "Imani")
    if rng.random() < 0.4:
        return LiftZone(held.zone.id, version, "Imani")
    used = (TimeSpan(now_us - MINUTE_US, now_us),) if now_us > MINUTE_US else ()
    return GiveBackZone(held.zone.id, version, "Imani", now_us + MINUTE_US, used)


ACTS = [(6, for_a_while), (5, act), (5, announce), (12, change_zone)]
