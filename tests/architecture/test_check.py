"""What `.ci/run` leans on."""

from __future__ import annotations

import pytest


def test_pytest_remembers_what_failed(pytestconfig: pytest.Config) -> None:
    """Without that its second run, of what failed, is a run of everything."""
    assert pytestconfig.pluginmanager.hasplugin("cacheprovider")
