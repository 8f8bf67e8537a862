"""Passing on: receipts by name, what the other side is shown, a commitment that opens, and relays (D1, D2)."""

from __future__ import annotations

import dataclasses

import msgspec
import pytest

from given import Desk, Hands, a_notice, a_signer, amber_and_birch, an_agreement, an_identity, enrol, sync
from keepclear.core.agreement import PROFILE
from keepclear.core.dissemination import RelayWord
from keepclear.core.notice import Armed, Movement, NoticeKind, NoticeState, TransportKind, Transports
from keepclear.core.terms import DisseminationTerms
from keepclear.core.timespan import MINUTE_US
from keepclear.errors import KeepclearError, NotFound, Refused, Tampered, UnlawfulChange
from keepclear.formats.dissemination import Opening, read_opening, verify_opening_file, write_opening
from keepclear.node.commands import (
    ConfirmGroup,
    MoveNotice,
    PassOn,
    ProposeAgreement,
    RelayNotice,
    SetGroup,
    SignAgreement,
    TellDisseminated,
    Tick,
)
from keepclear.node.decide.dissemination import take_relay
from keepclear.node.entries.dissemination import Disseminated, PassOnReminded, Relay, RelayAnswered
from keepclear.node.handlers import Taken
from keepclear.node.proofs import prove
from keepclear.record.bundle import make_bundle

KEY = "amber/A-0001"


def agreed(shows: str = "counts") -> tuple[Desk, Desk]:
    """Amber's notice is with Birch, who has two groups, and owes to pass it on within five minutes."""
    terms = dataclasses.replace(an_agreement(), profile=PROFILE, dissemination=DisseminationTerms(300, shows))
    amber, birch = amber_and_birch(terms)
    for group in ("tower", "battery"):
        birch.ask(SetGroup(group, group.title(), ("R. Ames", "K. Orr"), "Tomas"))
    amber.ask(a_notice(remarks="", contact=""))
    sync(amber, birch)
    return amber, birch


def of(desk: Desk, kind: type, log: str = "") -> list:
    return [body for body in desk.bodies(log) if isinstance(body, kind)]


def test_the_fifth_instant_stands_once_every_group_has_confirmed_by_name_and_names_stay_hidden() -> None:
    amber, birch = agreed()
    assert f"pass_on {KEY}/v1" in birch.picture.duties
    birch.ask(PassOn(KEY, 1, ("tower", "battery"), "Tomas"))
    birch.ask(ConfirmGroup(KEY, 1, "tower", "R. Ames", "Tomas"))
    sync(amber, birch)
    instants = amber.picture.notice(KEY).sent["birch", 1]
    assert (instants.disseminated_at, of(amber, Disseminated)) == (0, [])

    birch.ask(ConfirmGroup(KEY, 1, "battery", "K. Orr", "Tomas"))
    sync(amber, birch)

    told = of(amber, Disseminated)[-1]
    assert (told.reached, told.groups) == (2, 2)
    assert amber.picture.notice(KEY).sent["birch", 1].disseminated_at > 0
    assert instants.acknowledged_at == 0, "instants are never merged"
    sent = b"".join(entry.data for entry in amber.store.entries() if entry.log == "keepclear/birch/to/amber")
    assert not any(secret in sent for secret in (b"tower", b"Tower", b"battery", b"Ames", b"Orr"))
    assert f"pass_on {KEY}/v1" not in birch.picture.duties


def test_counts_may_be_told_before_all_have_confirmed_and_set_no_instant() -> None:
    amber, birch = agreed()
    birch.ask(PassOn(KEY, 1, ("tower", "battery"), "Tomas"))
    birch.ask(ConfirmGroup(KEY, 1, "tower", "R. Ames", "Tomas"))

    birch.ask(TellDisseminated(KEY, 1, "Tomas"))
    sync(amber, birch)

    assert (of(amber, Disseminated)[-1].reached, of(amber, Disseminated)[-1].groups) == (1, 2)
    assert amber.picture.notice(KEY).sent["birch", 1].disseminated_at == 0
    told = amber.picture.passing_on.told_us[KEY, "birch"]
    assert (told.reached, told.groups, told.by) == (1, 2, "Tomas")


def opening(amber: Desk, birch: Desk) -> bytes:
    """What Birch shows an inquiry."""
    told = amber.picture.passing_on.told_us[KEY, "birch"]
    value, salt = birch.picture.passing_on.passings[KEY, 1].lists[told.commitment]
    proof = prove(birch.exchange, told.log, told.n)
    return write_opening(
        Opening(
            birch.loop.identity.to_json(), proof.data.decode(), make_bundle(proof.index, proof.path, proof.checkpoint),
            msgspec.json.decode(value), salt,
        )
    )  # fmt: skip


