"""What a party that is enrolled and hostile can do with bytes of its own making: nothing beyond its own word."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from given import (
    SEED,
    SETTINGS,
    START_US,
    Desk,
    Hands,
    a_notice,
    a_signer,
    a_volume,
    amber_and_birch,
    an_agreement,
    an_identity,
    beat,
    enrol,
    enrolment,
    sync,
)
from hostile import Hostile
from keepclear.core.alert import AlertLevel, Answer
from keepclear.core.notice import Action, NoticeKind, NoticeState
from keepclear.core.timespan import SECOND_US
from keepclear.errors import LimitReached, Refused, Tampered
from keepclear.formats.wire import volume_to_wire
from keepclear.node import loop as loop_module
from keepclear.node.commands import ConfirmClock, ProposeAgreement, SendStop
from keepclear.node.decide.agreements import terms_of
from keepclear.node.entries import (
    AgreementProposed,
    AgreementSigned,
    AlertSent,
    AnswerSent,
    NoticeRef,
    NoticeSent,
    Received,
    Resumed,
    StopAnswered,
    StopSent,
    content_hash,
)
from keepclear.node.folds.agreements import PROPOSALS_KEPT
from keepclear.node.folds.notices import VERSIONS_KEPT
from keepclear.node.folds.stops import STOP_ANSWERS_KEPT
from keepclear.node.logs import channel
from keepclear.node.loop import URGENT_EVIDENCE_BYTES_MAX, Asked, Receipt, SteadyClock, with_seed_and_shift
from keepclear.node.proofs import export
from keepclear.record import note as notes
from keepclear.record import verify_record
from keepclear.record.checkpoint import Checkpoint, open_signed, signed
from keepclear.record.cosign import cosign, verify_cosignatures
from keepclear.record.tree import EMPTY_ROOT, Tree, leaf_hash
from keepclear.stores.memory import MemoryStore

# ------------------------------------------------------------------------------------------ our own channel and record


def test_a_peer_puts_no_word_into_our_mouth_when_it_gives_back_our_channel() -> None:
    amber, birch = amber_and_birch()
    ours = channel("amber", "birch")
    held = [entry.data for entry in amber.store.entries() if entry.log == ours]
    forged = StopAnswered("SB-0001", Answer.WILCO, "Imani")
    data = Hostile("birch", amber).entry(forged, len(held), log=ours)
    cosigned = birch.exchange.heartbeat("amber", birch.hands.now_us, birch.hands.now_us).cosigned

    amber.exchange.rebuild("birch", [*held, data], cosigned, amber.hands.now_us)

    assert [entry.data for entry in amber.store.entries() if entry.log == ours] == held


def test_a_line_that_claims_to_be_our_cosignature_is_not_kept() -> None:
    amber, _ = amber_and_birch()
    assert isinstance(Hostile("birch", amber).send({"a": 1}), Receipt)
    tree = amber.loop.logs.tree("keepclear/birch/to/amber")
    text = signed(Checkpoint("keepclear/birch/to/amber", tree.size, tree.root()), a_signer("birch"))
    ours = amber.loop.identity.cosigner_keys()[0]

    kept = amber.exchange.cosign_held(
        "birch", notes.add(text, [notes.Signature(ours.name, ours.key_id, bytes(72))]), amber.hands.now_us
    )

    assert verify_cosignatures(kept, amber.loop.identity).ed25519
    assert amber.store.latest_checkpoint("keepclear/birch/to/amber") == (tree.size, kept)


def test_a_cosignature_from_a_year_that_no_calendar_has_is_refused() -> None:
    amber, birch = amber_and_birch()
    log = channel("amber", "birch")
    text = amber.exchange.checkpoint(log)
    bare = notes.render(notes.Note(open_signed(text, a_signer("amber").ed25519_public)[1].text,
                                   notes.parse(text).signatures[:1]))  # fmt: skip
    late = notes.add(bare, cosign(bare, birch.loop.identity, a_signer("birch"), 2**50))

    with pytest.raises(Tampered, match="no time"):
        amber.exchange._take_cosigned("birch", log, late)


# ------------------------------------------------------------------------------------- what it says about our entries


def test_a_peer_that_says_it_saw_what_we_never_wrote_is_refused() -> None:
    amber, _ = amber_and_birch()
    ours = amber.loop.logs.size(channel("amber", "birch"))
    hostile = Hostile("birch", amber)

    never = hostile.send(StopSent("SB-0001", "Eve"), seen={"root": "0" * 64, "size": ours})
    later = hostile.send(StopSent("SB-0001", "Eve"), seen={"root": "0" * 64, "size": ours + 1})
    fewer = hostile.send(StopSent("SB-0001", "Eve"), seen={"root": EMPTY_ROOT.hex(), "size": 0})

    assert [getattr(answer, "code", "") for answer in (never, later, fewer)] == ["tampered", "unavailable", "malformed"]
    assert not amber.picture.stops


def test_a_received_must_name_the_next_of_our_entries_by_its_hash() -> None:
    amber, _ = amber_and_birch()
    amber.ask(a_notice())
    log = channel("amber", "birch")
    first = amber.picture.next_due("birch")
    tree = amber.loop.logs.tree(log)
    amber.exchange.checkpoint(log)
    hostile = Hostile("birch", amber)

    wrong = hostile.send(Received("0" * 64, first, START_US))
    passed_over = hostile.send(Received(tree.leaf(first + 1).hex(), first + 1, START_US))
    again = hostile.send(Received(tree.leaf(0).hex(), 0, START_US))
    right = hostile.send(Received(tree.leaf(first).hex(), first, START_US))

    assert [getattr(answer, "code", "taken") for answer in (wrong, passed_over, again, right)] == [
        "tampered",
        "malformed",
        "malformed",
        "taken",
    ]
    assert amber.picture.notice("amber/A-0001").sent["birch", 1].received_at == START_US


def test_an_entry_that_would_spoil_our_record_file_is_refused() -> None:
    amber, _ = amber_and_birch()
    hostile = Hostile("birch", amber)

    answers = [hostile.send({"a": 1}, kind=""), hostile.send({"a": 1}, body=[1]), hostile.send({"a": 1}, at=2**53)]

    assert [getattr(answer, "code", "taken") for answer in answers] == ["malformed"] * 3


# -------------------------------------------------------------------------------------------------- alerts and answers


def three() -> tuple[Desk, Desk, Desk]:
    amber, birch = amber_and_birch()
    cedar = Desk("cedar", amber.hands)
    enrol(amber, cedar)
    sync(amber, cedar)
    return amber, birch, cedar


def test_only_the_party_that_was_asked_answers_an_alert() -> None:
    amber, birch, _ = three()
    amber.ask(a_notice())
    birch.ask(a_notice(a_volume(lat_deg=40)))
    sync(amber, birch)
    asked, asks = amber.picture.alerts["amber/A-0001/v1/birch"], amber.picture.alerts["birch/B-0001/v1/amber"]
    hostile = Hostile("cedar", amber)

    for alert in (asked, asks):
        assert isinstance(hostile.send(AnswerSent(alert.id, alert.ref, Answer.ROGER, "Eve")), Receipt)

    assert (asked.state, asks.state) == ("open", "open")
    assert "acknowledge_by amber/A-0001/v1/birch" in amber.picture.duties


def test_an_alert_takes_the_place_of_no_other_alert() -> None:
    amber, birch, _ = three()
    amber.ask(a_notice())
    sync(amber, birch)
    ref = NoticeRef("cedar", "C-0001", 1, "0" * 64)

    refused = Hostile("cedar", amber).send(AlertSent("amber/A-0001/v1/birch", AlertLevel.WARNING, ref, 60))

    assert getattr(refused, "code", "taken") == "not_allowed"
    assert amber.picture.alerts["amber/A-0001/v1/birch"].party == "amber"


def test_nobody_is_asked_to_answer_what_was_never_sent() -> None:
    amber, _ = amber_and_birch()
    volume = volume_to_wire(a_volume())
    notice = NoticeSent("B-0001", 1, NoticeState.ACCEPTED, NoticeKind.HAZARD, Action.KEEP_CLEAR, (volume,))
    hostile = Hostile("birch", amber)
    assert isinstance(hostile.send(notice), Receipt)

    def ask(digest: str, **changed: Any) -> str:
        ref = NoticeRef("birch", "B-0001", 1, digest)
        alert = AlertSent("birch/B-0001/v1/amber", AlertLevel.CAUTION, ref, 60)
        return str(getattr(hostile.send(alert, **changed), "code", "taken"))

    assert ask("0" * 64) == "tampered"
    assert ask(content_hash(notice), mode="EXER") == "malformed"
    assert not amber.picture.alerts
    unknown = AlertSent("birch/B-0009/v1/amber", AlertLevel.WARNING, NoticeRef("birch", "B-0009", 1, "0" * 64), 60)
    assert isinstance(hostile.send(unknown), Receipt)
    assert not amber.picture.alerts
    assert ask(content_hash(notice)) == "taken"
    assert list(amber.picture.alerts) == ["birch/B-0001/v1/amber"]


@pytest.mark.parametrize(
    ("changed", "mode"), [({"version": 1}, "OPER"), ({"state": NoticeState.ACTIVATED}, "OPER"), ({}, "EXER")]
)
def test_a_notice_that_ended_or_is_meant_stays_so(changed: dict[str, Any], mode: str) -> None:
    amber, _ = amber_and_birch()
    wire = (volume_to_wire(a_volume()),)
    ended = NoticeSent("B-0001", 1, NoticeState.ENDED, NoticeKind.HAZARD, Action.KEEP_CLEAR, wire)
    hostile = Hostile("birch", amber)
    assert isinstance(hostile.send(ended), Receipt)

    after = msgspec.structs.replace(ended, **({"version": 2} | changed))

    assert getattr(hostile.send(after, mode=mode), "code", "taken") == "malformed"


def test_a_second_acknowledgement_or_a_late_standby_does_not_overwrite_the_first() -> None:
    amber, _ = amber_and_birch()
    amber.ask(a_notice())
    held = amber.picture.alerts["amber/A-0001/v1/birch"]
    hostile = Hostile("birch", amber)

    hostile.send(AnswerSent(held.id, held.ref, Answer.WILCO, "Tomas"))
    hostile.send(AnswerSent(held.id, held.ref, Answer.STANDBY, "Eve", 30 * 86_400))

    assert (held.state, held.answer, held.answered_by) == ("answered", "WILCO", "Tomas")


def test_standby_moves_what_is_shown_by_no_more_than_was_agreed() -> None:
    amber, _ = amber_and_birch()
    amber.ask(a_notice())
    held = amber.picture.alerts["amber/A-0001/v1/birch"]
    before_us = held.due_at

    Hostile("birch", amber).send(AnswerSent(held.id, held.ref, Answer.STANDBY, "Tomas", 30 * 86_400))

    assert held.due_at - before_us == 120 * SECOND_US


# ------------------------------------------------------------------------------------------------------------- STOP


def test_a_stop_under_a_serial_that_was_used_before_is_shown() -> None:
    amber, _ = amber_and_birch()
    hostile = Hostile("birch", amber)
    hostile.send(StopSent("SB-0001", "Tomas"))
    hostile.send(Resumed("SB-0001", "Tomas"))
    assert amber.picture.stops["birch/SB-0001"].resumed_at

    hostile.send(StopSent("SB-0001", "Tomas", "again, after a restore"))

    assert not amber.picture.stops["birch/SB-0001"].resumed_at


def test_a_party_that_was_not_asked_to_stop_does_not_answer_and_answers_are_bounded() -> None:
    amber, _, _ = three()
    stop = amber.picture.stops[amber.ask(SendStop("Imani", ("birch",)))]

    Hostile("cedar", amber).send(StopAnswered(stop.id, Answer.WILCO, "Eve"))
    assert not stop.answers
    Hostile("birch", amber).send(*[StopAnswered(stop.id, Answer.WILCO, f"{n}") for n in range(STOP_ANSWERS_KEPT + 1)])

    assert [stop.answers[0].by, len(stop.answers)] == ["1", STOP_ANSWERS_KEPT]


# -------------------------------------------------------------------------------------------------------- agreements


def test_terms_between_two_others_bind_nobody_here() -> None:
    amber, _, _ = three()
    terms = terms_of(an_agreement("birch", "cedar"))

    refused = Hostile("birch", amber).send(AgreementProposed(content_hash(terms), terms, "Eve"))

    assert getattr(refused, "code", "taken") == "not_allowed"


def test_who_signs_the_terms_of_others_is_shown_nothing_under_them() -> None:
    amber, _, _ = three()
    amber.ask(a_notice())
    held = amber.picture.held_agreement_with("birch")
    assert held is not None
    before = amber.loop.logs.size(channel("amber", "cedar"))

    assert isinstance(Hostile("cedar", amber).send(AgreementSigned(held.hash, "Eve")), Receipt)

    # The `received` alone.
    assert amber.loop.logs.size(channel("amber", "cedar")) == before + 1
    assert held.signed_by == ["amber", "birch"]


def test_an_offer_lapses_when_other_terms_come_into_force() -> None:
    amber, _ = amber_and_birch()
    old = amber.ask(ProposeAgreement(an_agreement(title="Generous"), "Imani"))
    new = amber.ask(ProposeAgreement(an_agreement(title="Careful"), "Imani"))
    hostile = Hostile("birch", amber)
    hostile.send(AgreementSigned(new, "Tomas"))

    hostile.send(AgreementSigned(old, "Eve"))

    in_force = amber.picture.agreement_with("birch")
    assert in_force is not None
    assert in_force.title == "Careful"


def test_proposals_without_end_leave_the_newest() -> None:
    amber, _ = amber_and_birch()
    all_terms = [terms_of(an_agreement(title=f"Number {n}")) for n in range(PROPOSALS_KEPT + 3)]

    Hostile("birch", amber).send(*[AgreementProposed(content_hash(terms), terms, "Eve") for terms in all_terms])

    assert len(amber.picture.agreements) == 1 + PROPOSALS_KEPT
    assert content_hash(all_terms[-1]) in amber.picture.agreements


def test_a_proposal_that_comes_again_takes_no_signature_away_and_from_both_sides_it_is_in_force() -> None:
    amber, birch = amber_and_birch()
    again = an_agreement(title="At the same moment")
    digest = amber.ask(ProposeAgreement(again, "Imani"))
    birch.ask(ProposeAgreement(again, "Tomas"))
    sync(amber, birch)

    for desk in (amber, birch):
        held = desk.picture.held_agreement_with("birch" if desk is amber else "amber")
        assert held is not None
        assert held.hash == digest
        assert desk.picture.agreements[digest].in_force_since


def test_one_peer_cannot_take_all_the_places_for_notices() -> None:
    amber, _ = amber_and_birch(settings=replace(SETTINGS, notices_of_peer_max=2))
    wire = (volume_to_wire(a_volume()),)
    hostile = Hostile("birch", amber)

    def notice(n: int) -> NoticeSent:
        return NoticeSent(f"B-000{n}", 1, NoticeState.ACCEPTED, NoticeKind.HAZARD, Action.KEEP_CLEAR, wire)

    assert isinstance(hostile.send(notice(1), notice(2)), Receipt)
    assert getattr(hostile.send(notice(3)), "code", "taken") == "limit_reached"
    assert isinstance(amber.run(a_notice()).answers[0], Receipt)


# ----------------------------------------------------------------------------------------------- memory, disk and turn


def test_a_message_as_long_as_may_be_is_kept_as_evidence_and_stops_nothing() -> None:
    amber, _ = amber_and_birch()
    hostile = Hostile("birch", amber)
    first = amber.loop.logs.size(hostile.log)
    entries = [b"x" * 62_500] * 64
    assert sum(map(len, entries)) == amber.settings.delivery_bytes_max

    refused = hostile.deliver(first, entries, signed(Checkpoint(hostile.log, first + 64, bytes(32)), a_signer("birch")))

    assert getattr(refused, "code", "taken") == "malformed"
    assert len(amber.store.evidence()) == 1
    assert isinstance(amber.run(a_notice()).answers[0], Receipt)


def test_messages_that_call_themselves_stop_fill_no_disk() -> None:
    amber, _ = amber_and_birch(settings=replace(SETTINGS, quarantined_max=3))
    hostile = Hostile("birch", amber)
    first = amber.loop.logs.size(hostile.log)
    text = signed(Checkpoint(hostile.log, first + 2, bytes(32)), a_signer("birch"))

    for n in range(5):
        junk = [b"%d" % n + b"x" * 60_000 + b',"kind":"stop"', b"y" * 60_000]
        assert isinstance(hostile.deliver(first, junk, text), Exception)

    kept = amber.store.evidence()
    assert [len(each.data) for each in kept] == [URGENT_EVIDENCE_BYTES_MAX] * 3
    assert amber.picture.quarantined == 3
    assert isinstance(hostile.send(StopSent("SB-0001", "Tomas")), Receipt)


def test_a_second_history_shown_again_and_again_is_recorded_once() -> None:
    amber, _ = amber_and_birch()
    hostile = Hostile("birch", amber)
    other = hostile.entry({"a": 1}, 0)
    text = signed(Checkpoint(hostile.log, 1, Tree([leaf_hash(other)]).root()), a_signer("birch"))
    assert getattr(hostile.deliver(0, [other], text), "code", "") == "split_view"
    before = amber.loop.logs.seq

    assert getattr(hostile.deliver(0, [other], text), "code", "") == "split_view"

    assert amber.loop.logs.seq == before


def test_a_notice_that_meets_more_of_ours_than_may_be_told_shuts_out_no_stop() -> None:
    amber, _ = amber_and_birch(settings=replace(SETTINGS, conflicts_max=1))
    amber.ask(a_notice())
    amber.ask(a_notice(a_volume(lat_deg=10.6, from_min=200, to_min=230)))
    wide = volume_to_wire(a_volume(radius_m=90_000, to_min=300))
    notice = NoticeSent("B-0001", 1, NoticeState.ACCEPTED, NoticeKind.HAZARD, Action.KEEP_CLEAR, (wide,))

    assert isinstance(Hostile("birch", amber).send(notice, StopSent("SB-0001", "Tomas")), Receipt)

    assert len(amber.picture.conflicts["birch/B-0001", "amber"].pairs) == 2
    assert "birch/SB-0001" in amber.picture.stops


def test_a_delivery_that_hits_a_bound_half_way_is_taken_whole_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    amber, _ = amber_and_birch()
    hostile = Hostile("birch", amber)
    size, seq = amber.loop.logs.size(hostile.log), amber.loop.logs.seq
    take = loop_module.take

    def bounded(picture: Any, read: Any, *rest: Any) -> Any:
        if isinstance(read.body, Resumed):
            raise LimitReached("some_max: 1")
        return take(picture, read, *rest)

    monkeypatch.setattr(loop_module, "take", bounded)

    refused = hostile.send(StopSent("SB-0001", "Tomas"), Resumed("SB-0001", "Tomas"))

    assert getattr(refused, "code", "taken") == "limit_reached"
    assert (amber.loop.logs.size(hostile.log), amber.loop.logs.seq) == (size, seq)
    assert not amber.picture.stops
    # Rule 7 asks for ML-DSA-44, with which desks do not sign.
    assert [fault for fault in verify_record(export(amber.exchange, private=True)).faults if fault.rule != 7] == []


# --------------------------------------------------------------------------------------------------------------- clock


def test_a_clock_that_wanders_makes_us_ask_a_person_once() -> None:
    amber, birch = amber_and_birch()
    beat(amber, birch, ahead_us=60 * SECOND_US)
    assert amber.picture.is_clock_suspect
    amber.ask(ConfirmClock("Imani"))
    amber.exchange.confirm_clocks()

    beat(amber, birch, ahead_us=-600 * SECOND_US)

    assert not amber.picture.is_clock_suspect
    assert amber.exchange.line("birch").difference_ms == -600_000


def test_a_confirmation_that_is_refused_moves_neither_the_clock_nor_what_is_owed() -> None:
    class Set:
        """A clock that somebody set an hour ahead."""

        wall_us: int = START_US

        def now_us(self) -> int:
            return self.wall_us

        def elapsed_us(self) -> int:
            return 0

    clock = Set()
    steady = SteadyClock(clock)
    clock.wall_us += 3_600 * SECOND_US

    asked = with_seed_and_shift(Asked(ConfirmClock("Imani")), SEED, steady)

    assert isinstance(asked.command, ConfirmClock)
    assert (asked.command.shift_us, steady.now_us()) == (3_600 * SECOND_US, START_US)
    steady.shift(asked.command.shift_us)
    assert steady.jump_us() == 0


# ----------------------------------------------------------------------------------------------------------- enrolment


@pytest.mark.parametrize("of", ["amber", "birch"])
def test_nobody_is_enrolled_with_the_key_of_another(of: str) -> None:
    amber, _ = amber_and_birch()
    taken = enrolment(an_identity(of))

    with pytest.raises(Refused, match="cannot share"):
        amber.ask(replace(taken, party="cedar"))


def test_nobody_is_enrolled_with_the_certificate_of_another() -> None:
    amber, birch = Desk("amber", Hands()), an_identity("birch")
    pem = "-----BEGIN CERTIFICATE-----\nAAAA\nBBBB\n-----END CERTIFICATE-----\n"
    amber.ask(replace(enrolment(birch), tls=pem))

    with pytest.raises(Refused, match="certificate"):
        amber.ask(replace(enrolment(an_identity("cedar")), tls=pem.replace("AAAA\n", "AAAA")))
    amber.ask(replace(enrolment(birch), tls=pem))


# ------------------------------------------------------------------------------------------------------ after a restore


def test_what_a_restored_node_filed_under_a_used_serial_does_not_shut_the_line() -> None:
    amber, birch = amber_and_birch()
    backup = amber.store.snapshot()
    amber.ask(a_notice())
    amber.ask(SendStop("Imani"))
    sync(amber, birch)
    first_us = birch.picture.stops["amber/SA-0001"].at
    restored = Desk("amber", amber.hands, store=MemoryStore.restored(backup))
    restored.ask(a_notice(a_volume(lat_deg=10.9)))
    restored.ask(SendStop("Imani"))
    heard = birch.exchange.heartbeat("amber", amber.hands.now_us, amber.hands.now_us)
    held = [entry.data for entry in birch.store.entries() if entry.log == "keepclear/amber/to/birch"]

    restored.exchange.rebuild("birch", held, heard.cosigned, amber.hands.now_us)
    sync(restored, birch)

    assert birch.picture.stops["amber/SA-0001"].at > first_us
    assert birch.picture.notice("amber/A-0001").volumes == (a_volume(),)
    assert "A-0001" in restored.loop.degraded


def test_of_versions_without_end_the_newest_stay_in_the_picture() -> None:
    amber, _ = amber_and_birch()
    wire = (volume_to_wire(a_volume()),)
    first = NoticeSent("B-0001", 1, NoticeState.ACCEPTED, NoticeKind.HAZARD, Action.KEEP_CLEAR, wire)
    versions = [msgspec.structs.replace(first, version=n) for n in range(1, VERSIONS_KEPT + 3)]

    assert isinstance(Hostile("birch", amber).send(*versions), Receipt)

    held = amber.picture.notice("birch/B-0001")
    assert [each.version for each in held.versions] == list(range(3, VERSIONS_KEPT + 3))
    assert sorted(version for _, version in held.sent) == list(range(3, VERSIONS_KEPT + 3))
