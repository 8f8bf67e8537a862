"""A record file is sound, or the first thing wrong with it is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.record.records import (
    START_S,
    Exchange,
    change,
    change_entry,
    checkpoints_of,
    identity_of,
    place_of,
    signer_of,
    talk,
)

from keepclear.record import (
    Checkpoint,
    Ed25519Signer,
    Identity,
    cosign,
    leaf_hash,
    note,
    signed,
    signing,
    verify_record,
)
from keepclear.record.recordfile import Header
from keepclear.record.report import MAX_FAULTS

FORTH, BACK, OWN = "keepclear/amber/to/birch", "keepclear/birch/to/amber", "keepclear/amber/private"


def test_an_honest_file_is_sound_and_its_report_says_what_it_holds() -> None:
    exchange = talk()

    report = verify_record(exchange.file(), [identity_of("birch")])

    assert report.sound, report.faults
    forth, back, own = report.logs
    # Five notices, Amber's `received` for the alert, and the notice after the last checkpoint.
    assert (forth.entries, forth.signed_size, forth.cosigned_size) == (7, 6, 6)
    assert (forth.not_yet_signed, forth.not_yet_cosigned, forth.unanswered) == (1, 0, 1)
    assert forth.kinds == {"notice": 6, "received": 1}
    assert back.kinds == {"alert": 1, "received": 5} and back.unanswered == 0
    assert own.entries == 5 and own.cosigned_size == 0 and own.unanswered == 0
    assert forth.cosigned_at_s == exchange.at_us // 1_000_000 + 1
    assert report.trusted == ("birch",)
    assert report.fingerprints["birch"] == identity_of("birch").fingerprint()
    assert report.lines == len(exchange.file()) and report.entries == 18


def test_lines_need_no_newlines_and_an_exchange_without_entries_is_sound() -> None:
    assert verify_record(line.removesuffix(b"\n") for line in talk().file()).sound
    assert verify_record(Exchange().file()).sound


def test_a_signed_checkpoint_above_the_cosigned_one_is_reported_and_no_fault() -> None:
    exchange = talk()
    exchange.sign(exchange.forth, cosigned=False)

    report = verify_record(exchange.file())

    assert report.sound
    assert report.logs[0].not_yet_cosigned == 1


# ---- tamperings. Each gives the changed lines; then the rule that names it, the log, and the first bad entry.

Tampering = Callable[[list[bytes]], list[bytes] | None]


def _text_changed(lines: list[bytes]) -> None:
    place = place_of(lines, FORTH, 3)
    lines[place] = change_entry(lines[place], lambda entry: entry["body"].update(floor_mm=0), rehash=False)


def _entry_rewritten_with_its_hash(lines: list[bytes]) -> None:
    place = place_of(lines, FORTH, 3)
    lines[place] = change_entry(lines[place], lambda entry: entry["body"].update(floor_mm=0), rehash=True)


def _private_entry_rewritten(lines: list[bytes]) -> None:
    place = place_of(lines, OWN, 2)
    lines[place] = change_entry(lines[place], lambda entry: entry["body"].update(serial="B-2"), rehash=True)


def _entry_dropped(lines: list[bytes]) -> None:
    del lines[place_of(lines, FORTH, 2)]
    lines[-1] = change(lines[-1], lambda foot: foot.update(lines=len(lines) - 1))


def _entry_doubled(lines: list[bytes]) -> None:
    place = place_of(lines, BACK, 1)
    lines.insert(place, lines[place])
    lines[-1] = change(lines[-1], lambda foot: foot.update(lines=len(lines) - 1))


def _entries_swapped(lines: list[bytes]) -> None:
    one, other = place_of(lines, FORTH, 1), place_of(lines, FORTH, 2)
    lines[one], lines[other] = lines[other], lines[one]


def _entries_swapped_and_renumbered(lines: list[bytes]) -> None:
    one, other = place_of(lines, FORTH, 1), place_of(lines, FORTH, 4)
    lines[one], lines[other] = (
        change(lines[other], lambda line: line.update(n=1)),
        change(lines[one], lambda line: line.update(n=4)),
    )


def _last_entries_cut_away(lines: list[bytes]) -> list[bytes]:
    gone = {place_of(lines, FORTH, 5), place_of(lines, FORTH, 6)}
    kept = [line for place, line in enumerate(lines) if place not in gone]
    return [*kept[:-1], change(kept[-1], lambda foot: foot.update(lines=len(kept) - 1))]


def _file_cut(lines: list[bytes]) -> list[bytes]:
    return lines[:-3]


def _foot_cut(lines: list[bytes]) -> list[bytes]:
    return lines[:-1]


def _checkpoint_dropped_but_not_counted(lines: list[bytes]) -> None:
    del lines[checkpoints_of(lines, FORTH)[0]]


def _checkpoints_swapped(lines: list[bytes]) -> None:
    one, other = checkpoints_of(lines, FORTH)
    lines[one], lines[other] = lines[other], lines[one]


def _checkpoint_of_another_log(lines: list[bytes]) -> None:
    forth, back = checkpoints_of(lines, FORTH)[0], checkpoints_of(lines, BACK)[0]
    text = json.loads(lines[back])["checkpoint"]
    lines[forth] = change(lines[forth], lambda line: line.update(checkpoint=text))


def _checkpoint_with(lines: list[bytes], make: Callable[[str], str]) -> None:
    place = checkpoints_of(lines, FORTH)[-1]
    lines[place] = change(lines[place], lambda line: line.update(checkpoint=make(line["checkpoint"])))


def _signed_by_another(lines: list[bytes]) -> None:
    def foreign(text: str) -> str:
        old = note.parse(text)
        cedar = note.parse(signed(Checkpoint(FORTH, 6, b"\0" * 32), signer_of("cedar"))).signatures[0]
        raw = signer_of("cedar").sign_ed25519(old.text.encode())
        forged = note.Signature(FORTH, cedar.key_id, raw)
        return note.render(note.Note(old.text, (forged, *old.signatures[1:])))

    _checkpoint_with(lines, foreign)


def _signature_of_another_under_the_true_key_id(lines: list[bytes]) -> None:
    def foreign(text: str) -> str:
        old = note.parse(text)
        raw = signer_of("cedar").sign_ed25519(old.text.encode())
        forged = note.Signature(FORTH, old.signatures[0].key_id, raw)
        return note.render(note.Note(old.text, (forged, *old.signatures[1:])))

    _checkpoint_with(lines, foreign)


def _cosigned_by_another(lines: list[bytes]) -> None:
    for place in checkpoints_of(lines, FORTH):
        text = json.loads(lines[place])["checkpoint"]
        own = note.parse(text)
        bare = note.render(note.Note(own.text, own.signatures[:1]))
        lied = note.add(bare, cosign(bare, identity_of("birch", "cedar"), signer_of("cedar"), START_S))
        lines[place] = change(lines[place], lambda line, lied=lied: line.update(checkpoint=lied))


def _cosignature_changed(which: int, raw: Callable[[bytes], bytes]) -> Tampering:
    def tamper(lines: list[bytes]) -> None:
        def changed(text: str) -> str:
            old = note.parse(text)
            signatures = list(old.signatures)
            line = signatures[which]
            signatures[which] = note.Signature(line.name, line.key_id, raw(line.raw))
            return note.render(note.Note(old.text, tuple(signatures)))

        _checkpoint_with(lines, changed)

    return tamper


def _received_points_elsewhere(lines: list[bytes]) -> None:
    place = place_of(lines, BACK, 2)
    lines[place] = change_entry(lines[place], lambda entry: entry["body"].update(index=1), rehash=False)


def _seen_root_wrong(lines: list[bytes]) -> None:
    place = place_of(lines, BACK, 2)
    lines[place] = change_entry(lines[place], lambda entry: entry["seen"].update(root="ab" * 32), rehash=False)


def _not_canonical(lines: list[bytes]) -> None:
    place = place_of(lines, FORTH, 1)

    def spaced(line: dict[str, Any]) -> None:
        line["entry"] = line["entry"].replace('"kind":', '"kind": ')
        line["hash"] = leaf_hash(line["entry"].encode()).hex()

    lines[place] = change(lines[place], spaced)


def _line_with_a_doubled_key(lines: list[bytes]) -> None:
    place = place_of(lines, FORTH, 1)
    lines[place] = lines[place].replace(b'{"entry":', b'{"entry":"{}","entry":', 1)


def _low_order_key(lines: list[bytes]) -> None:
    def weak(header: dict[str, Any]) -> None:
        header["peers"][0]["ed25519"] = "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

    lines[0] = change(lines[0], weak)


def _receiver_with_the_senders_keys(lines: list[bytes]) -> None:
    def same(header: dict[str, Any]) -> None:
        header["peers"][0].update(ed25519=header["party"]["ed25519"], mldsa44=header["party"]["mldsa44"])

    lines[0] = change(lines[0], same)


def _channel_back_left_out(lines: list[bytes]) -> None:
    lines[0] = change(lines[0], lambda header: header["logs"].remove(BACK))


def _more_after_the_foot(lines: list[bytes]) -> None:
    lines.append(lines[-1])


def _checkpoint_before_the_entries(lines: list[bytes]) -> None:
    place = checkpoints_of(lines, FORTH)[0]
    lines.insert(1, lines.pop(place))


TIME_1969, TIME_2033 = b"\0" * 8, (2_000_000_000).to_bytes(8, "big")

TAMPERINGS: list[tuple[Tampering, int, str, int | None]] = [
    (_text_changed, 2, FORTH, 3),
    (_entry_rewritten_with_its_hash, 5, FORTH, 3),
    (_private_entry_rewritten, 3, OWN, 0),
    (_entry_dropped, 1, FORTH, 2),
    (_entry_doubled, 1, BACK, 2),
    (_entries_swapped, 1, FORTH, 1),
    (_entries_swapped_and_renumbered, 2, FORTH, 1),
    (_last_entries_cut_away, 3, FORTH, None),
    (_file_cut, 1, "", None),
    (_foot_cut, 1, "", None),
    (_checkpoint_dropped_but_not_counted, 1, "", None),
    (_checkpoints_swapped, 1, FORTH, None),
    (_checkpoint_of_another_log, 3, FORTH, None),
    (_signed_by_another, 3, FORTH, None),
    (_signature_of_another_under_the_true_key_id, 3, FORTH, None),
    (_cosigned_by_another, 7, FORTH, None),
    (_cosignature_changed(1, lambda raw: TIME_2033 + raw[8:]), 4, FORTH, None),
    (_cosignature_changed(2, lambda raw: TIME_2033 + raw[8:]), 4, FORTH, None),
    (_cosignature_changed(1, lambda raw: TIME_1969 + raw[8:]), 4, FORTH, None),
    (_cosignature_changed(2, lambda raw: raw[:-1] + bytes([raw[-1] ^ 1])), 4, FORTH, None),
    (_received_points_elsewhere, 2, BACK, 2),
    (_seen_root_wrong, 2, BACK, 2),
    (_not_canonical, 2, FORTH, 1),
    (_line_with_a_doubled_key, 1, "", None),
    (_low_order_key, 1, "", None),
    (_receiver_with_the_senders_keys, 1, "", None),
    (_channel_back_left_out, 1, "", None),
    (_more_after_the_foot, 1, "", None),
    (_checkpoint_before_the_entries, 1, FORTH, None),
]


@pytest.mark.parametrize(
    ("tamper", "rule", "log", "n"), TAMPERINGS, ids=[f"{n}{each[0].__name__}" for n, each in enumerate(TAMPERINGS)]
)
def test_a_tampered_file_is_refused_and_the_fault_named(tamper: Tampering, rule: int, log: str, n: int | None) -> None:
    lines = talk().file()

    changed = tamper(lines) or lines
    report = verify_record(changed)

    assert changed != talk().file()
    assert not report.sound
    assert any((fault.rule, fault.log) == (rule, log) for fault in report.faults), report.faults
    if n is not None:
        assert report.first_bad is not None
        assert (report.first_bad.log, report.first_bad.n) == (log, n), report.faults


# ---- what a party could do with its own keys: everything is signed anew, and only the other rules are left to find it


def _resigned(spoil: Callable[[Exchange], None]) -> list[bytes]:
    exchange = talk(3)
    spoil(exchange)
    exchange.answer(exchange.forth)
    for log in (exchange.forth, exchange.back):
        if not log.checkpoints[-1].startswith(f"{log.origin}\n{log.tree.size}\n"):
            exchange.sign(log)
    return exchange.file()


def _rule_of_resigned(kind: str, body: dict[str, object]) -> int:
    lines = _resigned(lambda exchange: exchange.say(exchange.back, kind, body) and None)
    report = verify_record(lines)
    assert report.first_bad is not None and report.first_bad.log == BACK, report.faults
    return report.first_bad.rule


def test_a_received_of_an_entry_that_does_not_exist_is_named() -> None:
    assert _rule_of_resigned("received", {"hash": "ab" * 32, "index": 99, "received_at": 1}) == 5


def test_a_received_with_a_false_hash_is_named() -> None:
    assert _rule_of_resigned("received", {"hash": "ab" * 32, "index": 3, "received_at": 1}) == 5


def test_a_second_received_of_one_entry_is_named() -> None:
    exchange = talk(3)
    body: dict[str, object] = {"hash": exchange.forth.tree.leaf(0).hex(), "index": 0, "received_at": 1}

    assert _rule_of_resigned("received", body) == 5


def test_a_received_that_says_more_than_it_may_is_named() -> None:
    assert _rule_of_resigned("received", {"hash": "ab" * 32, "index": 3, "received_at": 1, "note": "x"}) == 5


def test_a_received_that_passes_over_an_entry_is_named() -> None:
    def spoil(exchange: Exchange) -> None:
        exchange.say(exchange.forth, "notice", {})
        exchange.forth.answered += 1
        exchange.say(exchange.forth, "notice", {})

    report = verify_record(_resigned(spoil))

    assert [fault.rule for fault in report.faults] == [5]
    assert "comes first" in report.faults[0].what


def test_a_received_of_a_received_is_named() -> None:
    def spoil(exchange: Exchange) -> None:
        n = next(n for n in range(exchange.back.tree.size) if b'"received"' in exchange.back.entries[n])
        exchange.say(
            exchange.forth, "received", {"hash": exchange.back.tree.leaf(n).hex(), "index": n, "received_at": 1}
        )

    report = verify_record(_resigned(spoil))

    assert any(fault.rule == 5 and "is itself" in fault.what for fault in report.faults)


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        ({"root": "ab" * 32, "size": 2}, "another root"),
        ({"root": "ab" * 32, "size": 500}, "holds fewer"),
    ],
)
def test_a_seen_that_never_was_is_named_although_all_is_signed(seen: dict[str, object], words: str) -> None:
    def spoil(exchange: Exchange) -> None:
        exchange.say(exchange.back, "alert", {})
        data = change(exchange.back.entries.pop(), lambda entry: entry.update(seen=seen))[:-1]
        exchange.back.tree.rewind(exchange.back.tree.size - 1)
        exchange.back.entries.append(data)
        exchange.back.tree.append(leaf_hash(data))

    report = verify_record(_resigned(spoil))

    assert any(fault.rule == 6 and words in fault.what and fault.log == BACK for fault in report.faults)


def test_an_entry_from_before_the_one_before_it_is_named() -> None:
    def spoil(exchange: Exchange) -> None:
        exchange.at_us -= 1_000_000
        exchange.say(exchange.back, "alert", {})

    report = verify_record(_resigned(spoil))

    assert report.first_bad is not None and (report.first_bad.rule, report.first_bad.log) == (2, BACK)


def test_a_channel_cosigned_with_one_key_only_is_not_sound() -> None:
    exchange = Exchange()
    exchange.say(exchange.forth, "notice", {})
    text = exchange.sign(exchange.forth, cosigned=False)
    weak = Ed25519Signer(leaf_hash(b"birch ed25519"), leaf_hash(b"birch ml-dsa"))
    exchange.forth.checkpoints = [note.add(text, cosign(text, identity_of("birch"), weak, START_S))]

    report = verify_record(exchange.file())

    assert [fault.rule for fault in report.faults] == [7]


def test_a_cosigned_empty_checkpoint_does_not_stand_for_the_entries_above_it() -> None:
    exchange = Exchange()
    exchange.sign(exchange.forth)
    exchange.say(exchange.forth, "notice", {})

    assert [fault.rule for fault in verify_record(exchange.file()).faults] == [7]


def test_a_root_that_the_entries_do_not_have_is_named_with_the_range_it_covers() -> None:
    exchange = talk(3)
    exchange.say(exchange.own, "draft", {})
    exchange.say(exchange.own, "draft", {})
    exchange.own.checkpoints.append(signed(Checkpoint(OWN, 5, b"\x01" * 32), signer_of("amber")))

    bad = verify_record(exchange.file()).first_bad

    assert bad is not None
    assert (bad.rule, bad.log, bad.n, bad.until) == (3, OWN, 3, 5)


def test_two_roots_signed_at_one_size_are_named_as_two_histories() -> None:
    exchange = talk(3)
    exchange.own.checkpoints.append(signed(Checkpoint(OWN, 3, b"\x01" * 32), signer_of("amber")))

    report = verify_record(exchange.file())

    assert any(fault.rule == 3 and "two histories" in fault.what for fault in report.faults)


# ---- trust


def test_other_keys_than_the_trusted_ones_are_refused() -> None:
    report = verify_record(talk().file(), [identity_of("birch", "cedar")])

    assert [fault.rule for fault in report.faults] == [0]
    assert report.trusted == ()


def test_a_trusted_party_that_does_not_occur_is_a_fault() -> None:
    assert [fault.rule for fault in verify_record(talk().file(), [identity_of("cedar")]).faults] == [0]


# ---- bounds and bad input


def test_faults_are_bounded_and_the_rest_counted() -> None:
    lines = talk().file()
    report = verify_record([lines[0], *([b'{"entry":1}\n'] * (MAX_FAULTS + 10)), lines[-1]])

    assert len(report.faults) == MAX_FAULTS
    assert report.faults_left_out >= 10


@pytest.mark.parametrize(
    "lines",
    [[], [b""], [b"{}"], [b"\xff\xfe"], [b'{"format":"keepclear-record/2"}'], [b"[" * 100_000], [b"x" * 3_000_000]],
)
def test_what_is_no_record_file_is_a_report_with_a_fault_and_no_crash(lines: list[bytes]) -> None:
    report = verify_record(lines)

    assert not report.sound and report.party is None and report.first_bad is None


@pytest.mark.parametrize(
    "line",
    [b"", b"[]", b'{"entry":"\\ud800","hash":"","log":"","n":0}', b'{"end":' + b"[" * 50_000, b'{"checkpoint":1}'],
)
def test_a_line_that_is_none_is_a_fault_and_no_crash(line: bytes) -> None:
    lines = talk().file()

    report = verify_record([*lines[:-1], line, change(lines[-1], lambda foot: foot.update(lines=len(lines)))])

    assert [fault.rule for fault in report.faults] == [1]


def test_a_header_names_only_logs_that_the_maker_can_hold() -> None:
    lines = talk().file()
    for foreign in ("keepclear/birch/private", "keepclear/birch/to/cedar", "other/amber/private"):
        changed = change(lines[0], lambda header, foreign=foreign: header["logs"].append(foreign))

        assert verify_record([changed, *lines[1:]]).party is None


def test_a_header_reads_back_as_it_was_written() -> None:
    header = Header(identity_of("amber"), (identity_of("birch"),), (FORTH, BACK, OWN))

    assert Header.from_bytes(header.to_bytes()) == header


def test_an_identity_with_a_weak_key_cannot_be_made() -> None:
    with pytest.raises(signing.Malformed, match="low order"):
        Identity("birch", "Birch", b"\x01" + b"\0" * 31, identity_of("birch").mldsa44)
