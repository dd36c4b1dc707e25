"""What the collector does not keep: garbage in cycles, holes in its heap, and classes made for a look."""

from __future__ import annotations

import socket
import subprocess
import sys

import urllib3.poolmanager

from wfconsole.sources.known_names import pools_to

# A cycle that was in use while garbage was looked for counts as old. Then Python by itself looks at it again after
# a hundred thousand looks at the young.
OLD_CYCLE = """
import gc, threading, weakref
from wfconsole.collector import main

main.SWEEP_S = 0.01
main._keep_small()

class Client:
    pass

client = Client()
client.itself = client
gc.collect()
gone = threading.Event()
weakref.finalize(client, gone.set)
del client
print("gone" if gone.wait(10) else "kept")
"""

# Every other piece stays, so that no end of the heap becomes free: only the holes can be given back.
HOLES = """
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


def test_garbage_that_was_in_use_during_a_look_for_garbage_goes_too() -> None:
    done = subprocess.run([sys.executable, "-c", OLD_CYCLE], check=False, capture_output=True, text=True, timeout=60)
    assert (done.stdout.strip(), done.stderr) == ("gone", "")


def test_a_sweep_gives_holes_back() -> None:
    ran = subprocess.run([sys.executable, "-c", HOLES], capture_output=True, text=True, check=True, timeout=60)
    assert float(ran.stdout) > 40, "of 50 MB that were freed"


def test_looks_at_the_same_addresses_share_their_classes() -> None:
    """A class is a cycle; a look every two seconds would leave 20 MB of them an hour."""
    pools = urllib3.poolmanager.pool_classes_by_scheme
    here = (socket.AF_INET, ("127.0.0.1", 9090))
    moved = (socket.AF_INET, ("127.0.0.2", 9090))
    first = pools_to("prometheus", [here], pools)
    assert pools_to("prometheus", [here], pools) == first
    assert pools_to("prometheus", [moved], pools)["http"] is not first["http"]
    assert pools_to("another", [here], pools)["http"] is not first["http"]
