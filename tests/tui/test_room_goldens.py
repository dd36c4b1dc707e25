"""The screens of decisions, corrections, contacts and commands as they were looked at, in three sizes."""

from __future__ import annotations

import uuid

import pytest

from tests import builders
from tests.builders import NOW
from tests.tui import goldens
from tests.tui.harness import SIZES, Desk, war_room
from tests.tui.test_contacts import BUNDLED
from wfconsole.clock import MINUTE, SECOND
from wfconsole.incident.events import CommandEnded, CommandStarted, Declared, NoteAdded, RoleTaken
from wfconsole.incident.playbook import Command
from wfconsole.session.console import NoHands
from wfconsole.session.view import Running

LOGS = "kubectl --context <context> -n <namespace> logs <pod> --all-containers --tail=200\necho $?"


class Ran(NoHands):
    """A command that is in the middle of it."""

    def __init__(self, stage: str) -> None:
        ended = (
            CommandEnded("c1", "timed out", 143, ("panic: no PAY_URL",), took_ms=60_100) if stage == "over" else None
        )
        self._shown = Running("c1", LOGS, NOW - 12 * SECOND, MINUTE, stage, ("panic: no PAY_URL",), 1204, ended)  # type: ignore[arg-type]

    def refusal(self) -> str:
        return ""

    def show(self) -> Running | None:
        return self._shown


@pytest.fixture(autouse=True)
def counted_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids that are the same every time."""
    numbers = iter(range(1, 10_000))
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(int=(0x10000000 + next(numbers)) << 96))


def a_desk() -> Desk:
    step = builders.a_step(
        "Read the logs of a failing container",
        "first",
        kind="action",
        danger="R3",
        commands=(Command("bash", LOGS),),
        warning="the reason of a crash loop is in the previous run",
    )
    runbook = builders.a_runbook(
        builders.a_checklist("first", step, kind="process"),
        contacts=BUNDLED.contacts,
        links=BUNDLED.links,
        roles=BUNDLED.roles,
    )
    desk = Desk(runbook=runbook)
    desk.tell("pods", [builders.a_pod()])
    desk.happen(Declared("INC-1", "gateway is down", "SEV2", "op1"), NOW - 10 * MINUTE)
    desk.happen(RoleTaken("scribe", "caz"), NOW - 9 * MINUTE)
    desk.happen(NoteAdded("5xx only on /v1/pay", "fact"), NOW - 8 * MINUTE)
    desk.happen(CommandStarted("c1", LOGS, step.id, step.title, MINUTE), NOW - MINUTE)
    return desk


def check(name: str, lines: list[str]) -> None:
    goldens.check(f"room-{name}-{len(lines[0])}x{len(lines)}", "\n".join(line.rstrip() for line in lines))


@pytest.mark.parametrize("size", SIZES)
async def test_the_contacts(size: tuple[int, int]) -> None:
    async with war_room(a_desk(), size) as room:
        await room.press("d")
        check("contacts", room.lines)


@pytest.mark.parametrize("size", SIZES)
async def test_the_blanks_and_the_confirmation(size: tuple[int, int]) -> None:
    desk = a_desk()
    desk.hands = Ran("over")
    async with war_room(desk, size) as room:
        await room.press("c", "C")
        check("blanks", room.lines)
        await room.press(*"gw-1", "enter")
        check("run-command", room.lines)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("stage", ["running", "over"])
async def test_a_command(size: tuple[int, int], stage: str) -> None:
    desk = a_desk()
    desk.hands = Ran(stage)
    async with war_room(desk, size) as room:
        room.app.action_open("running")
        await room.repaint()
        check(f"command-{stage}", room.lines)


async def test_the_decision_and_the_correction() -> None:
    async with war_room(a_desk()) as room:
        await room.press("J", *"roll back", "enter", *"it loses a migration", "enter")
        check("decision", room.lines)
        await room.press("escape", "t", "n", "n", "enter")
        check("correct", room.lines)
