"""A backup is a whole node; one restored from an old backup takes back what it lost and never tells two histories."""

from __future__ import annotations

import io
import stat
import tarfile
from pathlib import Path

import pytest
from tests.integration.two_desks import file_one, two_nodes

from keepclear.cli.backup import make_backup, restore_backup
from keepclear.cli.demo_node import NodeProcess, read_rows
from keepclear.cli.story import read_record
from keepclear.cli.verify import check_file, read_identity
from keepclear.errors import KeepclearError, Malformed, Tampered, UnlawfulChange

pytestmark = pytest.mark.kills


def _export(node: NodeProcess, path: Path) -> Path:
    path.write_bytes(b"".join(node.client.export(private=True)))
    return path


def test_a_restored_node_takes_back_what_it_lost_and_does_not_fork(tmp_path: Path) -> None:
    with two_nodes(tmp_path) as player:
        amber, birch = player.nodes["amber"], player.nodes["birch"]
        # given: a backup of a running node, and notices that came after it, both ways
        file_one(player, "amber")
        player.settle()
        kept = make_backup(amber.home, tmp_path / "amber.keepclear-backup")
        after = [file_one(player, "amber", lat=-38.2 - step / 10) for step in range(3)]
        theirs = file_one(player, "birch", lat=-37.0)
        player.settle()
        sent = {(row.log, row.n): row.hash for row in read_rows(amber.home / "record.sqlite") if "/to/" in row.log}

        # when: the node dies, and runs again from the backup
        amber.kill()
        restored = restore_backup(Path(kept.file), tmp_path / "restored" / "amber")
        assert restored.entries == kept.entries
        player.nodes["amber"] = NodeProcess(tmp_path / "restored" / "amber", "amber", "Amber")
        player.nodes["amber"].begin()
        player.nodes["amber"].wait_ready()
        player.settle()
        again = player.nodes["amber"]

        # then: all that was sent stands where it stood, and more can be said
        own = {(row.log, row.n): row.hash for row in read_rows(again.home / "record.sqlite") if "/to/" in row.log}
        assert sent.items() <= own.items()
        held = {notice.id for notice in again.client.notices()}
        assert {*after, theirs} <= held
        more = file_one(player, "amber", lat=-38.9)
        assert more not in after, "a serial names one notice for ever"
        player.settle()
        # and: no party sees two histories, and both records verify with the other's material
        assert [peer.line for node in (again, birch) for peer in node.client.peers()] == ["open", "open"]
        trust = [read_identity(birch.home / "enrolment" / "amber.identity.json")]
        for node in (again, birch):
            checked = check_file(str(_export(node, tmp_path / f"{node.party}.keepclear-record")), trust)
            assert checked.sound, checked.first_bad
        ours, other = (read_record(tmp_path / f"{party}.keepclear-record") for party in ("amber", "birch"))
        for log in ("keepclear/amber/to/birch", "keepclear/birch/to/amber"):
            assert [held.hash for held in ours.logs[log]] == [held.hash for held in other.logs[log]]


@pytest.fixture(scope="module")
def backed_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of a node that is agreed with another."""
    folder = tmp_path_factory.mktemp("backup")
    with two_nodes(folder) as player:
        file_one(player, "amber", remarks="kept with the rest")
        player.settle()
        return Path(make_backup(player.nodes["amber"].home, folder).file)


def test_a_backup_in_a_folder_is_named_after_party_and_time_and_is_for_its_owner_only(backed_up: Path) -> None:
    assert backed_up.name.startswith("amber-20")
    assert backed_up.suffix == ".keepclear-backup"
    assert stat.S_IMODE(backed_up.stat().st_mode) == 0o600


def test_a_backup_replaces_no_file(backed_up: Path, tmp_path: Path) -> None:
    home = tmp_path / "amber"
    restore_backup(backed_up, home)
    with pytest.raises(UnlawfulChange, match="replaces nothing"):
        make_backup(home, backed_up)


def test_a_restore_overwrites_nothing(backed_up: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("here before")
    with pytest.raises(UnlawfulChange, match="not empty"):
        restore_backup(backed_up, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.txt"]


def test_a_restored_folder_holds_the_keys_with_their_modes(backed_up: Path, tmp_path: Path) -> None:
    home = tmp_path / "amber"
    restore_backup(backed_up, home)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in home.iterdir()}
    assert {modes[name] for name in ("record.key", "peer.key", "console.key", "api-token", "record.sqlite")} == {0o600}


@pytest.mark.parametrize("name", ["record.sqlite", "record.key", "keepclear.toml"])
def test_one_changed_byte_in_a_backup_is_found_and_nothing_is_left(backed_up: Path, tmp_path: Path, name: str) -> None:
    data = bytearray(backed_up.read_bytes())
    with tarfile.open(backed_up) as archive:
        member = archive.getmember(name)
    data[member.offset_data + member.size // 2] ^= 1
    (tmp_path / "bad").write_bytes(data)
    with pytest.raises(Tampered, match=name.replace(".", r"\.")):
        restore_backup(tmp_path / "bad", tmp_path / "amber")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad"]


def test_a_cut_backup_is_refused_wherever_it_is_cut(backed_up: Path, tmp_path: Path) -> None:
    data = backed_up.read_bytes()
    with tarfile.open(backed_up) as archive:
        # What follows the last file is the padding of the archive.
        end = max(member.offset_data + member.size for member in archive)
    for part in range(16):
        (tmp_path / "cut").write_bytes(data[: end * part // 16])
        with pytest.raises(KeepclearError):
            restore_backup(tmp_path / "cut", tmp_path / "amber")
    assert not (tmp_path / "amber").exists()


def test_an_archive_that_names_another_place_is_refused(backed_up: Path, tmp_path: Path) -> None:
    with tarfile.open(backed_up) as old, tarfile.open(tmp_path / "evil", "w") as new:
        for member in old:
            data = old.extractfile(member)
            assert data is not None
            if member.name == "api-token":
                member.name = "../api-token"
            new.addfile(member, io.BytesIO(data.read()))
    with pytest.raises(Tampered, match="not what the manifest lists"):
        restore_backup(tmp_path / "evil", tmp_path / "inside" / "amber")
    assert not (tmp_path / "inside" / "api-token").exists()


def test_what_is_no_backup_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "no").write_bytes(b"no archive")
    with pytest.raises(Malformed, match="no backup of a node"):
        restore_backup(tmp_path / "no", tmp_path / "amber")
