"""Guarded actions under test: the console's own rules, records and life of an action; nothing stands behind a plan."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.tui.harness import Desk, Room
from wfconsole.clock import MINUTE
from wfconsole.config.actions import ActingSettings
from wfconsole.guard.approvals import Approvals
from wfconsole.incident.action_events import ActionsArmed
from wfconsole.incident.events import Declared
from wfconsole.incident.plan import Aim, Check, DryRun, Observed, Permission, Plan, Reading, Request, Signal
from wfconsole.session import act_life
from wfconsole.session.act_book import ActBook
from wfconsole.session.acting import Acting
from wfconsole.session.acts import Act, Confirmation
from wfconsole.tui import acting
from wfconsole.tui.forms import deaf as deaf_forms
from wfconsole.tui.screens.plan import PlanForm

AIM = Aim("deployment", "gateway", "shop")
REQUEST = Request("scale", AIM, {"replicas": "10"})


class Rehearsed(Acting):
    """The real rules, with plans that a test has made; what is confirmed is noted instead of run."""

    def __init__(self, desk: Desk, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        approvals = Approvals(desk.clock, desk.session.repaint, place=place)
        self.book = ActBook(desk.session, desk.clock, ActingSettings, operator=desk.operator, approvals=approvals)
        super().__init__(self.book)
        self.desk = desk
        self.to_plan: Plan | None = None
        self.asked: list[Request] = []
        self.steps: list[str] = []
        self.confirmed: list[Confirmation] = []
        self._numbers = itertools.count(1)
        monkeypatch.setattr(act_life, "run_it", self._run)
        monkeypatch.setattr(act_life, "plan_again", lambda *_: None)

    def plan(self, request: Request, step: str = "") -> str:
        self.asked.append(request)
        self.steps.append(step)
        receipt = f"r{next(self._numbers)}"
        stage = "planning" if self.to_plan is None else "planned"
        self.book.add(Act(receipt, request, stage, self.desk.now(), step, self.to_plan))  # type: ignore[arg-type]
        return receipt

    def _run(self, _book: ActBook, _receipt: str, said: Confirmation) -> None:
        self.confirmed.append(said)

    def now_planned(self, plan: Plan, receipt: str = "r1") -> None:
        """The preflight has come back."""
        self.book.set(receipt, stage="planned", plan=plan)

    @property
    def stages(self) -> list[str]:
        return [act.stage for act in self.show()]


class Bench:
    """A desk with an incident, and what acts for it."""

    def __init__(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.desk = Desk()
        self.desk.happen(Declared("INC-1", "down", "SEV2", "op1"), self.desk.now() - MINUTE)
        self.acts = Rehearsed(self.desk, place, monkeypatch)
        self.desk.acts = self.acts

    def armed(self) -> Bench:
        self.desk.happen(ActionsArmed(self.desk.now() + 10 * MINUTE), self.desk.now())
        return self

    def with_plan(self, **changes: Any) -> Bench:
        self.acts.to_plan = a_plan(self.desk, **changes)
        return self


def a_plan(desk: Desk, **changes: Any) -> Plan:
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
        dry_run=DryRun("server"),
        diff=("- spec.replicas: 4", "+ spec.replicas: 10"),
        by_hand=("kubectl --context kind-shop -n shop scale deployment gateway --replicas=10",),
        word="gateway",
        signal=Signal("ready pods of gateway", 10.0, unit="pods"),
        before=Reading(desk.now(), 4.0),
    )
    return msgspec.structs.replace(made, **changes)


async def on_show(room: Room, monkeypatch: pytest.MonkeyPatch, *, deaf: bool = False) -> PlanForm:
    """The form with its plan, and ears for what is typed."""
    if not deaf:
        monkeypatch.setattr(deaf_forms, "DEAF_SECONDS", 0.0)
    acting.plan(room.app, REQUEST)
    await room.pilot.pause()
    form = form_of(room)
    await look(room)
    return form


def form_of(room: Room) -> PlanForm:
    form = room.app.screen
    assert isinstance(form, PlanForm)
    return form


async def look(room: Room) -> None:
    """What the form's own clock does, four times a second."""
    form = room.app.screen
    if isinstance(form, PlanForm):
        form.look()
    await room.pilot.pause()
    await room.pilot.pause()
