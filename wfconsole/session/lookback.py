"""Looking back while the world goes on: a playback of what has been recorded so far, opened off the event loop."""

from __future__ import annotations

import threading
from collections.abc import Callable

from wfconsole.clock import Millis
from wfconsole.recording.lines import RecordingError
from wfconsole.session.replay import Playback
from wfconsole.session.view import View


class LookBack:
    """The past of a live console, from `here` on. Until the recording is open that stays on show; commands wait."""

    def __init__(
        self, open_playback: Callable[[], Playback], here: tuple[Millis, View], changed: Callable[[], None]
    ) -> None:
        self._open_playback = open_playback
        self._here = here
        self._changed = changed
        self._target = here[0]
        self._lock = threading.Lock()
        self._waiting: list[Callable[[Playback], None]] = []
        self._playback: Playback | None = None
        self._closed = False
        self._unopened = ""
        threading.Thread(target=self._open, name="look-back", daemon=True).start()

    def view(self) -> View:
        return self._here[1] if self._playback is None else self._playback.view()

    def now(self) -> Millis:
        return self._here[0] if self._playback is None else self._playback.now()

    def position(self) -> Millis:
        """The instant on show, or the one that a seek is on its way to."""
        return self._target if self._playback is None else self._playback.player.state().position

    @property
    def problem(self) -> str:
        """Why the recording was not opened, or why it is not played any further; "" where nothing is wrong."""
        return self._unopened if self._playback is None else self._playback.player.state().problem

    def seek(self, instant: Millis) -> None:
        self._target = instant
        self._tell(lambda playback: playback.seek(instant))

    def step(self, events: int) -> None:
        self._tell(lambda playback: playback.step(events))

    def close(self) -> None:
        with self._lock:
            self._closed = True
            playback = self._playback
        if playback is not None:
            threading.Thread(target=playback.close, name="look-back-end", daemon=True).start()

    def _tell(self, command: Callable[[Playback], None]) -> None:
        with self._lock:
            if self._playback is None:
                self._waiting.append(command)
                return
        command(self._playback)

    def _open(self) -> None:
        try:
            playback = self._open_playback()
        except RecordingError as error:
            self._unopened = str(error)
            self._changed()
            return
        playback.seek(self._here[0])
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for command in waiting:
            command(playback)
        playback.player.pump()  # here and now: nothing but the instant that was asked for may come on show
        with self._lock:
            for command in self._waiting:
                command(playback)
            closed = self._closed
            if not closed:
                playback.start()
            self._playback = playback
        if closed:
            playback.close()
        self._changed()
