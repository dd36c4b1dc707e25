from __future__ import annotations

import json
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

RUNS = 200


@pytest.mark.slow
def test_two_hundred_kills_at_any_moment_lose_nothing_confirmed(ram: Path) -> None:
    seed = secrets.randbelow(10**9)
    result = subprocess.run(
        [sys.executable, "-m", "tests.journal.kill_loop", str(ram), str(RUNS), str(seed)],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert result.returncode == 0, f"seed {seed}: {result.stderr}"
    totals = json.loads(result.stdout)
    assert totals["runs"] == RUNS
    assert totals["confirmed"] > RUNS, f"seed {seed}: the writers were killed before they could write: {totals}"
    spoiled = {name: totals[name] for name in ("lost", "twice", "damaged", "disordered")}
    assert not any(spoiled.values()), f"seed {seed}: {totals}"
