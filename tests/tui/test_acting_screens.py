"""What can be done and what was done: the list, what has to be said, arming, and one action whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests import builders
from tests.tui.acts import AIM, REQUEST, Bench, a_plan, on_show
from tests.tui.harness import SIZES, Desk, Room, war_room, whole_text
from tests.tui.papers import flat
from wfconsole.clock import MINUTE, SECOND
from wfconsole.incident.action_events import (
    ActionEnded,
    ActionIntended,
    ActionsDisarmed,
    ActionSettled,
    ActionVerified,
    EvidenceKept,
)
from wfconsole.incident.events import Event, RoleTaken, StatusChanged
from wfconsole.incident.plan import Reading, Request
from wfconsole.session.acts import Act
from wfconsole.session.console import NoActs
from wfconsole.session.view import Capabilities, JournalView
from wfconsole.tui import acting
from wfconsole.tui.forms.fields import Field
from wfconsole.tui.screens.act_parameters import ActParametersForm
from wfconsole.tui.screens.actions import ActionsScreen
from wfconsole.tui.screens.arm import ArmForm
from wfconsole.tui.screens.plan import PlanForm
from wfconsole.tui.screens.receipt import ReceiptScreen

BACK = msgspec.Raw(msgspec.json.encode(Request("scale", AIM, {"replicas": "4"})))


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    made = Bench(tmp_path, monkeypatch)
    made.desk.tell("workloads", [builders.a_workload(namespace="shop", desired=4, ready=4, updated=4)])
    return made


def intended(bench: Bench, name: str = "r1", **changes: Any) -> ActionIntended:
    plan = a_plan(bench.desk)
    raw = msgspec.Raw(msgspec.json.encode(plan))
    made = ActionIntended(name, plan.title, "scale", str(AIM), "R1", plan=raw)
    return msgspec.structs.replace(made, **changes)


def done(name: str = "r1", **changes: Any) -> ActionEnded:
    return msgspec.structs.replace(ActionEnded(name, "done", "10 replicas", inverse=BACK), **changes)


def happened(bench: Bench, *events: Event) -> None:
    for event in events:
        bench.desk.happen(event, bench.desk.now() - SECOND)


async def act_on_workload(room: Room) -> None:
    await room.press("3", "v", "v")
    await room.pilot.pause()
    await room.press("A")
    assert isinstance(room.app.screen, ActionsScreen)


# --- the list


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_list_says_what_can_be_done_and_of_which_class(bench: Bench, size: tuple[int, int]) -> None:
    async with war_room(bench.desk, size) as room:
        await act_on_workload(room)
        assert "ACTIONS disarmed, G arms" in room.text
        rows = [line for line in room.lines if line.rstrip().endswith(("R1-R3", "R2", "R1-R2"))]
        assert ["Scale" in rows[0], "Restart" in rows[1]] == [True, True]
        assert "Page somebody" in room.text
        assert "…" not in "".join(rows[:5])


async def test_a_workload_that_is_not_ready_is_rolled_back_first(bench: Bench) -> None:
    bench.desk.tell("workloads", [builders.a_workload(namespace="shop", desired=4, ready=1, updated=4)])
    async with war_room(bench.desk) as room:
        await act_on_workload(room)
        assert "► Roll back" in room.text


async def test_a_group_of_pods_is_about_its_workload(bench: Bench) -> None:
    pods = [builders.a_bad_pod(f"gateway-{number}", namespace="shop") for number in range(2)]
    bench.desk.tell("pods", pods)
    async with war_room(bench.desk) as room:
        await room.press("3")
        await room.pilot.pause()
        await room.press("A")
        assert "FOR workload Deployment/shop/gateway" in room.text
        await room.press("escape", "down", "A")
        assert "FOR pod shop/gateway-" in room.text
        assert "Remove this pod" in room.text


async def test_what_is_happening_to_the_same_thing_is_said_beside_it(bench: Bench) -> None:
    bench.acts.book.add(Act("r9", REQUEST, "running", bench.desk.now()))
    async with war_room(bench.armed().desk) as room:
        await act_on_workload(room)
        assert "ARMED 10:00" in room.text
        assert "another action on it is under way" in room.text
        bench.acts.book.set("r9", stage="watching")
        await room.repaint()
        assert "action watched" in room.text


async def test_what_was_done_says_how_it_stands(bench: Bench) -> None:
    happened(bench, intended(bench), done(), ActionVerified("r1", "WORKED", "10 pods"))
    happened(bench, intended(bench, "r2"), done("r2"))
    happened(bench, intended(bench, "r3", undoes="r1"), done("r3"))
    happened(bench, intended(bench, "r4"), ActionEnded("r4", "unknown", "no answer"))
    happened(bench, intended(bench, "r5"), done("r5"), ActionSettled("r5", True))
    happened(bench, intended(bench, "r6"), intended(bench, "r7"))
    bench.acts.book.add(Act("r2", REQUEST, "watching", 0))
    bench.acts.book.add(Act("r6", REQUEST, "running", 0))
    async with war_room(bench.desk) as room:
        await room.press("A")
        told = [line for line in room.lines if " #" in line]
        for line, says in zip(
            told,
            ("#7 not known yet", "#6 running", "#5 done", "#4 unknown", "#3 done", "#2 done, watched", "#1 WORKED"),
            strict=True,
        ):
            assert says in line
        assert "taken back" in told[-1]
        assert "stays" in told[2]


# --- why not


@pytest.mark.parametrize("way", ["observer", "replay", "nothing here", "no incident", "on no disk", "frozen", "back"])
async def test_where_nothing_can_be_done_it_says_why(bench: Bench, way: str) -> None:
    desk, says = bench.armed().with_plan().desk, ""
    if way == "replay":
        desk.capabilities = Capabilities(change=False, refusals={"*": "this is a replay"})
        says = "this is a replay"
    elif way == "nothing here":
        desk.acts, says = NoActs("this console is read-only"), "this console is read-only"
    elif way == "no incident":
        says = "no incident is open"
        desk = Desk()
    elif way == "on no disk":
        view = msgspec.structs.replace(desk.session._view, journal=JournalView("memory-only"))
        desk.session._view, says = view, "the record is on no disk"
    async with war_room(desk) as room:
        if way == "observer":
            await room.press("O")
            says = "observer: read-only"
        elif way in ("frozen", "back"):
            await room.press("space")
            desk.clock.advance(SECOND)
            await room.repaint()
            says = "not now: \\ goes back to live"
        await room.press("A")
        acting.plan(room.app, REQUEST)
        await room.pilot.pause()
        assert not isinstance(room.app.screen, PlanForm)
        assert says in room.lines[-1], room.lines[-1]
        assert says in flat(room.lines[2])
    assert bench.acts.asked == []


@pytest.mark.parametrize(
    ("event", "says"),
    [
        (StatusChanged("resolved"), "locked: the incident is resolved"),
        (ActionsDisarmed(), "locked: disarmed: leave with Esc, G arms the console"),
    ],
    ids=["resolved", "disarmed"],
)
async def test_a_plan_can_be_looked_at_and_says_why_it_cannot_be_run(
    bench: Bench, event: Event, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.armed().with_plan().desk.happen(event, bench.desk.now())
    async with war_room(bench.desk) as room:
        await on_show(room, monkeypatch)
        assert says in room.text
        await room.press("tab", "enter")
        assert isinstance(room.app.screen, PlanForm)
    assert bench.acts.confirmed == []


# --- what has to be said


async def test_what_is_needed_is_asked_for_and_then_planned(bench: Bench) -> None:
    async with war_room(bench.armed().with_plan().desk) as room:
        await act_on_workload(room)
        await room.press("enter")
        form = room.app.screen
        assert isinstance(form, ActParametersForm)
        assert form.query_one("#said-0", Field).value == "4"  # what it is now
        await room.press("8", "enter")
        assert isinstance(room.app.screen, PlanForm)
    assert bench.acts.asked == [Request("scale", AIM, {"replicas": "8"})]


async def test_what_is_missing_is_said(bench: Bench) -> None:
    async with war_room(bench.armed().with_plan().desk) as room:
        await act_on_workload(room)
        await room.press("enter", "backspace", "delete", "enter")
        form = room.app.screen
        assert isinstance(form, ActParametersForm)
        form.query_one("#said-0", Field).value = ""
        await room.press("enter")
        assert "Replicas: how many pods" in room.text
    assert bench.acts.asked == []


# --- one action whole


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_while_it_is_watched_it_says_what_is_wanted_and_what_is_read(bench: Bench, size: tuple[int, int]) -> None:
    happened(bench, intended(bench), done())
    read = (Reading(bench.desk.now(), 6.0, "6 of 10"), Reading(bench.desk.now(), None, "timed out"))
    plan = a_plan(bench.desk)
    bench.acts.book.add(Act("r1", REQUEST, "watching", 0, plan=plan, sent=True, readings=read))
    async with war_room(bench.desk, size) as room:
        acting.open_receipt(room.app, "r1")
        await room.repaint()
        text = flat(room.text)
        for words in ("done, watched", "watching whether it helps", "at least 10 pods within 2m00s; before 4"):
            assert words in text
        assert "6 6 of 10" in text
        assert "-- timed out" in text  # what could not be read is no number
        assert "it goes on" in text


@pytest.mark.parametrize(
    ("events", "says"),
    [
        ((), "not known yet: the intent is in the record"),
        (
            (ActionEnded("r1", "unknown", "no answer"),),
            "UNKNOWN, it may have happened: no answer. Look before you do it",
        ),
        ((ActionEnded("r1", "failed", "denied"),), "failed, nothing was changed: denied"),
        ((ActionEnded("r1", "stale", "it is 5 by now"),), "stale, nothing was changed: it is 5 by now. Plan it again"),
        ((done(), ActionVerified("r1", "WORSE", "2 pods")), "WORSE: 2 pods"),
        ((done(), ActionSettled("r1", True)), "it stays: somebody kept it. V plans what takes it back"),
        ((done(), ActionSettled("r1", False, "", "done")), "it was taken back"),
        ((done(), ActionSettled("r1", False, "", "failed")), "should have taken itself back, and did NOT"),
        ((done(inverse=msgspec.Raw(b"null")),), "nothing takes it back"),
    ],
    ids=["running", "unknown", "failed", "stale", "worse", "kept", "back", "not back", "no way back"],
)
async def test_what_became_of_it_is_said_in_words(bench: Bench, events: tuple[Event, ...], says: str) -> None:
    happened(bench, intended(bench), *events)
    async with war_room(bench.desk) as room:
        acting.open_receipt(room.app, "r1")
        await room.repaint()
        assert says in await whole_text(room)


async def test_the_evidence_the_reasons_and_the_plan_are_there(bench: Bench) -> None:
    told = {"reason": "flood", "override": "for an hour", "approved_by": "bea (uid 1002)", "break_glass": ""}
    happened(bench, EvidenceKept("r1", "log of shop/gw-1", ("panic: no config",)), intended(bench, **told), done())
    async with war_room(bench.desk) as room:
        acting.open_receipt(room.app, "r1")
        await room.repaint()
        text = await whole_text(room)
    for words in (
        "flood",
        "for an hour",
        "bea (uid 1002)",
        "panic: no config",
        "as it was confirmed",
        "- spec.replicas: 4",
    ):
        assert words in text
    assert "good for" not in text  # it was confirmed, and grows no older


async def test_v_plans_what_takes_it_back_and_says_that_it_does(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    happened(bench, intended(bench, step="first/scale-up"), done())
    back = Request("scale", AIM, {"replicas": "4"}, undoes="r1")
    bench.armed().with_plan(request=back)
    monkeypatch.setattr("wfconsole.tui.forms.deaf.DEAF_SECONDS", 0.0)
    async with war_room(bench.desk) as room:
        acting.open_receipt(room.app, "r1")
        await room.repaint()
        await room.press("V")
        await room.pilot.pause()
        assert isinstance(room.app.screen, PlanForm)
        assert "TAKE BACK" in room.lines[2]
    assert (bench.acts.asked, bench.acts.steps) == ([back], ["first/scale-up"])


async def test_k_keeps_only_what_would_go(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[str] = []
    monkeypatch.setattr(bench.acts, "keep", kept.append)
    happened(bench, intended(bench), done())
    bench.acts.book.add(Act("r1", REQUEST, "watching", 0, plan=a_plan(bench.desk)))
    async with war_room(bench.desk) as room:
        acting.open_receipt(room.app, "r1")
        await room.repaint()
        await room.press("K")
        assert "it does not take itself back" in room.text
        bench.acts.book.set("r1", kept_unless=bench.desk.now() + 40 * SECOND)
        await room.repaint()
        assert "BACK IN  40s: it takes itself back unless K keeps it" in room.text
        assert "K keeps it" in room.lines[-3] + room.lines[-2]
        await room.press("K")
    assert kept == ["r1"]


# --- arming


async def test_it_is_armed_for_so_many_minutes_and_on_show(bench: Bench) -> None:
    async with war_room(bench.desk) as room:
        await room.press("G")
        assert isinstance(room.app.screen, ArmForm)
        assert room.focused == "cancel"
        await room.press("tab", *"20", "enter", *"roll back", "enter")
        assert "ARMED 20:00" in room.lines[1]
        incident = bench.desk.view().incident
        assert (incident.armed_until, incident.armed_by) == (bench.desk.now() + 20 * MINUTE, "op1")
        bench.desk.clock.advance(21 * MINUTE)
        await room.repaint()
        assert "ARMED" not in room.lines[1]


async def test_z_takes_an_arming_back_and_arms_nothing(bench: Bench) -> None:
    async with war_room(bench.armed().desk) as room:
        await room.press("G")
        assert bench.desk.view().incident.armed_until == 0
        assert "disarmed: nothing is run from here" in room.text
        await room.press("Z")
        assert bench.desk.view().incident.armed_until == 0
        await room.press(":", *"arm 5", "enter")
        assert bench.desk.view().incident.armed_until
        await room.press("Z")
        assert bench.desk.view().incident.armed_until == 0


@pytest.mark.parametrize("minutes", ["0", "61", "-3", "ten", ""])
async def test_not_for_a_time_that_is_none(bench: Bench, minutes: str) -> None:
    async with war_room(bench.desk) as room:
        await room.press("G", "tab")
        room.app.screen.query_one("#minutes", Field).value = minutes
        await room.press("enter", "enter")
        assert "a number from 1 to 60" in room.text
    assert bench.desk.view().incident.armed_until == 0


async def test_only_who_commands_arms(bench: Bench) -> None:
    bench.desk.happen(RoleTaken("commander", "bea"), bench.desk.now())
    async with war_room(bench.desk) as room:
        await room.press("G")
        assert "only the commander arms: that is bea" in room.text
        await room.press("tab", "enter", "enter")
        await room.press("escape", ":", *"arm", "enter")
        assert "only the commander arms: that is bea" in room.text
    assert bench.desk.view().incident.armed_until == 0


# --- in one line


async def test_an_action_in_one_line_is_planned_in_the_pinned_namespace(bench: Bench) -> None:
    async with war_room(bench.armed().with_plan().desk) as room:
        await room.press(":", *"act scale deployment gateway replicas=7", "enter")
        assert isinstance(room.app.screen, PlanForm)
    assert bench.acts.asked == [
        Request("scale", msgspec.structs.replace(AIM, namespace="production"), {"replicas": "7"})
    ]


async def test_a_line_goes_on_with_what_was_seen(bench: Bench) -> None:
    async with war_room(bench.desk) as room:
        await room.press(":", *"act sc", "right", "space", *"d", "right", "space", *"sh", "right")
        assert room.app.screen.query_one("#line", Field).value == "act scale deployment shop/gateway"


async def test_a_quoted_reason_stays_whole(bench: Bench) -> None:
    async with war_room(bench.armed().with_plan().desk) as room:
        await room.press(":", *"act page incident this who=bea why='db is down'", "enter")
        assert isinstance(room.app.screen, PlanForm)
    (asked,) = bench.acts.asked
    assert (asked.parameters["who"], asked.parameters["why"], asked.aim.name) == ("bea", "db is down", "INC-1")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("act scale pod a/b", "'scale' is done to a deployment or a statefulset"),
        ("act page incident this why='x", "No closing quotation"),
        ("arm 90", "minutes: a number from 1 to 60"),
        ("disarm", "it is not armed"),
    ],
)
async def test_a_line_that_cannot_be_done_says_why_and_stays(bench: Bench, line: str, says: str) -> None:
    async with war_room(bench.desk) as room:
        await room.press(":", *line, "enter")
        assert says in flat(room.text)
        assert room.app.screen.query_one("#line", Field).value == line


async def test_alone_it_opens_the_list(bench: Bench) -> None:
    async with war_room(bench.desk) as room:
        await room.press(":", *"act", "enter")
        assert isinstance(room.app.screen, ActionsScreen)


async def test_what_is_worst_about_actions_stands_in_do_now_and_u_goes_there(bench: Bench) -> None:
    happened(bench, intended(bench), ActionEnded("r1", "unknown", "no answer"))
    async with war_room(bench.desk) as room:
        assert "action UNKNOWN, check before you do it again" in room.lines[1]
        await room.press("u")
        assert isinstance(room.app.screen, ReceiptScreen)
