"""The collector process: settings and requests come in on standard input, the stream goes out on standard output.

It ends within a tenth of a second when its input ends, when it is told to (TERM, INT), or when its reader is gone,
whatever hangs: nothing waits for a source, and a thread of its own hears the signals. A closed input also covers a
parent that was killed; PR_SET_PDEATHSIG is left out on purpose, since it fires when the parent's *thread* ends.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence

import msgspec

from wfconsole import exit_codes
from wfconsole.clock import SystemClock
from wfconsole.collector.collector import Collector
from wfconsole.collector.settings import CollectorSettings
from wfconsole.decoding import decoder_of
from wfconsole.memory import give_back_what_is_freed, sweep_every
from wfconsole.signals import into_pipe
from wfconsole.sources.contract import SourceError

# Looking at everything takes 60 ms of a core once the client of AWS is loaded: a thousandth of it.
SWEEP_S = 60.0
# Young objects between two looks for garbage: a page of pods makes thousands, and none of them is any.
GC_THRESHOLDS = (50_000, 20, 100)


class _End:
    """The end of this process, which comes once. `last_words` are said before, once there is something to say."""

    def __init__(self) -> None:
        self.last_words: Callable[[], None] = lambda: None
        self._begun = threading.Lock()
        ear, mouth = os.pipe()
        into_pipe(mouth, (signal.SIGTERM, signal.SIGINT))
        threading.Thread(target=self._when_told, args=(ear,), name="end", daemon=True).start()

    def now(self) -> None:
        """Does not come back."""
        with self._begun:
            self.last_words()
            os._exit(exit_codes.OK)

    def _when_told(self, ear: int) -> None:
        os.read(ear, 1)
        self.now()


def _write_out(data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(1, view) :]


def main(argv: Sequence[str] | None = None) -> int:
    """Run until told to end. Takes no arguments: they would show in the process list."""
    del argv
    end = _End()
    try:
        settings = _read_settings()
    except msgspec.MsgspecError as error:
        print(f"collector: settings: {error}", file=sys.stderr)
        return exit_codes.CONFIGURATION
    if settings is None:
        return exit_codes.OK
    if settings.doctor:
        _examine(settings)
        end.now()
    _keep_small()
    collector = Collector(settings, SystemClock(), _write_out, lambda: os._exit(exit_codes.OK))
    end.last_words = collector.end
    try:
        collector.start()
    except SourceError as error:
        print(f"collector: {error.message}. {error.remedy}", file=sys.stderr)
        return exit_codes.CLUSTER
    collector.asks.take(sys.stdin.buffer)
    end.now()
    return exit_codes.OK


def _keep_small() -> None:
    """Everything is imported: it is not looked at by the garbage collector again."""
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    give_back_what_is_freed()
    sweep_every(SWEEP_S)


def _examine(settings: CollectorSettings) -> None:
    """Tell one check a line; ends without waiting for what hangs."""
    from wfconsole.collector.checkup import check_all
    from wfconsole.collector.examinations import plans

    with contextlib.suppress(BrokenPipeError):
        check_all(plans(settings), lambda check: _write_out(msgspec.json.encode(check) + b"\n"))


def _read_settings() -> CollectorSettings | None:
    """The first line of input; None where it ended before it said what to look at, and nothing is to be looked at.
    Raises msgspec.MsgspecError that says which value is wrong."""
    line = sys.stdin.buffer.readline()
    if not line:
        return None
    settings = decoder_of(CollectorSettings).decode(line)
    problems = settings.problems()
    if problems:
        raise msgspec.ValidationError("; ".join(problems))
    return settings
