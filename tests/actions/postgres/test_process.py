"""Ending a session through the process that acts, and what is found out after somebody killed that."""

from __future__ import annotations

import msgspec

from tests.actions.postgres.conftest import Starts, alive, end, pid_of
from tests.actions.process import Actor
from tests.rig.systems.postgres import Postgres
from wfconsole.actions.catalogue import action_named
from wfconsole.actions.systems import Systems
from wfconsole.config.actions import ActingSettings
from wfconsole.guard import protocol
from wfconsole.guard.protocol import Begin


def idle(postgres: Postgres) -> int:
    session = postgres.made.session("batch-reconcile")
    session.execute("UPDATE orders SET state = 'held' WHERE id = 1")
    return pid_of(session)


def test_from_plan_to_verdict(postgres: Postgres, acting: ActingSettings, begun: Starts) -> None:
    pid = idle(postgres)
    with Actor(Begin(acting, request=end(pid, begun(pid)), receipt="act-1")) as actor:
        plan = actor.plan()
        assert alive(postgres, pid) == [True]
        (evidence,) = actor.capture()
        assert evidence.missing == ""
        assert actor.run(plan).text == f"session {pid} is gone"
        assert actor.verdict().word == "WORKED"
    assert alive(postgres, pid) == [False]


def test_killed_before_and_after_the_effect(
    postgres: Postgres, acting: ActingSettings, begun: Starts, systems: Systems
) -> None:
    pid = idle(postgres)
    before = Actor(Begin(acting, request=end(pid, begun(pid)), receipt="act-1"))
    plan = before.plan()
    before.kill()
    assert action_named("end-session").observe(plan, systems)[0] == "did not run"
    after = Actor(Begin(acting, request=end(pid, begun(pid)), receipt="act-1"))
    plan = after.plan()
    after.say(msgspec.json.encode(protocol.Run(plan.digest)))
    after.until(protocol.Ran)
    after.kill()
    assert action_named("end-session").observe(plan, systems)[0] == "ran"
