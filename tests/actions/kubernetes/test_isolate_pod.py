"""Taking a pod out of its service and its workload on the real control plane, and back."""

from __future__ import annotations

import pytest

from tests.actions.bed import Bed
from tests.actions.conftest import Kubectl, planned, ran
from tests.actions.kubernetes.looking import about, found_after_kill
from tests.actions.kubernetes.troubles import observed, pod_path, uids, unredacted, verdict_of
from tests.rig.api import Object, path_of, wait_for
from tests.rig.cluster import Cluster
from wfconsole.actions.contract import NothingToDo, Stale
from wfconsole.actions.systems import Systems
from wfconsole.clock import SystemClock
from wfconsole.config.actions import ActingSettings
from wfconsole.incident.plan import Aim, Request

pytestmark = [pytest.mark.rig, pytest.mark.usefixtures("world")]


def isolation(bed: Bed, name: str, **parameters: str) -> Request:
    return Request("isolate-pod", Aim("pod", name, bed.namespace), parameters)


def service(bed: Bed, name: str = "web") -> None:
    bed.apply("v1", "Service", name, spec={"selector": {"app": "web"}, "ports": [{"port": 80}]})


def in_service(bed: Bed) -> set[str]:
    """The pods that its endpoints name as ready; those that only begin stand among them too."""
    slices = bed.api.items(path_of("discovery.k8s.io/v1", "EndpointSlice", namespace=bed.namespace))
    ends = (end for each in slices for end in each.get("endpoints") or ())
    return {end["targetRef"]["name"] for end in ends if end["conditions"].get("ready")}


def pod(bed: Bed, name: str) -> Object:
    return bed.api.get(pod_path(bed, name))


def test_a_deleted_pod_is_gone_and_ours_stays_as_evidence_out_of_service(
    bed: Bed, acting: ActingSettings, systems: Systems, kubectl: Kubectl
) -> None:
    aim = bed.deployment(replicas=2)
    service(bed)
    first, second = (each["metadata"]["name"] for each in bed.pods())
    wait_for("both serve", lambda: in_service(bed) == {first, second})
    kubectl("delete", "pod", first, namespace=bed.namespace)
    bed.await_ready("web", 2)
    wait_for("its successor serves", lambda: len(in_service(bed)) == 2 and first not in in_service(bed))

    plan = planned(systems, isolation(bed, second))
    assert plan.colour == "EXPLAIN"
    assert about(plan, "not known: whether the network plugin enforces policies").judgement == "explain"
    assert about(plan, "policies then let nothing in or out of it").judgement == "ok"
    assert about(plan, f"1 other pods of {aim} are ready").judgement == "ok"
    assert "- label app=web" in plan.diff
    assert "it leaves service web" in plan.blast
    assert unredacted(plan)
    assert ran(systems, plan).result == "done"
    there = pod(bed, second)
    assert there["metadata"]["labels"]["quarantine"] == "yes"
    wait_for("it is out of service and has no owner", lambda: second not in in_service(bed) and free(bed, second))
    bed.await_ready("web", 2)
    assert verdict_of(acting, plan, systems).word == "WORKED"
    assert pod(bed, second)["status"]["phase"] == "Running"
    assert observed(systems, plan) == "ran"
    policy = bed.get("networking.k8s.io/v1", "NetworkPolicy", "wfconsole-quarantine")
    assert policy["spec"]["podSelector"] == {"matchLabels": {"quarantine": "yes"}}
    assert not policy["spec"].get("ingress")
    assert sorted(policy["spec"]["policyTypes"]) == ["Egress", "Ingress"]
    with pytest.raises(NothingToDo):
        planned(systems, isolation(bed, second))

    assert plan.inverse is not None
    back = planned(systems, plan.inverse)
    assert about(back, "takes it in and then removes one of them").judgement == "explain"
    assert ran(systems, back).result == "done"
    wait_for("its workload has two pods again", lambda: len(uids(bed)) == 2)
    assert observed(systems, back) in ("ran", "cannot tell")
    wait_for("those two serve", lambda: in_service(bed) == {each["metadata"]["name"] for each in bed.pods()})
    with pytest.raises(NothingToDo):
        planned(systems, Request("return-pod", Aim("pod", next(iter(in_service(bed))), bed.namespace)))


