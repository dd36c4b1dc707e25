"""What there is to replay: scenarios and recordings, as a list that never fails because one of them is bad."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec

from wfconsole.clock import Millis
from wfconsole.decoding import convert
from wfconsole.named_files import in_folder, kind_at, read_file
from wfconsole.recording.lines import KIB, MIB, Limits, Note, OperatorNote, RecordingError, TooMuchError, kind_of
from wfconsole.recording.play import Recording
from wfconsole.text import safe

SCENARIO_TOML = "scenario.toml"
ENDINGS = (".jsonl", ".jsonl.gz")

# A list must come at once. So many bytes of lines are looked at for one entry, and for all together; of what is larger
# the length stays unknown.
_LOOKED_AT = 16 * MIB
_LOOKED_AT_IN_ALL = 64 * MIB
_LOOKED_AT_ALWAYS = 64 * KIB
_TOML_BYTES = 64 * KIB
_LISTED_AT_MOST = 500


class Listed(msgspec.Struct, frozen=True):
    """One line of the list. `problem` says why it cannot be opened, "" when it can."""

    path: Path
    name: str
    kind: Literal["scenario", "recorded"] = "recorded"
    title: str = ""
    length_ms: Millis | None = None  # None: not known without reading all of it
    recorded_at: Millis | None = None
    severity: int | None = None  # 1 to 4
    practise: str = ""  # what one practises with a scenario
    truncated: bool = False
    redacted: bool = False
    marks: tuple[Millis, ...] = ()  # what people said, as milliseconds from the beginning
    acted: bool = False  # whether a guarded action was run in it, so that one can practise on it
    problem: str = ""


class ScenarioText(msgspec.Struct, frozen=True):
    """What `scenario.toml` says about a scenario to whoever chooses one. Other keys are others' business."""

    title: str = ""
    practise: str = ""
    severity: int | None = None


def listed(directories: Iterable[Path]) -> tuple[Listed, ...]:
    """Everything in `directories` that can be played or claims that it can: scenarios first, newest recordings first.

    Raises nothing; a directory that is not there holds nothing.
    """
    found: list[Listed] = []
    left = _LOOKED_AT_IN_ALL
    for directory in directories:
        for path in _candidates(directory):
            entry, cost = _described(path, max(_LOOKED_AT_ALWAYS, min(left, _LOOKED_AT)))
            found.append(entry)
            left -= cost
    return tuple(sorted(found, key=lambda entry: (entry.kind == "recorded", -(entry.recorded_at or 0), entry.name)))


def find(name: str, directories: Iterable[Path]) -> Path | None:
    """The recording or scenario with this name in one of `directories`."""
    for directory in directories:
        for path in _candidates(directory):
            if name_of(path) == name or path.name == name:
                return path
    return None


def scenario_text(directory: Path) -> ScenarioText:
    """What a scenario's directory says about it. Raises RecordingError: file, place and what is wrong."""
    import tomllib  # here, because a replay of a plain file needs none

    path = directory / SCENARIO_TOML
    try:
        raw = b"" if kind_at(path) == "nothing" else read_file(path, _TOML_BYTES)
    except OSError as error:
        raise RecordingError(f"cannot be read: {error.strerror}", path=str(path)) from None
    if len(raw) > _TOML_BYTES:
        raise RecordingError(f"is larger than {_TOML_BYTES // KIB} KiB", path=str(path))
    try:
        text = convert(tomllib.loads(raw.removeprefix(codecs.BOM_UTF8).decode()), ScenarioText)
    except (ValueError, RecursionError) as error:  # TOML's, Unicode's and msgspec's errors are all ValueErrors
        raise RecordingError(safe(str(error), 200), path=str(path)) from None
    if text.severity is not None and not 1 <= text.severity <= 4:
        raise RecordingError(f"severity is {text.severity}, it must be 1 to 4", path=str(path))
    return ScenarioText(safe(text.title, 200), safe(text.practise, 200), text.severity)


def _candidates(directory: Path) -> Iterator[Path]:
    try:
        paths = in_folder(directory)[:_LISTED_AT_MOST]
    except OSError:
        return
    yield from (path for path in paths if not path.name.startswith(".") and _is_candidate(path))


def _is_candidate(path: Path) -> bool:
    return path.name.endswith(ENDINGS) or _is_scenario(path)


def _is_scenario(path: Path) -> bool:
    try:
        return kind_at(path / SCENARIO_TOML) != "nothing"
    except OSError:
        return False


def name_of(path: Path) -> str:
    """What a recording or a scenario is called in the list."""
    name = path.name
    for ending in reversed(ENDINGS):
        name = name.removesuffix(ending)
    return safe(name, 100)


def _described(path: Path, look_at: int) -> tuple[Listed, int]:
    """The entry, and how many bytes were looked at for it."""
    facts: dict[str, Any] = {}
    cost = 0
    try:
        if _is_scenario(path):
            facts["kind"] = "scenario"
            text = scenario_text(path)
            facts |= {"title": text.title, "practise": text.practise, "severity": text.severity}
        recorded, cost = _of_recording(path, look_at)
        facts = recorded | {name: value for name, value in facts.items() if value}
    except RecordingError as error:
        facts["problem"] = str(error)
    except OSError as error:
        facts["problem"] = f"cannot be read: {error.strerror}"
    return Listed(path=path, name=name_of(path), **facts), cost


def _of_recording(path: Path, look_at: int) -> tuple[dict[str, Any], int]:
    recording = Recording(path, limits=Limits(inflated=look_at))
    try:
        said = recording.marks()
        problem = recording.problem
        cut = isinstance(problem, TooMuchError)
        facts = {
            "title": recording.header.title,
            "length_ms": None if cut else recording.end - recording.start,
            "recorded_at": recording.start,
            "truncated": recording.truncated and not cut,
            "redacted": recording.header.redacted,
            "marks": tuple(mark.at - recording.start for mark in said),
            "acted": any(_ends_an_action(mark.note) for mark in said),
            "problem": "" if cut or problem is None else str(problem),
        }
        return facts, recording.size
    finally:
        recording.close()


def _ends_an_action(note: Note) -> bool:
    return isinstance(note, OperatorNote) and kind_of(note.event) == "action-ended"
