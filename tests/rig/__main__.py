"""`python -m tests.rig`: bring up a control plane with the world on it and the systems beside it, and break things in
them by name."""

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from tests.rig import faults, running, world
from tests.rig.api import ApiError, NotYetError
from tests.rig.binaries import BinariesMissingError, find_or_build
from tests.rig.cluster import Cluster
from tests.rig.control import Control, ask
from tests.rig.etcd import Etcd
from tests.rig.load import Load
from tests.rig.processes import ServerError, process_exists
from tests.rig.systems.everything import Systems


def main() -> int:
    """Run one command; 0 when it worked, 1 with a message when it did not."""
    parser = argparse.ArgumentParser(prog="python -m tests.rig", description=__doc__)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.add_parser("up", help="run in the foreground (the default); takes faults on standard input")
    commands.add_parser("build", help="only find or build the programs")
    fault = commands.add_parser("fault", help="cause a fault in the running rig", description=_describe_faults())
    fault.formatter_class = argparse.RawDescriptionHelpFormatter
    fault.add_argument("name", metavar="NAME")
    more = commands.add_parser("load", help="add this many pods to the running rig (rounded up to hundreds); 0 removes")
    more.add_argument("pods", type=int)
    commands.add_parser("status", help="say where the running rig is")
    commands.add_parser("down", help="end the running rig")
    arguments = parser.parse_args()
    run: dict[str, Callable[[], int]] = {
        "up": _up,
        "build": _build,
        "fault": lambda: _fault(arguments.name),
        "load": lambda: _load(arguments.pods),
        "status": _status,
        "down": _down,
    }
    try:
        return run[arguments.command or "up"]()
    except (BinariesMissingError, ServerError, ApiError, NotYetError, ValueError, httpx.HTTPError) as error:
        print(f"rig: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def _describe_faults() -> str:
    return "\n".join(f"{name:16} {cause.__doc__}" for name, cause in faults.FAULTS.items())


def _build() -> int:
    print(find_or_build(_Progress()).apiserver.parent)
    return 0


def _up() -> int:
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):  # a shell in the background leaves INT ignored
        signal.signal(number, _interrupt)
    report = _Progress()
    with running.only_one(), Systems(report) as systems, Cluster(find_or_build(report), report) as cluster:
        world.create(cluster.api, report, metrics_first=True)
        configuration = cluster.directory / "wfconsole.toml"
        systems.configure(configuration)
        control = Control(cluster.directory / "control", lambda name: _inject(cluster, systems, name))
        running.announce(cluster, configuration, cluster.directory / "control")
        report("ready")
        print(_usage(cluster, systems, configuration), flush=True)
        _serve(cluster, control)
    return 0


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _usage(cluster: Cluster, systems: Systems, configuration: Path) -> str:
    named = {"KUBECONFIG": str(cluster.viewer.kubeconfig), **systems.environment}
    words = " ".join(f"{name}={value}" for name, value in named.items())
    return f"""
  console, least privilege:  {words} wfconsole live --config {configuration}
  kubectl, administrator:    KUBECONFIG={cluster.admin.kubeconfig} kubectl get pods

  Type a fault, or from elsewhere: python -m tests.rig fault NAME
  {", ".join((*faults.FAULTS, *systems.faults))}
  Ctrl-C ends everything.
"""


def _serve(cluster: Cluster, control: Control) -> None:
    """Take faults from standard input and from elsewhere, until interrupted."""
    while True:
        ended = [server for server in cluster.servers if not server.alive]
        if ended:
            raise ServerError(f"{ended[0].name} ended by itself:\n{ended[0].log_tail()}")
        control.serve(1)


def _inject(cluster: Cluster, systems: Systems, name: str) -> str:
    if name in systems.faults:
        return systems.faults[name]()
    told = faults.inject(cluster.api, name)
    if name == "recover":
        systems.recover()
    return told


def _fault(name: str) -> int:
    print(ask(_require().control, name))
    return 0


def _load(pods: int) -> int:
    found = _require()
    api = found.client()
    try:
        with Etcd(found.etcd_port) as etcd:
            load = Load(api, etcd)
            if pods:
                load.create(pods)
            else:
                load.remove()
    finally:
        api.close()
    return 0


def _status() -> int:
    found = _require()
    told = {"pid": found.pid, "server": found.base_url, "admin": found.admin_kubeconfig}
    told |= {"viewer": found.viewer_kubeconfig, "configuration": found.configuration}
    print("\n".join(f"{name} {value}" for name, value in told.items()))
    return 0


def _down() -> int:
    found = _require()
    os.kill(found.pid, signal.SIGTERM)
    deadline = time.monotonic() + 30
    while process_exists(found.pid):
        if time.monotonic() > deadline:
            raise ServerError(f"the rig (pid {found.pid}) did not end within 30 s")
        time.sleep(0.1)
    return 0


def _require() -> running.Running:
    found = running.find()
    if found is None:
        raise ValueError("no rig runs; start one: python -m tests.rig")
    return found


class _Progress:
    """Progress lines with the seconds since the start."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    def __call__(self, line: str) -> None:
        print(f"[{time.monotonic() - self._started:5.1f} s] {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
