"""A real Kubernetes control plane on loopback: etcd, the three upstream components, kwok, metrics-server.

kwok plays every node's kubelet: it moves pods through the stages of `stages.py`, serves logs and resource metrics.
"""

import os
import secrets
import signal
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import yaml

from tests.rig import logs, objects, processes, stages
from tests.rig.api import Api, condition, path_of, wait_for
from tests.rig.binaries import Binaries
from tests.rig.certificates import Authority, KeyPair, signing_key
from tests.rig.processes import Server, ServerPlan

VIEWER = "wfconsole-viewer"
#: Has what a viewer has, and the role that the console ships for those who act.
ACTOR = "wfconsole-actor"
_PREFIX = "wfconsole-rig-"
#: Programs that played containers have.
_STAND_INS = Path(__file__).parent / "stand_ins"

#: What the world needs. Fewer controllers make an idle rig cheaper.
_CONTROLLERS = (
    "cronjob-controller",
    "daemonset-controller",
    "deployment-controller",
    "disruption-controller",
    "endpointslice-controller",
    "garbage-collector-controller",
    "horizontal-pod-autoscaler-controller",
    "job-controller",
    "namespace-controller",
    "node-lifecycle-controller",
    "pod-garbage-collector-controller",
    "replicaset-controller",
    "serviceaccount-controller",
    "statefulset-controller",
    "taint-eviction-controller",
)

Report = Callable[[str], None]


@dataclass(frozen=True)
class Access:
    """One user's way in: a kubeconfig file, and the token in it."""

    user: str
    kubeconfig: Path
    token: str


class Cluster:
    """A running control plane. Use it as a context manager; leaving it ends every process and removes every file."""

    def __init__(self, binaries: Binaries, report: Report = lambda _line: None) -> None:
        self.binaries = binaries
        self._report = report
        self._stack = ExitStack()
        self.servers: list[Server] = []
        self.directory: Path
        self.base_url: str
        self.authority: Path
        self.admin: Access
        self.viewer: Access
        self.actor: Access
        self.api: Api

    def __enter__(self) -> "Cluster":
        try:
            self._bring_up()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End every process, newest first, and remove the directory. May be called twice."""
        self._stack.close()
        self.servers.clear()

    def server(self, name: str) -> Server:
        """One of the rig's own processes, such as "kube-apiserver", to freeze or kill in a test."""
        return next(server for server in self.servers if server.name == name)

    def client(self, access: Access) -> Api:
        """A client of one user; closed with the cluster."""
        api = Api(self.base_url, access.token, self.authority)
        self._stack.callback(api.close)
        return api

    def _bring_up(self) -> None:
        self.directory = self._stack.enter_context(processes.temporary_directory(_PREFIX))
        (self.directory / "logs").mkdir()
        keys = _Keys(self.directory)
        self.authority = keys.authority.certificate
        etcd = self._start(_etcd(self.binaries, self.directory))
        tokens = {"admin": secrets.token_hex(16), VIEWER: secrets.token_hex(16), ACTOR: secrets.token_hex(16)}
        self._start_apiserver(etcd.ports[0], keys, tokens)
        self._grant()
        self._start(_controller_manager(self.binaries, self.directory, self.admin, keys))
        self._start(_scheduler(self.binaries, self.directory, self.admin))
        writer = logs.LogWriter(self.directory / "logs")
        writer.start()
        self._stack.callback(writer.stop)
        self._start_kwok(keys)
        self._start_metrics_server(keys)

    def _start(self, plan: ServerPlan) -> Server:
        self._report(f"starting {plan.name}")
        server = processes.start(plan)
        self.servers.append(server)
        self._stack.callback(server.stop)
        return server

    def _start_apiserver(self, etcd_port: int, keys: "_Keys", tokens: dict[str, str]) -> None:
        lines = [
            f'{tokens["admin"]},admin,admin,"system:masters"',
            *(f"{tokens[name]},{name},{name}" for name in (VIEWER, ACTOR)),
        ]
        token_file = self.directory / "tokens.csv"
        token_file.touch(mode=0o600)
        token_file.write_text("\n".join(lines) + "\n")

        def ready(port: int) -> bool:
            if not processes.accepts(port):
                return False
            api = Api(f"https://127.0.0.1:{port}", tokens["admin"], self.authority)
            try:
                return api.ready()
            finally:
                api.close()

        plan = ServerPlan(
            "kube-apiserver",
            lambda port: _apiserver_command(self.binaries, port, etcd_port, keys, token_file),
            ready,
            self.directory,
            deadline_s=90,
            # Its graceful end waits for every watch to close; etcd's data is thrown away anyway.
            stop_signal=signal.SIGKILL,
        )
        server = self._start(plan)
        self.base_url = f"https://127.0.0.1:{server.ports[0]}"
        self.admin = self._access("admin", tokens["admin"])
        self.viewer = self._access(VIEWER, tokens[VIEWER])
        self.actor = self._access(ACTOR, tokens[ACTOR])
        self.api = self.client(self.admin)

    def _access(self, user: str, token: str) -> Access:
        path = self.directory / f"{user}.kubeconfig"
        write_kubeconfig(path, self.base_url, self.authority, user, token)
        return Access(user, path, token)

    def _grant(self) -> None:
        wait_for("the namespace kube-system", lambda: self.api.get(path_of("v1", "Namespace", "kube-system")))
        self.api.apply(*objects.viewer_rights(VIEWER), *objects.actor_rights(ACTOR), *stages.resource_definitions())

    def _start_kwok(self, keys: "_Keys") -> None:
        config = self.directory / "kwok.yaml"
        config.write_text(stages.kwok_configuration(self.directory / "logs", logs.CONTAINERS))
        for crd in stages.resource_definitions():
            path = path_of(crd["apiVersion"], crd["kind"], crd["metadata"]["name"])
            wait_for("kwok's resources", partial(self._established, path))
        self._start(_kwok(self.binaries, self.directory, config, self.admin, keys.kubelet))

    def _established(self, path: str) -> bool:
        return condition(self.api.get(path), "Established") == "True"

    def _start_metrics_server(self, keys: "_Keys") -> None:
        server = self._start(_metrics_server(self.binaries, self.directory, self.admin, keys.metrics))
        self.api.apply(*objects.metrics_service(server.ports[0]))


