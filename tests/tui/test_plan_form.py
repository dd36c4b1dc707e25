"""The plan on show: what it says, what arms it, and that nothing fires by itself."""

from __future__ import annotations

import msgspec
import pytest

from tests.tui.harness import SIZES, Desk, Room, war_room
from wfconsole.clock import MINUTE
from wfconsole.incident.action_events import ActionsArmed
from wfconsole.incident.events import Declared
from wfconsole.incident.plan import (
    Aim,
    Alternative,
    Check,
    DryRun,
    Observed,
    Permission,
    Plan,
    Reading,
    Request,
    Signal,
)
from wfconsole.session.acts import Act, Confirmation
from wfconsole.session.console import NoActs
from wfconsole.tui import acting
from wfconsole.tui.screens import plan as plan_screen
from wfconsole.tui.screens.plan import PlanForm
from wfconsole.tui.screens.receipt import ReceiptScreen

AIM = Aim("deployment", "gateway", "shop")
REQUEST = Request("scale", AIM, {"replicas": "10"})


class Shown(NoActs):
    """Acts as they are on show; what is confirmed is kept."""

    def __init__(self, plan: Plan | None) -> None:
        super().__init__("")
        self.acts = [Act("r1", REQUEST, "planning" if plan is None else "planned", 0, plan=plan)]
        self.confirmed: list[Confirmation] = []
        self.asked: list[Request] = []
        self.again_asked = 0
        self.why_not = ""

    def show(self) -> tuple[Act, ...]:
        return tuple(self.acts)

    def plan(self, request: Request, step: str = "") -> str:
        self.asked.append(request)
        return "r1"

    def again(self, receipt: str) -> None:
        self.again_asked += 1

    def drop(self, receipt: str) -> None:
        if self.acts[0].stage == "planned":
            self.acts = []

    def confirm(self, receipt: str, said: Confirmation) -> str:
        if not self.why_not:
            self.confirmed.append(said)
            self.acts = [msgspec.structs.replace(self.acts[0], stage="running")]
        return self.why_not


def a_plan(desk: Desk, **changes: object) -> Plan:
    made = Plan(
        REQUEST,
        "Scale deployment shop/gateway 4 -> 10",
        "cluster kind-shop, namespace shop",
        "R1",
        desk.now(),
        blast=("+6 pods of gateway: 3 CPU, 6 GiB; 11 CPU and 40 GiB are free on 3 nodes",),
        undo="scale back to 4",
        checks=(
            Check("ok", "no autoscaler sets its replicas"),
            Check("explain", "each pod opens 10 connections: 60 more, 27 are free", (Observed("database", "27 free"),)),
        ),
        permissions=(Permission("patch deployments.apps/scale in shop", True),),
        dry_run=DryRun("server", "it has tried it and kept nothing"),
        diff=("- spec.replicas: 4", "+ spec.replicas: 10"),
        by_hand=("kubectl --context kind-shop -n shop scale deployment gateway --replicas=10",),
        word="gateway",
        signal=Signal("ready pods", 10.0, unit="pods"),
        before=Reading(desk.now(), 4.0),
    )
    return msgspec.structs.replace(made, **changes)


def a_desk(plan: Plan | None, *, armed: bool = True) -> tuple[Desk, Shown]:
    desk = Desk()
    desk.happen(Declared("INC-1", "down", "SEV2", "op1"), desk.now() - MINUTE)
    if armed:
        desk.happen(ActionsArmed(desk.now() + MINUTE), desk.now())
    shown = Shown(plan)
    desk.acts = shown
    return desk, shown


async def on_show(room: Room, monkeypatch: pytest.MonkeyPatch) -> PlanForm:
    """The form with its plan, and ears for what is typed."""
    monkeypatch.setattr(plan_screen, "DEAF_SECONDS", 0.0)
    acting.plan(room.app, REQUEST)
    await room.pilot.pause(0.4)
    form = room.app.screen
    assert isinstance(form, PlanForm)
    return form


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_all_of_it_can_be_read_and_run(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    desk, shown = a_desk(a_plan(desk, alternatives=(Alternative("raise the autoscaler", REQUEST),)))
    async with war_room(desk, size=size) as room:
        await on_show(room, monkeypatch)
        print(room.text)
        for _ in range(3):
            await room.press("tab")
            print(room.text)
        await room.press("enter")
        assert isinstance(room.app.screen, ReceiptScreen)
    assert shown.confirmed == [Confirmation()]
