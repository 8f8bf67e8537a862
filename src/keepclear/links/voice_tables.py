"""Voice tables of a node, in its folder under `voice/`: one to speak with and one to hear by, for each peer.

Private files. What was used of the table to speak with stands beside it; what was heard stands in the record.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from keepclear.core.ids import check_party_id
from keepclear.errors import Malformed, NotFound, UnlawfulChange
from keepclear.formats.voice_table import VoiceTable, read_table
from keepclear.links.system import read_private, write_private

FOLDER: Final = "voice"


class VoiceTables:
    """The tables in a node's folder. Nothing here is ever served."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER

    def keep(self, table: VoiceTable, own_party: str) -> None:
        """Keep a table in place of an earlier one of the same direction.

        Raises:
            Malformed: it is between two other parties.
        """
        if own_party not in (table.speaker, table.hearer):
            raise Malformed(f"this table is for {table.speaker} to {table.hearer}, not for {own_party}", at="table")
        self._folder.mkdir(mode=0o700, exist_ok=True)
        is_ours = table.speaker == own_party
        kept = table.for_speaker() if is_ours else table
        path = self._path("speak" if is_ours else "hear", table.hearer if is_ours else table.speaker)
        write_private(path, msgspec.json.encode(kept) + b"\n")

    def to_speak(self, peer: str) -> VoiceTable:
        """What we answer the peer's challenges with. Raises NotFound."""
        return self._read("speak", peer, f"make one: keepclear card table --peer {peer} --out FILE")

    def to_hear(self, peer: str) -> VoiceTable:
        """What we judge the peer's tokens by. Raises NotFound."""
        return self._read("hear", peer, f"take the peer's: keepclear card table --peer {peer} --take FILE")

    def used(self, table: VoiceTable) -> frozenset[int]:
        """Rows of a table to speak with from which a token was made."""
        path = self._used_path(table)
        return frozenset(msgspec.json.decode(read_private(path), type=list[int])) if path.exists() else frozenset()

    def use(self, table: VoiceTable, row: int) -> None:
        """Mark a row before its token is shown. Raises UnlawfulChange when it was used before."""
        used = self.used(table)
        if row in used:
            free = next((number for number in range(1, len(table.rows) + 1) if number not in used), None)
            right = f"take row {free}" if free else "make a new table"
            raise UnlawfulChange(f"row {row} was used; {right}", at="row")
        write_private(self._used_path(table), msgspec.json.encode(sorted({*used, row})))

    def _read(self, what: str, peer: str, right: str) -> VoiceTable:
        path = self._path(what, peer)
        if not path.exists():
            raise NotFound(f"there is no voice table to {what} with {peer}; {right}", at="table")
        return read_table(read_private(path))

    def _path(self, what: str, peer: str) -> Path:
        return self._folder / f"{what}-{check_party_id(peer)}.json"

    def _used_path(self, table: VoiceTable) -> Path:
        return self._folder / f"used-{table.id}.json"
