"""A plan in rows, always in the same order, and how it goes on: WHAT, WHERE, BLAST, UNDO, CHECKS, DRY RUN, CLASS."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wfconsole.clock import Millis
from wfconsole.incident.plan import GOOD_FOR_MS, Check, Plan, Reading, Signal
from wfconsole.session.acts import Act
from wfconsole.text import UNKNOWN, age
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Ink, Line, Span
from wfconsole.tui.wrapping import labelled, paragraphs

INDENT: Final = 9
CLASSES: Final = {
    "R1": "R1: small, and can be reversed",
    "R2": "R2: people feel it, or it cannot be undone",
    "R3": "R3: wide, or one way only",
}
_JUDGED: Final[dict[str, tuple[str, Ink]]] = {
    "ok": ("ok", "dim"),
    "explain": ("EXPLAIN", "warn"),
    "refuse": ("REFUSE", "crit"),
}
_COLOURS: Final[dict[str, Ink]] = {"GREEN": "ok", "EXPLAIN": "warn", "REFUSE": "crit"}
STAGES: Final = {
    "planning": "looking what it would really do",
    "planned": "planned; nothing has happened",
    "capturing": "keeping evidence",
    "recording": "waits until the record is on disk",
    "running": "running",
    "watching": "done; watching whether it helps",
    "asking": "nobody heard how it ended: asking the server",
    "over": "over",
}


def plan_rows(frame: Frame, plan: Plan, now: Millis, width: int) -> list[Line]:
    """The whole plan."""
    rows = labelled("WHAT", plan.title, width, indent=INDENT, ink="strong")
    rows += _where(frame, plan, width)
    rows += _several("BLAST", plan.blast, width)
    rows += labelled("UNDO", plan.undo or "nothing brings it back", width, indent=INDENT)
    rows += _several("LOST", plan.lost, width, "warn")
    rows += list(_checks(plan, width))
    rows += list(_permissions(plan, width))
    rows += _dry_run(plan, now, width)
    if plan.reverts_ms:
        words = f"it takes itself back {age(plan.reverts_ms)} after that, unless somebody keeps it"
        rows += labelled("", words, width, indent=INDENT)
    if plan.signal is not None:
        rows += labelled("PROOF", signal_words(plan.signal, plan.before), width, indent=INDENT)
    rows += _several("KEPT", tuple(f"before: {what}" for what in plan.captures), width, "dim")
    rows += labelled("CLASS", CLASSES[plan.danger], width, indent=INDENT, ink=_ink_of(plan))
    rows += _several("BY HAND", plan.by_hand, width, "dim")
    return rows


def signal_words(signal: Signal, before: Reading | None) -> str:
    """`ready pods of ...: at least 4 pods within 3 min, for 4 s; now 2`."""
    unit = f" {signal.unit}" if signal.unit else ""
    asked = f"{'at least' if signal.more else 'at most'} {signal.goal:g}{unit}"
    held = f", for {age(signal.hold_ms)}" if signal.hold_ms else ""
    now = UNKNOWN if before is None or before.value is None else f"{before.value:g}"
    return f"{signal.text}: {asked} within {age(signal.window_ms)}{held}; now {now}"


def progress_rows(frame: Frame, act: Act, width: int) -> list[Line]:
    """How it goes on: what was kept, what it says, what came of it, what is read."""
    rows: list[Line] = labelled("STAGE", STAGES[act.stage], width, indent=INDENT, ink="strong")
    for kept in act.kept:
        said = kept.missing or f"{len(kept.lines)} lines"
        rows += labelled("KEPT", f"{kept.what}: {said}", width, indent=INDENT, ink="warn" if kept.missing else "text")
    rows += _several("SAYS", act.said[-6:], width)
    if act.trouble:
        rows += labelled("TROUBLE", f"{act.trouble}. {act.remedy}".strip(), width, indent=INDENT, ink="warn")
    if act.outcome is not None:
        ink: Ink = "text" if act.outcome.result == "done" else "warn"
        rows += labelled("RESULT", f"{act.outcome.result}: {act.outcome.text}", width, indent=INDENT, ink=ink)
        rows += _several("", act.outcome.lines, width)
    if act.kept_unless:
        left = age(max(0, act.kept_unless - frame.now))
        rows += labelled("BACK IN", f"{left}: it takes itself back unless K keeps it", width, indent=INDENT, ink="warn")
    for reading in act.readings[-4:]:
        value = UNKNOWN if reading.value is None else f"{reading.value:g}"
        rows += labelled(
            "READ", f"{frame.times.clock(reading.at)}  {value}  {reading.text}", width, indent=INDENT, ink="dim"
        )
    if act.verdict is not None:
        ink = "ok" if act.verdict.word == "WORKED" else "crit" if act.verdict.word == "WORSE" else "warn"
        rows += labelled("VERDICT", f"{act.verdict.word}: {act.verdict.text}", width, indent=INDENT, ink=ink)
    return rows


def _where(frame: Frame, plan: Plan, width: int) -> list[Line]:
    """The environment's word first, reversed where it is production."""
    word = f" {frame.environment} "
    first, *more = labelled("WHERE", plan.place, width - len(word) - 1, indent=INDENT)
    return [(first[0], Span(word, "tag"), Span(" "), *first[1:]), *more]


