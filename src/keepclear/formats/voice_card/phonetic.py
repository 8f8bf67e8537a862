"""How a value is said over a bad line: letters by the ICAO alphabet, digits one by one.

Source: ICAO Annex 10, volume II, figure 5-1 (letters) and 5.2.1.4.3.1 (digits).
"""

from __future__ import annotations

import re
from typing import Final

_LETTERS: Final = (
    "ALFA", "BRAVO", "CHARLIE", "DELTA", "ECHO", "FOXTROT", "GOLF", "HOTEL", "INDIA", "JULIETT", "KILO", "LIMA",
    "MIKE", "NOVEMBER", "OSCAR", "PAPA", "QUEBEC", "ROMEO", "SIERRA", "TANGO", "UNIFORM", "VICTOR", "WHISKEY",
    "X-RAY", "YANKEE", "ZULU",
)  # fmt: skip
_DIGITS: Final = ("ZERO", "ONE", "TWO", "TREE", "FOWER", "FIFE", "SIX", "SEVEN", "EIGHT", "NINER")
_SIGNS: Final = {
    ".": "DECIMAL", "-": "DASH", ":": "COLON", ",": "COMMA", "/": "SLASH", "+": "PLUS", "'": "APOSTROPHE",
    "(": "BRACKET", ")": "BRACKET", "?": "QUERY", "&": "AND", "#": "HASH SIGN", "@": "AT", "_": "UNDERLINE",
    "=": "EQUALS", "*": "STAR", "%": "PERCENT", "!": "MARK", '"': "QUOTE", ";": "SEMICOLON", "<": "LESS", ">": "MORE",
    "[": "BRACKET", "]": "BRACKET", "{": "BRACKET", "}": "BRACKET", "\\": "BACKSLASH", "^": "CARET", "|": "BAR",
    "~": "TILDE", "`": "GRAVE", "$": "DOLLAR",
}  # fmt: skip
#: Said as they are: nobody mistakes them, and spelling them would take the time that the rest needs.
_WORDS: Final = {
    word: word
    for word in (
        "OPER", "EXER", "TEST", "HAZARD", "MOVEMENT", "AMEND", "ACTIVATE", "CANCEL", "STOP", "ANSWER", "RESUME",
        "KEEP", "CLEAR", "CALL", "BEFORE", "ENTERING", "BE", "AWARE", "DETAIL", "BY", "FILE", "TO", "LINES", "SECONDS",
        "ROGER", "WILCO", "UNABLE", "STANDBY", "ACTIVE", "ENDED", "EXTEND", "SHORTEN", "DEVIATE", "COMPLETE", "GIVE",
        "BACK", "LINE", "CHANNEL", "STATE", "OPEN", "LIMITED", "SUSPENDED", "NETWORK", "TELEPHONE", "RADIO", "SAFETY",
        "POLITICAL", "YES", "NO", "EMERGENCY", "STARTED", "ROUTINE", "NONE", "ESCORT", "BOTH", "ON", "BOARD",
    )
} | {"M": "METRES", "FL": "FLIGHT LEVEL"}  # fmt: skip
_LEVEL = re.compile(r"FL(?=[0-9])")


def say(text: str) -> str:
    """The words for a value: known words as they are, all else letter by letter and digit by digit.

    >>> say("A-0412 V2")
    'ALFA DASH ZERO FOWER ONE TWO, VICTOR TWO'
    >>> say("5000 M"), say("FL100")
    ('FIFE ZERO ZERO ZERO, METRES', 'FLIGHT LEVEL, ONE ZERO ZERO')
    """
    return ", ".join(_WORDS.get(word) or _spell(word) for word in _LEVEL.sub("FL ", text.upper()).split())


def _spell(word: str) -> str:
    return " ".join(_said(letter) for letter in word)


def _said(letter: str) -> str:
    if "A" <= letter <= "Z":
        return _LETTERS[ord(letter) - ord("A")]
    if "0" <= letter <= "9":
        return _DIGITS[int(letter)]
    return _SIGNS.get(letter, letter)
