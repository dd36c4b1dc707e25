"""kubectl commands that look: what hangs, shows the wrong thing, or shows less than it seems."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from wfconsole.runbook.lint.book import Book, Spot
from wfconsole.runbook.lint.findings import Hit, Topic, at
from wfconsole.runbook.programs import Kubectl

RULES: Final = Topic("kubernetes: looking")
_STATUS_WORDS: Final = re.compile(r"crashloop|pending|error|evicted|imagepull|running|oomkilled", re.IGNORECASE)
_STATUS_CODES: Final = re.compile(r"(?<![\d\\\[\" ])\b[1-5]\d\d\b(?![\" \\\]])")
_COMMON_WORDS: Final = re.compile(r"\b(?:error|errors|model|loading|warn|warning|info|exception|fail|failed)\b")
_SPACED_CONDITION: Final = re.compile(r"(?:memory|disk|pid|network)\s+(?:pressure|unavailable)", re.IGNORECASE)
_WORKLOADS: Final = ("deployment", "statefulset", "daemonset", "replicaset", "job", "service")
_CLUSTER_WIDE: Final = frozenset(
    [
        "node",
        "namespace",
        "persistentvolume",
        "customresourcedefinition",
        "clusterrole",
        "clusterrolebinding",
        "storageclass",
        "componentstatus",
        "nodes",
        "priorityclass",
        "ingressclass",
        "apiservice",
        "apiservices",
        "all-namespaces",
    ]
)
_NAMESPACED_VERBS: Final = ("get", "describe", "logs", "exec", "top", "wait", "attach", "port-forward", "cp", "debug")


def lacks_namespace(found: Kubectl) -> bool:
    """No -n and no -A on something that lives in a namespace."""
    if found.namespace or found.all_namespaces or not found.targets:
        return False
    return any(kind not in _CLUSTER_WIDE for kind in found.kinds)


@RULES.program(
    "events-one-namespace",
    "warning",
    "events of the current namespace only",
    "name the namespace with -n, or take all: kubectl events --all-namespaces --types=Warning",
)
def _events_one_namespace(spot: Spot) -> str | None:
    found = spot.is_kubectl("get", "events")
    if (
        found
        and (found.verb == "events" or "event" in found.kinds)
        and not found.namespace
        and not found.all_namespaces
    ):
        return "without a namespace kubectl shows the events of whatever namespace the context names"
    return None


@RULES.program(
    "events-sort-last-timestamp",
    "warning",
    "events sorted by lastTimestamp",
    "use kubectl events, which sorts by the time that each event really carries",
)
def _events_sorted(spot: Spot) -> Hit | None:
    found = spot.is_kubectl("get")
    if found and "event" in found.kinds and "lasttimestamp" in (spot.program.value("--sort-by") or "").lower():
        return at(
            spot,
            "series of events carry eventTime and no lastTimestamp: the last lines are not always the newest",
            *(word.text for word in spot.program.words if "sort-by" in word.text),
        )
    return None


@RULES.program(
    "look-no-namespace",
    "warning",
    "no namespace",
    "name it with -n, or ask all with --all-namespaces",
)
def _look_no_namespace(spot: Spot) -> str | None:
    found = spot.is_kubectl(*_NAMESPACED_VERBS)
    if found and not found.changes and "event" not in found.kinds and lacks_namespace(found):
        return f"kubectl {found.verb} looks into whatever namespace the context names"
    return None


@RULES.whole(
    "no-context",
    "warning",
    "kubectl without --context",
    "put --context <context> into every command, so that it cannot reach another cluster",
)
def _no_context(book: Book) -> Iterable[Hit]:
    for document in book.documents:
        bare = [
            spot
            for spot in book.spots
            if spot.block.place.file == document.name
            and spot.kubectl
            and spot.kubectl.verb not in ("config", "version", "")
            and spot.program.word("--context", "--kubeconfig", "--server", "-s") is None
        ]
        if bare:
            others = f" and {len(bare) - 1} more commands" if len(bare) > 1 else ""
            yield at(bare[0], f"this{others} run on whatever cluster is current: yesterday's, or staging")


@RULES.whole(
    "workload-kind-mismatch",
    "error",
    "one name as two kinds of workload",
    "find out which it is (kubectl get deployments,statefulsets) and name that everywhere",
)
def _kind_mismatch(book: Book) -> Iterable[Hit]:
    members = {
        name.rpartition("-")[0]: spot
        for spot in book.spots
        if spot.kubectl
        for kind, name in spot.kubectl.targets
        if kind == "pod" and re.fullmatch(r"[a-z0-9-]+-\d{1,2}", name)
    }
    members |= {
        name: spot
        for spot in book.spots
        if spot.kubectl
        for kind, name in spot.kubectl.targets
        if kind == "statefulset"
    }
    for spot in book.spots:
        for kind, name in spot.kubectl.targets if spot.kubectl else ():
            if kind == "deployment" and name and name in members:
                other = members[name].block.position(members[name].program.words[0].start)[0]
                yield at(
                    spot,
                    f"'{name}' is a deployment here, and the StatefulSet of line {other.line}: one of the two is wrong",
                    f"deployment/{name}",
                    name,
                )


@RULES.program(
    "endpoints-deprecated",
    "warning",
    "Endpoints are deprecated",
    "kubectl get endpointslices -l kubernetes.io/service-name=<service>",
)
def _endpoints(spot: Spot) -> Hit | None:
    found = spot.is_kubectl("get", "describe")
    if found and "endpoints" in found.kinds:
        return at(
            spot,
            "deprecated since Kubernetes 1.33 and cut off at 1000 addresses; it does not say what serves or terminates",
            "endpoints",
            "ep",
            "endpoint",
        )
    return None


@RULES.program(
    "top-sampled",
    "note",
    "kubectl top shows averages",
    "look at lastState (OOMKilled, exit code 137) and at the limits beside it; no figures means unknown, not idle",
    told=r"averages?\b|metrics server|between two samples|last ?state",
)
def _top(spot: Spot) -> str | None:
    if spot.is_kubectl("top"):
        return (
            "needs the metrics server; what was killed between two samples is not seen, and no limit stands beside it"
        )
    return None


@RULES.program(
    "hpa-blind",
    "note",
    "an autoscaler may be blind",
    "read <unknown> as blind and not as quiet; at its maximum, more load changes nothing",
    told=r"\bblind\b|shows? unknown|<unknown>|scalingactive",
)
def _hpa(spot: Spot) -> str | None:
    found = spot.is_kubectl("get")
    if found and "hpa" in found.kinds:
        return "a target of <unknown> or ScalingActive=False is an autoscaler that acts on nothing; the table hides it"
    return None


@RULES.program(
    "exec-tty",
    "error",
    "exec with a terminal",
    "leave out -i and -t, and give the command a deadline: timeout 20 kubectl exec <pod> -c <container> -- ...",
)
def _exec_tty(spot: Spot) -> Hit | None:
    if spot.is_kubectl("exec") and (word := spot.program.has_short("t") or spot.program.word("--tty")):
        return at(
            spot, "-t wants a terminal: it hangs or fails wherever there is none, and mixes up the output", word.text
        )
    return None


@RULES.program(
    "exec-default-container",
    "note",
    "exec without a container",
    "name it with -c",
)
def _exec_container(spot: Spot) -> str | None:
    if spot.is_kubectl("exec") and spot.program.word("-c", "--container") is None:
        return "goes into the default container, which may be a sidecar"
    return None


@RULES.program(
    "exec-fixed-pod",
    "note",
    "one pod of a StatefulSet by its number",
    "find out which pod is the primary first, or connect to the service",
)
def _exec_fixed(spot: Spot) -> str | None:
    found = spot.is_kubectl("exec")
    if found and any(re.fullmatch(r"[a-z0-9-]+-\d{1,2}", name) for _, name in found.targets):
        return "after a failover this pod may be a replica, or gone"
    return None


@RULES.program(
    "networkpolicies-not-traffic",
    "error",
    "a list of policies in place of traffic",
    "say what it shows (which pods are isolated, by which rules), and look at traffic in the flow or gateway logs",
)
def _not_traffic(spot: Spot) -> str | None:
    found = spot.is_kubectl("get", "describe")
    if found and "networkpolicy" in found.kinds and re.search(r"\b(?:traffic|flows?|connections)\b", spot.step):
        return "lists names of policies; not one packet is shown, whatever the words above it promise"
    return None


@RULES.program(
    "kubectl-never-returns",
    "error",
    "a kubectl command that does not return",
    "look once, or put a deadline before it: timeout 20 kubectl ...",
)
def _never_returns(spot: Spot) -> str | None:
    found = spot.kubectl
    if found is None or "timeout" in spot.program.via:
        return None
    if found.verb in ("port-forward", "proxy", "attach"):
        return f"kubectl {found.verb} runs until it is interrupted"
    if found.verb in ("get", "events") and spot.program.word("-w", "--watch", "--watch-only") is not None:
        return "a watch runs until it is interrupted"
    return None


@RULES.program(
    "wait-no-timeout",
    "warning",
    "a wait without a deadline",
    "add --timeout=10m, and say what to do when it runs out",
)
def _wait(spot: Spot) -> str | None:
    found = spot.is_kubectl("rollout status", "wait")
    if found and spot.program.word("--timeout") is None and "timeout" not in spot.program.via:
        return "waits for as long as the rollout does not get on"
    return None


@RULES.program(
    "get-all-is-not-all",
    "note",
    "kubectl get all leaves things out",
    "name the kinds: deployments, statefulsets, ingresses, configmaps, ...",
)
def _get_all(spot: Spot) -> str | None:
    found = spot.is_kubectl("get")
    if found and "all" in found.kinds:
        return "shows no ingress, ConfigMap, Secret, policy or custom resource"
    return None


@RULES.program(
    "phase-is-not-health",
    "warning",
    "the phase of a pod taken for its health",
    "judge the Ready condition and the restarts",
)
def _phase(spot: Spot) -> str | None:
    found = spot.is_kubectl("get")
    if found and "status.phase!=running" in (spot.program.value("--field-selector") or "").lower().replace(" ", ""):
        return "a crash loop and a pod that is 0/1 are in the phase Running: neither is found"
    return None


@RULES.program(
    "componentstatuses-deprecated",
    "warning",
    "componentstatuses tell nothing",
    "ask the API server: kubectl get --raw '/readyz?verbose'",
)
def _components(spot: Spot) -> str | None:
    found = spot.is_kubectl("get")
    if found and "componentstatus" in found.kinds:
        return "deprecated since Kubernetes 1.19, and wrong on managed clusters"
    return None


@RULES.program(
    "kubectl-removed-option",
    "error",
    "an option or verb that kubectl no longer has",
    "look at kubectl help for what came in its place",
)
def _removed(spot: Spot) -> Hit | None:
    if spot.kubectl is None:
        return None
    gone = spot.program.word("--export", "--generator", "--show-all", "--include-uninitialized", "--record")
    if gone or spot.kubectl.verb == "rolling-update":
        word = gone.text if gone else "rolling-update"
        return at(spot, f"{word.partition('=')[0]} was removed or does nothing any more", word)
    return None
