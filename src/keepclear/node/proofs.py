"""What a node can prove: inclusion, that a notice was given, and whole record files. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from keepclear.errors import NotFound
from keepclear.node.exchange import Exchange
from keepclear.node.logs import channel, private_log
from keepclear.record.bundle import make_bundle, make_given
from keepclear.record.checkpoint import parse
from keepclear.record.recordfile import LogContent, write_record

#: Entries read from the store at a time when a log is written out.
PAGE = 500


@dataclass(frozen=True, slots=True)
class Proof:
    """An entry and the way from its leaf to the root of a checkpoint.

    Attributes:
        path: hashes from the leaf upward.
        checkpoint: the signed note whose root it leads to, with the cosignatures we hold.
    """

    log: str
    index: int
    size: int
    leaf: bytes
    data: bytes
    path: tuple[bytes, ...]
    root: bytes
    checkpoint: str


def prove(exchange: Exchange, log: str, n: int) -> Proof:
    """That an entry stands in one of our logs, or in our copy of a peer's.

    Raises:
        NotFound: no such entry, or no signed checkpoint over it yet.
        Unavailable: our own channel cannot be signed yet.
    """
    tree = exchange.loop.logs.known_tree(log)
    if not 0 <= n < tree.size:
        raise NotFound(f"{log} has {tree.size} entries, none of them number {n}", at="n")
    checkpoint = _checkpoint_over(exchange, log, n)
    size = parse(checkpoint)[0].size
    stored = exchange.loop.store.log_entries(log, n, 1)[0]
    return Proof(
        log, n, size, stored.leaf, stored.data, tuple(tree.inclusion_proof(n, size)), tree.root(size), checkpoint
    )


def _checkpoint_over(exchange: Exchange, log: str, n: int) -> str:
    """The best checkpoint over an entry: a cosigned one, else one signed by its writer; our own is signed if needed."""
    for size in (exchange.cosigned_size.get(log, 0), None):
        kept = exchange.loop.store.latest_checkpoint(log, at_most=size)
        if kept is not None and kept[0] > n:
            return kept[1]
    if log.split("/")[1] == exchange.loop.party:
        return exchange.checkpoint(log)
    raise NotFound(f"no signed checkpoint over entry {n} of {log} has come yet", at="n")


def given(exchange: Exchange, key: str, version: int, to: str) -> bytes:
    """The GivenReceipt of one version of a notice: of ours for a peer, or of a peer's for us.

    Its form: docs/reference/record.md, section 6. Either side can make the same one.

    Raises:
        NotFound: it was not sent there, or the receiver has not yet said that it received it, or has not cosigned it.
    """
    held = exchange.loop.picture.notice(key)
    instants = held.sent.get((to, version))
    if instants is None:
        raise NotFound(f"{key} v{version} was not sent to {to}", at="version")
    if not is_given(exchange, key, version, to):
        raise NotFound(f"{to} has not yet received and cosigned {key} v{version}: submitted, not given", at="version")
    back = channel(to, held.party)
    sent, received = prove(exchange, instants.log, instants.n), prove(exchange, back, instants.receipt_n)
    return make_given(
        sender=exchange.identity_of(held.party),
        receiver=exchange.identity_of(to),
        entry=sent.data,
        proof=make_bundle(sent.index, sent.path, sent.checkpoint),
        received=received.data,
        received_proof=make_bundle(received.index, received.path, received.checkpoint),
    )


def is_given(exchange: Exchange, key: str, version: int, to: str) -> bool:
    """Whether a GivenReceipt can be made."""
    instants = exchange.loop.picture.notice(key).sent.get((to, version))
    return instants is not None and instants.receipt_n >= 0 and exchange.cosigned_size.get(instants.log, 0) > instants.n


def export(exchange: Exchange, *, private: bool = False) -> Iterator[bytes]:
    """The lines of a record file of our channels, and of our private log if asked (section 5)."""
    loop = exchange.loop
    origins = [
        log for log in loop.logs.origins() if loop.logs.size(log) and (private or log != private_log(loop.party))
    ]
    for log in origins:
        if log.split("/")[1] == loop.party and (log == private_log(loop.party) or _may_sign(exchange, log)):
            exchange.checkpoint(log)
    peers = [exchange.identity_of(party) for party in loop.picture.enrolled_peers()]
    # All sizes are taken at one instant: a log read later must not speak of what is missing from one read before.
    sizes = {log: loop.logs.size(log) for log in origins}
    contents = [
        LogContent(log, _entries(exchange, log, sizes[log]), tuple(text for _, text in loop.store.checkpoints(log)))
        for log in origins
    ]
    yield from write_record(loop.identity, peers, contents)


def _may_sign(exchange: Exchange, log: str) -> bool:
    return exchange.line(log.split("/")[3]).may_sign


def _entries(exchange: Exchange, log: str, size: int) -> Iterator[bytes]:
    for first in range(0, size, PAGE):
        for stored in exchange.loop.store.log_entries(log, first, min(PAGE, size - first)):
            yield stored.data
