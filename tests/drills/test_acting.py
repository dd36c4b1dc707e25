"""What acts in a drill says what was said when it was recorded, and changes nothing but where the world goes on."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.drills.recorded import RESTART, ROLL_BACK, Playing, Script, a_plan, heard
from wfconsole.clock import MINUTE, SECOND, SystemClock
from wfconsole.drills.acting import IN_A_DRILL, RecordedAct
from wfconsole.drills.doors import UNKNOWN
from wfconsole.guard import protocol
from wfconsole.guard.protocol import Run
from wfconsole.incident.action_events import ActionSettled
from wfconsole.incident.plan import Plan, Request
from wfconsole.session.act_process import Silent


def drill(script: Script, folder: Path) -> Playing:
    return Playing(script.write(folder / "made.jsonl", 30))


def planned(act: RecordedAct) -> Plan:
    report = act.hear(1_000)
    assert isinstance(report, protocol.Planned), report
    return report.plan


def confirmed(act: RecordedAct) -> None:
    act.say(msgspec.json.encode(Run(planned(act).digest)))


def test_the_plan_is_that_of_then_made_now_and_says_where(tmp_path: Path) -> None:
    with drill(Script().act("r1", 1, a_plan()), tmp_path) as playing:
        plan = planned(playing.act())
        recorded = a_plan()
        assert plan.place == f"{IN_A_DRILL}{recorded.place}"
        now = SystemClock().now()
        assert abs(plan.made_at - now) < 5 * SECOND
        assert plan.before is not None
        assert abs(plan.before.at - now) < 5 * SECOND
        told = msgspec.structs.replace(plan, place=recorded.place, made_at=recorded.made_at, before=recorded.before)
        assert told == recorded


def test_evidence_outcome_and_verdict_come_as_they_came(tmp_path: Path) -> None:
    with drill(Script().act("r1", 1, a_plan(), took=0.3, after=0.4), tmp_path) as playing:
        act = playing.act()
        plan = planned(act)
        act.say(protocol.CAPTURE)
        kept, captured = heard(act, 2)
        assert isinstance(kept, protocol.Kept)
        assert kept.evidence.lines == ("gateway-1 is down",)
        assert isinstance(captured, protocol.Captured)
        clock = SystemClock()
        began = clock.monotonic()
        act.say(msgspec.json.encode(Run(plan.digest)))
        sending, ran = heard(act, 2)
        assert isinstance(sending, protocol.Sending)
        assert isinstance(ran, protocol.Ran)
        assert (ran.outcome.result, ran.outcome.text) == ("done", "it was taken")
        assert clock.monotonic() - began >= 300
        (judged,) = heard(act, 1)
        assert isinstance(judged, protocol.Judged)
        assert (judged.verdict.word, judged.verdict.text) == ("WORKED", "4 of 4 are ready")
        assert clock.monotonic() - began >= 700


def test_what_nobody_did_has_no_answer(tmp_path: Path) -> None:
    with drill(Script().act("r1", 1, a_plan()), tmp_path) as playing:
        (trouble,) = heard(playing.act(RESTART), 1)
        assert isinstance(trouble, protocol.Trouble)
        assert trouble.text == UNKNOWN
        assert "Nothing was changed" in trouble.remedy


def test_another_plan_than_the_one_that_was_made_is_not_run(tmp_path: Path) -> None:
    with drill(Script().act("r1", 1, a_plan()), tmp_path) as playing:
        act = playing.act()
        planned(act)
        act.say(msgspec.json.encode(Run("something else")))
        (ran,) = heard(act, 1)
        assert isinstance(ran, protocol.Ran)
        assert ran.outcome.result == "failed"
        assert playing.world.doors.entered is None


def test_a_plan_that_the_world_has_passed_by_is_stale(tmp_path: Path) -> None:
    script = Script().act("r1", 1, a_plan(RESTART), verdict="NO EFFECT").act("r2", 3, a_plan())
    with drill(script, tmp_path) as playing:
        first, second = playing.act(RESTART), playing.act()
        plan = planned(first)
        confirmed(second)
        heard(second, 3)
        first.say(msgspec.json.encode(Run(plan.digest)))
        (ran,) = heard(first, 1)
        assert isinstance(ran, protocol.Ran)
        assert ran.outcome.result == "stale"
        entered = playing.world.doors.entered
        assert entered is not None
        assert entered.plan.request == ROLL_BACK, "it never goes back"


def test_again_is_a_plan_of_now(tmp_path: Path) -> None:
    with drill(Script().act("r1", 1, a_plan()), tmp_path) as playing:
        act = playing.act()
        first = planned(act)
        act.say(protocol.AGAIN)
        again = planned(act)
        assert again.made_at >= first.made_at
        assert again.substance == first.substance


def test_where_nobody_heard_whether_it_helped_nobody_knows(tmp_path: Path) -> None:
    with drill(Script().act("r1", 1, a_plan(), verdict=""), tmp_path) as playing:
        act = playing.act()
        confirmed(act)
        judged = heard(act, 3)[-1]
        assert isinstance(judged, protocol.Judged)
        assert judged.verdict.word == "CANNOT TELL"


def test_what_has_no_signal_is_not_judged(tmp_path: Path) -> None:
    with drill(Script().act("r1", 1, a_plan(signal=None, before=None), verdict=""), tmp_path) as playing:
        act = playing.act()
        confirmed(act)
        heard(act, 2)
        with pytest.raises(Silent) as silent:
            act.hear(300)
        assert not silent.value.gone


@pytest.mark.parametrize("kept", [True, False])
def test_what_takes_itself_back_does_so_unless_it_is_kept(tmp_path: Path, *, kept: bool) -> None:
    script = Script().act("r1", 1, a_plan(reverts_ms=600), verdict="")
    script.event(4, ActionSettled("r1", kept=False, why="nobody kept it", result="done", text="it is as before"))
    with drill(script, tmp_path) as playing:
        act = playing.act()
        confirmed(act)
        if kept:
            act.say(protocol.KEEP)
        reports = heard(act, 5)
        (provisional,) = [each for each in reports if isinstance(each, protocol.Provisional)]
        assert abs(provisional.until - SystemClock().now()) < 5 * SECOND
        (settled,) = [each for each in reports if isinstance(each, protocol.Settled)]
        assert settled.kept is kept
        assert (settled.outcome is None) is kept
        if settled.outcome is not None:
            assert (settled.outcome.result, settled.outcome.text) == ("done", "it is as before")


def test_what_was_kept_then_and_is_not_kept_now_is_not_known(tmp_path: Path) -> None:
    script = Script().act("r1", 1, a_plan(reverts_ms=100), verdict="")
    with drill(script.event(4, ActionSettled("r1", kept=True)), tmp_path) as playing:
        act = playing.act()
        confirmed(act)
        (settled,) = [each for each in heard(act, 5) if isinstance(each, protocol.Settled)]
        assert settled.outcome is not None
        assert settled.outcome.result == "unknown"


def test_who_is_gone_says_nothing_more(tmp_path: Path) -> None:
    with drill(Script().act("r1", 1, a_plan()), tmp_path) as playing:
        act = playing.act()
        planned(act)
        act.leave()
        with pytest.raises(Silent) as silent:
            act.hear(MINUTE)
        assert silent.value.gone


@pytest.mark.parametrize("mode", ["observe", "watch"])
def test_a_drill_knows_nothing_of_another_one(tmp_path: Path, mode: str) -> None:
    with drill(Script().act("r1", 1, a_plan()), tmp_path) as playing:
        (report,) = heard(playing.act(Request("x", ROLL_BACK.aim), mode=mode, plan=a_plan()), 1)
        if isinstance(report, protocol.Asked):
            assert report.found == "cannot tell"
        else:
            assert isinstance(report, protocol.Judged)
            assert report.verdict.word == "CANNOT TELL"
