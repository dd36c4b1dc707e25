"""The screen under test: the real application on a real session, whose stream is told by the test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from textual.pilot import Pilot

from tests import builders
from tests.builders import NOW
from tests.tui.papers import flat
from wfconsole.clock import HOUR, MINUTE, SECOND, ManualClock, Millis
from wfconsole.incident.events import Declared, Entry, Event, NoteAdded, StepMarked, StepProbed, Target
from wfconsole.incident.playbook import Branch, Runbook
from wfconsole.incident.sinks import Sink
from wfconsole.incident.symptoms import Match, SymptomsHeld, match_playbooks
from wfconsole.observations.answers import (
    Ask,
    AskPod,
    ContainerUse,
    LogTail,
    PodAnswer,
    PodDetail,
)
from wfconsole.observations.hpas import HpaMetric
from wfconsole.observations.levels import Level
from wfconsole.observations.snapshot import Failure, Patch
from wfconsole.recording.lines import Noted, SourcePatch
from wfconsole.session.console import Acts, Hands, NoActs, NoHands
from wfconsole.session.drafts import DraftBook
from wfconsole.session.live import LiveTransport
from wfconsole.session.session import Session
from wfconsole.session.view import Capabilities, DrillStanding, RecordingEntry, View
from wfconsole.tui import compat
from wfconsole.tui.app import WarRoom
from wfconsole.tui.theming import glyphs_of, load_themes
from wfconsole.tui.widgets.scroll_text import ScrollText

THEMES = load_themes([Path(__file__).parents[2] / "themes"]).loaded
RUNBOOK = builders.a_runbook(
    builders.a_checklist(
        "first",
        builders.a_step("Acknowledge the alert", "first"),
        builders.a_step("Declare, with a commander", "first"),
        builders.a_step("Open the incident channel", "first", role="communications"),
        builders.a_step("Find the worst workload", "first", expect="one deployment", live="pods level>=warning"),
        builders.a_step(
            "Is a rollout to blame", "first", kind="decide", branches=(Branch("yes"), Branch("no", "first/scale-up"))
        ),
        builders.a_step("Roll back", "first", kind="action", danger="R2"),
        builders.a_step("Scale up", "first", kind="action", danger="R1"),
        builders.a_step("Tell people what happened", "first", role="communications"),
        kind="process",
    )
)
BROKE: Millis = NOW - 18 * MINUTE - 40 * SECOND
GATEWAY_IMAGE = "registry.example/gateway:1.4.1"
SIZES = ((80, 24), (120, 40), (200, 60))


class Desk:
    """A console in memory: the session, the time controls and the clock are the real ones; nothing is stored."""

    def __init__(self, *, change: bool = True, runbook: Runbook = RUNBOOK, drill: DrillStanding = "") -> None:
        self.clock = ManualClock(NOW)
        target = Target(context="kind-shop", namespace="production", server="https://127.0.0.1:6443")
        self.session = Session(clock=self.clock, runbook=runbook, operator="op1", target=target)
        self.transport = LiveTransport(self.session, self.clock, NOW - HOUR, lambda _: None, drill=lambda: drill)
        refusals = {} if change else {"*": "this console only looks"}
        self.capabilities = Capabilities(change=change, refusals=refusals)
        self.hands: Hands = NoHands()
        self.acts: Acts = NoActs()
        self.operator = "op1"
        self.drafts = DraftBook(self.clock, "op1")
        self.environment = "DRILL" if drill else "LAB"
        self.submitted: list[Event] = []
        self.asked: list[Ask] = []
        self.closed = ""
        self.send_to: tuple[Sink, ...] | None = ()
        self.to_replay: tuple[RecordingEntry, ...] = ()
        self.exported: list[tuple[str, str, bool]] = []

    @property
    def runbook(self) -> Runbook:
        return self.session.runbook

    def start(self) -> None:
        """Nothing is slow here."""

    def view(self) -> View:
        return self.transport.view()

    def now(self) -> Millis:
        return self.transport.now()

    def submit(self, event: Event) -> Entry | None:
        self.submitted.append(event)
        if isinstance(event, Declared) and not event.incident:
            event = msgspec.structs.replace(event, incident="INC-20260301-1432")
        return self.session.submit(event) if self.capabilities.change else None

    def ask(self, ask: Ask) -> None:
        self.asked.append(ask)

    def entries(self) -> tuple[Entry, ...]:
        return self.session.entries

    def playbook_matches(self) -> tuple[Match, ...]:
        """What holds now has held for an hour."""
        world, now = self.view().world, self.now()
        held = SymptomsHeld(
            {symptom.live: now - HOUR for book in self.runbook.playbooks for symptom in book.symptoms if symptom.live}
        )
        return match_playbooks(self.runbook, world, held, now, self.view().incident)

    def sinks(self) -> tuple[Sink, ...] | None:
        return self.send_to

    def recordings(self) -> tuple[RecordingEntry, ...]:
        return self.to_replay

    def export(self, to: str = "", *, kind: str = "", replace: bool = False) -> str:
        self.exported.append((to, kind, replace))
        return f"written to {to or 'here'}"

    def subscribe(self, changed: Callable[[], None]) -> None:
        self.session.subscribe(changed)

    def close(self, reason: str) -> None:
        self.closed = reason

    # --- what the test says

    def tell(self, source: str, rows: Any, *, at: Millis = NOW, **patch: Any) -> None:
        """The source's whole state."""
        keyed = rows if isinstance(rows, dict) else {builders.row_key(row): row for row in rows}
        self.session.observe(SourcePatch(at, source, keyframe=True, patch=Patch(rows=keyed, **patch)))

    def fail(self, source: str, failure: Failure, *, at: Millis = NOW) -> None:
        self.session.observe(SourcePatch(at, source, keyframe=False, patch=Patch(failure=failure)))

    def answer(self, answer: PodAnswer, *, at: Millis = NOW) -> None:
        self.session.hear(Noted(at, answer))

    def happen(self, event: Event, at: Millis) -> None:
        """Somebody did something at an earlier time."""
        here = self.clock.now()
        self.clock.jump(at)
        self.session.submit(event)
        self.clock.jump(here)


