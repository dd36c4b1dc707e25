"""The checklist: one open step spelled out, its keys, and the way through it."""

from __future__ import annotations

import msgspec

from tests import builders
from tests.builders import NOW
from tests.tui.harness import Desk, Room, quiet_desk, troubled_desk, war_room
from tests.tui.papers import LOOK, TRAP, a_full_runbook, flat
from wfconsole.clock import MINUTE, SECOND
from wfconsole.incident.events import Declared, MomentSet, PlaybookChosen, StepMarked, StepProbed, UpdateSent
from wfconsole.runbook import load_runbook
from wfconsole.session.view import View
from wfconsole.tui.screens.checklist import Steps
from wfconsole.tui.screens.step import StepForm

ACKNOWLEDGE, WORST, SEND = (
    "opening/acknowledge-the-alert",
    "opening/find-the-worst-workload",
    "opening/send-the-declaration",
)
ROLL_BACK, STAYS_READY = "outage/roll-back", "outage/all-stays-ready"


def a_desk(*, playbook: bool = True) -> Desk:
    desk = troubled_desk(runbook=a_full_runbook())
    if playbook:
        desk.happen(PlaybookChosen("outage"), NOW - MINUTE)
    return desk


def steps(room: Room) -> Steps:
    return room.app.screen.query_one(Steps)


async def test_the_next_step_is_open_and_a_tick_opens_the_one_after_it() -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await room.press("c")
        assert steps(room).key == ACKNOWLEDGE
        assert "READ    the alert that woke you" in room.text
        await room.press("X")
        assert desk.submitted[0] == StepMarked(ACKNOWLEDGE, "done", "Acknowledge the alert")
        assert steps(room).key == WORST
        assert "[x]  1 Acknowledge the alert" in room.text
        assert "op1 14:32:07" in room.text


async def test_a_tick_that_is_not_on_disk_yet_does_not_look_like_one_that_is() -> None:
    class Slow(Desk):
        def view(self) -> View:
            view = super().view()
            return msgspec.structs.replace(view, pending=frozenset(view.incident.lines))

    desk = Slow(runbook=a_full_runbook())
    desk.session.submit(builders.declared())
    async with war_room(desk) as room:
        await room.press("c", "X")
        assert "[…]  1 Acknowledge the alert" in room.text
        await room.press("0")
        assert "[…] 1 Acknowledge the alert" in room.text
        assert "[x]" not in room.text


async def test_long_words_are_wrapped_and_never_cut() -> None:
    async with war_room(a_desk(), (80, 40)) as room:
        await room.press("c", "n")
        assert LOOK in flat(room.text)
        await room.press("n", "n", "n")
        assert steps(room).key == ROLL_BACK
        assert TRAP in flat(room.text)
        assert "BY HAND kubectl --context kind-shop -n production rollout undo deployment/gateway" in flat(room.text)
        assert "…" not in "\n".join(room.lines[2:-1])


async def test_the_live_value_of_this_instant_is_beside_the_step() -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await room.press("c", "n")
        assert "NOW     ■ CRIT  4 of 33 pods" in room.text
        desk.tell("pods", [builders.a_pod(f"gateway-{number}") for number in range(12)], at=NOW)
        await room.repaint()
        assert "NOW     · ok  0 of 12 pods" in room.text


async def test_a_value_that_cannot_be_trusted_says_so() -> None:
    desk = a_desk()
    desk.fail("pods", builders.a_failure(since=NOW, message="no route to host"))
    desk.clock.advance(5 * MINUTE)
    async with war_room(desk, (80, 40)) as room:
        await room.press("c", "n")
        assert "cannot tell: pods are" in flat(room.text)
        assert "no route to host" in room.text


async def test_evidence_is_taken_into_the_record_and_shown_with_its_time() -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await room.press("c", "n", "R")
        probed = desk.submitted[0]
        assert isinstance(probed, StepProbed)
        assert (probed.step, probed.lines[0], probed.quality) == (WORST, "4 of 33 pods", "live")
        assert "evidence 14:32:07Z live" in room.text
        assert "│ 4 of 33 pods" in room.text


async def test_a_step_without_a_probe_has_nothing_to_run() -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await room.press("c", "R")
        assert "nothing to run" in room.text
        assert desk.submitted == []


async def test_a_deferred_step_comes_again_and_the_key_of_its_mark_opens_it_again() -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await room.press("c", "E")
        assert "[d]  1 Acknowledge the alert" in room.text
        await room.press("b", "E")
        assert isinstance(room.app.screen, StepForm)
        assert "OPEN AGAIN step 1" in room.text
        await room.press("enter")
        assert desk.submitted[-1] == StepMarked(ACKNOWLEDGE, "open", "Acknowledge the alert")


