"""`keepclear agreement`: check, compare, propose, sign, show and act on what parties have agreed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from keepclear.cli.common import HERE, AsJson, By, Home, client_of, present, show, tell
from keepclear.core.agreement import AgreementAct
from keepclear.errors import NotFound, Tampered

if TYPE_CHECKING:
    from keepclear.client import Client
    from keepclear.core.agreement import Agreement
    from keepclear.formats.api import answers
    from keepclear.node.logs import Read

#: From so many entries on, progress is told.
PROGRESS_FROM = 20_000

TermsFile = Annotated[Path, typer.Argument(metavar="FILE", help="Terms as TOML, a unit behind each number.")]
TermsOrHash = Annotated[str, typer.Argument(metavar="TERMS", help="A file, or the beginning of a hash at our node.")]
Hash = Annotated[str, typer.Argument(metavar="HASH", help="Of the terms; its beginning is enough.")]
Reason = Annotated[str, typer.Option("--reason", help="Free words for the other parties; not for targets.")]


def check(file: TermsFile, as_json: AsJson = False) -> None:
    """Read terms and say what they mean, without a node."""
    from keepclear.formats.agreement_toml import write_agreement
    from keepclear.node.decide.agreements import terms_of
    from keepclear.node.entries import content_hash

    terms = terms_of(_read(file))
    hash_, text = content_hash(terms), write_agreement(_read(file))
    show({"hash": hash_, "terms": terms, "toml": text}, lambda: (f"hash  {hash_}", "", text.rstrip()), as_json=as_json)


def diff(old: TermsOrHash, new: TermsOrHash, home: Home = HERE, as_json: AsJson = False) -> None:
    """What the second terms change against the first: which term, for whom, and who would owe what sooner."""
    from keepclear.formats.agreement_toml import changes

    one, other = _terms(old, home), _terms(new, home)
    found = changes(one, other)

    def lines() -> Iterator[str]:
        if not found:
            yield "no difference: both say the same"
        yield from (change.words for change in found)
        for due in ("sooner", "later"):
            owed = [change for change in found if change.due == due]
            if owed:
                yield ""
                yield f"owed {due}:"
                yield from (
                    f"  {change.whom}: {change.term} {change.before or 'never'} -> {change.after}" for change in owed
                )

    show({"changes": found}, lines, as_json=as_json)


def rehearse(
    file: TermsFile,
    story: Annotated[Path, typer.Argument(metavar="STORY", help="A line for each step: at TIME WHO DOES name=value.")],
    as_json: AsJson = False,
) -> None:
    """What terms would make of a story: who would owe what by when, and which term says so. Nothing is recorded."""
    from keepclear.node.rehearsal import play

    told = play(_read(file), story.read_text(encoding="utf-8"))

    def lines() -> Iterator[str]:
        for step, follows in told:
            yield step
            yield from (f"    {each}" for each in follows)

    show([{"step": step, "follows": follows} for step, follows in told], lines, as_json=as_json)


def replay(
    record: Annotated[Path, typer.Argument(metavar="RECORD", help="A record file: keepclear record export.")],
    under: Annotated[Path, typer.Option("--under", metavar="FILE", help="Terms as TOML to judge it by.")],
    as_json: AsJson = False,
) -> None:
    """Judge a record again under other terms: what was said stays, and what would have come out otherwise is listed."""
    from keepclear.node.replay import differences, judged
    from keepclear.record.verify import verify_record

    terms = _read(under)
    with record.open("rb") as opened:
        report = verify_record(opened)
    if not report.sound:
        raise Tampered(f"{record} is not sound: `keepclear verify {record}` says where")
    reads = _reads_of(record)
    before = judged(reads, None, _progress("as agreed"))
    after = judged(reads, terms, _progress("under the new terms"))
    found = differences(before, after)

    def lines() -> Iterator[str]:
        yield f"{len(reads)} entries, {len(before)} findings as agreed, {len(after)} under {under}"
        if not found:
            yield "nothing would have come out otherwise"
        for each in found:
            yield f"{each.about}  {each.duty}: {each.before or '-'} -> {each.after or '-'}"

    show(
        {"entries": len(reads), "before": len(before), "after": len(after), "differences": found},
        lines,
        as_json=as_json,
    )


def _reads_of(record: Path) -> list[Read]:
    from keepclear.node.logs import parties_of, read_entry
    from keepclear.record.recordfile import EntryLine, read_line

    reads = []
    with record.open("rb") as opened:
        next(opened)
        for data in opened:
            line = read_line(data.rstrip(b"\n"))
            if isinstance(line, EntryLine) and parties_of(line.log)[1]:
                reads.append(read_entry(line.entry.encode(), bytes.fromhex(line.hash)))
    return reads


def _progress(what: str) -> Callable[[int, int], None]:
    """Tells how far it is, on long work only."""

    def tell_of(done: int, of: int) -> None:
        if of >= PROGRESS_FROM and done % 5_000 == 0:
            tell(f"{what}: {done:,} of {of:,} entries")

    return tell_of


def propose(file: TermsFile, by: By, home: Home = HERE, as_json: AsJson = False) -> None:
    """Propose terms to all their other parties, and sign them ourselves."""
    from keepclear.formats.agreement_toml import BYTES_MAX
    from keepclear.formats.api.requests import ProposeAgreementRequest

    with file.open("rb") as opened:
        text = opened.read(BYTES_MAX + 1).decode(errors="replace")
    with client_of(home) as client:
        proposed = present(client.propose_agreement(ProposeAgreementRequest(by=by, toml=text)).agreement)
    show(
        proposed,
        lambda: (f"proposed  {proposed.hash}", "It is in force when all other parties have signed this hash."),
        as_json=as_json,
    )


def sign(hash_: Hash, by: By, home: Home = HERE, as_json: AsJson = False) -> None:
    """Sign terms that another party proposed."""
    with client_of(home) as client:
        signed = present(client.sign_agreement(_fitting(client, hash_).hash, by).agreement)
    show(signed, lambda: (f"signed  {signed.hash}", f"It is {signed.state.replace('_', ' ')}."), as_json=as_json)


def show_agreements(
    hash_: Annotated[str, typer.Argument(metavar="[HASH]", help="One alone; its beginning is enough.")] = "",
    home: Home = HERE,
    as_json: AsJson = False,
) -> None:
    """Agreements, proposed, in force or over, with their terms."""
    with client_of(home) as client:
        held = [_fitting(client, hash_)] if hash_ else client.agreements()

    def lines() -> Iterator[str]:
        if not held:
            yield "no agreement: keepclear agreement propose FILE"
        for agreement in held:
            yield from _state_lines(agreement)
            yield ""
            yield from (f"  {line}".rstrip() for line in agreement.toml.splitlines())
            yield ""

    show(held, lines, as_json=as_json)


def _state_lines(agreement: answers.Agreement) -> Iterator[str]:
    yield agreement.hash
    since = f" since {agreement.in_force_since}" if agreement.in_force_since else ""
    if since and agreement.state != "in_force":
        since = f", in force{since}"
    missing = [party for party in agreement.parties if party not in agreement.signed_by]
    yield f"  {agreement.state.replace('_', ' ')}{since}; signed by {', '.join(agreement.signed_by)}"
    if missing:
        yield f"  not signed by {', '.join(missing)}"
    if agreement.suspended_by:
        yield f"  suspended by {', '.join(agreement.suspended_by)}"
    if agreement.until:
        yield f"  until {agreement.until}"
    for party, until in agreement.extensions.items():
        yield f"  {party} agrees to extend it until {until}"
    if agreement.ended_at:
        yield f"  ended {agreement.ended_at}"
    if agreement.rules_with:
        yield f"  rules between us and {', '.join(agreement.rules_with)}"


def suspend(hash_: Hash, by: By, reason: Reason = "", home: Home = HERE, as_json: AsJson = False) -> None:
    """Suspend an agreement. What its terms leave open goes on: STOP always does."""
    _act(hash_, AgreementAct.SUSPEND, by, reason, "", home, as_json)


def resume(hash_: Hash, by: By, reason: Reason = "", home: Home = HERE, as_json: AsJson = False) -> None:
    """No longer suspend an agreement."""
    _act(hash_, AgreementAct.RESUME, by, reason, "", home, as_json)


def extend(
    hash_: Hash,
    by: By,
    until: Annotated[str, typer.Option("--until", metavar="TIME", help="The new end: 2027-03-14T00:00:00Z.")],
    reason: Reason = "",
    home: Home = HERE,
    as_json: AsJson = False,
) -> None:
    """Agree to a later end. It counts once all parties have said the same."""
    _act(hash_, AgreementAct.EXTEND, by, reason, until, home, as_json)


def withdraw(
    hash_: Hash,
    by: By,
    until: Annotated[str, typer.Option("--until", metavar="TIME", help="From when; else at once.")] = "",
    reason: Reason = "",
    home: Home = HERE,
    as_json: AsJson = False,
) -> None:
    """Leave an agreement: it ends, for all its parties."""
    _act(hash_, AgreementAct.WITHDRAW, by, reason, until, home, as_json)


def _act(hash_: str, act: AgreementAct, by: str, reason: str, until: str, home: Path, as_json: bool) -> None:
    from keepclear.formats.api.requests import ActOnAgreementRequest

    with client_of(home) as client:
        request = ActOnAgreementRequest(act=act, by=by, until=until, reason=reason)
        after = present(client.act_on_agreement(_fitting(client, hash_).hash, request).agreement)
    show(after, lambda: _state_lines(after), as_json=as_json)


def _fitting(client: Client, hash_: str) -> answers.Agreement:
    fitting = [known for known in client.agreements() if known.hash.startswith(hash_.lower())]
    if len(fitting) != 1:
        raise NotFound(f"{len(fitting)} agreements begin with {hash_[:64]!r}: `keepclear agreement show` lists them")
    return fitting[0]


def _read(file: Path) -> Agreement:
    from keepclear.formats.agreement_toml import BYTES_MAX, read_agreement

    with file.open("rb") as opened:
        return read_agreement(opened.read(BYTES_MAX + 1))


def _terms(named: str, home: Path) -> Agreement:
    from keepclear.formats.agreement_toml import read_agreement

    if Path(named).is_file():
        return _read(Path(named))
    with client_of(home) as client:
        return read_agreement(_fitting(client, named).toml)
