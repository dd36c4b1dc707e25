"""What is installed: themes, scenarios, the bundled runbook and style sheets are in the wheel and found there."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.real_parts import missing
from wfconsole.runbook import load_runbook

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as a wheel, built as pip builds it; without the build tool installed that takes a network."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    if importlib.util.find_spec("hatchling"):
        command.append("--no-build-isolation")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = f"no wheel could be built; `pip install hatchling` makes it work offline: {done.stderr[-2000:]}"
        if "--no-build-isolation" in command:
            pytest.fail(reason)
        missing(reason)
    (built,) = folder.glob("*.whl")
    return built


def files_of(folder: Path, pattern: str) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob(pattern) if file.is_file()}


def test_the_wheel_holds_every_file_that_is_not_python(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    expected = {f"wfconsole/_bundled/themes/{name}" for name in files_of(ROOT / "themes", "*.toml")}
    expected |= {f"wfconsole/_bundled/scenarios/{name}" for name in files_of(ROOT / "scenarios", "*")}
    package = {f"wfconsole/{name}" for name in files_of(ROOT / "wfconsole", "*") if "__pycache__" not in name}
    expected |= {name for name in package if not name.endswith(".py")}
    kinds = {Path(name).suffix for name in expected}
    assert kinds >= {".acl", ".css", ".gz", ".json", ".md", ".sql", ".toml", ".yaml"}, "each kind that there is"
    assert sorted(expected - names) == []


def test_the_wheel_holds_no_tests_and_no_caches(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert not [name for name in names if name.startswith("tests/") or "__pycache__" in name]


def test_an_installed_console_finds_what_it_brought(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1])\n"
        "from wfconsole.config.locations import bundled\nfrom wfconsole.runbook import load_runbook\n"
        "print(load_runbook(None).digest)\nprint(len(list(bundled('themes').glob('*.toml'))))\n"
        "print(all(Path(sys.argv[1]) in bundled(name).parents for name in ('themes', 'scenarios')))\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, str(tmp_path / "site")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    themes = len(files_of(ROOT / "themes", "*.toml"))
    assert done.stdout.splitlines() == [load_runbook(None).digest, str(themes), "True"]
