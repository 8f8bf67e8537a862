"""The example checker against files that the product wrote: what is sound passes, and each listed tampering is refused.

Every file is written by keepclear itself when the test runs, with keys made for it.
"""

from __future__ import annotations

import ast
import base64
import importlib.util
import json
import random
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from keepclear.errors import Malformed, Tampered
from keepclear.record import (
    EMPTY_ROOT,
    Checkpoint,
    Envelope,
    Identity,
    LogContent,
    Received,
    RecordSigner,
    Seen,
    Tree,
    channel_origin,
    cosign,
    make_bundle,
    make_given,
    private_origin,
    signed,
    verify_given,
    verify_record,
    write_record,
)

EXAMPLE = Path(__file__).parents[2] / "examples" / "verify_record"
SCRIPT = EXAMPLE / "verify_record.py"
START_US, START_S = 1_790_000_000_000_000, 1_790_000_000
ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493

AMBER_KEYS, BIRCH_KEYS, CEDAR_KEYS = (RecordSigner(bytes([n]) * 32, bytes([n + 9]) * 32) for n in (1, 2, 3))
AMBER, BIRCH, CEDAR = (
    Identity.of(name.lower(), name, keys)
    for name, keys in (("Amber", AMBER_KEYS), ("Birch", BIRCH_KEYS), ("Cedar", CEDAR_KEYS))
)
KEYS = {"amber": (AMBER, AMBER_KEYS), "birch": (BIRCH, BIRCH_KEYS), "cedar": (CEDAR, CEDAR_KEYS)}
THERE, BACK, OWN = channel_origin("amber", "birch"), channel_origin("birch", "amber"), private_origin("amber")


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("verify_record_example", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


example = _load()

# ------------------------------------------------------------------------------------------------- what is checked


@dataclass
class ALog:
    """A log as its writer makes it; `seen` may be false, as a lying writer's is."""

    origin: str
    tree: Tree = field(default_factory=Tree)
    entries: list[Envelope] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def say(self, kind: str, body: dict[str, object], seen: Seen | None) -> Envelope:
        n = len(self.entries)
        entry = Envelope(self.origin, n, START_US + n, kind, "EXER", True, seen, body)
        self.entries.append(entry)
        self.tree.append(entry.leaf_hash())
        return entry

    def sign(self, keys: RecordSigner, reader: str | None, *, size: int | None = None, at_s: int = START_S) -> str:
        size = self.tree.size if size is None else size
        note = signed(Checkpoint(self.origin, size, self.tree.root(size)), keys)
        self.notes.append(_cosigned(note, *KEYS[reader], at_s) if reader else note)
        return self.notes[-1]


def _cosigned(note: str, identity: Identity, keys: RecordSigner, at_s: int = START_S) -> str:
    return note + "".join(f"{line}\n".replace("\n\n", "\n") for line in cosign(note, identity, keys, at_s))


def _state(log: ALog) -> Seen:
    return Seen(log.tree.root(), log.tree.size)


def _answer(entry: Envelope) -> dict[str, object]:
    return Received(entry.leaf_hash(), entry.n, START_US + 50 + entry.n).to_body()


@dataclass
class Pair:
    """Amber's channel to Birch, Birch's back, and Amber's private log."""

    there: ALog
    back: ALog
    own: ALog

    def lines(self) -> list[bytes]:
        contents = [LogContent(x.origin, [e.to_bytes() for e in x.entries], x.notes) for x in self._logs()]
        return list(write_record(AMBER, [BIRCH], contents))

    def _logs(self) -> Sequence[ALog]:
        return self.there, self.back, self.own


def _pair(
    *, answer_of: Callable[[Envelope], dict[str, object]] = _answer, seen_of: Callable[[ALog], Seen] = _state
) -> Pair:
    """Three notices to Birch, its answers and a notice of its own, answered; signed and cosigned twice each way."""
    pair = Pair(ALog(THERE), ALog(BACK), ALog(OWN))
    there, back, own = pair.there, pair.back, pair.own
    own.say("draft", {"text": "not yet sent"}, None)
    for number in range(3):
        notice = there.say(
            "notice", {"serial": f"A-{number:04}", "floor_mm": 300_000, "text": "Brücke ✓\t"}, seen_of(back)
        )
        back.say("received", answer_of(notice), seen_of(there))
        if number == 1:
            there.sign(AMBER_KEYS, "birch")
            back.sign(BIRCH_KEYS, "amber")
    mine = back.say("notice", {"serial": "B-0001", "text": "from Birch"}, seen_of(there))
    there.say("received", Received(mine.leaf_hash(), mine.n, START_US + 99).to_body(), seen_of(back))
    there.sign(AMBER_KEYS, "birch", at_s=START_S + 60)
    back.sign(BIRCH_KEYS, "amber", at_s=START_S + 60)
    own.sign(AMBER_KEYS, None)
    return pair


def _objects(lines: Sequence[bytes]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines]


def _bytes(objects: Sequence[dict[str, Any]]) -> list[bytes]:
    """As lines again, with a foot that counts them: whoever tampers sees to that too."""
    if objects[-1].get("end"):
        objects[-1]["lines"] = len(objects) - 1
    return [
        json.dumps(one, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n" for one in objects
    ]


def _entry_at(objects: Sequence[dict[str, Any]], log: str, n: int) -> int:
    return next(i for i, one in enumerate(objects) if one.get("log") == log and one.get("n") == n)


def _checkpoint_at(objects: Sequence[dict[str, Any]], log: str, which: int) -> int:
    return [i for i, one in enumerate(objects) if one.get("log") == log and "checkpoint" in one][which]


def _run(path: Path, lines: Sequence[bytes], *trust: Path) -> tuple[int, str]:
    """Exit code and all that is printed; the script runs alone, so that nothing of ours is within its reach."""
    path.write_bytes(b"".join(lines))
    command = [sys.executable, "-I", str(SCRIPT), str(path), *(["--trust", *map(str, trust)] if trust else [])]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    printed = (done.stdout + done.stderr).decode()
    assert "Traceback" not in printed, printed
    return done.returncode, printed


def _identity_file(path: Path, identity: Identity) -> Path:
    path.write_text(json.dumps(identity.to_json()), "utf-8")
    return path


# --------------------------------------------------------------------------------------------------- what it is made of


def test_the_example_has_fewer_than_200_lines_and_needs_the_standard_library_and_one_other() -> None:
    text = SCRIPT.read_text("utf-8")

    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(text))
        for name in (
            [a.name for a in node.names] if isinstance(node, ast.Import) else [getattr(node, "module", "") or ""]
        )
        if isinstance(node, ast.Import | ast.ImportFrom)
    }

    assert len(text.splitlines()) < 200
    assert imported - sys.stdlib_module_names == {"cryptography"}


