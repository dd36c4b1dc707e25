"""A recording made fit to be given away: redacted once more, and nothing in it that this program does not know."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from wfconsole.recording.keep import NewFile, Packer
from wfconsole.recording.lines import Ended, Noted, RecordingError, SourcePatch
from wfconsole.recording.play import Recording
from wfconsole.recording.redact import redact_body
from wfconsole.recording.tape import Redact, Tape
from wfconsole.redaction import REDACTED

_MARK: Final = REDACTED.encode()

ITEMS_AT_ONCE: Final = 256


class Shared(msgspec.Struct, frozen=True):
    """What became of a recording that was shared: how many texts were redacted, how many lines left out."""

    redactions: int
    left_out: int
    size: int  # bytes on disk
    problem: str = ""  # why not all of it could be read


class _Counting:
    """The redactor, with a count of what it took out."""

    def __init__(self, redact: Redact) -> None:
        self.redactions = 0
        self._redact = redact

    def __call__(self, body: bytes) -> bytes:
        redacted = self._redact(body)
        if redacted != body:
            self.redactions += max(0, redacted.count(_MARK) - body.count(_MARK))
        return redacted


def share(source: Path, target: Path, redact: Redact = redact_body) -> Shared:
    """Write `source` anew to `target`, redacted: a file that must not exist yet, compressed when its name says so.

    Comments, lines of unknown kinds and everything behind a line that cannot be read are left out. Raises
    RecordingError when the source cannot be opened or the target not made, OSError when it cannot be written to its
    end; then there is no target.
    """
    recording = Recording(source)
    try:
        file = NewFile(target)
        try:
            return _rewritten(recording, file, Packer(compress=target.suffix == ".gz"), _Counting(redact))
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        finally:
            file.close()
    finally:
        recording.close()


def _rewritten(recording: Recording, file: NewFile, packer: Packer, redactor: _Counting) -> Shared:
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
