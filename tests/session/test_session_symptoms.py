"""Since when symptoms hold, as the session folds it: live, and over a jump in a replay."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.session.made import BEGAN, BROKEN, FINE, crashing, patch, recording, row
from tests.session.test_session import Room
from wfconsole.clock import SECOND, ManualClock
from wfconsole.incident.probing import understood
from wfconsole.incident.symptoms import SymptomsHeld, match_playbooks, watched_probes
from wfconsole.recording.play import Recording
from wfconsole.runbook import load_runbook
from wfconsole.session.checkpoint import nothing_yet
from wfconsole.session.replay import Playback
from wfconsole.session.session import Session

HALF = "pods.not_ready_ratio namespace=production > 20%"
RUNBOOK = load_runbook(None)


def held(session: Session) -> SymptomsHeld:
    found = session.view.symptoms
    assert found is not None
    return found


def test_before_anything_was_seen_nobody_has_looked_for_symptoms() -> None:
    assert Room().session.view.symptoms is None


def test_each_snapshot_is_looked_through_for_the_symptoms_that_rest_on_it() -> None:
    room = Room()
    room.trouble()
    assert held(room.session).since[HALF] == BEGAN + 2 * SECOND
    assert not any("signals" in text for text in held(room.session).looked)


def test_a_symptom_is_over_once_its_source_says_so() -> None:
    room = Room()
    room.trouble()
    room.see(patch(row(BROKEN)), seconds=4)
    assert HALF not in held(room.session).since


def test_what_is_shown_says_for_how_long() -> None:
    room = Room()
    room.see(patch(row(FINE), row(BROKEN)), seconds=0, keyframe=True)
    for second in range(2, 92, 2):
        room.see(patch(crashing(BEGAN + 2 * SECOND)), seconds=second)
    view = room.session.view
    outage = match_playbooks(RUNBOOK, view.world, held(room.session), room.clock.now(), view.incident)[0]
    found = next(each for each in outage.symptoms if "Health checks" in each.text)
    assert (outage.playbook, found.state, found.since) == ("service-outage", "present", BEGAN + 2 * SECOND)


@pytest.mark.parametrize("seconds", [21, 60, 79])
def test_a_jump_knows_since_when_a_symptom_holds(tmp_path: Path, seconds: int) -> None:
    made = Playback(Recording(recording(tmp_path)), RUNBOOK, ManualClock(), changed=lambda: None)
    try:
        made.seek(BEGAN + seconds * SECOND)
        made.player.pump()
        assert held(made.session).since[HALF] == BEGAN + 20 * SECOND
        made.seek(BEGAN + 100 * SECOND)
        made.player.pump()
        assert HALF not in held(made.session).since
        made.seek(BEGAN + 10 * SECOND)
        made.player.pump()
        assert HALF not in held(made.session).since
    finally:
        made.close()


def test_a_checkpoint_brings_back_since_when() -> None:
    room = Room()
    room.trouble()
    kept = room.session.checkpoint()
    room.see(patch(row(BROKEN)), seconds=4)
    room.session.restore(kept)
    assert held(room.session).since[HALF] == BEGAN + 2 * SECOND
    room.session.restore(nothing_yet(room.session.view.target, (), BEGAN))
    assert room.session.view.symptoms is None


def test_a_runbook_that_is_read_later_is_looked_for_from_then_on() -> None:
    session = Session(clock=ManualClock(BEGAN), runbook=Room().session.runbook, operator="op1")
    session.follow_runbook(RUNBOOK)
    assert session.view.symptoms is None


def test_what_was_seen_before_the_runbook_was_read_is_looked_through_once_it_is() -> None:
    """Or each frame would go through all pods for what nobody has looked at yet."""
    room = Room()
    policy = msgspec.structs.replace(RUNBOOK.policy, rules=())
    room.session.follow_runbook(msgspec.structs.replace(RUNBOOK, checklists=(), policy=policy))
    room.trouble()
    assert held(room.session).looked == {}
    room.session.follow_runbook(RUNBOOK)
    resting = {text for text in watched_probes(RUNBOOK) if "pods" in understood(text).sources}
    assert HALF in resting
    assert set(held(room.session).looked) == resting
    assert held(room.session).since[HALF] == BEGAN + 2 * SECOND
