"""Every error keepclear raises on purpose, as one tree.

```
KeepclearError                  HTTP  code
├── Malformed                   422   malformed        cannot be what it claims; `at` says where
├── NotKnown                    401   not_known        no valid credential was shown
├── NotFound                    404   not_found
├── Refused                           refused          a rule says no, and which
│   ├── NotAllowed              403   not_allowed      this caller may not ask this
│   ├── UnlawfulChange          409   unlawful_change  not from this state
│   ├── Stale                   412   stale            you have not seen the latest version
│   └── LimitReached            413   limit_reached    a bound in settings, by name and value
├── Tampered                    422   tampered         a signature, proof or history does not hold
└── Unavailable                 503   unavailable      the world failed; try again
    ├── Busy                    503   busy             the queue is full
    ├── PeerUnreachable         503   peer_unreachable
    └── StoreFailed             503   store_failed
InvariantBroken                 -     ours; not a KeepclearError, so no handler catches it
```
"""

from __future__ import annotations


class KeepclearError(Exception):
    """The caller can mend it, or the world failed; the message says what is wrong and what would be right."""

    code = "error"
    status = 400

    def __init__(self, message: str, *, at: str = "") -> None:
        super().__init__(message)
        self.message = message
        #: Path of the bad field, as in `volumes[0].span`; empty when the whole is meant.
        self.at = at

    def __str__(self) -> str:
        return f"{self.at}: {self.message}" if self.at else self.message


class Malformed(KeepclearError):
    """It cannot be what it claims to be."""

    code, status = "malformed", 422


class NotKnown(KeepclearError):
    """No valid credential was shown."""

    code, status = "not_known", 401


class NotFound(KeepclearError):
    """There is no such thing here."""

    code, status = "not_found", 404


class Refused(KeepclearError):
    """A rule says no."""

    code, status = "refused", 409


class NotAllowed(Refused):
    """This caller may not ask this."""

    code, status = "not_allowed", 403


class UnlawfulChange(Refused):
    """This cannot follow from the state it is in."""

    code, status = "unlawful_change", 409


class Stale(Refused):
    """The caller has not seen the latest version."""

    code, status = "stale", 412


class LimitReached(Refused):
    """A bound of the settings, by its name and value."""

    code, status = "limit_reached", 413


class Tampered(KeepclearError):
    """A signature, a proof or a history does not hold."""

    code, status = "tampered", 422


class Unavailable(KeepclearError):
    """The world failed; the same request may succeed later."""

    code, status = "unavailable", 503


class Busy(Unavailable):
    """A queue is full."""

    code = "busy"


class PeerUnreachable(Unavailable):
    """The other party's node does not answer."""

    code = "peer_unreachable"


class StoreFailed(Unavailable):
    """The store cannot make things durable."""

    code = "store_failed"


class InvariantBroken(Exception):
    """We are wrong. The process, or the one message being handled, stops here."""


def ensure(holds: bool, invariant: str) -> None:
    """Raise InvariantBroken unless `holds`; `invariant` is the sentence that should be true."""
    if not holds:
        raise InvariantBroken(invariant)
