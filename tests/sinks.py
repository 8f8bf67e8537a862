"""Real ends of the ladder's paths, in this process: a mail server, a webhook receiver, and a modem on a terminal."""

from __future__ import annotations

import asyncio
import os
import pty
import tty
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Got:
    """What came in."""

    port: int = 0
    messages: list[str] = field(default_factory=list)


@asynccontextmanager
async def mail_server(*, refuses: bool = False) -> AsyncIterator[Got]:
    """Enough of SMTP (RFC 5321) to take a mail, or to refuse one."""
    got = Got()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            word = line[:4].upper()
            if word == b"DATA":
                writer.write(b"354 go on\r\n")
                text = (await reader.readuntil(b"\r\n.\r\n")).decode()
                got.messages.append(text)
                writer.write(b"250 taken\r\n")
            elif word == b"RCPT" and refuses:
                writer.write(b"550 nobody of that name\r\n")
            elif word == b"QUIT":
                writer.write(b"221 bye\r\n")
                break
            else:
                writer.write(b"250 well\r\n")
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    got.port = server.sockets[0].getsockname()[1]
    try:
        yield got
    finally:
        server.close()


@asynccontextmanager
async def webhook(answer: bytes = b"HTTP/1.1 204 No Content\r\n\r\n") -> AsyncIterator[Got]:
    """Takes one POST for each connection, and gives a fixed answer."""
    got = Got()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(int(line[15:]) for line in head.splitlines() if line.lower().startswith("content-length:"))
        got.messages.append(head + (await reader.readexactly(length)).decode())
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    got.port = server.sockets[0].getsockname()[1]
    try:
        yield got
    finally:
        server.close()


@asynccontextmanager
async def modem(result: str) -> AsyncIterator[tuple[Path, Got]]:
    """A modem at the far end of a terminal: answers ATZ, and each call with `result`, or with nothing."""
    got = Got()
    ours, theirs = pty.openpty()
    tty.setraw(ours)
    tty.setraw(theirs)
    loop = asyncio.get_running_loop()
    heard = bytearray()

    def read() -> None:
        heard.extend(os.read(ours, 256))
        while b"\r" in heard:
            command, _, rest = bytes(heard).partition(b"\r")
            heard[:] = rest
            got.messages.append(command.decode())
            said = "OK" if command in (b"ATZ", b"ATH") else result
            if said:
                os.write(ours, b"\r\n" + said.encode() + b"\r\n")

    loop.add_reader(ours, read)
    try:
        yield Path(os.ttyname(theirs)), got
    finally:
        loop.remove_reader(ours)
        os.close(ours)
        os.close(theirs)
