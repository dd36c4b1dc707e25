"""Every command that the command line offers is there."""

from __future__ import annotations

import pytest

from wfconsole.cli import COMMANDS
from wfconsole.wiring import commands


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_its_function(name: str) -> None:
    assert callable(getattr(commands, name))
