"""Scenario files: what is read, and what is refused with the place named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from keepclear.errors import LimitReached, Malformed
from keepclear.formats.scenario import AnswerStep, FileStep, read_scenario

EXAMPLES = Path(__file__).parents[3] / "examples"


def _circle() -> dict[str, Any]:
    return {
        "circle": {"lat": -38.0, "lon": -152.0, "radius_m": 1000},
        "lower": {"value_m": 0, "datum": "AMSL"},
        "upper": {"value_m": 500, "datum": "AMSL"},
        "start_s": 60,
        "end_s": 120,
    }


def _scenario() -> dict[str, Any]:
    file = {"at_s": 1, "who": "amber", "does": "file", "label": "one", "volumes": [_circle()]}
    answer = {"at_s": 2, "who": "birch", "does": "answer", "notice": "one", "answer": "ROGER"}
    return {
        "title": "A short one",
        "place_note": "No real place.",
        "agreement": "agreement.toml",
        "parties": [
            {"id": "amber", "name": "Amber", "on_watch": "I. Maro", "enrols": "S. Venn"},
            {"id": "birch", "name": "Birch", "on_watch": "T. Quill", "enrols": "R. Osei"},
        ],
        "steps": [file, answer],
        "kill": {"party": "amber", "after": 1, "back_after": 1},
    }


def _read(scenario: dict[str, Any]) -> Any:
    return read_scenario(json.dumps(scenario).encode())


#: Everything but agreements, which stand beside a scenario or in a folder of their own.
SCENARIOS = [
    path for path in sorted(EXAMPLES.glob("*/*.toml")) if path.stem != "agreement" and path.parent.name != "profiles"
]


def test_there_are_scenarios_and_each_has_its_agreement() -> None:
    assert len(SCENARIOS) >= 3
    assert all((path.parent / "agreement.toml").exists() for path in SCENARIOS)


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_scenario_that_ships_can_be_read_and_says_that_it_is_no_real_place(path: Path) -> None:
    scenario = read_scenario(path.read_bytes())
    assert scenario.place_note.startswith("No real place")
    assert {player.id for player in scenario.parties} == {"amber", "birch"}


def test_json_and_toml_give_the_same_steps() -> None:
    toml = b"""
title = "A short one"
place_note = "No real place."
agreement = "agreement.toml"
kill = { party = "amber", after = 1, back_after = 1 }
parties = [
  { id = "amber", name = "Amber", on_watch = "I. Maro", enrols = "S. Venn" },
  { id = "birch", name = "Birch", on_watch = "T. Quill", enrols = "R. Osei" },
]
[[steps]]
at_s = 1
who = "amber"
does = "file"
label = "one"
[[steps.volumes]]
circle = { lat = -38.0, lon = -152.0, radius_m = 1000 }
lower = { value_m = 0, datum = "AMSL" }
upper = { value_m = 500, datum = "AMSL" }
start_s = 60
end_s = 120
[[steps]]
at_s = 2
who = "birch"
does = "answer"
notice = "one"
answer = "ROGER"
"""
    scenario = read_scenario(toml)
    assert scenario == _read(_scenario())
    assert [type(step) for step in scenario.steps] == [FileStep, AnswerStep]


def _with(path: str, value: Any) -> dict[str, Any]:
    scenario = _scenario()
    *parents, last = path.split(".")
    inner: Any = scenario
    for name in parents:
        inner = inner[int(name)] if name.isdigit() else inner[name]
    inner[int(last) if last.isdigit() else last] = value
    return scenario


@pytest.mark.parametrize(
    ("path", "value", "at"),
    [
        ("title", 7, "title"),
        ("unheard_of", "x", ""),
        ("steps.0.target", "x", "steps[0]"),
        ("steps.0.does", "attack", "steps[0]"),
        ("steps.0.who", "cedar", "steps[0].who"),
        ("steps.0.volumes.0.circle.lat", 91, "steps[0].volumes[0].circle.lat"),
        ("steps.0.volumes.0.polygon", [[0, 0], [0, 1], [1, 1]], "steps[0].volumes[0]"),
        ("steps.0.volumes.0.circle", None, "steps[0].volumes[0]"),
        ("steps.1.notice", "two", "steps[1].notice"),
        ("steps.1.who", "amber", "steps[1].notice"),
        ("steps.1.at_s", 0, "steps[1].at_s"),
        ("steps.1.answer", "YES", "steps[1].answer"),
        ("parties.1.id", "amber", "parties"),
        ("kill.party", "cedar", "kill.party"),
        ("kill.back_after", 2, "kill.back_after"),
        ("kill.after", 0, "kill.after"),
        ("agreement", "../secret.toml", "agreement"),
    ],
)
def test_what_cannot_be_played_is_refused_and_the_place_is_named(path: str, value: Any, at: str) -> None:
    with pytest.raises(Malformed) as caught:
        _read(_with(path, value))
    assert caught.value.at.startswith(at)


def test_a_killed_node_does_nothing() -> None:
    scenario = _scenario()
    scenario["steps"].append({"at_s": 3, "who": "birch", "does": "answer", "notice": "one", "answer": "WILCO"})
    scenario["kill"] = {"party": "birch", "after": 1, "back_after": 2}
    with pytest.raises(Malformed, match="a killed node does nothing"):
        _read(scenario)


@pytest.mark.parametrize("data", [b"", b"{", b"title = ", b"\xff\xfe", b"[" * 10_000, b'{"a":' * 10_000])
def test_what_is_neither_toml_nor_json_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        read_scenario(data)


def test_a_scenario_has_a_bound() -> None:
    data = json.dumps(_scenario()).encode()
    assert read_scenario(data + b" " * (200_000 - len(data))).title == "A short one"
    with pytest.raises(LimitReached):
        read_scenario(data + b" " * (200_001 - len(data)))
