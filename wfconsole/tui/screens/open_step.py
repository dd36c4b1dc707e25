"""A step spelled out: what to look at, what to do, what to expect, what is so now, what was taken as evidence."""

from __future__ import annotations

from collections.abc import Iterator

from wfconsole.incident.by_hand import filled, pinned
from wfconsole.incident.checklist import Item
from wfconsole.incident.log_evidence import pods_to_read
from wfconsole.incident.probe_text import probe_in_words
from wfconsole.incident.probing import ProbeResult, evaluate, understood
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Ink, Line, Span
from wfconsole.tui.screens.step import leads_to
from wfconsole.tui.state_words import badge
from wfconsole.tui.wrapping import labelled, wrapped

LIVE_LINES = 5
EVIDENCE_LINES = 6
_INDENT = 7
_WORD = 7  # cells of READ, DO, SEE and so on
_TEXT = _INDENT + _WORD


def opened(frame: Frame, item: Item, width: int) -> list[Line]:
    """Everything about the step below its title."""
    step = item.step
    rows: list[Line] = []
    for word, text, ink in (
        ("READ", step.look, "text"),
        ("DO", step.do, "text"),
        ("SEE", step.expect, "text"),
        ("TRAP", step.warning, "warn"),
    ):
        rows += _part(word, text, width, "warn" if ink == "warn" else "text")
    rows += _live(frame, item, width)
    rows += _evidence(frame, item, width)
    rows += _part("WHY", item.state.reason, width)
    rows += _part("SAID", item.state.answer, width)
    for branch in step.branches:
        said = branch.answer if step.kind == "decide" else "done"
        rows += _part("THEN", f"{said}: {leads_to(branch.goto, frame.checklist)}", width)
    for command in step.commands:
        for number, text in enumerate(filled(command, pinned(frame.view.target)).splitlines()):
            rows += _part("BY HAND" if number == 0 else "", text, width, "dim")
    rows += _by_hand(frame, item, width)
    rows.append(_keys(frame, item))
    return rows


def _part(word: str, text: str, width: int, ink: Ink = "text") -> list[Line]:
    return labelled(f"{'':{_INDENT}}{word}", text, width, indent=_TEXT + 1, ink=ink) if text else []


def _live(frame: Frame, item: Item, width: int) -> Iterator[Line]:
    """The live value, of the instant on show; what cannot be trusted says so."""
    probe = item.step.probe
    if not probe:
        return
    result = evaluate(understood(probe), frame.view.world, frame.now)
    sign = badge(frame.glyphs, result.level, result.quality)
    first, *more = result.lines or ("nothing",)
    head = f"{'':{_INDENT}}{'NOW':{_WORD}} "
    rows = wrapped(first, width - len(head) - len(sign.text) - 2)
    yield (Span(head, "dim"), sign, Span(f"  {rows[0]}"))
    shown = 0 if item.state.probe is not None else LIVE_LINES  # the evidence below tells of each
    for text in (*rows[1:], *more[:shown]):
        yield from _part_rows(text, width)
    if 0 < shown < len(more):
        yield (Span(f"{'':{_TEXT + 1}}and {len(more) - shown} more", "dim"),)
    if item.step.logs:
        yield from _part("LOGS", _logs(frame, item.step.logs), width)
    if item.step.sensed:
        sensed = evaluate(understood(item.step.sensed), frame.view.world, frame.now)
        yield from _part("AUTO", _automatic(item, sensed), width)


def _logs(frame: Frame, logs: str) -> str:
    """Which logs a key reads, and where they are shown whole."""
    pods = [pod.partition("/")[2] for pod in pods_to_read(logs, frame.view.world, frame.now)]
    if not pods:
        return "no pod is meant now"
    whole = "3, then Enter on the pod, shows them whole"
    if not frame.may_change:
        return f"of {', '.join(pods)}: {whole}"
    return f"R reads those of {', '.join(pods)}: this run and the one before, into the record; {whole}"


def _part_rows(text: str, width: int) -> Iterator[Line]:
    return iter(labelled("", text, width, indent=_TEXT + 1))


def _automatic(item: Item, sensed: ProbeResult) -> str:
    """What a step that ticks itself is waiting for, and how far it is."""
    if item.mark == "sensed":
        return "ticked itself; X opens it again"
    if item.state.by and item.mark == "open":
        return "somebody opened it again: it does not tick itself any more"
    so_far = "; ".join(line for line in sensed.lines if " of " in line)
    state = {True: "it holds now", False: f"not yet: {so_far}", None: f"cannot tell: {sensed.why}"}[sensed.holds]
    words = probe_in_words(understood(item.step.sensed))
    return f"ticks itself, when it is next and this holds: {words}. {state}"


def _evidence(frame: Frame, item: Item, width: int) -> Iterator[Line]:
    probe = item.state.probe
    if probe is None:
        return
    rail = f"{'':{_INDENT}}{frame.glyphs.rail} "
    yield (
        Span(rail, "rule"),
        Span(
            f"evidence {frame.times.clock(item.state.probed_at)} {probe.quality}  entry {item.state.probe_entry[:8]}",
            "strong",
        ),
    )
    for text in probe.lines[:EVIDENCE_LINES]:
        for row in wrapped(text, width - len(rail)):
            yield (Span(rail, "rule"), Span(row))
    if len(probe.lines) > EVIDENCE_LINES:
        yield (Span(rail, "rule"), Span(f"and {len(probe.lines) - EVIDENCE_LINES} more in the record", "dim"))


def _by_hand(frame: Frame, item: Item, width: int) -> Iterator[Line]:
    """How the last command by hand ended that was run for this step; its output is in the record."""
    runs = [run for run in frame.view.incident.commands.values() if run.step == item.step.id]
    if runs:
        last = runs[-1]
        ended = {"": "not known yet how it ended", "exit": f"exit {last.code}"}.get(last.outcome, last.outcome)
        text = f"{ended}   {frame.times.clock(last.started_at)} by {last.by}"
        more = f"   {len(runs)} times" if len(runs) > 1 else ""
        bad = (last.outcome, last.code) != ("exit", 0)
        yield from _part("RAN", f"{text}{more}", width, "warn" if bad else "text")


def _keys(frame: Frame, item: Item) -> Line:
    """The keys that do something to the step; whoever may change nothing is told of those that go on."""
    done = "answer" if item.step.kind == "decide" else "done"
    if item.mark in ("done", "sensed"):
        done = "open again"
    told = [("R", "evidence")] if item.step.probe else []
    told += [("C", "command")] if item.step.commands else []
    told += [("X", done), ("W", "waive"), ("E", "defer")]
    told = [*(told if frame.may_change else ()), ("n b", "next, back")]
    spans = [Span(f"{'':{_TEXT + 1}}")]
    for key, does in told:
        spans += [Span(key, "key"), Span(f" {does}   ", "dim")]
    return tuple(spans)
