"""The triage of a frame: for its own screen, and for the form that declares."""

from __future__ import annotations

from wfconsole.incident.symptoms import SymptomsHeld
from wfconsole.incident.triage import Triage, triage
from wfconsole.tui.frame import Frame


def triage_of(frame: Frame) -> Triage:
    """Everything that the first sixty seconds need, of the instant on show."""
    view = frame.view
    held = view.symptoms or SymptomsHeld()
    return triage(frame.runbook, view.world, view.incident, held, frame.now, lines=frame.board, judged=view.judged)
