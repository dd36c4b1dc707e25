"""Ending a session on the real server: the root, once, and nothing else."""

from __future__ import annotations

import os
import subprocess

import msgspec
import psycopg
import pytest

from tests.actions.conftest import planned, ran
from tests.actions.postgres.conftest import Opens, Starts, alive, by_hand, end, pid_of
from tests.rig.systems.postgres import MONITOR, PASSWORD, PLAIN, Postgres
from tests.sources.fault_proxy import Fault, FaultProxy
from wfconsole.actions.catalogue import action_named
from wfconsole.actions.contract import BadRequestError, Stale, Unknown
from wfconsole.actions.postgres import judging
from wfconsole.actions.systems import Systems
from wfconsole.incident.plan import Plan, Verdict
from wfconsole.incident.verdict import verdict_of
from wfconsole.redaction import redact
from wfconsole.sources.contract import SourceError
from wfconsole.text import is_safe

# The team's runbook; nobody waits five minutes in a test, and the test itself is none of the victims.
LITERAL = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE state = 'active' AND query_start < NOW() - INTERVAL '0 minutes' AND pid <> pg_backend_pid()"""


def pids(postgres: Postgres) -> list[int]:
    """Who stands in the lock tree of a fault, its root first."""
    return [pid_of(each) for each in postgres.made._held]


def texts(plan: Plan) -> str:
    return "\n".join(check.text for check in plan.checks)


def judged(systems: Systems, plan: Plan) -> Verdict | None:
    """The verdict by one reading, at the end of the window."""
    assert plan.signal is not None
    signal = msgspec.structs.replace(plan.signal, hold_ms=0)
    reading = action_named("end-session").measure(plan, systems)
    return verdict_of(signal, plan.before, [reading], 0, signal.window_ms)


def test_the_literal_statement_ends_the_victims_and_leaves_the_culprit(
    postgres: Postgres, systems: Systems, begun: Starts
) -> None:
    postgres.faults["lock-chain"]()
    root, *victims = pids(postgres)
    plan = planned(systems, end(root, begun(root)))
    by_hand(postgres, LITERAL)
    assert alive(postgres, root, *victims) == [True, False, False, False], "the lock is held as before"
    assert ran(systems, plan).result == "done"
    assert alive(postgres, root) == [False]


def test_ours_ends_the_root_and_says_who_is_the_next_one(postgres: Postgres, systems: Systems, begun: Starts) -> None:
    postgres.faults["lock-chain"]()
    root, *waiting = pids(postgres)
    plan = planned(systems, end(root, begun(root)))
    assert (plan.colour, plan.danger, plan.dry_run.kind, plan.word) == ("EXPLAIN", "R3", "explained", str(root))
    assert "it is the root: 3 sessions wait behind it, 3 for nobody else" in texts(plan)
    assert f"the next root may be pid {waiting[0]} (checkout-api)" in texts(plan)
    assert any(line.startswith("rolls back its transaction") and "it has written," in line for line in plan.blast)
    assert any("public.orders RowExclusiveLock" in line or "orders RowExclusiveLock" in line for line in plan.blast)
    assert plan.inverse is None
    (kept,) = action_named("end-session").capture(plan, systems)
    assert len(kept.lines) == 4
    assert "UPDATE orders SET state = 'wanted'" in kept.lines[1]
    assert ran(systems, plan).result == "done"
    assert alive(postgres, root, *waiting) == [False, True, True, True]
    verdict = judged(systems, plan)
    assert verdict is not None
    assert (verdict.word, verdict.before, verdict.value) == ("NO EFFECT", 3, 2), "the first has its lock, and keeps it"
    reading = action_named("end-session").measure(plan, systems)
    assert f"2 of them wait, for pid {waiting[0]}" in reading.text
    assert judged_after_the_next_root(postgres, systems, plan, waiting, begun) == "WORKED"


def judged_after_the_next_root(
    postgres: Postgres, systems: Systems, plan: Plan, waiting: list[int], begun: Starts
) -> str:
    for pid in waiting[:2]:
        ran(systems, planned(systems, end(pid, begun(pid))))
    verdict = judged(systems, plan)
    return "" if verdict is None else verdict.word


def test_more_who_wait_make_it_worse(postgres: Postgres, systems: Systems, begun: Starts) -> None:
    """The session was not ended, and others join the queue."""
    postgres.faults["lock-chain"]()
    root = pids(postgres)[0]
    plan = planned(systems, end(root, begun(root)))
    postgres.made.wait(postgres.made.session("checkout-api"), "UPDATE orders SET state = 'wanted' WHERE id = 1")
    verdict = judged(systems, plan)
    assert verdict is not None
    assert (verdict.word, verdict.value) == ("WORSE", 4)


def test_a_pid_that_lives_on_in_another_session_is_not_touched(
    postgres: Postgres, systems: Systems, begun: Starts
) -> None:
    """The plan is of the session that had this pid before: another start."""
    victim = pid_of(postgres.made.session("checkout-api"))
    plan = planned(systems, end(victim, begun(victim)))
    before = "2026-01-01T00:00:00.123456Z"
    with pytest.raises(Stale, match="is another session now"):
        ran(systems, msgspec.structs.replace(plan, calls={**plan.calls, "start": before}))
    other = planned(systems, end(victim, before))
    assert (other.colour, other.overridable) == ("REFUSE", False)
    assert f"pid {victim} is another session now: it began at" in other.refusals[0]
    with pytest.raises(Stale, match="another session"):
        ran(systems, other)
    by_hand(postgres, f"SELECT {victim}")
    assert alive(postgres, victim) == [True]
    by_hand(postgres, f"SELECT pg_terminate_backend({victim})")  # by its pid alone, as the tools do it
    assert alive(postgres, victim) == [False]


def test_a_walsender_is_hit_by_the_literal_statement_and_refused_by_ours(
    postgres: Postgres, systems: Systems, begun: Starts
) -> None:
    postgres.made.standby()
    with postgres.admin() as admin:
        ((sender, active),) = admin.execute(
            "SELECT pid, state = 'active' FROM pg_stat_activity WHERE backend_type = 'walsender'"
        ).fetchall()
    assert active
    plan = planned(systems, end(sender, begun(sender)))
    assert (plan.colour, plan.overridable) == ("REFUSE", False)
    assert "a walsender: it feeds a replica or a backup, which would break" in plan.refusals[0]
    with pytest.raises(Stale):
        ran(systems, plan)
    assert alive(postgres, sender) == [True]
    by_hand(postgres, LITERAL)
    assert alive(postgres, sender) == [False]


@pytest.mark.parametrize(
    ("application", "user", "why"),
    [
        ("checkout-api", "postgres", "is a superuser"),
        ("wfconsole/poll", "", "the console's own"),
        ("PG_DUMP nightly", "", "never_end"),
    ],
)
def test_what_is_never_ended_is_not_even_when_the_plan_is_overridden(
    postgres: Postgres, systems: Systems, begun: Starts, application: str, user: str, why: str
) -> None:
    spared = pid_of(postgres.made.session(application, user=user))
    plan = planned(systems, end(spared, begun(spared)))
    assert (plan.colour, plan.overridable, plan.alternatives) == ("REFUSE", False, ())
    assert why in plan.refusals[0]
    with pytest.raises(Stale):
        ran(systems, plan)
    assert alive(postgres, spared) == [True]


def test_a_role_that_replicates_is_spared(postgres: Postgres, systems: Systems, begun: Starts) -> None:
    with postgres.admin() as admin:
        admin.execute("ALTER ROLE wf_app REPLICATION")
        try:
            pid = pid_of(postgres.made.session("backup-agent"))
            plan = planned(systems, end(pid, begun(pid)))
            assert "a role for replication" in plan.refusals[0]
            with pytest.raises(Stale):
                ran(systems, plan)
            assert alive(postgres, pid) == [True]
        finally:
            admin.execute("ALTER ROLE wf_app NOREPLICATION")


def test_a_server_that_says_nothing_is_cut_off_and_nothing_was_changed(
    postgres: Postgres, opens: Opens, begun: Starts
) -> None:
    pid = pid_of(postgres.made.session("checkout-api"))
    request = end(pid, begun(pid))
    with FaultProxy(postgres.port) as proxy:
        systems = opens(port=proxy.port)
        plan = planned(systems, request)
        systems.database._question.deadline_ms = 300
        proxy.become(Fault("silent"))
        with pytest.raises(SourceError) as told:
            ran(systems, plan)
        assert told.value.kind == "timeout"
        assert "by itself" not in told.value.remedy, "an action tries nothing again"
    assert alive(postgres, pid) == [True]


def test_background_work_is_refused(postgres: Postgres, systems: Systems, begun: Starts) -> None:
    with postgres.admin() as admin:
        ((checkpointer,),) = admin.execute(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"
        ).fetchall()
    plan = planned(systems, end(checkpointer, begun(checkpointer)))
    assert "no client's but a checkpointer" in plan.refusals[0]
    with pytest.raises(Stale):
        ran(systems, plan)


def test_a_victim_is_refused_and_its_root_offered(postgres: Postgres, systems: Systems, begun: Starts) -> None:
    postgres.faults["lock-chain"]()
    root, first, *_ = pids(postgres)
    plan = planned(systems, end(first, begun(first)))
    assert (plan.colour, plan.overridable) == ("REFUSE", True)
    assert f"a victim and not the culprit: pid {root} (batch-reconcile) holds it up" in plan.refusals[0]
    assert "frees only the 2 behind it" in plan.refusals[0]
    better = next(each for each in plan.alternatives if each.text.startswith("end the root instead"))
    assert planned(systems, better.request).colour == "EXPLAIN"
    assert ran(systems, planned(systems, better.request)).result == "done"
    assert alive(postgres, root, first) == [False, True]


def test_a_cancel_does_nothing_to_what_is_idle_in_its_transaction(
    postgres: Postgres, systems: Systems, begun: Starts
) -> None:
    postgres.faults["idle-in-transaction"]()
    (idle,) = pids(postgres)
    plan = planned(systems, end(idle, begun(idle), "cancel"))
    assert plan.refusals == (
        "a cancel does nothing: it is idle in its transaction and runs no statement; only its end helps",
    )
    with pytest.raises(Stale, match="not as it was"):
        ran(systems, plan)
    by_hand(postgres, f"SELECT pg_cancel_backend({idle})")
    assert alive(postgres, idle) == [True]
    (other,) = [each for each in plan.alternatives if each.text == "end its session"]
    better = planned(systems, other.request)
    assert (better.colour, better.danger) == ("EXPLAIN", "R2"), "it has written nothing"
    assert ran(systems, better).result == "done"
    assert alive(postgres, idle) == [False]


def test_a_statement_is_cancelled_first_and_its_session_stays(
    postgres: Postgres, systems: Systems, begun: Starts
) -> None:
    slow = postgres.made.session("report")
    postgres.made.wait(slow, "SELECT pg_sleep(3600)", for_lock=False)
    plan = planned(systems, end(pid_of(slow), begun(pid_of(slow))))
    assert (plan.calls["how"], plan.danger) == ("cancel", "R2")
    harder = planned(systems, end(pid_of(slow), begun(pid_of(slow)), "terminate"))
    assert [each.text for each in harder.alternatives] == ["cancel its statement first"]
    assert ran(systems, plan).result == "done"
    assert alive(postgres, pid_of(slow)) == [True]
    assert slow.pgconn.get_result().error_field(psycopg.pq.DiagnosticField.SQLSTATE) == b"57014"  # type: ignore[union-attr]
    verdict = judged(systems, plan)
    assert verdict is not None
    assert (verdict.word, verdict.value) == ("WORKED", 0)
    with pytest.raises(Stale):
        ran(systems, plan)  # it runs another statement by now, or none


def test_a_prepared_transaction_is_no_session(postgres: Postgres, systems: Systems, begun: Starts) -> None:
    postgres.made.prepared_transaction("it's \x1b[31m42")
    (victim,) = pids(postgres)
    plan = planned(systems, end(0, ""))
    assert (plan.colour, plan.overridable) == ("REFUSE", False)
    assert "only wf_app or a superuser may end it" in texts(plan)
    assert "1 waits for it" in texts(plan)
    chosen = planned(systems, end(victim, begun(victim)))
    assert "only its owner (wf_app) or a superuser can end it: ROLLBACK PREPARED" in chosen.refusals[0]
    assert [each.request.aim.name for each in chosen.alternatives] == ["0"]
    (hand,) = plan.by_hand
    assert "ROLLBACK PREPARED" in hand
    assert is_safe(hand)
    with pytest.raises(Stale):
        ran(systems, plan)
    assert alive(postgres, victim) == [True]


def test_a_transaction_that_ended_by_itself_makes_the_plan_stale(
    postgres: Postgres, systems: Systems, begun: Starts
) -> None:
    session = postgres.made.session("batch-reconcile")
    session.execute("SELECT 1")
    plan = planned(systems, end(pid_of(session), begun(pid_of(session))))
    session.commit()
    session.execute("SELECT 1")
    with pytest.raises(Stale, match="not as it was in the plan"):
        ran(systems, plan)
    assert alive(postgres, pid_of(session)) == [True]


def test_each_right_that_is_missing_is_named_with_its_grant(postgres: Postgres, opens: Opens, begun: Starts) -> None:
    postgres.faults["lock-chain"]()
    root = pids(postgres)[0]
    request = end(root, begun(root))
    plan = planned(opens(acting_user=MONITOR), request)
    assert plan.colour == "REFUSE"
    assert [each.grant for each in plan.permissions if each.allowed is False] == [
        f"GRANT pg_signal_backend TO {MONITOR};"
    ]
    with pytest.raises(SourceError, match="must be a member of the role"):
        ran(opens(acting_user=MONITOR), plan)
    blind = planned(opens(acting_user=PLAIN), end(root, begun(root)))
    assert f"GRANT pg_monitor TO {PLAIN};" in [each.grant for each in blind.permissions]
    assert blind.signal is None, "it knows nothing that could be measured"
    assert alive(postgres, root) == [True]


def test_without_a_role_for_acting_the_one_that_looks_is_asked(postgres: Postgres, opens: Opens, begun: Starts) -> None:
    postgres.faults["idle-in-transaction"]()
    (idle,) = pids(postgres)
    plan = planned(opens(acting_user="", acting_password_file=""), end(idle, begun(idle)))
    assert f"as {MONITOR}" in plan.place
    assert any(each.allowed is False for each in plan.permissions)


def test_a_wrong_password_names_the_file_of_the_one_who_acts(postgres: Postgres, opens: Opens) -> None:
    with pytest.raises(SourceError) as told:
        planned(opens(acting_password_file="/nowhere"), end(1, "2026-01-01T00:00:00Z"))
    assert "database.acting_password_file" in told.value.remedy


def test_a_full_server_lets_nobody_in_but_whoever_has_planned_before(
    postgres: Postgres, opens: Opens, begun: Starts
) -> None:
    held = postgres.made.session("batch-reconcile")
    held.execute("SELECT 1")
    request = end(pid_of(held), begun(pid_of(held)))
    before = opens()
    planned(before, request)
    postgres.faults["connections-exhausted"]()
    with pytest.raises(SourceError) as told:
        planned(opens(), request)
    assert "pg_use_reserved_connections TO wf_act" in told.value.remedy
    assert "superuser" in told.value.remedy
    plan = planned(before, request)
    assert "0 of 27 connection slots are free" in texts(plan)
    assert "end-idle-sessions" in [each.request.action for each in plan.alternatives]
    assert ran(before, plan).result == "done"


def test_an_answer_that_is_lost_leaves_it_unknown_and_is_found_later(
    postgres: Postgres, opens: Opens, begun: Starts
) -> None:
    held = postgres.made.session("batch-reconcile")
    held.execute("SELECT 1")
    with FaultProxy(postgres.port) as proxy:
        systems = opens(port=proxy.port)
        plan = planned(systems, end(pid_of(held), begun(pid_of(held))))
        action = action_named("end-session")
        assert action.observe(plan, systems)[0] == "did not run"
        with pytest.raises(Unknown, match="terminate session"):
            action.run(plan, systems, lambda _: proxy.become(Fault("reset")))
        proxy.heal()
        assert action.observe(plan, systems) == ("ran", f"session {plan.calls['pid']} of {plan.calls['start']} is gone")
    assert alive(postgres, pid_of(held)) == [False]


def test_hostile_names_reach_neither_the_screen_nor_the_shell(
    postgres: Postgres, systems: Systems, begun: Starts
) -> None:
    session = postgres.made.session("x'; touch /tmp/x; token=s3cr3t [red]\x1b]52;c;aGk=\x07")
    session.execute("SELECT 'password=hunter2 \x1b[31m'")
    pid = pid_of(session)
    plan = planned(systems, end(pid, begun(pid)))
    whole = msgspec.json.decode(msgspec.json.encode(plan))
    assert redact(whole) == whole
    assert "hunter2" not in str(whole)
    assert "s3cr3t" not in str(whole)
    assert all(is_safe(text) for text in (plan.title, plan.place, *plan.blast, *plan.diff, *plan.by_hand))
    (hand,) = plan.by_hand
    assert "touch" not in hand
    assert f"a.backend_start = '\"'\"'{plan.calls['start']}'\"'\"'" in hand
    assert alive(postgres, pid) == [True]


def test_what_is_shown_to_do_it_by_hand_does_it_and_only_to_this_session(
    postgres: Postgres, systems: Systems, begun: Starts
) -> None:
    held = postgres.made.session("x'; DROP TABLE orders; --")
    held.execute("SELECT 1")
    plan = planned(systems, end(pid_of(held), begun(pid_of(held))))
    (hand,) = plan.by_hand
    start = plan.calls["start"]
    shell({"PGPASSWORD": PASSWORD}, hand.replace(start, start.replace("20", "19", 1)))
    assert alive(postgres, pid_of(held)) == [True], "another start is another session"
    shell({"PGPASSWORD": PASSWORD}, hand)
    assert alive(postgres, pid_of(held)) == [False]


def shell(more: dict[str, str], command: str) -> None:
    subprocess.run(["bash", "-c", command], check=True, capture_output=True, timeout=30, env={**os.environ, **more})


def test_a_function_that_was_taken_away_is_named(postgres: Postgres, systems: Systems, begun: Starts) -> None:
    held = postgres.made.session("checkout-api")
    held.execute("SELECT 1")
    with postgres.admin() as admin:
        admin.execute("REVOKE EXECUTE ON FUNCTION pg_terminate_backend(int, bigint) FROM PUBLIC")
        try:
            plan = planned(systems, end(pid_of(held), begun(pid_of(held))))
            with pytest.raises(SourceError, match="permission denied for function"):
                ran(systems, plan)
        finally:
            admin.execute("GRANT EXECUTE ON FUNCTION pg_terminate_backend(int, bigint) TO PUBLIC")
    assert [each.grant for each in plan.permissions if each.allowed is False] == [
        "GRANT EXECUTE ON FUNCTION pg_terminate_backend TO wf_act;"
    ]


def test_a_start_that_is_none_is_said(postgres: Postgres, systems: Systems) -> None:
    with pytest.raises(BadRequestError, match="as pg_stat_activity has it"):
        planned(systems, end(pid_of(postgres.made.session("checkout-api")), "yesterday"))


def test_without_a_start_only_a_session_is_meant_that_had_the_pid_for_minutes(
    postgres: Postgres, systems: Systems, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = pid_of(postgres.made.session("checkout-api"))
    young = planned(systems, end(pid, ""))
    assert (young.colour, young.overridable) == ("REFUSE", True)
    assert f"give backend_start={young.calls['start']}" in young.refusals[0]
    monkeypatch.setattr(judging, "YOUNG_MS", 0)
    old = planned(systems, end(pid, ""))
    assert (old.colour, old.calls) == ("EXPLAIN", young.calls)
    assert f"this is who has pid {pid} now" in texts(old)


def test_milliseconds_of_a_screen_name_a_session_too(postgres: Postgres, systems: Systems, begun: Starts) -> None:
    pid = pid_of(postgres.made.session("checkout-api"))
    seconds, _, rest = begun(pid).partition(".")
    plan = planned(systems, end(pid, f"{seconds}.{rest[:3]}Z"))
    assert plan.calls["pid"] == pid
