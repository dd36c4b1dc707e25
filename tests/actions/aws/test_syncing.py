"""A secret that an operator brings into the cluster, consumers of every kind, and whether it helped."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from tests.actions.aws.application import NAME, Application, Vault
from tests.actions.aws.conftest import SYNCED, quick, rotate
from tests.actions.bed import Bed
from tests.actions.conftest import planned, ran
from tests.actions.process import Actor
from tests.rig.api import ApiError, path_of, wait_for
from tests.rig.cluster import Cluster
from tests.rig.systems.aws import REGIONS
from wfconsole.actions.aws import syncing
from wfconsole.actions.aws.consumers import Synced, sought_in, uses
from wfconsole.actions.systems import Systems
from wfconsole.config.actions import ActingSettings
from wfconsole.guard import protocol
from wfconsole.guard.protocol import Begin
from wfconsole.incident.plan import Aim, Plan, Request, Verdict

pytestmark = [pytest.mark.rig, pytest.mark.usefixtures("world")]

Two = tuple[Application, Application]
GROUP, KIND = "external-secrets.io", "ExternalSecret"
ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/orders/database-a1b2c3"


@pytest.fixture(scope="module")
def operator_kind(cluster: Cluster) -> None:
    """The kind that the operator External Secrets brings, with no operator behind it."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    cluster.api.apply(
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"externalsecrets.{GROUP}"},
            "spec": {
                "group": GROUP,
                "scope": "Namespaced",
                "names": {"kind": KIND, "plural": "externalsecrets", "singular": "externalsecret"},
                "versions": [
                    {
                        "name": "v1",
                        "served": True,
                        "storage": True,
                        "subresources": {"status": {}},
                        "schema": {
                            "openAPIV3Schema": {"type": "object", "properties": {"spec": anything, "status": anything}}
                        },
                    }
                ],
            },
        }
    )

    def served() -> bool:
        try:
            cluster.api.items(path_of(f"{GROUP}/v1", KIND, namespace="default"))
        except ApiError:
            return False
        return True

    wait_for("external secrets are served", served)


class Operator:
    """Plays External Secrets: it looks whenever the annotations have changed, and says so in the status."""

    def __init__(self, bed: Bed) -> None:
        self._bed = bed
        self._path = path_of(f"{GROUP}/v1", KIND, "orders", bed.namespace)
        bed.apply(
            f"{GROUP}/v1",
            KIND,
            "orders",
            spec={
                "refreshInterval": "1h",
                "target": {"name": SYNCED},
                "dataFrom": [{"extract": {"key": NAME}}],
            },
        )
        self.looks = 0
        self._ended = threading.Event()
        self._report("1")

    def play(self) -> None:
        threading.Thread(target=self._play, daemon=True).start()

    def end(self) -> None:
        self._ended.set()

    def _play(self) -> None:
        while not self._ended.wait(0.05):
            asked = (self._bed.api.get(self._path)["metadata"].get("annotations") or {}).get("force-sync", "1")
            if asked != self._seen:
                self.looks += 1
                self._report(asked)

    def _report(self, version: str) -> None:
        self._seen = version
        ready = {"type": "Ready", "status": "True", "message": "secret synced"}
        status = {"refreshTime": f"look {self.looks}", "syncedResourceVersion": version, "conditions": [ready]}
        self._bed.api.patch(f"{self._path}/status", {"status": status})


@pytest.fixture
def operator(bed: Bed, operator_kind: None) -> Iterator[Operator]:
    made = Operator(bed)
    yield made
    made.end()


def test_what_is_synced_is_waited_for_before_the_restart(
    bed: Bed, vault: Vault, systems: Systems, applications: Two, operator: Operator
) -> None:
    plan = planned(systems, rotate(bed))
    assert plan.refusals == ()
    assert any(f"externalsecret {bed.namespace}/orders (every 1h)" in check.text for check in plan.checks)
    assert [each.allowed for each in plan.permissions if "externalsecrets" in each.right] == [True]
    operator.play()
    outcome = ran(systems, plan)
    assert outcome.result == "done"
    assert operator.looks == 1
    lines = "\n".join(outcome.lines)
    assert lines.index("is synced") < lines.index("restarts")
    assert all(each.follow() and each.lets_in() for each in applications)


def test_without_a_word_all_namespaces_are_looked_into(
    bed: Bed, vault: Vault, systems: Systems, applications: Two, operator: Operator
) -> None:
    """As it is offered on the row of the secret, which knows of no namespace."""
    plan = planned(systems, Request("rotate-secret", Aim("secret", vault.arn), {}))
    assert plan.refusals == ()
    here = [each["name"] for each in plan.calls["consumers"] if each["namespace"] == bed.namespace]
    assert here == ["gateway", "llm"]
    assert plan.calls["region"] == REGIONS[0]


def test_what_is_never_synced_is_not_restarted_into_the_old_one(
    bed: Bed, systems: Systems, applications: Two, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syncing, "WITHIN_S", 1.0)
    outcome = ran(systems, planned(systems, rotate(bed)))
    assert outcome.result == "partial"
    assert outcome.inverse is not None
    assert any("was not restarted" in line and "is not synced" in line for line in outcome.lines)
    assert not any(each.follow() for each in applications)


# --- whether it helped


def verdict(settings: ActingSettings, plan: Plan) -> Verdict:
    with Actor(Begin(settings, mode="watch", plan=plan, ran_at=plan.made_at, receipt="act-1")) as actor:
        return actor.verdict()


