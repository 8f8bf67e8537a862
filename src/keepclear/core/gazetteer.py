"""A gazetteer: places by their names, spelled in many ways and scripts, and the places nearest to a position (P1, P7).

A place here is a settlement or a landmark that a bearing can be taken from. A protected facility, a zone of an
agreement and an agreement are other things and have names of their own; no name here ever stands for one of them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from keepclear.core.footprint import LatLon, check_position
from keepclear.core.geodesy import bearing_deg, chord_at_most_m, distance_m, point_to_ecef, to_ecef
from keepclear.errors import LimitReached, Malformed, NotFound

NAME_MAX: Final = 120
PLACES_MAX: Final = 200_000
#: So many candidates are named in the message about a name that several places have.
CANDIDATES_SHOWN: Final = 6
NEAREST_MAX: Final = 50
#: Names that sound alike are taken for variants of one if at most this part of the letters differs.
ALIKE_PART: Final = 0.5

#: The article of Arabic names, as it is spelled before different letters.
_ARTICLES: Final = frozenset(
    ("al", "el", "ad", "ed", "adh", "an", "en", "ar", "er", "as", "es", "ash", "esh", "at", "et", "az", "ez", "ul")
)
#: An id is its source and its code there.
_ID = re.compile(r"[a-z][a-z0-9-]{0,15}:[A-Za-z0-9._-]{1,40}", re.ASCII)
_NOT_LETTERS = re.compile(r"[\W_]+")
_DOUBLED = re.compile(r"(.)\1+")
#: Vowels but for those that a word begins with.
_VOWELS = re.compile(r"(?<=[a-z0-9])[aeiouy]+", re.ASCII)
#: Letters and pairs that one sound is written by in different schools of transcription.
_SOUNDS = (
    ("kh", "h"), ("gh", "g"), ("dh", "d"), ("th", "t"), ("sh", "s"), ("ch", "s"), ("ou", "u"), ("ph", "f"),
    ("dj", "g"), ("j", "g"), ("q", "k"), ("c", "k"), ("w", "u"), ("v", "f"), ("z", "s"), ("x", "ks"),
)  # fmt: skip


def folded(name: str) -> str:
    """A name without marks, case, signs and articles, so that spellings that look alike are alike.

    >>> folded("Al-Lādhiqīyah"), folded("Deir ez-Zor"), folded("İdlib")
    ('ladhiqiyah', 'deir zor', 'idlib')
    """
    plain = name if name.isascii() else _without_marks(name)
    words = _NOT_LETTERS.sub(" ", plain.casefold()).split()
    return " ".join([word for word in words if word not in _ARTICLES] or words)


def _without_marks(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name)
    kept = "".join(char for char in decomposed if not unicodedata.combining(char) and char not in "ʿʾʻʼ`‘’ـ")
    # Forms of one Arabic letter that people write for one another.
    return kept.translate(str.maketrans("أإآىةı", "اااي\u0647i"))


def skeleton(name: str) -> str:
    """What is left of a name when vowels and schools of transcription are taken away (P7).

    >>> skeleton("Sher Mughar") == skeleton("Shir Mughar") == skeleton("Sheer Maghar")
    True
    >>> skeleton("Tell Touqan") == skeleton("Tal Tuqan")
    True
    """
    plain = folded(name)
    if not plain.isascii():
        return plain
    for written, sound in _SOUNDS:
        plain = plain.replace(written, sound)
    return _DOUBLED.sub(r"\1", _VOWELS.sub("", plain)).replace(" ", "")


@dataclass(frozen=True, slots=True)
class Place:
    """One place.

    Attributes:
        id: stable, with its source before the colon: `gn:173576` is GeoNames, others are a party's own.
        country: ISO 3166 alpha-2, or empty.
        population: how many live there, about; 0 where it is not known.
        variants: other names, in any script.
    """

    id: str
    name: str
    lat_deg: float
    lon_deg: float
    country: str = ""
    population: int = 0
    variants: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_position((self.lat_deg, self.lon_deg), at=f"place {self.id}")
        for name in (self.name, *self.variants):
            if not 0 < len(name) <= NAME_MAX or not name.isprintable():
                raise Malformed(f"a name has 1 to {NAME_MAX} printable characters, not {name!r}", at=f"place {self.id}")

    @property
    def position(self) -> LatLon:
        """Latitude and longitude, degrees."""
        return (self.lat_deg, self.lon_deg)

    @property
    def title(self) -> str:
        """The name with its country."""
        return f"{self.name}, {self.country}" if self.country else self.name


@dataclass(frozen=True, slots=True)
class Near:
    """A place seen from a position, or the position from it: `bearing_deg` is true, from the place to the position."""

    place: Place
    bearing_deg: float
    range_m: float


class Gazetteer:
    """Places that are looked up by id, by name, and by nearness. Ids are unique."""

    def __init__(self, places: Sequence[Place]) -> None:
        if len(places) > PLACES_MAX:
            raise LimitReached(f"a gazetteer holds at most {PLACES_MAX} places, not {len(places)}", at="gazetteer")
        self._places = tuple(places)
        self._by_id = {place.id: place for place in self._places}
        if len(self._by_id) < len(self._places):
            seen: set[str] = set()
            twice = next(place.id for place in self._places if place.id in seen or seen.add(place.id))  # type: ignore[func-returns-value]
            raise Malformed(f"two places have the id {twice}", at="gazetteer")

    def __len__(self) -> int:
        return len(self._places)

    def joined(self, own: Gazetteer) -> Gazetteer:
        """This one and a party's own places together. Neither is searched anew.

        Raises:
            Malformed: an id stands in both.
        """
        return _Joined(own, self)

    def by_id(self, place_id: str) -> Place:
        """The place of an id.

        Raises:
            NotFound: there is none.
        """
        try:
            return self._by_id[place_id]
        except KeyError:
            raise NotFound(f"no place has the id {place_id!r}", at="place") from None

    def find(self, name: str, *, limit: int = 10) -> tuple[Place, ...]:
        """Places of a name, best first: by their chief name, then by another name, the larger first (P7).

        Where there are none, those whose name sounds alike, the most alike first. `Tripoli, LY` asks for a country.
        """
        by_name, by_variant, by_sound = self._tiers(name)
        found = {place.id: place for place in (*by_name(), *by_variant())}
        return tuple(found.values() or by_sound())[:limit]

    def resolve(self, name: str, *, near: LatLon | None = None, within_m: float = 0.0) -> Place:
        """The one place that a name or an id means (P7).

        Args:
            near: only places within `within_m` of this count, as for an agreement's area; None takes all.

        Raises:
            NotFound: none has that name.
            Malformed: several have; the message names them with their ids.
        """
        if _ID.fullmatch(name.strip()):
            return self.by_id(name.strip())
        for tier in self._tiers(name):
            places = tier()
            if near is not None:
                places = [place for place in places if distance_m(place.position, near) <= within_m]
            if len(places) == 1:
                return places[0]
            if places:
                listed = "; ".join(f"{place.id} {place.title}" for place in places[:CANDIDATES_SHOWN])
                more = f" and {len(places) - CANDIDATES_SHOWN} more" if len(places) > CANDIDATES_SHOWN else ""
                raise Malformed(f"{name!r} may be {listed}{more}: give the id", at="place")
        where = "" if near is None else f" within {within_m / 1000:.0f} km of the area"
        raise NotFound(f"no place is called {name!r}{where}: add it to your own gazetteer, or take another", at="place")

    def nearest(self, position: LatLon, *, count: int = 5, population_min: int = 0) -> tuple[Near, ...]:
        """The nearest places to a position, nearest first, each with the bearing and distance from it to the position.

        Raises:
            LimitReached: more than NEAREST_MAX are asked for.
        """
        if not 0 < count <= NEAREST_MAX:
            raise LimitReached(f"1 to {NEAREST_MAX} nearest places are given, not {count}", at="count")
        if not self._places:
            return ()
        chords_m = np.linalg.norm(self._points - np.array(point_to_ecef(*position)), axis=1)
        if population_min:
            chords_m = np.where(self._populations >= population_min, chords_m, np.inf)
        # The shortest straight lines hold the shortest ways along the ground, but for the last few metres.
        order = np.argpartition(chords_m, min(count, len(chords_m) - 1))[: count + 1]
        farthest_m = float(chords_m[order].max())
        reach_m = chord_at_most_m(farthest_m) * 1.01 if np.isfinite(farthest_m) else np.inf
        rows = [int(row) for row in np.flatnonzero(chords_m <= max(reach_m, farthest_m)) if np.isfinite(chords_m[row])]
        found = [
            Near(place, bearing_deg(place.position, position), distance_m(place.position, position))
            for place in (
                self._places[row] for row in sorted(rows, key=lambda row: float(chords_m[row]))[: count * 2 + 8]
            )
        ]
        return tuple(sorted(found, key=lambda near: near.range_m)[:count])

    def _tiers(self, name: str) -> tuple[Callable[[], list[Place]], ...]:
        """Places by chief name, by any name and by sound, each looked up only when it is called."""
        if len(name) > NAME_MAX:
            raise LimitReached(f"a name has at most {NAME_MAX} characters", at="place")
        said, _, country = name.rpartition(",")
        said, country = (said, country.strip().upper()) if said and len(country.strip()) == 2 else (name, "")
        plain = folded(said)

        def larger_first(index: Mapping[str, list[int]], key: str) -> list[Place]:
            places = [self._places[row] for row in index.get(key, [])] if key else []
            return sorted(
                (place for place in places if not country or place.country == country),
                key=lambda place: -place.population,
            )

        def alike() -> list[Place]:
            steps = {
                place: min(_steps(plain, folded(known)) for known in (place.name, *place.variants))
                for place in larger_first(self._by_sound, skeleton(said))
            }
            return sorted((place for place in steps if steps[place] <= ALIKE_PART * len(plain)), key=steps.__getitem__)

        return (lambda: larger_first(self._by_name, plain), lambda: larger_first(self._by_variant, plain), alike)

    @cached_property
    def _by_name(self) -> dict[str, list[int]]:
        return _index((row, folded(place.name)) for row, place in enumerate(self._places))

    @cached_property
    def _by_variant(self) -> dict[str, list[int]]:
        return _index((row, folded(name)) for row, place in enumerate(self._places) for name in place.variants)

    @cached_property
    def _by_sound(self) -> dict[str, list[int]]:
        return _index(
            (row, skeleton(name))
            for row, place in enumerate(self._places)
            for name in (place.name, *place.variants)
            if name[0] < "\u0250"  # a name in another script has no other spelling here, and stands among the variants
        )

    @cached_property
    def _points(self) -> npt.NDArray[np.float64]:
        return to_ecef(
            np.array([place.lat_deg for place in self._places]), np.array([place.lon_deg for place in self._places])
        )

    @cached_property
    def _populations(self) -> npt.NDArray[np.int64]:
        return np.array([place.population for place in self._places])


class _Joined(Gazetteer):
    """Two gazetteers as one, the first of which goes first."""

    def __init__(self, first: Gazetteer, second: Gazetteer) -> None:
        if twice := first._by_id.keys() & second._by_id.keys():
            raise Malformed(f"two places have the id {min(twice)}", at="gazetteer")
        self._parts = (first, second)
        self._by_id = {**first._by_id, **second._by_id}

    def __len__(self) -> int:
        return len(self._by_id)

    def nearest(self, position: LatLon, *, count: int = 5, population_min: int = 0) -> tuple[Near, ...]:
        found = [
            near for part in self._parts for near in part.nearest(position, count=count, population_min=population_min)
        ]
        return tuple(sorted(found, key=lambda near: near.range_m)[:count])

    def _tiers(self, name: str) -> tuple[Callable[[], list[Place]], ...]:
        def both(first: Callable[[], list[Place]], second: Callable[[], list[Place]]) -> Callable[[], list[Place]]:
            return lambda: first() + second()

        return tuple(both(*tiers) for tiers in zip(*(part._tiers(name) for part in self._parts), strict=True))


def _steps(one: str, other: str) -> int:
    """How many letters are put in, left out or changed between two names (Levenshtein's distance)."""
    row = list(range(len(other) + 1))
    for here, letter in enumerate(one, start=1):
        before, row[0] = row[0], here
        for there, known in enumerate(other, start=1):
            before, row[there] = row[there], min(row[there] + 1, row[there - 1] + 1, before + (letter != known))
    return row[-1]


def _index(pairs: Iterable[tuple[int, str]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for row, key in pairs:
        rows = found.setdefault(key, [])
        if key and (not rows or rows[-1] != row):
            rows.append(row)
    return found
