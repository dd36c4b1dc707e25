"""Modules are imported by several threads at once: by the screen when a key needs them, by what starts behind it."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = sorted((ROOT / "wfconsole").rglob("__init__.py"))
# The main thread imports it, before there is any other.
BEFORE_ANY_THREAD = "wfconsole.tui"

_ALL_AT_ONCE = """
import importlib, random, sys, threading
names, failed, together = sys.argv[1:], [], threading.Barrier(6)
sys.setswitchinterval(1e-5)
def run(seed):
    mine = names[:]
    random.Random(seed).shuffle(mine)
    together.wait()
    for name in mine:
        try:
            importlib.import_module(name)
        except Exception as error:
            failed.append(f"{type(error).__name__}: {error}")
threads = [threading.Thread(target=run, args=(seed,)) for seed in range(6)]
for each in threads:
    each.start()
for each in threads:
    each.join()
print("; ".join(failed))
"""


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_at_once(tree: ast.Module) -> Iterator[str]:
    """What is imported when the module is: not what functions import, or type checkers."""
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{each.name}" for each in node.names)
        elif isinstance(node, ast.Import):
            yield from (each.name for each in node.names)


@pytest.mark.parametrize("path", PACKAGES, ids=name_of)
def test_a_package_imports_none_of_its_own_modules(path: Path) -> None:
    """Who imports `a.b` holds it while it waits for `a`; an `a` that then wants `a.b` waits for ever, so Python raises
    an error in one of two threads that do both at the same moment."""
    own = f"{name_of(path)}."
    found = [name for name in imported_at_once(ast.parse(path.read_text("utf-8"))) if name.startswith(own)]
    assert not found or name_of(path) == BEFORE_ANY_THREAD


@pytest.mark.parametrize("room", ["journal", "reports", "runbook"])
def test_threads_may_import_a_room_at_the_same_moment(room: str) -> None:
    modules = [name_of(path) for path in sorted((ROOT / "wfconsole" / room).glob("*.py"))]
    command = [sys.executable, "-c", _ALL_AT_ONCE, *modules]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""
