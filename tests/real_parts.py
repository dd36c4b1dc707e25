"""Real parts that a machine may lack: a server, a program, a right."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def missing(what: str) -> NoReturn:
    """Something is missing, and `what` says how to come by it. With CI the test fails: it must never pass silently."""
    if os.environ.get("CI") == "true":
        pytest.fail(what, pytrace=False)
    pytest.skip(what)
