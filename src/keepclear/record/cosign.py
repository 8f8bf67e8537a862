"""Cosignatures: a party's word that it has seen a log at one size, and never another history of it.

Source: c2sp.org/tlog-cosignature v1.1 (types 0x04 and 0x06); docs/reference/record.md, section 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from keepclear.errors import Malformed, Refused, Stale, Tampered
from keepclear.record import checkpoint as checkpoints
from keepclear.record import note as notes
from keepclear.record.checkpoint import Checkpoint
from keepclear.record.identity import Identity
from keepclear.record.note import KeyKind, Note, Signature, VerifierKey
from keepclear.record.proof import verify_consistency
from keepclear.record.signing import Signer, verify_ed25519, verify_mldsa44
from keepclear.record.tree import Tree

#: 2020-01-01T00:00:00Z in seconds: no clock that cosigns stands before it.
EARLIEST_S: Final = 1_577_836_800
LATEST_S: Final = 2**53 - 1
_TIME_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Cosigned:
    """What one party's cosignatures on a checkpoint say.

    Attributes:
        at_s: when, in seconds since 1970, by the cosigner's clock; None without a cosignature.
        ed25519: there is one of type 0x04, and it holds.
        mldsa44: there is one of type 0x06, and it holds.
    """

    at_s: int | None
    ed25519: bool
    mldsa44: bool

    @property
    def by_both_keys(self) -> bool:
        """The record asks for both: one signature must fall for either to be forged."""
        return self.ed25519 and self.mldsa44


def ed25519_message(text: str, at_s: int) -> bytes:
    """What a cosignature of type 0x04 signs: a header, the time, and the whole text of the checkpoint."""
    return f"cosignature/v1\ntime {at_s}\n{text}".encode()


def mldsa44_message(checkpoint: Checkpoint, cosigner: str, at_s: int) -> bytes:
    """What a cosignature of type 0x06 signs: the cosigner, the time, the log, and its tree from 0 to its size."""
    name, origin = cosigner.encode(), checkpoint.origin.encode()
    return b"".join(
        (
            b"subtree/v1\n\x00",
            len(name).to_bytes(1, "big"),
            name,
            at_s.to_bytes(8, "big"),
            len(origin).to_bytes(1, "big"),
            origin,
            (0).to_bytes(8, "big"),
            checkpoint.size.to_bytes(8, "big"),
            checkpoint.root,
        )
    )


def cosign(checkpoint_note: str, identity: Identity, signer: Signer, at_s: int) -> list[Signature]:
    """The lines to add to a checkpoint, one for each key that the signer has.

    Decides nothing: ask `may_cosign` first.

    Raises:
        Malformed: not a checkpoint, a time out of range, or the signer has other keys than the identity.
    """
    if not EARLIEST_S <= at_s <= LATEST_S:
        raise Malformed(f"a cosignature's time is in seconds since 1970 and not before 2020: {at_s}")
    if (signer.ed25519_public, signer.mldsa44_public) != (identity.ed25519, identity.mldsa44):
        raise Malformed(f"the signer's keys are not those of {identity.party}")
    checkpoint, note = checkpoints.parse(checkpoint_note)
    ed25519_key, mldsa44_key = identity.cosigner_keys()
    time = at_s.to_bytes(_TIME_BYTES, "big")
    with_ed25519 = signer.sign_ed25519(ed25519_message(note.text, at_s))
    lines = [Signature(ed25519_key.name, ed25519_key.key_id, time + with_ed25519)]
    with_mldsa = signer.sign_mldsa(mldsa44_message(checkpoint, mldsa44_key.name, at_s))
    if with_mldsa is not None:
        lines.append(Signature(mldsa44_key.name, mldsa44_key.key_id, time + with_mldsa))
    return lines


def verify_cosignatures(note: Note | str, identity: Identity) -> Cosigned:
    """What this party's cosignatures on a checkpoint say; lines by other keys are passed over.

    Raises:
        Malformed: not a checkpoint.
        Tampered: a cosignature by one of this party's keys does not hold, is from before 2020 or out of range, is
            there twice, or the two keys give two times.
    """
    opened = notes.parse(note) if isinstance(note, str) else note
    checkpoint = checkpoints.parse_body(opened.text)
    times: dict[KeyKind, int] = {}
    for key in identity.cosigner_keys():
        lines = opened.by(key)
        if len(lines) > 1:
            raise Tampered(f"{key.name} cosigned one checkpoint twice with one key")
        for line in lines:
            times[key.kind] = _verify_line(opened.text, checkpoint, key, line)
    if len(set(times.values())) > 1:
        raise Tampered(f"the two cosignatures of {identity.party} give two times: {sorted(times.values())}")
    return Cosigned(
        at_s=next(iter(times.values()), None),
        ed25519=KeyKind.ED25519_COSIGNATURE in times,
        mldsa44=KeyKind.MLDSA44_COSIGNATURE in times,
    )


def may_cosign(
    last: Checkpoint | None,
    new: Checkpoint,
    *,
    held: Tree | None = None,
    proof: Sequence[bytes] = (),
) -> None:
    """Return quietly if a party that cosigned `last` may cosign `new`.

    Args:
        last: the newest checkpoint of this log that the party cosigned; None if it never did.
        new: a checkpoint whose log signature holds.
        held: the tree over the entries that the party holds and has recorded. A receiver of a channel gives it always.
        proof: the consistency proof from `last` to `new`, for a witness that holds no entries.

    Raises:
        Tampered: a second history: another root at one size, or a tree that does not extend the last one.
        Stale: an older state of the same history; nothing is wrong, but a cosignature says "the newest I saw".
        Refused: the party does not hold all the entries yet.
        Malformed: the two are of different logs.
    """
    if last is not None and last.origin != new.origin:
        raise Malformed(f"{new.origin} cannot follow {last.origin}")
    if held is None:
        _follows_by_proof(last, new, proof)
        return
    if last is not None and (last.size > held.size or held.root(last.size) != last.root):
        raise Tampered(f"what is held of {new.origin} is not what was cosigned at {last.size}")
    if new.size > held.size:
        raise Refused(f"{new.origin} at {new.size} cannot be cosigned: only {held.size} entries are held")
    if held.root(new.size) != new.root:
        raise Tampered(f"split view: {new.origin} at {new.size} has another root than the entries that are held")
    if last is not None and new.size < last.size:
        raise Stale(f"{new.origin} was cosigned at {last.size} already; {new.size} is older")


def _follows_by_proof(last: Checkpoint | None, new: Checkpoint, proof: Sequence[bytes]) -> None:
    if last is None or (last.size == 0 and new.size > 0):
        if proof:
            raise Tampered("nothing was cosigned before, so there is nothing to prove")
        return
    if new.size < last.size:
        raise Tampered(f"{new.origin} shrank from {last.size} entries to {new.size}")
    try:
        verify_consistency(last.size, new.size, last.root, new.root, proof)
    except Tampered as error:
        raise Tampered(f"split view of {new.origin}: {error.message}") from error


def _verify_line(text: str, checkpoint: Checkpoint, key: VerifierKey, line: Signature) -> int:
    """The time of one cosignature line that holds, in seconds."""
    time, signature = line.raw[:_TIME_BYTES], line.raw[_TIME_BYTES:]
    at_s = int.from_bytes(time, "big")
    if not EARLIEST_S <= at_s <= LATEST_S:
        raise Tampered(f"a cosignature by {key.name} gives the impossible time {at_s}")
    try:
        if key.kind is KeyKind.ED25519_COSIGNATURE:
            verify_ed25519(key.public, ed25519_message(text, at_s), signature)
        else:
            verify_mldsa44(key.public, mldsa44_message(checkpoint, key.name, at_s), signature)
    except Tampered as error:
        raise Tampered(
            f"a cosignature by {key.name} on {checkpoint.origin} at {checkpoint.size} does not hold: {error.message}"
        ) from error
    return at_s
