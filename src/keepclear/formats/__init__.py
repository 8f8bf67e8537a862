"""Translators: bytes to values and back. One format a file; none opens a file or a socket."""
