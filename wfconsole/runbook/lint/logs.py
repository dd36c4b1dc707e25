"""Logs and what is searched in them: what hangs, shows one pod of many, or finds everything and nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from wfconsole.runbook.lint.book import Book, Spot
from wfconsole.runbook.lint.findings import Hit, Topic, at
from wfconsole.runbook.programs import Kubectl, kubectl

RULES: Final = Topic("logs and searches")
_STATUS_WORDS: Final = re.compile(r"crashloop|pending|error|evicted|imagepull|running|oomkilled", re.IGNORECASE)
_STATUS_CODES: Final = re.compile(r"(?<![\d\\\[\" ])\b[1-5]\d\d\b(?![\" \\\]])")
_COMMON_WORDS: Final = re.compile(r"\b(?:error|errors|model|loading|warn|warning|info|exception|fail|failed)\b")
_SPACED_CONDITION: Final = re.compile(r"(?:memory|disk|pid|network)\s+(?:pressure|unavailable)", re.IGNORECASE)
_WORKLOADS: Final = ("deployment", "statefulset", "daemonset", "replicaset", "job", "service")


def pattern_of(spot: Spot) -> str:
    """What grep looks for: the first word that is no option (or the one behind -e)."""
    explicit = spot.program.value("-e", "--regexp")
    if explicit:
        return explicit
    words = spot.program.words[1:]
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word.text.startswith("-") and len(word.text) > 1:
            skip = word.text in ("-A", "-B", "-C", "-m", "-f")
        else:
            return word.text
    return ""


def searched(spot: Spot) -> Kubectl | None:
    """The kubectl command whose output this grep, egrep or awk searches."""
    if spot.name not in ("grep", "egrep", "fgrep", "awk", "rg") or spot.piped_from is None:
        return None
    return kubectl(spot.piped_from)


@RULES.program(
    "grep-pod-status",
    "warning",
    "a search of the pod table for status words",
    "list all pods with their READY column, or select by condition: "
    "kubectl get pods -A -o wide, and judge Ready, restarts and reasons",
)
def _grep_pod_status(spot: Spot) -> str | None:
    found = searched(spot)
    if found and found.verb == "get" and "pod" in found.kinds and _STATUS_WORDS.search(pattern_of(spot)):
        return (
            "misses pods that are 0/1 Running (the commonest outage), and each reason that is not named, such as "
            "ImagePullBackOff, OOMKilled, Evicted, Terminating; matches pod names too; finding nothing exits 1"
        )
    return None


@RULES.program(
    "grep-silence",
    "note",
    "a search whose silence reads as good news",
    "use a field selector, a label or -o jsonpath, so that nothing found and command failed differ",
)
def _grep_silence(spot: Spot) -> str | None:
    if searched(spot) and spot.name != "awk":
        return "grep prints nothing both when all is well and when kubectl failed or the words have changed"
    return None


@RULES.program(
    "logs-follow",
    "error",
    "logs that are followed",
    "read a bounded piece: kubectl logs <pod> --all-containers --tail=200 --timestamps, without -f",
)
def _logs_follow(spot: Spot) -> Hit | None:
    if spot.is_kubectl("logs") and spot.program.word("-f", "--follow") is not None:
        return at(spot, "-f never returns: the checklist stops here until somebody interrupts it", "-f", "--follow")
    return None


@RULES.program(
    "logs-one-pod",
    "warning",
    "logs of one pod of many",
    "name the pod that fails, or select all: kubectl logs -l app=<app> --all-containers --prefix --tail=200",
)
def _logs_one_pod(spot: Spot) -> str | None:
    found = spot.is_kubectl("logs")
    if found and found.kinds & set(_WORKLOADS) and spot.program.word("--all-pods") is None:
        return "kubectl takes one pod of the workload, and its default container: mostly not the one that fails"
    return None


@RULES.program(
    "logs-unbounded",
    "warning",
    "logs without a bound",
    "add --tail=200 or --since=15m",
)
def _logs_unbounded(spot: Spot) -> str | None:
    if spot.is_kubectl("logs") and spot.program.word("--tail", "--since", "--since-time", "--limit-bytes") is None:
        return "prints all that the node kept, which can be many megabytes"
    return None


@RULES.whole(
    "logs-no-previous",
    "note",
    "the log of the previous run is never read",
    "add kubectl logs <pod> -c <container> --previous --tail=200 for containers that restarted",
)
def _logs_no_previous(book: Book) -> Iterable[Hit]:
    seen: set[tuple[str, str]] = set()
    for spot in book.spots:
        key = (spot.block.place.file, spot.block.subject)
        if not spot.is_kubectl("logs") or key in seen:
            continue
        seen.add(key)
        here = book.in_subject(spot.block)
        if re.search(r"--previous|(?:previous|last) run", book.near(spot.block)):
            continue
        if not any(each.program.word("--previous", "-p") for each in here if each.is_kubectl("logs")):
            yield at(spot, "of a crash loop this shows the run that has just begun; the reason is in the one before")


@RULES.program(
    "grep-status-code",
    "warning",
    "status codes searched as digits",
    "parse the status field, or anchor it by its neighbours: grep -E '\" 40[13] '",
)
def _grep_status_code(spot: Spot) -> str | None:
    found = searched(spot)
    if found and found.verb == "logs" and _STATUS_CODES.search(pattern_of(spot)) and not spot.program.word("-w"):
        return "matches any digits: an id such as 40312, a duration such as 0.401, a size; counts of it mean nothing"
    return None


@RULES.program(
    "grep-common-words",
    "warning",
    "logs searched for words that every line has",
    "look at readiness and start-up probes, or search for one exact message of the program",
)
def _grep_common_words(spot: Spot) -> str | None:
    found = searched(spot)
    if found and found.verb == "logs" and len(_COMMON_WORDS.findall(pattern_of(spot).lower())) > 1:
        return "matches nearly every line, so it says neither that all is well nor that it is not"
    return None


@RULES.program(
    "grep-condition-name",
    "error",
    "a search that can never match",
    "read the condition itself: kubectl get nodes -o "
    "'custom-columns=NAME:.metadata.name,MEMORY:.status.conditions[?(@.type==\"MemoryPressure\")].status'",
)
def _grep_condition(spot: Spot) -> str | None:
    found = searched(spot)
    if found and "node" in found.kinds and (match := _SPACED_CONDITION.search(pattern_of(spot))):
        one = "".join(part.capitalize() for part in match[0].split())
        return f"the condition is spelt {one}, in one word: this never matches, and reads as no pressure"
    return None


@RULES.program(
    "grep-fixed-lines",
    "warning",
    "a fixed number of lines cut out of describe",
    "ask for the fields: kubectl get pod <pod> -o "
    "'jsonpath={range .spec.containers[*]}{.name}{.resources}{\"\\n\"}{end}'",
)
def _grep_fixed_lines(spot: Spot) -> str | None:
    found = searched(spot)
    if found and found.verb == "describe" and spot.program.word("-A", "-B", "-C") is not None:
        return "what describe prints differs in length: this cuts containers off, or mixes them up"
    return None
