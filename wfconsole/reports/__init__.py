"""What is written from the record: timeline and post-mortem, as Markdown. No fact is added to it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from wfconsole.incident.events import Entry
from wfconsole.incident.playbook import Runbook
from wfconsole.incident.state import IncidentState
from wfconsole.reports.postmortem import post_mortem
from wfconsole.reports.record import Record
from wfconsole.reports.timeline import timeline

__all__ = ["export"]


def export(
    entries: Sequence[Entry], state: IncidentState, runbook: Runbook, journal_notes: Sequence[str] = ()
) -> dict[str, str]:
    """File names and their text. `state` is the fold of `entries`; `journal_notes` is what the journal's reader found.

    Raises ValueError when no incident was declared: there is nothing to report on.
    """
    if not state.declared:
        raise ValueError("no incident is declared in these entries")
    record = Record(tuple(entries), state, runbook, tuple(journal_notes))
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", state.id).strip("-") or "incident"
    return {f"{name}-timeline.md": timeline(record), f"{name}-post-mortem.md": post_mortem(record)}
