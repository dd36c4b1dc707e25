"""What the tests of actions share: who acts on the rig, and how an action goes through its life without a console."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import msgspec
import pytest

from tests.rig.cluster import Cluster
from wfconsole.actions.catalogue import action_named
from wfconsole.actions.systems import Systems
from wfconsole.clock import SystemClock
from wfconsole.config.actions import ActingSettings
from wfconsole.incident.act_words import CLASSES
from wfconsole.incident.plan import Outcome, Plan, Request

Kubectl = Callable[..., str]


@pytest.fixture
def systems(acting: ActingSettings) -> Systems:
    return Systems(acting, SystemClock(), receipt="act-1", incident="INC-1", operator="ada")


@pytest.fixture
def kubectl(cluster: Cluster) -> Kubectl:
    """kubectl itself, as somebody who may do everything: `kubectl("scale", ..., namespace="bed-1")`."""

    def run(*words: str, namespace: str) -> str:
        command = ["kubectl", f"--kubeconfig={cluster.admin.kubeconfig}", "-n", namespace, *words]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout

    return run


def planned(systems: Systems, request: Request) -> Plan:
    """The plan, as it comes back from the record."""
    plan = action_named(request.action).plan(request, systems, systems.now())
    assert plan.danger in CLASSES[request.action], "the list of actions says another class"
    return msgspec.json.decode(msgspec.json.encode(plan), type=Plan)


def ran(systems: Systems, plan: Plan) -> Outcome:
    """What comes of running it, without a word of confirmation."""
    return action_named(plan.request.action).run(plan, systems, lambda _text: None)
