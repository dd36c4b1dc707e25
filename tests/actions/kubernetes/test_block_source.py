"""Blocking a source on a real control plane: what its policies are is what their union is computed from."""

from __future__ import annotations

import functools
import json
import subprocess
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from tests.actions.bed import Bed
from tests.actions.conftest import Kubectl, planned, ran
from tests.actions.process import Actor
from tests.rig import world as worlds
from tests.rig.api import ApiError, path_of, wait_for
from tests.rig.cluster import Cluster
from wfconsole.actions.catalogue import action_named
from wfconsole.actions.contract import BadRequestError, NothingToDo, Stale
from wfconsole.actions.kubernetes.blocking import blocked_by, parsed
from wfconsole.actions.systems import Systems
from wfconsole.clock import SECOND, SystemClock
from wfconsole.config.actions import ActingSettings, ActionsSettings
from wfconsole.guard import protocol
from wfconsole.guard.protocol import Begin
from wfconsole.incident.plan import Aim, Plan, Request
from wfconsole.incident.verdict import verdict_of
from wfconsole.observations.policies import Origin, admits
from wfconsole.redaction import redact

pytestmark = pytest.mark.rig

SOURCE, OTHER, ANYBODY = "203.0.113.9", "198.51.100.7", "192.0.2.77"
NETWORKING = "networking.k8s.io/v1"
SOON = "import wfconsole.actions.kubernetes.block_source as b; b.REVERTS = 400"


@pytest.fixture(scope="module")
def made(cluster: Cluster) -> Iterator[Bed]:
    """One namespace with a web tier and a database for all tests here; policies and services come and go."""
    bed = Bed(cluster.api)
    for name, port in (("web", 8080), ("postgres", 5432)):
        container = worlds.container("app", "app:1.0.0", "10m", "16Mi") | {"ports": [{"containerPort": port}]}
        bed.make(name, 2, pod={"containers": [container]})
    for name in ("web", "postgres"):
        wait_for(f"pods of {name}", functools.partial(_has_pods, bed, name))
    yield bed
    bed.leave()


def _has_pods(bed: Bed, name: str) -> bool:
    return len(bed.pods(name)) == 2


@pytest.fixture
def net(made: Bed) -> Iterator[Bed]:
    yield made
    for kind, version in (("NetworkPolicy", NETWORKING), ("Ingress", NETWORKING), ("Service", "v1")):
        for item in made.api.items(path_of(version, kind, namespace=made.namespace)):
            made.api.delete(path_of(version, kind, item["metadata"]["name"], made.namespace))


def block(bed: Bed, address: str = SOURCE, action: str = "block-source", **more: str) -> Request:
    asked = {"namespace": bed.namespace, "target": "deployment/web"} | more
    return Request(action, Aim("source", address), asked)


def policies(bed: Bed) -> dict[str, dict[str, Any]]:
    items = bed.api.items(path_of(NETWORKING, "NetworkPolicy", namespace=bed.namespace))
    return {item["metadata"]["name"]: item for item in items}


def reaches(bed: Bed, address: str, app: str = "web") -> bool:
    """Whether the policies of the server let an address in to the pods of an application."""
    union = [parsed(item) for item in policies(bed).values()]
    return admits(union, {"app": app}, Origin(address=address), ("TCP", 8080)).allowed


def isolate(bed: Bed, name: str, app: str, peers: list[dict[str, Any]] | None, **meta: Any) -> None:
    """A policy for one application; peers None: nobody."""
    rules = [] if peers is None else [{"from": peers, "ports": [{"port": 8080}]}]
    item = {
        "apiVersion": NETWORKING,
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": bed.namespace, **meta},
        "spec": {"podSelector": {"matchLabels": {"app": app}}, "policyTypes": ["Ingress"], "ingress": rules},
    }
    bed.api.apply(item)


