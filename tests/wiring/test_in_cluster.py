"""A console in a pod looks and acts with the pod's own service account, whatever kubeconfig there is beside it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.collector.examined import Examined
from tests.collector.process import CollectorProcess, kubeconfig_for
from tests.real_parts import missing
from tests.rig.cluster import Cluster
from tests.sources.api_double import ApiDouble
from wfconsole import exit_codes
from wfconsole.actions.kubernetes.cluster import Cluster as ActingCluster
from wfconsole.cli import main
from wfconsole.clock import SystemClock
from wfconsole.collector.settings import CollectorSettings
from wfconsole.config.actions import ActingSettings
from wfconsole.config.locations import find_locations
from wfconsole.config.settings import KubernetesSettings, Settings
from wfconsole.errors import UserError
from wfconsole.incident.events import Target
from wfconsole.observations.snapshot import Failure
from wfconsole.recording import lines
from wfconsole.recording.format import SourcePatch, StreamReader
from wfconsole.runbook import load_runbook
from wfconsole.session.session import Session
from wfconsole.sources.contract import SourceError
from wfconsole.sources.kubernetes import kubeconfig
from wfconsole.wiring import collecting
from wfconsole.wiring.acting import acting_settings
from wfconsole.wiring.collecting import collector_settings, require_cluster
from wfconsole.wiring.ground import Ground

IN_A_POD = Settings(kubernetes=KubernetesSettings(in_cluster=True))
NO_POD = "this is no pod: KUBERNETES_SERVICE_HOST is not set"
ROOT = Path(__file__).parents[2]

# What a kubelet does: the files of a service account at the one place where every pod has them.
MOUNT = 'mount -t tmpfs pod /var/run; mkdir -p "${2%/*}"; cp -r "$1" "$2"; shift 2; exec "$@"'
OWN_MOUNTS = ("unshare", *(("--map-root-user",) if os.geteuid() else ()), "--mount")


@pytest.fixture
def double(monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiDouble]:
    """A cluster that a kubeconfig names, on a machine that is no pod."""
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with ApiDouble() as server:
        yield server
        assert server.requests == [], "whoever is told to use the service account asks nobody else"


def test_a_collector_in_a_pod_takes_no_kubeconfig(double: ApiDouble, tmp_path: Path) -> None:
    with CollectorProcess({"kubeconfig": kubeconfig_for(double.url, tmp_path), "in_cluster": True}) as collector:
        collector.until_failing("configuration")
        failure = collector.snapshots["pods"].failure
        assert failure is not None
        assert failure.message == NO_POD


def test_the_doctor_in_a_pod_takes_no_kubeconfig(double: ApiDouble, tmp_path: Path) -> None:
    found = Examined("kubernetes", {"kubeconfig": kubeconfig_for(double.url, tmp_path), "in_cluster": True})
    assert NO_POD in [check.detail for check in found.checks]


def test_who_acts_in_a_pod_takes_no_kubeconfig(double: ApiDouble, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=NO_POD):
        ActingCluster(ActingSettings(kubeconfig=kubeconfig_for(double.url, tmp_path), in_cluster=True))


def test_the_collector_is_told_that_it_is_in_a_pod_and_no_context() -> None:
    """One that takes another's place too: what that one called its context is in no file."""
    before = lines.Header(
        1, 1, "2026-03-01T14:32:00.000Z", target=lines.Target("in-cluster", "war", "https://10.0.0.1")
    )
    for header in (None, before):
        told = msgspec.json.decode(collector_settings(IN_A_POD, before=header), type=CollectorSettings)
        assert (told.in_cluster, told.context) == (True, "")


def test_who_acts_is_told_that_it_is_in_a_pod(tmp_path: Path) -> None:
    places = find_locations({"WFCONSOLE_STATE_DIR": str(tmp_path), "WFCONSOLE_CONFIG": str(tmp_path / "c")})
    target = Target("in-cluster", "war", "https://10.0.0.1")
    session = Session(clock=SystemClock(), runbook=load_runbook(None), operator="op1", target=target)
    told = acting_settings(Ground(IN_A_POD, places, SystemClock(), "op1"), session)
    assert (told.in_cluster, told.server) == (True, "https://10.0.0.1")


def test_a_pod_needs_its_service_account_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token = tmp_path / "token"
    monkeypatch.setattr(collecting, "SERVICE_ACCOUNT", token)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KUBECONFIG", kubeconfig_for("https://10.0.0.1", tmp_path))
    with pytest.raises(UserError, match="no pod with a service account") as refused:
        require_cluster(IN_A_POD)
    assert refused.value.code == exit_codes.CLUSTER
    token.touch()
    monkeypatch.delenv("KUBECONFIG")
    require_cluster(IN_A_POD)
    with pytest.raises(UserError, match="no kubeconfig"):
        require_cluster(Settings())


def test_the_command_line_says_that_it_is_in_a_pod(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(collecting, "SERVICE_ACCOUNT", tmp_path / "token")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    assert main(["record", "--in-cluster", "-"]) == exit_codes.CLUSTER
    assert "--in-cluster: this is no pod with a service account" in capsys.readouterr().err


def test_the_console_and_its_collector_look_for_one_and_the_same_token() -> None:
    assert collecting.SERVICE_ACCOUNT == kubeconfig.SERVICE_ACCOUNT / "token"


def target_and_refusal(program: subprocess.Popen[bytes]) -> tuple[lines.Header, str]:
    """The beginning of a stream, and why its pods cannot be seen."""
    assert program.stdout is not None
    reader = StreamReader()
    while chunk := os.read(program.stdout.fileno(), 1 << 16):
        for item in reader.feed(chunk):
            if isinstance(item, SourcePatch) and item.source == "pods" and isinstance(item.patch.failure, Failure):
                assert reader.header is not None
                return reader.header, item.patch.failure.message
    raise AssertionError("the stream ended before anything was said of the pods")


@pytest.mark.rig
def test_in_a_pod_the_real_server_is_asked_by_the_pods_own_account(cluster: Cluster, tmp_path: Path) -> None:
    """From the command line to the server: its address, its authority and its token are those of the pod."""
    if shutil.which(OWN_MOUNTS[0]) is None or subprocess.run([*OWN_MOUNTS, "true"], check=False).returncode:
        missing("nobody but root may give a process mounts of its own here: run the tests as root")
    account = tmp_path / "account"
    account.mkdir()
    named = "/api/v1/namespaces/default/serviceaccounts/default/token"
    (account / "token").write_text(cluster.api.create(named, {"spec": {}})["status"]["token"])
    (account / "ca.crt").write_bytes(cluster.authority.read_bytes())
    (account / "namespace").write_text("war-room")
    pod = [*OWN_MOUNTS, "sh", "-ec", MOUNT, "sh", str(account), str(kubeconfig.SERVICE_ACCOUNT)]
    variables = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "HOME": str(tmp_path),
        "KUBECONFIG": kubeconfig_for("http://127.0.0.1:9", tmp_path),
        "KUBERNETES_SERVICE_HOST": "127.0.0.1",
        "KUBERNETES_SERVICE_PORT": cluster.base_url.rpartition(":")[2],
    }
    command = [*pod, sys.executable, "-m", "wfconsole", "record", "--in-cluster", "-"]
    with subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, cwd=tmp_path) as program:
        try:
            header, refusal = target_and_refusal(program)
        finally:
            program.terminate()
    assert header.target == lines.Target("in-cluster", "war-room", cluster.base_url)
    assert 'User "system:serviceaccount:default:default" cannot list' in refusal
