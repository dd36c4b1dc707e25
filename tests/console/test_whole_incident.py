"""One incident from the page to the post-mortem, as its people go through it, with the console killed in the middle."""

from __future__ import annotations

import json

from tests.console.desk import Desk, declare, kill, note, wait_saved
from tests.terminal.pty import Terminal
from wfconsole.incident.advance import fold
from wfconsole.incident.events import DecisionMade, FollowUpAdded, MessageSent, StatusChanged, TaskClosed, TaskGiven


def command(terminal: Terminal, line: str) -> None:
    terminal.press(":")
    terminal.wait_for("COMMAND")
    terminal.send(f"{line}\r")
    terminal.wait_gone("COMMAND")


def give_a_task(terminal: Terminal) -> None:
    terminal.press("T")
    terminal.wait_for("TASKS")
    terminal.send("bea\rcheck the database\r\r\r")  # of no step, and back in five minutes: as it is offered
    wait_saved(terminal, "op1: given: bea: check the database")


def decide(terminal: Terminal) -> None:
    terminal.press("J")
    terminal.wait_for("DECISION")
    terminal.send("roll back the gateway\rit loses the new prices\r")
    terminal.send("\r" * 4)  # no more against it; the commander; agreed; no reason
    wait_saved(terminal, "DECISION op1: roll back the gateway")


def send_to_a_file(terminal: Terminal) -> None:
    """The status update, by the one way that always works."""
    terminal.press("m")
    terminal.wait_for("MESSAGES")
    terminal.press("P")
    terminal.wait_for("REVIEW")
    terminal.press("enter")
    terminal.wait_for("yes, as it stands")
    terminal.press("down", "enter")
    terminal.wait_for("shows what came of it")
    terminal.press("l")
    terminal.wait_for("ARRIVED")
    terminal.press("0")


def test_from_the_page_to_the_post_mortem(desk: Desk) -> None:
    with desk.live() as terminal:
        terminal.wait_for("ready")
        terminal.press("a")
        terminal.wait_for("TRIAGE")
        terminal.press("0")
        declare(terminal, "gateway is down")
        note(terminal, "impact: nobody can pay")
        give_a_task(terminal)
        decide(terminal)
        kill(terminal)
    with desk.resumed() as terminal:
        terminal.wait_for("gateway is down")
        terminal.press("h")
        terminal.wait_for("roll back the gateway")
        terminal.wait_for("bea")
        terminal.wait_for("nobody can pay")
        terminal.press("0")
        command(terminal, "done bea it is full")
        command(terminal, "state monitoring rolled back")
        wait_saved(terminal, "status investigating -> monitoring")
        command(terminal, "followup 4w @kim alert before it is full")
        command(terminal, "state resolved it is over")
        terminal.wait_for("STAND DOWN")
        terminal.press(*["enter"] * 12)
        terminal.wait_gone("STAND DOWN")
        terminal.press("0")
        wait_saved(terminal, "status monitoring -> resolved")
        kill(terminal)

    state = fold(desk.entries())
    kinds = [type(entry.event) for entry in desk.entries()]
    assert state.resolved
    assert [task.outcome for task in state.tasks.values()] == ["done"]
    for kind in (TaskGiven, TaskClosed, DecisionMade, FollowUpAdded, StatusChanged):
        assert kind in kinds, kind
    (listed,) = json.loads(desk.run("followups", "--json").stdout)["follow_ups"]
    assert (listed["owner"], listed["text"], listed["horizon"]) == ("kim", "alert before it is full", "1-4 weeks")
    exported = desk.run("export", "--to", str(desk.folder))
    assert exported.returncode == 0, exported.stderr
    (text,) = (path.read_text() for path in desk.folder.glob("*post-mortem.md"))
    for words in ("nobody can pay", "roll back the gateway", "it loses the new prices", "check the database", "kim"):
        assert words in text, words


def test_an_update_reaches_people_without_any_network(desk: Desk) -> None:
    with desk.live() as terminal:
        declare(terminal, "gateway is down")
        note(terminal, "impact: nobody can pay")
        send_to_a_file(terminal)
        kill(terminal)
    assert MessageSent in [type(entry.event) for entry in desk.entries()]
    (message,) = fold(desk.entries()).messages.values()
    assert message.standing == "sent"
    (outbox,) = (path for path in desk.folder.rglob("outbox/*") if path.is_file())
    assert "nobody can pay" in outbox.read_text()
