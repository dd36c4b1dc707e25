"""The files that a console on the screen reads and writes besides its own: what there is to replay, and the export."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from wfconsole.errors import UserError
from wfconsole.session.files import ExportAsked, Files, recordings_in
from wfconsole.text import safe
from wfconsole.wiring.ground import Ground

_LONGEST_PATH = 300


def live_files(base: Ground) -> Files:
    """The export is made from the journal on disk, as `wfconsole export` makes it."""

    def texts(asked: ExportAsked) -> Mapping[str, str]:
        from wfconsole.wiring.papers import incident_texts

        return incident_texts(base, base.incidents / asked.state.id)

    return _files(base, texts)


def replay_files(base: Ground) -> Files:
    """The export is made from what the recording holds up to the instant on show, and says so."""

    def texts(asked: ExportAsked) -> Mapping[str, str]:
        from wfconsole import reports

        note = "made from a recording, up to the instant that was on show: its journal was not read"
        return reports.export(asked.entries, asked.state, asked.runbook, (note,))

    return _files(base, texts)


def folders(base: Ground) -> tuple[Path, ...]:
    """Where scenarios and recordings are."""
    return (*base.places.scenarios, base.places.recordings)


def _files(base: Ground, texts: Callable[[ExportAsked], Mapping[str, str]]) -> Files:
    """Reports are imported when they are asked for: the first frame does not wait for them."""
    return Files(
        recordings=lambda: recordings_in(folders(base)),
        export=lambda asked: _told(asked, lambda: texts(asked)),
    )


def _told(asked: ExportAsked, texts: Callable[[], Mapping[str, str]]) -> str:
    """Write the texts; what to say about it."""
    from wfconsole.wiring.papers import write_texts

    try:
        to = Path(asked.to or ".").expanduser().absolute()
        if not to.is_dir():
            return f"{safe(str(to), _LONGEST_PATH)} is no folder"
        made = {name: text for name, text in texts().items() if Path(name).stem.endswith(asked.kind)}
        there = [name for name in made if (to / name).exists()]
        if there and not asked.replace:
            again = " ".join(filter(None, (asked.kind, asked.to or ".", "replace")))
            return f"{there[0]} is there already: :export {safe(again, _LONGEST_PATH)}"
        write_texts(made, to)
    except (UserError, ValueError, RuntimeError, OSError) as error:
        return f"not written: {safe(str(error), _LONGEST_PATH)}"
    papers = dict.fromkeys(name.rpartition(".")[0] for name in made)
    return f"written to {safe(str(to), _LONGEST_PATH)}: {', '.join(papers)}, each as .md and .html"
