"""What officers do, subject by subject, beside what stands in `officers`: add a module's `ACTS` here.

An act is (weight, maker). The maker is given the officers, the picture, the party and the instant, and gives a command,
or None when there is nothing to do it to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import acts_agreements
import acts_lines
import acts_spoken
import acts_watch

Act = tuple[int, Callable[[Any, Any, Any, int], Any]]

ACTS: list[Act] = [*acts_watch.ACTS, *acts_lines.ACTS, *acts_agreements.ACTS, *acts_spoken.ACTS]
