"""Every rung of the ladder at a real sink, and a node that is killed between an attempt and its record (N4)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from given import SETTINGS, a_notice, a_volume, amber_and_birch
from keepclear.cli.attempts import attempts, attempts_of, lines_of
from keepclear.cli.story import read_record
from keepclear.core.escalation import Rung, TryOutcome
from keepclear.core.notice import STANDING_LINE, Mode
from keepclear.core.timespan import SECOND_US
from keepclear.errors import KeepclearError, Malformed, NotAllowed, Tampered, Unavailable
from keepclear.links.alert_mail import AlarmMail, MailServer, read_mail_address
from keepclear.links.alert_webhook import ANSWER_BYTES_MAX, AlarmWebhook
from keepclear.links.modem import Modem, read_number
from keepclear.node.climb import Climber
from keepclear.node.commands import NoteCall, NoteTried, SendStop, Tick
from keepclear.node.loop import Receipt
from keepclear.node.ports import Alarm, AlarmPath, AlarmPaths, AlarmSaid
from keepclear.node.proofs import export
from sinks import mail_server, modem, webhook

ALARM = Alarm("amber/A-0001/v1/birch second_path", "birch", "OPER: alert", ("line one", STANDING_LINE))


class DeskNode:
    """A desk, as the node that climbing is part of."""

    def __init__(self, desk, paths: AlarmPaths) -> None:  # type: ignore[no-untyped-def]
        self.desk, self.settings, self.party = desk, SETTINGS, desk.party
        self.refuses_to_record = False
        self.climber = Climber(self, paths)

    @property
    def picture(self):  # type: ignore[no-untyped-def]
        return self.desk.picture

    def now_us(self) -> int:
        return int(self.desk.hands.now_us)

    async def submit(self, command: NoteTried, /) -> Receipt:
        if self.refuses_to_record:
            raise Unavailable("the disk is full")
        answer = self.desk.run(command).answers[0]
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, Receipt)
        return answer

    async def climb(self) -> None:
        self.climber.look()
        while self.climber._attempts:
            await asyncio.gather(*self.climber._attempts.values())
            await asyncio.sleep(0)


def later(desk, seconds: float) -> None:  # type: ignore[no-untyped-def]
    desk.hands.now_us += round(seconds * SECOND_US)
    desk.run(Tick())


def tries(desk, about: str, rung: Rung) -> list[tuple[str, str]]:  # type: ignore[no-untyped-def]
    return [(each.outcome.value, each.path) for each in desk.picture.ladders[about].steps[rung].tries]


async def test_each_rung_reaches_a_real_sink_and_its_outcome_is_recorded() -> None:
    amber, _ = amber_and_birch()
    about = f"{amber.ask(a_notice(a_volume(from_min=300, to_min=360)))}/v1/birch"
    async with mail_server() as mail, webhook() as hook, modem("BUSY") as (device, dialled):
        url = f"http://127.0.0.1:{hook.port}/alarm"
        paths = AlarmPaths(
            {
                Rung.SECOND_PATH: {"birch": ("mailto:watch@birch.example", url)},
                Rung.PHONE: {"birch": ("tel:+1 555-0100",)},
                Rung.SUPERVISOR: {"": ("mailto:supervisor@amber.example",)},
                Rung.NEXT_ECHELON: {"cedar": ("mailto:watch@cedar.example",)},
            },
            {
                "mailto": AlarmMail(MailServer("127.0.0.1", mail.port, "keepclear@amber.example", uses_tls=False)),
                "http": AlarmWebhook([url], {url: "secret-1"}, allows_private=True),
                "tel": Modem(device),
            },
        )
        node = DeskNode(amber, paths)
        for seconds in (301, 600, 900, 1_800):
            later(amber, seconds)
            await node.climb()

    assert tries(amber, about, Rung.SECOND_PATH) == [("sent", "mailto:watch@birch.example"), ("sent", url)]
    assert tries(amber, about, Rung.PHONE) == [("busy", "tel:+1 555-0100"), ("prompted", "")]
    assert tries(amber, about, Rung.SUPERVISOR) == [("sent", "mailto:supervisor@amber.example")]
    assert tries(amber, about, Rung.NEXT_ECHELON) == [("no_path", "")]
    assert about in mail.messages[0]
    assert STANDING_LINE in mail.messages[0]
    assert "authorization: Bearer secret-1" in hook.messages[0]
    assert dialled.messages == ["ATZ", "ATDT+15550100", "ATH"]
    # Ninety minutes after it was told, and half an hour after the last step: attempted, unanswered.
    later(amber, 1_801)
    assert amber.picture.ladders[about].closed == "unanswered"


async def test_killed_between_the_attempt_and_its_record_the_rung_is_tried_again() -> None:
    amber, _ = amber_and_birch()
    about = f"{amber.ask(a_notice(a_volume(from_min=300, to_min=360)))}/v1/birch"
    later(amber, 301)
    async with webhook() as hook:
        url = f"http://127.0.0.1:{hook.port}/"
        paths = AlarmPaths({Rung.SECOND_PATH: {"": (url,)}}, {"http": AlarmWebhook([url], {}, allows_private=True)})
        dies = DeskNode(amber, paths)
        dies.refuses_to_record = True
        await dies.climb()
        assert len(hook.messages) == 1
        await dies.climb()  # the attempt is not made again in one life: only its record is
        assert len(hook.messages) == 1
        amber.restart()

        await DeskNode(amber, paths).climb()

    assert len(hook.messages) == 2
    keys = {line for message in hook.messages for line in message.splitlines() if "idempotency-key" in line.lower()}
    assert len(keys) == 1  # whoever gets it twice knows it for one
    assert tries(amber, about, Rung.SECOND_PATH) == [("sent", url)]


async def test_an_answer_that_comes_first_overtakes_the_attempt() -> None:
    amber, _ = amber_and_birch()
    amber.ask(SendStop("Imani"))
    later(amber, 16)
    amber.picture.close_ladder("amber/SA-0001/birch", "answered")

    await DeskNode(amber, AlarmPaths({Rung.SECOND_PATH: {"": ("tel:112",)}}, {})).climb()

    assert tries(amber, "amber/SA-0001/birch", Rung.SECOND_PATH) == [("overtaken", "")]


class Loud:
    """A path that must not be used."""

    async def raise_alarm(self, address: str, alarm: Alarm) -> AlarmSaid:
        raise AssertionError("an exercise rang a real bell")


@pytest.mark.parametrize("mode", [Mode.EXER, Mode.TEST])
async def test_an_exercise_never_leaves_by_another_path(mode: Mode) -> None:
    """V6."""
    amber, _ = amber_and_birch()
    amber.ask(SendStop("Imani", mode=mode))
    later(amber, 16)
    loud: AlarmPath = Loud()

    await DeskNode(amber, AlarmPaths({Rung.SECOND_PATH: {"": ("tel:112",)}}, {"tel": loud})).climb()

    assert tries(amber, "amber/SA-0001/birch", Rung.SECOND_PATH) == [("withheld", "")]


# ------------------------------------------------------------------------------------------------------ path by path


async def test_a_mail_that_is_refused_is_a_failure_with_its_words() -> None:
    async with mail_server(refuses=True) as mail:
        path = AlarmMail(MailServer("127.0.0.1", mail.port, "keepclear@amber.example", uses_tls=False))
        with pytest.raises(Unavailable, match="did not take it"):
            await path.raise_alarm("mailto:nobody@birch.example", ALARM)


async def test_a_password_is_not_sent_to_a_server_that_does_not_encrypt() -> None:
    async with mail_server() as mail:
        server = MailServer("127.0.0.1", mail.port, "keepclear@amber.example", user="amber", password="secret-2")
        with pytest.raises(Unavailable):
            await AlarmMail(server).raise_alarm("mailto:watch@birch.example", ALARM)


@pytest.mark.parametrize("address", ["mailto:", "mailto:a@b,c@d", "mailto:a@b\r\nBcc: c@d", "https://a@b", "a@b"])
def test_what_is_no_mail_address_is_refused(address: str) -> None:
    with pytest.raises(Malformed):
        read_mail_address(address)


async def test_a_webhook_that_is_not_on_the_list_is_not_called() -> None:
    async with webhook() as hook:
        with pytest.raises(NotAllowed, match="not on the list"):
            await AlarmWebhook(["https://hooks.example"], {}).raise_alarm(f"http://127.0.0.1:{hook.port}/", ALARM)
    assert hook.messages == []


async def test_a_private_address_is_not_called_unless_it_is_allowed() -> None:
    async with webhook() as hook:
        url = f"http://127.0.0.1:{hook.port}/"
        with pytest.raises(NotAllowed, match="private address"):
            await AlarmWebhook([url], {}).raise_alarm(url, ALARM)
    assert hook.messages == []


async def test_a_redirect_is_not_followed() -> None:
    async with webhook() as other:
        moved = f"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:{other.port}/\r\ncontent-length: 0\r\n\r\n"
        async with webhook(moved.encode()) as hook:
            url = f"http://127.0.0.1:{hook.port}/"
            with pytest.raises(Unavailable, match="302"):
                await AlarmWebhook([url], {}, allows_private=True).raise_alarm(url, ALARM)
    assert other.messages == []


async def test_of_a_long_answer_little_is_read() -> None:
    body = b"x" * (3 * ANSWER_BYTES_MAX)
    async with webhook(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body) as hook:
        url = f"http://127.0.0.1:{hook.port}/"
        said = await AlarmWebhook([url], {}, allows_private=True).raise_alarm(url, ALARM)
    assert said.outcome is TryOutcome.SENT


@pytest.mark.parametrize(
    ("result", "outcome"),
    [("CONNECT 9600", TryOutcome.ANSWERED), ("NO CARRIER", TryOutcome.NO_ANSWER), ("BUSY", TryOutcome.BUSY)],
)
async def test_a_modem_says_what_came_of_a_call(result: str, outcome: TryOutcome) -> None:
    async with modem(result) as (device, _):
        said = await Modem(device).raise_alarm("tel:+15550100", ALARM)
    assert said.outcome is outcome


@pytest.mark.parametrize("result", ["NO DIALTONE", "ERROR", ""])
async def test_a_modem_without_a_line_is_a_failure(result: str) -> None:
    async with modem(result) as (device, _):
        with pytest.raises(Unavailable, match="the modem said"):
            await Modem(device, dial_s=0.2).raise_alarm("tel:+15550100", ALARM)


async def test_no_modem_is_a_failure_and_no_crash(tmp_path: Path) -> None:
    with pytest.raises(KeepclearError, match="no modem"):
        await Modem(tmp_path / "none").raise_alarm("tel:+15550100", ALARM)


@pytest.mark.parametrize("address", ["tel:", "tel:12", "tel:ATH", "tel:+1;ATH0", "mailto:a@b"])
def test_what_is_no_number_is_never_dialled(address: str) -> None:
    with pytest.raises(Malformed):
        read_number(address)


# ------------------------------------------------------------------------------------------------ R3: proof of attempts


async def test_what_was_tried_is_shown_offline_from_the_record_alone(tmp_path: Path) -> None:
    amber, _ = amber_and_birch(settings=replace(SETTINGS, needs_mldsa44=False))
    about = f"{amber.ask(a_notice(a_volume(from_min=300, to_min=360)))}/v1/birch"
    node = DeskNode(amber, AlarmPaths())
    for seconds in (301, 600, 900, 1_800):
        later(amber, seconds)
        await node.climb()
        if seconds == 600:
            amber.ask(NoteCall(about, "no_answer", "Imani", "+0 000"))
    later(amber, 1_801)
    file = tmp_path / "amber.keepclear-record"
    file.write_bytes(b"".join(export(amber.exchange, private=True)))

    (found,) = [each for each in attempts_of(read_record(file)) if not each.answered]

    assert found.about == about
    assert found.handed_over_at == ""  # the other machine never took it
    assert found.unanswered_at
    words = "\n".join(lines_of([found]))
    assert "Imani called +0 000: no_answer" in words
    for rung in ("second_path", "phone", "supervisor", "next_echelon"):
        assert f"{rung} was due" in words


def test_a_file_that_does_not_hold_proves_no_attempt(tmp_path: Path) -> None:
    amber, _ = amber_and_birch()
    amber.ask(a_notice())
    data = b"".join(export(amber.exchange, private=True))
    file = tmp_path / "amber.keepclear-record"
    file.write_bytes(data.replace(b"Imani", b"Tomas"))

    with pytest.raises(Tampered, match="proves nothing"):
        attempts(file)