def runbook(kubectl_config: str, bed: Bed, address: str) -> None:
    """The runbook's command, as it stands there."""
    text = f"""apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: block-suspicious-ips
  namespace: {bed.namespace}
spec:
  podSelector: {{}}
  policyTypes:
  - Ingress
  ingress:
  - from:
    - ipBlock:
        cidr: 0.0.0.0/0
        except:
        - {address}/32
"""
    command = ["kubectl", f"--kubeconfig={kubectl_config}", "apply", "-f", "-"]
    subprocess.run(command, input=text, text=True, check=True, capture_output=True, timeout=60)


def told(plan: Plan) -> str:
    return "\n".join(f"{check.judgement} {check.text}" for check in plan.checks)


# --- the traps


def test_the_runbooks_policy_opens_the_database_and_ours_is_refused(
    net: Bed, systems: Systems, cluster: Cluster
) -> None:
    isolate(net, "deny-web", "web", None)
    isolate(net, "deny-postgres", "postgres", None)
    assert not reaches(net, ANYBODY, "postgres")
    plan = planned(systems, block(net))
    assert (plan.colour, plan.overridable) == ("REFUSE", False)
    assert "refuse this would OPEN pods, since policies only add up" in told(plan)
    assert f"refuse no policy lets {SOURCE}/32 in to these pods: there is nothing to block" in told(plan)
    runbook(str(cluster.admin.kubeconfig), net, SOURCE)
    assert reaches(net, ANYBODY, "postgres")


def test_the_runbooks_second_block_lets_the_first_address_in_again_and_ours_keeps_both(
    net: Bed, systems: Systems, cluster: Cluster
) -> None:
    for address in (SOURCE, OTHER):
        runbook(str(cluster.admin.kubeconfig), net, address)
    assert reaches(net, SOURCE)
    net.api.delete(path_of(NETWORKING, "NetworkPolicy", "block-suspicious-ips", net.namespace))
    ran(systems, planned(systems, block(net)))
    plan = planned(systems, block(net, OTHER))
    assert f"ok blocked before, and it stays so: {SOURCE}/32" in told(plan)
    assert plan.diff == (
        "  network policy wfconsole-block-deployment-web: everybody may come, except",
        f"+   {OTHER}/32",
        f"    {SOURCE}/32",
    )
    ran(systems, plan)
    assert [reaches(net, each) for each in (SOURCE, OTHER, ANYBODY)] == [False, False, True]
    (item,) = policies(net).values()
    assert "INC-1 by ada at" in item["metadata"]["annotations"]["wfconsole/blocked-for"]


def test_where_another_policy_lets_it_in_that_one_has_to_except_it(net: Bed, systems: Systems) -> None:
    isolate(net, "from-outside", "web", [{"ipBlock": {"cidr": "0.0.0.0/0", "except": [f"{OTHER}/32"]}}])
    before = policies(net)["from-outside"]["spec"]
    plan = planned(systems, block(net))
    assert plan.colour == "REFUSE"
    assert f"refuse from-outside lets {SOURCE}/32 in all the same: 2 pods stay within its reach" in told(plan)
    (other,) = plan.alternatives
    better = planned(systems, other.request)
    assert better.colour == "EXPLAIN"
    assert f"ok it keeps out {SOURCE}/32 and nobody else" in told(better)
    ran(systems, better)
    assert [reaches(net, each) for each in (SOURCE, OTHER, ANYBODY)] == [False, False, True]
    assert better.inverse is not None
    ran(systems, planned(systems, better.inverse))
    assert policies(net)["from-outside"]["spec"] == before


def test_a_policy_that_lets_in_anybody_is_narrowed_by_one_address(net: Bed, systems: Systems) -> None:
    isolate(net, "anyone", "web", [], labels={"app.kubernetes.io/managed-by": "Helm"})
    plan = planned(systems, block(net, policy="anyone"))
    assert "explain anyone is managed by Helm, which may put it back as it was" in told(plan)
    ran(systems, plan)
    assert [reaches(net, each) for each in (SOURCE, "2001:db8::1")] == [False, True]
    assert admits([parsed(policies(net)["anyone"])], {"app": "web"}, Origin("x", {"a": "b"}, {}), ("TCP", 8080)).allowed


# --- what it knows


