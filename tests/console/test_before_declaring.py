"""What is written down before anybody declares an incident: as safe as what comes after."""

from __future__ import annotations

import json

from tests.console.desk import Desk, declare, kill, note, quit_by_key, wait_saved
from wfconsole import exit_codes
from wfconsole.incident.advance import fold
from wfconsole.incident.events import ConsoleStarted, Declared


def test_a_note_of_before_is_on_disk_when_it_is_called_saved_and_gone_on_with_and_declared(desk: Desk) -> None:
    with desk.live() as terminal:
        terminal.wait_for("ready")
        note(terminal, "users call, sign-in fails")
        kill(terminal)
    assert desk.notes() == ["users call, sign-in fails"]
    with desk.resumed("--operator", "op2") as terminal:
        wait_saved(terminal, "users call, sign-in fails")
        assert "NO INCIDENT" in terminal.lines[0]
        note(terminal, "the gateway was rolled out at two")
        kill(terminal)
    # The stream is of the past, the second console was of now: what comes after stands below what that one wrote.
    with desk.resumed("-", "< <(exec tail -n +1 -f " + str(desk.stream) + ")", rows=45) as terminal:
        wait_saved(terminal, "the gateway was rolled out at two")
        declare(terminal, "gateway is down")
        note(terminal, "a note of after")
        kill(terminal)
    assert desk.notes() == ["users call, sign-in fails", "the gateway was rolled out at two", "a note of after"]
    entries = desk.entries()
    assert fold(entries).id == desk.incident().name
    assert [type(entry.event) for entry in entries].count(Declared) == 1
    assert [type(entry.event) for entry in entries].count(ConsoleStarted) == 2


def test_quitting_says_that_what_was_entered_is_kept_and_the_list_says_that_none_was_declared(desk: Desk) -> None:
    with desk.live() as terminal:
        terminal.wait_for("ready")
        note(terminal, "users call")
        terminal.press("Q")
        terminal.wait_for("What was entered is kept")
        terminal.press("escape")
        quit_by_key(terminal)
    (row,) = json.loads(desk.run("incidents", "--json").stdout)
    assert (row["incident"], row["status"]) == (desk.incident().name, "not declared")
    done = desk.run("export")
    assert (done.returncode, "declar" in done.stderr) == (exit_codes.INCIDENT, True)


def test_who_only_looks_leaves_no_incident_behind(desk: Desk) -> None:
    with desk.live() as terminal:
        terminal.wait_for("ready")
        quit_by_key(terminal)
    assert not desk.incidents.exists() or not list(desk.incidents.iterdir())


def test_what_is_open_is_gone_on_with_before_what_was_never_declared(desk: Desk) -> None:
    with desk.live() as terminal:
        declare(terminal, "gateway is down")
        wait_saved(terminal, "DECLARE  op1")
        kill(terminal)
    opened = desk.incident().name
    with desk.live() as terminal:
        terminal.wait_for("ready")
        note(terminal, "of another morning")
        kill(terminal)
    with desk.resumed() as terminal:
        terminal.wait_for("gateway is down")
        assert opened in terminal.text or "SEV-" in terminal.lines[0]
        kill(terminal)
