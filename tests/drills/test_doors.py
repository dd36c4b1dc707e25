"""Which actions of a recording a drill can answer."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.drills.recorded import EPOCH, GATEWAY, RESTART, ROLL_BACK, Script, a_plan
from wfconsole.clock import SECOND
from wfconsole.drills.doors import Door, doors_of
from wfconsole.incident.action_events import ActionEnded, ActionIntended, ActionSettled, ActionVerified
from wfconsole.incident.events import Event
from wfconsole.incident.plan import Aim, Evidence, Request
from wfconsole.recording.lines import OperatorNote
from wfconsole.recording.play import Recording


def doors(script: Script, tmp_path: Path) -> tuple[Door, ...]:
    recording = Recording(script.write(tmp_path / "made.jsonl", 60))
    try:
        return doors_of(recording, 3)
    finally:
        recording.close()


def test_an_action_is_whole_from_its_evidence_to_its_verdict(tmp_path: Path) -> None:
    inverse = Request("roll-back", GATEWAY, {"revision": "2"})
    script = Script().pod(0, "gateway-1", keyframe=True).act("r1", 4, a_plan(), took=2, after=5)
    script.event(12, ActionSettled("r1", kept=True))
    (door,) = doors(script, tmp_path)
    assert (door.recording, door.at, door.ended_at) == (3, EPOCH + 4 * SECOND, EPOCH + 6 * SECOND)
    assert door.plan == a_plan()
    assert door.evidence == (Evidence("the pods", ("gateway-1 is down",)),)
    assert (door.outcome.result, door.outcome.text, door.outcome.inverse) == ("done", "it was taken", None)
    assert door.verdict is not None
    assert (door.verdict.word, door.verified_at) == ("WORKED", EPOCH + 11 * SECOND)
    assert door.settled is not None
    assert door.over_at == door.settled_at == EPOCH + 12 * SECOND
    assert door.worked
    assert inverse.action == door.plan.request.action


def test_what_nobody_knows_the_end_of_is_no_door(tmp_path: Path) -> None:
    plan = msgspec.Raw(msgspec.json.encode(a_plan()))
    script = Script()
    script.event(1, ActionIntended("never-ended", "t", "roll-back", "x", "R1", plan))
    script.event(2, ActionIntended("unknown", "t", "roll-back", "x", "R1", plan))
    script.event(3, ActionEnded("unknown", "unknown", "no answer"))
    script.event(4, ActionIntended("no-plan", "t", "roll-back", "x", "R1", msgspec.Raw(b'{"request":7}')))
    script.event(5, ActionEnded("no-plan", "done", "it was taken"))
    script.event(6, ActionEnded("no-intent", "done", "it was taken"))
    assert doors(script, tmp_path) == ()


@pytest.mark.parametrize(
    "event",
    [
        ActionEnded("r1", "splendid", "it was taken"),
        ActionEnded("r1", "done", "it was taken", inverse=msgspec.Raw(b'{"action":7}')),
        ActionVerified("r1", "SPLENDID", "it is well"),
        ActionSettled("r1", kept=False, result="splendid"),
    ],
)
def test_what_makes_no_sense_is_no_door_and_ends_nothing(event: Event, tmp_path: Path) -> None:
    script = Script().act("r1", 1, a_plan(), verdict="").act("r2", 10, a_plan(RESTART))
    assert [door.plan.request for door in doors(script.event(20, event), tmp_path)] == [RESTART]


def test_doors_stand_in_the_order_in_which_they_were_opened(tmp_path: Path) -> None:
    script = Script().act("r1", 2, a_plan(RESTART), verdict="NO EFFECT").act("r2", 10, a_plan(), verdict="")
    first, second = doors(script, tmp_path)
    assert (first.plan.request, first.worked) == (RESTART, False)
    assert (second.plan.request, second.verdict, second.worked) == (ROLL_BACK, None, False)


def test_an_event_of_a_newer_version_is_passed_over(tmp_path: Path) -> None:
    script = Script().act("r1", 2, a_plan())
    script._writer.note(EPOCH + 9 * SECOND, OperatorNote("n", "op1", msgspec.Raw(b'{"type":"of-the-future"}')))
    assert len(doors(script, tmp_path)) == 1


@pytest.mark.parametrize(
    ("asked", "opens"),
    [
        (ROLL_BACK, True),
        (Request("roll-back", GATEWAY), True),  # the plan says which revision it is
        (Request("roll-back", GATEWAY, {"revision": "1", "reason": "x"}), True),
        (Request("roll-back", GATEWAY, {"revision": "2"}), False),
        (Request("roll-back", Aim("deployment", "llm", "shop"), {"revision": "1"}), False),
        (Request("roll-back", Aim("deployment", "gateway", "other"), {"revision": "1"}), False),
        (RESTART, False),
    ],
)
def test_a_door_opens_for_what_was_done_and_for_nothing_else(asked: Request, tmp_path: Path, *, opens: bool) -> None:
    (door,) = doors(Script().act("r1", 2, a_plan()), tmp_path)
    assert door.asked_by(asked, 0) is opens


def test_instants_in_what_is_asked_are_those_of_the_drill(tmp_path: Path) -> None:
    """A session is told apart from a later one of its pid by when it began; on the screen it began today."""
    session = Aim("session", "4711")
    recorded = Request("end-session", session, {"backend_start": "2026-01-01T00:00:00.250+00:00"})
    (door,) = doors(Script().act("r1", 2, a_plan(recorded)), tmp_path)
    on_the_screen = Request("end-session", session, {"backend_start": "2026-01-01T01:00:00.250+00:00"})
    assert door.asked_by(on_the_screen, 3600 * SECOND)
    assert not door.asked_by(on_the_screen, 0)