# -------------------------------------------------------------------------------------------------------------- sound


def test_a_record_file_of_the_product_is_sound(tmp_path: Path) -> None:
    lines = _pair().lines()
    trust = [_identity_file(tmp_path / "amber.json", AMBER), _identity_file(tmp_path / "birch.json", BIRCH)]

    code, printed = _run(tmp_path / "a.keepclear-record", lines, *trust)

    assert code == 0, printed
    assert AMBER.fingerprint() in printed and BIRCH.fingerprint() in printed
    assert THERE in printed


def test_entries_not_yet_signed_and_checkpoints_not_yet_cosigned_are_told(tmp_path: Path) -> None:
    pair = _pair()
    pair.there.say("notice", {"serial": "A-0009"}, _state(pair.back))
    pair.there.sign(AMBER_KEYS, None)
    pair.there.say("notice", {"serial": "A-0010"}, _state(pair.back))

    code, printed = _run(tmp_path / "a.keepclear-record", pair.lines())

    assert code == 0, printed
    assert re.search(rf"{THERE}: 6 entries, 1 not yet signed, 1 not yet cosigned", printed), printed


def test_what_is_no_such_file_has_an_exit_code_of_its_own(tmp_path: Path) -> None:
    assert _run(tmp_path / "a.txt", [b"good morning\n"])[0] == 2
    assert _run(tmp_path / "b.txt", [])[0] == 2


# --------------------------------------------------------------------------------------------- the listed tamperings

Objects = list[dict[str, Any]]


def _change_an_entry(objects: Objects) -> None:
    at = _entry_at(objects, THERE, 1)
    objects[at]["entry"] = objects[at]["entry"].replace("A-0001", "A-0007")


def _change_an_entry_and_its_hash(objects: Objects) -> None:
    _change_an_entry(objects)
    at = _entry_at(objects, THERE, 1)
    objects[at]["hash"] = Envelope.from_bytes(objects[at]["entry"].encode()).leaf_hash().hex()


def _drop_an_entry(objects: Objects) -> None:
    del objects[_entry_at(objects, THERE, 1)]


