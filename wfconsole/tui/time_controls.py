"""The keys that move through time: the same live and in a replay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wfconsole.clock import SECOND

if TYPE_CHECKING:
    from wfconsole.session.console import Console


class TimeControls:
    """Actions of the App that go to the console's transport. Each is shown at once."""

    session: Console

    def show_now(self) -> None:
        raise NotImplementedError

    def say(self, words: str) -> None:
        raise NotImplementedError

    def action_toggle_time(self) -> None:
        self.session.transport.toggle()
        self._shown()

    def action_seek_by(self, seconds: int) -> None:
        self.session.transport.seek(self.session.transport.show().position + seconds * SECOND)
        self._shown()

    def action_marker(self, markers: int) -> None:
        self.session.transport.marker(markers)
        self._shown()

    def action_step(self, events: int) -> None:
        self.session.transport.step(events)
        self._shown()

    def action_faster(self, steps: int) -> None:
        self.session.transport.faster(steps)
        self._shown()

    def action_live(self) -> None:
        self.session.transport.live()
        self._shown()

    def _shown(self) -> None:
        """At once; and what could not be shown says why."""
        self.show_now()
        time = self.session.transport.show()
        if time.problem and time.mode == "live":  # elsewhere the time bar says it
            self.say(time.problem)
        elif time.edge:
            self.say(time.edge)
