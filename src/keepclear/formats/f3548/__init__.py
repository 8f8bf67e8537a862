"""ASTM F3548-21: files of it as planned activities, and the messages of its interface."""

from keepclear.formats.f3548.reading import looks_like_f3548, read_f3548

__all__ = ["looks_like_f3548", "read_f3548"]