def _swap_two_entries(objects: Objects) -> None:
    one, other = _entry_at(objects, THERE, 1), _entry_at(objects, THERE, 2)
    objects[one], objects[other] = objects[other], objects[one]


def _double_an_entry(objects: Objects) -> None:
    at = _entry_at(objects, THERE, 1)
    objects.insert(at, dict(objects[at]))


def _truncate(objects: Objects) -> None:
    del objects[-1]


def _change_a_root(objects: Objects) -> None:
    at = _checkpoint_at(objects, THERE, 0)
    note = objects[at]["checkpoint"].split("\n")
    note[2] = base64.b64encode(bytes(32)).decode()
    objects[at]["checkpoint"] = "\n".join(note)


def _sign_with_another_key(objects: Objects) -> None:
    """Cedar's signature under the name and key id of Amber's log, and Birch's cosignatures kept."""
    at = _checkpoint_at(objects, THERE, 1)
    lines = objects[at]["checkpoint"].split("\n")
    name, coded = lines[4].split(" ")[1:]
    false = CEDAR_KEYS.sign_ed25519("\n".join([*lines[:3], ""]).encode())
    lines[4] = f"— {name} {base64.b64encode(base64.b64decode(coded)[:4] + false).decode()}"
    objects[at]["checkpoint"] = "\n".join(lines)


def _replace_cosignature(objects: Objects, which: int, change: Callable[[bytes, bytes], bytes]) -> None:
    """Put `change(raw, text)` in place of one line of the newest checkpoint; `raw` is what the base64 holds."""
    at = _checkpoint_at(objects, THERE, 1)
    text, _, rest = objects[at]["checkpoint"].rpartition("\n\n")
    lines = rest.split("\n")
    _, name, coded = lines[which].split(" ")
    changed = change(base64.b64decode(coded), f"{text}\n".encode())
    lines[which] = f"— {name} {base64.b64encode(changed).decode()}"
    objects[at]["checkpoint"] = f"{text}\n\n" + "\n".join(lines)


def _cosign_with_another_key(objects: Objects) -> None:
    def by_cedar(raw: bytes, text: bytes) -> bytes:
        time_s = int.from_bytes(raw[4:12], "big")
        return raw[:12] + CEDAR_KEYS.sign_ed25519(b"cosignature/v1\ntime %d\n" % time_s + text)

    _replace_cosignature(objects, 1, by_cedar)


def _change_the_time_of_a_cosignature(objects: Objects) -> None:
    for line in (1, 2):
        _replace_cosignature(objects, line, lambda raw, _: raw[:4] + (START_S + 61).to_bytes(8, "big") + raw[12:])


TAMPERINGS: dict[str, tuple[Callable[[Objects], None], str]] = {
    "a byte in an entry changed": (_change_an_entry, f"entry 1 of {THERE}"),
    "a byte in an entry changed, and its hash": (_change_an_entry_and_its_hash, "one of 0 to 1 is bad"),
    "an entry dropped": (_drop_an_entry, f"entry 1 of {THERE}"),
    "two entries swapped": (_swap_two_entries, f"entry 1 of {THERE}"),
    "an entry doubled": (_double_an_entry, f"entry 2 of {THERE}"),
    "the file truncated": (_truncate, "cut short"),
    "the root in a checkpoint changed": (_change_a_root, f"checkpoint 0 of {THERE}"),
    "a checkpoint signed by another key": (_sign_with_another_key, f"checkpoint 1 of {THERE}"),
    "a cosignature by another key": (_cosign_with_another_key, f"checkpoint 1 of {THERE}"),
    "the time of a cosignature changed": (_change_the_time_of_a_cosignature, f"checkpoint 1 of {THERE}"),
}


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_a_tampering_is_refused_and_its_place_is_named(tampering: str, tmp_path: Path) -> None:
    tamper, place = TAMPERINGS[tampering]
    objects = _objects(_pair().lines())

    tamper(objects)
    code, printed = _run(tmp_path / "a.keepclear-record", _bytes(objects))

    assert code == 1, printed
    assert place in printed
    assert not verify_record(_bytes(objects)).sound


def test_tampering_starts_from_a_file_that_holds_when_written_again_unchanged(tmp_path: Path) -> None:
    lines = _pair().lines()

    assert _bytes(_objects(lines)) == lines
    assert _run(tmp_path / "a.keepclear-record", lines)[0] == 0


