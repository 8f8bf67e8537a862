"""Alarms as mail, over SMTP. Fulfils `AlarmPath` for `mailto:` addresses."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from urllib.parse import unquote

from keepclear.core.escalation import TryOutcome
from keepclear.errors import Malformed, Unavailable
from keepclear.node.ports import Alarm, AlarmSaid


@dataclass(frozen=True, slots=True)
class MailServer:
    """Our own mail server.

    Attributes:
        sender: the address that mails come from.
        uses_tls: STARTTLS is asked for and must be given; without it the password is not sent.
        user, password: empty for none.
        patience_s: how long one step of the conversation may take.
    """

    host: str
    port: int
    sender: str
    uses_tls: bool = True
    user: str = ""
    password: str = ""
    patience_s: float = 15.0


class AlarmMail:
    """Sends one mail for each alarm; the server's word is that it took it, not that anybody read it."""

    def __init__(self, server: MailServer) -> None:
        self._server = server

    async def raise_alarm(self, address: str, alarm: Alarm) -> AlarmSaid:
        """Hand one mail to our server.

        Raises:
            Malformed: not a mail address.
            Unavailable: the server did not take it.
        """
        return await asyncio.to_thread(self._send, read_mail_address(address), alarm)

    def _send(self, to: str, alarm: Alarm) -> AlarmSaid:
        server = self._server
        message = EmailMessage(policy=SMTP)
        message["From"], message["To"], message["Subject"] = server.sender, to, alarm.subject
        message["Auto-Submitted"] = "auto-generated"
        message["X-Keepclear-Alarm"] = alarm.key
        message.set_content("\n".join(alarm.lines) + "\n")
        try:
            with smtplib.SMTP(server.host, server.port, timeout=server.patience_s) as line:
                if server.uses_tls:
                    line.starttls(context=ssl.create_default_context())
                    if server.user:
                        line.login(server.user, server.password)
                line.send_message(message)
        except (smtplib.SMTPException, OSError) as failed:
            raise Unavailable(f"the mail server did not take it: {failed}", at="mail") from None
        return AlarmSaid(TryOutcome.SENT, f"{server.host} took it")


def read_mail_address(address: str) -> str:
    """The mail address of a `mailto:` address, or Malformed.

    >>> read_mail_address("mailto:watch@birch.example")
    'watch@birch.example'
    """
    scheme, _, to = address.partition(":")
    to = unquote(to)
    name, at, host = to.partition("@")
    if scheme != "mailto" or not name or not at or not host or any(sign in to for sign in " ,;<>?\r\n"):
        raise Malformed(f"{address[:80]!r} is not mailto: and one mail address", at="address")
    return to
