"""kubectl commands that change something: what they really do, and what must come first."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from wfconsole.runbook.lint.book import Book, Spot
from wfconsole.runbook.lint.findings import Hit, Topic, at
from wfconsole.runbook.lint.kubernetes_looking import lacks_namespace

RULES: Final = Topic("kubernetes: acting")
_WORKLOADS: Final = frozenset(("deployment", "statefulset", "daemonset", "replicaset"))
_DATA: Final = frozenset(
    ("persistentvolumeclaim", "persistentvolume", "namespace", "customresourcedefinition", "statefulset")
)
_CONDITION: Final = re.compile(r"(?:if|when|only|otherwise|else|in case)\b", re.IGNORECASE)


@RULES.whole(
    "delete-pod-loses-evidence",
    "warning",
    "a pod is deleted before its evidence is kept",
    "first keep describe, events, and both logs (kubectl logs <pod> --previous); then evict it",
)
def _delete_evidence(book: Book) -> Iterable[Hit]:
    for spot in book.spots:
        found = spot.is_kubectl("delete")
        if not found or "pod" not in found.kinds:
            continue
        if not any(each.is_kubectl("logs") and each.program.word("--previous", "-p") for each in book.before(spot)):
            yield at(
                spot, "takes the previous log, temporary files and the only trace of an OOM kill with it", "delete"
            )


@RULES.whole(
    "delete-pod-bypasses-budget",
    "warning",
    "delete asks no disruption budget",
    "look at kubectl get poddisruptionbudgets first, or evict the pod",
)
def _delete_budget(book: Book) -> Iterable[Hit]:
    for spot in book.spots:
        found = spot.is_kubectl("delete")
        if not found or "pod" not in found.kinds:
            continue
        looked = (each.kubectl.kinds for each in book.before(spot) if each.kubectl)
        if not any("poddisruptionbudget" in kinds for kinds in looked):
            yield at(spot, "a deleted pod bypasses its PodDisruptionBudget: too few may be left", "delete")


@RULES.program(
    "delete-force",
    "error",
    "a forced deletion",
    "find out what holds it (finalizers, the node), and mend that",
)
def _delete_force(spot: Spot) -> Hit | None:
    if spot.is_kubectl("delete") and (
        spot.program.word("--force", "--now") or spot.program.value("--grace-period") == "0"
    ):
        return at(spot, "the process may go on beside its successor; a StatefulSet can lose data", "--force", "--now")
    return None


@RULES.program(
    "delete-many",
    "error",
    "a deletion of more than one thing",
    "name one object; delete the next when the first is replaced and ready",
)
def _delete_many(spot: Spot) -> Hit | None:
    found = spot.is_kubectl("delete")
    if found and spot.program.word("--all", "-l", "--selector", "-A", "--all-namespaces") is not None:
        return at(spot, "takes everything that matches at once, what serves included", "--all", "-l", "--selector")
    return None


@RULES.program(
    "delete-data",
    "error",
    "a deletion that takes data with it",
    "keep a snapshot first, and let a second person confirm",
)
def _delete_data(spot: Spot) -> Hit | None:
    found = spot.is_kubectl("delete")
    if found and found.kinds & _DATA:
        return at(spot, f"what goes with the {sorted(found.kinds & _DATA)[0]} does not come back", "delete")
    return None


@RULES.program(
    "act-no-namespace",
    "error",
    "a change without a namespace",
    "name it with -n",
)
def _act_no_namespace(spot: Spot) -> str | None:
    found = spot.kubectl
    if found and found.changes and found.verb not in ("apply", "create", "replace") and lacks_namespace(found):
        return f"kubectl {found.verb} changes whatever namespace the context names"
    return None


@RULES.whole(
    "apply-no-diff",
    "warning",
    "applied without looking at the difference",
    "run kubectl diff -f ..., or apply --dry-run=server, first",
)
def _apply(book: Book) -> Iterable[Hit]:
    for spot in book.spots:
        found = spot.is_kubectl("apply")
        if not found or not found.changes:
            continue
        looked = (
            each.is_kubectl("diff") or (each.is_kubectl("apply") and each.program.word("--dry-run"))
            for each in book.before(spot)
        )
        if not any(looked):
            yield at(spot, "what it changes is seen only when it is done", "apply")


@RULES.program(
    "apply-from-the-web",
    "error",
    "a manifest applied straight from an address",
    "keep a reviewed copy beside the runbook",
)
def _apply_remote(spot: Spot) -> str | None:
    if spot.is_kubectl("apply", "create", "replace") and (spot.program.value("-f", "--filename") or "").startswith(
        "http"
    ):
        return "what stands there tonight is not what somebody reviewed"
    return None


@RULES.program(
    "edit-by-hand",
    "warning",
    "an edit in an editor",
    "give the patch, so that it can be read before and after",
)
def _edit(spot: Spot) -> str | None:
    if spot.is_kubectl("edit"):
        return "opens an editor on production: no two people change the same thing, and nothing says what was changed"
    return None


@RULES.program(
    "replace-force",
    "error",
    "replace --force deletes first",
    "patch or apply",
)
def _replace_force(spot: Spot) -> Hit | None:
    if spot.is_kubectl("replace") and spot.program.word("--force"):
        return at(spot, "deletes the object and makes it anew: everything stands still meanwhile", "--force")
    return None


@RULES.program(
    "drain-force",
    "error",
    "a drain that asks nobody",
    "drain without force, and move what holds it up by hand",
)
def _drain(spot: Spot) -> Hit | None:
    words = ("--force", "--delete-emptydir-data", "--disable-eviction", "--delete-local-data")
    if spot.is_kubectl("drain") and spot.program.word(*words):
        return at(spot, "takes local data and pods without an owner with it, or bypasses disruption budgets", *words)
    return None


@RULES.whole(
    "taken-out-for-good",
    "warning",
    "what is taken out is never put back",
    "write down who puts it back, and with which command",
)
def _never_back(book: Book) -> Iterable[Hit]:
    pairs = (("cordon", "uncordon"), ("drain", "uncordon"), ("rollout pause", "rollout resume"))
    for verb, back in pairs:
        for spot in book.spots:
            if spot.is_kubectl(verb) and back.rpartition(" ")[2] not in book.words:
                yield at(spot, f"nothing in this runbook says kubectl {back}: it stays out")


@RULES.program(
    "exec-changes-pod",
    "warning",
    "a change within a running pod",
    "change the image or the configuration; or say that it is gone at the next restart",
)
def _exec_changes(spot: Spot) -> str | None:
    databases = ("psql", "mysql", "redis-cli", "kubectl")
    if "kubectl" in spot.program.via and spot.changes and spot.name not in databases:
        return f"{spot.name} in a pod leaves no trace, and the next restart takes it back"
    return None


@RULES.whole(
    "change-not-alone",
    "warning",
    "a change in a block with other commands",
    "give each change a block of its own, behind the commands that look",
)
def _not_alone(book: Book) -> Iterable[Hit]:
    for block in book.blocks:
        here = book.in_block(block)
        changes = [spot for spot in here if spot.changes and not spot.program.via]
        commands = {spot.index for spot in here}
        if changes and len(commands) > 1:
            yield at(changes[-1], "who copies the block runs all of it at once, and decides nothing in between")


@RULES.whole(
    "condition-in-remark",
    "warning",
    "a condition that nothing asks",
    "make it a decision of its own before the command",
)
def _condition(book: Book) -> Iterable[Hit]:
    for spot in book.spots:
        if spot.changes and spot.index > 0 and _CONDITION.match(spot.program.call.remark) and not spot.program.via:
            yield at(
                spot, f"the condition is a remark ('{spot.program.call.remark}'): pasted as a block, it runs anyway"
            )


@RULES.whole(
    "act-before-look",
    "warning",
    "a change before anything is looked at",
    "look first: what is there now, and what the change would meet",
)
def _act_first(book: Book) -> Iterable[Hit]:
    seen: set[tuple[str, str]] = set()
    for spot in book.spots:
        key = (spot.block.place.file, spot.block.subject)
        if key not in seen and spot.changes:
            yield at(spot, f"the first command of '{spot.block.subject}' changes production")
        seen.add(key)


@RULES.whole(
    "act-not-verified",
    "warning",
    "changes, and no look at whether they helped",
    "end with what must be true again, for how long, and the command that shows it",
)
def _not_verified(book: Book) -> Iterable[Hit]:
    if book.ours:
        return  # there, `Expect`, `Live` and `Sensed` say it
    last: dict[tuple[str, str], Spot] = {}
    for spot in book.spots:
        if not spot.program.via:
            last[(spot.block.place.file, spot.block.subject)] = spot
    for (_, subject), spot in last.items():
        if spot.changes:
            yield at(spot, f"'{subject}' ends with this change; nothing says how to see that it helped")