def test_a_received_that_points_elsewhere_is_refused_although_all_is_signed(tmp_path: Path) -> None:
    def first_always(entry: Envelope) -> dict[str, object]:
        return _answer(entry) | {"index": 0}

    lines = _pair(answer_of=first_always).lines()
    code, printed = _run(tmp_path / "a.keepclear-record", lines)

    assert code == 1 and f"entry 1 of {BACK}" in printed, printed
    assert not verify_record(lines).sound


def test_a_received_of_another_hash_is_refused_although_all_is_signed(tmp_path: Path) -> None:
    lines = _pair(answer_of=lambda entry: _answer(entry) | {"hash": "00" * 32}).lines()
    code, printed = _run(tmp_path / "a.keepclear-record", lines)

    assert code == 1 and f"entry 0 of {BACK}" in printed, printed


def test_a_root_in_seen_that_never_was_is_refused_although_all_is_signed(tmp_path: Path) -> None:
    lines = _pair(seen_of=lambda log: replace(_state(log), root=EMPTY_ROOT)).lines()
    code, printed = _run(tmp_path / "a.keepclear-record", lines)

    assert code == 1 and "entry 1 of " + THERE in printed, printed
    assert not verify_record(lines).sound


@pytest.mark.parametrize("other", [CEDAR, Identity.of("birch", "Birch", CEDAR_KEYS)], ids=["absent", "other keys"])
def test_the_identity_of_another_party_is_refused(other: Identity, tmp_path: Path) -> None:
    lines = _pair().lines()
    code, printed = _run(tmp_path / "a.keepclear-record", lines, _identity_file(tmp_path / "other.json", other))

    assert code == 1 and other.party in printed, printed
    assert not verify_record(lines, [other]).sound


def test_the_readme_lists_every_tampering() -> None:
    readme = (EXAMPLE / "README.md").read_text("utf-8")

    assert len(re.findall(r"^\d+\. ", readme, re.MULTILINE)) == 13


# ----------------------------------------------------------------------------------------------------- given receipts


def _bundle(log: ALog, n: int, note: str) -> str:
    size = int(note.split("\n")[1])
    return make_bundle(n, log.tree.inclusion_proof(n, size), note)


def _receipt(n: int = 1) -> bytes:
    pair = _pair()
    return make_given(
        sender=AMBER,
        receiver=BIRCH,
        entry=pair.there.entries[n].to_bytes(),
        proof=_bundle(pair.there, n, pair.there.notes[1]),
        received=pair.back.entries[n].to_bytes(),
        received_proof=_bundle(pair.back, n, pair.back.notes[1]),
    )


@pytest.mark.parametrize("n", [0, 1, 2])
def test_a_receipt_of_the_product_holds(n: int, tmp_path: Path) -> None:
    code, printed = _run(tmp_path / "a.keepclear-given", [_receipt(n)], _identity_file(tmp_path / "birch.json", BIRCH))

    assert code == 0, printed
    assert f"entry {n} " in printed and str(START_US + 50 + n) in printed


def _forged(entry: Envelope, proof: str, answer: Envelope, answer_proof: str, receiver: Identity = BIRCH) -> bytes:
    """A receipt put together without asking whether it holds."""
    return _bytes(
        [
            {
                "format": "keepclear-given/1",
                "sender": AMBER.to_json(),
                "receiver": receiver.to_json(),
                "entry": entry.to_bytes().decode(),
                "proof": proof,
                "received": answer.to_bytes().decode(),
                "received_proof": answer_proof,
            }
        ]
    )[0]


