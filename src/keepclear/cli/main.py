"""The program: every command and its help. Each command's own module is imported only when it runs."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any

import typer

import keepclear
from keepclear.cli import (
    agreement,
    asking,
    attempts,
    backup,
    card,
    carry,
    clear,
    demo,
    dev_authority,
    dissemination,
    doctor,
    dss,
    init,
    intake,
    line,
    notice,
    peer,
    phrasebook,
    record,
    report,
    serve,
    stop,
    train,
    user,
    verify,
    voice,
    warmup,
    watch,
    zone,
)
from keepclear.cli.common import Program, say

EXAMPLE = "Example: "


def _check_command() -> Any:
    from keepclear.cli import check

    alone = typer.Typer(add_completion=False, rich_markup_mode=None)
    check.register(alone)
    command = typer.main.get_command(alone)
    command.epilog = f"{EXAMPLE}keepclear check ours.geojson --against theirs.json --horizontal-m 5000 --map check.html"
    command.name = "check"
    return command


def _place_command() -> Any:
    from keepclear.cli import place

    group = typer.Typer(
        name="place",
        cls=place.PlaceGroup,
        help="Positions in every notation, whether two means say one place, and names of places. Needs no node.",
        epilog=f'{EXAMPLE}keepclear place "36.5 N 35.7 E"',
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
    )
    place.register(group, EXAMPLE)
    return typer.main.get_command(group)


def _sites_command() -> Any:
    from keepclear.cli import sites

    group = typer.Typer(
        name="sites",
        help="Lists of protected sites, looked through before they are sent. Needs no node; keeps and sends nothing.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
    )
    group.callback()(lambda: None)
    _add(group, "check", sites.check, "sites check additions.toml --duplicate-m 150 --due-days 30")
    return typer.main.get_command(group)


class KeepclearProgram(Program):
    """The whole program."""

    heavy = {"check": _check_command, "place": _place_command, "sites": _sites_command}  # noqa: RUF012 -- never changed


app = typer.Typer(
    name="keepclear",
    cls=KeepclearProgram,
    help="Parties who share airspace, but no chain of command, keep out of each other's way and keep proof of it.",
    epilog="Begin with: keepclear demo. Not certified. Not the sole means of separation.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(is_asked: bool) -> None:
    if is_asked:
        say(f"keepclear {keepclear.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which it is.")
    ] = False,
) -> None:
    pass


@app.command("version", epilog=f"{EXAMPLE}keepclear version")
def version() -> None:
    """Say which version this is."""
    _version(True)


def _add(to: typer.Typer, name: str, command: Any, example: str) -> None:
    to.command(name, epilog=f"{EXAMPLE}keepclear {example}")(command)


def _group(name: str, help_: str) -> typer.Typer:
    group = typer.Typer(name=name, help=help_, no_args_is_help=True, rich_markup_mode=None)
    app.add_typer(group)
    return group


_add(app, "init", init.init, 'init --party amber --name "Amber" --home amber')
_add(app, "serve", serve.serve, "serve --home amber")
_add(app, "verify", verify.verify, "verify amber.keepclear-record --trust birch.identity.json")
_add(app, "warmup", warmup.warmup, "warmup")
_add(app, "doctor", doctor.doctor, "doctor --home amber")
_add(app, "backup", backup.backup, "backup amber-monday.keepclear-backup --home amber")
_add(app, "restore", backup.restore, "restore amber-monday.keepclear-backup --home amber-again")
_add(app, "demo", demo.demo, "demo --once")
_add(app, "dev-authority", dev_authority.dev_authority, "dev-authority --key dev-authority.pem")
_add(app, "dss", dss.dss, "dss --public-key dev-authority.pem.pub.pem --audience 127.0.0.1,localhost")
_add(
    app,
    "clear",
    clear.clear,
    'clear --at 34.02,36.01 --speed-mps 60 --reaction-s 20 --circle "34,36,9000" --turn-radius-m 1200 --stream-mps 15',
)
_add(
    app, "report", report.report, "report amber.keepclear-record --from 2031-05-01T00:00:00Z --to 2031-06-01T00:00:00Z"
)
_add(app, "intake", intake.intake, "intake communique.txt --dated 2031-05-14")

_add(app, "say", phrasebook.say_entry, "say amber/A-0001 --language ar --home birch")

_phrasebooks = _group("phrasebook", "The languages that entries are said in, and who vouches for each.")
_add(_phrasebooks, "list", phrasebook.list_phrasebooks, "phrasebook list --home amber")
_add(_phrasebooks, "sign", phrasebook.sign, 'phrasebook sign --language ru --by "L. Orlova" --home amber')

_cards = _group("card", "Voice cards: entries read out line by line, and typed in at the far side.")
_add(_cards, "show", card.show_card, "card show amber/A-0001 --home amber")
_add(_cards, "read", card.read, "card read --home birch")
_add(_cards, "challenge", card.challenge, "card challenge --peer amber --home birch")
_add(_cards, "list", card.list_cards, "card list --home birch")
_add(_cards, "table", voice.table, "card table --peer birch --out for-birch.voice-table --words --home amber")
_add(_cards, "token", voice.token, "card token amber/SA-0001 --peer birch --row 7 --challenge KXQWBT --home amber")

_carried = _group("carry", "The line on foot: files, sticks and QR codes, when nothing connects two nodes.")
_add(_carried, "out", carry.out, "carry out --to birch for-birch.carried --home amber")
_add(_carried, "in", carry.take_in, "carry in for-birch.carried --home birch")
_add(app, "train", train.train, "train short_notice --as amber")

_peers = _group("peer", "Enrol other parties' keys, two persons comparing twelve words.")
_add(_peers, "invite", peer.invite, "peer invite --home amber")
_add(_peers, "accept", peer.accept, "peer accept amber.invitation --home birch")
_add(_peers, "list", peer.list_peers, "peer list --home amber")
_add(_peers, "remove", peer.remove, 'peer remove birch --by "I. Maro" --home amber')

_agreements = _group("agreement", "What parties have agreed, and what becomes of it.")
_add(_agreements, "check", agreement.check, "agreement check agreement.toml")
_add(_agreements, "diff", agreement.diff, "agreement diff agreement.toml changed.toml")
_add(_agreements, "try", agreement.rehearse, "agreement try agreement.toml story.txt")
_add(_agreements, "replay", agreement.replay, "agreement replay amber.keepclear-record --under changed.toml")
_add(_agreements, "propose", agreement.propose, 'agreement propose agreement.toml --by "I. Maro" --home amber')
_add(_agreements, "sign", agreement.sign, 'agreement sign 3f9c2a --by "T. Quill" --home birch')
_add(_agreements, "show", agreement.show_agreements, "agreement show --home amber")
_add(_agreements, "suspend", agreement.suspend, 'agreement suspend 3f9c2a --by "T. Quill" --home birch')
_add(_agreements, "resume", agreement.resume, 'agreement resume 3f9c2a --by "T. Quill" --home birch')
_add(
    _agreements,
    "extend",
    agreement.extend,
    'agreement extend 3f9c2a --until 2027-12-31T00:00:00Z --by "T. Quill" --home birch',
)
_add(_agreements, "withdraw", agreement.withdraw, 'agreement withdraw 3f9c2a --by "T. Quill" --home birch')

_zones = _group("zone", "Zones: what was agreed, what was announced, and which notices meet them.")
_add(_zones, "list", zone.list_zones, "zone list --home amber")
_add(_zones, "show", zone.show_zone, "zone show FIELD --home amber")
_add(_zones, "announce", zone.announce, 'zone announce field.toml --by "I. Maro" --home amber')
_add(_zones, "change", zone.change, 'zone change field.toml --by "I. Maro" --home amber')
_add(_zones, "lift", zone.lift, 'zone lift FIELD --by "I. Maro" --home amber')
_add(
    _zones,
    "give-back",
    zone.give_back,
    'zone give-back FIELD --used 2027-03-05T06:00:00Z/2027-03-05T07:00:00Z --by "I. Maro" --home amber',
)

_notices = _group("notice", "Notices of what we plan, and what others told us.")
_add(
    _notices,
    "file",
    notice.file,
    'notice file --circle "-38.0,-152.0,4000" --upper "1500 m AMSL" --start +45min --end +2h'
    ' --by "I. Maro" --home amber',
)
_add(_notices, "list", notice.list_notices, "notice list --home amber")
_add(_notices, "show", notice.show_notice, "notice show birch/B-0001 --home amber")
_add(_notices, "activate", asking.activate, 'notice activate A-0001 --by "I. Maro" --home amber')
_add(_notices, "extend", asking.extend, 'notice extend A-0001 --until +3h --by "I. Maro" --home amber')
_add(_notices, "shorten", asking.shorten, 'notice shorten A-0001 --until +1h --by "I. Maro" --home amber')
_add(_notices, "end", notice.end, 'notice end A-0001 --by "I. Maro" --home amber')

_alerts = _group("alert", "Notices that ask for an answer.")
_add(_alerts, "list", notice.list_alerts, "alert list --home birch")
_add(_alerts, "answer", notice.answer, 'alert answer amber/A-0001/v1/birch WILCO --by "T. Quill" --home birch')
_add(_alerts, "read-back", asking.read_back, 'alert read-back amber/A-0001/v1/birch --by "T. Quill" --home birch')
_add(_alerts, "confirm", asking.confirm, 'alert confirm amber/A-0001/v1/birch --by "I. Maro" --home amber')
_add(_alerts, "correct", asking.correct, 'alert correct amber/A-0001/v1/birch --by "I. Maro" --home amber')

_requests = _group("request", "Ask another party to agree; agree, deny, offer an alternative.")
_add(
    _requests,
    "ask",
    asking.ask,
    'request ask birch --circle "-38.0,-152.0,4000" --upper "1500 m AMSL" --start +2h --end +3h'
    ' --transports TRUCK:4 --armed NONE --by "I. Maro" --home amber',
)
_add(_requests, "list", asking.list_requests, "request list --home birch")
_add(_requests, "reply", asking.reply, 'request reply amber/RA-0001 AGREE --by "T. Quill" --home birch')
_add(_requests, "accept", asking.accept, 'request accept RA-0001 --by "I. Maro" --home amber')
_add(_requests, "withdraw", asking.withdraw, 'request withdraw RA-0001 --by "I. Maro" --home amber')

_outcomes = _group("outcome", "What came of a notice or request, each side's word apart.")
_add(
    _outcomes,
    "report",
    asking.report,
    'outcome report amber/A-0001 IMPEDED --delay-min 90 --by "I. Maro" --home amber',
)
_add(_outcomes, "list", asking.list_outcomes, "outcome list --home amber")

_ladders = _group("ladder", "What nobody answers: how far it has climbed, and calls that were made.")
_add(_ladders, "list", asking.list_ladders, "ladder list --home amber")
_add(_ladders, "call", asking.call, 'ladder call amber/A-0001/v1/birch no_answer --by "I. Maro" --home amber')

_stops = _group("stop", "Ask the other side to stop, now.")
_add(_stops, "send", stop.send, 'stop send --by "I. Maro" --home amber')
_add(_stops, "list", stop.list_stops, "stop list --home birch")
_add(_stops, "answer", stop.answer, 'stop answer amber/SA-0001 WILCO --by "T. Quill" --home birch')
_add(_stops, "resume", stop.resume, 'stop resume SA-0001 --by "I. Maro" --home amber')
_add(_stops, "voice", asking.voice_stop, 'stop voice amber --text "STOP STOP STOP" --by "T. Quill" --home birch')
_add(
    _stops,
    "called",
    asking.called_back,
    'stop called VB-0001 NO_ANSWER --by "T. Quill" --home birch',
)

_lines = _group("line", "The line to each party: tests, channels, alarms.")
_add(_lines, "list", line.list_lines, "line list --home amber")
_add(_lines, "test", line.ask_test, 'line test birch --by "I. Maro" --home amber')
_add(_lines, "answer", line.answer, 'line answer amber/LA-0001 --by "T. Quill" --home birch')
_add(
    _lines,
    "enter",
    line.enter,
    'line enter birch telephone --answered-by "T. Quill" --latency-s 20 --language --by "I. Maro" --home amber',
)
_add(_lines, "cause", line.cause, 'line cause amber/LA-0002 technical --by "T. Quill" --home birch')
_add(_lines, "channel", line.channel, 'line channel birch suspended --by "I. Maro" --home amber')

_passing = _group("dissemination", "Passing on what we were told, inside and to third parties, with receipts.")
_add(_passing, "show", dissemination.show_all, "dissemination show --home birch")
_add(_passing, "group", dissemination.group,
     'dissemination group tower --name "Tower" --member "R. Ames" --by "T. Quill" --home birch')  # fmt: skip
_add(_passing, "pass", dissemination.pass_on, 'dissemination pass amber/A-0001 tower --by "T. Quill" --home birch')
_add(_passing, "confirm", dissemination.confirm,
     'dissemination confirm amber/A-0001 tower "R. Ames" --by "T. Quill" --home birch')  # fmt: skip
_add(_passing, "tell", dissemination.tell_far, 'dissemination tell amber/A-0001 --by "T. Quill" --home birch')
_add(_passing, "open", dissemination.open_list, "dissemination open amber/A-0001 list.json --home birch")
_add(_passing, "verify", dissemination.verify_list, "dissemination verify list.json --trust birch.identity.json")
_add(_passing, "relay", dissemination.relay, 'dissemination relay amber/A-0001 cedar --by "T. Quill" --home birch')

_watch = _group("watch", "The watch: who holds it, handover, the sheet to print, drafts, numbers.")
_add(_watch, "show", watch.show_watch, "watch show --home amber")
_add(_watch, "take", watch.take, 'watch take --by "I. Maro" --home amber')
_add(_watch, "handover", watch.hand_over, 'watch handover "J. Venn" --by "I. Maro" --home amber')
_add(_watch, "tick", watch.tick, 'watch tick --section lines --by "J. Venn" --home amber')
_add(_watch, "sign", watch.sign, 'watch sign --by "J. Venn" --home amber')
_add(_watch, "withdraw", watch.withdraw, 'watch withdraw --by "I. Maro" --home amber')
_add(_watch, "sheet", watch.sheet, "watch sheet --home amber")
_add(_watch, "send", watch.send_draft, 'watch send DA-0001 --by "J. Venn" --home amber')
_add(_watch, "drop", watch.drop_draft, 'watch drop DA-0001 --by "I. Maro" --home amber')
_add(_watch, "number", watch.number, 'watch number Tower "+00 555 2" --by "I. Maro" --home amber')
_add(_watch, "attach", watch.attach, 'watch attach call.wav --about birch --by "I. Maro" --home amber')

_users = _group("user", "The people of our party, and what they are there for.")
_add(_users, "list", user.list_people, "user list --home amber")
_add(_users, "add", user.add, 'user add imaro "I. Maro" --role duty_officer --role admin --by "I. Maro" --home amber')
_add(_users, "link", user.link, "user link imaro --home amber")
_add(_users, "password", user.password, "user password imaro --home amber")
_add(_users, "remove", user.remove, 'user remove jvenn --by "I. Maro" --home amber')

_log = _group("log", "The duty log: free words, private, never changed.")
_add(_log, "add", watch.add_log, 'log add "the line to Birch crackles" --by "I. Maro" --home amber')
_add(_log, "list", watch.list_log, "log list --home amber")

_records = _group("record", "The tamper-evident record.")
_add(_records, "show", record.show_record, "record show --home amber")
_add(_records, "export", record.export, "record export amber.keepclear-record --home amber")
_add(_records, "given", record.given, "record given A-0001 --to birch --home amber")
_add(_records, "attempts", attempts.attempts, "record attempts amber.keepclear-record")


def main() -> None:
    """Run the program."""
    try:
        app()
    except BrokenPipeError:
        # Whoever read our answer has seen enough.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 -- so that the flush at exit finds somewhere to go
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
