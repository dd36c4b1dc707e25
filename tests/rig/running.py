"""The rig that runs in the foreground somewhere on this machine: how a second command finds it."""

import os
from pathlib import Path

import msgspec
from platformdirs import user_cache_path

from tests.rig.api import Api
from tests.rig.cluster import Cluster
from tests.rig.processes import process_exists


class Running(msgspec.Struct, frozen=True):
    """What the foreground process writes down when it is up. The file holds a token: it is ours alone to read."""

    pid: int
    base_url: str
    authority: str
    admin_token: str
    admin_kubeconfig: str
    viewer_kubeconfig: str

    def client(self) -> Api:
        """The admin's client."""
        return Api(self.base_url, self.admin_token, Path(self.authority))


def _file() -> Path:
    return user_cache_path("wfconsole-rig") / "running.json"


def find() -> Running | None:
    """The rig that runs, or None."""
    try:
        running = msgspec.json.decode(_file().read_bytes(), type=Running)
    except (OSError, msgspec.MsgspecError):
        return None
    return running if process_exists(running.pid) else None


def announce(cluster: Cluster) -> None:
    """Write down where this process's rig is."""
    running = Running(
        pid=os.getpid(),
        base_url=cluster.base_url,
        authority=str(cluster.authority),
        admin_token=cluster.admin.token,
        admin_kubeconfig=str(cluster.admin.kubeconfig),
        viewer_kubeconfig=str(cluster.viewer.kubeconfig),
    )
    path = _file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_bytes(msgspec.json.encode(running))


def withdraw() -> None:
    """Forget this process's rig."""
    if (running := find()) is not None and running.pid == os.getpid():
        _file().unlink(missing_ok=True)
