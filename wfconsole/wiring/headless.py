"""Recording without a screen: a collector whose stream goes to a file, or to standard output for another console."""

from __future__ import annotations

import argparse
import os
import re
import select
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from wfconsole import exit_codes, output
from wfconsole.clock import HOUR, MINUTE, SECOND, Millis
from wfconsole.errors import UserError
from wfconsole.observations.answers import CollectorSaid, WatchedRule
from wfconsole.recording.keep import Recorder
from wfconsole.recording.lines import Header, Item, Noted, RecordingError
from wfconsole.session.child import Child
from wfconsole.session.feed import Feed
from wfconsole.signals import into_pipe
from wfconsole.text import memory, safe
from wfconsole.wiring.ahead import collector_command
from wfconsole.wiring.collecting import (
    collector_settings,
    require_cluster,
    rules_of,
    silent_after,
    sources_of,
)
from wfconsole.wiring.ground import Ground, ground

CHUNK = 1 << 18
ENDS_WITHIN_MS: Millis = SECOND
LOOKED_AT_EVERY_S = 1.0  # whether the recording is still written
NOTHING_SEEN = "nothing was recorded: the collector had not begun when it was to end. Give it longer with --for"
_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR}


def record_to(arguments: argparse.Namespace) -> int:
    """Record until the time is over, a signal comes, or the reader goes away. Raises UserError before it begins."""
    base = ground(arguments)
    duration = _duration(arguments.duration)
    require_cluster(base.settings)
    if arguments.path == "-" and sys.stdout is None:  # what is opened next would take its number
        raise UserError("standard output is closed: nothing can be recorded to it", exit_codes.OUTPUT)
    stop = _Stop(duration)
    if arguments.path == "-":
        return _to_reader(base, arguments.title, stop)
    return _to_file(base, Path(arguments.path), arguments.title, stop)


class _Stop:
    """When to end: told by a signal, by the clock, or by another thread, each with a byte in a pipe."""

    def __init__(self, after_ms: Millis) -> None:
        self._ear, self._mouth = os.pipe()
        into_pipe(self._mouth, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
        if after_ms:
            timer = threading.Timer(after_ms / SECOND, self.now)
            timer.daemon = True
            timer.start()

    def now(self) -> None:
        try:
            os.write(self._mouth, b".")
        except BlockingIOError:  # told often enough
            pass

    def wait(self, seconds: float | None = None) -> bool:
        """Whether it is time, at the latest after so many seconds."""
        return bool(select.select([self._ear], [], [], seconds)[0])


# --- to a file: a collector that ends is started again, and the recording says so


def _to_file(base: Ground, path: Path, title: str, stop: _Stop) -> int:
    try:
        recorder = Recorder(path, base.clock, title=title)
    except RecordingError as error:
        raise UserError(str(error), exit_codes.RECORDING) from None
    keeper = _Keeper(recorder, stop)
    rules = symptom_rules(base)
    feed = Feed(
        base.clock,
        command=collector_command(),
        settings=lambda before: collector_settings(base.settings, title=title, strict=True, before=before, rules=rules),
        sources=lambda: sources_of(base.settings),
        silent_ms=silent_after(base.settings),
    )
    feed.start(keeper)
    while not stop.wait(LOOKED_AT_EVERY_S) and recorder.state.condition == "recording":
        pass
    early = recorder.state.condition == "stopped"
    feed.close()
    feed.finish(ENDS_WITHIN_MS)
    recorder.close()
    if keeper.failed:
        path.unlink(missing_ok=True)  # nothing was seen; the next try may have the same name
        raise UserError(keeper.failed, exit_codes.CLUSTER)
    if not keeper.begun:
        path.unlink(missing_ok=True)
        raise UserError(NOTHING_SEEN, exit_codes.RECORDING)
    _tell(recorder)
    return exit_codes.RECORDING if early else exit_codes.OK


def symptom_rules(base: Ground) -> tuple[WatchedRule, ...]:
    """What the symptoms of the runbook ask of Prometheus, so that a replay can show them. A runbook that cannot be read
    stops no recording."""
    if not base.settings.prometheus.configured:
        return ()
    try:
        return rules_of(base.runbook())
    except UserError as error:
        print(f"wfconsole: symptoms are not recorded: {error}", file=sys.stderr)
        return ()


class _Keeper:
    """Follows a feed for a recording. `failed`: why the very first collector could not begin."""

    def __init__(self, recorder: Recorder, stop: _Stop) -> None:
        self.failed = ""
        self._recorder = recorder
        self._stop = stop
        self.begun = False

    def header(self, header: Header) -> None:
        """See `feed.Receiver`."""
        del header
        self.begun = True

    def items(self, items: Sequence[Item], lines: bytes) -> None:
        """See `feed.Receiver`."""
        if lines:
            self._recorder.keep(lines)
            return
        notes = [item.note for item in items if isinstance(item, Noted)]
        said = "; ".join(note.text for note in notes if isinstance(note, CollectorSaid))
        if self.begun:
            print(f"wfconsole: {said}", file=sys.stderr)
            self._recorder.items(items)
        else:
            self.failed = said
            self._stop.now()


def _tell(recorder: Recorder) -> None:
    state = recorder.state
    lost = f", {state.lost} lines lost" if state.lost else ""
    why = f", stopped: {state.reason}" if state.reason not in ("", "closed") else ""
    print(f"wfconsole: recorded {safe(state.path)} ({memory(state.size)}B{lost}{why})", file=sys.stderr)


# --- to another console: the very bytes, as long as somebody reads them


def _to_reader(base: Ground, title: str, stop: _Stop) -> int:
    settings = collector_settings(base.settings, title=title, strict=True, rules=symptom_rules(base))
    child = Child(collector_command())
    child.tell(settings)
    pump = _Pump(child, stop)
    stop.wait()
    ended = pump.over
    how = child.end(ENDS_WITHIN_MS)
    pump.join(ENDS_WITHIN_MS / SECOND)
    if pump.lost:
        raise UserError(f"recording stopped, standard output took no more: {pump.lost}", exit_codes.OUTPUT)
    if pump.reader_gone:
        output.forget()
    elif ended and child.code:
        print(f"wfconsole: {how}", file=sys.stderr)
        return child.code if child.code > 0 else exit_codes.CRASH
    elif not pump.begun:
        raise UserError(NOTHING_SEEN, exit_codes.RECORDING)
    return exit_codes.OK


class _Pump(threading.Thread):
    """From the collector to standard output. A reader that stands still holds up this thread alone."""

    def __init__(self, child: Child, stop: _Stop) -> None:
        super().__init__(name="pump", daemon=True)
        self.over = False  # by itself
        self.begun = False
        self.reader_gone = False
        self.lost = ""  # why standard output took no more
        self._child = child
        self._end = stop
        self.start()

    def run(self) -> None:
        try:
            while chunk := os.read(self._child.output, CHUNK):
                view = memoryview(chunk)
                while view:
                    view = view[os.write(1, view) :]
                    self.begun = True
        except BrokenPipeError:
            self.reader_gone = True
        except OSError as error:
            self.lost = error.strerror or "it cannot be written"
        self.over = True
        self._end.now()


def _duration(text: str) -> Millis:
    if not text:
        return 0
    found = re.fullmatch(r"(\d{1,6})([smh])", text)
    if found is None or not int(found[1]):
        raise UserError(f"--for takes a number and s, m or h, such as 90s or 5m; not {text!r}")
    return int(found[1]) * _UNITS[found[2]]
