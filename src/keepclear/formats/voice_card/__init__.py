"""Voice cards: entries as numbered lines with check letters, said, heard, typed in, and the same hash again (V1)."""

from keepclear.formats.voice_card.card import Card, CardLine, card_digest, card_of, content_hash, make_card
from keepclear.formats.voice_card.kinds import KINDS
from keepclear.formats.voice_card.phonetic import say
from keepclear.formats.voice_card.reading import LineWrong, TypedLine, lines_wanted, read_card, read_line, read_lines
from keepclear.formats.voice_card.spoken import LINES_MAX, Spoken, spoken_form

__all__ = [
    "KINDS",
    "LINES_MAX",
    "Card",
    "CardLine",
    "LineWrong",
    "Spoken",
    "TypedLine",
    "card_digest",
    "card_of",
    "content_hash",
    "lines_wanted",
    "make_card",
    "read_card",
    "read_line",
    "read_lines",
    "say",
    "spoken_form",
]
