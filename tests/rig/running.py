"""The rig that runs in the foreground somewhere on this machine: how a second command finds it."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
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
    etcd_port: int
    configuration: str
    control: str

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


@contextmanager
def only_one() -> Iterator[None]:
    """Hold the place of the one rig in the foreground. Raises ValueError when another process holds it."""
    path = _file().with_suffix(".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ValueError("a rig runs already, or starts; end it with: python -m tests.rig down") from None
        try:
            yield
        finally:
            _file().unlink(missing_ok=True)


def announce(cluster: Cluster, configuration: Path, control: Path) -> None:
    """Write down where this process's rig is."""
    running = Running(
        pid=os.getpid(),
        base_url=cluster.base_url,
        authority=str(cluster.authority),
        admin_token=cluster.admin.token,
        admin_kubeconfig=str(cluster.admin.kubeconfig),
        viewer_kubeconfig=str(cluster.viewer.kubeconfig),
        etcd_port=cluster.server("etcd").ports[0],
        configuration=str(configuration),
        control=str(control),
    )
    # Renamed into place: a reader never sees half of it. A temporary file is ours alone to read from the start.
    descriptor, name = tempfile.mkstemp(dir=_file().parent)
    with open(descriptor, "wb") as file:
        file.write(msgspec.json.encode(running))
    Path(name).rename(_file())
