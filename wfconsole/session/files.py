"""What the console does with files besides its journal and its recording: what there is to replay, and the export."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from wfconsole.incident.events import Entry
from wfconsole.incident.playbook import Runbook
from wfconsole.incident.state import IncidentState
from wfconsole.session.view import RecordingEntry
from wfconsole.text import safe

if TYPE_CHECKING:
    from wfconsole.recording.scenarios import Listed


PAPERS: Final = ("timeline", "post-mortem", "evidence")


class ExportAsked(msgspec.Struct, frozen=True):
    """An incident to write about, and where: a folder, "" for the one that the console was started in. `kind`: one of
    `PAPERS`, "" for all of them."""

    entries: tuple[Entry, ...]
    state: IncidentState
    runbook: Runbook
    to: str = ""
    replace: bool = False
    kind: str = ""


def _no_export(asked: ExportAsked) -> str:
    del asked
    return "this console writes no files"


class Files(msgspec.Struct, frozen=True):
    """Both read or write files, so never on the screen's loop. Neither raises; `export` says how it went."""

    recordings: Callable[[], tuple[RecordingEntry, ...]] = tuple
    export: Callable[[ExportAsked], str] = _no_export


def recordings_in(folders: Iterable[Path]) -> tuple[RecordingEntry, ...]:
    """Everything in the folders that can be replayed or claims that it can, each with the command that opens it."""
    from wfconsole.recording.scenarios import listed  # here, because the first frame lists nothing

    found = listed(folders)
    names = Counter(each.name for each in found)
    return tuple(_entry(each, each.name if names[each.name] == 1 else str(each.path)) for each in found)


def _entry(found: Listed, named: str) -> RecordingEntry:
    import shlex

    quoted = safe(shlex.quote(named))
    return RecordingEntry(
        name=found.name,
        kind=found.kind,
        command=f"wfconsole replay {quoted}",
        drill=f"wfconsole drill {quoted}" if found.acted else "",
        title=found.title,
        length_ms=found.length_ms,
        recorded_at=found.recorded_at,
        severity=found.severity,
        practise=found.practise,
        truncated=found.truncated,
        redacted=found.redacted,
        marks=found.marks,
        problem=safe(found.problem, 400),
    )