def test_as_the_first_isolation_it_says_what_it_lets_in(net: Bed, systems: Systems) -> None:
    plan = planned(systems, block(net))
    assert (plan.colour, plan.dry_run.kind, plan.danger, plan.word) == ("EXPLAIN", "server", "R2", SOURCE)
    assert f"ok it keeps out {SOURCE}/32 and nobody else: {SOURCE}/32 could no longer reach deployment web" in told(
        plan
    )
    assert "explain no policy isolates these pods now, this one is the first" in told(plan)
    assert "explain not known: whether the network plugin enforces policies" in told(plan)
    assert policies(net) == {}, "a plan changes nothing"
    kept = json.loads(msgspec.json.encode(plan))
    assert redact(kept) == kept
    assert plan.by_hand[0].startswith('printf %s \'{"apiVersion"')


def test_the_command_by_hand_does_the_same(net: Bed, systems: Systems, cluster: Cluster) -> None:
    plan = planned(systems, block(net))
    line = plan.by_hand[0].replace("kubectl ", f"kubectl --kubeconfig {cluster.admin.kubeconfig} ")
    line = line.replace("--context wfconsole-actor", "").replace(f"--context {systems.cluster.access.context}", "")
    subprocess.run(["bash", "-c", line], check=True, capture_output=True, timeout=60)
    assert not reaches(net, SOURCE)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (
            {"type": "LoadBalancer"},
            "refuse service front has externalTrafficPolicy Cluster: pods see the address of a n",
        ),
        ({"type": "NodePort"}, "refuse service front has externalTrafficPolicy Cluster: pods see the address of a n"),
        (
            {"type": "LoadBalancer", "externalTrafficPolicy": "Local"},
            "ok service front passes the client's address on, unless",
        ),
        ({"type": "ClusterIP"}, "explain not known: how requests from outside come to these pods"),
    ],
    ids=lambda value: "-".join(value.values()) if isinstance(value, dict) else "",
)
def test_whether_the_pods_see_the_client(net: Bed, systems: Systems, spec: dict[str, str], expected: str) -> None:
    net.apply("v1", "Service", "front", spec={"selector": {"app": "web"}, "ports": [{"port": 80}], **spec})
    plan = planned(systems, block(net, target="service/front"))
    assert expected in told(plan)
    if expected.startswith("refuse"):
        assert plan.overridable


def test_behind_an_ingress_the_pods_see_the_controller(net: Bed, systems: Systems) -> None:
    net.apply("v1", "Service", "front", spec={"selector": {"app": "web"}, "ports": [{"port": 80}]})
    path = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "front", "port": {"number": 80}}}}
    net.apply(NETWORKING, "Ingress", "edge", spec={"rules": [{"host": "a.example", "http": {"paths": [path]}}]})
    plan = planned(systems, block(net))
    assert "refuse requests come through an ingress controller (edge): these pods see its address" in told(plan)
    assert plan.overridable


@pytest.mark.parametrize(
    ("address", "expected", "overridable"),
    [
        ("10.1.2.3", "is a private range", True),
        ("203.0.112.0/20", "has 4,096 addresses", True),
        ("198.18.7.7", "is our own: 198.18.0.0/16 (in actions.own_addresses)", False),
        ("198.51.100.44", "is our own: 198.51.100.44/32 (where you are logged in from)", False),
        ("198.51.100.0/24", "is our own: 198.51.100.44/32 (where you are logged in from)", False),
        ("127.0.0.1", "the API server", False),
    ],
)
def test_our_own_addresses_are_not_blocked(
    net: Bed,
    acting: ActingSettings,
    monkeypatch: pytest.MonkeyPatch,
    address: str,
    expected: str,
    overridable: bool,
) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "198.51.100.44 51234 10.0.0.5 22")
    ours = msgspec.structs.replace(acting, actions=ActionsSettings(own_addresses=("198.18.0.0/16",)))
    plan = planned(Systems(ours, SystemClock()), block(net, address))
    assert expected in told(plan)
    assert (plan.colour, plan.overridable) == ("REFUSE", overridable)


