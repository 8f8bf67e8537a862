"""The tamper-evident record: bytes in, bytes out. It knows nothing of airspace, so it can be audited alone.

Each file stands on one public specification, named at its head; docs/reference/record.md is the contract for the
formats of our own. Nothing here does I/O, reads a clock or draws chance.
"""

from keepclear.record.bundle import (
    Bundle,
    Given,
    make_bundle,
    make_given,
    parse_bundle,
    verify_bundle,
    verify_given,
)
from keepclear.record.canonical import MAX_DEPTH, MAX_ENTRY_BYTES, MAX_INTEGER
from keepclear.record.checkpoint import Checkpoint, open_signed, signed
from keepclear.record.commitment import SALT_BYTES, commit, verify_opening
from keepclear.record.cosign import Cosigned, cosign, may_cosign, verify_cosignatures
from keepclear.record.envelope import RECEIVED, Envelope, Received, Seen
from keepclear.record.identity import Identity
from keepclear.record.note import KeyKind, Note, Signature, VerifierKey
from keepclear.record.origin import Origin, channel_origin, check_party, cosigner_name, parse_origin, private_origin
from keepclear.record.proof import verify_consistency, verify_inclusion
from keepclear.record.recordfile import Header, LogContent, write_record
from keepclear.record.report import Fault, LogReport, Report
from keepclear.record.signing import (
    Ed25519Signer,
    RecordSigner,
    Signer,
    check_ed25519_key,
    verify_ed25519,
    verify_mldsa44,
)
from keepclear.record.tiles import TILE_WIDTH, Tile, entry_bundle, hash_tile, parse_entry_bundle, parse_path, tiles_of
from keepclear.record.tree import EMPTY_ROOT, HASH_BYTES, Tree, leaf_hash, node_hash
from keepclear.record.verify import verify_record

__all__ = [
    "EMPTY_ROOT",
    "HASH_BYTES",
    "MAX_DEPTH",
    "MAX_ENTRY_BYTES",
    "MAX_INTEGER",
    "RECEIVED",
    "SALT_BYTES",
    "TILE_WIDTH",
    "Bundle",
    "Checkpoint",
    "Cosigned",
    "Ed25519Signer",
    "Envelope",
    "Fault",
    "Given",
    "Header",
    "Identity",
    "KeyKind",
    "LogContent",
    "LogReport",
    "Note",
    "Origin",
    "Received",
    "RecordSigner",
    "Report",
    "Seen",
    "Signature",
    "Signer",
    "Tile",
    "Tree",
    "VerifierKey",
    "channel_origin",
    "check_ed25519_key",
    "check_party",
    "commit",
    "cosign",
    "cosigner_name",
    "entry_bundle",
    "hash_tile",
    "leaf_hash",
    "make_bundle",
    "make_given",
    "may_cosign",
    "node_hash",
    "open_signed",
    "parse_bundle",
    "parse_entry_bundle",
    "parse_origin",
    "parse_path",
    "private_origin",
    "signed",
    "tiles_of",
    "verify_bundle",
    "verify_consistency",
    "verify_cosignatures",
    "verify_ed25519",
    "verify_given",
    "verify_inclusion",
    "verify_mldsa44",
    "verify_opening",
    "verify_record",
    "write_record",
]
