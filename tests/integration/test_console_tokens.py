"""Tokens and words of the console, checked without a browser: contrast of each pair in use, phrases, banned calls."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "src/keepclear/faces/console/static"
OURS = sorted(path for path in STATIC.rglob("*.js") if "vendor" not in path.parts)

TEXT, MARK = 4.5, 3.0
PAIRS = [
    ("ink", "panel", TEXT), ("ink", "raised", TEXT), ("ink", "bg", TEXT), ("ink", "select", TEXT),
    ("ink2", "panel", TEXT), ("ink2", "raised", TEXT), ("ink2", "bg", TEXT), ("ink2", "select", TEXT),
    ("ink2", "red-wash", TEXT), ("ink2", "sea", TEXT),
    ("on-red", "red", TEXT), ("on-amber", "amber", TEXT), ("on-turned", "turned", TEXT),
    ("red-ink", "panel", TEXT), ("red-ink", "red-wash", TEXT), ("amber-ink", "panel", TEXT),
    ("amber-ink", "select", TEXT),
    ("p0", "panel", TEXT), ("p1", "panel", TEXT), ("p2", "panel", TEXT),
    ("edge", "raised", MARK), ("edge", "panel", MARK), ("red", "sea", MARK),
    ("amber-line", "sea", MARK), ("amber-line", "panel", MARK), ("amber-line", "raised", MARK),
    ("p0", "sea", MARK), ("p1", "sea", MARK), ("p2", "sea", MARK),
    ("p0", "land", MARK), ("p1", "land", MARK), ("p2", "land", MARK),
    ("focus", "panel", MARK), ("focus", "raised", MARK), ("zone", "sea", MARK),
]  # fmt: skip

#: The table of the design, to one decimal: a change of a token that moves one of these is a change of the design.
DESIGNED = {
    ("ink", "panel"): (16.2, 14.6, 7.8), ("ink2", "panel"): (8.2, 9.3, 6.3), ("ink2", "select"): (7.3, 7.0, 5.6),
    ("edge", "raised"): (4.5, 4.0, 3.4), ("on-red", "red"): (6.7, 6.3, 7.9), ("red", "sea"): (5.5, 5.7, 7.9),
    ("on-amber", "amber"): (9.6, 10.2, 5.1), ("amber-ink", "panel"): (6.5, 10.8, 7.8),
    ("amber-line", "sea"): (5.1, 9.9, 5.7), ("p0", "sea"): (5.5, 8.5, 7.9), ("p1", "sea"): (5.0, 8.6, 6.6),
    ("p2", "sea"): (5.6, 7.8, 5.6), ("focus", "panel"): (7.0, 17.9, 12.0),
}  # fmt: skip
THEMES = ("day", "night", "red")


def tokens(theme: str) -> dict[str, str]:
    sheet = (STATIC / "css/tokens.css").read_text("utf-8")
    block = re.search(rf':root\[data-theme="{theme}"\] \{{(.*?)\}}', sheet, re.DOTALL)
    assert block, theme
    return dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", block[1]))


def luminance(colour: str) -> float:
    """Relative luminance of sRGB (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES)
def test_every_pair_in_use_has_the_contrast_it_needs(theme: str) -> None:
    colours = tokens(theme)

    low = {
        (ink, ground): round(contrast(colours[ink], colours[ground]), 2)
        for ink, ground, least in PAIRS
        if contrast(colours[ink], colours[ground]) < least
    }

    assert low == {}


def test_the_contrasts_are_those_of_the_design() -> None:
    found = {
        pair: tuple(round(contrast(*(tokens(theme)[one] for one in pair)), 1) for theme in THEMES) for pair in DESIGNED
    }

    differ = {
        pair: (found[pair], designed)
        for pair, designed in DESIGNED.items()
        if any(abs(one - other) > 0.11 for one, other in zip(found[pair], designed, strict=True))
    }
    assert differ == {}


def test_the_themes_have_the_same_names_so_a_theme_never_changes_layout() -> None:
    assert tokens("day").keys() == tokens("night").keys() == tokens("red").keys()