def test_what_is_no_target_is_said(net: Bed, systems: Systems) -> None:
    net.apply("v1", "Service", "nobody", spec={"ports": [{"port": 80}]})
    for request, expected in (
        (block(net, target="service/nobody"), "selects no pods by labels"),
        (block(net, target="deployment/../../../../api/v1/namespaces"), "lower case letters"),
        (block(net, target="pod/web-1"), "this is done to a deployment or a statefulset or a daemonset or a service"),
        (block(net, "203.0.113.9/24"), "A range begins at its first address"),
        (block(net, policy="not-there"), "there is no network policy"),
    ):
        with pytest.raises(BadRequestError, match=expected):
            planned(systems, request)


# --- its life


def test_it_stays_when_somebody_says_so(net: Bed, acting: ActingSettings) -> None:
    with Actor(Begin(acting, request=block(net), receipt="act-1"), SOON.replace("400", "20_000")) as actor:
        outcome = actor.run(actor.plan())
        assert (outcome.result, reaches(net, SOURCE)) == ("done", False)
        actor.until(protocol.Provisional)
        actor.say(protocol.KEEP)
        assert actor.until(protocol.Settled).kept
    assert not reaches(net, SOURCE), "the console that is gone afterwards takes nothing back"


@pytest.mark.parametrize("way", ["its time is over", "somebody asks", "the console is gone"])
def test_it_takes_itself_back(net: Bed, acting: ActingSettings, way: str) -> None:
    prelude = SOON if way == "its time is over" else ""
    with Actor(Begin(acting, request=block(net), receipt="act-1"), prelude) as actor:
        assert actor.run(actor.plan()).result == "done"
        actor.until(protocol.Provisional)
        if way == "somebody asks":
            actor.say(protocol.REVERT)
        if way != "the console is gone":
            settled = actor.until(protocol.Settled)
            assert (settled.kept, settled.outcome and settled.outcome.result) == (False, "done")
        # Leaving closes its input, and waits for its end.
    assert policies(net) == {}


def test_it_takes_back_its_own_address_alone(net: Bed, systems: Systems, acting: ActingSettings) -> None:
    ran(systems, planned(systems, block(net, OTHER)))
    with Actor(Begin(acting, request=block(net), receipt="act-1"), SOON) as actor:
        assert actor.run(actor.plan()).result == "done"
        actor.until(protocol.Settled)
    assert [reaches(net, each) for each in (SOURCE, OTHER)] == [True, False]


def test_other_policies_that_changed_since_make_it_stale(net: Bed, systems: Systems) -> None:
    plan = planned(systems, block(net))
    isolate(net, "deny-web", "web", None)
    with pytest.raises(Stale, match="other network policies were changed"):
        ran(systems, plan)
    assert list(policies(net)) == ["deny-web"]


def test_two_consoles_do_not_lose_each_others_block(net: Bed, systems: Systems) -> None:
    first, second = planned(systems, block(net)), planned(systems, block(net, OTHER))
    ran(systems, first)
    with pytest.raises(Stale):
        ran(systems, second)
    third = planned(systems, block(net, ANYBODY))
    ran(systems, planned(systems, block(net, OTHER)))
    with pytest.raises(Stale, match="changed since"):
        ran(systems, third)
    (item,) = policies(net).values()
    assert list(map(str, blocked_by(item))) == [f"{OTHER}/32", f"{SOURCE}/32"]


def test_the_inverse_lets_in_this_one_alone_and_then_nothing_is_left(net: Bed, systems: Systems) -> None:
    plans = [planned(systems, block(net, each)) for each in (SOURCE,)]
    ran(systems, plans[0])
    plans.append(planned(systems, block(net, OTHER)))
    ran(systems, plans[1])
    assert plans[0].inverse is not None
    assert plans[1].inverse is not None
    back = planned(systems, plans[0].inverse)
    assert (back.colour, back.dry_run.kind, back.danger) == ("GREEN", "server", "R1")
    assert not reaches(net, SOURCE)
    ran(systems, back)
    assert [reaches(net, each) for each in (SOURCE, OTHER)] == [True, False]
    with pytest.raises(NothingToDo):
        planned(systems, plans[0].inverse)
    last = planned(systems, plans[1].inverse)
    assert (last.dry_run.kind, list(policies(net))) == ("server", ["wfconsole-block-deployment-web"])
    ran(systems, last)
    assert policies(net) == {}


