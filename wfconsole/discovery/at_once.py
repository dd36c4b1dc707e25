"""Several calls at the same time, none of which can hold up the others or the caller."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

T = TypeVar("T")


def at_once(calls: Mapping[str, Callable[[], T]], within_s: float) -> dict[str, T | Exception]:
    """What each call gave, or raised; TimeoutError for one that is not over in time, and is left alone then."""
    answers: queue.SimpleQueue[tuple[str, T | Exception]] = queue.SimpleQueue()
    for name, call in calls.items():
        threading.Thread(target=_answer, args=(name, call, answers), name=name, daemon=True).start()
    told: dict[str, T | Exception] = {}
    until = time.monotonic() + within_s
    while len(told) < len(calls):
        try:
            name, answer = answers.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            break
        told[name] = answer
    late = TimeoutError(f"no answer within {within_s:g} s")
    return {name: told.get(name, late) for name in calls}


def _answer(name: str, call: Callable[[], T], answers: queue.SimpleQueue[tuple[str, T | Exception]]) -> None:
    try:
        answers.put((name, call()))
    except Exception as error:  # noqa: BLE001  one look's trouble is told, and is not that of the others
        answers.put((name, error))