async def test_waiving_asks_why_and_a_decision_asks_which_way() -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await room.press("c", "W")
        assert "WAIVE step 1" in room.text
        await room.press(*"known", "enter")
        assert "[w]  1" in room.text
        await room.press("n", "n", "X")
        assert "DECIDE step 1" in room.text


async def test_an_action_that_is_done_leads_past_its_alternatives() -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await room.press("c", "n", "n", "n", "n", "X")
        assert desk.submitted[0] == StepMarked(ROLL_BACK, "done", "Roll back", answer="done")
        assert "[-]  3 ACTION R2 Restart" in room.text


async def test_a_step_ticks_itself_and_can_be_opened_again() -> None:
    desk = a_desk()
    for step in (ACKNOWLEDGE, WORST, SEND, "outage/decide-what-the-evidence-speaks-for", ROLL_BACK):
        desk.happen(StepMarked(step, "done", answer="done" if step == ROLL_BACK else ""), NOW - SECOND)
    async with war_room(desk) as room:
        await room.press("c")
        assert steps(room).key == STAYS_READY
        assert "AUTO" in room.text
        assert "ticks itself, when it is next and this holds" in flat(room.text)
        desk.tell("pods", [builders.a_pod(f"gateway-{number}") for number in range(12)], at=NOW)
        await room.repaint()
        assert "[a]  4 All stays ready" in room.text
        assert "CHECKLIST COMPLETE" in room.text
        await room.press("end", "X", "enter")
        assert desk.submitted == [StepMarked(STAYS_READY, "open", "All stays ready")]
        assert "does not tick itself any more" in flat(room.text)


async def test_a_step_that_tells_people_asks_what_was_said_where_and_is_taken_back_with_it() -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await room.press("c", "n", "n", "X")
        assert "DONE step 3" in room.text
        assert desk.submitted == []
        await room.press("enter", "enter")
        assert "say where people were told, and what" in room.text
        await room.press(*"#war: down", "enter")
        assert desk.submitted == [
            StepMarked(SEND, "done", "Send the declaration"),
            UpdateSent("outside", "#war: down"),
        ]
        assert desk.view().incident.last_update_at == NOW
        await room.press("Z")
        assert desk.view().incident.last_update_at == 0
        assert desk.view().incident.steps.get(SEND) is None


async def test_a_step_that_is_only_ticked_is_no_update() -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await room.press("c", "n", "n", "X", "down", "enter", *"by phone", "enter")
        assert desk.submitted == [StepMarked(SEND, "done", "Send the declaration", "by phone")]
        assert desk.view().incident.last_update_at == 0


async def test_a_deferred_step_is_open_in_every_count() -> None:
    desk = a_desk()
    desk.happen(StepMarked(ACKNOWLEDGE, "done"), NOW - SECOND)
    desk.happen(StepMarked(WORST, "deferred"), NOW - SECOND)
    async with war_room(desk, (120, 40)) as room:
        await room.press("c")
        active = room.app.frame().checklist
        assert (active.closed, [section.closed for section in active.sections]) == (1, [1, 0])
        assert "READ-DO 1/3" in room.text
        assert f"1/{active.total} closed" in room.text


async def test_acknowledging_is_said_once() -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await room.press("c", "X")
        assert not [event for event in desk.submitted if isinstance(event, MomentSet)]
        assert "acknowledged" in desk.view().incident.moments


async def test_a_step_higher_than_the_screen_is_scrolled_line_by_line_before_the_next_one() -> None:
    async with war_room(a_desk()) as room:
        await room.press("c", "n", "n", "n", "n")
        await room.resize(80, 24)
        rows = steps(room).stack.spans[ROLL_BACK]
        assert len(rows) > 5
        await room.press("home")
        for _ in range(60):
            await room.press("down")
            if steps(room).key == STAYS_READY:
                break
        assert steps(room).key == STAYS_READY


async def test_before_a_declaration_the_lists_can_be_read() -> None:
    async with war_room(Desk(runbook=a_full_runbook())) as room:
        await room.press("c")
        assert "None is open. D declares an incident" in room.text
        assert "Users get errors or no answer at all." in room.text


async def test_a_note_here_is_about_the_step() -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await room.press("c", "N", *"slow", "enter")
        assert "step 1: Acknowledge the alert" in str(desk.submitted)