def test_ours_is_not_taken_away_under_others_without_a_word(net: Bed, systems: Systems) -> None:
    """Without ours, the policy that came later cuts everybody off."""
    ran(systems, planned(systems, block(net)))
    isolate(net, "deny-web", "web", None)
    plan = planned(systems, block(net, action="unblock-source"))
    assert list(policies(net)) == ["deny-web", "wfconsole-block-deployment-web"], "a dry run deletes nothing"
    assert (plan.colour, plan.overridable) == ("REFUSE", True)
    assert "refuse other policies isolate these pods by now" in told(plan)
    assert "explain deny-web isolates these pods by now" in told(planned(systems, block(net, OTHER)))


@pytest.mark.parametrize("ran_before", [False, True], ids=["before the call", "after it"])
def test_after_a_crash_the_server_tells(net: Bed, acting: ActingSettings, systems: Systems, ran_before: bool) -> None:
    actor = Actor(Begin(acting, request=block(net), receipt="act-1"))
    plan = actor.plan()
    if ran_before:
        actor.run(plan)
    actor.process.kill()
    actor.process.wait(10)
    for pipe in (actor.process.stdin, actor.process.stdout):
        assert pipe is not None
        pipe.close()
    with Actor(Begin(acting, mode="observe", plan=plan, receipt="act-1")) as asking:
        assert asking.until(protocol.Asked).found == ("ran" if ran_before else "did not run")


def test_the_verdict(net: Bed, systems: Systems) -> None:
    plan = planned(systems, block(net))
    action, signal = action_named("block-source"), plan.signal
    assert signal is not None
    signal = msgspec.structs.replace(signal, hold_ms=0, window_ms=SECOND)

    def verdict() -> tuple[str, str]:
        reading = action.measure(plan, systems)
        found = verdict_of(signal, plan.before, [reading], reading.at - 2 * SECOND, reading.at)
        assert found is not None
        return found.word, found.text

    ran(systems, plan)
    word, text = verdict()
    assert word == "WORKED"
    assert text == (
        f"pods that the policies let {SOURCE}/32 reach (nobody knows whether the network enforces it): 2 pods -> 0 pods"
        " (asked: at most 0 pods)"
    )
    isolate(net, "anyone", "web", [])
    assert verdict()[0] == "NO EFFECT"
    ran(systems, planned(systems, block(net, action="unblock-source")))
    word, text = verdict()
    assert (word, "was changed meanwhile" in text) == ("NO EFFECT", True)


def test_who_may_not_is_told_the_grant(net: Bed, cluster: Cluster) -> None:
    viewer = Systems(ActingSettings(kubeconfig=str(cluster.viewer.kubeconfig)), SystemClock())
    plan = planned(viewer, block(net))
    (right,) = plan.permissions
    assert (right.allowed, plan.colour, plan.overridable) == (False, "REFUSE", False)
    assert "rolebinding" in right.grant
    with pytest.raises(ApiError):
        cluster.client(cluster.viewer).create(path_of(NETWORKING, "NetworkPolicy", namespace=net.namespace), {})


def test_a_hostile_note_of_others_is_shown_harmless(net: Bed, systems: Systems, kubectl: Kubectl) -> None:
    ran(systems, planned(systems, block(net, OTHER)))
    (name,) = policies(net)
    note = f"{OTHER}/32 \x1b]52;c;ZXZpbA==\x07[/]\nno-address \x1b[2J"
    net.api.patch(
        path_of(NETWORKING, "NetworkPolicy", name, net.namespace),
        {"metadata": {"annotations": {"wfconsole/blocked-for": note}}},
    )
    plan = planned(systems, block(net))
    assert "\x1b" not in json.dumps(msgspec.to_builtins(plan.checks), ensure_ascii=False)
    ran(systems, plan)
    assert "no-address" not in policies(net)[name]["metadata"]["annotations"]["wfconsole/blocked-for"]
