"""What holds for every action of the catalogue, said once: each family's tests bring the targets."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import msgspec
import pytest

from tests.actions.conftest import planned, ran
from tests.drills.recorded import drilled
from wfconsole.actions.asked import sensible
from wfconsole.actions.catalogue import action_named
from wfconsole.actions.contract import BadRequestError, Stale
from wfconsole.actions.systems import Systems
from wfconsole.drills.acting import IN_A_DRILL
from wfconsole.incident.plan import Aim, Found, Outcome, Plan, Request, changes
from wfconsole.redaction import redact
from wfconsole.sources.contract import SourceError
from wfconsole.text import is_safe

# What strangers and tired people say where a name or a number is asked for.
HOSTILE: Final = (
    "",
    "$(touch /tmp/wfconsole-was-here)'\"; `id`\n--all --context=other\x1b]52;c;eA==\x07\u202e",
    "../../kube-system/x?dryRun=All",
    "9" * 5000,
)


@dataclass
class Target:
    """Something cheap and real that an action can be done to. `state` is what the server has of it. `disturb` changes
    something that the plan rests on, and says what is asked for then; None where nothing is looked at before."""

    request: Request
    systems: Systems
    state: Callable[[], object]
    disturb: Callable[[], Request | None] | None = None
    before_run: Found = "did not run"
    after_run: Found = "ran"


def hold(target: Target) -> None:
    """Everything, from the first plan to that of the inverse."""
    action, systems = action_named(target.request.action), target.systems
    before = target.state()
    plan = planned(systems, target.request)
    keeps_its_terms(plan)
    refuses_nonsense(target)
    assert action.observe(plan, systems)[0] == target.before_run
    assert target.state() == before, "plan and observe change nothing"
    request = target.request
    if target.disturb is not None:
        request = target.disturb() or request
        disturbed = target.state()
        with pytest.raises(Stale):
            ran(systems, plan)
        assert target.state() == disturbed, "what is stale has no effect"
        plan = planned(systems, request)
    assert plan.colour != "REFUSE" or plan.overridable, plan.refusals
    disturbed = target.state()
    outcome = ran(systems, plan)
    assert outcome.result == "done", outcome
    assert target.state() != disturbed, "a run changes something"
    assert action.observe(plan, systems)[0] == target.after_run
    is_the_same_in_a_drill(plan, outcome)
    inverse = outcome.inverse or plan.inverse
    if inverse is not None:
        back = planned(systems, inverse)
        assert back.colour != "REFUSE" or back.overridable, back.refusals
        assert inverse.undoes in ("", systems.receipt)


def keeps_its_terms(plan: Plan) -> None:
    """What the dialog shows is all there, and the record keeps it whole."""
    whole = msgspec.json.decode(msgspec.json.encode(plan))
    assert redact(whole) == whole, "what runs later is exactly what was confirmed"
    for words in (plan.title, plan.place, plan.undo, plan.word):
        assert words, plan
    assert plan.blast
    assert plan.by_hand
    assert plan.checks
    assert all(check.text for check in plan.checks)
    unproven = [check.text for check in plan.checks if check.judgement == "refuse" and not check.evidence]
    assert not unproven, unproven
    assert plan.permissions or any(check.judgement != "ok" for check in plan.checks), "nobody asked whether we may"
    assert all(each.grant for each in plan.permissions if each.allowed is False)
    # Where nobody can try it first, the class goes up by one.
    assert plan.dry_run.kind == "server" or plan.danger != "R1"
    assert plan.dry_run.text or plan.dry_run.kind == "server"
    assert (plan.signal is None) or plan.before is not None or plan.signal.probe
    assert plan.lost or plan.inverse is not None or plan.undo
    shown(plan)


def shown(plan: Plan) -> None:
    """Nothing that a stranger wrote gets anywhere: neither to a terminal nor into a shell."""
    texts = [plan.title, plan.place, plan.undo, plan.word, plan.dry_run.text]
    texts += [*plan.blast, *plan.lost, *plan.diff, *plan.by_hand, *plan.captures]
    for check in plan.checks:
        texts += [check.text, *(word for seen in check.evidence for word in (seen.what, seen.said, seen.version))]
    texts += [word for each in plan.permissions for word in (each.right, each.grant)]
    odd = [text for text in texts if not is_safe(text)]
    assert not odd, odd
    for line in plan.by_hand:
        subprocess.run(["bash", "-n", "-c", line], check=True, timeout=10)


def is_the_same_in_a_drill(plan: Plan, outcome: Outcome) -> None:
    """Whoever practises on a recording of it is shown the very plan, and told the very outcome."""
    shown_then, told_then = drilled(plan, outcome)
    assert shown_then.place == f"{IN_A_DRILL}{plan.place}"
    now = {"place": plan.place, "made_at": plan.made_at, "before": plan.before}
    assert msgspec.structs.replace(shown_then, **now).substance == plan.substance
    assert changes(plan, msgspec.structs.replace(shown_then, **now)) == ()
    assert told_then == outcome


def refuses_nonsense(target: Target) -> None:
    """A clear no, or a plan that takes it for the text that it is; never anything else."""
    action, systems = action_named(target.request.action), target.systems
    for odd in nonsense(target.request):
        try:
            plan = action.plan(sensible(odd), systems, systems.now())
        except (BadRequestError, SourceError):
            continue
        shown(plan)
    with pytest.raises(BadRequestError):
        action.plan(msgspec.structs.replace(target.request, aim=Aim("nonsense", "x", "y")), systems, systems.now())


def nonsense(request: Request) -> Iterator[Request]:
    """Each word of the request, wrong in each way; and without each of its parameters."""
    for name in request.parameters:
        rest = {key: value for key, value in request.parameters.items() if key != name}
        yield msgspec.structs.replace(request, parameters=rest)
        for word in HOSTILE:
            yield msgspec.structs.replace(request, parameters={**rest, name: word})
    for word in HOSTILE:
        aim = request.aim
        yield msgspec.structs.replace(request, aim=Aim(aim.kind, word, aim.namespace))
        if aim.namespace:
            yield msgspec.structs.replace(request, aim=Aim(aim.kind, aim.name, word))
    yield msgspec.structs.replace(request, parameters={**request.parameters, "no-such-parameter": HOSTILE[1]})