def _forgeries() -> dict[str, bytes]:
    """What Amber can make for an entry that it never sent: from its own keys, and from all that Birch ever gave it."""
    pair = _pair()
    there = ALog(THERE, Tree(pair.there.tree.leaf(n) for n in range(4)), list(pair.there.entries))
    secret = there.say("notice", {"serial": "A-0666"}, _state(pair.back))
    note = there.sign(AMBER_KEYS, None)
    back = ALog(BACK)
    reply = back.say("received", _answer(secret), _state(there))
    old = pair.back.entries[1], _bundle(pair.back, 1, pair.back.notes[1])

    def reply_by(keys: RecordSigner) -> tuple[Envelope, str]:
        return reply, _bundle(back, 0, signed(Checkpoint(BACK, 1, back.tree.root()), keys))

    def cosigned_as(identity: Identity, keys: RecordSigner) -> str:
        return _bundle(there, 4, _cosigned(note, identity, keys))

    moved = note + "\n".join(pair.there.notes[1].split("\n\n")[1].split("\n")[1:])
    with_own_keys, with_new_keys = Identity.of("birch", "Birch", AMBER_KEYS), Identity.of("birch", "Birch", CEDAR_KEYS)
    true_proof, other_proof = _bundle(pair.there, 1, pair.there.notes[1]), _bundle(pair.there, 2, pair.there.notes[1])
    by_itself = cosigned_as(AMBER, AMBER_KEYS)
    return {
        "not cosigned, and an old answer": _forged(secret, _bundle(there, 4, note), *old),
        "cosignatures taken from an older tree": _forged(secret, _bundle(there, 4, moved), *old),
        "an answer that the sender signed": _forged(secret, _bundle(there, 4, note), *reply_by(AMBER_KEYS)),
        "the proof of another entry": _forged(secret, true_proof, *old),
        "the answer to another entry": _forged(pair.there.entries[2], other_proof, *old),
        "cosigned by the sender": _forged(secret, by_itself, *reply_by(AMBER_KEYS)),
        "the sender's keys as the receiver's": _forged(
            secret, cosigned_as(with_own_keys, AMBER_KEYS), *reply_by(AMBER_KEYS), with_own_keys
        ),
        MADE_UP: _forged(secret, cosigned_as(with_new_keys, CEDAR_KEYS), *reply_by(CEDAR_KEYS), with_new_keys),
    }


MADE_UP = "a receiver made up with new keys"
FORGERIES = _forgeries()


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_sender_that_withheld_the_entry_cannot_forge_a_receipt(forgery: str, tmp_path: Path) -> None:
    trust = _identity_file(tmp_path / "birch.json", BIRCH)
    code, printed = _run(tmp_path / "a.keepclear-given", [FORGERIES[forgery]], trust)

    assert code == 1, printed
    with pytest.raises((Malformed, Tampered)):
        verify_given(FORGERIES[forgery], [BIRCH])


def test_only_trust_shows_that_a_receiver_was_made_up(tmp_path: Path) -> None:
    made_up = FORGERIES[MADE_UP]

    assert _run(tmp_path / "a.keepclear-given", [made_up])[0] == 0


# ---------------------------------------------------------------------------------------------- the strict Ed25519 rule


def _low_order_signature() -> tuple[bytes, bytes]:
    """A key of order 1 and a signature by it that OpenSSL takes for any message: R is S times the base point."""
    public, one = (1).to_bytes(32, "little"), (1).to_bytes(32, "little")
    base_point = bytes.fromhex("58" + "66" * 31)
    return public, base_point + one


def test_a_key_of_low_order_is_refused_although_openssl_takes_it() -> None:
    public, signature = _low_order_signature()
    Ed25519PublicKey.from_public_bytes(public).verify(signature, b"anything")

    with pytest.raises(ValueError, match="not allowed"):
        example.check_signature(1, public, b"anything", signature)


@pytest.mark.parametrize("y", [0, 1, 2**255 - 20, 2**255 - 19, 2**255 - 18, 2**255 - 1, example.EIGHTH_Y])
@pytest.mark.parametrize("sign", [0, 1])
def test_a_point_of_low_order_or_not_canonical_is_refused_as_key_and_as_r(y: int, sign: int) -> None:
    point = (y | sign << 255).to_bytes(32, "little")
    good = AMBER_KEYS.sign_ed25519(b"text")

    with pytest.raises(ValueError, match="not allowed"):
        example.check_signature(1, point, b"text", good)
    with pytest.raises(ValueError, match="not allowed"):
        example.check_signature(1, AMBER.ed25519, b"text", point + good[32:])


def test_the_eighth_y_is_of_points_of_order_eight() -> None:
    p, y = 2**255 - 19, example.EIGHTH_Y
    d = -121665 * pow(121666, -1, p)

    # Twice such a point has y = 0, and so order 4: y² + x² = 0, and (x, y) is on the curve.
    assert (d * y**4 + 2 * y**2 - 1) % p == 0


def test_an_s_that_is_not_below_the_group_order_is_refused() -> None:
    good = AMBER_KEYS.sign_ed25519(b"text")
    example.check_signature(1, AMBER.ed25519, b"text", good)
    bent = good[:32] + (int.from_bytes(good[32:], "little") + ED25519_ORDER).to_bytes(32, "little")

    with pytest.raises(ValueError, match="below the group order"):
        example.check_signature(1, AMBER.ed25519, b"text", bent)


