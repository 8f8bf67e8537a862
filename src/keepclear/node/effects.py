"""Everything to be done once it is recorded, as values.

What is sent to a peer is exactly what its channel holds, so an effect names the channel and not the bytes:
the outbox is the part of a channel that the peer has not taken yet.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deliver:
    """The channel to this peer has grown: send it. `is_urgent`: do not wait out a failed attempt."""

    to: str
    is_urgent: bool = False


@dataclass(frozen=True, slots=True)
class PeersChanged:
    """Keys were enrolled or removed: links and doors must trust what the picture now says."""


Effect = Deliver | PeersChanged
