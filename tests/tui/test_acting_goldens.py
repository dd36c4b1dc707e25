"""Guarded actions as they were looked at: the dialog in each of its states, the list, the receipt. A few pictures."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot

from tests import builders
from tests.tui import goldens
from tests.tui.acts import AIM, REQUEST, Bench, a_plan, look
from tests.tui.harness import SIZES, Room, an_app, war_room
from wfconsole.clock import MINUTE, SECOND
from wfconsole.guard import approvals
from wfconsole.incident.action_events import ActionEnded, ActionIntended, ActionVerified
from wfconsole.incident.plan import Alternative, Check, DryRun, Observed, Reading
from wfconsole.session.acts import Act
from wfconsole.tui import acting
from wfconsole.tui.forms import deaf

ROLL_BACK = {
    "danger": "R2",
    "title": "Roll deployment shop/gateway back from revision 7 to 6",
    "blast": ("all 12 pods of gateway are replaced: 11 to 13 pods while it lasts",),
    "undo": "roll back to revision 7, which is kept",
    "lost": ("ConfigMaps and Secrets as they were: pods of the old revision read those of today",),
    "diff": ("- spec.containers[app].image: gateway:1.4.1", "+ spec.containers[app].image: gateway:1.4.0"),
    "by_hand": ("kubectl --context kind-shop -n shop rollout undo deployment/gateway --to-revision=6",),
}
FLUSH = {
    "danger": "R3",
    "title": "Empty database 0 of 127.0.0.1:6379",
    "place": "Redis 127.0.0.1:6379, database 0",
    "blast": ("41,280 keys: 38,112 sessions, 3,168 of others",),
    "undo": "",
    "lost": ("everything in it: everybody is logged out",),
    "diff": (),
    "dry_run": DryRun("explained", "Redis cannot try it"),
    "by_hand": ("redis-cli -h 127.0.0.1 -p 6379 -n 0 FLUSHDB ASYNC",),
    "permissions": (),
    "signal": None,
    "word": "127.0.0.1:6379",
    "checks": (
        Check(
            "refuse", "3,168 keys are no sessions", (Observed("Redis", "prefixes cart: and lock:"),), overridable=True
        ),
        Check("ok", "no replica follows it"),
    ),
    "alternatives": (Alternative("end the user sessions under session: alone", REQUEST),),
}
Way = Callable[[Room, Bench], Awaitable[None]]


@pytest.fixture(autouse=True)
def the_same_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = itertools.count(0x10000000)
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(int=next(numbers) << 96))
    monkeypatch.setattr(approvals, "_random", lambda letters: "7F3KQ2MW"[:letters])
    monkeypatch.setattr(deaf, "DEAF_SECONDS", 0.0)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    made = Bench(tmp_path, monkeypatch)
    made.desk.tell("workloads", [builders.a_workload(namespace="shop", desired=4, ready=4, updated=4)])
    yield made
    made.acts.close()


async def shown(room: Room) -> None:
    acting.plan(room.app, REQUEST)
    await room.pilot.pause()
    await look(room)


async def settled(room: Room) -> None:
    """All that goes by a clock has had its turn."""
    for _ in range(2):
        await look(room)
        await room.repaint()


async def small(room: Room, bench: Bench) -> None:
    bench.armed().with_plan()
    await shown(room)


async def felt(room: Room, bench: Bench) -> None:
    bench.armed().with_plan(**ROLL_BACK)
    await shown(room)


async def mistyped(room: Room, bench: Bench) -> None:
    await felt(room, bench)
    await room.press("tab", "tab", *"gatx")


async def unlocked(room: Room, bench: Bench) -> None:
    await felt(room, bench)
    await room.press("tab", *"bad image", "tab", *"gateway", "tab")


async def stale(room: Room, bench: Bench) -> None:
    bench.armed().with_plan(**ROLL_BACK, made_at=bench.desk.now() - 61 * SECOND)
    await shown(room)
    await room.press("tab", "tab", *"gateway", "enter", "enter")


async def anew(room: Room, bench: Bench) -> None:
    await felt(room, bench)
    await room.press("f5")
    changed = {"checks": (Check("explain", "a rollout is under way"),), "danger": "R2"}
    bench.acts.now_planned(a_plan(bench.desk, **(ROLL_BACK | changed)))
    await look(room)


async def two_people(room: Room, bench: Bench) -> None:
    bench.armed().with_plan(**FLUSH)
    await shown(room)


async def disarmed(room: Room, bench: Bench) -> None:
    bench.with_plan(**ROLL_BACK)
    await shown(room)


async def trouble(room: Room, bench: Bench) -> None:
    bench.armed()
    await shown(room)
    bench.acts.book.set("r1", stage="over", trouble="kubernetes: no route to host", remedy="is the VPN up?")
    await look(room)


def happened(bench: Bench, name: str, *, ago: int = 1, **ended: Any) -> None:
    plan = a_plan(bench.desk)
    raw = msgspec.Raw(msgspec.json.encode(plan))
    at = bench.desk.now() - ago * MINUTE
    bench.desk.happen(ActionIntended(name, plan.title, "scale", str(AIM), "R1", plan=raw), at - SECOND)
    inverse = msgspec.Raw(msgspec.json.encode(REQUEST))
    if ended:
        bench.desk.happen(ActionEnded(name, inverse=inverse, **ended), at)


async def watched(room: Room, bench: Bench) -> None:
    happened(bench, "r1", result="done", text="deployment shop/gateway is set to 10 replicas")
    now = bench.desk.now()
    read = (Reading(now - 4 * SECOND, 5.0, "5 of 10 are ready"), Reading(now - 2 * SECOND, 8.0, "8 of 10 are ready"))
    bench.acts.book.add(Act("r1", REQUEST, "watching", 0, plan=a_plan(bench.desk), sent=True, readings=read))
    acting.open_receipt(room.app, "r1")
    await room.repaint()


async def unknown(room: Room, bench: Bench) -> None:
    happened(bench, "r1", result="unknown", text="the server has not answered for 30 s: it may have happened")
    bench.acts.book.add(Act("r1", REQUEST, "asking", 0, plan=a_plan(bench.desk), sent=True))
    acting.open_receipt(room.app, "r1")
    await room.repaint()


async def listed(room: Room, bench: Bench) -> None:
    bench.armed()
    happened(bench, "r1", ago=9, result="done", text="10 replicas")
    bench.desk.happen(ActionVerified("r1", "NO EFFECT", "ready pods 4 for 2m00s"), bench.desk.now() - 6 * MINUTE)
    happened(bench, "r2", result="done", text="10 replicas")
    bench.acts.book.add(Act("r2", REQUEST, "watching", 0))
    await room.press("3", "v", "v")
    await room.pilot.pause()
    await room.press("A")


async def arming(room: Room, bench: Bench) -> None:
    del bench
    await room.press("G")


WAYS: dict[str, Way] = {
    "r1": small,
    "r2": felt,
    "r2-mistyped": mistyped,
    "r2-unlocked": unlocked,
    "r2-stale": stale,
    "r2-anew": anew,
    "r2-disarmed": disarmed,
    "r3": two_people,
    "trouble": trouble,
    "watched": watched,
    "unknown": unknown,
    "list": listed,
    "arm": arming,
}


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", WAYS)
async def test_it_says_what_it_said(name: str, size: tuple[int, int], bench: Bench) -> None:
    async with war_room(bench.desk, size) as room:
        await WAYS[name](room, bench)
        await settled(room)
        goldens.check(f"act-{name}-{size[0]}x{size[1]}", "\n".join(line.rstrip() for line in room.lines))


async def test_in_plain_every_state_has_its_word(bench: Bench) -> None:
    async with war_room(bench.desk, theme="plain") as room:
        for name, way in WAYS.items():
            for act in bench.acts.show():
                bench.acts.book.drop(act.receipt)
            await way(room, bench)
            assert room.text.isascii(), name
            while len(room.app.screen_stack) > 1:
                room.app.pop_screen()
                await room.pilot.pause()


PICTURES = ("r1", "r2", "r2-unlocked", "r2-stale", "r3", "unknown")


@pytest.mark.parametrize(("name", "theme"), [*((name, "warroom-dark") for name in PICTURES), ("r2-unlocked", "mono")])
def test_it_looks_as_it_looked(snap_compare: Any, name: str, theme: str, bench: Bench) -> None:
    app = an_app(bench.desk, theme=theme)

    async def way(pilot: Pilot[int]) -> None:
        await pilot.pause()
        room = Room(app, bench.desk, pilot)
        await WAYS[name](room, bench)
        await settled(room)

    assert snap_compare(app, run_before=way, terminal_size=(80, 24))
