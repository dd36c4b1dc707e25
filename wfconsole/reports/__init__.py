"""What is written from the record: timeline, post-mortem and evidence, as Markdown and HTML. No fact is added to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wfconsole.incident.events import Entry
    from wfconsole.incident.playbook import Runbook
    from wfconsole.incident.state import IncidentState

__all__ = ["export", "post_mortem_draft"]


def export(
    entries: Sequence[Entry], state: IncidentState, runbook: Runbook, journal_notes: Sequence[str] = ()
) -> dict[str, str]:
    """File names and their text. `state` is the fold of `entries`; `journal_notes` is what the journal's reader found.

    Raises ValueError when no incident was declared: there is nothing to report on.
    """
    from wfconsole.reports.evidence import evidence
    from wfconsole.reports.html import page
    from wfconsole.reports.postmortem import post_mortem
    from wfconsole.reports.record import Record, known_as, paper_name
    from wfconsole.reports.timeline import timeline

    record = Record.of(entries, state, runbook, journal_notes)
    written = {}
    for kind, write in {"timeline": timeline, "post-mortem": post_mortem, "evidence": evidence}.items():
        text = write(record)
        written[paper_name(record, kind)] = text
        written[paper_name(record, kind, "html")] = page(f"{known_as(state)}: {kind} of {state.id}", text)
    return written


def post_mortem_draft(entries: Sequence[Entry], state: IncidentState, runbook: Runbook) -> str:
    """The post-mortem alone, as Markdown, as it would be written now. Raises ValueError like `export`."""
    from wfconsole.reports.postmortem import post_mortem
    from wfconsole.reports.record import Record

    return post_mortem(Record.of(entries, state, runbook))
