"""Scenarios by name or path: the file, the agreement beside it, and its steps as requests to a node's API."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

import keepclear
from keepclear.core.timespan import SECOND_US, zulu
from keepclear.errors import Malformed, NotFound
from keepclear.formats.scenario import BYTES_MAX, FileStep, Scenario, Volume, read_scenario

if TYPE_CHECKING:
    from keepclear.core.agreement import Agreement
    from keepclear.formats.api.requests import FileNoticeRequest

#: What `--scenario` knows by name, below the examples.
NAMES: Final = {
    "two_parties": "two_parties/scenario.toml",
    "short_notice": "short_notice/one_minute.toml",
    "short_notice_by_the_rules": "short_notice/by_the_rules.toml",
}
REFERENCE: Final = "syria_2019"


@dataclass(frozen=True, slots=True)
class Play:
    """A scenario, and the agreement that lies beside it."""

    scenario: Scenario
    terms: str
    agreement: Agreement


def examples_folder() -> Path:
    """Where the examples lie: inside the installed package, or beside `src` in a checkout.

    Raises:
        NotFound: neither is there.
    """
    package = Path(keepclear.__file__).parent
    for folder in (package / "examples", package.parent.parent / "examples"):
        if (folder / "two_parties").is_dir():
            return folder
    raise NotFound("the examples are not installed; name a scenario file by its path", at="scenario")


def load_play(name: str) -> Play:
    """A scenario by its name, or by the path of its file.

    Raises:
        NotFound: no such name or file, or no agreement beside it.
        Malformed, LimitReached: what is in them cannot be played.
    """
    from keepclear.formats.agreement_toml import BYTES_MAX as TERMS_MAX
    from keepclear.formats.agreement_toml import read_agreement

    path = examples_folder() / NAMES[name] if name in NAMES else Path(name)
    if not path.is_file():
        known = ", ".join((*NAMES, REFERENCE))
        raise NotFound(f"{name!r} is neither a scenario file nor one of {known}", at="scenario")
    scenario = read_scenario(_read(path, BYTES_MAX))
    terms = _read(path.parent / scenario.agreement, TERMS_MAX).decode(errors="replace")
    agreement = read_agreement(terms)
    if set(agreement.parties) != {player.id for player in scenario.parties}:
        raise Malformed(f"{scenario.agreement} is between {' and '.join(agreement.parties)}", at="agreement")
    return Play(scenario, terms, agreement)


def _read(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as opened:
            return opened.read(most + 1)
    except OSError as problem:
        raise NotFound(f"{path}: {problem.strerror}", at="scenario") from None


def notice_request(step: FileStep, by: str, now_us: int, *, confirmed: bool) -> FileNoticeRequest:
    """What a step files, offsets taken from now, whole seconds.

    Raises:
        Malformed: a value that the API would refuse.
    """
    from keepclear.client import to_request
    from keepclear.formats.api.requests import FileNoticeRequest

    values = {
        "volumes": [_volume(volume, now_us) for volume in step.volumes],
        "by": by,
        "confirmed": confirmed,
        **{
            name: getattr(step, name)
            for name in (
                "kind", "action", "region", "contact", "remarks", "activity", "slowest_mps", "reaction_s",
            )
        },
    }  # fmt: skip
    return to_request(FileNoticeRequest, values)


def _volume(volume: Volume, now_us: int) -> dict[str, object]:
    plain: dict[str, object] = {
        "lower": msgspec.to_builtins(volume.lower),
        "upper": msgspec.to_builtins(volume.upper),
        "start": _at(now_us, volume.start_s),
        "end": _at(now_us, volume.end_s),
    }
    if volume.circle is not None:
        plain["circle"] = msgspec.to_builtins(volume.circle)
    else:
        plain["polygon"] = volume.polygon
    return plain


def _at(now_us: int, offset_s: float) -> str:
    return zulu(-(-(now_us + round(offset_s * SECOND_US)) // SECOND_US) * SECOND_US)
