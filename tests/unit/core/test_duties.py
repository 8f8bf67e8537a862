"""The table of duties: thirteen of them, each measured by a term of an agreement and by nothing else (G1)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from keepclear.core.duties import BY_NAME, TABLE, Way, agreed_measure, due_at
from keepclear.core.terms import DutyTerms
from keepclear.core.timespan import SECOND_US
from keepclear.formats.agreement_toml import read_agreement

EVERYTHING = read_agreement((Path(__file__).parents[1] / "formats" / "profile_with_everything.toml").read_text())


def test_the_table_has_the_duties_that_practice_asks_for():
    assert set(BY_NAME) == {
        "notify_before", "acknowledge_by", "answer_call_by", "clear_by", "hold_clear", "stay_out", "stay_within_depth",
        "keep_separation", "line_test_every", "report_violation_by", "revalidate_every", "meet_every",
        "answer_inquiry_by",
    }  # fmt: skip


@pytest.mark.parametrize("duty", TABLE, ids=lambda duty: duty.name)
def test_every_duty_is_measured_by_a_term_and_is_not_owed_without_it(duty):
    nothing = replace(
        EVERYTHING, duties=None, notices=None, line=None, sites=None, inquiry=None, profile=EVERYTHING.profile
    )

    assert agreed_measure(EVERYTHING, duty) is not None
    agreed_anyway = [term for term in duty.terms if term.startswith("deadlines.")]
    assert (agreed_measure(nothing, duty) is None) == (not agreed_anyway)


def test_a_duty_is_due_by_its_own_way_of_counting():
    at_us = 10**15

    assert due_at(EVERYTHING, BY_NAME["answer_call_by"], at_us) == at_us + 48 * 3600 * SECOND_US
    assert due_at(EVERYTHING, BY_NAME["notify_before"], at_us) == at_us - 3 * 86_400 * SECOND_US
    assert due_at(EVERYTHING, BY_NAME["stay_out"], at_us) is None
    assert BY_NAME["meet_every"].way is Way.EVERY


def test_a_duty_that_was_agreed_not_to_be_owed_is_not():
    never = replace(EVERYTHING, duties=DutyTerms(stay_out=False))

    assert agreed_measure(never, BY_NAME["stay_out"]) is None
