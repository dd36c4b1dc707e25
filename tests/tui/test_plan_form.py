"""The plan on show: what it says, what unlocks it, and that nothing fires by itself."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import pytest
from textual import events

from tests.tui.acts import REQUEST, Bench, a_plan, form_of, look, on_show
from tests.tui.harness import SIZES, Room, war_room
from tests.tui.papers import flat
from wfconsole.clock import SECOND
from wfconsole.incident.events import RoleTaken, SeverityChanged
from wfconsole.incident.plan import Alternative, Check, DryRun, Permission, Request
from wfconsole.session.acts import Act, Confirmation
from wfconsole.tui import acting
from wfconsole.tui.forms import deaf as deaf_forms
from wfconsole.tui.forms.fields import Field
from wfconsole.tui.screens.actions import ActionsScreen
from wfconsole.tui.screens.plan import PlanForm
from wfconsole.tui.screens.receipt import ReceiptScreen

OTHER = Request("autoscale", msgspec.structs.replace(REQUEST.aim, kind="horizontalpodautoscaler"), {"min": "10"})
REFUSED = (Check("refuse", "the autoscaler will take the pods back", overridable=True),)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(tmp_path, monkeypatch)


@pytest.fixture
def ears(monkeypatch: pytest.MonkeyPatch) -> None:
    """It hears from the first moment on."""
    monkeypatch.setattr(deaf_forms, "DEAF_SECONDS", 0.0)


def run_word(room: Room) -> str:
    """What the button says, "" where there is none."""
    return next((line[line.index("[ Run") :].split("┃")[0].strip() for line in room.lines if "[ Run" in line), "")


# --- the way through


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_what_is_small_runs_by_tab_and_enter(
    bench: Bench, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with war_room(bench.armed().with_plan().desk, size=size) as room:
        await on_show(room, monkeypatch)
        assert room.focused == "cancel"
        assert run_word(room) == "[ Run: Scale deployment shop/gateway 4 -> 10 ]"
        await room.press("tab", "enter")
        assert isinstance(room.app.screen, ReceiptScreen)
    assert bench.acts.confirmed == [Confirmation()]


async def test_enter_at_once_only_leaves(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async with war_room(bench.armed().with_plan().desk) as room:
        await on_show(room, monkeypatch)
        await room.press("enter")
        assert not isinstance(room.app.screen, PlanForm)
    assert (bench.acts.confirmed, bench.acts.show()) == ([], ())


async def test_a_reason_goes_with_it(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async with war_room(bench.armed().with_plan().desk) as room:
        await on_show(room, monkeypatch)
        await room.press("tab", "tab", *"more", "enter", "enter")
    assert bench.acts.confirmed == [Confirmation("more")]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_what_is_felt_stays_locked_until_its_word_is_typed(
    bench: Bench, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with war_room(bench.armed().with_plan(danger="R2").desk, size=size) as room:
        await on_show(room, monkeypatch)
        assert "locked: type gateway" in room.text
        await room.press("tab", "tab", *"gatewa")
        assert "go on: 'y' is still missing" in room.text
        assert run_word(room) == "[ Run (locked) ]"
        await room.press("enter", "enter")
        assert "NOT RUN, locked: go on" in room.text
        assert bench.acts.confirmed == []
        await room.press("shift+tab", "y")
        assert "locked" not in room.text
        await room.press("tab", "enter")
        assert isinstance(room.app.screen, ReceiptScreen)
    assert bench.acts.confirmed == [Confirmation()]


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("Gat", "letter 1 is 'G', not 'g': gateway"),
        ("gax", "letter 3 is 'x', not 't': gateway"),
        ("gateways", "'s' is too much"),
        ("gat", "go on: 'eway' is still missing"),
    ],
)
async def test_a_wrong_word_says_what_differs_as_it_is_typed(
    bench: Bench, typed: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with war_room(bench.armed().with_plan(danger="R2").desk) as room:
        await on_show(room, monkeypatch)
        await room.press("tab", "tab", *typed)
        assert f"locked: {says}" in room.text


async def test_what_keeps_it_locked_beside_the_word_is_said_with_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with war_room(bench.with_plan(danger="R2").desk) as room:
        await on_show(room, monkeypatch)
        await room.press("tab", "tab", *"gax")
        assert "locked: disarmed: leave with Esc, G arms the console" in room.text
        assert "and the word: letter 3 is 'x', not 't'" in room.text
        await room.press("backspace", *"teway", "enter", "enter")
        assert bench.acts.confirmed == []


# --- what was meant for something else


async def test_for_half_a_second_it_is_deaf(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deaf_forms, "DEAF_SECONDS", 3600.0)
    async with war_room(bench.armed().with_plan().desk) as room:
        form = await on_show(room, monkeypatch, deaf=True)
        await room.press("enter", "tab", "enter", "space", "y")
        assert (form.is_current, room.focused) == (True, "cancel")
        await room.press("escape")
        assert not form.is_current
    assert bench.acts.confirmed == []


async def test_a_burst_of_keys_into_what_runs_does_nothing_while_it_is_deaf(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with war_room(bench.armed().with_plan(danger="R2").desk) as room:
        form = await on_show(room, monkeypatch)
        monkeypatch.setattr(deaf_forms, "DEAF_SECONDS", 3600.0)
        for name in ("word", "run", "reason"):
            form.query_one(f"#{name}").focus()
            await room.press(*"gateway", "enter", "enter")
            assert [field.value for field in form.query(Field)] == [""] * 4
        assert form.is_current
    assert bench.acts.confirmed == []


async def test_after_a_new_plan_it_is_deaf_again_and_the_word_is_gone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with war_room(bench.armed().with_plan(danger="R2").desk) as room:
        form = await on_show(room, monkeypatch)
        await room.press("tab", "tab", *"gateway", "tab")
        await room.press("f5")
        assert bench.acts.stages == ["planning"]
        assert run_word(room) == ""
        monkeypatch.setattr(deaf_forms, "DEAF_SECONDS", 3600.0)
        bench.acts.now_planned(a_plan(bench.desk, danger="R2", diff=("- spec.replicas: 5", "+ spec.replicas: 10")))
        await look(room)
        await room.press("enter", "tab", "enter")
        assert form.query_one("#word", Field).value == ""
    assert bench.acts.confirmed == []


async def test_what_was_typed_before_it_came_up_is_thrown_away(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async with war_room(bench.armed().with_plan(danger="R2").desk) as room:
        await on_show(room, monkeypatch)
        form = form_of(room)
        for key in ("g", "tab", "enter"):
            form.typed_ahead(events.Key(key, key if len(key) == 1 else None))
        await room.pilot.pause()
        assert room.focused == "cancel"
        assert form.query_one("#word", Field).value == ""


async def test_a_pasted_word_unlocks_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async with war_room(bench.armed().with_plan(danger="R2").desk) as room:
        form = await on_show(room, monkeypatch)
        await room.press("tab", "tab")
        form.query_one("#word", Field).post_message(events.Paste("gateway"))
        await room.pilot.pause()
        assert "what is pasted unlocks nothing" in room.text
        await room.press("enter", "enter")
    assert bench.acts.confirmed == []


async def test_a_new_size_keeps_the_word_and_is_deaf_for_what_comes_with_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with war_room(bench.armed().with_plan(danger="R2").desk) as room:
        form = await on_show(room, monkeypatch)
        await room.press("tab", "tab", *"gateway", "tab")
        monkeypatch.setattr(deaf_forms, "DEAF_SECONDS", 3600.0)
        await room.resize(200, 60)
        await room.press("enter", "enter")
        assert form.is_current
        assert form.query_one("#word", Field).value == "gateway"
        assert bench.acts.confirmed == []
        monkeypatch.setattr(deaf_forms, "DEAF_SECONDS", 0.0)
        await room.press("enter")
    assert bench.acts.confirmed == [Confirmation()]


@pytest.mark.usefixtures("ears")
async def test_no_keys_without_the_word_run_it(bench: Bench) -> None:
    keys = ["tab", "shift+tab", "enter", "down", "up", "pagedown", "f5", "backspace", "space", *"gateyGQ:7"]
    numbers = random.Random(3)
    async with war_room(bench.armed().with_plan(danger="R2").desk) as room:
        for _ in range(20):
            acting.plan(room.app, REQUEST)
            await room.pilot.pause()
            await look(room)
            for _ in range(12):
                if isinstance(room.app.screen, PlanForm):
                    bench.acts.book.set(bench.acts.show()[-1].receipt, stage="planned", plan=bench.acts.to_plan)
                    await room.press(numbers.choice(keys))
            while len(room.app.screen_stack) > 1:
                room.app.pop_screen()
            await room.pilot.pause()
    assert bench.acts.confirmed == []


@pytest.mark.usefixtures("ears")
async def test_a_key_that_was_pressed_twice_opens_one_dialog(bench: Bench) -> None:
    async with war_room(bench.armed().with_plan().desk) as room:
        acting.plan(room.app, REQUEST)
        acting.plan(room.app, REQUEST)
        await room.pilot.pause()
        assert sum(isinstance(screen, PlanForm) for screen in room.app.screen_stack) == 1
    assert len(bench.acts.asked) == 1


@pytest.mark.usefixtures("ears")
async def test_enter_twice_on_an_action_opens_one_dialog(bench: Bench) -> None:
    async with war_room(bench.armed().with_plan().desk) as room:
        await room.press("A")
        assert isinstance(room.app.screen, ActionsScreen)
        rows = room.app.screen.body_list
        for _ in range(2):
            rows.post_message(rows.Entered("offer:2"))  # its form asks why
        await room.pilot.pause()
        await room.pilot.pause()
        assert len(room.app.screen_stack) == 3
    assert bench.acts.asked == []


# --- what speaks against it


async def test_what_is_refused_for_good_has_no_run(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = bench.armed().with_plan(permissions=(Permission("patch deployments", False, "kubectl apply -f role.yaml"),))
    async with war_room(plan.desk) as room:
        await on_show(room, monkeypatch)
        assert run_word(room) == ""
        assert "REFUSE  we may not patch deployments" in room.text
        assert "mends it: kubectl apply -f role.yaml" in room.text
        assert "locked: refused, and cannot be overridden: not allowed: patch deployments" in flat(room.text)
        await room.press("tab", "enter")
    assert bench.acts.confirmed == []


async def test_a_refusal_of_the_server_cannot_be_overridden(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.armed().with_plan(dry_run=DryRun("failed", "exceeded quota"), checks=REFUSED)
    async with war_room(bench.desk) as room:
        await on_show(room, monkeypatch)
        assert run_word(room) == ""
        assert "refused by the server: exceeded quota" in flat(room.text)


async def test_an_override_wants_its_reason(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async with war_room(bench.armed().with_plan(danger="R2", checks=REFUSED).desk) as room:
        await on_show(room, monkeypatch)
        assert "(may be" in room.text
        await room.press("tab", "tab", "tab", *"gateway", "enter", "enter")
        assert "NOT RUN, locked: refused: say in Override why" in room.text
        assert bench.acts.confirmed == []
        await room.press("shift+tab", "shift+tab", *"only for an hour", "tab", "tab", "enter")
    assert bench.acts.confirmed == [Confirmation("", "only for an hour")]


async def test_a_plan_that_is_too_old_is_locked_and_says_how_to_make_it_anew(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with war_room(bench.armed().with_plan().desk) as room:
        form = await on_show(room, monkeypatch)
        bench.desk.clock.advance(59 * SECOND)
        form._shown = None, 0
        await look(room)
        assert "good for 1s more" in flat(room.text)
        bench.desk.clock.advance(2 * SECOND)
        form._shown = None, 0
        await look(room)
        assert "too old: it has to" in flat(room.text)
        assert "locked: this plan is older than a minute: F5 makes it anew" in room.text
        await room.press("tab", "enter")
        assert "NOT RUN" in room.text
        assert bench.acts.confirmed == []
        await room.press("f5")
        bench.acts.now_planned(a_plan(bench.desk))
        await look(room)
        assert "nothing that matters differs" in room.text
        await room.press("tab", "enter")
    assert bench.acts.confirmed == [Confirmation()]


async def test_a_plan_made_anew_shows_first_what_differs(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async with war_room(bench.armed().with_plan().desk) as room:
        await on_show(room, monkeypatch)
        await room.press("pagedown", "f5")
        anew = a_plan(bench.desk, danger="R2", checks=(Check("explain", "a rollout is under way"),))
        bench.acts.now_planned(anew)
        await look(room)
        first = "\n".join(room.lines[3:12])
        assert "read what differs" in first
        assert "- class R1" in first
        assert "+ class R2" in first
        assert "+ explain: a rollout is under way" in first
        assert "R2: people feel it" in room.lines[2]
        assert room.focused == "cancel"
        assert run_word(room) == "[ Run (locked) ]"


async def test_an_override_that_was_said_of_another_refusal_is_gone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with war_room(bench.armed().with_plan(checks=REFUSED).desk) as room:
        form = await on_show(room, monkeypatch)
        await room.press("tab", *"why", "tab", *"an hour", "f5")
        bench.acts.now_planned(a_plan(bench.desk, checks=(Check("refuse", "no node has room", overridable=True),)))
        await look(room)
        assert [form.query_one(f"#{name}", Field).value for name in ("reason", "override")] == ["why", ""]


async def test_the_better_action_is_one_choice_away(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    better = Alternative("raise the autoscaler's minimum to 10", OTHER)
    async with war_room(bench.armed().with_plan(alternatives=(better,)).desk) as room:
        form = await on_show(room, monkeypatch)
        assert "BETTER   raise the autoscaler's minimum to 10" in room.text
        await room.press("tab")
        assert "instead  raise the autoscaler's minimum to 10" in room.text
        await room.press("down", "enter")
        assert room.app.screen is not form
        assert isinstance(room.app.screen, PlanForm)
    assert bench.acts.asked == [REQUEST, OTHER]
    assert [act.request for act in bench.acts.show()] == [OTHER]
    assert bench.acts.confirmed == []


async def test_what_went_wrong_with_the_plan_is_said_with_its_remedy(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with war_room(bench.armed().desk) as room:
        await on_show(room, monkeypatch)
        assert "looking what it would really do" in room.text
        bench.acts.book.set("r1", stage="over", trouble="kubernetes: no route to host", remedy="is the VPN up?")
        await look(room)
        assert "kubernetes: no route to host. is the VPN up?" in flat(room.text)
        assert run_word(room) == ""
        await room.press("f5")
        assert bench.acts.stages == ["planning"]
        assert "looking what it would really do" in room.text
        await room.press("tab", "enter")
        assert not isinstance(room.app.screen, PlanForm)


async def test_esc_drops_it(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async with war_room(bench.armed().with_plan().desk) as room:
        await on_show(room, monkeypatch)
        await room.press("tab", "escape")
        assert not isinstance(room.app.screen, PlanForm)
    assert bench.acts.show() == ()


# --- two people


async def test_what_is_wide_waits_for_a_second_person_and_shows_the_code(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with war_room(bench.armed().with_plan(danger="R3").desk) as room:
        await on_show(room, monkeypatch)
        code = bench.acts.second("r1").code
        assert f"wfconsole approve {code}" in flat(room.text)
        await room.press("tab", *"flood", "tab", "tab", *"gateway", "enter", "enter")
        assert "NOT RUN, locked: a second person has to approve it" in flat(room.text)
        assert bench.acts.confirmed == []
        assert bench.acts.to_plan is not None
        bench.acts.book.approvals._open[bench.acts.to_plan.substance].approved_by = "bea (uid 1002)"
        form_of(room)._shown = None, 0
        await look(room)
        assert "approved by bea (uid 1002)" in room.text
        await room.press("enter")
    assert bench.acts.confirmed == [Confirmation("flood")]
    bench.acts.close()


async def test_alone_it_is_done_only_in_a_sev1_and_with_both_reasons(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with war_room(bench.armed().with_plan(danger="R3").desk) as room:
        await on_show(room, monkeypatch)
        await room.press("tab", "tab", *"nobody awake", "tab", *"gateway", "tab", "enter")
        assert "NOT RUN, locked: what is wide or one way only needs a reason" in flat(room.text)
        await room.press("shift+tab", "shift+tab", "shift+tab", *"flood", "tab", "tab", "tab", "enter")
        assert "only in a SEV1 is it done without a second person" in flat(room.text)
        assert bench.acts.confirmed == []
        bench.desk.happen(SeverityChanged("SEV1", "all is down"), bench.desk.now())
        await room.press("enter")
    assert bench.acts.confirmed == [Confirmation("flood", "", "nobody awake")]
    bench.acts.close()


async def test_a_plan_that_was_handed_over_with_the_command_is_locked(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with war_room(bench.armed().with_plan().desk) as room:
        form = await on_show(room, monkeypatch)
        bench.desk.happen(RoleTaken("commander", "bea"), bench.desk.now())
        form._shown = None, 0
        await look(room)
        await room.press("tab", "enter")
        assert "NOT RUN, locked: disarmed" in room.text
    assert bench.acts.confirmed == []


async def test_another_action_on_the_same_thing_keeps_it_locked(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.acts.book.add(Act("r9", REQUEST, "running", bench.desk.now()))
    async with war_room(bench.armed().with_plan().desk) as room:
        await on_show(room, monkeypatch)
        await room.press("tab", "enter")
        assert "locked: another action on deployment shop/gateway is under way" in room.text
    assert bench.acts.confirmed == []


@pytest.mark.parametrize("size", [(40, 12), (60, 18), (200, 60)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_it_can_be_read_and_left_at_any_size(
    bench: Bench, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.armed().with_plan(danger="R3", checks=REFUSED, blast=tuple(f"line {number}" for number in range(40)))
    async with war_room(bench.desk, size=size) as room:
        await on_show(room, monkeypatch)
        await room.press("pagedown", "pageup", "tab", "tab", "escape")
        assert not isinstance(room.app.screen, PlanForm)
    bench.acts.close()
