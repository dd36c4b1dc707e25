"""`--read-only`: the record is written as ever, and nothing can be armed or run; each key says why."""

from __future__ import annotations

from tests.console.desk import Desk, declare, note, quit_by_key


def test_a_read_only_console_writes_the_record_and_changes_nothing(desk: Desk) -> None:
    with desk.live("--read-only") as terminal:
        declare(terminal, "gateway is down")
        terminal.wait_for("READ-ONLY")
        note(terminal, "we only look")
        terminal.press("G")
        terminal.wait_for("G arm: read-only: nothing is changed from here")
        terminal.press("A")
        terminal.wait_for("ACTIONS read-only: nothing is changed from here")
        terminal.press("escape")
        terminal.wait_gone("read-only: nothing is changed from here")
        terminal.press("c", "C")
        terminal.wait_for("read-only: nothing is changed from here")
        for command in ("arm", "act scale deployment production/gateway replicas=5"):
            terminal.press(":")
            terminal.wait_for("COMMAND")
            terminal.send(f"{command}\r")
            terminal.wait_for("read-only: nothing is changed from here")
            terminal.press("escape")
            terminal.wait_gone("COMMAND")
        assert quit_by_key(terminal) == 0
    kinds = {type(entry.event).__name__ for entry in desk.entries()}
    assert "Declared" in kinds
    assert kinds & {"ActionsArmed", "ActionIntended"} == set()
