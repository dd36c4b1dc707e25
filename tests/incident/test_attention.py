"""The order of what needs the commander first: fixed, and the same for the same situation."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.builders import (
    GATEWAY,
    NOW,
    a_checklist,
    a_database,
    a_failure,
    a_policy,
    a_runbook,
    a_snapshot,
    a_step,
    a_world,
    declared,
    entries,
    noticed,
)
from wfconsole.clock import DAY, HOUR, MINUTE, SECOND, Millis
from wfconsole.incident.advance import fold
from wfconsole.incident.attention import Need, Situation, attention
from wfconsole.incident.checklist import Active, active_checklist
from wfconsole.incident.clocks import call_step, clocks
from wfconsole.incident.events import (
    EntryStarred,
    Event,
    FollowUpAdded,
    MomentSet,
    StatusChanged,
    StepMarked,
    StepProbed,
    TaskClosed,
    TaskGiven,
    UpdateSent,
)
from wfconsole.incident.looks import pane_of_condition
from wfconsole.incident.policy import Call, Span
from wfconsole.incident.state import IncidentState
from wfconsole.observations.board import BoardLine
from wfconsole.observations.judged import Judged
from wfconsole.observations.levels import Level, Quality
from wfconsole.observations.pod_groups import PodGroup

RUNBOOK = a_runbook()


def pods(
    quality: Quality = Quality.LIVE,
    age_ms: Millis | None = 3 * SECOND,
    reason: str = "timeout",
    level: Level = Level.OK,
) -> BoardLine:
    return BoardLine(3, "Pods", level, quality, "2/2 ready", age_ms=age_ms, reason=reason)


def hpas(quality: Quality = Quality.LIVE, level: Level = Level.OK) -> BoardLine:
    return BoardLine(4, "HPA", level, quality, "1 of 1 below max", age_ms=3 * SECOND, reason="timeout")


def worst(state: IncidentState, pane: int) -> Level:
    """The level of a pane that shows what the record holds."""
    shown = (found.level for key, found in state.conditions.items() if pane_of_condition(key) == pane and found.lasts)
    return max(shown, default=Level.OK)


def situation(*events: Event, now: Millis = NOW, start: Millis = NOW - 5 * MINUTE, **changes: Any) -> Situation:
    """An incident of five minutes ago at `now`, with its checklist and clocks; everything else is well."""
    state = fold(entries(*events, start=start, every_ms=SECOND)) if events else IncidentState()
    seen = Situation(
        now=now,
        state=state,
        lines=(pods(level=worst(state, 3)), hpas(level=worst(state, 4))),
        clocks=clocks(state, a_policy(), now),
        checklist=active_checklist(RUNBOOK, state),
    )
    return msgspec.structs.replace(seen, **changes)


def first(seen: Situation) -> Need:
    return attention(seen)[0]


DECLARED = declared(playbook="outage")
FINISHED: list[Event] = [
    DECLARED,
    *(StepMarked(step.id, "done") for found in RUNBOOK.checklists for step in found.steps),
]
CRITICAL = noticed(since=NOW - MINUTE)
WARNING = noticed("hpa-max x", family="hpa-max", level=Level.WARNING, text="autoscaler at its maximum", since=NOW)

CASES: list[tuple[str, Situation, str, str]] = [
    (
        "frozen for too long, before everything else",
        situation(DECLARED, now=NOW + HOUR, mode="frozen", behind_ms=31 * SECOND),
        "the screen is frozen for 31s",
        "time",
    ),
    ("frozen just now is no news", situation(mode="frozen", behind_ms=5 * SECOND), "nothing needs you.", ""),
    ("looking back", situation(mode="back", behind_ms=3 * MINUTE), "you are looking back 3m00s", "time"),
    (
        "a record that no disk takes",
        situation(DECLARED, CRITICAL, record_trouble="/state: No space left on device"),
        "the record is in memory only: /state: No space left on device",
        "sources",
    ),
    (
        "what becomes critical while somebody looks back, before that they do",
        situation(mode="back", behind_ms=3 * MINUTE, meanwhile="gateway down"),
        "LIVE: gateway down; \\ goes back to live",
        "time",
    ),
    (
        "all sources lost",
        situation(DECLARED, lines=(pods(Quality.STALE, 252 * SECOND), hpas(Quality.OFF))),
        "all sources lost 4m12s ago; the values below are old",
        "pane:3",
    ),
    (
        "no source has ever answered",
        situation(lines=(pods(Quality.UNKNOWN, None, "connection refused"),)),
        "no data: connection refused",
        "pane:3",
    ),
    (
        "a step that failed",
        situation(DECLARED, StepMarked("outage/roll-back", "failed"), now=NOW + HOUR),
        "step 3 failed: Roll back",
        "step:outage/roll-back",
    ),
    ("a clock that is overdue", situation(DECLARED, now=NOW + 30 * MINUTE), "response OVERDUE +05:00", "clock:respond"),
    (
        "a clock that is due soon, before a new critical condition",
        situation(DECLARED, CRITICAL, now=NOW + 20 * MINUTE),
        "response due in 05:00",
        "clock:respond",
    ),
    ("a new critical condition", situation(DECLARED, CRITICAL), "gateway: crash loop", "line:e2"),
    ("a critical condition and no incident", situation(CRITICAL), "gateway: crash loop", "line:e1"),
    (
        "evidence that waits to be judged",
        situation(
            DECLARED, StepProbed("first/acknowledge-the-alert", ("x",), Level.OK, "live"), lines=(pods(), hpas())
        ),
        "evidence is there, step 1: Acknowledge the alert",
        "step:first/acknowledge-the-alert",
    ),
    (
        "a decision",
        situation(
            DECLARED,
            *(
                StepMarked(step, "done")
                for step in ("first/acknowledge-the-alert", "first/name-a-scribe", "outage/look-at-the-pods")
            ),
        ),
        "decide, step 2: Is a rollout to blame",
        "step:outage/is-a-rollout-to-blame",
    ),
    (
        "a source that the next step needs",
        situation(
            DECLARED,
            *(StepMarked(step, "done") for step in ("first/acknowledge-the-alert", "first/name-a-scribe")),
            WARNING,
            lines=(pods(Quality.DENIED, None, "forbidden"), hpas()),
        ),
        "step 1 needs Pods, which is denied: forbidden",
        "pane:3",
    ),
    ("a new warning", situation(DECLARED, WARNING), "autoscaler at its maximum", "line:e2"),
    (
        "a source that nobody needs right now",
        situation(DECLARED, lines=(pods(), hpas(Quality.STALE))),
        "HPA is stale for 3s: timeout",
        "pane:4",
    ),
    ("the next step", situation(DECLARED), "next, step 1: Acknowledge the alert", "step:first/acknowledge-the-alert"),
    (
        "nothing but the next clock",
        situation(*FINISHED),
        "nothing needs you. next: status update in 25:00",
        "clock:update",
    ),
    ("nothing at all", situation(), "nothing needs you.  D declare", ""),
    ("nothing for who only looks", situation(declare_key=""), "nothing needs you.", ""),
    (
        "nothing any more",
        situation(*FINISHED, StatusChanged("resolved"), MomentSet("acknowledged", NOW)),
        "resolved. next: the post-mortem",
        "post-mortem",
    ),
    (
        "no step any more once it is resolved",
        situation(DECLARED, StatusChanged("resolved"), MomentSet("acknowledged", NOW)),
        "resolved. next: the post-mortem; 8 steps left open",
        "post-mortem",
    ),
]


@pytest.mark.parametrize(("seen", "text", "goto"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_this_needs_the_commander_first(seen: Situation, text: str, goto: str) -> None:
    need = first(seen)
    assert need.text.startswith(text)
    assert need.goto == goto


def test_everything_else_follows_in_the_same_order() -> None:
    seen = situation(DECLARED, CRITICAL, WARNING, now=NOW + 20 * MINUTE)
    seen = msgspec.structs.replace(seen, lines=(pods(level=Level.CRITICAL), hpas(Quality.STALE)))
    assert [need.goto for need in attention(seen)] == [
        "clock:respond",
        "clock:update",
        "line:e2",
        "line:e3",
        "pane:4",
        "step:first/acknowledge-the-alert",
    ]


def test_of_two_critical_conditions_the_older_comes_first() -> None:
    newer = noticed("oom y", family="oom", text="newer", since=NOW - SECOND)
    seen = situation(DECLARED, newer, CRITICAL)
    assert [need.text for need in attention(seen)][:2] == ["gateway: crash loop", "newer"]


def a_group(level: Level = Level.CRITICAL, **changes: Any) -> Judged:
    """The gateway's pods as they are judged now."""
    group = PodGroup(GATEWAY, "Deployment", "production", "gateway", level=level, **changes)
    return Judged(groups={GATEWAY: group})