def test_it_worked_when_all_are_new_and_somebody_has_logged_in(
    bed: Bed, acting: ActingSettings, systems: Systems, applications: Two
) -> None:
    plan = planned(systems, rotate(bed))
    assert ran(systems, plan).result == "done"
    for each in applications:
        assert each.follow()
        each.log_in()
    said = verdict(acting, quick(plan, window_ms=60_000))
    assert (said.word, said.value) == ("WORKED", 3)


def test_it_had_no_effect_where_somebody_moves_it_back(
    bed: Bed, acting: ActingSettings, systems: Systems, vault: Vault, applications: Two
) -> None:
    plan = planned(systems, rotate(bed))
    assert ran(systems, plan).result == "done"
    vault.client.update_secret_version_stage(
        SecretId=vault.arn, VersionStage="AWSCURRENT", MoveToVersionId=vault.first, RemoveFromVersionId=vault.current
    )
    said = verdict(acting, quick(plan))
    assert said.word == "NO EFFECT"
    assert "moved meanwhile" in said.text


def test_it_is_worse_where_a_consumer_does_not_come_up_again(
    bed: Bed, acting: ActingSettings, systems: Systems, applications: Two
) -> None:
    """Nobody logs in, and the pods that need to are never ready."""
    plan = planned(systems, rotate(bed))
    assert ran(systems, plan).result == "done"
    _leave_without_pods(bed, "gateway", "llm")
    said = verdict(acting, quick(plan, window_ms=1000))
    assert (said.word, said.before, said.value) == ("WORSE", 0, -2)


def test_who_was_down_before_is_not_counted_as_our_doing(
    bed: Bed, acting: ActingSettings, systems: Systems, applications: Two
) -> None:
    _leave_without_pods(bed, "llm")
    plan = planned(systems, rotate(bed))
    assert ran(systems, plan).result == "done"
    _leave_without_pods(bed, "gateway")
    said = verdict(acting, quick(plan, window_ms=1000))
    assert (said.word, said.before, said.value) == ("WORSE", -1, -2)


def _leave_without_pods(bed: Bed, *names: str) -> None:
    for name in names:
        pod = {"spec": {"nodeSelector": {"nowhere": "at-all"}}}
        spec = {"strategy": {"type": "Recreate", "rollingUpdate": None}, "template": pod}
        bed.api.patch(path_of("apps/v1", "Deployment", name, bed.namespace), {"spec": spec})
    wait_for(
        "none of their pods is ready",
        lambda: not any(bed.workload(name)["status"].get("readyReplicas") for name in names),
    )


def test_after_a_kill_it_says_who_was_not_restarted(
    bed: Bed, acting: ActingSettings, systems: Systems, applications: Two, operator: Operator
) -> None:
    plan = planned(systems, rotate(bed))
    begin = Begin(acting, request=plan.request, receipt="act-1", incident="INC-1")
    actor = Actor(begin)
    made = actor.plan()
    actor.say(msgspec.json.encode({"digest": made.digest}))
    while "sync" not in msgspec.json.encode(actor.hear()).decode():
        pass
    actor.process.kill()
    actor.process.wait(30)
    with Actor(Begin(acting, mode="observe", plan=made, receipt="act-1", incident="INC-1")) as later:
        told = later.until(protocol.Asked)
    assert told.found == "ran"
    assert f"not restarted: deployment {bed.namespace}/gateway, deployment {bed.namespace}/llm" in told.text


# --- who uses it (pure)


@pytest.mark.parametrize(
    ("pod", "how"),
    [
        ({"containers": [{"envFrom": [{"secretRef": {"name": "s"}}]}]}, "environment of Secret a/s"),
        ({"initContainers": [{"env": [{"valueFrom": {"secretKeyRef": {"name": "s"}}}]}]}, "environment of Secret a/s"),
        ({"volumes": [{"secret": {"secretName": "s"}}]}, "files of Secret a/s"),
        ({"volumes": [{"projected": {"sources": [{"secret": {"name": "s"}}]}}]}, "files of Secret a/s"),
        ({"containers": [{"env": [{"name": "ID", "value": NAME}]}]}, "asks AWS itself (environment ID)"),
        ({"containers": [{"env": [{"name": "ID", "value": ARN[:-7]}]}]}, "asks AWS itself (environment ID)"),
        ({"containers": [{"envFrom": [{"secretRef": {"name": "other"}}]}]}, ""),
    ],
)
def test_how_a_pod_uses_it(pod: dict[str, Any], how: str) -> None:
    told, _ = uses(pod, [Synced("a", "s")], (NAME, ARN))
    assert told == ((how,) if how else ())


def test_a_class_of_the_csi_driver_is_a_use_of_its_own() -> None:
    csi = {"driver": "secrets-store.csi.k8s.io", "volumeAttributes": {"secretProviderClass": "orders"}}
    told, through = uses({"volumes": [{"csi": csi}]}, [Synced("a", "", "secretproviderclass", "orders")], (NAME,))
    assert told == ("mounted by the CSI driver",)
    assert [each.name for each in through] == ["orders"]


@pytest.mark.parametrize(
    ("said", "is_it"), [(NAME, True), (ARN, True), (ARN[:-7], True), (NAME[:-7], False), ("", False)]
)
def test_a_secret_has_three_names(said: str, is_it: bool) -> None:
    assert sought_in((NAME, ARN), (said,)) is is_it
