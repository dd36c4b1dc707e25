"""`wfconsole doctor`: the checks of this machine, and those that a collector makes of every system."""

from __future__ import annotations

import argparse
import os
import select
import shutil
import sys
import time
from collections.abc import Iterable
from typing import Final

import msgspec

from wfconsole import exit_codes
from wfconsole.clock import SECOND, Millis
from wfconsole.decoding import decoder_of
from wfconsole.observations.checks import Check
from wfconsole.redaction import redact_text
from wfconsole.reports.checkup import Checkup, as_json, as_text
from wfconsole.session.child import Child
from wfconsole.wiring.ahead import collector_command
from wfconsole.wiring.collecting import collector_settings
from wfconsole.wiring.ground import Ground, ground
from wfconsole.wiring.machine import machine_checks, own_clock

# Its looks end by themselves before that.
_WITHIN_MS: Final[Millis] = 15 * SECOND
_ENDS_WITHIN_MS: Final[Millis] = SECOND // 2
_CHUNK: Final = 1 << 16
_WIDEST: Final = 120


def examine(arguments: argparse.Namespace) -> int:
    """Print what was found; the exit code says whether all is well. Raises UserError for a wrong configuration."""
    base = ground(arguments)
    began, at = base.clock.monotonic(), base.clock.now()
    systems = _Systems(base)
    if sys.stderr.isatty():
        print(f"wfconsole: looks at everything once, for {_WITHIN_MS // SECOND} s at most", file=sys.stderr)
    here, there = tuple(machine_checks(base)), systems.checks()
    checks = (*here, *own_clock(there), *there)
    checkup = Checkup(at, base.clock.monotonic() - began, checks)
    if arguments.json:
        print(as_json(checkup), end="")
    else:
        width = min(_WIDEST, shutil.get_terminal_size().columns)
        print(as_text(checkup, width=width, only_ascii=arguments.ascii or not _takes_unicode()), end="")
    return exit_codes.OK if checkup.well else exit_codes.UNWELL


class _Systems:
    """A collector that looks at everything once. It is under way from the start on."""

    def __init__(self, base: Ground) -> None:
        settings = collector_settings(base.settings, doctor=True)
        self._child = Child(collector_command())
        self._child.tell(settings)

    def checks(self) -> list[Check]:
        """What it told, and that it did not come to its end where that is so."""
        try:
            told, whole = self._told(time.monotonic() + _WITHIN_MS / SECOND)
        finally:
            how = self._child.end(_ENDS_WITHIN_MS)
            self._child.close()
        found = list(_decoded(told))
        if not whole or self._child.code:
            remedy = "Run it again; if that does not help, please report it."
            found.append(Check("machine", "", "machine", "collector", "problem", how, remedy))
        return found

    def _told(self, until: float) -> tuple[bytes, bool]:
        """Everything that it wrote, and whether that is all."""
        told = bytearray()
        while (left := until - time.monotonic()) > 0:
            if not select.select([self._child.output], [], [], left)[0]:
                continue
            piece = os.read(self._child.output, _CHUNK)
            if not piece:
                return bytes(told), True
            told += piece
        return bytes(told), False


def _decoded(told: bytes) -> Iterable[Check]:
    """Whole lines; what was cut off in the middle is none. Servers may repeat a secret in what they say."""
    decoder = decoder_of(Check)
    found = (decoder.decode(line) for line in told.splitlines(keepends=True) if line.endswith(b"\n"))
    return (msgspec.structs.replace(check, detail=redact_text(check.detail)) for check in found)


def _takes_unicode() -> bool:
    return (getattr(sys.stdout, "encoding", "") or "").lower().replace("-", "") == "utf8"
