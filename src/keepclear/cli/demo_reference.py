"""`keepclear demo --scenario syria_2019`: public facts to be read, in a console or as text. Nobody is judged.

The node that shows them is fictional Amber's: no State is a party of a node.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from keepclear.cli.common import say
from keepclear.core.timespan import spoken_duration
from keepclear.errors import Unavailable

if TYPE_CHECKING:
    from keepclear.formats.reference import AccountLead, Agreement, Claim, Incident, Reference


def show_reference(folder: Path, *, once: bool, as_json: bool) -> None:
    """The reference as text, or on the console of a node until Ctrl-C.

    Raises:
        NotFound: the examples are not installed.
    """
    from keepclear.cli.scenario import REFERENCE, examples_folder
    from keepclear.formats.reference import read_reference, reference_view

    path = examples_folder() / REFERENCE / "reference.json"
    reference = read_reference(path.read_bytes())
    if once:
        if as_json:
            say(json.dumps(reference_view(reference), indent=2, ensure_ascii=False))
            return
        for line in reference_lines(reference):
            say(line)
        return
    _serve(folder, path, reference, as_json=as_json)


def _serve(folder: Path, path: Path, reference: Reference, *, as_json: bool) -> None:
    from keepclear.cli.demo_node import make_node

    node = make_node(folder, "amber", "Amber", "", more='\n[reference]\nfile = "reference.json"\n')
    shutil.copyfile(path, node.home / "reference.json")
    try:
        node.begin()
        node.wait_ready()
        if as_json:
            say(json.dumps({"amber": {"link": node.link, "console": node.console}}))
        else:
            say(reference.about.title)
            say(reference.about.neutrality)
            say(f"The console opens once:  {node.link}")
            say("Ctrl-C ends it.")
        sys.stdout.flush()
        while node.is_running:
            time.sleep(0.5)
        raise Unavailable("the node ended by itself; its diagnostic log says why")
    except KeyboardInterrupt:
        say("")
    finally:
        node.stop()


# ---------------------------------------------------------------------------------------------------------- as text


def reference_lines(reference: Reference) -> Iterator[str]:
    """The reference in words: who, what was agreed, incidents account by account, and where the news text differs."""
    from keepclear.formats.reference.values import names_of

    names = names_of(reference)
    about = reference.about
    yield from (about.title, about.purpose, about.neutrality, about.time, "")
    yield "PARTIES"
    yield from (f"  {party.name} ({party.kind.replace('_', ' ')})" for party in reference.parties)
    yield from ("", "AGREEMENTS")
    for agreement in reference.agreements:
        yield from _agreement_lines(agreement, names)
    yield from ("", "INCIDENTS, EACH ACCOUNT BESIDE THE OTHER")
    for incident in reference.incidents:
        yield from _incident_lines(incident, names)
    yield from ("", "WHERE THE NEWS TEXT AND THE PUBLIC RECORD DIFFER")
    for difference in reference.differences:
        yield f"  {difference.topic}{' (true when written)' if difference.true_when_written else ''}"
        yield f"    the text says    {difference.text_says}"
        yield f"    the record shows {difference.record_shows} [{', '.join(difference.sources)}]"
    yield from ("", "SOURCES")
    for key, source in reference.sources.items():
        yield f"  {key}: {source.title} ({source.kind}) {source.address}".rstrip()


def _agreement_lines(agreement: Agreement, names: dict[str, str]) -> Iterator[str]:
    parties = ", ".join(names[party] for party in agreement.parties)
    yield f"  {agreement.date}  {agreement.name}: {parties} ({agreement.status}) [{', '.join(agreement.sources)}]"
    for term in agreement.terms:
        word = "" if term.status == "undisputed" else f" ({term.status})"
        yield f"    - {term.text}{word} [{', '.join(term.sources)}]"
        yield from (f"        {_claim(claim, names)}" for claim in term.claims)
    yield from (f"    {_claim(claim, names)}" for claim in agreement.claims)


def _claim(claim: Claim, names: dict[str, str]) -> str:
    speaker = f" ({claim.speaker})" if claim.speaker else ""
    return f"{names[claim.by]}{speaker}: {claim.text} [{', '.join(claim.sources)}]"


def _incident_lines(incident: Incident, names: dict[str, str]) -> Iterator[str]:
    from keepclear.formats.reference import clock_gaps, lead_times

    yield f"  {incident.date}  {incident.title}"
    for statement in incident.common_ground:
        yield f"    common ground: {statement.text} [{', '.join(statement.sources)}]"
    for topic in incident.topics:
        yield f"    {topic.topic}"
        yield from (f"      {_claim(claim, names)}" for claim in topic.claims)
    for lead in lead_times(incident):
        yield f"    lead time by the account of {names[lead.by]}: {_lead(lead)} [{', '.join(lead.sources)}]"
    for gap in clock_gaps(incident):
        yield (
            f"    {names[gap.by]} gave two times for the loss, {gap.least_s // 60} to {gap.most_s // 60} min apart:"
            f" {gap.earlier.first_at} ({gap.earlier.release}) and {gap.later.first_at} ({gap.later.release})"
        )


def _lead(lead: AccountLead) -> str:
    if lead.lead_s is not None and lead.bracket_s is not None:
        low, high = lead.bracket_s
        return f"{spoken_duration(lead.lead_s)}, between {low} and {high} s since times are printed to the minute"
    if lead.longer_than_s is not None:
        return f"longer than {lead.longer_than_s} s, in words; no upper bound is given"
    return "not known"
