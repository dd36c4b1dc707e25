"""Scaling on the real control plane, with its autoscaler."""

from __future__ import annotations

import pytest

from tests.actions.bed import Bed
from tests.actions.conftest import Kubectl, planned, ran
from tests.actions.process import Actor
from tests.rig.api import wait_for
from wfconsole.actions.contract import Stale
from wfconsole.actions.systems import Systems
from wfconsole.config.actions import ActingSettings
from wfconsole.guard.protocol import Begin
from wfconsole.incident.plan import Aim, Request

pytestmark = [pytest.mark.rig, pytest.mark.usefixtures("world")]


def to(replicas: int, aim: Aim) -> Request:
    return Request("scale", aim, {"replicas": str(replicas)})


def replicas(bed: Bed) -> int:
    return int(bed.workload()["spec"]["replicas"])


def test_the_autoscaler_takes_back_what_kubectl_did_and_ours_is_refused(
    bed: Bed, systems: Systems, kubectl: Kubectl
) -> None:
    aim = bed.deployment(replicas=2)
    bed.autoscaler("web", 2, 4)
    plan = planned(systems, to(6, aim))
    assert plan.colour == "REFUSE"
    assert "takes this back" in plan.refusals[0]
    (other,) = plan.alternatives
    assert (other.request.action, other.request.aim.name) == ("autoscale", "web")
    kubectl("scale", "deployment", "web", "--replicas=6", namespace=bed.namespace)
    assert replicas(bed) == 6
    wait_for("the autoscaler takes it back", lambda: replicas(bed) == 4)


def test_through_the_process_from_plan_to_verdict(bed: Bed, acting: ActingSettings) -> None:
    aim = bed.deployment(replicas=1)
    with Actor(Begin(acting, request=to(2, aim), receipt="act-1")) as actor:
        plan = actor.plan()
        assert (plan.colour, plan.dry_run.kind, plan.danger) == ("GREEN", "server", "R1")
        assert replicas(bed) == 1
        assert actor.capture() == []
        assert actor.run(plan).result == "done"
        assert replicas(bed) == 2


def test_what_changed_since_is_not_overwritten(bed: Bed, systems: Systems) -> None:
    aim = bed.deployment(replicas=1)
    plan = planned(systems, to(2, aim))
    bed.make("web", 3)
    with pytest.raises(Stale, match="changed since"):
        ran(systems, plan)
    assert replicas(bed) == 3


def test_what_changes_all_the_time_makes_no_plan_stale(bed: Bed, systems: Systems) -> None:
    """Its status moves on with every pod, and so does the resourceVersion."""
    bed.make("web", 1)
    plan = planned(systems, to(2, Aim("deployment", "web", bed.namespace)))
    bed.await_ready("web", 1)
    assert ran(systems, plan).result == "done"