@pytest.mark.parametrize(("level", "sign"), [(Level.CRITICAL, Level.CRITICAL), (Level.WARNING, Level.WARNING)])
def test_a_crash_loop_is_as_bad_as_its_pane_says_not_as_it_once_was(level: Level, sign: Level) -> None:
    loop = noticed(f"crash-loop {GATEWAY}", subject=GATEWAY, since=NOW - MINUTE)
    lines = (pods(level=level), hpas())
    assert first(situation(DECLARED, loop, lines=lines, judged=a_group(level))).level == sign


def test_readiness_that_was_lost_further_is_as_bad_as_it_is_now() -> None:
    lost = noticed(f"readiness {GATEWAY}", family="readiness", level=Level.WARNING, subject=GATEWAY, since=NOW)
    seen = situation(DECLARED, lost, lines=(pods(level=Level.CRITICAL), hpas()), judged=a_group())
    assert first(seen).level == Level.CRITICAL


def test_what_was_seen_before_its_source_was_lost_stays_as_bad_as_it_was() -> None:
    seen = situation(DECLARED, CRITICAL, lines=(pods(Quality.STALE), hpas()), judged=a_group(Level.OK))
    assert first(seen).level == Level.CRITICAL


def test_of_equals_what_does_harm_now_comes_before_what_no_longer_does() -> None:
    """Pods that were killed for their memory and serve again wait below an autoscaler that can do no more."""
    killed = noticed(
        f"oom {GATEWAY}", family="oom", level=Level.WARNING, text="killed", subject=GATEWAY, since=NOW - MINUTE
    )
    lines = (pods(level=Level.WARNING), hpas(level=Level.WARNING))
    well = situation(DECLARED, killed, WARNING, lines=lines, judged=a_group(Level.WARNING, total=4, ready=4))
    assert [need.text for need in attention(well)][:2] == ["autoscaler at its maximum", "killed"]
    down = msgspec.structs.replace(well, judged=a_group(Level.WARNING, total=4, ready=3))
    assert [need.text for need in attention(down)][:2] == ["killed", "autoscaler at its maximum"]


