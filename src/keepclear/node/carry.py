"""The line on foot: what two nodes owe each other, as signed lines that somebody carries (V4).

A carried stretch is taken in as one from the peer door is: all of it or none, in order, once. What a line says of our
own channel may be old, so it never takes back what we know; and after a start we sign again only when a line answers
one of ours from since that start, as a heartbeat would.
"""

from __future__ import annotations

from keepclear.errors import NotAllowed
from keepclear.formats.carried import Carried, Stretch, check_line, read_line, write_line
from keepclear.node.commands import Command
from keepclear.node.exchange import Exchange
from keepclear.node.ports import Entropy


class Carrier:
    """Writes lines for peers, and takes theirs."""

    def __init__(self, exchange: Exchange, entropy: Entropy) -> None:
        """`entropy` gives the mark of this start, when it is first written."""
        self._exchange = exchange
        self._entropy = entropy
        self._mark = ""
        #: The newest mark of each peer, and when the line that had it was made.
        self._seen: dict[str, tuple[int, str]] = {}

    def lines_for(self, party: str, now_us: int, wall_us: int) -> list[bytes]:
        """What a peer is to be brought: at least one line, and our channel to it from where it is known to hold it.

        Raises:
            NotAllowed: it is not enrolled.
        """
        exchange = self._exchange
        exchange.identity_of(party)
        said = exchange.heartbeat(party, now_us, wall_us)
        signer = exchange.loop.keys.signer
        self._mark = self._mark or self._entropy.draw(16).hex()
        _, answers = self._seen.get(party, (0, ""))

        def line(stretch: Stretch | None) -> bytes:
            carried = Carried(
                exchange.loop.party, party, wall_us, said.holds, said.cosigned, said.checkpoint,
                self._mark, answers, stretch,
            )  # fmt: skip
            return write_line(carried, signer)

        stretches = [Stretch(each.first, each.entries, each.checkpoint) for each in exchange.carried_deliveries(party)]
        return [line(stretch) for stretch in stretches] or [line(None)]

    def read(self, data: bytes) -> Carried:
        """A line for us, by the party that signed it.

        Raises:
            Malformed, LimitReached: no line of ours.
            NotAllowed: it is for somebody else, or by a party that is not enrolled.
            Tampered: the party did not sign it.
        """
        carried, body, signature = read_line(data)
        own = self._exchange.loop.party
        if carried.to != own:
            raise NotAllowed(f"this was carried to {own}, and is for {carried.to}", at="to")
        identity = self._exchange.identity_of(carried.sender)
        check_line(body, signature, ed25519=identity.ed25519, sender=carried.sender)
        return carried

    def take_status(self, carried: Carried) -> list[Command]:
        """What a line that was read says of both channels; gives what should be recorded about it.

        Raises:
            Tampered: a cosignature does not hold, or is over another history.
        """
        made_at, _ = self._seen.get(carried.sender, (0, ""))
        if carried.made_at >= made_at:
            self._seen[carried.sender] = (carried.made_at, carried.mark)
        return self._exchange.take_carried(
            carried.sender, carried.holds, carried.cosigned, carried.checkpoint,
            is_fresh=bool(self._mark) and carried.answers == self._mark,
        )  # fmt: skip
