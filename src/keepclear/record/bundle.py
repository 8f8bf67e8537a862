"""Proofs that stand alone: an entry in a log (c2sp.org/tlog-proof@v1), and a notice *given*.

A given receipt holds two such proofs. The entry stands in a checkpoint that the receiver cosigned, and the receiver's
own `received` for it stands in a checkpoint that the receiver signed. Whoever withholds the entry can make neither.

Source: c2sp.org/tlog-proof@v1; docs/reference/record.md, section 6.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from keepclear.errors import Malformed, Tampered
from keepclear.record import canonical
from keepclear.record import checkpoint as checkpoints
from keepclear.record.canonical import MAX_INTEGER
from keepclear.record.checkpoint import Checkpoint
from keepclear.record.cosign import verify_cosignatures
from keepclear.record.envelope import RECEIVED, Envelope, Received
from keepclear.record.identity import Identity
from keepclear.record.note import MAX_NOTE_BYTES, Note, from_base64
from keepclear.record.origin import channel_origin
from keepclear.record.proof import MAX_PROOF_HASHES, verify_inclusion
from keepclear.record.tree import HASH_BYTES, leaf_hash

MAX_BUNDLE_BYTES: Final = MAX_NOTE_BYTES + 100_000
MAX_GIVEN_BYTES: Final = 4_000_000
FORMAT: Final = "keepclear-given/1"

_FIRST: Final = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,15})", re.ASCII)
_STRINGS: Final = ("entry", "proof", "received", "received_proof")


@dataclass(frozen=True, slots=True)
class Bundle:
    """Where an entry stands, the hashes that show it, and the checkpoint they lead to.

    Attributes:
        extra: bytes for the application; nothing vouches for them.
    """

    index: int
    proof: tuple[bytes, ...]
    checkpoint: str
    extra: bytes = b""


@dataclass(frozen=True, slots=True)
class Given:
    """A notice that was given, as a receipt proves it.

    Attributes:
        entry: what the sender said.
        leaf_hash: of that entry, 32 bytes.
        received_at_us: when it reached the receiver, by the receiver's clock, microseconds since 1970.
        size: of the sender's channel when the receiver cosigned it.
        cosigned_at_s: when that was, by the receiver's clock, seconds since 1970.
    """

    sender: Identity
    receiver: Identity
    entry: Envelope
    leaf_hash: bytes
    received_at_us: int
    size: int
    cosigned_at_s: int


def make_bundle(index: int, proof: Sequence[bytes], checkpoint_note: str, extra: bytes = b"") -> str:
    """The text of a tlog-proof.

    Raises:
        Malformed: not a checkpoint, or an index or hash that no proof could have.
    """
    checkpoints.parse(checkpoint_note)
    if not 0 <= index <= MAX_INTEGER:
        raise Malformed(f"no entry has index {index}")
    if len(proof) > MAX_PROOF_HASHES or any(len(each) != HASH_BYTES for each in proof):
        raise Malformed(f"a proof is at most {MAX_PROOF_HASHES} hashes of {HASH_BYTES} bytes")
    lines = [_FIRST]
    if extra:
        lines.append(f"extra {base64.b64encode(extra).decode()}")
    lines.append(f"index {index}")
    lines += (base64.b64encode(each).decode() for each in proof)
    return "\n".join(lines) + "\n\n" + checkpoint_note


def parse_bundle(data: str | bytes) -> Bundle:
    """The parts of a tlog-proof; nothing is checked but the form.

    Raises:
        Malformed: not a tlog-proof, or too long.
    """
    if len(data) > MAX_BUNDLE_BYTES:
        raise Malformed(f"a tlog-proof of over {MAX_BUNDLE_BYTES} bytes")
    try:
        text = data if isinstance(data, str) else data.decode()
    except UnicodeDecodeError as error:
        raise Malformed("a tlog-proof is UTF-8") from error
    head, separator, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    if not separator or lines.pop(0) != _FIRST:
        raise Malformed(f"a tlog-proof begins with {_FIRST} and holds a checkpoint after an empty line")
    extra = b""
    if lines and lines[0].startswith("extra "):
        extra = from_base64(lines.pop(0).removeprefix("extra "), "extra data")
    match = _INDEX.fullmatch(lines.pop(0)) if lines else None
    if not match:
        raise Malformed("a tlog-proof names the index of its entry")
    if len(lines) > MAX_PROOF_HASHES:
        raise Malformed(f"a proof has at most {MAX_PROOF_HASHES} hashes, not {len(lines)}")
    proof = tuple(from_base64(line, "hash of a tlog-proof") for line in lines)
    if any(len(each) != HASH_BYTES for each in proof):
        raise Malformed(f"a hash has {HASH_BYTES} bytes")
    return Bundle(int(match[1]), proof, checkpoint, extra)


def verify_bundle(bundle: Bundle, leaf: bytes, ed25519_public: bytes) -> tuple[Checkpoint, Note]:
    """The checkpoint that a tlog-proof ends in, if it holds for the entry with this leaf hash.

    Args:
        ed25519_public: key of the log; whose log it is, is for the caller to compare.

    Raises:
        Malformed: the checkpoint is not one.
        Tampered: the log did not sign it, or the entry is not in it at that index.
    """
    checkpoint, note = checkpoints.open_signed(bundle.checkpoint, ed25519_public)
    verify_inclusion(bundle.index, checkpoint.size, leaf, bundle.proof, checkpoint.root)
    return checkpoint, note


def make_given(
    *, sender: Identity, receiver: Identity, entry: bytes, proof: str, received: bytes, received_proof: str
) -> bytes:
    """The receipt that `entry` was given, as a file. It is verified before it is handed out.

    Args:
        entry: bytes of the sender's entry.
        proof: tlog-proof of it, to a checkpoint that the receiver cosigned with both keys.
        received: bytes of the receiver's `received` entry.
        received_proof: tlog-proof of that, to a checkpoint that the receiver signed.

    Raises:
        Malformed, Tampered: as `verify_given`; such a receipt would prove nothing.
    """
    data = canonical.encode(
        {
            "format": FORMAT,
            "sender": sender.to_json(),
            "receiver": receiver.to_json(),
            "entry": _text(entry, "entry"),
            "proof": proof,
            "received": _text(received, "received"),
            "received_proof": received_proof,
        }
    )
    verify_given(data)
    return data + b"\n"


def verify_given(data: bytes, trust: Sequence[Identity] = ()) -> Given:
    """What a receipt proves.

    Args:
        data: the file; one newline may end it.
        trust: identities that the checker has from elsewhere. The receipt's MUST be the same.

    Raises:
        Malformed: not a receipt, or a part of it is not what it should be; `at` says which.
        Tampered: a proof, signature or cosignature does not hold, the parts do not belong together, or the
            identities are not the trusted ones.
    """
    value = canonical.decode_object(data.removesuffix(b"\n"), max_bytes=MAX_GIVEN_BYTES)
    if value.keys() != {"format", "sender", "receiver", *_STRINGS} or value["format"] != FORMAT:
        raise Malformed(f"a given receipt has format {FORMAT}, sender, receiver and {', '.join(_STRINGS)}")
    sender, receiver = Identity.from_json(value["sender"]), Identity.from_json(value["receiver"])
    check_trust((sender, receiver), trust)
    entry_text, proof, received_text, received_proof = (_string(value, key) for key in _STRINGS)
    entry, received = Envelope.from_bytes(entry_text.encode()), Envelope.from_bytes(received_text.encode())
    leaf = leaf_hash(entry_text.encode())
    forth, back = channel_origin(sender.party, receiver.party), channel_origin(receiver.party, sender.party)
    checkpoint, note = _prove(entry, leaf, proof, forth, sender, "entry")
    _, note_back = _prove(received, leaf_hash(received_text.encode()), received_proof, back, receiver, "received")
    cosigned = verify_cosignatures(note, receiver)
    # Not needed, but a cosignature by a known key that does not hold spoils a note.
    verify_cosignatures(note_back, sender)
    if cosigned.at_s is None or not cosigned.by_both_keys:
        raise Tampered(f"{receiver.party} did not cosign {forth} at {checkpoint.size} with both keys")
    if entry.kind == RECEIVED or received.kind != RECEIVED:
        raise Tampered("the receiver's entry must be a `received`, and the sender's must not")
    says = Received.from_body(received.body)
    if (says.index, says.hash) != (entry.n, leaf):
        raise Tampered(f"`received` names entry {says.index} as {says.hash.hex()}, not entry {entry.n} as {leaf.hex()}")
    return Given(sender, receiver, entry, leaf, says.received_at_us, checkpoint.size, cosigned.at_s)


def check_trust(found: Sequence[Identity], trust: Sequence[Identity]) -> None:
    """Return quietly if every trusted identity is among those found, and those found have keys of their own.

    Raises:
        Tampered: a trusted party is not there or has other keys, or two parties share an id or a key.
    """
    for what in ("party", "ed25519", "mldsa44"):
        if len({getattr(each, what) for each in found}) != len(found):
            raise Tampered(f"two of the parties have the same {what}")
    by_party = {each.party: each for each in found}
    for trusted in trust:
        shown = by_party.get(trusted.party)
        if shown is None:
            raise Tampered(f"the trusted party {trusted.party} does not occur")
        if (shown.ed25519, shown.mldsa44) != (trusted.ed25519, trusted.mldsa44):
            raise Tampered(
                f"{trusted.party} is shown with fingerprint {shown.fingerprint()}, trusted is {trusted.fingerprint()}"
            )


def _prove(
    entry: Envelope, leaf: bytes, proof: str, origin: str, writer: Identity, what: str
) -> tuple[Checkpoint, Note]:
    bundle = parse_bundle(proof)
    checkpoint, note = verify_bundle(bundle, leaf, writer.ed25519)
    if checkpoint.origin != origin or entry.log != origin:
        raise Tampered(f"{what}: an entry of {entry.log} in {checkpoint.origin}; both must be {origin}")
    if entry.n != bundle.index:
        raise Tampered(f"{what}: entry {entry.n} is proved to stand at {bundle.index}")
    return checkpoint, note


def _string(value: dict[str, object], key: str) -> str:
    text = value[key]
    if not isinstance(text, str):
        raise Malformed("a string was expected", at=key)
    return text


def _text(data: bytes, what: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise Malformed("an entry is UTF-8", at=what) from error