def quiet_desk(**options: Any) -> Desk:
    """A cluster in which all is well, and no incident."""
    desk = Desk(**options)
    desk.tell("pods", [builders.a_pod(f"gateway-{number}") for number in range(12)], interval_ms=6_000)
    desk.tell("workloads", [builders.a_workload(desired=12, ready=12, updated=12)])
    desk.tell("hpas", [builders.an_hpa()])
    desk.tell("nodes", [builders.a_node(f"node-{number}") for number in range(3)])
    desk.tell("events", [])
    return desk


def troubled_desk(**options: Any) -> Desk:
    """A rollout that crashes, an autoscaler at its maximum, a node under pressure; an incident under way."""
    desk = Desk(**options)
    for minutes in range(8, 0, -1):
        _say_world(desk, bad=0 if minutes > 4 else 3, at=NOW - minutes * MINUTE)
    _say_world(desk, bad=3, at=NOW - 4 * SECOND)
    _happen_so_far(desk)
    return desk


def _say_world(desk: Desk, *, bad: int, at: Millis) -> None:
    pods = [builders.a_pod(f"gateway-6d5f7c-{number:02}", node=f"node-{number % 5}") for number in range(bad, 12)]
    pods += [_crashing(number) for number in range(bad)]
    pods += [builders.a_pod(f"cart-58bb-{number:02}", owner="cart", node="node-2") for number in range(20)]
    pods.append(_pending())
    desk.tell("pods", pods, at=at)
    revisions = (
        builders.a_revision(7, created_at=BROKE - 2 * MINUTE, images=(GATEWAY_IMAGE,), replicas=3),
        builders.a_revision(6, replicas=9, ready=9),
    )
    gateway = builders.a_workload(
        desired=12,
        ready=12 - bad,
        updated=3,
        revision=7,
        revisions=revisions,
        images=(GATEWAY_IMAGE,),
        progressing=True,
    )
    rows = [gateway, builders.a_workload("cart", desired=20, ready=20, updated=20)]
    rows.append(builders.a_workload("llm", desired=1, ready=0, updated=1, revision=2))
    desk.tell("workloads", rows, at=at)
    desk.tell("hpas", _autoscalers(), at=at)
    desk.tell("nodes", _nodes(), at=at)
    desk.tell("events", _events(at), at=at)


def _crashing(number: int) -> Any:
    box = builders.a_container(
        state="waiting",
        reason="CrashLoopBackOff",
        restarts=14 - number,
        last_reason="Error",
        last_exit_code=1,
        last_finished_at=NOW - MINUTE,
        image=GATEWAY_IMAGE,
    )
    return builders.a_bad_pod(
        f"gateway-7d9f6c-2xk{number}",
        restarts=14 - number,
        restarted_at=NOW - MINUTE,
        created_at=BROKE - MINUTE,
        ready_since=BROKE,
        node=f"node-{number}",
        image=GATEWAY_IMAGE,
        containers=(box,),
        revision="7d9f6c",
    )


def _pending() -> Any:
    return builders.a_bad_pod(
        "llm-0",
        "Pending",
        phase="Pending",
        owner="llm",
        node="",
        created_at=NOW - 8 * MINUTE,
        reason="Unschedulable",
        message="0/5 nodes are available: 5 Insufficient nvidia.com/gpu",
    )


def _autoscalers() -> list[Any]:
    full = builders.an_hpa(
        current=12, desired=12, metrics=(HpaMetric("cpu", "112%", "70%", 1.6),), last_scaled_at=NOW - 11 * MINUTE
    )
    blind = builders.an_hpa("cart", target="cart", blind="FailedGetResourceMetric", metrics=())
    return [full, blind, builders.an_hpa("orders", target="orders", current=4, desired=4)]


def _nodes() -> list[Any]:
    nodes = [builders.a_node(f"node-{number}") for number in range(4)]
    nodes[3] = builders.a_node("node-3", pressures=("MemoryPressure",), memory_used=31 << 30)
    nodes.append(builders.a_node("gpu-0", gpus=8, gpus_allocated=8, gpu_resource="nvidia.com/gpu"))
    return nodes