def free(bed: Bed, name: str) -> bool:
    return not pod(bed, name)["metadata"].get("ownerReferences")


def test_a_pod_that_falls_out_of_its_policies_would_be_open(bed: Bed, systems: Systems) -> None:
    bed.deployment(replicas=1)
    service(bed)
    name = bed.pods()[0]["metadata"]["name"]
    spec = {"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Ingress", "Egress"]}
    bed.apply("networking.k8s.io/v1", "NetworkPolicy", "closed", spec=spec)
    open_ = about(planned(systems, isolation(bed, name, network="keep")), "falls out of a policy that isolates it now")
    assert "ingress: no policy is over it" in open_.text
    assert (open_.judgement, open_.overridable) == ("refuse", True)
    assert about(planned(systems, isolation(bed, name)), "let nothing in or out").judgement == "ok"
    everybody = {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{}]}
    bed.apply("networking.k8s.io/v1", "NetworkPolicy", "all", spec=everybody)
    assert (
        about(planned(systems, isolation(bed, name)), "it is not cut off: ingress by policy all").judgement == "explain"
    )


def test_a_stateful_set_makes_no_other_one_as_long_as_the_name_is_taken(bed: Bed, systems: Systems) -> None:
    bed.make("web", 1, kind="StatefulSet", serviceName="web")
    bed.await_ready("web", 1, "StatefulSet")
    plan = planned(systems, isolation(bed, "web-0"))
    assert about(plan, "it has the name").overridable


def test_a_pod_that_was_given_other_labels_meanwhile_is_not_touched(bed: Bed, systems: Systems) -> None:
    bed.deployment(replicas=1)
    name = bed.pods()[0]["metadata"]["name"]
    plan = planned(systems, isolation(bed, name, network="keep"))
    assert "- label pod-template-hash=" in plan.diff[0]
    bed.api.patch(pod_path(bed, name), {"metadata": {"labels": {"team": "x"}}})
    with pytest.raises(Stale, match="changed since"):
        ran(systems, plan)
    assert "quarantine" not in pod(bed, name)["metadata"]["labels"]


def test_what_became_of_it_and_whoever_takes_it_back(bed: Bed, acting: ActingSettings, systems: Systems) -> None:
    bed.deployment(replicas=1)
    name = bed.pods()[0]["metadata"]["name"]
    request = isolation(bed, name)
    plan = planned(systems, request)
    assert found_after_kill(acting, request, ran=False) == "did not run"
    assert found_after_kill(acting, request, ran=True) == "ran"
    bed.api.patch(pod_path(bed, name), {"metadata": {"labels": {"quarantine": None}}})
    verdict = verdict_of(acting, plan, systems)
    assert verdict.word == "NO EFFECT"
    assert "was taken out of quarantine meanwhile" in verdict.text


def test_each_right_that_is_missing_is_named(bed: Bed, cluster: Cluster) -> None:
    bed.deployment(replicas=1)
    looking = Systems(ActingSettings(kubeconfig=str(cluster.viewer.kubeconfig)), SystemClock(), receipt="act-1")
    plan = planned(looking, isolation(bed, bed.pods()[0]["metadata"]["name"]))
    assert [each.right for each in plan.permissions] == [
        f"patch pods in {bed.namespace}",
        f"create networkpolicies.networking.k8s.io in {bed.namespace}",
        f"patch networkpolicies.networking.k8s.io in {bed.namespace}",
    ]
    assert not any(each.allowed for each in plan.permissions)
    assert plan.dry_run.kind == "failed"
