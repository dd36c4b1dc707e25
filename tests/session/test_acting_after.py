"""What takes itself back, and what the console reads itself, at the session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.actions.bed import Bed
from tests.builders import a_pod, a_snapshot
from tests.comms.servers import PagerDuty, serving
from tests.journal.helpers import until
from tests.rig.api import path_of
from tests.runbook.documents import HEAD
from tests.session.test_acting import YES, Place, Places, entries_to, places
from wfconsole.clock import SECOND
from wfconsole.config.actions import ActingSettings
from wfconsole.config.messaging import PagerDutySettings
from wfconsole.incident.action_events import ActionEnded
from wfconsole.incident.clocks import open_calls
from wfconsole.incident.paging import request_for
from wfconsole.incident.plan import Aim, Request
from wfconsole.runbook import load_runbook
from wfconsole.session import act_life

__all__ = ["places"]  # a fixture

SOURCE = "203.0.113.9"
RUNBOOK = """\
# Playbook: Queue

Messages pile up.

1. **Drain it**
   - Action: R1
   - By hand:
     ```bash
     true
     ```
   - Verify: `pods not-ready count=0` within 1 s
"""


def blocked(bed: Bed) -> bool:
    return bool(bed.api.items(path_of("networking.k8s.io/v1", "NetworkPolicy", namespace=bed.namespace)))


def block(bed: Bed) -> Request:
    bed.make("web", 1)
    until(lambda: bool(bed.pods()), "there is a pod")
    return Request("block-source", Aim("source", SOURCE), {"namespace": bed.namespace, "target": "deployment/web"})


@pytest.mark.rig
def test_it_stays_once_somebody_said_so(bed: Bed, places: Places) -> None:
    """A process that waits for a person is heard of all the time: silence is taken for its end."""
    place = places()
    name, plan = place.plan(block(bed))
    assert plan.reverts_ms
    assert place.acting.confirm(name, YES) == ""
    until(lambda: bool(place.verdict(name)), "it is judged")
    seen = len(place.act(name).readings)
    until(lambda: len(place.act(name).readings) > seen, "it looks on after the verdict")
    assert place.act(name).kept_unless
    place.acting.keep(name)
    until(lambda: place.act(name).stage == "over", "it is settled")
    assert (place.receipt(name).settled, blocked(bed)) == ("kept", True)


@pytest.mark.rig
def test_a_process_that_was_killed_leaves_no_silence(bed: Bed, places: Places) -> None:
    place = places()
    name, _ = place.plan(block(bed))
    place.acting.confirm(name, YES)
    until(lambda: bool(place.result(name) and place.act(name).kept_unless), "it may still take itself back")
    process = place.acting._book.process(name)
    assert process is not None
    process.kill()
    until(lambda: place.act(name).stage == "over", "it is noticed")
    assert (place.receipt(name).settled, blocked(bed)) == ("not taken back", True)
    assert place.receipt(name).can_be_undone


@pytest.mark.rig
def test_a_console_that_is_gone_in_between_is_told_that_it_was_taken_back(
    bed: Bed, places: Places, acting: ActingSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(act_life, "ASKED_EVERY_MS", SECOND)
    place = places()
    name, _ = place.plan(block(bed))
    place.acting.confirm(name, YES)
    until(lambda: place.result(name) == "done", "it is done")
    place.resume(entries_to(place, ActionEnded), acting)
    until(lambda: place.receipt(name).settled == "taken back", "it is found out")
    assert not blocked(bed)
    assert not place.receipt(name).can_be_undone


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Place]:
    """Without a cluster: the command is of a runbook."""
    file = tmp_path / "runbook.md"
    file.write_text(HEAD + RUNBOOK)
    place = Place(ActingSettings(runbook=str(file)))
    yield place
    place.acting.close()


def test_who_was_paged_is_called_in_the_record(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("canary-0123456789\n")
    with serving(PagerDuty()) as server:
        place = Place(ActingSettings(pagerduty=PagerDutySettings(str(tmp_path / "key"), base_url=server.url)))
        state, policy = place.session.view.incident, load_runbook(None).policy
        request = request_for("page", state, policy, "Primary on call", "no logins")
        name, plan = place.plan(request)
        assert f"ok the policy for {state.severity} wants Primary on call called" in [
            f"{check.judgement} {check.text}" for check in plan.checks
        ]
        assert place.acting.confirm(name, YES) == ""
        until(lambda: place.result(name) == "done", "it is taken")
        until(
            lambda: len(open_calls(policy, place.session.view.incident)) < len(open_calls(policy, state)), "it is told"
        )
        again = request_for("page", place.session.view.incident, policy, "Primary on call", "still no logins")
        assert again.parameters["called"].startswith("Primary on call\t")
        place.acting.close()


def see(place: Place, *, ready: bool) -> None:
    now = place.clock.now()
    rows = [msgspec.structs.replace(a_pod(), ready=ready)]
    view = place.session.view
    world = view.world.with_snapshot(a_snapshot("pods", rows, now))
    place.session._view = msgspec.structs.replace(view, world=world)


def test_a_probe_is_read_by_the_console_itself(alone: Place) -> None:
    name, _ = alone.plan(Request("command", Aim("step", "queue/drain-it")))
    see(alone, ready=False)
    assert alone.acting.confirm(name, YES) == ""
    until(lambda: alone.result(name) == "done", "it is done")
    see(alone, ready=True)
    until(lambda: bool(alone.verdict(name)), "it is judged")
    assert alone.verdict(name) == "WORKED"
    assert "0 -> 1" in alone.receipt(name).verdict_text


def test_what_was_seen_before_shows_nothing(alone: Place) -> None:
    name, _ = alone.plan(Request("command", Aim("step", "queue/drain-it")))
    see(alone, ready=True)
    assert alone.acting.confirm(name, YES) == ""
    until(lambda: bool(alone.verdict(name)), "it is judged")
    assert alone.verdict(name) == "CANNOT TELL"
    assert "nobody has looked at pods since" in alone.receipt(name).verdict_text