async def test_the_number_of_the_place_goes_there_and_back() -> None:
    async with war_room(a_desk()) as room:
        await room.press("8")
        assert "8 CHECKLIST" in room.lines[2]
        await room.press("8")
        assert "1 Alerts" in room.lines[2]
        await room.press("8", "backspace")
        assert "1 Alerts" in room.lines[2]
        await room.press("8", "0")
        assert "1 Alerts" in room.lines[2]


async def test_steps_are_filtered_by_any_of_their_words() -> None:
    async with war_room(a_desk()) as room:
        await room.press("c", "slash", *"configmap", "enter")
        assert steps(room).key == ROLL_BACK
        assert "Acknowledge" not in room.text
        await room.press("escape")
        assert "Acknowledge" in room.text


async def test_the_keys_that_the_overview_shows_beside_the_open_step_work_there() -> None:
    desk = a_desk()
    async with war_room(desk) as room:
        await room.press("X")
        assert desk.submitted[0] == StepMarked(ACKNOWLEDGE, "done", "Acknowledge the alert")
        assert "►   2 Find the worst workload" in room.text
        await room.press("R")
        assert isinstance(desk.submitted[-1], StepProbed)
        await room.press("W")
        assert "WAIVE step 2" in room.text


async def test_on_the_overview_of_who_only_looks_they_say_why_not() -> None:
    desk = troubled_desk(change=False)
    async with war_room(desk) as room:
        for key in "XWER":
            await room.press(key)
            assert "this console only looks" in room.lines[-1]
        assert desk.submitted == []


async def test_a_step_that_ticked_itself_is_opened_again_by_keys_and_stays_so() -> None:
    """At 80x24: X on it asks, Enter opens it; the next look at healthy data leaves it as it is."""
    desk = quiet_desk(runbook=load_runbook(None))
    playbook = load_runbook(None).playbooks[0]
    desk.happen(Declared("INC-20260301-1430", "gateway down", "SEV4", "op1", playbook=playbook.id), NOW - 20 * MINUTE)
    for checklist in (*load_runbook(None).checklists[:2], playbook):
        for step in checklist.steps[: -1 if checklist is playbook else None]:
            answer = step.branches[-1].answer if step.kind == "decide" else ""
            desk.happen(StepMarked(step.id, "waived" if step.kind == "action" else "done", answer=answer), NOW - MINUTE)
    last = playbook.steps[-1].id
    desk.tell("workloads", [builders.a_workload(desired=12, ready=12, updated=12)], at=NOW)
    assert desk.view().incident.steps[last].mark == "sensed"
    async with war_room(desk) as room:
        await room.press("c")
        steps(room).go_to(last)
        await room.pilot.pause()
        assert any(line.startswith("[a] 12 ") for line in room.lines)
        await room.press("X")
        assert "never ticks itself any more" in " ".join(room.text.split())
        await room.press("enter")
        assert desk.view().incident.steps[last].mark == "open"
        desk.tell("pods", [builders.a_pod(f"gateway-{number}") for number in range(12)], at=NOW + SECOND)
        assert desk.view().incident.steps[last].mark == "open"


async def test_memory_items_say_what_is_done_and_what_is_open_and_waived_is_not_done() -> None:
    async with war_room(a_desk()) as room:
        await room.press("c")
        assert room.lines[3].rstrip() == " MEMORY ITEMS done 0/2; open: alert acknowledged, people told"
        await room.press("X")
        assert room.lines[3].rstrip() == " MEMORY ITEMS done 1/2: alert acknowledged; open: people told"
        room.desk.happen(StepMarked(SEND, "waived", reason="drill"), NOW)
        await room.repaint()
        assert room.lines[3].rstrip() == " MEMORY ITEMS done 1/2: alert acknowledged; waived: people told"


async def test_memory_items_fold_and_stay_above_a_list_that_scrolls() -> None:
    """In their own words to the last one, at 80 columns."""
    named = [f"thing {number} of many is so" for number in range(5)]
    steps = [builders.a_step(f"Do thing {number}", "first", memory=name) for number, name in enumerate(named)]
    steps += [builders.a_step(f"Look at {number}", "first") for number in range(30)]
    runbook = builders.a_runbook(builders.a_checklist("first", *steps, kind="process"))
    async with war_room(troubled_desk(runbook=runbook)) as room:
        await room.press("c", "end")
        assert "Do thing 0" not in room.text
        assert flat("\n".join(room.lines[3:6])).startswith(f"MEMORY ITEMS done 0/5; open: {', '.join(named)}")
        assert "…" not in "".join(room.lines[3:6])


async def test_a_list_without_memory_items_has_no_line_for_them() -> None:
    async with war_room(troubled_desk()) as room:
        await room.press("c")
        assert "First READ-DO" in room.lines[3]
