"""The replay console, put together. Nothing here can reach a server."""

from __future__ import annotations

import argparse
from pathlib import Path

from wfconsole import exit_codes
from wfconsole.errors import UserError
from wfconsole.recording.lines import RecordingError
from wfconsole.session.own_notes import OwnNotes
from wfconsole.session.replay import ReplayConsole, open_recording
from wfconsole.wiring.ground import NO_RUNBOOK, Ground
from wfconsole.wiring.screen_files import folders, replay_files


def replay_console(base: Ground, arguments: argparse.Namespace) -> ReplayConsole:
    """The console on the recording that was named: a path, or the name of a scenario. Raises UserError."""
    path = recording_named(base, arguments.path)
    try:
        recording = open_recording(path)
    except RecordingError as error:
        raise UserError(str(error), exit_codes.RECORDING) from None
    from wfconsole.recording.scenarios import name_of

    notes = base.places.replay_notes / f"{name_of(path.absolute())}.jsonl"
    return ReplayConsole(
        recording,
        base.clock,
        runbook=base.runbook() if base.own_runbook else NO_RUNBOOK,
        read_runbook=None if base.own_runbook else base.runbook,
        at=arguments.at,
        speed=arguments.speed,
        notes=OwnNotes(notes, recording.start, recording.end),
        paused=arguments.paused,
        files=replay_files(base),
    )


def recording_named(base: Ground, named: str) -> Path:
    """A path, or the name of a scenario or recording. Raises UserError where there is none."""
    path = Path(named)
    if path.exists():
        return path
    from wfconsole.recording.scenarios import find, listed

    found = find(named, folders(base))
    if found is None:
        names = ", ".join(entry.name for entry in listed(folders(base))[:8]) or "none"
        raise UserError(f"no recording {named!r}; there are: {names}", exit_codes.RECORDING)
    return found
