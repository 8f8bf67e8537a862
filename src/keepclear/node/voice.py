"""The desk for voice: challenges that wait for their token, and the judgement of one (V2). Secrets never leave it."""

from __future__ import annotations

from keepclear.core.challenge import CHALLENGE_LETTERS, TOKEN_LETTERS, Verdict, judge, make_challenge, read_letters
from keepclear.core.timespan import MINUTE_US
from keepclear.errors import Malformed, NotAllowed, NotFound
from keepclear.node.ports import Entropy, VoiceSecrets

#: A challenge waits so long for its token, and so many wait for one party.
CHALLENGE_US = 10 * MINUTE_US
CHALLENGES_MAX = 8


class VoiceDesk:
    """Gives challenges, each for one try, and judges what is answered."""

    def __init__(self, entropy: Entropy, secrets: VoiceSecrets | None) -> None:
        self._entropy = entropy
        self._secrets = secrets
        self._waiting: dict[str, dict[str, int]] = {}

    def challenge(self, party: str, now_us: int) -> str:
        """Six fresh letters to be said to a party; the oldest that waits goes when there are too many."""
        waiting = self._waiting.setdefault(party, {})
        fresh = make_challenge(self._entropy.draw(32))
        waiting[fresh] = now_us + CHALLENGE_US
        while len(waiting) > CHALLENGES_MAX:
            del waiting[next(iter(waiting))]
        return fresh

    def judge(self, party: str, challenge: str, row: int, said: str, digest: bytes, now_us: int) -> tuple[str, Verdict]:
        """The id of the table, and what the token says. The challenge is spent, whatever comes of it.

        Raises:
            Malformed: letters that no challenge or token has, or no such row.
            NotAllowed: this challenge was not said by us, or too long ago, or the table is out of its time.
            NotFound: we hold no table of this party's.
        """
        asked = read_letters(challenge, CHALLENGE_LETTERS, at="challenge")
        answer = read_letters(said, TOKEN_LETTERS, at="token")
        until = self._waiting.get(party, {}).pop(asked, 0)
        if now_us >= until:
            raise NotAllowed(f"{asked} is no challenge that waits: say a fresh one", at="challenge")
        if self._secrets is None:
            raise NotFound("this node holds no voice tables", at="table")
        table = self._secrets.to_hear(party)
        if now_us >= table.until:
            raise NotAllowed(f"table {table.id} of {party} is out of its time: a new one is needed", at="table")
        if table.speaker != party:
            raise Malformed(f"table {table.id} is {table.speaker}'s", at="table")
        return table.id, judge(table.secret(row), table.watch_word, table.duress_word, asked, digest, answer)
