"""The replay console, put together. Nothing here can reach a server."""

from __future__ import annotations

import argparse
from pathlib import Path

from wfconsole import exit_codes
from wfconsole.clock import Millis
from wfconsole.errors import UserError
from wfconsole.named_files import kind_at
from wfconsole.recording.lines import RecordingError
from wfconsole.recording.play import Recording
from wfconsole.session.moments import beyond, instant_meant
from wfconsole.session.own_notes import OwnNotes
from wfconsole.session.replay import ReplayConsole, open_recording
from wfconsole.session.view import TransportView, View
from wfconsole.text import safe
from wfconsole.wiring.ground import NO_RUNBOOK, Ground
from wfconsole.wiring.screen_files import folders, replay_files


def replay_console(base: Ground, arguments: argparse.Namespace) -> ReplayConsole:
    """The console on the recording that was named: a path, or the name of a scenario. Raises UserError."""
    path = recording_named(base, arguments.path)
    from wfconsole.recording.scenarios import name_of, scenario_text

    try:
        if path.is_dir():
            scenario_text(path)  # what is broken there is told, as the list of replays and a drill do
        recording = open_recording(path)
    except RecordingError as error:
        raise UserError(str(error), exit_codes.RECORDING) from None
    try:
        at = _begins_at(arguments.at, recording)
    except UserError:
        recording.close()
        raise
    notes = base.places.replay_notes / f"{name_of(path.absolute())}.jsonl"
    return ReplayConsole(
        recording,
        base.clock,
        runbook=base.runbook() if base.own_runbook else NO_RUNBOOK,
        read_runbook=None if base.own_runbook else base.runbook,
        at=at,
        speed=arguments.speed,
        notes=OwnNotes(notes, recording.start, recording.end),
        paused=arguments.paused,
        files=replay_files(base),
    )


def _begins_at(said: str, recording: Recording) -> Millis | None:
    """The instant that `--at` means; None where nothing is said. Raises UserError."""
    if not said:
        return None
    time = TransportView(mode="replay", position=recording.start, start=recording.start, end=recording.end)
    instant = instant_meant(said, time, View())
    if instant is None:
        raise UserError(f"--at: {safe(said, 40)!r} is no time such as 14:32, T+03:10 or 40%")
    if refusal := beyond(instant, time):
        raise UserError(f"--at: {safe(said, 40)}: {refusal}")
    return instant


def recording_named(base: Ground, named: str) -> Path:
    """A path, or the name of a scenario or recording. Raises UserError where there is none."""
    path = Path(named)
    try:
        if kind_at(path) != "nothing":
            return path
    except OSError as error:
        told = f"{safe(named, 300)} cannot be opened: {error.strerror}; name a recording that you may read"
        raise UserError(told, exit_codes.RECORDING) from None
    from wfconsole.recording.scenarios import find, listed

    found = find(named, folders(base))
    if found is None:
        names = ", ".join(entry.name for entry in listed(folders(base))[:8]) or "none"
        raise UserError(f"no recording {safe(named, 100)!r}; there are: {names}", exit_codes.RECORDING)
    return found