def write_kubeconfig(path: Path, base_url: str, authority: Path, user: str, token: str) -> None:
    """A kubeconfig of one context that names the rig and the user; readable by us alone."""
    context = "rig" if user == "admin" else f"rig-{user}"
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "rig", "cluster": {"server": base_url, "certificate-authority": str(authority)}}],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": context, "context": {"cluster": "rig", "user": user, "namespace": "production"}}],
        "current-context": context,
    }
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(content, sort_keys=False))


class _Keys:
    """Every certificate of one control plane."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "certificates"
        self.directory.mkdir(mode=0o700)
        self.authority = Authority(self.directory, "authority")
        self.front_proxy_authority = Authority(self.directory, "front-proxy-authority")
        self.apiserver = self.authority.issue("kube-apiserver")
        self.kubelet = self.authority.issue("kubelet")
        self.metrics = self.authority.issue("metrics-server")
        self.aggregator = self.front_proxy_authority.issue("aggregator")
        self.service_accounts = signing_key(self.directory / "service-accounts.key")


def _etcd(binaries: Binaries, directory: Path) -> ServerPlan:
    def command(client: int, peer: int) -> Sequence[str | Path]:
        url, peer_url = f"http://127.0.0.1:{client}", f"http://127.0.0.1:{peer}"
        return [
            binaries.etcd,
            "--data-dir", directory / "etcd",
            "--listen-client-urls", url, "--advertise-client-urls", url,
            "--listen-peer-urls", peer_url, "--initial-advertise-peer-urls", peer_url,
            "--initial-cluster", f"default={peer_url}",
            "--logger", "zap", "--log-level", "error",
            *(["--unsafe-no-fsync"] if binaries.etcd_is_modern else []),
        ]  # fmt: skip

    return ServerPlan(
        "etcd", command, lambda client, _peer: processes.accepts(client), directory, 2, stop_signal=signal.SIGKILL
    )


def _apiserver_command(
    binaries: Binaries, port: int, etcd_port: int, keys: _Keys, token_file: Path
) -> Sequence[str | Path]:
    return [
        binaries.apiserver,
        f"--etcd-servers=http://127.0.0.1:{etcd_port}",
        f"--secure-port={port}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        "--endpoint-reconciler-type=none",
        f"--cert-dir={keys.directory}",
        f"--tls-cert-file={keys.apiserver.certificate}",
        f"--tls-private-key-file={keys.apiserver.key}",
        f"--client-ca-file={keys.authority.certificate}",
        f"--token-auth-file={token_file}",
        "--authorization-mode=RBAC",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={keys.service_accounts}",
        f"--service-account-signing-key-file={keys.service_accounts}",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--kubelet-preferred-address-types=InternalIP",
        f"--kubelet-client-certificate={keys.kubelet.certificate}",
        f"--kubelet-client-key={keys.kubelet.key}",
        f"--requestheader-client-ca-file={keys.front_proxy_authority.certificate}",
        "--requestheader-allowed-names=aggregator",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        f"--proxy-client-cert-file={keys.aggregator.certificate}",
        f"--proxy-client-key-file={keys.aggregator.key}",
        "--profiling=false",
        # On an old etcd every watch without a resourceVersion would fail: the server takes it for a list.
        *([] if binaries.etcd_is_modern else ["--feature-gates=WatchList=false"]),
    ]


def _controller_manager(binaries: Binaries, directory: Path, admin: Access, keys: _Keys) -> ServerPlan:
    return ServerPlan(
        "kube-controller-manager",
        lambda port: [
            binaries.controller_manager,
            f"--kubeconfig={admin.kubeconfig}",
            "--leader-elect=false",
            "--bind-address=127.0.0.1",
            f"--secure-port={port}",
            f"--cert-dir={directory / 'controller-manager'}",
            f"--service-account-private-key-file={keys.service_accounts}",
            f"--root-ca-file={keys.authority.certificate}",
            f"--controllers={','.join(_CONTROLLERS)}",
            "--horizontal-pod-autoscaler-sync-period=2s",
            "--horizontal-pod-autoscaler-downscale-stabilization=5s",
            "--horizontal-pod-autoscaler-cpu-initialization-period=1s",
            "--horizontal-pod-autoscaler-initial-readiness-delay=1s",
            # Nobody renews thousands of leases here: a played node is as healthy as its conditions say.
            "--node-monitor-grace-period=24h",
            "--node-monitor-period=30s",
            "--kube-api-qps=500",
            "--kube-api-burst=1000",
            "--profiling=false",
        ],
        processes.accepts,
        directory,
        deadline_s=60,
    )


def _scheduler(binaries: Binaries, directory: Path, admin: Access) -> ServerPlan:
    config = directory / "scheduler.yaml"
    settings = {
        "apiVersion": "kubescheduler.config.k8s.io/v1",
        "kind": "KubeSchedulerConfiguration",
        "clientConnection": {"kubeconfig": str(admin.kubeconfig), "qps": 500, "burst": 1000},
        "leaderElection": {"leaderElect": False},
    }
    config.write_text(yaml.safe_dump(settings))
    return ServerPlan(
        "kube-scheduler",
        lambda port: [
            binaries.scheduler,
            f"--config={config}",
            "--bind-address=127.0.0.1",
            f"--secure-port={port}",
            f"--cert-dir={directory / 'scheduler'}",
        ],
        processes.accepts,
        directory,
        deadline_s=60,
    )


def _kwok(binaries: Binaries, directory: Path, config: Path, admin: Access, certificate: KeyPair) -> ServerPlan:
    return ServerPlan(
        "kwok",
        lambda port: [
            binaries.kwok,
            f"--kubeconfig={admin.kubeconfig}",
            f"--config={config}",
            "--manage-all-nodes=true",
            "--node-ip=127.0.0.1",
            f"--node-port={port}",
            f"--server-address=127.0.0.1:{port}",
            f"--tls-cert-file={certificate.certificate}",
            f"--tls-private-key-file={certificate.key}",
            "--cidr=10.244.0.0/16",
            "--node-lease-duration-seconds=0",
            "--v=WARN",
            f"--enable-crds={','.join(stages.DYNAMIC_KINDS)}",
        ],
        processes.accepts,
        directory,
        deadline_s=60,
        # What an exec into a played pod runs is looked up here first.
        env={"PATH": f"{_STAND_INS}:{os.environ.get('PATH', '/usr/bin:/bin')}"},
    )


def _metrics_server(binaries: Binaries, directory: Path, admin: Access, certificate: KeyPair) -> ServerPlan:
    return ServerPlan(
        "metrics-server",
        lambda port: [
            binaries.metrics_server,
            f"--kubeconfig={admin.kubeconfig}",
            f"--authentication-kubeconfig={admin.kubeconfig}",
            f"--authorization-kubeconfig={admin.kubeconfig}",
            "--bind-address=127.0.0.1",
            f"--secure-port={port}",
            f"--tls-cert-file={certificate.certificate}",
            f"--tls-private-key-file={certificate.key}",
            "--kubelet-insecure-tls",
            "--kubelet-preferred-address-types=InternalIP",
            "--kubelet-use-node-status-port",
            f"--node-selector={stages.MEASURED_LABEL}=true",
            "--metric-resolution=10s",
            "--kubelet-request-timeout=5s",
            "--profiling=false",
        ],
        processes.accepts,
        directory,
        deadline_s=60,
    )
