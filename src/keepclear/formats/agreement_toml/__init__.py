"""Agreements as people write them: TOML with a unit behind each number."""

from keepclear.formats.agreement_toml.changes import Change, changes
from keepclear.formats.agreement_toml.quantities import BYTES_MAX, duration_s, length_m
from keepclear.formats.agreement_toml.reading import read_agreement
from keepclear.formats.agreement_toml.writing import write_agreement, write_zone
from keepclear.formats.agreement_toml.zones import read_zone_text

__all__ = [
    "BYTES_MAX",
    "Change",
    "changes",
    "duration_s",
    "length_m",
    "read_agreement",
    "read_zone_text",
    "write_agreement",
    "write_zone",
]
