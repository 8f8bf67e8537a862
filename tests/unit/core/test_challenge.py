"""Voice authentication (V2): a token answers one challenge for one message, and nothing else."""

from __future__ import annotations

import ast
import inspect

import pytest
from hypothesis import given as when_given
from hypothesis import settings
from hypothesis import strategies as st

from keepclear.core import challenge as c
from keepclear.core.readback import LETTERS
from keepclear.errors import Malformed

SECRET, OTHER = c.make_secrets(bytes(32), 2)
ASKED, AGAIN = c.make_challenge(b"1" * 32), c.make_challenge(b"2" * 32)
DIGEST = b"d" * 32


def test_a_token_under_the_watch_word_is_good_and_tells_of_no_duress() -> None:
    said = c.token(SECRET, "harbour", ASKED, DIGEST)

    assert c.judge(SECRET, "Harbour", "lantern", ASKED, DIGEST, said) == c.Verdict(True, False)


def test_a_token_under_the_duress_word_is_good_just_the_same() -> None:
    """RULINGS of V2: it is accepted; only the receiver's own people see the difference."""
    said = c.token(SECRET, "LANTERN ", ASKED, DIGEST)

    assert c.judge(SECRET, "harbour", "lantern", ASKED, DIGEST, said) == c.Verdict(True, True)


def test_both_tokens_look_alike_and_are_made_by_the_same_steps() -> None:
    well, forced = (c.token(SECRET, word, ASKED, DIGEST) for word in ("harbour", "lantern"))

    assert len(well) == len(forced) == 8
    assert set(well + forced) <= set(LETTERS)
    assert well != forced


def test_judging_takes_no_way_out_before_both_words_were_tried() -> None:
    """Timing: no condition, no short cut between the two comparisons."""
    tree = ast.parse(inspect.getsource(c.judge))

    branches = (ast.If, ast.IfExp, ast.While, ast.For, ast.Match, ast.And)
    assert not [node for node in ast.walk(tree) if isinstance(node, branches)]
    calls = [node.func.attr for node in ast.walk(tree) if isinstance(node, ast.Call) and hasattr(node.func, "attr")]
    assert calls.count("compare_digest") == 2
    assert len([node for node in ast.walk(tree) if isinstance(node, ast.Return)]) == 1


def test_without_a_duress_word_nothing_tells_of_duress() -> None:
    for word in ("", "harbour", "\0"):
        assert not c.judge(SECRET, "", "", ASKED, DIGEST, c.token(SECRET, "", ASKED, DIGEST)).is_duress
        assert c.judge(SECRET, word, "", ASKED, DIGEST, c.token(SECRET, word, ASKED, DIGEST)).is_good


@pytest.mark.parametrize(
    ("secret", "word", "asked", "digest"),
    [
        (OTHER, "harbour", ASKED, DIGEST),
        (SECRET, "harbor", ASKED, DIGEST),
        (SECRET, "harbour", AGAIN, DIGEST),
        (SECRET, "harbour", ASKED, b"e" * 32),
    ],
    ids=["another row", "a wrong word", "an older challenge", "another message"],
)
def test_a_token_for_anything_else_is_not_good(secret: str, word: str, asked: str, digest: bytes) -> None:
    said = c.token(secret, word, asked, digest)

    assert c.judge(SECRET, "harbour", "lantern", ASKED, DIGEST, said) == c.Verdict(False, False)


@settings(max_examples=60)
@when_given(st.binary(min_size=32, max_size=32), st.integers(1, 99))
def test_codes_are_of_the_23_letters_and_each_row_has_its_own(seed: bytes, count: int) -> None:
    secrets = c.make_secrets(seed, count)

    assert len(set(secrets)) == count
    assert all(len(secret) == 16 and set(secret) <= set(LETTERS) for secret in (*secrets,))
    assert len(c.make_challenge(seed)) == 6


@pytest.mark.parametrize("said", ["KXQW BTR", "KXQW BTRA X", "KXQW BTR1", "KXQO BTRA", "КXQW BTRA", ""])
def test_a_code_of_other_letters_or_length_is_refused(said: str) -> None:
    with pytest.raises(Malformed, match="is not 8 letters out of"):
        c.read_letters(said, 8, at="token")


@pytest.mark.parametrize("count", [0, 100])
def test_a_table_has_a_bound(count: int) -> None:
    with pytest.raises(Malformed, match="1 to 99 rows"):
        c.make_secrets(bytes(32), count)


def test_a_word_has_a_bound() -> None:
    assert c.token(SECRET, "x" * 40, ASKED, DIGEST)
    with pytest.raises(Malformed, match="at most 40"):
        c.token(SECRET, "x" * 41, ASKED, DIGEST)
