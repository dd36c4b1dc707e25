"""Shelving an alert: for how long, and why. It comes back by itself."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Final

from textual.widget import Widget

from wfconsole.clock import MINUTE
from wfconsole.incident.alarms import AlarmGroup
from wfconsole.incident.events import AlertsShelved
from wfconsole.tui.forms.choice import Choice, Option
from wfconsole.tui.forms.fields import Field, Row, Words
from wfconsole.tui.forms.form import Form
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.wrapping import paragraphs

NO_REASON: Final = "say why in a few words: who finds it on the shelf will ask"
_TIMES: Final = {
    "15": "15 min",
    "30": "30 min",
    "60": "1 h",
    "120": "2 h",
    "240": "4 h",
    "480": "8 h, the longest",
}
_BACK: Final = Option("0", "back now", ("it counts again",))


class ShelveForm(Form):
    """`goto` is the key of the row: an alert, or the group of a cause."""

    TITLE = "SHELVE"
    ACTION = "shelve"
    NEEDS_INCIDENT = True
    KEYS = "Enter next   Tab move   Esc cancel"

    def fields(self) -> Iterable[Widget]:
        group = self._group
        if group is None:
            words = Words(id="words")
            words.say((Span("this alert is not in the list any more", "warn"),))
            yield words
            return
        yield Words(id="words", make=lambda width: _about(group, width))
        yield Choice(self._options(group), id="time", chosen="30", title="How long")
        yield Row("Why", Field(id="reason", placeholder="in a few words"))

    def enter(self) -> None:
        group = self._group
        if group is None:
            self.action_cancel()
            return
        minutes = int(self.query_one("#time", Choice).value)
        reason = self.query_one("#reason", Field).words
        if minutes and not reason:
            self.say(NO_REASON)
            return
        until = self.war_room.session.now() + minutes * MINUTE
        self.dismiss(None)
        keys = tuple(alarm.key for alarm in group.alarms)
        self.war_room.enter(AlertsShelved(keys, until, reason, group.title), name="shelve")

    @staticmethod
    def _options(group: AlarmGroup) -> Sequence[Option]:
        times = [Option(value, word) for value, word in _TIMES.items()]
        return (_BACK, *times) if group.state == "shelved" else times

    @functools.cached_property
    def _group(self) -> AlarmGroup | None:
        return self.frame.alarms.group(self.goto)


def _about(group: AlarmGroup, width: int) -> list[Line]:
    many = f", {len(group.alarms)} alerts" if len(group.alarms) > 1 else ""
    rows = paragraphs((f"{group.title}{many}",), width, "strong")
    told = "It counts nowhere until then, and comes back by itself. Alertmanager is not told: it goes on notifying."
    return [*rows, *paragraphs((told,), width, "dim")]
