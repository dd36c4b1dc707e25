"""Where something on the screen comes from: the source and its snapshot, the row as it was read, how it was judged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import msgspec

from wfconsole.observations.levels import Level, Quality
from wfconsole.observations.snapshot import Snapshot
from wfconsole.text import UNKNOWN, age, number
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.listings.standing import doubt
from wfconsole.tui.panes.command_sections import SOURCE, command_sections, run_level
from wfconsole.tui.panes.long_texts import left_short
from wfconsole.tui.panes.pod_sections import heading
from wfconsole.tui.screens.lacking import lacking
from wfconsole.tui.screens.of_row import ScreenOfRow, TextOfRow
from wfconsole.tui.state_words import level_ink, sign_and_word
from wfconsole.tui.widgets.scroll_text import Section

if TYPE_CHECKING:
    from wfconsole.tui.app import WarRoom

_LABEL_CELLS = 18


class EvidenceText(TextOfRow):
    """The source, the row, the judgement."""

    def sections(self, frame: Frame, width: int) -> Sequence[Section]:
        if self._source == SOURCE:
            room = cast("WarRoom", self.app)
            return command_sections(frame, self._key, room.session.entries(), width)
        snapshot = frame.view.world.snapshots.get(self._source)
        if snapshot is None:
            return [Section(heading(frame, "SOURCE", self._source), [(Span("  off: nothing reads it", "dim"),)])]
        sections = [Section(heading(frame, "SOURCE", self._source), _of_source(frame, snapshot))]
        row = snapshot.rows.get(self._key)
        if row is not None:
            sections.append(Section(heading(frame, "JUDGED", self._key), _of_judgement(frame, self._source, self._key)))
        if whole := _left_short(frame, self._source, self._key):
            sections.append(Section(heading(frame, "WHOLE TEXTS", "that the pod's screen cuts short"), whole))
        if row is not None:
            sections.append(Section(heading(frame, "ROW", "as it was read"), _of_row(frame, row)))
        elif self._key:
            said = doubt(frame, self._source, without="not there") or "not there any more"
            sections.append(Section(heading(frame, "ROW", self._key), [(Span(f"  {said}", "strong"),)]))
        return sections


class EvidenceScreen(ScreenOfRow):
    """Of a source, of one of its rows, or of a command that was run by hand ("command <id>")."""

    TEXT = EvidenceText

    def level(self, frame: Frame) -> Level:
        if self._source == SOURCE:
            return run_level(frame.view.incident.commands.get(self._key))
        return super().level(frame)

    def quality(self, frame: Frame) -> Quality:
        return Quality.LIVE if self._source == SOURCE else super().quality(frame)

    def title_line(self, frame: Frame) -> Line:
        del frame
        return (Span("EVIDENCE ", "title"), Span(f"{self._source} {self._key}"))

    def footer(self, frame: Frame) -> Line:
        del frame
        return (Span(f"{self._text.place()}   Bksp back", "dim"),)


def _of_source(frame: Frame, snapshot: Snapshot[Any]) -> list[Line]:
    sign, word = sign_and_word(frame.glyphs, Level.OK, snapshot.quality(frame.now))
    target = frame.view.target
    lines = [
        _fact("state", f"{sign} {word}"),
        _fact("from", f"{target.server or UNKNOWN}  context {target.context or UNKNOWN}"),
        _fact("looked last", f"{frame.times.calendar(snapshot.observed_at)}  took {number(snapshot.took_ms)} ms"),
        _fact("rows are of", f"{frame.times.calendar(snapshot.good_at)}  {age(snapshot.age_ms(frame.now))} ago"),
        _fact("looks every", age(snapshot.interval_ms)),
        _fact("rows", number(len(snapshot.rows))),
    ]
    lines += [_fact(name, value) for name, value in lacking(snapshot)]
    lines += [_fact(name, value) for name, value in sorted(snapshot.facts.items())]
    failure = snapshot.failure
    if failure is not None:
        since = f"since {frame.times.calendar(failure.since)}, {failure.attempts} attempts"
        lines += [_fact("failure", f"{failure.kind}: {failure.message}"), _fact("", since)]
        if failure.remedy:
            lines.append(_fact("what to do", failure.remedy))
    return lines


def _of_judgement(frame: Frame, source: str, key: str) -> list[Line]:
    finding = frame.view.judged.finding(source, key)
    sign, word = sign_and_word(frame.glyphs, finding.level, Quality.LIVE)
    level: Line = (Span(f"  {'level':<{_LABEL_CELLS}}", "dim"), Span(f"{sign} {word}", level_ink(finding.level)))
    lines = [level, _fact("because", finding.reason or "nothing is wrong with it")]
    if finding.since:
        lines.append(_fact("since", f"{frame.times.calendar(finding.since)}  {age(frame.now - finding.since)} ago"))
    return lines


def _left_short(frame: Frame, source: str, key: str) -> list[Line]:
    answered = frame.view.world.answers.get(key) if source == "pods" else None
    detail = answered[1].detail if answered is not None else None
    return [_fact(*told) for told in left_short(detail)] if detail is not None else []


def _of_row(frame: Frame, row: msgspec.Struct) -> list[Line]:
    """Every field that says something, instants as dates."""
    lines: list[Line] = []
    for name in row.__struct_fields__:
        value = getattr(row, name)
        if value in ("", (), None):
            continue
        if name.endswith(("_at", "_since")):
            value = frame.times.calendar(value) if value else UNKNOWN
        elif isinstance(value, tuple | msgspec.Struct):
            value = msgspec.json.encode(value).decode()
        lines.append(_fact(name, str(value)))
    return lines


def _fact(name: str, value: str) -> Line:
    return (Span(f"  {name:<{_LABEL_CELLS}}", "dim"), Span(value))
