"""The Markdown files of a runbook on the disk. Their number and size are bounded before anything is parsed."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from msgspec import Struct

from wfconsole.incident.playbook import Place
from wfconsole.named_files import in_folder, kind_at, read_file
from wfconsole.runbook.problems import Problems
from wfconsole.text import safe

MOST_FILES: Final = 64
MOST_BYTES: Final = 128 * 1024  # of one file: nobody reads more at 3 am, and Markdown's inline rules are quadratic


class Sheet(Struct, frozen=True):
    """One file: its name (safe), its bytes, and the same as text. `path`: where it is on the disk."""

    name: str
    raw: bytes
    text: str
    path: Path


def read_sheets(source: Path, problems: Problems) -> list[Sheet]:
    """All files of a runbook that can be read, by name; for each that cannot, a problem."""
    return [sheet for file in _files(source, problems) if (sheet := _sheet(file, problems))]


def _files(source: Path, problems: Problems) -> list[Path]:
    place = Place(safe(source.name, 200), 0)
    try:
        kind = kind_at(source)
        if kind == "nothing":
            problems.add(place, "there is no such file or folder", "a Markdown file, or a folder with *.md in it")
            return []
        if kind != "folder":
            return [source]
        files = [file for file in in_folder(source) if file.suffix.lower() == ".md" and kind_at(file) != "folder"]
    except OSError as error:
        place = Place(safe(Path(error.filename or source).name, 200), 0)
        problems.add(place, f"cannot be read: {error.strerror}", "a file or folder that you may read")
        return []
    if not files or len(files) > MOST_FILES:
        problems.add(place, f"{len(files)} Markdown files in this folder", f"1 to {MOST_FILES} files *.md")
        return []
    return files


def _sheet(file: Path, problems: Problems) -> Sheet | None:
    name = safe(file.name, 200)
    place = Place(name, 0)
    try:
        raw = read_file(file, MOST_BYTES)
        text = raw.removeprefix(codecs.BOM_UTF8).decode()
    except OSError as error:
        problems.add(place, f"cannot be read: {error.strerror}", "a file that you may read")
        return None
    except UnicodeDecodeError as error:
        if len(raw) > MOST_BYTES:
            _too_large(place, problems)
            return None
        line = raw.count(b"\n", 0, error.start) + 1
        problems.add(Place(name, line), "bytes that are not UTF-8", "a text file in UTF-8")
        return None
    if len(raw) > MOST_BYTES:
        _too_large(place, problems)
        return None
    return Sheet(name, raw, text, file)


def _too_large(place: Place, problems: Problems) -> None:
    problems.add(place, f"larger than {MOST_BYTES // 1024} KiB", "a text that can be read during an incident")


def digest(sheets: Iterable[Sheet]) -> str:
    """sha256 over names, lengths and bytes, whatever order the files were found in."""
    whole = hashlib.sha256()
    for sheet in sorted(sheets, key=lambda each: each.name):
        whole.update(f"{sheet.name}\0{len(sheet.raw)}\0".encode())
        whole.update(sheet.raw)
    return whole.hexdigest()