def test_what_is_no_warning_any_more_and_nobody_has_seen_comes_after_the_warnings() -> None:
    loop = noticed(f"crash-loop {GATEWAY}", text="loop", subject=GATEWAY, since=NOW - MINUTE)
    lines = (pods(level=Level.WATCH), hpas(level=Level.WARNING))
    seen = situation(DECLARED, loop, WARNING, lines=lines, judged=a_group(Level.WATCH, total=4, ready=4))
    assert [(need.text, need.level) for need in attention(seen)][:2] == [
        ("autoscaler at its maximum", Level.WARNING),
        ("loop", Level.WATCH),
    ]


LOCKS = noticed(
    "lock-chain Session/pid 3321", family="locks", text="pid 3321 holds up 41 sessions", since=NOW - 2 * MINUTE
)


def test_the_lock_chain_comes_before_the_crash_loop_that_it_caused_and_each_names_its_pane() -> None:
    seen = situation(DECLARED, CRITICAL, LOCKS, msgspec.structs.replace(WARNING, level=Level.CRITICAL))
    assert [(need.text, need.pane) for need in attention(seen)][:3] == [
        ("pid 3321 holds up 41 sessions", 6),
        ("gateway: crash loop", 3),
        ("autoscaler at its maximum", 4),
    ]


