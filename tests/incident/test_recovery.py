"""Whether it is over: what verifies a signal of recovery, what breaks it, and what the public is still told."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.builders import NOW, a_checklist, a_failure, a_pod, a_runbook, a_snapshot, a_step, a_world, declared, entries
from wfconsole.clock import HOUR, MINUTE, SECOND, Millis
from wfconsole.incident.advance import fold
from wfconsole.incident.events import Event, MessageFailed, MessageQueued, MessageSent
from wfconsole.incident.ledger import public_open
from wfconsole.incident.playbook import Symptom
from wfconsole.incident.recovery import Gate, RecoveryHeld, gate, recovery_signals
from wfconsole.incident.state import IncidentState
from wfconsole.observations.world import World

READY = Symptom("All pods are ready", "pods not-ready count=0", 30 * MINUTE)
QUIET = Symptom("No signal is past its bound", "signals past-bound count=0", 30 * MINUTE)
ASKED = Symptom("Users are content")
RUNBOOK = a_runbook(
    a_checklist("outage", a_step(), recovery=(QUIET, READY)),
    a_checklist("stand-down", a_step("Thank people", "stand-down"), kind="confirm", recovery=(READY,)),
)
STATE = fold(entries(declared()))
EVERY: Millis = 10 * SECOND


def world(at: Millis, *, ready: bool = True, **changes: Any) -> World:
    pods = [a_pod("gateway-1"), a_pod("gateway-2", ready=ready)]
    return a_world(at, pods=a_snapshot("pods", pods, at, interval_ms=EVERY, **changes))


class Watch:
    """A console that sees the pods every ten seconds."""

    def __init__(self) -> None:
        self.held = RecoveryHeld()
        self.world = World()
        self.now = NOW

    def sees(self, seen: World, *, after: Millis = EVERY) -> None:
        self.now += after
        self.held = self.held.after((READY,), self.world, seen, "pods", self.now)
        self.world = seen

    def sees_ready_for(self, duration: Millis) -> None:
        for _ in range(duration // EVERY):
            self.sees(world(self.now + EVERY))

    def gate(self, now: Millis = 0, state: IncidentState = STATE) -> Gate:
        return gate(RUNBOOK, state, self.held, self.world, now or self.now)


def test_a_pod_that_is_ready_is_what_this_test_takes_it_for() -> None:
    watch = Watch()
    watch.sees(world(NOW + EVERY, ready=False))
    assert watch.gate().verdicts[0].state == "broken"
    assert watch.gate().verdicts[0].words.startswith("does not hold: 1 of 2 pods")


def test_a_signal_is_verified_when_it_held_for_its_time_and_not_before() -> None:
    watch = Watch()
    watch.sees(world(NOW + EVERY))
    began = watch.now
    watch.sees_ready_for(29 * MINUTE)
    found = watch.gate()
    assert (found.verdicts[0].state, found.verdicts[0].since, found.open) == ("holds", began, False)
    assert "held 29 min of 30 min" in found.missing[0]
    watch.sees_ready_for(MINUTE)
    found = watch.gate()
    assert (found.verdicts[0].state, found.open, found.missing) == ("verified", True, ())
    assert found.verified == ("All pods are ready: held 30 min, since 14:32:17Z (0 of 2 pods)",)


def test_one_bad_look_starts_it_again() -> None:
    watch = Watch()
    watch.sees_ready_for(31 * MINUTE)
    watch.sees(world(watch.now + EVERY, ready=False))
    assert watch.gate().verdicts[0].state == "broken"
    watch.sees_ready_for(20 * MINUTE)
    assert watch.gate().verdicts[0].state == "holds"


def failed(at: Millis) -> World:
    return world(at, good_at=at - EVERY, failure=a_failure())


def test_a_source_that_could_not_answer_verifies_nothing_and_is_a_gap() -> None:
    watch = Watch()
    watch.sees_ready_for(31 * MINUTE)
    watch.sees(failed(watch.now + EVERY))
    assert watch.gate().verdicts[0].state == "cannot tell"
    watch.sees_ready_for(MINUTE)
    assert watch.gate().verdicts[0].state == "holds"
    assert watch.gate().verdicts[0].since > NOW + 31 * MINUTE


def test_data_that_went_stale_verifies_nothing_though_it_was_well_when_it_was_last_seen() -> None:
    watch = Watch()
    watch.sees_ready_for(31 * MINUTE)
    assert watch.gate().open
    assert watch.gate(watch.now + HOUR).verdicts[0].state == "cannot tell"
    assert not watch.gate(watch.now + HOUR).open
    watch.sees(world(watch.now + HOUR), after=HOUR)
    assert watch.gate().verdicts[0].since == watch.now


def test_a_clock_that_is_set_back_and_forward_again_makes_no_hold_longer() -> None:
    watch = Watch()
    watch.sees_ready_for(5 * MINUTE)
    watch.sees(world(watch.now - HOUR), after=-HOUR)
    watch.sees_ready_for(MINUTE)
    watch.sees(world(watch.now + HOUR), after=HOUR)
    watch.sees_ready_for(MINUTE)
    found = watch.gate().verdicts[0]
    assert (found.state, watch.now - found.since) == ("holds", MINUTE)


def test_only_the_source_that_a_signal_rests_on_is_looked_at() -> None:
    watch = Watch()
    watch.sees_ready_for(MINUTE)
    held = watch.held.after((READY,), watch.world, world(watch.now, ready=False), "nodes", watch.now)
    assert held is watch.held


def test_a_source_that_is_not_configured_cannot_tell_and_a_bullet_without_a_signal_is_for_people() -> None:
    runbook = a_runbook(a_checklist("stand-down", a_step(), kind="confirm", recovery=(QUIET, ASKED)))
    found = gate(runbook, STATE, None, world(NOW), NOW)
    assert [verdict.state for verdict in found.verdicts] == ["cannot tell", "ask people"]
    assert not found.open
    assert found.verified == ()


def test_a_runbook_without_signals_verifies_nothing() -> None:
    found = gate(a_runbook(), STATE, None, world(NOW), NOW)
    assert (found.open, found.missing) == (False, ("the runbook declares no signals of recovery",))


def test_the_chosen_playbook_adds_its_own_each_once() -> None:
    assert recovery_signals(RUNBOOK, STATE) == (READY,)
    chosen = msgspec.structs.replace(STATE, playbook="outage")
    assert recovery_signals(RUNBOOK, chosen) == (READY, QUIET)


# --- what is public


def queued(name: str, state: str, place: str = "api", target: str = "status page") -> Event:
    return MessageQueued(name, "status-page", target, "text", audience="public", place=place, state=state)


PUBLIC: list[tuple[str, list[Event], tuple[str, ...]]] = [
    ("nothing was sent", [queued("m1", "investigating")], ()),
    ("it says investigating", [queued("m1", "investigating"), MessageSent("m1")], ("api says 'investigating'",)),
    (
        "the newest counts",
        [queued("m1", "investigating"), MessageSent("m1"), queued("m2", "resolved"), MessageSent("m2")],
        (),
    ),
    (
        "each place counts",
        [
            *(queued("m1", "identified"), MessageSent("m1")),
            *(queued("m2", "resolved", place="web"), MessageSent("m2")),
            *(queued("m3", "monitoring", place="web"), MessageSent("m3")),
        ],
        ("api says 'identified'", "web says 'monitoring'"),
    ),
    (
        "what may have arrived may be public",
        [queued("m1", "identified"), MessageFailed("m1", "timeout", unknown=True)],
        ("api may say 'identified'",),
    ),
    (
        "a resolution that may not have arrived closes nothing",
        [
            *(queued("m1", "identified"), MessageSent("m1")),
            *(queued("m2", "resolved"), MessageFailed("m2", "timeout", unknown=True)),
        ],
        ("api says 'identified'",),
    ),
    ("Slack is not public", [queued("m1", "investigating", target="slack"), MessageSent("m1")], ()),
]


@pytest.mark.parametrize(("events", "told"), [case[1:] for case in PUBLIC], ids=[case[0] for case in PUBLIC])
def test_what_the_public_is_still_told(events: list[Event], told: tuple[str, ...]) -> None:
    found = public_open(fold(entries(declared(), *events)))
    assert len(found) == len(told)
    for line, words in zip(found, told, strict=True):
        assert words in line
        assert line.startswith("status page ")


def test_what_is_public_keeps_the_gate_shut() -> None:
    watch = Watch()
    watch.sees_ready_for(31 * MINUTE)
    state = fold(entries(declared(), queued("m1", "identified"), MessageSent("m1")))
    found = watch.gate(state=state)
    assert not found.open
    assert found.missing == ("public: status page api says 'identified' since 14:34:07Z",)
