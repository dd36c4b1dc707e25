"""Models and GPUs: what a number means, and where a rollout needs a card that is not there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from wfconsole.runbook.lint.book import Book, Spot
from wfconsole.runbook.lint.findings import Hit, Topic, at

RULES: Final = Topic("models and gpus")
_MODEL: Final = re.compile(
    r"(?:^|[-_/])(?:llm|gpu|vllm|triton|tgi|inference|models?|embeddings?|ai)(?:[-_/]|$)", re.IGNORECASE
)
_CARDS: Final = re.compile(r"nvidia\.com|amd\.com/gpu|gpus?[ .-]free|allocatable", re.IGNORECASE)


def _serves_models(spot: Spot) -> str:
    return next((name for _, name in (spot.kubectl.targets if spot.kubectl else ()) if _MODEL.search(name)), "")


def _looked_at(book: Book, spot: Spot, pattern: re.Pattern[str]) -> bool:
    return any(pattern.search(each.program.line) for each in book.before(spot))


@RULES.whole(
    "gpu-busy-is-no-symptom",
    "warning",
    "a busy GPU taken for a symptom",
    "take growth of the queue or latency past its bound, and beside it utilization and memory",
)
def _busy(book: Book) -> Iterable[Hit]:
    for bullet in book.bullets:
        listed = bullet.path and re.search(r"symptom|alert|sign", bullet.path[-1].lower())
        busy = re.search(
            r"\bgpu\b.*\b(?:utili[sz]ation|busy|load|usage)\b|\butili[sz]ation\b.*\bgpu\b", bullet.text.lower()
        )
        if listed and busy and not re.search(r"queue|latency|\band\b", bullet.text.lower()):
            yield Hit(
                bullet.place,
                "utilization is the share of time in which anything ran: a healthy model that batches sits near 100%",
            )


@RULES.program(
    "nvidia-smi-in-a-pod",
    "warning",
    "nvidia-smi in one pod",
    "read DCGM's metrics in Prometheus by pod and GPU; where a value is N/A it is unknown, and not 0",
)
def _smi(spot: Spot) -> str | None:
    if spot.name == "nvidia-smi" and "kubectl" in spot.program.via and not spot.program.word("--query-gpu"):
        return "one pod of all; no processes are listed in a container, nothing with MIG; the program may be missing"
    return None


@RULES.program(
    "gpu-reset",
    "error",
    "a GPU is reset under its programs",
    "drain the node first, or replace it",
)
def _reset(spot: Spot) -> Hit | None:
    if spot.name == "nvidia-smi" and spot.program.word("--gpu-reset", "-r"):
        return at(spot, "everything that runs on the card ends", "--gpu-reset", "-r")
    return None


@RULES.whole(
    "gpu-scale-blind",
    "error",
    "a model scaled without looking for GPUs",
    "count first: allocatable nvidia.com/gpu of the nodes, less what is requested; allow for the time to load a model",
)
def _scale(book: Book) -> Iterable[Hit]:
    for spot in book.spots:
        if spot.is_kubectl("scale") and (name := _serves_models(spot)) and not _looked_at(book, spot, _CARDS):
            yield at(
                spot,
                "without free GPUs the new pods stay Pending (Insufficient nvidia.com/gpu), and nothing is better",
                name,
            )


@RULES.whole(
    "gpu-restart-deadlock",
    "error",
    "a restart that waits for a GPU for ever",
    "maxUnavailable 1 and maxSurge 0 for this rollout; write the old strategy down, and put it back",
)
def _deadlock(book: Book) -> Iterable[Hit]:
    surge = re.compile(r"maxSurge|strategy", re.IGNORECASE)
    for spot in book.spots:
        found = spot.is_kubectl("rollout restart")
        if found and (name := _serves_models(spot)) and not _looked_at(book, spot, surge):
            yield at(
                spot,
                "with up to three replicas the default brings one new pod up before one goes: with no spare GPU it can "
                "never start, and the rollout stands still",
                f"deployment/{name}",
                name,
            )


@RULES.whole(
    "batch-size-without-direction",
    "warning",
    "a batch size that may cause what it treats",
    "say what it is now and which way to go: larger is more throughput, more latency and more memory",
)
def _batch(book: Book) -> Iterable[Hit]:
    for spot in book.spots:
        sets = spot.changes and re.search(r"batch_?size|max_num_seqs", spot.program.line, re.IGNORECASE)
        if sets and not spot.program.via and not re.search("latency|larger batch", book.near(spot.block)):
            yield at(
                spot, "a larger batch answers later and needs more memory: time-outs and OOM kills may follow from it"
            )


@RULES.program(
    "metrics-of-one-pod",
    "warning",
    "metrics asked for through a service",
    "ask Prometheus: sum or max by (pod)",
)
def _through_service(spot: Spot) -> str | None:
    if spot.name in ("curl", "wget") and re.search(r"https?://\S*/metrics\b", spot.program.line):
        return "each call reaches another pod, so that the numbers jump; counters of one pod are no picture of all"
    return None


@RULES.program(
    "cluster-name-from-outside",
    "warning",
    "a name that only the cluster knows",
    "say from where it is called, or ask through Prometheus",
)
def _cluster_name(spot: Spot) -> str | None:
    if spot.name not in ("curl", "wget") or spot.program.via:
        return None
    match = re.search(r"https?://([^\s/:]+)", spot.program.line)
    if match and (re.fullmatch(r"<[^>]*(?:service|svc)[^>]*>|[a-z0-9-]+", match[1]) or ".svc" in match[1]):
        return None if match[1] == "localhost" else "does not resolve from a laptop or a bastion"
    return None


@RULES.program(
    "port-9090",
    "note",
    "the port is Prometheus' own",
    "make sure which program listens there",
)
def _port(spot: Spot) -> str | None:
    if spot.name in ("curl", "wget") and re.search(r":9090/metrics\b", spot.program.line):
        return "9090 is where Prometheus itself listens: these may be its metrics, and not the model's"
    return None


@RULES.program(
    "metric-names-guessed",
    "note",
    "metrics found by parts of their names",
    "name the metrics of the server that you run, in full",
)
def _guessed(spot: Spot) -> str | None:
    source = spot.piped_from
    if spot.name in ("grep", "egrep") and source and source.name in ("curl", "wget") and "metrics" in source.line:
        return "nothing found looks like nothing wrong; each server names its metrics in its own way"
    return None
