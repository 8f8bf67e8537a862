"""Constraints of ours: published with a discovery service, shown to whoever asks, told to subscribers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from keepclear.core.volume import Volume4D
from keepclear.dss.values import MANAGEMENT
from keepclear.errors import LimitReached, NotFound, Unavailable
from keepclear.formats.f3548 import messages
from keepclear.formats.f3548.volumes import volume_message
from keepclear.uss import wire
from keepclear.uss.ports import StandardLink
from keepclear.uss.telling import tell_all

REFERENCES: Final = "/dss/v1/constraint_references"
DETAILS: Final = "/uss/v1/constraints"
OWN_MAX: Final = 10_000


@dataclass(frozen=True, slots=True)
class PublishedConstraint:
    """A constraint of ours that stands.

    Attributes:
        kind: what sort of feature it is, as in `com.example.restricted`.
    """

    id: str
    volumes: tuple[Volume4D, ...]
    kind: str
    reference: messages.PeerConstraintReference


class ConstraintDesk:
    """Publishes constraints. `url` is our base URL, `name` the `sub` of our tokens."""

    def __init__(self, link: StandardLink, *, name: str, url: str, dss_url: str) -> None:
        self._link = link
        self._name = name
        self.url = url.rstrip("/")
        self._dss_url = dss_url.rstrip("/")
        #: Those that the discovery service has taken, by id.
        self.own: dict[str, PublishedConstraint] = {}

    async def publish(self, key: str, volumes: tuple[Volume4D, ...], kind: str) -> tuple[str, ...]:
        """Publish a constraint or change one of ours; gives the addresses of subscribers that were not told.

        Raises:
            LimitReached: `OWN_MAX` stand.
            Malformed, NotAllowed, Unavailable: the discovery service refuses, or does not answer.
        """
        if key not in self.own and len(self.own) >= OWN_MAX:
            raise LimitReached(f"{OWN_MAX} constraints of ours stand")
        body = {"extents": [volume_message(volume) for volume in volumes], "uss_base_url": self.url}
        ovn = self.own[key].reference.ovn if key in self.own else None
        for _ in range(2):
            path = f"{REFERENCES}/{key}" + (f"/{ovn}" if ovn else "")
            status, data = await self._link.ask("PUT", self._dss_url, path, scope=MANAGEMENT, body=body)
            if status in (404, 409):
                ovn = await self._standing_ovn(key)
                continue
            if status not in (200, 201):
                raise wire.refusal(status, data, "the discovery service")
            changed: _Changed = wire.read(data, _Changed, "the discovery service")
            self.own[key] = held = PublishedConstraint(key, volumes, kind, changed.constraint_reference)
            return await self._tell(key, changed.subscribers, constraint_message(held))
        raise Unavailable("the discovery service holds another version of it each time: try again")

    async def lift(self, key: str) -> tuple[str, ...]:
        """Take a constraint of ours away; gives who was not told. Raises NotFound, or as `publish`."""
        held = self.own.get(key)
        if held is None:
            raise NotFound(f"we have no constraint {key}", at="id")
        ovn: str | None = held.reference.ovn
        for _ in range(2):
            if ovn is None:  # It is not there any more.
                break
            status, data = await self._link.ask("DELETE", self._dss_url, f"{REFERENCES}/{key}/{ovn}", scope=MANAGEMENT)
            if status == 409:
                ovn = await self._standing_ovn(key)
                continue
            if status not in (200, 404):
                raise wire.refusal(status, data, "the discovery service")
            del self.own[key]
            if status == 404:
                return ()
            changed: _Changed = wire.read(data, _Changed, "the discovery service")
            return await self._tell(key, changed.subscribers, None)
        if ovn is not None:
            raise Unavailable("the discovery service holds another version of it each time: try again")
        del self.own[key]
        return ()

    def details(self, key: str) -> messages.Constraint:
        """A constraint of ours, whole, with its OVN. Raises NotFound."""
        held = self.own.get(key)
        if held is None:
            raise NotFound(f"we manage no constraint {key}", at="entityid")
        return constraint_message(held)

    async def _standing_ovn(self, key: str) -> str | None:
        """The version of ours that the service holds: an answer of it was lost to us, or we were started anew."""
        status, data = await self._link.ask("GET", self._dss_url, f"{REFERENCES}/{key}", scope=MANAGEMENT)
        if status == 404:
            return None
        if status != 200:
            raise wire.refusal(status, data, "the discovery service")
        reference = wire.read(data, _Reference, "the discovery service").constraint_reference
        return reference.ovn if reference.manager == self._name else None

    async def _tell(
        self, key: str, subscribers: tuple[messages.SubscriberToNotify, ...], whole: messages.Constraint | None
    ) -> tuple[str, ...]:
        return await tell_all(
            self._link,
            subscribers,
            DETAILS,
            scope=MANAGEMENT,
            body_for=lambda states: messages.PutConstraintDetailsParameters(key, states, whole),
            besides=self.url,
        )


def constraint_message(held: PublishedConstraint) -> messages.Constraint:
    """A constraint of ours as we show it."""
    volumes = tuple(volume_message(volume) for volume in held.volumes)
    return messages.Constraint(held.reference, messages.ConstraintDetails(volumes, held.kind))


class _Reference(messages.Message, frozen=True):
    constraint_reference: messages.PeerConstraintReference


class _Changed(messages.Message, frozen=True):
    subscribers: tuple[messages.SubscriberToNotify, ...]
    constraint_reference: messages.PeerConstraintReference