PANES = [
    ("connections Database/db", 6),
    ("replica-lag Replica/r", 6),
    ("cache-full Cache/c", 6),
    ("signal Signal/errors", 2),
    ("gpu-xid Gpu/n/0", 5),
    ("queue Model/m", 5),
    ("spraying Logins/logins", 7),
    ("finding Finding/f", 7),
    ("no-endpoints Service/production/gateway", 3),
    ("no-backend Ingress/production/shop", 3),
    ("node-not-ready Node/n", 5),
]


@pytest.mark.parametrize(("key", "pane"), PANES, ids=[key for key, _pane in PANES])
def test_whatever_is_worst_is_named_with_the_key_of_its_pane(key: str, pane: int) -> None:
    seen = situation(DECLARED, noticed(key, family="x", text="this is worst", since=NOW))
    assert (first(seen).text, first(seen).pane) == ("this is worst", pane)


def a_step_that_needs(live: str) -> Active:
    """A checklist whose only step looks at this."""
    runbook = a_runbook(a_checklist("first", a_step("Look", "first", live=live), kind="process"))
    return active_checklist(runbook, fold(entries(DECLARED)))


DATABASE = BoardLine(6, "DB", Level.OK, Quality.PARTIAL, "conn 10/97", age_ms=3 * SECOND)


def test_a_step_needs_a_source_that_is_lost_though_its_pane_is_not() -> None:
    lost = a_snapshot("sessions", good_at=NOW - HOUR, failure=a_failure(message="permission denied"))
    world = a_world(database=[a_database()], sessions=lost)
    seen = situation(DECLARED, lines=(DATABASE,), world=world, checklist=a_step_that_needs("sessions waiting"))
    assert first(seen) == Need("step 1 needs sessions (DB), which is stale: permission denied", Level.WARNING, "pane:6")
    well = msgspec.structs.replace(seen, checklist=a_step_that_needs("database used>80%"))
    assert not [need for need in attention(well) if "needs" in need.text]


TAKEN_UP: list[tuple[str, list[Event]]] = [
    ("it was there when the incident was declared", [noticed(since=NOW - HOUR), DECLARED]),
    ("somebody starred it", [DECLARED, CRITICAL, EntryStarred("e2", starred=True)]),
    ("it is over", [DECLARED, CRITICAL, noticed(phase="ended", level=Level.OK)]),
]


@pytest.mark.parametrize("events", [case[1] for case in TAKEN_UP], ids=[case[0] for case in TAKEN_UP])
def test_a_condition_is_taken_up_when(events: list[Event]) -> None:
    assert not [need for need in attention(situation(*events)) if need.goto.startswith("line:")]


# --- what people owe each other


TASK = TaskGiven("t1", "check the replica", "op2", NOW - MINUTE)


def test_an_overdue_task_is_said_and_one_that_runs_is_not() -> None:
    assert not [need for need in attention(situation(DECLARED, TASK, now=NOW - MINUTE - SECOND)) if "op2" in need.text]
    need = first(situation(DECLARED, TASK))
    assert need == Need("op2: check the replica OVERDUE +01:00", Level.WARNING, "clock:task t1")


def test_what_the_severity_owes_comes_before_tasks_that_are_older() -> None:
    seen = situation(DECLARED, TASK, now=NOW + 26 * MINUTE)
    assert [need.goto for need in attention(seen)][:3] == ["clock:respond", "clock:update", "clock:task t1"]


def test_an_escalation_is_said_when_it_is_due_soon_and_when_it_is_over_and_not_before() -> None:
    call = Call("escalate", "CTO", Span(HOUR, text="1 hour"))
    rules = tuple(msgspec.structs.replace(rule, calls=(call,), update=None) for rule in a_policy().rules)
    policy = msgspec.structs.replace(a_policy(), rules=rules)
    acked = MomentSet("acknowledged", NOW)

    def said(now: Millis, *events: Event) -> list[str]:
        seen = situation(DECLARED, acked, *events, now=now)
        seen = msgspec.structs.replace(seen, clocks=clocks(seen.state, policy, now))
        return [need.text for need in attention(seen) if "CTO" in need.text]

    assert said(NOW + 30 * MINUTE) == []
    assert said(NOW + 45 * MINUTE) == ["escalate to CTO due in 10:00"]
    assert said(NOW + 56 * MINUTE) == ["escalate to CTO OVERDUE +01:00"]
    assert said(NOW + 56 * MINUTE, StepMarked(call_step("CTO"), "done")) == []
    assert said(NOW + 56 * MINUTE, StatusChanged("monitoring")) == []


