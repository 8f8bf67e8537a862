"""`keepclear dissemination`: groups, receipts by name, what the other side is shown, opened lists, relays (D1, D2)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from keepclear.cli.common import HERE, AsJson, By, Home, client_of, say, show, table, write_new

Notice = Annotated[str, typer.Argument(metavar="NOTICE", help="As in amber/A-0412.")]
Version = Annotated[int, typer.Option("--version", help="Of the notice.")]


def show_all(home: Home = HERE, as_json: AsJson = False) -> None:
    """Show groups, what was passed on and who confirmed, what others said, and relays."""
    from keepclear.formats.api.dissemination import Dissemination

    with client_of(home) as client:
        held = client.ask("GET", "/v1/dissemination", Dissemination)

    def lines() -> list[str]:
        found = [f"group {each.group} ({each.name}): {', '.join(each.members)}" for each in held.groups]
        for each in held.passed:
            told = "nothing was told" if not each.told else f"told {each.told}"
            found.append(f"{each.notice} v{each.version}: {each.reached} of {each.groups} confirmed, {told}")
            rows = [(receipt.group, receipt.person or "-", receipt.at or "not yet") for receipt in each.receipts]
            found += table([("group", "confirmed by", "at"), *rows], indent="  ")
        found += [
            f"{each.party} on {each.notice} v{each.version}: {_far(each.reached, each.groups)} at {each.at} ({each.by})"
            for each in held.told_us
        ]
        found += [
            f"relay {each.relay} to {each.to}: {each.notice} v{each.version} by way of {', '.join(each.trail)},"
            f" {each.word or 'no word yet'}{', signature of ' + each.origin + ' checked' if each.proved else ''}"
            for each in held.relays
        ]
        return found or ["nothing was passed on, and there are no groups"]

    show(held, lines, as_json=as_json)


def _far(reached: int, groups: int) -> str:
    return f"{reached} of {groups}" if groups else "passed on, shown as a commitment alone,"


def group(
    id_: Annotated[str, typer.Argument(metavar="GROUP", help="A short name: tower, battery-2.")],
    by: By,
    home: Home = HERE,
    name: Annotated[str, typer.Option(help="As people call it.")] = "",
    member: Annotated[list[str] | None, typer.Option(help="Who may confirm; once for each. None: drop it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make, change or drop a group of addressees of our own."""
    from keepclear.client import to_request
    from keepclear.formats.api.dissemination import PassingAnswer, SetGroupRequest

    values = {"group": id_, "name": name or id_, "members": member or [], "by": by}
    with client_of(home) as client:
        done = client.ask("POST", "/v1/dissemination/groups", PassingAnswer, to_request(SetGroupRequest, values))
    show(done, lambda: (f"group {id_} has {len(member or [])} members",), as_json=as_json)


def pass_on(
    notice: Notice, groups: Annotated[list[str], typer.Argument(metavar="GROUP...", help="Who has it now.")],
    by: By, home: Home = HERE, version: Version = 1, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Say that another party's notice went to groups of ours."""
    from keepclear.client import to_request
    from keepclear.formats.api.dissemination import PassingAnswer, PassOnRequest

    values = {"notice": notice, "version": version, "groups": groups, "by": by}
    with client_of(home) as client:
        done = client.ask("POST", "/v1/dissemination/passed", PassingAnswer, to_request(PassOnRequest, values))
    show(done, lambda: (f"{notice} v{version} went to {', '.join(groups)}",), as_json=as_json)


def confirm(
    notice: Notice, group: Annotated[str, typer.Argument(metavar="GROUP")],
    person: Annotated[str, typer.Argument(metavar="PERSON", help="Who of the group has it.")],
    by: By, home: Home = HERE, version: Version = 1, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Say who of a group confirmed."""
    from keepclear.client import to_request
    from keepclear.formats.api.dissemination import ConfirmGroupRequest, PassingAnswer

    values = {"notice": notice, "version": version, "group": group, "person": person, "by": by}
    with client_of(home) as client:
        done = client.ask("POST", "/v1/dissemination/confirmed", PassingAnswer, to_request(ConfirmGroupRequest, values))
    passed = done.passed
    count = f"{passed.reached} of {passed.groups} confirmed" if passed else "confirmed"
    show(done, lambda: (f"{notice} v{version}: {count}",), as_json=as_json)


def tell_far(
    notice: Notice, by: By, home: Home = HERE, version: Version = 1,
    shows: Annotated[str, typer.Option(help="counts or commitment; as agreed when not given.")] = "",
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Tell the other side how far its notice was passed on. No group and no person is named."""
    from keepclear.client import to_request
    from keepclear.formats.api.dissemination import PassingAnswer, TellDisseminatedRequest

    values = {"notice": notice, "version": version, "by": by, "shows": shows}
    with client_of(home) as client:
        done = client.ask("POST", "/v1/dissemination/told", PassingAnswer, to_request(TellDisseminatedRequest, values))
    show(done, lambda: (f"the other side is told of {notice} v{version}",), as_json=as_json)


def open_list(
    notice: Notice,
    out: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it; must not exist.")],
    home: Home = HERE,
    version: Version = 1,
) -> None:
    """Write the file that opens our commitment: for an inquiry, since it names groups and persons."""
    from urllib.parse import quote

    with client_of(home) as client:
        data = client.fetch(f"/v1/dissemination/opening?notice={quote(notice, safe='')}&version={version}")
    write_new(out, data, mode=0o600)
    say(f"{out} names every group and person of {notice} v{version}: give it to the inquiry alone")


def verify_list(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `dissemination open` wrote.")],
    trust: Annotated[Path, typer.Option(metavar="FILE", help="Identity of the party that committed.")],
    as_json: AsJson = False,
) -> None:
    """Check an opened commitment: the list is what was committed to, in an entry that the party signed."""
    from keepclear.cli.verify import read_identity
    from keepclear.core.timespan import zulu
    from keepclear.formats.dissemination import BYTES_MAX, read_opening, verify_opening_file

    with file.open("rb") as opened:
        data = opened.read(BYTES_MAX + 1)
    found = verify_opening_file(read_opening(data), read_identity(trust))
    rows = [(row.group, row.name, row.person or "-", zulu(row.at_us) if row.at_us else "never") for row in found.rows]
    shown = {
        "writer": found.writer, "log": found.log, "index": found.index, "at": zulu(found.at_us),
        "notice": found.notice, "rows": [list(row) for row in rows],
    }  # fmt: skip
    head = f"{found.writer} committed to this list in entry {found.index} of {found.log}, at {zulu(found.at_us)}"
    show(shown, lambda: [head, f"about {found.notice}", *table([("group", "name", "confirmed by", "at"), *rows])],
         as_json=as_json)  # fmt: skip


def relay(
    source: Notice,
    to: Annotated[str, typer.Argument(metavar="PARTY", help="A third party that is enrolled.")],
    by: By,
    home: Home = HERE,
    as_json: AsJson = False,
) -> None:
    """Tell a third party of a notice that was told to us, citing where it stands."""
    from keepclear.client import to_request
    from keepclear.formats.api.dissemination import PassingAnswer, RelayRequest

    with client_of(home) as client:
        request = to_request(RelayRequest, {"source": source, "to": to, "by": by})
        done = client.ask("POST", "/v1/relays", PassingAnswer, request)
    show(done, lambda: (f"relay {done.subject} goes to {to}",), as_json=as_json)
