"""Finds the control plane's programs, or builds them once from their published Go modules.

Order: $KUBEBUILDER_ASSETS, PATH (1.34 or newer), the user's cache directory, a build into that directory.
"""

import fcntl
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

from tests.rig import toolchain

KUBERNETES = "1.36.3"
KWOK = "0.8.0"
METRICS_SERVER = "0.9.0"
_OLDEST = (1, 34)
_MODULE = Path(__file__).parent / "golang" / "control-plane"

#: Taken from one place, all four together: a controller manager must not be newer than its API server.
_CONTROL_PLANE = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl")
_PACKAGES = {
    "kwok": f"sigs.k8s.io/kwok/cmd/kwok@v{KWOK}",
    "metrics-server": f"sigs.k8s.io/metrics-server/cmd/metrics-server@v{METRICS_SERVER}",
}

Report = Callable[[str], None]


class BinariesMissingError(RuntimeError):
    """A program is neither here nor can it be built; the message says what to do."""


@dataclass(frozen=True)
class Binaries:
    """Where every program is."""

    etcd: Path
    apiserver: Path
    controller_manager: Path
    scheduler: Path
    kubectl: Path
    kwok: Path
    metrics_server: Path
    #: 3.5 or newer: can skip fsync, and can tell how far a watch has come. Debian 12 has 3.4.
    etcd_is_modern: bool


def cache_directory() -> Path:
    """Where builds are kept: one directory for each set of versions."""
    return user_cache_path("wfconsole-rig") / f"k8s-{KUBERNETES}_kwok-{KWOK}_metrics-server-{METRICS_SERVER}"


def find_or_build(report: Report = lambda line: print(line, file=sys.stderr), *, build: bool = True) -> Binaries:
    """Every program of the rig; builds the missing ones (minutes, once). Raises BinariesMissingError."""
    etcd = _find("etcd")
    if etcd is None:
        raise BinariesMissingError("etcd is missing. Install it: apt-get install etcd-server")
    control_plane = _control_plane()
    found = {name: _find(name) for name in _PACKAGES} | {name: control_plane / name for name in _CONTROL_PLANE}
    missing = [name for name, path in found.items() if path is None or not path.is_file()]
    if missing and not build:
        raise BinariesMissingError(f"not built yet: {', '.join(missing)}. Build once: python -m tests.rig build")
    if missing:
        _build(missing, report)
        return find_or_build(report, build=False)
    paths = {name: path for name, path in found.items() if path is not None}
    return Binaries(
        etcd=etcd,
        apiserver=paths["kube-apiserver"],
        controller_manager=paths["kube-controller-manager"],
        scheduler=paths["kube-scheduler"],
        kubectl=paths["kubectl"],
        kwok=paths["kwok"],
        metrics_server=paths["metrics-server"],
        etcd_is_modern=_version([etcd, "--version"]) >= (3, 5),
    )


def _control_plane() -> Path:
    """The directory that holds a whole, new enough control plane; the cache directory when no other does."""
    for directory in _search_path():
        if all((directory / name).is_file() for name in _CONTROL_PLANE) and (
            _version([directory / "kube-apiserver", "--version"]) >= _OLDEST
        ):
            return directory
    return cache_directory()


def _find(name: str) -> Path | None:
    for directory in (*_search_path(), cache_directory()):
        if (directory / name).is_file() and os.access(directory / name, os.X_OK):
            return directory / name
    return None


def _search_path() -> Iterator[Path]:
    if assets := os.environ.get("KUBEBUILDER_ASSETS"):
        yield Path(assets)
    for entry in os.environ.get("PATH", "").split(os.pathsep):
        if entry:
            yield Path(entry)


def _version(command: list[Path | str]) -> tuple[int, int]:
    try:
        output = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return (0, 0)
    match = re.search(r"(\d+)\.(\d+)\.\d+", output)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _build(missing: list[str], report: Report) -> None:
    try:
        go = toolchain.find(report)
    except toolchain.GoError as error:
        raise BinariesMissingError(
            f"not here and cannot be built: {', '.join(missing)}. {error}\n"
            "Or point KUBEBUILDER_ASSETS at a directory that has them."
        ) from error
    target = cache_directory()
    target.mkdir(parents=True, exist_ok=True)
    with _locked(target.parent / f"{target.name}.lock", report):
        missing = [name for name in missing if not (target / name).is_file()]
        for index, name in enumerate(missing, start=1):
            report(f"building {name} ({index} of {len(missing)}; the first build takes minutes)")
            _build_one(go, name, target)


def _build_one(go: Path, name: str, target: Path) -> None:
    # A name that was renamed into place is whole: an interrupted build is never taken for a finished one.
    with tempfile.TemporaryDirectory(prefix=f"{name}.", dir=target) as scratch:
        env = toolchain.environment(go) | {"GOBIN": scratch, "GOFLAGS": "-trimpath"}
        if name in _PACKAGES:
            command = [str(go), "install", "-ldflags", "-s -w", _PACKAGES[name]]
        else:
            command = [str(go), "build", "-ldflags", _stamp(), "-o", f"{scratch}/{name}", f"./{name}"]
        done = subprocess.run(command, cwd=_MODULE, env=env, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            tail = "\n".join(done.stderr.splitlines()[-20:])
            raise BinariesMissingError(f"building {name} failed ({' '.join(command)}):\n{tail}")
        Path(scratch, name).rename(target / name)


def _stamp() -> str:
    # Without a version the server answers v0.0.0-master+$Format, and clients refuse it.
    major, minor, _patch = KUBERNETES.split(".")
    package = "k8s.io/component-base/version"
    stamps = {"gitVersion": f"v{KUBERNETES}", "gitMajor": major, "gitMinor": minor}
    return "-s -w " + " ".join(f"-X {package}.{key}={value}" for key, value in stamps.items())


@contextmanager
def _locked(path: Path, report: Report) -> Iterator[None]:
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("another process is building; waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