def test_a_commitment_shows_nothing_until_an_inquiry_opens_it_and_then_it_verifies() -> None:
    amber, birch = agreed("commitment")
    birch.ask(PassOn(KEY, 1, ("tower", "battery"), "Tomas"))
    birch.ask(ConfirmGroup(KEY, 1, "tower", "R. Ames", "Tomas"))
    with pytest.raises(Refused, match="battery has not confirmed"):
        birch.ask(TellDisseminated(KEY, 1, "Tomas"))
    birch.ask(ConfirmGroup(KEY, 1, "battery", "K. Orr", "Tomas"))
    sync(amber, birch)
    told = of(amber, Disseminated)[-1]
    assert (told.reached, told.groups) == (0, 0)

    opened = verify_opening_file(read_opening(opening(amber, birch)), an_identity("birch", a_signer("birch")))

    assert [(row.group, row.person) for row in opened.rows] == [("battery", "K. Orr"), ("tower", "R. Ames")]
    assert (opened.writer, opened.notice) == ("birch", f"{KEY}/v1")


@pytest.mark.parametrize("change", [("R. Ames", "R. Amos"), ("tower", "tower2")])
def test_an_opening_that_names_somebody_else_does_not_verify(change: tuple[str, str]) -> None:
    amber, birch = agreed("commitment")
    birch.ask(PassOn(KEY, 1, ("tower",), "Tomas"))
    birch.ask(ConfirmGroup(KEY, 1, "tower", "R. Ames", "Tomas"))
    sync(amber, birch)
    forged = opening(amber, birch).replace(change[0].encode(), change[1].encode())

    with pytest.raises(Tampered):
        verify_opening_file(read_opening(forged), an_identity("birch", a_signer("birch")))
    with pytest.raises(Tampered, match="not the identity"):
        verify_opening_file(read_opening(opening(amber, birch)), an_identity("cedar", a_signer("cedar")))


def test_what_is_not_confirmed_is_reminded_of_and_then_missed() -> None:
    _, birch = agreed()
    birch.ask(PassOn(KEY, 1, ("tower", "battery"), "Tomas"))
    birch.ask(ConfirmGroup(KEY, 1, "tower", "R. Ames", "Tomas"))

    for _ in range(8):
        birch.hands.now_us += 3 * MINUTE_US
        birch.run(Tick())

    assert [each.missing for each in of(birch, PassOnReminded)] == [("battery",)] * 3
    assert [duty.duty for duty in birch.picture.closed_duties if duty.state == "missed"] == [f"pass_on {KEY}/v1"]


def test_a_new_version_is_to_be_passed_on_anew() -> None:
    amber, birch = agreed()

    amber.ask(MoveNotice("A-0001", 1, NoticeState.ACTIVATED, "Imani"))
    sync(amber, birch)

    assert [duty.duty for duty in birch.picture.open_duties() if duty.duty.startswith("pass_on")] == [
        f"pass_on {KEY}/v2"
    ]


def test_what_cannot_be_passed_on_or_confirmed_is_refused() -> None:
    amber, birch = agreed()
    with pytest.raises(Refused, match="is our own"):
        amber.ask(PassOn(KEY, 1, ("tower",), "Imani"))
    with pytest.raises(NotFound, match="no group sea"):
        birch.ask(PassOn(KEY, 1, ("sea",), "Tomas"))
    with pytest.raises(NotFound, match="was not passed on"):
        birch.ask(ConfirmGroup(KEY, 1, "tower", "R. Ames", "Tomas"))
    birch.ask(PassOn(KEY, 1, ("tower",), "Tomas"))
    birch.ask(ConfirmGroup(KEY, 1, "tower", "R. Ames", "Tomas"))
    with pytest.raises(UnlawfulChange, match=r"R\. Ames confirmed"):
        birch.ask(ConfirmGroup(KEY, 1, "tower", "K. Orr", "Tomas"))


# ------------------------------------------------------------------------------------------------------------ relays


def three() -> tuple[Desk, Desk, Desk]:
    """Amber and Birch agreed; Birch and Cedar, and Cedar and Amber, are enrolled with each other."""
    hands = Hands()
    amber, birch, cedar = (Desk(party, hands) for party in ("amber", "birch", "cedar"))
    for one, other in ((amber, birch), (birch, cedar), (cedar, amber)):
        enrol(one, other)
        sync(one, other)
    digest = amber.ask(ProposeAgreement(an_agreement(), "Imani"))
    sync(amber, birch)
    birch.ask(SignAgreement(digest, "Tomas"))
    sync(amber, birch)
    return amber, birch, cedar


def relay(desk: Desk, source: str, to: str) -> str:
    latest = desk.picture.notice(source).latest
    proof = prove(desk.exchange, latest.log, latest.n)
    bundle = make_bundle(proof.index, proof.path, proof.checkpoint)
    return desk.ask(RelayNotice(source, to, "Tomas", proof.data, bundle))


def test_a_relay_cites_the_first_and_its_receiver_checks_the_origins_own_signature() -> None:
    amber, birch, cedar = three()
    key = amber.ask(a_notice())
    sync(amber, birch)

    relayed = relay(birch, key, "cedar")
    sync(birch, cedar)

    held = cedar.picture.passing_on.relays[relayed]
    assert (held.sent.origin, held.sent.log, held.sent.trail) == (
        "amber", "keepclear/amber/to/birch", ("amber", "birch")
    )  # fmt: skip
    assert birch.picture.passing_on.relays[relayed].word is RelayWord.TAKEN
    assert birch.picture.passing_on.relays[relayed].proved
    assert key not in cedar.picture.notices, "it is Birch's word of Amber's, not Amber's to Cedar"


