"""One row that is no pod, whole: what it says of itself, what it has and uses, and what happened to it."""

from __future__ import annotations

from collections.abc import Sequence

from wfconsole.observations.alerts import title
from wfconsole.observations.levels import Level
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.panes.row_sections import sections_of
from wfconsole.tui.screens.of_row import ScreenOfRow, TextOfRow
from wfconsole.tui.state_words import badge
from wfconsole.tui.widgets.scroll_text import Section

_KINDS = {
    "alerts": "ALERT",
    "auth": "LOGINS",
    "cache": "CACHE",
    "database": "DATABASE",
    "gpus": "GPU",
    "inference": "MODEL",
    "keys": "KEYS",
    "replicas": "REPLICA",
    "secrets": "SECRET",
    "statements": "STATEMENT",
    "workloads": "WORKLOAD",
    "hpas": "HPA",
    "nodes": "NODE",
    "services": "SERVICE",
    "ingresses": "INGRESS",
    "isolation": "ISOLATION",
    "findings": "FINDING",
    "sessions": "SESSION",
    "signals": "SIGNAL",
}


class RowText(TextOfRow):
    """Everything that is known of the row."""

    def sections(self, frame: Frame, width: int) -> Sequence[Section]:
        del width
        return sections_of(frame, self._source, self._key)


class RowScreen(ScreenOfRow):
    """A row that is no pod."""

    TEXT = RowText

    def title_line(self, frame: Frame) -> Line:
        snapshot, quality = frame.view.world.snapshots.get(self._source), self.quality(frame)
        gone = quality.conclusive and snapshot is not None and self._key not in snapshot.rows
        state = Span("gone", "strong") if gone else badge(frame.glyphs, self.level(frame), quality)
        namespace, name = self._key.split("/", 1) if "/" in self._key else ("", self._key)
        if self._source == "keys":  # "SERVER/DATABASE/PREFIX"
            name = name.partition("/")[2]
        if self._source in ("sessions", "statements") and namespace.lstrip("-").isdigit():  # "PID/START", "ID/..."
            namespace, name = "", namespace
        if alarm := frame.alarms.by_key.get(self._key):
            name, namespace = title(alarm.row), alarm.row.labels.get("namespace", "")
        return (Span(f"{_KINDS[self._source]} {name} ", "title"), state, Span(f"   {namespace}"))

    def level(self, frame: Frame) -> Level:
        alarm = frame.alarms.by_key.get(self._key) if self._source == "alerts" else None
        return super().level(frame) if alarm is None else alarm.level

    def footer(self, frame: Frame) -> Line:
        del frame
        return (Span(f"{self._text.place()}   n b section   i evidence   Bksp back", "dim"),)

    def evidence(self) -> str:
        return self.about()
