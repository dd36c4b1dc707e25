"""What lies at the top: each thing has one place, and new ones go into the rooms."""

from __future__ import annotations

import subprocess

from tests.terminal.probes import ROOT

THERE = {"README.md", "pyproject.toml", "scenarios", "tests", "themes", "wfconsole"}


def test_nothing_else_lies_at_the_top() -> None:
    kept = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=20).stdout
    tops = {path.partition("/")[0] for path in kept.splitlines()}
    assert {name for name in tops if not name.startswith(".")} == THERE