def test_a_vacant_role_waits_behind_the_next_step_until_the_time_to_respond_is_over() -> None:
    acked = MomentSet("acknowledged", NOW)
    early = situation(DECLARED, acked, vacant=("scribe", "communications"))
    assert [need.goto for need in attention(early)] == ["step:first/acknowledge-the-alert", "roles"]
    assert attention(early)[1].text == "SEV2 requires scribe, communications: nobody yet"
    assert attention(early)[1].level == Level.WATCH
    late = situation(DECLARED, acked, UpdateSent("all", "x"), now=NOW + 26 * MINUTE, vacant=("scribe",))
    needs = [need for need in attention(late) if not need.goto.startswith("clock")]
    assert [need.goto for need in needs] == ["roles", "step:first/acknowledge-the-alert"]
    assert needs[0].level == Level.WARNING


def test_follow_ups_whose_day_is_over_come_last_and_quietly() -> None:
    late = FollowUpAdded("f1", "raise the limit", owner="Bea", due="2026-01-31")
    needs = attention(situation(DECLARED, late))
    assert [need.goto for need in needs] == ["step:first/acknowledge-the-alert", "clock:follow-up f1"]
    assert needs[1].text.startswith("follow-up OVERDUE")
    assert needs[1].level == Level.WATCH


def test_where_nothing_is_owed_nothing_is_asked_for() -> None:
    done = TaskClosed("t1", result="it lags")
    seen = situation(*FINISHED, TASK, done, StatusChanged("resolved"), MomentSet("acknowledged", NOW), now=NOW + DAY)
    assert attention(seen) == (Need("resolved. next: the post-mortem", Level.OK, "post-mortem"),)


def test_what_was_left_open_comes_after_the_post_mortem_and_no_role_is_asked_for() -> None:
    vacant = ("scribe",)
    seen = situation(DECLARED, StatusChanged("resolved"), MomentSet("acknowledged", NOW), vacant=vacant)
    assert [need.goto for need in attention(seen)] == ["post-mortem", "step:first/acknowledge-the-alert"]


# --- a playbook that fits before anybody has declared

RED = BoardLine(3, "Pods", Level.WARNING, Quality.LIVE, "1/2 ready", age_ms=3 * SECOND)
FITS = "2 of 4 symptoms of Service outage"


def triages(seen: Situation) -> list[tuple[str, Level]]:
    return [(need.text, need.level) for need in attention(seen) if need.goto == "triage"]


def test_a_playbook_that_fits_is_told_quietly_once_something_is_red() -> None:
    seen = situation(fits=FITS, lines=(RED, hpas()))
    assert triages(seen) == [(f"{FITS}: a triage", Level.WATCH)]


@pytest.mark.parametrize(
    "seen",
    [
        situation(fits=FITS),
        situation(fits="", lines=(RED,)),
        situation(fits=FITS, lines=(msgspec.structs.replace(RED, quality=Quality.STALE),)),
        situation(declared(), fits=FITS, lines=(RED,)),
    ],
    ids=["nothing red", "nothing fits", "red when it was lost", "declared"],
)
def test_nothing_is_said_of_playbooks_otherwise(seen: Situation) -> None:
    assert triages(seen) == []


def test_a_red_pane_comes_before_the_playbook_that_fits_and_a_lost_source_after_it() -> None:
    worse = noticed("readiness Deployment/production/gateway", level=Level.WARNING, since=NOW - MINUTE)
    seen = situation(worse, fits=FITS, lines=(RED, hpas(Quality.STALE)))
    assert [need.goto.partition(":")[0] for need in attention(seen)] == ["line", "triage", "pane"]