# ------------------------------------------------------------------------------------------------- two checkers agree


def _sound_here(data: bytes) -> bool:
    try:
        lines = data.removesuffix(b"\n").split(b"\n")
        if not lines[0].startswith(b'{"format":"keepclear-record/1",'):
            return False
        list(example.check_record(lines, []))
    except (ValueError, RecursionError, InvalidSignature):
        return False
    return True


def test_both_checkers_agree_on_200_changes_of_one_byte(capsys: pytest.CaptureFixture[str]) -> None:
    data = b"".join(_pair().lines())
    chance = random.Random(20_190_101)
    verdicts = []

    for _ in range(200):
        at = chance.randrange(len(data))
        changed = bytearray(data)
        changed[at] ^= chance.randrange(1, 256)
        ours = verify_record(bytes(changed).removesuffix(b"\n").split(b"\n")).sound
        verdicts.append((at, data[max(at - 20, 0) : at + 20], ours, _sound_here(bytes(changed))))
    capsys.readouterr()

    assert [v for v in verdicts if v[2] != v[3]] == []
    assert _sound_here(data) and verify_record(data.removesuffix(b"\n").split(b"\n")).sound
    assert sum(not v[2] for v in verdicts) > 150


def _line(name: str, raw: bytes) -> str:
    return f"— {name} {base64.b64encode(raw).decode()}\n"


def _add_to_note(added: str) -> Callable[[Objects], None]:
    def add(objects: Objects) -> None:
        objects[_checkpoint_at(objects, THERE, 1)]["checkpoint"] += added

    return add


def _cosign_ones_own_log(objects: Objects) -> None:
    at = _checkpoint_at(objects, THERE, 1)
    objects[at]["checkpoint"] = _cosigned(objects[at]["checkpoint"], AMBER, AMBER_KEYS)


def _checkpoint_of_nothing(objects: Objects) -> None:
    note = signed(Checkpoint(THERE, 0, EMPTY_ROOT), AMBER_KEYS)
    objects.insert(_checkpoint_at(objects, THERE, 0), {"log": THERE, "checkpoint": note})


def _double_a_checkpoint(objects: Objects) -> None:
    at = _checkpoint_at(objects, THERE, 1)
    objects.insert(at, dict(objects[at]))


def _leave_out(*logs: str) -> Callable[[Objects], None]:
    def leave_out(objects: Objects) -> None:
        objects[0]["logs"] = [log for log in objects[0]["logs"] if log not in logs]
        objects[:] = [one for one in objects if one.get("log") not in logs]

    return leave_out


def _only_one_cosignature(objects: Objects) -> None:
    """Birch's line of type 0x06 is taken from the newest checkpoint, and the one before counts."""
    at = _checkpoint_at(objects, THERE, 1)
    objects[at]["checkpoint"] = "\n".join(objects[at]["checkpoint"].split("\n")[:6]) + "\n"


BIRCHES_KEY_UNDER_AMBERS_LOG = example.sha256(THERE.encode() + b"\n\x01" + BIRCH.ed25519).digest()[:4]
ODD: dict[str, tuple[Callable[[Objects], None], bool]] = {
    "a line by a key that nobody knows": (_add_to_note(_line("witness.example/w1", bytes(76))), True),
    "a line by the key of another log": (_add_to_note(_line(THERE, BIRCHES_KEY_UNDER_AMBERS_LOG + bytes(64))), True),
    "a line too short for a signature": (_add_to_note(_line("witness.example/w1", bytes(4))), False),
    "a cosignature by the log's own party": (_cosign_ones_own_log, True),
    "a cosignature with one of two keys": (_only_one_cosignature, True),
    "a checkpoint of size 0": (_checkpoint_of_nothing, True),
    "a checkpoint of one size twice": (_double_a_checkpoint, False),
    "no private log": (_leave_out(OWN), True),
    "a private log alone": (_leave_out(THERE, BACK), True),
    "a channel without its opposite": (_leave_out(BACK), False),
}


@pytest.mark.parametrize("odd", ODD)
def test_both_checkers_agree_on_what_is_odd(odd: str, capsys: pytest.CaptureFixture[str]) -> None:
    change, sound = ODD[odd]
    objects = _objects(_pair().lines())

    change(objects)
    lines = _bytes(objects)

    assert _sound_here(b"".join(lines)) is sound
    assert verify_record(lines).sound is sound
