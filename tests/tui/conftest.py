"""How a test waits for the screen."""

from __future__ import annotations

import asyncio
import math
import time
from typing import Any, Final

import pytest

from wfconsole.tui.environment import DEFAULTS

SOON_S: Final = 0.05  # what a timer brings so soon is part of the answer to a key


@pytest.fixture(autouse=True)
def quick_screens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Textual was imported by a plugin of pytest, before the console could say how often it paints. Its pilot takes a
    process for idle that used no CPU for 20 ms: that is long, and on a busy machine it is not even so."""
    monkeypatch.setattr("textual.screen.UPDATE_PERIOD", 1 / float(DEFAULTS["TEXTUAL_FPS"]))
    for module in ("textual.app", "textual.pilot"):
        monkeypatch.setattr(f"{module}.wait_for_idle", wait_for_idle)


async def wait_for_idle(min_sleep: float = 0, max_sleep: float = 1) -> None:
    """Until the event loop has nothing to do and no timer is about to end; `max_sleep` seconds at most."""
    loop: Any = asyncio.get_running_loop()
    end = time.monotonic() + max_sleep
    while time.monotonic() < end:
        await asyncio.sleep(0)
        if loop._ready:
            continue
        timers = (timer.when() for timer in loop._scheduled if not timer.cancelled())
        left = min(timers, default=math.inf) - loop.time()
        if left > SOON_S:
            return
        await asyncio.sleep(max(0.0, left))
