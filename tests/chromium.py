"""Where this machine keeps Chromium. `python tests/chromium.py` prints it, or fails."""

from __future__ import annotations

import os
import shutil
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PLACES = (
    "/usr/bin/chromium",
    "/usr/lib/chromium/chromium",
    "/snap/bin/chromium",
    "/opt/google/chrome/chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)


def chromium_path() -> str | None:
    """The browser named by KEEPCLEAR_CHROMIUM, else the first on the path, else one in a usual place, else None."""
    named = os.environ.get("KEEPCLEAR_CHROMIUM")
    if named:
        return shutil.which(named)
    found = (shutil.which(candidate) for candidate in (*NAMES, *PLACES))
    return next((path for path in found if path), None)


if __name__ == "__main__":
    path = chromium_path()
    print(path or "no Chromium found")
    sys.exit(path is None)
