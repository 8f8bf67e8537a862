"""What stands beside the standard in the field: /aux/v1, /versions and health, as InterUSS defines them."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import parse_qs

from keepclear.errors import NotAllowed, NotFound
from keepclear.faces.f3548.routing import Asked, Route

#: The names of systems that a qualifier asks the version of.
SYSTEMS: Final = ("astm.f3548.v21", "dss")
_READS_POOL: Final = frozenset({"interuss.pool_status.read"})
_READS_VERSIONS: Final = frozenset({"interuss.versioning.read_system_versions"})


class AuxiliaryFace:
    """A service that is a pool of its own: every process of it shares one store.

    Args:
        version: of the software.
        pool: what this pool is called: the same from every process of it.
        url: how this service is reached, or empty.
    """

    def __init__(self, *, version: str, pool: str, url: str = "") -> None:
        self._version = version
        self._pool = pool
        self._url = url

    def routes(self) -> list[Route]:
        """Every way of asking."""
        return [
            Route("GET", "/healthy", self._healthy, needs_token=False),
            Route("GET", "/aux/v1/version", self._own_version, needs_token=False),
            Route("GET", "/aux/v1/validate_oauth", self._validate),
            Route("GET", "/aux/v1/pool", self._own_pool, _READS_POOL),
            Route("GET", "/aux/v1/pool/dss_instances", self._instances, _READS_POOL),
            Route("GET", "/aux/v1/configuration/accepted_ca_certs", self._no_certificates, needs_token=False),
            Route("GET", "/aux/v1/configuration/ca_certs", self._no_certificates, needs_token=False),
            Route("GET", "/aux/v1/configuration/scd_lock_mode", self._lock_mode, _READS_POOL),
            Route("GET", "/versions/{}", self._system_version, _READS_VERSIONS),
        ]

    async def _healthy(self, _: Asked) -> tuple[int, Any]:
        return 200, "ok"

    async def _own_version(self, _: Asked) -> tuple[int, Any]:
        return 200, {"version": self._version}

    async def _validate(self, asked: Asked) -> tuple[int, Any]:
        owner = parse_qs(asked.query.decode("latin-1")).get("owner", [""])[0]
        if owner and owner != asked.caller.manager:
            raise NotAllowed(f"the token is {asked.caller.manager}'s, not {owner[:100]}'s", at="owner")
        return 200, {}

    async def _own_pool(self, _: Asked) -> tuple[int, Any]:
        return 200, {"dar_id": self._pool}

    async def _instances(self, _: Asked) -> tuple[int, Any]:
        instance = {"id": self._pool} | ({"public_endpoint": self._url} if self._url else {})
        return 200, {"dss_instances": [instance]}

    async def _no_certificates(self, _: Asked) -> tuple[int, Any]:
        # Instances of this pool share a store and not a network, so no node has a certificate that others must accept.
        return 200, {"CAs": []}

    async def _lock_mode(self, _: Asked) -> tuple[int, Any]:
        # One writer at a time is what this setting stands for.
        return 200, {"global_lock": True}

    async def _system_version(self, asked: Asked) -> tuple[int, Any]:
        system = asked.names[0]
        if system not in SYSTEMS:
            known = " and ".join(SYSTEMS)
            raise NotFound(f"there is no system {system[:100]!r} here; there are {known}", at="system_identity")
        return 200, {"system_identity": system, "system_version": f"v{self._version}"}
