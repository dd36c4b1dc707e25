"""How a console ends: by its user, a signal, a closed terminal or a bug. Always flushed, restored, bounded in time.

    signal --> one byte into a pipe -----------.
    crash  --> catch_crashes -----------------> | ending thread: watchdog (3 s), let go of a dead terminal,
    parent died, app ended -------------------> |               ask the app to leave, call `on_end`
                                                '--> run_app: wait for it, restore, report, exit code

No handler of ours does anything: it would interrupt the main thread anywhere, perhaps with a lock in its hand. The
ending thread works while the event loop is stuck on a terminal that takes no more output: nothing else would.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from textual.app import App

from wfconsole import exit_codes
from wfconsole.errors import UserError
from wfconsole.signals import into_pipe
from wfconsole.tui import compat, launcher, terminal
from wfconsole.tui.crash_report import Redact, headline, write_report

GRACE_S: Final = 3.0  # from the first sign of the end to the last: SSH servers and systemd wait longer than this
_SIGNALS: Final = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
_REASONS: Final = {
    signal.SIGHUP: "terminal closed",
    signal.SIGTERM: "terminated",
    signal.SIGINT: "interrupted",
    signal.SIGQUIT: "quit signal",
}
_QUIT: Final = 0  # on the pipe: the app has ended by itself; no signal has this number
_CRASH: Final = 255
_YOUNG_S: Final = 2.0  # a console younger than this may have answers of the terminal on their way


def run_app(
    app: App[Any],
    *,
    on_end: Callable[[str], None],
    redact: Redact | None = None,
    crash_directory: Path | None = None,
    mouse: bool = True,
) -> int:
    """Run any Textual app in the main thread until it ends; gives the exit code: the app's, 70 a crash, 128+n signal n.

    `on_end` is called exactly once, from another thread, with the reason in words ("quit", "crash", "terminated", ...):
    flush there what must not be lost. It has `GRACE_S` in all, then the process ends whatever it is doing.
    """
    return _Run(app, on_end, redact, crash_directory).run(mouse)


class _Run:
    def __init__(
        self, app: App[Any], on_end: Callable[[str], None], redact: Redact | None, crash_directory: Path | None
    ) -> None:
        self._app = app
        self._on_end = on_end
        self._redact = redact
        self._crash_directory = crash_directory
        self._errors: list[BaseException] = []
        self._refused: UserError | None = None
        self._reason = ""
        self._code = exit_codes.OK
        self._signal = 0
        self._saved = terminal.attributes()
        self._began = time.monotonic()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._looping = threading.Event()
        self._app_over = threading.Event()
        self._told = threading.Event()
        self._watchdog = threading.Timer(GRACE_S, self._cut_short)
        self._watchdog.daemon = True
        self._ear, self._mouth = os.pipe()

    def run(self, mouse: bool) -> int:
        compat.catch_crashes(self._app, self._crashed)
        threading.excepthook = self._thread_crashed
        threading.Thread(target=self._attend, name="ending", daemon=True).start()
        before = into_pipe(self._mouth, _SIGNALS)
        try:
            asyncio.run(self._main(mouse))
        except BaseException as error:  # noqa: BLE001  whatever it is, the terminal is put back and the journal flushed
            self._crashed(error)
        self._app_over.set()
        self._say(_QUIT)
        self._told.wait()  # the watchdog bounds it
        threading.excepthook = threading.__excepthook__
        if self._signal:  # the next must not cut the last words short, nor a stuck thread hold them up
            atexit.register(_take_no_more)
        else:
            self._watchdog.cancel()
            signal.set_wakeup_fd(-1)
            for number, handler in before.items():
                signal.signal(number, handler)
        return self._farewell()

    async def _main(self, mouse: bool) -> None:
        self._loop = asyncio.get_running_loop()
        self._looping.set()
        try:
            await self._app.run_async(mouse=mouse)
        finally:
            self._app_over.set()
            self._say(_QUIT)  # now, because asyncio itself may wait for stuck threads

    # --- signs of the end -------------------------------------------------------------------------------------------

    def _say(self, sign: int) -> None:
        try:
            os.write(self._mouth, bytes([sign]))
        except BlockingIOError:  # thousands of signals: one is enough
            pass

    def _crashed(self, error: BaseException) -> None:
        if isinstance(error, compat.InputLostError) and terminal.is_gone():
            self._say(signal.SIGHUP)
            return
        self._errors.append(error)
        self._say(_CRASH)

    def _thread_crashed(self, args: threading.ExceptHookArgs) -> None:
        """A thread that died would leave a screen that lies; the one that writes dies with its terminal."""
        if args.exc_value is None:
            return
        if isinstance(args.exc_value, OSError) and terminal.is_gone():
            self._say(signal.SIGHUP)
            return
        if isinstance(args.exc_value, UserError):  # what could only be found out behind the first frame
            self._refused = args.exc_value
            self._leave(args.exc_value.code)
            return
        self._crashed(args.exc_value)
        self._leave(exit_codes.CRASH)

    # --- the ending thread ------------------------------------------------------------------------------------------

    def _attend(self) -> None:
        sign = self._first_sign()
        self._watchdog.start()
        if sign == signal.SIGHUP:
            terminal.let_go()
        if sign in _REASONS:
            self._signal = sign
            self._reason, self._code = _REASONS[signal.Signals(sign)], 128 + sign
            self._leave(self._code)
        elif sign == _CRASH:
            self._reason, self._code = "crash", exit_codes.CRASH
        else:
            self._reason, self._code = "quit", self._app.return_code or exit_codes.OK
        try:
            self._on_end(self._reason)
        except Exception as error:  # noqa: BLE001  reported like any other crash
            self._errors.append(error)
        self._told.set()
        while sign == signal.SIGHUP and not self._app_over.wait(0.05):
            compat.abandon_output(self._app)

    def _first_sign(self) -> int:
        watched = [self._ear] if launcher.parent_pipe < 0 else [self._ear, launcher.parent_pipe]
        while self._ear in select.select(watched, [], [])[0]:
            sign = os.read(self._ear, 1)[0]
            if sign in (*_SIGNALS, _QUIT, _CRASH):  # a terminal that is resized is heard here, too
                return sign
        return signal.SIGTERM  # the parent died

    def _leave(self, code: int) -> None:
        self._looping.wait(GRACE_S)
        if self._loop is not None and not self._app_over.is_set():
            try:
                self._loop.call_soon_threadsafe(lambda: self._app.exit(return_code=code))
            except RuntimeError:  # it has just closed
                pass

    def _cut_short(self) -> None:
        """Time is up: the terminal takes no output, a handler hangs, or `on_end` does."""
        if self._signal != signal.SIGHUP:
            terminal.force_restore(self._saved, self._silence)
        if self._errors:
            write_report(self._errors, self._crash_directory, self._redact)
        told = self._told.is_set() or self._signal
        os._exit(self._code if told else exit_codes.CRASH)

    def _silence(self) -> None:
        """Nothing of ours may reach the terminal any more, and the write that it keeps waiting must end now."""
        terminal.let_go()
        compat.interrupt_write(self._app)

    # --- last words -------------------------------------------------------------------------------------------------

    def _farewell(self) -> int:
        if self._signal == signal.SIGHUP:
            if self._errors:
                write_report(self._errors, self._crash_directory, self._redact)
            return self._code
        if time.monotonic() - self._began < _YOUNG_S:
            terminal.drain_replies()
        if self._errors:
            self._print_crash()
        elif self._refused is not None:
            print(f"wfconsole: {self._refused}", file=sys.__stderr__)
        return self._code if self._code or not self._errors else exit_codes.CRASH

    def _print_crash(self) -> None:
        path = write_report(self._errors, self._crash_directory, self._redact)
        where = f"The report, without secrets, is in {path}" if path else "No report could be written"
        print(
            f"wfconsole: a bug ended the console: {headline(self._errors[0])}.\n"
            f"  {where}. What the journal confirmed is safe: go on with `wfconsole resume`.",
            file=sys.__stderr__,
        )


def _take_no_more() -> None:
    """The interpreter takes its handlers away well before it is gone: one more signal would kill what has ended."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
