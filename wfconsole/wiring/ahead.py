"""The collector's process, begun before the console imports anything: they import side by side, each on its own core.

It waits for its settings, so that nothing is read or asked of anybody before the configuration is known to be right.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from wfconsole.session.child import Child


def collector_command() -> tuple[str, ...]:
    """It holds no secret."""
    return (sys.executable, "-m", "wfconsole.collector")


@contextmanager
def collector_ahead() -> Iterator[Child | None]:
    """A collector that has no settings yet; None where none starts, which whoever needs one tells later. It is ended
    with what is done meanwhile, whether anybody took it or not."""
    child = _begun()
    try:
        yield child
    finally:
        if child is not None:
            child.end(0)


def _begun() -> Child | None:
    try:
        return Child(collector_command())
    except OSError:
        return None
