"""Rollbacks, restarts, patches: what makes new pods, and what does not come back."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from wfconsole.runbook.lint.book import Book, Spot
from wfconsole.runbook.lint.findings import Hit, Topic, at

RULES: Final = Topic("rollouts")
_WORKLOADS: Final = frozenset(("deployment", "statefulset", "daemonset", "replicaset"))
_TEMPLATE: Final = re.compile(r'"template"\s*:|/spec/template')
_LIMITS: Final = re.compile(r'"(?:limits|requests)"|/resources/')


@RULES.whole(
    "undo-after-restart",
    "error",
    "a rollback after a restart brings the same version back",
    "list the history, choose the revision by its image, and name it: rollout undo --to-revision=<revision>",
)
def _undo_after_restart(book: Book) -> Iterable[Hit]:
    for spot in book.spots:
        found = spot.is_kubectl("rollout undo")
        if found is None or spot.program.word("--to-revision") is not None:
            continue
        restarts = [
            each
            for each in book.before(spot)
            if (other := each.is_kubectl("rollout restart")) and set(other.targets) & set(found.targets)
        ]
        if restarts:
            line = restarts[-1].block.position(restarts[-1].program.words[0].start)[0].line
            yield at(
                spot,
                f"the restart of line {line} made a revision of the same image: undo goes back to that one, so the bad "
                "version stays and looks rolled back",
                "undo",
            )


@RULES.program(
    "undo-no-revision",
    "error",
    "a rollback without a revision",
    "name the revision that served well: --to-revision=<revision>",
)
def _undo_no_revision(spot: Spot) -> Hit | None:
    if spot.is_kubectl("rollout undo") and spot.program.word("--to-revision") is None:
        return at(spot, "takes the second newest revision, whatever that is; done twice it goes back again", "undo")
    return None


@RULES.program(
    "undo-template-only",
    "note",
    "a rollback takes back the pod template alone",
    "check before: configuration and migrations since that revision, a pause, GitOps",
    told=r"only the pod template|configmaps?\b.{0,80}\bmigrations?\b|gitops",
)
def _undo_template_only(spot: Spot) -> Hit | None:
    if spot.is_kubectl("rollout undo"):
        return at(
            spot,
            "no ConfigMap, Secret, replica count or migration goes back; a paused deployment refuses, and GitOps rolls "
            "it forward again",
            "undo",
        )
    return None


@RULES.program(
    "restart-replaces-healthy",
    "warning",
    "a restart of all pods to mend some",
    "replace the pods that hang, one at a time, after their logs are kept",
)
def _restart_healthy(spot: Spot) -> Hit | None:
    if spot.is_kubectl("rollout restart") and re.search(
        r"\b(?:failing|failed|unhealthy|crash\w*|stuck|bad|broken)\b.*\bpods?\b", spot.step
    ):
        return at(
            spot,
            "replaces healthy pods too; with a bad image or a full database no new pod becomes ready; it stalls for "
            "600 s with fewer pods than before",
            "restart",
        )
    return None


@RULES.program(
    "restart-adds-connections",
    "warning",
    "a restart to reset connections",
    "count the free slots first: they must hold the surge pods and their pools; end the root blocker before anything",
)
def _restart_connections(spot: Spot) -> Hit | None:
    if spot.is_kubectl("rollout restart") and re.search(r"\bconnections?\b|\bpools?\b", spot.step):
        return at(
            spot,
            "new pods open their connections before the old ones close theirs: a full database gets fuller",
            "restart",
        )
    return None


@RULES.whole(
    "restart-not-watched",
    "note",
    "a rollout that nobody watches",
    "follow it with kubectl rollout status ... --timeout=10m",
)
def _restart_not_watched(book: Book) -> Iterable[Hit]:
    for spot in book.spots:
        found = spot.is_kubectl("rollout restart", "rollout undo")
        if found and not any(each.is_kubectl("rollout status") for each in book.after(spot)):
            yield at(spot, "returns at once; whether new pods come up is not seen", found.sub)


@RULES.program(
    "patch-rolls-everything",
    "warning",
    "a patch that restarts every pod",
    "say so, look at the room for surge pods, and watch the rollout",
    told=r"rollout|restarts (?:all|every)|new revision",
)
def _patch_rolls(spot: Spot) -> Hit | None:
    found = spot.is_kubectl("patch", "set image", "set env", "set resources")
    if found and found.kinds & _WORKLOADS and (found.verb == "set" or _TEMPLATE.search(spot.program.line)):
        return at(
            spot,
            "a change of the pod template starts a rollout and makes a new revision: rollout undo counts from it",
            "patch",
            "set",
        )
    return None


@RULES.program(
    "patch-limit-blind",
    "warning",
    "a limit set without looking",
    "look first: the old value, the largest node's allocatable memory, LimitRange and quota; write the old value down",
    told=r"allocatable|quotas?|limitrange|largest node",
)
def _patch_limit(spot: Spot) -> str | None:
    found = spot.is_kubectl("patch", "set resources")
    if found and found.kinds & _WORKLOADS and (found.sub == "resources" or _LIMITS.search(spot.program.line)):
        return "knows neither the value now (it may be higher) nor whether a node has the room: pods may stay Pending"
    return None


@RULES.program(
    "patch-adds-container",
    "warning",
    "a patch of containers by name",
    "use kubectl set resources -c <container>, which refuses a name that is not there",
)
def _patch_container(spot: Spot) -> str | None:
    found = spot.is_kubectl("patch")
    kind = spot.program.value("--type") or "strategic"
    if found and kind == "strategic" and re.search(r'"containers"\s*:\s*\[\s*\{\s*"name"', spot.program.line):
        return "containers are merged by name: a name that is slightly wrong adds a container"
    return None


@RULES.whole(
    "configmap-old-value-lost",
    "warning",
    "a ConfigMap is changed and its old value not kept",
    "read it first: kubectl get configmap <name> -o yaml, and write it down: rollout undo does not bring it back",
)
def _configmap(book: Book) -> Iterable[Hit]:
    for spot in book.spots:
        found = spot.is_kubectl("patch", "apply", "replace")
        if not found or "configmap" not in found.kinds:
            continue
        if not any(
            (other := each.is_kubectl("get", "describe")) and "configmap" in other.kinds for each in book.before(spot)
        ):
            yield at(spot, "the old value is gone; an immutable ConfigMap rejects the patch", found.verb)


@RULES.whole(
    "configmap-not-reloaded",
    "warning",
    "pods do not see a changed ConfigMap",
    "restart what reads it, and say so",
)
def _configmap_reload(book: Book) -> Iterable[Hit]:
    for spot in book.spots:
        found = spot.is_kubectl("patch")
        if found is None or "configmap" not in found.kinds:
            continue
        if not any(each.is_kubectl("rollout restart") for each in book.after(spot)):
            yield at(spot, "values that are read as environment variables stay as they are until a restart", "patch")


@RULES.program(
    "image-not-pinned",
    "warning",
    "an image without a fixed version",
    "name a tag that does not move, or the digest",
)
def _image(spot: Spot) -> Hit | None:
    if spot.is_kubectl("set image"):
        for word in spot.program.words:
            if re.search(r"^[^-=\s][^=\s]*=(?:\S+:latest|[^:@\s]+)$", word.text):
                return at(spot, "nobody can say tomorrow which version this was", word.text)
    return None
