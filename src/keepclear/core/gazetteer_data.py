"""The bundled gazetteer: 69,472 places of the world, from GeoNames (CC BY 4.0), trimmed by tools/trim_gazetteer.py.

docs/reference/gazetteer.md describes the file; src/keepclear/core/data/gazetteer.LICENSE says whose work it is.
"""

from __future__ import annotations

import hashlib
import lzma
import struct
from functools import lru_cache
from importlib import resources
from typing import Final

import numpy as np

from keepclear.core.gazetteer import Gazetteer, Place
from keepclear.errors import ensure

#: SHA-256 of the content, before it was packed.
CONTENT_SHA256: Final = "f10406d09412bb5aed5c7b501f4c8a2552e2b8e29b1c4f4502103077e9914246"
ATTRIBUTION: Final = "Places: GeoNames (geonames.org), CC BY 4.0, trimmed"
_HEAD: Final = b"keepclear-gazetteer-1\n"
_COLUMNS: Final = 7


@lru_cache(maxsize=1)
def bundled() -> Gazetteer:
    """The places of the world that come with keepclear. Takes about a second the first time, and is kept."""
    packed = resources.files("keepclear.core").joinpath("data", "gazetteer.xz").read_bytes()
    body = lzma.decompress(packed)
    ensure(hashlib.sha256(body).hexdigest() == CONTENT_SHA256, "the gazetteer is as it was packed")
    columns, at = [], len(_HEAD)
    for _ in range(_COLUMNS):
        (length,) = struct.unpack_from("<I", body, at)
        columns.append(body[at + 4 : at + 4 + length])
        at += 4 + length
    ids, lats, lons = (np.frombuffer(columns[k], dtype).tolist() for k, dtype in ((0, "<u4"), (1, "<i4"), (2, "<i4")))
    countries, names, variants = (columns[k].decode().split("\n") for k in (4, 5, 6))
    return Gazetteer(
        [
            Place(
                f"gn:{number}",
                name,
                lat / 1e4,
                lon / 1e4,
                country,
                round(2 ** (size / 4)) - 1,
                tuple(others.split("|")) if others else (),
            )
            for number, lat, lon, size, country, name, others in zip(
                ids, lats, lons, columns[3], countries, names, variants, strict=True
            )
        ]
    )
