"""Agreements as people write them: TOML with a unit behind each number."""

from keepclear.formats.agreement_toml.quantities import duration_s, length_m
from keepclear.formats.agreement_toml.reading import BYTES_MAX, read_agreement

__all__ = ["BYTES_MAX", "duration_s", "length_m", "read_agreement"]