def test_free_words_of_the_origin_are_not_passed_on() -> None:
    amber, birch, cedar = three()
    key = amber.ask(a_notice(contact="desk 7"))
    terms = birch.picture.notice  # Birch may see the contact only where the agreement shows it
    sync(amber, birch)
    assert terms(key)

    relayed = relay(birch, key, "cedar")
    sync(birch, cedar)

    sent = cedar.picture.passing_on.relays[relayed].sent
    assert (sent.said.contact, sent.said.remarks, sent.said.activity) == ("", "", "")
    assert b"desk 7" not in b"".join(e.data for e in cedar.store.entries())


def test_neither_contact_that_the_origin_showed_us_is_passed_on() -> None:
    amber, birch, cedar = three()
    moves = Movement((Transports(TransportKind.TRUCK, 2),), Armed.NONE, second_contact="desk 8")
    # Birch shows Amber its contacts: the agreement says so. It has told Cedar nothing.
    key = birch.ask(dataclasses.replace(a_notice(contact="desk 7"), kind=NoticeKind.MOVEMENT, movement=moves))
    sync(birch, amber)
    told = b"".join(entry.data for entry in amber.store.entries())
    assert b"desk 7" in told and b"desk 8" in told

    relayed = relay(amber, key, "cedar")
    sync(amber, cedar)

    said = cedar.picture.passing_on.relays[relayed].sent.said
    assert said.movement is not None and said.movement.transports
    held = b"".join(entry.data for entry in cedar.store.entries())
    assert b"desk 7" not in held and b"desk 8" not in held


def test_a_loop_is_refused_where_it_would_begin_and_told_where_it_arrives_all_the_same() -> None:
    amber, birch, cedar = three()
    key = amber.ask(a_notice())
    sync(amber, birch)
    relayed = relay(birch, key, "cedar")
    sync(birch, cedar)

    for party in ("amber", "birch"):
        with pytest.raises(KeepclearError, match="has it already") as refused:
            cedar.ask(RelayNotice(relayed, party, "Ruth"))
        assert refused.value.code == "loop"

    # Other software sends it all the same.
    sent = cedar.picture.passing_on.relays[relayed].sent
    forced = msgspec.structs.replace(sent, id="RC-0001", trail=("amber", "birch", "cedar"), by="Ruth")
    record(cedar, forced, "amber")
    sync(cedar, amber)

    assert [each.word for each in of(cedar, RelayAnswered, "keepclear/amber/to/cedar")] == [RelayWord.LOOP]


def record(desk: Desk, body: Relay, to: str) -> None:
    """Write an entry that no decision of ours would give."""
    from keepclear.node.decision import Draft
    from keepclear.node.loop import _Turn

    turn = _Turn()
    desk.loop._record(turn, Draft(body, to), desk.hands.now_us)
    desk.loop._commit(turn, [])


@pytest.mark.parametrize("change", ["volumes", "action", "entry", "index", "own copy"])
def test_a_relay_that_says_something_else_is_kept_and_flagged(change: str) -> None:
    amber, birch, cedar = three()
    key = amber.ask(a_notice())
    sync(amber, birch)
    relayed = relay(birch, key, "cedar")
    sent = birch.picture.passing_on.relays[relayed].sent
    other = msgspec.structs.replace(sent.said.volumes[0], circle=(104_000_000, 200_000_000, 5_000_000))
    changed = {
        "volumes": {"said": msgspec.structs.replace(sent.said, volumes=(other,))},
        "action": {"said": msgspec.structs.replace(sent.said, action="BE_AWARE")},
        "entry": {"entry": sent.entry.replace('"index"', '"indey"').replace("105000000", "105000001")},
        "index": {"index": sent.index + 1},
        "own copy": {"said": msgspec.structs.replace(sent.said, volumes=(other,)), "entry": "", "proof": ""},
    }[change]
    forged = msgspec.structs.replace(sent, **changed)
    if change == "own copy":  # Cedar was told the same version by Amber itself
        terms = an_agreement("amber", "cedar")
        digest = amber.ask(ProposeAgreement(terms, "Imani"))
        sync(amber, cedar)
        cedar.ask(SignAgreement(digest, "Ruth"))
        sync(amber, cedar)
        assert key in cedar.picture.notices

    read = dataclasses.replace(a_read(birch), body=forged)
    drafts = take_relay(cedar.picture, Taken(read, "birch", 0, 0), forged, cedar.settings)

    assert [(draft.body.word, draft.body.proved) for draft in drafts] == [(RelayWord.REWORDED, False)]


def a_read(desk: Desk):
    from keepclear.node.logs import read_entry

    stored = next(iter(desk.store.entries()))
    return read_entry(stored.data, stored.leaf)
