"""What is written about a crash: where it happened, and never a local variable.

The words of an exception may hold a connection string or a token. They are kept only through a redactor.
"""

from __future__ import annotations

import os
import platform
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import textual

from wfconsole import __version__
from wfconsole.text import safe

Redact = Callable[[str], str]
_FRAMES: Final = 40  # of each end of a long stack
_CAUSES: Final = 10


def headline(error: BaseException) -> str:
    """The kind of error and the place, in one line: `ZeroDivisionError in wfconsole/tui/panes/pods.py:120`."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "wfconsole" in Path(frame.filename).parts] or frames
    if not ours:
        return safe(type(error).__name__)
    parts = Path(ours[-1].filename).parts
    start = len(parts) - 1 - parts[::-1].index("wfconsole") if "wfconsole" in parts else len(parts) - 1
    return safe(f"{type(error).__name__} in {'/'.join(parts[start:])}:{ours[-1].lineno}")


def write_report(errors: Sequence[BaseException], folder: Path | None, redact: Redact | None) -> Path | None:
    """Write the report into a new file that only its owner can read; None where that fails.

    Without `folder` it goes where temporary files go, without `redact` the words of the exceptions are left out.
    """
    lines = [
        f"wfconsole {__version__}, textual {textual.__version__}, python {platform.python_version()}",
        f"{platform.system()} {platform.release()}, TERM={safe(os.environ.get('TERM', ''), 60)}",
    ]
    for number, error in enumerate(errors, 1):
        lines += ["", f"--- error {number} of {len(errors)}", *_story(error, redact)]
    try:
        if folder is not None:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(".txt", "wfconsole-crash-", folder)  # 0600, and never somebody's link
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
    except OSError:
        return None
    return Path(name)


def _story(error: BaseException, redact: Redact | None) -> Iterator[str]:
    for number, each in enumerate(_chain(error)):
        if number:
            yield "caused by"
        yield f"{type(each).__qualname__}: {_words(each, redact)}"
        frames = [*traceback.extract_tb(each.__traceback__)]
        left_out = len(frames) - 2 * _FRAMES
        shown = frames if left_out <= 0 else [*frames[:_FRAMES], None, *frames[-_FRAMES:]]
        for frame in shown:
            if frame is None:
                yield f"  ... {left_out} more ..."
            else:
                yield safe(f"  {frame.filename}:{frame.lineno} in {frame.name}")


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen and len(seen) < _CAUSES:
        yield current
        seen.add(id(current))
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)


def _words(error: BaseException, redact: Redact | None) -> str:
    if redact is None:
        return "(words left out: they may hold secrets)"
    try:
        return safe(redact(str(error)), 2000)
    except Exception as second:  # noqa: BLE001  an exception that cannot be printed must not hide itself
        return f"({type(second).__name__} while reading its words)"
