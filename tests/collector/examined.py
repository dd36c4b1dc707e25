"""What the doctor says of one system, asked as the collector process asks it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from wfconsole.clock import SECOND, Millis
from wfconsole.collector.checkup import check_all
from wfconsole.collector.examinations import plans
from wfconsole.collector.settings import CollectorSettings
from wfconsole.observations.checks import Check
from wfconsole.text import is_safe

# A machine that is busy with other tests is no hanging server.
PATIENT_MS: Millis = 60 * SECOND


class Examined:
    """The checks of one system. Names are unique within it, but for a source that is called like its system."""

    def __init__(self, system: str, settings: Mapping[str, Any], within_ms: Millis = PATIENT_MS) -> None:
        told = msgspec.convert(dict(settings), CollectorSettings)
        self.checks: list[Check] = []
        check_all([plan for plan in plans(told) if plan.system == system], self.checks.append, within_ms)
        for check in self.checks:
            assert all(map(is_safe, (check.name, check.detail, check.remedy, *check.run))), check
            assert check.well or check.state == "unknown" or check.detail, check

    def __getitem__(self, name: str) -> Check:
        (found,) = (check for check in self.checks if check.name == name)
        return found

    def named(self, aspect: str) -> dict[str, str]:
        """State by name."""
        return {check.name: check.state for check in self.checks if check.aspect == aspect}

    @property
    def unwell(self) -> dict[str, str]:
        """State by name of everything that somebody has to do something about."""
        return {check.name: check.state for check in self.checks if not check.well}
