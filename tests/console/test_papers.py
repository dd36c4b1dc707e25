"""The commands without a screen, on what whole consoles wrote: lists, exports, seals, and what is damaged."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from tests.console.desk import Desk, declare, kill, note
from tests.journal.helpers import segments
from wfconsole import exit_codes


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a console left that was killed in an incident."""
    desk = Desk(tmp_path_factory.mktemp("first"))
    with desk.live("--no-recording") as terminal:
        declare(terminal, "gateway is down")
        note(terminal, "users see 503")
        kill(terminal)
    return desk.incidents.parent


@pytest.fixture
def written(desk: Desk, state: Path) -> Desk:
    """A desk with that incident."""
    shutil.copytree(state, desk.incidents.parent)
    return desk


def test_incidents_are_listed_for_people_and_for_programs(written: Desk) -> None:
    listed = written.run("incidents")
    assert listed.returncode == 0
    assert re.fullmatch(
        r"INC-20260107-0402 +SEV1 +investigating +2026-01-07 04:02\S* +gateway is down\n"
        r" +detect \S.*, acknowledge .*, mitigate --, resolve --\n",
        listed.stdout,
    )
    (row,) = json.loads(written.run("incidents", "--json").stdout)
    assert (row["incident"], row["title"], row["severity"]) == ("INC-20260107-0402", "gateway is down", "SEV1")
    assert (row["commander"], row["intact"], row["resolved"]) == ("op1", True, "")


def test_without_any_incident_every_command_says_so(desk: Desk) -> None:
    assert desk.run("incidents").stdout == "no incidents on this machine\n"
    assert json.loads(desk.run("incidents", "--json").stdout) == []
    for command in ("export", "journal", "brief"):
        done = desk.run(command)
        assert done.returncode == exit_codes.INCIDENT
        assert "there are no incidents on this machine" in done.stderr
    assert desk.run("journal", "INC-1").stderr.startswith("wfconsole: no incident 'INC-1'")


def test_a_brief_is_printed_from_the_journal_alone(written: Desk) -> None:
    done = written.run("brief")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "WHAT       INC-20260107-0402  gateway is down"
    assert lines[1].strip() == "SEV1 investigating"
    assert "ROLES      commander op1" in lines
    assert any("SEV1 requires technical lead" in line for line in lines)
    assert any("response OVERDUE" in line for line in lines)
    assert "NOT KNOWN  this is from the record alone: what is seen now is not known" in lines
    assert written.run("brief", "INC-20260107-0402").stdout.splitlines()[:2] == lines[:2]
    missing = written.run("brief", "INC-1")
    assert missing.returncode == exit_codes.INCIDENT
    assert missing.stderr.startswith("wfconsole: no incident 'INC-1'")


def test_an_export_never_overwrites_unless_it_is_told_to(written: Desk) -> None:
    out = written.folder / "out"
    out.mkdir()
    first = written.run("export", "--to", str(out))
    assert first.returncode == 0, first.stderr
    paths = sorted(out.iterdir())
    assert sorted(first.stdout.split()) == [str(path) for path in paths]
    assert any("gateway is down" in path.read_text() for path in paths)
    assert any("users see 503" in path.read_text() for path in paths)
    paths[0].write_text("mine")
    again = written.run("export", "--to", str(out))
    assert again.returncode == exit_codes.USAGE
    assert "is there already; --force replaces it" in again.stderr
    assert paths[0].read_text() == "mine"
    assert written.run("export", "--to", str(out), "--force").returncode == 0
    assert paths[0].read_text() != "mine"


def test_an_export_is_whole_or_not_at_all(written: Desk) -> None:
    out = written.folder / "out"
    out.mkdir()
    names = [os.path.basename(path) for path in written.run("export", "--to", str(out)).stdout.split()]
    (out / names[0]).write_text("mine")
    (out / names[-1]).unlink()
    (out / names[-1] / "in the way").mkdir(parents=True)
    done = written.run("export", "--to", str(out), "--force")
    assert done.returncode == exit_codes.USAGE
    assert f"nothing was written to {out}: {names[-1]} is a folder" in done.stderr
    assert sorted(path.name for path in out.iterdir()) == sorted(names)
    assert (out / names[0]).read_text() == "mine"


def test_the_journal_is_sealed_and_damage_is_named_with_its_own_code(written: Desk) -> None:
    sound = written.run("journal")
    assert sound.returncode == 0
    assert sound.stdout.endswith("intact\n")
    assert re.search(r"^seal \S+", sound.stdout, re.MULTILINE)
    (segment,) = segments(written.incident() / "journal")
    segment.write_bytes(segment.read_bytes().replace(b"users see 503", b"users see 200"))
    damaged = written.run("journal")
    assert damaged.returncode == exit_codes.INCIDENT
    assert "DAMAGED" in damaged.stdout
    assert segment.name in damaged.stdout
    assert "DAMAGED" in written.run("incidents").stdout
    assert json.loads(written.run("incidents", "--json").stdout)[0]["intact"] is False
    exported = written.run("export", "--to", str(written.folder))
    assert exported.returncode == 0
    text = "".join(path.read_text() for path in written.folder.glob("*.md"))
    assert segment.name in text  # the gap is stated where the record is read


def test_two_consoles_that_declare_in_the_same_minute_have_two_incidents(desk: Desk) -> None:
    with desk.live("--no-recording", operator="op1") as first, desk.live("--no-recording", operator="op2") as second:
        declare(first, "seen by one")
        declare(second, "seen by two")
        note(first, "of one")
        note(second, "of two")
        kill(first)
        kill(second)
    rows = json.loads(desk.run("incidents", "--json").stdout)
    assert {(row["title"], row["commander"]) for row in rows} == {("seen by one", "op1"), ("seen by two", "op2")}
