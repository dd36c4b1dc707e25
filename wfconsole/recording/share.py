"""A recording made fit to be given away: redacted once more, and nothing in it that this program does not know."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from wfconsole.recording.keep import NewFile, Packer
from wfconsole.recording.lines import Ended, Noted, RecordingError, SourcePatch
from wfconsole.recording.play import Recording
from wfconsole.recording.tape import Tape

RedactText = Callable[[str], str]

ITEMS_AT_ONCE: Final = 256


class Shared(msgspec.Struct, frozen=True):
    """What became of a recording that was shared: how many strings were redacted, how many lines left out."""

    redactions: int
    left_out: int
    size: int  # bytes on disk
    problem: str = ""  # why not all of it could be read


class JsonRedactor:
    """Redacts the strings inside JSON; what it is given and gives back is encoded.

    Keys stay as they are: they name rows, and a delta must find its row. `redact` changes text that holds a secret
    and returns all other text as it is.
    """

    def __init__(self, redact: RedactText) -> None:
        self.redactions = 0  # strings that were changed
        self._redact = redact

    def __call__(self, body: bytes) -> bytes:
        if b"\\" not in body:  # without escapes, what no string says the whole does not say either
            text = body.decode()
            if self._redact(text) == text:
                return body
        before = self.redactions
        tree = self._redacted(msgspec.json.decode(body))
        return msgspec.json.encode(tree) if self.redactions > before else body

    def _redacted(self, value: Any) -> Any:
        if isinstance(value, str):
            redacted = self._redact(value)
            self.redactions += redacted != value
            return redacted
        if isinstance(value, dict):
            return {key: self._redacted(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._redacted(inner) for inner in value]
        return value


def share(source: Path, target: Path, redact: RedactText) -> Shared:
    """Write `source` anew to `target`, redacted: a file that must not exist yet, compressed when its name says so.

    Comments, lines of unknown kinds and everything behind a line that cannot be read are left out. Raises
    RecordingError when the source cannot be opened or the target not made, OSError when it cannot be written to its
    end; then there is no target.
    """
    recording = Recording(source)
    try:
        file = NewFile(target)
        try:
            return _rewritten(recording, file, Packer(compress=target.suffix == ".gz"), JsonRedactor(redact))
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        finally:
            file.close()
    finally:
        recording.close()


def _rewritten(recording: Recording, file: NewFile, packer: Packer, redactor: JsonRedactor) -> Shared:
    tape = Tape(recording.start, redact=redactor)
    tape.begin(recording.header)
    size = waiting = 0
    ended = False
    problem = ""
    try:
        for _, item in recording.read():
            match item:
                case SourcePatch():
                    tape.step(item)
                case Noted():
                    tape.note(item.at, item.note)
                case Ended():
                    ended = True
            waiting += 1
            if waiting >= ITEMS_AT_ONCE:
                size += _write(file, packer.pack(tape.take()))
                waiting = 0
    except RecordingError as error:
        problem = str(error)
    if ended:
        tape.end()
    size += _write(file, packer.pack(tape.take()) + packer.finish())
    file.sync()
    problem = problem or str(recording.problem or "") or tape.full
    return Shared(redactions=redactor.redactions, left_out=recording.skipped, size=size, problem=problem)


def _write(file: NewFile, packed: bytes) -> int:
    file.write(packed)
    return len(packed)
