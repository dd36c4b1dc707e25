"""nvidia-smi through the exec of a real API server, with exactly the right that the project ships for it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from tests.collector.process import CollectorProcess
from tests.rig.cluster import Cluster
from tests.rig.systems.prometheus import Prometheus
from tests.sources.gpus.nodes import APP, SHORT_CARD, GpuNodes, cards
from tests.sources.test_real_cluster import limited_user, namespace
from wfconsole.config.metrics import GpuSettings
from wfconsole.observations.gpus import GpuProcess, GpuRow, judge_gpu
from wfconsole.observations.levels import Level, Quality
from wfconsole.observations.snapshot import in_words
from wfconsole.sources.contract import SourceError
from wfconsole.sources.kubernetes.client import Server
from wfconsole.sources.kubernetes.gpus import NvidiaSmiPoll
from wfconsole.sources.kubernetes.kubeconfig import load_access
from wfconsole.text import is_safe

pytestmark = pytest.mark.rig

ROLE = yaml.safe_load((Path(__file__).parents[3] / "wfconsole/sources/kubernetes/gpu-exec-role.yaml").read_text())
__all__ = ["namespace"]  # a fixture


@pytest.fixture
def nodes(cluster: Cluster, namespace: str, tmp_path: Path) -> Iterator[GpuNodes]:
    with GpuNodes(cluster.api, namespace, tmp_path) as made:
        yield made


@pytest.fixture
def kubeconfig(cluster: Cluster, namespace: str, tmp_path: Path) -> Path:
    return limited_user(cluster, namespace, tmp_path, ROLE["rules"])


def a_poll(kubeconfig: Path, namespace: str, nodes: GpuNodes | None = None, **more: Any) -> NvidiaSmiPoll:
    """A look at all nodes, once their plugins run."""
    if nodes is not None:
        nodes.await_running()
    server = Server(load_access(str(kubeconfig)))
    return NvidiaSmiPoll(server, GpuSettings(exec_namespace=namespace), 15_000, **more)


def look(poll: NvidiaSmiPoll) -> dict[str, GpuRow]:
    poll.step(lambda: None)
    return {key: msgspec.json.decode(row, type=GpuRow) for key, row in poll.table.rows().items()}


def test_the_cards_of_all_nodes_are_read_with_the_shipped_right(
    nodes: GpuNodes, kubeconfig: Path, namespace: str
) -> None:
    nodes.add("a", gpu=cards(61, 7), apps="GPU-1, 4711, /opt/vllm --model llama, big, 40000\nGPU-9, 1, x, 1\n")
    nodes.add("b", gpu=cards(40, form=SHORT_CARD), only_short="")
    poll = a_poll(kubeconfig, namespace, nodes)
    rows = look(poll)
    a, b = nodes.name("a"), nodes.name("b")
    assert set(rows) == {f"{a}/0", f"{a}/1", f"{b}/0"}
    assert in_words(poll.lacks()) == ""
    card = rows[f"{a}/1"]
    assert (card.node, card.gpu, card.utilization, card.temperature, card.power) == (a, "1", 0.07, 61.0, 402.17)
    assert (card.memory_used, card.memory_total) == (48000 << 20, 81559 << 20)
    assert (card.ecc_errors, card.xid, card.mig, card.told_by) == (0, None, False, "nvidia-smi")
    assert card.processes == (GpuProcess(4711, "/opt/vllm --model llama, big", 40000 << 20),)
    assert rows[f"{a}/0"].processes == ()
    # A driver that does not know the newer fields is asked for the older ones.
    assert (rows[f"{b}/0"].model, rows[f"{b}/0"].utilization, rows[f"{b}/0"].ecc_errors) == ("Tesla K80", 0.4, None)


def test_without_the_right_the_grant_that_mends_it_is_named(
    cluster: Cluster, nodes: GpuNodes, namespace: str, tmp_path: Path
) -> None:
    nodes.add("a", gpu=cards(1))
    with pytest.raises(SourceError) as refused:
        look(a_poll(cluster.viewer.kubeconfig, namespace, nodes))
    assert refused.value.kind == "denied"
    assert "pods/exec" in refused.value.message
    assert refused.value.remedy == f"Grant create and get on pods/exec in {namespace}: gpu-exec-role.yaml."


def test_get_alone_is_not_enough_for_the_server(
    cluster: Cluster, nodes: GpuNodes, namespace: str, tmp_path: Path
) -> None:
    """Should a server ever be content with less, the shipped role can become smaller."""
    nodes.add("a", gpu=cards(1))
    rules = [
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]},
        {"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["get"]},
    ]
    with pytest.raises(SourceError) as refused:
        look(a_poll(limited_user(cluster, namespace, tmp_path, rules), namespace, nodes))
    assert refused.value.kind == "denied"


def test_a_node_that_cannot_be_asked_is_named_and_the_others_are_there(
    nodes: GpuNodes, kubeconfig: Path, namespace: str
) -> None:
    nodes.add("a", gpu=cards(61))
    nodes.add("b", playable=False)
    poll = a_poll(kubeconfig, namespace, nodes)
    assert set(look(poll)) == {f"{nodes.name('a')}/0"}
    assert in_words(poll.lacks()).startswith(f"{nodes.name('b')}: ")
    assert is_safe(in_words(poll.lacks()))


def test_what_the_driver_says_instead_of_cards_is_a_finding(nodes: GpuNodes, kubeconfig: Path, namespace: str) -> None:
    failed = "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n"
    nodes.add("a", gpu=failed, exit="9")
    nodes.add("b", gpu=cards(10))
    poll = a_poll(kubeconfig, namespace, nodes)
    rows = look(poll)
    row = rows[f"{nodes.name('a')}/"]
    assert failed.strip() in row.problem
    assert judge_gpu(row, 0).level == Level.WARNING
    assert (row.utilization, row.memory_used) == (None, None)
    assert rows[f"{nodes.name('b')}/0"].utilization == 0.1


def test_a_command_that_hangs_is_a_finding_and_is_not_started_again(
    nodes: GpuNodes, kubeconfig: Path, namespace: str
) -> None:
    """A card that does not answer never lets go of who asks it: each look would leave another one behind."""
    folder = nodes.add("a", gpu=cards(61), hang="")
    nodes.add("b", gpu=cards(10))
    now = 1000.0
    poll = a_poll(kubeconfig, namespace, nodes, clock=lambda: now)
    poll.deadline_ms = 2500
    rows = look(poll)
    assert set(rows) == {f"{nodes.name('a')}/", f"{nodes.name('b')}/0"}
    assert judge_gpu(rows[f"{nodes.name('a')}/"], 0).kind == "driver"
    (folder / "hang").unlink()
    assert f"{nodes.name('a')}/" in look(poll), "it is left alone"
    now += 301
    assert set(look(poll)) == {f"{nodes.name('a')}/0", f"{nodes.name('b')}/0"}


def test_no_pod_to_ask_in_says_which_settings_are_wrong(kubeconfig: Path, namespace: str) -> None:
    with pytest.raises(SourceError) as wrong:
        look(a_poll(kubeconfig, namespace))
    assert wrong.value.kind == "configuration"
    assert f"app={APP}" in wrong.value.message


def test_the_nodes_are_asked_while_prometheus_is_gone_and_not_a_moment_longer(
    nodes: GpuNodes, kubeconfig: Path, namespace: str, prometheus: Prometheus
) -> None:
    nodes.add("a", gpu=cards(61))
    nodes.await_running()
    settings = {
        "kubeconfig": str(kubeconfig),
        "flush_ms": 50,
        "sources": [],
        "prometheus": {"url": prometheus.url},
        "gpu": {"exec_namespace": namespace},
        "intervals": {"gpus": 2000},
    }
    with CollectorProcess(settings) as collector:

        def told_by(who: str) -> bool:
            snapshot = collector.snapshots.get("gpus")
            return snapshot is not None and {row.told_by for row in snapshot.rows.values()} == {who}

        collector.until(lambda: told_by("dcgm"), "the metrics of dcgm-exporter", 30)
        snapshot = collector.snapshots["gpus"]
        assert (snapshot.partial, snapshot.failure) == ("", None)
        os.kill(prometheus.server.pid, signal.SIGSTOP)
        try:
            collector.until(lambda: told_by("nvidia-smi"), "the nodes themselves", 30)
            snapshot = collector.until(
                lambda: (each := collector.snapshots["gpus"]) and each.partial and each, "what is missing"
            )
            assert snapshot.partial.startswith("from nvidia-smi, without pods and Xid errors, since ")
            assert snapshot.quality(snapshot.observed_at) == Quality.PARTIAL
            assert set(snapshot.rows) == {f"{nodes.name('a')}/0"}
        finally:
            os.kill(prometheus.server.pid, signal.SIGCONT)
        collector.send({"type": "retry", "source": "gpus"})
        collector.until(lambda: told_by("dcgm"), "the metrics again", 70)
        collector.until(lambda: not collector.snapshots["gpus"].partial, "all of it", 10)