def _several(label: str, texts: tuple[str, ...], width: int, ink: Ink = "text") -> list[Line]:
    rows: list[Line] = []
    for place, text in enumerate(texts):
        rows += labelled(label if place == 0 else "", text, width, indent=INDENT, ink=ink)
    return rows


def _checks(plan: Plan, width: int) -> Iterator[Line]:
    """What refuses first, then what has to be known, then what is well."""
    order = {"refuse": 0, "explain": 1, "ok": 2}
    yield from labelled("CHECKS", plan.colour, width, indent=INDENT, ink=_COLOURS[plan.colour])
    for check in sorted(plan.checks, key=lambda each: order[each.judgement]):
        yield from _check(check, width)


def _check(check: Check, width: int) -> Iterator[Line]:
    word, ink = _JUDGED[check.judgement]
    may = " (may be overridden)" if check.judgement == "refuse" and check.overridable else ""
    yield from labelled("", f"{word:<8}{check.text}{may}", width, indent=INDENT, ink=ink)
    if check.judgement != "ok":
        for seen in check.evidence:
            version = f" [{seen.version}]" if seen.version else ""
            yield from paragraphs((f"{seen.what}: {seen.said}{version}",), width, "dim", indent=INDENT + 8)


def _permissions(plan: Plan, width: int) -> Iterator[Line]:
    for each in plan.permissions:
        if each.allowed:
            yield from labelled("", f"ok      may {each.right}", width, indent=INDENT, ink="dim")
        elif each.allowed is None:
            yield from labelled("", f"EXPLAIN not known whether we may {each.right}", width, indent=INDENT, ink="warn")
        else:
            yield from labelled("", f"REFUSE  we may not {each.right}", width, indent=INDENT, ink="crit")
            yield from paragraphs((f"mends it: {each.grant}",) if each.grant else (), width, "dim", indent=INDENT + 8)


def _dry_run(plan: Plan, now: Millis, width: int) -> list[Line]:
    left = GOOD_FOR_MS - (now - plan.made_at)
    fresh = f"good for {age(left)} more" if left > 0 else "too old: it has to be made again"
    words = {"server": "tried by the server", "explained": "explained only", "failed": "refused by the server"}
    said = f"{words[plan.dry_run.kind]}{f': {plan.dry_run.text}' if plan.dry_run.text else ''} ({fresh})"
    ink: Ink = "crit" if plan.dry_run.kind == "failed" else "text" if left > 0 else "warn"
    rows = labelled("DRY RUN", said, width, indent=INDENT, ink=ink)
    inks: dict[str, Ink] = {"-": "dim", "+": "strong"}
    for line in plan.diff:
        rows += paragraphs((line,), width, inks.get(line[:1], "text"), indent=INDENT)
    return rows


def _ink_of(plan: Plan) -> Ink:
    return "text" if plan.danger == "R1" else "warn" if plan.danger == "R2" else "crit"
