"""Constraint references: those who manage constraints make them without a key, and their subscribers are told."""

from __future__ import annotations

from keepclear.dss.asks import Changed, Decision, DeleteConstraint, PutConstraint
from keepclear.dss.extents import check_extents, check_in_future
from keepclear.dss.limits import Limits
from keepclear.dss.names import opaque
from keepclear.dss.notifying import notify
from keepclear.dss.registry import Registry
from keepclear.dss.values import Change, Constraint, Kind
from keepclear.errors import LimitReached, NotAllowed, NotFound, UnlawfulChange


def put_constraint(registry: Registry, ask: PutConstraint, now_us: int, seed: bytes, limits: Limits) -> Decision:
    """Make a reference or change one.

    Raises:
        Malformed: what is asked cannot be.
        NotAllowed: another's.
        UnlawfulChange: it exists already, or another version of it does.
    """
    before = registry.constraints.get(ask.id)
    if before is not None and ask.ovn and before.manager != ask.caller.manager:
        raise NotAllowed(f"only {before.manager} may change this", at="entityid")
    if before is None and ask.ovn:
        raise UnlawfulChange(
            f"there is no constraint {ask.id}, so this OVN is not of it: put it without an OVN", at="ovn"
        )
    if before is not None and before.ovn != ask.ovn:
        raise UnlawfulChange(
            "this is not the OVN of its current version: get the reference anew"
            if ask.ovn
            else f"there is a constraint {ask.id} already: put its OVN into the path to change it",
            at="ovn",
        )
    check_extents(ask.extents, limits)
    check_in_future(ask.end_us, now_us)
    if before is None and len(registry.constraints) >= limits.constraints_max:
        raise LimitReached(f"constraints_max: {limits.constraints_max} constraints are held")
    constraint = Constraint(
        id=ask.id,
        manager=ask.caller.manager,
        version=before.version + 1 if before else 1,
        ovn=opaque(seed, "ovn", ask.id),
        url=ask.url,
        start_us=ask.start_us,
        end_us=ask.end_us,
        extents=ask.extents,
    )
    touched = ask.extents if before is None else (*before.extents, *ask.extents)
    told, subscribers = notify(registry, touched, of_intents=False, now_us=now_us, limits=limits)
    return Decision((Change(Kind.CONSTRAINT, ask.id, constraint), *told), Changed(constraint, subscribers))


def delete_constraint(registry: Registry, ask: DeleteConstraint, now_us: int, seed: bytes, limits: Limits) -> Decision:
    """Take a reference away. Raises NotFound, NotAllowed or UnlawfulChange."""
    before = registry.constraints.get(ask.id)
    if before is None:
        raise NotFound(f"there is no constraint {ask.id} here", at="entityid")
    if before.manager != ask.caller.manager:
        raise NotAllowed(f"only {before.manager} may change this", at="entityid")
    if before.ovn != ask.ovn:
        raise UnlawfulChange("this is not the OVN of its current version: get the reference anew", at="ovn")
    told, subscribers = notify(registry, before.extents, of_intents=False, now_us=now_us, limits=limits)
    return Decision((Change(Kind.CONSTRAINT, ask.id, None), *told), Changed(before, subscribers))
