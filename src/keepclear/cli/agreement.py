"""`keepclear agreement`: check, propose, sign and show what two parties have agreed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from keepclear.cli.common import HERE, AsJson, By, Home, client_of, present, show
from keepclear.core.timespan import spoken_duration
from keepclear.errors import NotFound

if TYPE_CHECKING:
    from keepclear.formats.api import answers, requests

TermsFile = Annotated[Path, typer.Argument(metavar="FILE", help="Terms as TOML, a unit behind each number.")]


def check(file: TermsFile, as_json: AsJson = False) -> None:
    """Read terms and say what they mean, without a node."""
    from keepclear.formats.agreement_toml import BYTES_MAX, read_agreement
    from keepclear.formats.api.requests import agreement_to_terms
    from keepclear.node.decide.agreements import terms_of
    from keepclear.node.entries import content_hash

    with file.open("rb") as opened:
        agreement = read_agreement(opened.read(BYTES_MAX + 1))
    terms, hash_ = agreement_to_terms(agreement), content_hash(terms_of(agreement))
    show({"hash": hash_, "terms": terms}, lambda: (f"hash  {hash_}", *terms_lines(terms)), as_json=as_json)


def propose(file: TermsFile, by: By, home: Home = HERE, as_json: AsJson = False) -> None:
    """Propose terms to the other party, and sign them ourselves."""
    from keepclear.formats.agreement_toml import BYTES_MAX
    from keepclear.formats.api.requests import ProposeAgreementRequest

    with file.open("rb") as opened:
        text = opened.read(BYTES_MAX + 1).decode(errors="replace")
    with client_of(home) as client:
        proposed = present(client.propose_agreement(ProposeAgreementRequest(by=by, toml=text)).agreement)
    show(
        proposed,
        lambda: (f"proposed  {proposed.hash}", "It is in force when the other party has signed this hash."),
        as_json=as_json,
    )


def sign(
    hash_: Annotated[str, typer.Argument(metavar="HASH", help="Of what was proposed; its beginning is enough.")],
    by: By,
    home: Home = HERE,
    as_json: AsJson = False,
) -> None:
    """Sign terms that the other party proposed."""
    with client_of(home) as client:
        fitting = [known for known in client.agreements() if known.hash.startswith(hash_.lower())]
        if len(fitting) != 1:
            raise NotFound(
                f"{len(fitting)} agreements begin with {hash_[:64]!r}: `keepclear agreement show` lists them"
            )
        signed = present(client.sign_agreement(fitting[0].hash, by).agreement)
    show(signed, lambda: (f"signed  {signed.hash}", f"It is {signed.state.replace('_', ' ')}."), as_json=as_json)


def show_agreements(home: Home = HERE, as_json: AsJson = False) -> None:
    """Agreements, proposed or in force, with their terms."""
    with client_of(home) as client:
        held = client.agreements()

    def lines() -> Iterator[str]:
        if not held:
            yield "no agreement: keepclear agreement propose FILE"
        for agreement in held:
            yield f"{agreement.hash}"
            since = f" since {agreement.in_force_since}" if agreement.in_force_since else ""
            yield f"  {agreement.state.replace('_', ' ')}{since}; signed by {', '.join(agreement.signed_by)}"
            yield from (f"  {line}" for line in terms_lines(agreement))

    show(held, lines, as_json=as_json)


def terms_lines(terms: requests.TermsJson | answers.Agreement) -> Iterator[str]:
    """The terms for people."""
    area, apart, deadlines = terms.area, terms.separation, terms.deadlines
    yield f"{terms.title}"
    yield f"  parties      {', '.join(terms.parties)}"
    yield f"  area         {area.radius_m / 1000:g} km around latitude {area.lat:g}, longitude {area.lon:g}"
    yield f"  separation   {apart.horizontal_m:g} m, {apart.vertical_m:g} m in height, {apart.time_s:g} s"
    yield f"  notice       at least {spoken_duration(deadlines.notice_before_s)} before it starts, else marked SHORT"
    yield (
        f"  answer in    {deadlines.acknowledge_s} s; {deadlines.acknowledge_conflict_s} s with a conflict;"
        f" {deadlines.acknowledge_warning_s} s when warned; STOP {deadlines.acknowledge_stop_s} s;"
        f" STANDBY adds {deadlines.standby_s} s once"
    )
    for party, shown in terms.disclosure.items():
        activity = "shown" if shown.shows_activity else "hidden"
        yield f"  {party} shows {shown.level.value}; the kind of activity is {activity}"
