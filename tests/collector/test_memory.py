"""What is freed goes back to the system, holes and all."""

from __future__ import annotations

import subprocess
import sys

# Every other piece stays, so that no end of the heap becomes free: only the holes can be given back.
_HOLES = """
import time
from wfconsole.memory import give_back_what_is_freed, sweep_every
def mb():
    return int(open("/proc/self/statm").read().split()[1]) * 4096 / 1e6
give_back_what_is_freed()
pieces = [b"x" * 100_000 for _ in range(1000)]
full = mb()
del pieces[::2]
sweep_every(0.02)
until = time.monotonic() + 20
while mb() > full - 40 and time.monotonic() < until:
    time.sleep(0.02)
print(full - mb())
"""


def test_a_sweep_gives_holes_back() -> None:
    ran = subprocess.run([sys.executable, "-c", _HOLES], capture_output=True, text=True, check=True, timeout=60)
    assert float(ran.stdout) > 40, "of 50 MB that were freed"