def test_no_colour_stands_outside_the_tokens() -> None:
    for sheet in ("css/console.css", "css/panes.css"):
        assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[;\s,)])", (STATIC / sheet).read_text("utf-8")) == []
    for path in OURS:
        assert re.findall(r"""["']#[0-9a-fA-F]{3,8}["']""", path.read_text("utf-8")) == [], path.name


def test_layout_is_written_in_logical_properties() -> None:
    physical = re.compile(
        r"(?<![-\w])(margin|padding|border)-(left|right|top|bottom)\b|(?<![-\w])(left|right|top|bottom)\s*:"
    )

    for sheet in ("css/console.css", "css/panes.css"):
        assert physical.findall((STATIC / sheet).read_text("utf-8")) == [], sheet


LANGUAGES = ("en", "ru", "ar", "he", "tr", "fr")


def _phrases(language: str) -> dict[str, str]:
    """Key to phrase of one language of the console."""
    text = (STATIC / "words" / f"{language}.js").read_text("utf-8")
    return dict(re.findall(r'^  "([a-z]+\.[A-Za-z0-9_]*)":\s*"((?:[^"\\]|\\.)*)",$', text, re.MULTILINE))


def test_the_languages_are_those_that_the_console_offers() -> None:
    offered = re.findall(r'^  \["([a-z]{2})", "', (STATIC / "words.js").read_text("utf-8"), re.MULTILINE)

    assert tuple(offered) == LANGUAGES
    assert sorted(path.stem for path in (STATIC / "words").iterdir()) == sorted(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_a_language_has_every_phrase_with_the_same_slots_and_code_words(language: str) -> None:
    english, other = _phrases("en"), _phrases(language)
    code_words = re.compile(r"\b(?:STOP|SHORT|STANDBY|ROGER|WILCO|UNABLE|OPER|EXER|DEGRADED|CLOCK SUSPECT|LINE DOWN)\b")

    assert set(other) == set(english)
    for key, phrase in english.items():
        assert sorted(set(re.findall(r"\{\d\}", other[key]))) == sorted(set(re.findall(r"\{\d\}", phrase))), key
        assert set(code_words.findall(phrase)) <= set(code_words.findall(other[key])), key
        assert other[key].strip(), key


def test_every_phrase_that_is_said_exists_and_every_phrase_is_said() -> None:
    known = set(_phrases("en"))
    code = "\n".join(path.read_text("utf-8") for path in OURS if path.parent.name != "words")
    quoted = set(re.findall(r'"([a-z]+\.[A-Za-z0-9_]+)"', code))
    said = {key for key in quoted if key in known} | set(re.findall(r'say\(\s*"([^"]+)"', code))
    # Phrases of codes are put together from a prefix and the code: `say(`level.${...}`)`, sayCode("kind", ...).
    prefixes = set(re.findall(r"`([a-z]+)\.(?:stop_)?\$\{", code)) | set(re.findall(r'sayCode\(\s*"([a-z]+)"', code))
    prefixes |= set(re.findall(r'code\(\s*"([a-z]+)"', code))

    assert {key for key in said if key not in known} == set()
    assert {key for key in known if key not in said and key.split(".")[0] not in prefixes} == set()


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.relative_to(STATIC).as_posix())
def test_no_script_builds_markup_or_reaches_for_another_host(path: Path) -> None:
    code = path.read_text("utf-8")

    banned = [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        "srcdoc",
        "DOMParser",
    ]
    banned += ["confirm(", "alert(", "prompt(", "https://", "http://www", "//cdn"]
    # `http://www.w3.org/2000/svg` is the name of a language, not an address that is called.
    code = code.replace("http://www.w3.org/2000/svg", "")

    assert [word for word in banned if re.search(rf"(?<![\w.]){re.escape(word)}", code)] == []
    assert code.startswith(("// ", "/* global ol */\n// ")), "a module says what it is for"


def test_the_page_holds_no_inline_script_and_no_inline_style() -> None:
    page = (STATIC / "index.html").read_text("utf-8")

    assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=", page) == []