def _events(at: Millis) -> list[Any]:
    return [
        builders.an_event(
            name="gateway-7d9f6c-2xk0", message="Back-off restarting failed container app", count=41, last_at=at
        ),
        builders.an_event("FailedScheduling", name="llm-0", message="0/5 nodes are available", count=9, last_at=at),
        builders.an_event("ScalingReplicaSet", type="Normal", kind="Deployment", name="gateway", last_at=BROKE),
    ]


def _happen_so_far(desk: Desk) -> None:
    opened = BROKE + 7 * MINUTE
    declared = Declared("INC-20260301-1420", "checkout errors: gateway rollout", "SEV2", "op1", started_at=BROKE)
    desk.happen(declared, opened)
    desk.happen(NoteAdded("5xx only on /v1/pay and /v1/cart; reads are fine", "fact"), opened + 3 * MINUTE)
    desk.happen(NoteAdded("take revision 7 as the cause; do not scale", "decision"), opened + 8 * MINUTE)
    steps = RUNBOOK.checklists[0].steps
    for step in steps[:3]:
        desk.happen(StepMarked(step.id, "done", title=step.title), opened + 9 * MINUTE)
    seen = ("3 of 12 pods in a crash loop", "since 14:13:27Z")
    probed = StepProbed(steps[3].id, seen, Level.CRITICAL, "live", title=steps[3].title)
    desk.happen(probed, opened + 10 * MINUTE)


def a_pod_answer(namespace: str = "production", name: str = "gateway-7d9f6c-2xk0", **changes: Any) -> PodAnswer:
    """Everything about the crashing pod."""
    box = _crashing(0).containers[0]
    whole = builders.a_container(
        **{field: getattr(box, field) for field in box.__struct_fields__}
        | {"cpu_request": 250, "cpu_limit": 500, "memory_request": 256 << 20, "memory_limit": 512 << 20}
    )
    fields: dict[str, Any] = {
        "node": "node-0",
        "qos": "Burstable",
        "pod_ip": "10.2.8.14",
        "conditions": ("PodScheduled True", "Ready False ContainersNotReady: containers with unready status: [app]"),
        "containers": (whole,),
        "use": (ContainerUse("app", 310, 201 << 20),),
        "use_at": NOW - 15 * SECOND,
        "events": (builders.an_event(name=name, message="Back-off restarting failed container app", count=41),),
        "logs": (
            LogTail("app", previous=True, lines=tuple(f"start attempt {line}" for line in range(40)), cut=True),
            LogTail("app", lines=("panic: config key PAY_URL is missing",)),
        ),
    }
    return PodAnswer("a1", namespace, name, detail=PodDetail(namespace, name, **(fields | changes)))


class Room:
    """The running application in a test."""

    def __init__(self, app: WarRoom, desk: Desk, pilot: Pilot[int]) -> None:
        self.app = app
        self.desk = desk
        self.pilot = pilot

    @property
    def lines(self) -> list[str]:
        """What is on the screen, row by row."""
        return compat.screen_lines(self.app)

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.lines)

    @property
    def focused(self) -> str:
        """The id of the region with the focus; "" for none."""
        return (self.app.focused.id or "") if self.app.focused is not None else ""

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def resize(self, width: int, height: int) -> None:
        await self.pilot.resize_terminal(width, height)
        await self.pilot.pause()

    async def repaint(self) -> None:
        """What the tick of a second does."""
        self.app.show_now()
        await self.pilot.pause()


async def until(pause: Callable[[float], Awaitable[None]], holds: Callable[[], bool]) -> None:
    """Let the loop turn until something holds. Raises AssertionError where it never does."""
    for _ in range(500):
        if holds():
            return
        await pause(0.01)
    raise AssertionError("it did not happen within five seconds")


@asynccontextmanager
async def war_room(
    desk: Desk, size: tuple[int, int] = (80, 24), *, theme: str = "warroom-dark", **options: Any
) -> AsyncIterator[Room]:
    """The application on `desk`, at this size, with the first frame painted."""
    app = an_app(desk, theme=theme, **options)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield Room(app, desk, pilot)


def an_app(desk: Desk, *, theme: str = "warroom-dark", **options: Any) -> WarRoom:
    chosen = THEMES[theme]
    return WarRoom(desk, theme=chosen, glyphs=glyphs_of(chosen), **options)


__all__ = ["AskPod", "Desk", "Room", "a_pod_answer", "an_app", "quiet_desk", "troubled_desk", "war_room"]


async def whole_text(room: Room) -> str:
    """All that the text on the screen has to say, page by page, as one line."""
    region = room.app.screen.query_one(ScrollText)
    await room.press("home")
    pages: list[str] = []
    while True:
        top = region.top
        pages += ["".join(span.text for span in line).strip() for line in region.lines]
        await room.press("pagedown")
        if region.top == top:
            return flat("\n".join(pages))
