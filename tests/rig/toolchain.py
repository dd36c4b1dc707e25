"""The Go compiler: the one that is installed, or a newer one that it fetches, as the modules ask for."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

#: What kube-apiserver's go.mod asks for. From 1.21 on, Go fetches what it needs by itself.
WANTED = "1.26.8"
_FETCHES_BY_ITSELF = (1, 21)
#: Where Go's own installer puts it, on the PATH or not.
_USUAL_PLACE = Path("/usr/local/go/bin/go")

Report = Callable[[str], None]


class GoError(RuntimeError):
    """No Go, or one that could not fetch what it needs; the message says what to do."""


def find(report: Report) -> Path:
    """A Go that can build the modules. Raises GoError."""
    installed = [path for path in (Path(shutil.which("go") or "go"), _USUAL_PLACE) if path.is_file()]
    if not installed:
        raise GoError(
            "Go is missing. Install it: apt-get install golang-go (any version: it fetches the one that is needed)"
        )
    found = next((go for go in installed if _version(go) >= _FETCHES_BY_ITSELF), None)
    return found or _fetch(installed[0], report)


def environment(go: Path) -> dict[str, str]:
    """What the environment must hold for this Go: its own directory comes first, and no other's root."""
    kept = {key: value for key, value in os.environ.items() if key != "GOROOT"}
    return kept | {"PATH": f"{go.parent}{os.pathsep}{os.environ.get('PATH', '')}", "CGO_ENABLED": "0"}


def _version(go: Path) -> tuple[int, int]:
    match = re.search(r"go(\d+)\.(\d+)", _run(go, "version"))
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _fetch(go: Path, report: Report) -> Path:
    """Let an old Go fetch a new one: toolchains are published as modules, checked by the checksum database."""
    system, machine = _run(go, "env", "GOOS", "GOARCH").split()
    report(f"fetching Go {WANTED}")
    module = f"golang.org/toolchain@v0.0.1-go{WANTED}.{system}-{machine}"
    directory = Path(json.loads(_run(go, "mod", "download", "-json", module))["Dir"])
    # The module cache keeps no executable bits; newer versions of Go put them back themselves.
    for program in (*(directory / "bin").iterdir(), *(directory / "pkg" / "tool").glob("*/*")):
        program.chmod(0o755)
    return directory / "bin" / "go"


def _run(go: Path, *arguments: str) -> str:
    done = subprocess.run([go, *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise GoError(f"{go} {' '.join(arguments)} failed:\n{done.stderr or done.stdout}")
    return done.stdout
