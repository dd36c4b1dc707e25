"""Every screen there is, by name. A screen's module is imported when it is opened for the first time.

A screen is a `ConsoleScreen` (or a `ModalScreen` for a decision) whose constructor takes at most `goto`: what to show
first, in the words of `wfconsole.incident.attention.Need.goto`.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Mapping
from typing import Any, Final

from textual.screen import Screen

_PLACES: Final[Mapping[str, str]] = {
    "overview": "overview:Overview",
    "zoom": "zoom:Zoom",
    "alerts": "alerts:AlertsZoom",
    "shelve": "shelve:ShelveForm",
    "pod": "pod:PodScreen",
    "row": "row:RowScreen",
    "evidence": "evidence:EvidenceScreen",
    "checklist": "checklist:ChecklistScreen",
    "timeline": "timeline:TimelineScreen",
    "sources": "sources:SourcesScreen",
    "replays": "replays:ReplaysScreen",
    "drills": "replays:DrillsScreen",
    "post-mortem": "post_mortem:PostMortemScreen",
    "wall": "wall:WallScreen",
    "axis": "axis:AxisScreen",
    "triage": "triage:TriageScreen",
    "brief": "brief:BriefScreen",
    "comms": "comms:CommsScreen",
    "ledger": "ledger:LedgerScreen",
    "contacts": "contacts:ContactsScreen",
    "task": "task:TaskForm",
    "decision": "decision:DecisionForm",
    "follow-up": "follow_up:FollowUpForm",
    "run-command": "run_command:RunCommandForm",
    "running": "running:RunningScreen",
    "actions": "actions:ActionsScreen",
    "receipt": "receipt:ReceiptScreen",
    "arm": "arm:ArmForm",
    "message-review": "message_review:MessageReviewForm",
    "help": "help:HelpForm",
    "help-list": "help_list:HelpScreen",
    "command": "command_line:CommandLine",
    "go-to-time": "command_line:GoToTime",
    "note": "note:NoteForm",
    "declare": "declare:DeclareForm",
    "regrade": "regrade:RegradeForm",
    "stand-down": "stand_down:StandDownForm",
    "hand-over": "hand_over:HandOverForm",
    "quit": "quit:QuitForm",
    "leave-observer": "quit:LeaveObserverForm",
    "step": "step:StepForm",
}


def is_there(name: str) -> bool:
    """Whether there is such a screen."""
    return name in _PLACES


@functools.cache
def opener_of(kind: type[Screen[Any]]) -> str:
    """The method of the action that opens a screen of this class; "" where it has no name."""
    place = f"{kind.__module__.rpartition('.')[2]}:{kind.__name__}"
    return next((f"open({name!r})" for name, named in _PLACES.items() if named == place), "")


def load(name: str) -> type[Screen[Any]]:
    """The class of a screen."""
    module, _, kind = _PLACES[name].partition(":")
    found: type[Screen[Any]] = getattr(importlib.import_module(f"{__name__}.{module}"), kind)
    return found
