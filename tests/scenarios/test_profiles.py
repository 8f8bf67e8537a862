"""The shipped profiles: each has a story that comes out as it is told and exercises every one of its terms (G1, C4).

`REWRITE=1` when testing renews what follows from the steps of the stories.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from keepclear.core.agreement import Agreement
from keepclear.core.schedule import Window
from keepclear.core.terms import TABLES
from keepclear.core.zone import Activity
from keepclear.errors import KeepclearError, LimitReached, Malformed
from keepclear.formats.agreement_toml import read_agreement, write_agreement
from keepclear.formats.agreement_toml.tables import written_name
from keepclear.node.decide.agreements import terms_of
from keepclear.node.entries import AgreementTerms, content_hash
from keepclear.node.folds.agreements import agreement_from_terms
from keepclear.node.rehearsal import STEPS_MAX, play, read_step

PROFILES = sorted((Path(__file__).parents[2] / "examples" / "profiles").glob("*.toml"))
EACH = pytest.mark.parametrize("profile", PROFILES, ids=lambda path: path.stem)
NEEDED = {
    "incsea_like", "hns_like", "rule_of_threes", "fire_traffic_area", "corridor", "demilitarised_belt",
    "boundary_standoff", "radius", "special_caution_area", "day_and_night", "uspace_like",
}  # fmt: skip


def read(profile: Path) -> tuple[Agreement, str]:
    return read_agreement(profile.read_text()), profile.with_suffix(".story.txt").read_text()


def test_the_profiles_that_practice_asks_for_are_there():
    assert {path.stem for path in PROFILES} >= NEEDED


@EACH
def test_the_story_of_a_profile_comes_out_as_it_is_told(profile):
    agreement, text = read(profile)
    steps = play(agreement, text)

    comments = [line for line in text.splitlines() if line.startswith("#")]
    told = "\n".join([*comments, *("\n".join(["", step, *(f"    {each}" for each in all_)]) for step, all_ in steps)])
    if os.environ.get("REWRITE") == "1":
        profile.with_suffix(".story.txt").write_text(told.lstrip("\n") + "\n")
    else:
        assert told.lstrip("\n") + "\n" == text


@EACH
def test_the_story_exercises_every_term_of_the_profile(profile):
    agreement, text = read(profile)

    cited = {term for _, all_ in play(agreement, text) for each in all_ for term in each.terms}

    assert cited == set(_terms(agreement))


@EACH
def test_another_number_makes_another_story(profile):
    agreement, text = read(profile)
    told = play(agreement, text)
    recorded = terms_of(agreement)

    for name, value in {**recorded.numbers, **{f"deadlines.{k}": v for k, v in recorded.deadlines_s.items()}}.items():
        others = [_with(recorded, name, other) for other in (value + 1, value * 10, max(1, value // 10), 1 - value)]
        assert any(other is not None and play(other, text) != told for other in others), name


def _with(terms: AgreementTerms, name: str, value: int) -> Agreement | None:
    """The agreement with one number otherwise; None where it cannot be."""
    if name.startswith("deadlines."):
        deadlines = {**terms.deadlines_s, name.removeprefix("deadlines."): value}
        changed = msgspec.structs.replace(terms, deadlines_s=deadlines)
    else:
        changed = msgspec.structs.replace(terms, numbers={**terms.numbers, name: value})
    try:
        return agreement_from_terms(changed)
    except KeepclearError:
        return None


@EACH
def test_a_zone_of_a_profile_makes_a_difference_to_its_story(profile):
    agreement, text = read(profile)
    told = play(agreement, text)

    for zone in agreement.zones:
        without = replace(agreement, zones=tuple(each for each in agreement.zones if each is not zone))
        assert play(without, text) != told
        assert any(f"in {zone.id} from" in str(each) for _, all_ in told for each in all_), zone.id


@EACH
def test_a_profile_can_be_recorded_and_written_and_names_its_sources(profile):
    agreement, _ = read(profile)

    again = agreement_from_terms(terms_of(agreement))

    assert content_hash(terms_of(read_agreement(write_agreement(again)))) == content_hash(terms_of(agreement))
    assert all(source.title and source.claimant and source.where for source in agreement.sources)
    assert agreement.sources


def _terms(agreement: Agreement) -> Iterator[str]:
    """Every term of an agreement, by its name in a profile."""
    yield from ("area", "separation.horizontal", "separation.vertical", "separation.time")
    yield from _leaves("deadlines", agreement.deadlines)
    yield from (f"disclosure.{party}" for party in agreement.disclosure)
    yield from (name for name in ("valid_from", "valid_until") if getattr(agreement, f"{name}_us") is not None)
    for name in TABLES:
        if getattr(agreement, name) is not None:
            yield from _leaves(name, getattr(agreement, name))
    for zone in agreement.zones:
        for rule in zone.rules:
            activity = "" if rule.activity is Activity.ANY else rule.activity.value
            yield ".".join(filter(None, ("zone", zone.id, rule.party, activity)))


def _leaves(prefix: str, table: Any) -> Iterator[str]:
    for each in fields(table):
        value = getattr(table, each.name)
        if is_dataclass(value) and not isinstance(value, Window):
            yield from _leaves(f"{prefix}.{each.name}", value)
        elif value is not None and value != ():
            yield f"{prefix}.{written_name(each.name)}"


@pytest.mark.parametrize(
    "line",
    [
        "at noon amber files",
        "at 2027-03-01T08:00:00Z amber sings",
        "at 2027-03-01T08:00:00Z files",
        "at 2027-03-01T08:00:00Z amber files from=2027-03-01T08:00:00Z",
        "at 2027-03-01T08:00:00Z stranger stops",
    ],
)
def test_a_step_that_cannot_be_is_refused(line):
    agreement, _ = read(PROFILES[0])

    with pytest.raises(Malformed):
        play(agreement, line)


def test_a_story_has_an_end():
    agreement, _ = read(PROFILES[0])
    step = "at 2027-03-01T08:00:00Z amber stops"

    assert len(play(agreement, "\n".join([step] * STEPS_MAX))) == STEPS_MAX
    with pytest.raises(LimitReached):
        play(agreement, "\n".join([step] * (STEPS_MAX + 1)))
    assert read_step(step).verb == "stops"
