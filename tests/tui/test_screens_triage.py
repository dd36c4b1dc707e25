"""The first sixty seconds on one screen: what it says, what its keys do, and that it never decides."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests import builders
from tests.builders import NOW
from tests.tui import goldens
from tests.tui.harness import SIZES, Desk, Room, an_app, quiet_desk, war_room
from tests.tui.papers import a_full_runbook
from wfconsole.clock import MINUTE, SECOND
from wfconsole.incident.events import Declared, PlaybookChosen, SymptomAnswered
from wfconsole.incident.playbook import Runbook
from wfconsole.incident.policy import SeveritySign
from wfconsole.observations.levels import Level
from wfconsole.runbook import load_runbook
from wfconsole.text import cells
from wfconsole.tui.forms.choice import Choice
from wfconsole.tui.panes.digits import world_numbers
from wfconsole.tui.screens.declare import DeclareForm
from wfconsole.tui.screens.regrade import RegradeForm
from wfconsole.tui.screens.triage import TriageList
from wfconsole.tui.triage_frame import triage_of

ALL_DOWN = SeveritySign("More than half of all pods are not ready", "pods.not_ready_ratio > 50%", 30 * SECOND)
SOME_DOWN = SeveritySign("A quarter of all pods is not ready", "pods.not_ready_ratio > 25%", 30 * SECOND)
FULL = SeveritySign("The database has no free connections", "db.connections > 95%")


def a_runbook_with_signs(runbook: Runbook | None = None) -> Runbook:
    runbook = runbook or a_full_runbook()
    signs = {"SEV1": (ALL_DOWN, FULL), "SEV2": (SOME_DOWN,)}
    rules = tuple(msgspec.structs.replace(rule, signs=signs.get(rule.name, ())) for rule in runbook.policy.rules)
    return msgspec.structs.replace(runbook, policy=msgspec.structs.replace(runbook.policy, rules=rules))


def trouble(runbook: Runbook | None = None, *, bad: int = 4, **options: Any) -> Desk:
    """A rollout four minutes ago, pods that crash since three, a database that cannot be read; nobody has declared."""
    desk = quiet_desk(runbook=a_runbook_with_signs(runbook), **options)
    rolled = builders.a_revision(5, created_at=NOW - 4 * MINUTE, images=("registry.example/gateway:1.4.1",))
    gateway = builders.a_workload(desired=12, ready=12 - bad, revision=5, revisions=(rolled, builders.a_revision(4)))
    for at in range(NOW - 3 * MINUTE, NOW + 1, 5 * SECOND):
        crashing = [
            builders.a_bad_pod(f"gateway-{number}", restarts=5, restarted_at=at, ready_since=NOW - 3 * MINUTE)
            for number in range(bad)
        ]
        desk.tell("pods", [*crashing, *(builders.a_pod(f"gateway-{number}") for number in range(bad, 12))], at=at)
        desk.tell("workloads", [gateway], at=at)
    desk.tell("nodes", [builders.a_node(f"node-{number}") for number in range(3)], at=NOW)
    desk.fail("database", builders.a_failure(message="no route to host", since=NOW - MINUTE))
    return desk


def declared(desk: Desk) -> Desk:
    desk.happen(Declared("INC-20260301-1430", "gateway down", "SEV3", "op1"), NOW - 2 * MINUTE)
    return desk


async def triage(room: Room, *keys: str) -> None:
    await room.press("a", *keys)


# --- what it says


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_first_sixty_seconds_are_on_one_screen(size: tuple[int, int]) -> None:
    async with war_room(trouble(load_runbook(None)), size) as room:
        await triage(room)
        goldens.check(f"triage-{size[0]}x{size[1]}", "\n".join(row.rstrip() for row in room.lines))
        assert {cells(line) for line in room.lines} == {size[0]}
        for words in ("TRIAGE broken since 14:29:07Z", "SEV1 proposed", "RED", "CHANGED", "BLIND", "FITS"):
            assert words in room.text
        for playbook in load_runbook(None).playbooks:
            assert playbook.title in room.text
        assert "Users report" in room.text


async def test_each_symptom_stands_with_the_sample_that_proves_it() -> None:
    async with war_room(trouble(load_runbook(None))) as room:
        await triage(room)
        (proof,) = [line for line in room.lines if "Health checks fail" in line]
        assert " YES " in proof
        assert "33% (> 20%) 14:32:07Z" in proof
        (to_ask,) = [line for line in room.lines if "Users report" in line]
        assert " ask " in to_ask
        assert "Y yes  U no" in to_ask


async def test_what_cannot_be_known_is_said_and_makes_the_proposal_the_worse_one() -> None:
    async with war_room(trouble()) as room:
        await triage(room)
        assert "SEV1 proposed  cannot tell: The database has no free" in room.text
        assert "database unknown" in room.text
        await room.press("home")
        said = " ".join(" ".join(room.lines).split())
        assert "SEV2 for certain: A quarter of all pods is not ready: pods.not_ready_ratio 33% (asked: > 25%)" in said
        assert "the choice is yours" in said


async def test_the_change_before_the_first_bad_sign_says_how_long_before() -> None:
    async with war_room(trouble()) as room:
        await triage(room)
        (changed,) = [line for line in room.lines if line.startswith(" CHANGED")]
        assert "gateway revision 4 -> 5" in changed
        assert changed.rstrip().endswith("14:28:07Z 1m00s before")


async def test_all_quiet_is_said_and_nothing_is_proposed() -> None:
    async with war_room(quiet_desk(runbook=load_runbook(None))) as room:
        await triage(room)
        assert "no severity proposed  nothing that is seen speaks for an incident" in room.text
        assert "RED     nothing that is seen from here" in room.text


async def test_a_policy_without_signals_says_so() -> None:
    async with war_room(quiet_desk(runbook=a_full_runbook())) as room:
        await triage(room)
        assert "the severity policy names no signals: go by" in room.text


async def test_more_than_there_is_room_for_is_counted() -> None:
    desk = quiet_desk(runbook=load_runbook(None))
    pods = [builders.a_bad_pod(f"app{n}-1", owner=f"app{n}", restarts=9, restarted_at=NOW) for n in range(20)]
    desk.tell("pods", pods)
    async with war_room(desk) as room:
        await triage(room)
        body = room.app.screen.query_one(TriageList)
        shown = sum(key.startswith("red ") for key in body.stack.spans)
        assert 0 < shown < len(body.seen(room.app.frame()).red)
        assert f"and {len(body.seen(room.app.frame()).red) - shown} more" in room.text
        assert "Security incident" in room.text


async def test_in_plain_it_is_ascii_and_every_state_has_its_word() -> None:
    async with war_room(trouble(), theme="plain") as room:
        await triage(room)
        assert room.text.isascii()
        assert "WARN" in room.text
        assert "YES" in room.text


@pytest.mark.parametrize("hostile", ["[@click=app.bell]x", "a[red]b"])
async def test_hostile_names_are_shown_as_they_are(hostile: str) -> None:
    desk = quiet_desk(runbook=load_runbook(None))
    desk.tell("pods", [builders.a_bad_pod("x-1", owner=hostile, restarts=9, restarted_at=NOW)])
    async with war_room(desk, (120, 40)) as room:
        await triage(room)
        assert hostile in room.text


# --- what its keys do


async def test_a_person_answers_for_what_no_data_shows() -> None:
    desk = trouble()
    async with war_room(desk) as room:
        await triage(room, "n", "Y")
        assert desk.submitted == [SymptomAnswered("outage", "Many requests end with 503", True)]
        assert "yes, says op1 14:32:07Z" in room.text
        assert "2 of 3  Outage" in room.text
        await room.press("U")
        assert desk.submitted[-1] == SymptomAnswered("outage", "Many requests end with 503", False)
        assert "1 of 3  Outage" in room.text


async def test_where_data_speaks_the_keys_say_so_and_enter_nothing() -> None:
    desk = trouble()
    async with war_room(desk) as room:
        await triage(room, "Y")
        assert "go to a symptom that asks people" in room.text
        await room.press("n", "n", "Y")
        assert "data tells this one" in room.text
        assert desk.submitted == []


async def test_who_only_looks_answers_nothing() -> None:
    desk = trouble(change=False)
    async with war_room(desk) as room:
        await triage(room, "n", "Y")
        assert "this console only looks" in room.text
        await room.press("enter")
        assert not isinstance(room.app.screen, DeclareForm)


async def test_declaring_begins_with_the_proposal_and_says_why() -> None:
    desk = trouble(bad=8)
    async with war_room(desk) as room:
        await triage(room, "D", "enter")
        form = room.app.screen
        assert isinstance(form, DeclareForm)
        assert form.query_one("#severity", Choice).value == "SEV1"
        said = " ".join(" ".join(line.strip(" ┃│") for line in room.lines).split())
        assert "proposed: More than half of all pods are not ready: pods.not_ready_ratio 67% (asked: > 50%)" in said


async def test_the_choice_stays_a_persons() -> None:
    desk = trouble(bad=8)
    async with war_room(desk) as room:
        await triage(room, "D", "enter", "down", "down", "enter", "enter", "enter")
        assert [event.severity for event in desk.submitted if isinstance(event, Declared)] == ["SEV3"]


async def test_a_milder_proposal_is_marked_before_anybody_chooses() -> None:
    desk = trouble()
    desk.tell("database", [builders.a_database()])
    async with war_room(desk) as room:
        await triage(room, "D")
        assert room.app.screen.query_one("#severity", Choice).value == "SEV2"


async def test_enter_on_a_playbook_asks_with_it_chosen() -> None:
    desk = trouble(load_runbook(None))
    async with war_room(desk) as room:
        await triage(room, "end", "enter")
        form = room.app.screen
        assert isinstance(form, DeclareForm)
        assert form.query_one("#playbook", Choice).value == load_runbook(None).playbooks[-1].id
        assert desk.submitted == []


async def test_enter_on_a_playbook_of_an_open_incident_follows_it_once_somebody_says_so() -> None:
    desk = declared(trouble())
    async with war_room(desk) as room:
        await triage(room, "enter")
        assert isinstance(room.app.screen, RegradeForm)
        assert room.focused == "playbook"
        await room.press("enter", *"crashes", "enter")
        assert desk.submitted == [PlaybookChosen("outage", "crashes")]
        await room.pilot.pause()
        assert "followed" in room.text


async def test_with_an_incident_open_it_says_what_is_and_what_is_proposed() -> None:
    async with war_room(declared(trouble())) as room:
        await triage(room)
        assert "SEV3 now, SEV1 proposed" in room.text


async def test_enter_goes_to_what_is_red_to_what_changed_and_to_the_sources() -> None:
    async with war_room(trouble()) as room:
        await triage(room, "home", "n", "enter")
        assert getattr(room.app.screen, "pane_number", 0) == 3
        await room.press("escape")
        keys = [key for key in room.app.screen.query_one(TriageList).stack.spans if key]
        for wanted, name in (("changed 0", "AxisScreen"), ("blind", "SourcesScreen")):
            body = room.app.screen.query_one(TriageList)
            assert wanted in keys
            body.go_to(wanted)
            await room.press("enter")
            assert type(room.app.screen).__name__ == name
            await room.press("escape")


async def test_the_symptoms_of_another_playbook_open_under_the_cursor() -> None:
    async with war_room(trouble(load_runbook(None))) as room:
        await triage(room, "end")
        assert "Data, money or an account moved" in room.text
        assert "Health checks fail" not in room.text


async def test_a_note_written_here_is_about_the_symptom() -> None:
    async with war_room(trouble()) as room:
        await triage(room, "n", "N")
        assert "Many requests end with 503" in room.text


async def test_the_form_that_declares_knows_what_people_said() -> None:
    async with war_room(trouble()) as room:
        await triage(room, "n", "Y", "D", "enter", "enter")
        assert "2 of 3 symptoms that are known" in room.text
        assert "yes: Many requests end with 503 (yes, says op1" in room.text


# --- before anybody has declared


async def test_do_now_says_which_playbook_fits_and_leads_here() -> None:
    desk = trouble(load_runbook(None))
    async with war_room(desk) as room:
        needs = {need.goto: need for need in room.app.frame().needs}
        assert needs["triage"].text == "2 of 3 symptoms of Service outage: a triage"
        for _ in range(1 + list(needs).index("triage")):
            await room.press("u")
        assert "a TRIAGE" in room.text


async def test_do_now_is_quiet_when_nothing_is_red_or_the_incident_is_open() -> None:
    for desk in (quiet_desk(runbook=load_runbook(None)), declared(trouble(load_runbook(None)))):
        async with war_room(desk) as room:
            assert "triage" not in {need.goto for need in room.app.frame().needs}


def test_the_screen_looks_as_it_looked(snap_compare: Any) -> None:
    assert snap_compare(an_app(trouble(load_runbook(None))), press=["a"], terminal_size=(80, 24))


async def test_its_times_are_written_as_this_console_writes_them() -> None:
    async with war_room(trouble(), (120, 40)) as room:
        await triage(room)
        assert "broken since 14:2" in room.text
        await room.press("o", "o")
        assert "broken since 2026-03-01T14:2" in room.text


async def test_one_thing_has_one_level_wherever_it_is_shown() -> None:
    """Four pods of twelve in a crash loop: the pane, DO NOW, the triage and the wall say the same."""
    async with war_room(trouble(), (120, 40)) as room:
        frame = room.app.frame()
        loops = next(number for number in world_numbers(frame) if number.label == "CRASH LOOPS")
        red = triage_of(frame).red[0]
        assert "crash loop" in red.text
        assert "crash loop" in frame.needs[0].text
        assert {frame.board[2].level, frame.needs[0].level, red.level, loops.level} == {Level.WARNING}
        assert (frame.counts.critical, frame.counts.warning) == (0, 1)
