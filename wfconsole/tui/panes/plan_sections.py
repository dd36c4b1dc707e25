"""A plan in rows, always in the same order, and how it goes on: WHAT, WHERE, BLAST, UNDO, CHECKS, DRY RUN, CLASS."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wfconsole.clock import Millis
from wfconsole.incident.plan import GOOD_FOR_MS, Check, Plan, Reading, Signal
from wfconsole.incident.state import Receipt
from wfconsole.session.acts import Act, Second, Stage
from wfconsole.text import UNKNOWN, age
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Ink, Line, Span
from wfconsole.tui.wrapping import labelled, paragraphs, wrapped

INDENT: Final = 9
CLASSES: Final = {
    "R1": "R1: small, can be undone",
    "R2": "R2: people feel it, or no undo",
    "R3": "R3: wide, or one way only",
}
_INSIDE: Final = INDENT + 8
_VERSION: Final = 20
_JUDGED: Final[dict[str, tuple[str, Ink]]] = {
    "explain": ("EXPLAIN", "warn"),
    "refuse": ("REFUSE", "crit"),
}
_VERDICTS: Final[dict[str, Ink]] = {"WORKED": "ok", "WORSE": "crit"}
_COLOURS: Final[dict[str, Ink]] = {"GREEN": "ok", "EXPLAIN": "warn", "REFUSE": "crit"}
STAGES: Final = {
    "planning": "looking what it would really do",
    "planned": "planned; nothing has happened",
    "capturing": "keeping evidence",
    "recording": "waits until the record is on disk",
    "running": "running",
    "watching": "done; watching whether it helps",
    "asking": "nobody heard how it ended: asking the server",
    "over": "nothing more comes of it",
}


def standing(receipt: Receipt, stage: Stage | None) -> tuple[str, Ink]:
    """How an action stands, in a word or two; `stage`: where this console is with it, None where another one did it."""
    if receipt.verdict:
        return receipt.verdict, _VERDICTS.get(receipt.verdict, "warn")
    if stage == "watching":
        return "done, watched", "text"
    if stage == "asking":
        return "UNKNOWN, asking", "crit"
    if not receipt.result:
        return ("running" if stage is not None else "not known yet"), "warn"
    return receipt.result, "text" if receipt.result == "done" else "crit" if receipt.result == "unknown" else "warn"


def can_run(plan: Plan | None) -> bool:
    """Whether anybody could run it, with the right words."""
    return plan is not None and (plan.colour != "REFUSE" or plan.overridable)


def changed_rows(frame: Frame, act: Act, changed: tuple[str, ...], width: int) -> list[Line]:
    """What a plan that was made anew says otherwise."""
    at = frame.times.clock(act.plan.made_at) if act.plan is not None else UNKNOWN
    if not changed:
        return labelled("ANEW", f"made anew at {at}: nothing that matters differs", width, indent=INDENT, ink="dim")
    rows = labelled("ANEW", f"made anew at {at}; read what differs:", width, indent=INDENT, ink="warn")
    for line in changed:
        rows += paragraphs((line,), width, "dim" if line.startswith("-") else "warn", indent=INDENT)
    return [*rows, ()]


def second_rows(second: Second, width: int) -> list[Line]:
    """Who else has to say yes, and how; or who has. None where nobody has to."""
    if not second.needed:
        return []
    if second.approved_by:
        return labelled("SECOND", f"approved by {second.approved_by}", width, indent=INDENT, ink="ok")
    how = f"waiting for another person, in a login of their own here: wfconsole approve {second.code}"
    if not second.code:
        how = "no other login can reach this console: in a SEV1 say in Alone why"
    return labelled("SECOND", how, width, indent=INDENT, ink="warn")


def plan_rows(frame: Frame, plan: Plan, now: Millis | None, width: int) -> list[Line]:
    """The whole plan: what decides first, what is well last. `now` None: it was confirmed, and grows no older."""
    rows = labelled("WHAT", plan.title, width, indent=INDENT, ink="strong")
    rows += _where(frame, plan, width)
    rows += _several("BLAST", plan.blast, width)
    rows += labelled("UNDO", plan.undo or "nothing brings it back", width, indent=INDENT)
    if plan.reverts_ms:
        words = f"it takes itself back {age(plan.reverts_ms)} after that, unless somebody keeps it"
        rows += labelled("", words, width, indent=INDENT)
    rows += list(_checks(plan, width))
    rows += _several("BETTER", tuple(each.text for each in plan.alternatives), width, "strong")
    rows += _dry_run(plan, now, width)
    rows += _several("LOST", plan.lost, width, "warn")
    if plan.signal is not None:
        rows += labelled("PROOF", signal_words(plan.signal, plan.before), width, indent=INDENT)
    rows += _several("KEPT", tuple(f"before: {what}" for what in plan.captures), width, "dim")
    rows += labelled("CLASS", CLASSES[plan.danger], width, indent=INDENT, ink=_ink_of(plan))
    rows += _several("BY HAND", plan.by_hand, width, "dim")
    return [*rows, *_several("OK", _well(plan), width, "dim")]


def _well(plan: Plan) -> tuple[str, ...]:
    """The checks that found nothing to say, and the rights that are there."""
    well = [check.text for check in plan.checks if check.judgement == "ok"]
    return (*well, *(f"may {each.right}" for each in plan.permissions if each.allowed))


def signal_words(signal: Signal, before: Reading | None) -> str:
    """`ready pods of ...: at least 4 pods within 3 min, for 4 s; before 2`."""
    unit = f" {signal.unit}" if signal.unit else ""
    asked = f"{'at least' if signal.more else 'at most'} {signal.goal:g}{unit}"
    held = f", for {age(signal.hold_ms)}" if signal.hold_ms else ""
    now = UNKNOWN if before is None or before.value is None else f"{before.value:g}"
    return f"{signal.text}: {asked} within {age(signal.window_ms)}{held}; before {now}"


def progress_rows(frame: Frame, act: Act, width: int, *, result: bool = True) -> list[Line]:
    """How it goes on: what was kept, what it says, what came of it (unless that is told beside it), what is read."""
    since = f", for {age(frame.now - act.since)}" if act.stage == "planning" else ""
    stage = "done; it takes itself back unless it is kept" if act.kept_unless and act.verdict else STAGES[act.stage]
    rows: list[Line] = []
    if act.plan is not None or not act.trouble:
        rows = labelled("STAGE", f"{stage}{since}", width, indent=INDENT, ink="strong")
    for kept in act.kept:
        said = kept.missing or f"{len(kept.lines)} lines"
        rows += labelled("KEPT", f"{kept.what}: {said}", width, indent=INDENT, ink="warn" if kept.missing else "text")
    rows += _several("SAYS", act.said[-6:], width)
    if act.trouble:
        rows += labelled("TROUBLE", f"{act.trouble}. {act.remedy}".strip(), width, indent=INDENT, ink="warn")
    if act.outcome is not None and result:
        ink: Ink = "text" if act.outcome.result == "done" else "warn"
        rows += labelled("RESULT", f"{act.outcome.result}: {act.outcome.text}", width, indent=INDENT, ink=ink)
        rows += _several("", act.outcome.lines, width)
    if act.kept_unless:
        left = age(max(0, act.kept_unless - frame.now))
        rows += labelled("BACK IN", f"{left}: it takes itself back unless K keeps it", width, indent=INDENT, ink="warn")
    if act.plan is not None and act.plan.signal is not None and act.stage == "watching":
        rows += labelled("WANTED", signal_words(act.plan.signal, act.plan.before), width, indent=INDENT)
    rows += reading_rows(frame, act, width)
    if act.verdict is not None and result:
        ink = _VERDICTS.get(act.verdict.word, "warn")
        rows += labelled("VERDICT", f"{act.verdict.word}: {act.verdict.text}", width, indent=INDENT, ink=ink)
    return rows


def reading_rows(frame: Frame, act: Act, width: int) -> list[Line]:
    """What its signal was, the newest last."""
    rows: list[Line] = []
    for reading in act.readings[-4:]:
        value = UNKNOWN if reading.value is None else f"{reading.value:g}"
        text = f"{frame.times.clock(reading.at)}  {value}  {reading.text}"
        rows += labelled("READ" if not rows else "", text, width, indent=INDENT, ink="dim")
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


def check_words(plan: Plan) -> str:
    """`1 REFUSE, 2 EXPLAIN`, or GREEN."""
    counts = {"REFUSE": len(plan.refusals)}
    counts["EXPLAIN"] = sum(check.judgement == "explain" for check in plan.checks)
    counts["EXPLAIN"] += sum(each.allowed is None for each in plan.permissions)
    return ", ".join(f"{count} {word}" for word, count in counts.items() if count) or plan.colour


def _checks(plan: Plan, width: int) -> Iterator[Line]:
    """What refuses first, then what has to be known; of what is well only how much it is."""
    well = len(_well(plan))
    words = f"{check_words(plan)}; {well} ok, at the end" if well else check_words(plan)
    yield from labelled("CHECKS", words, width, indent=INDENT, ink=_COLOURS[plan.colour])
    for judgement in ("refuse", "explain"):
        for check in plan.checks:
            if check.judgement == judgement:
                yield from _check(check, width)
        yield from _permissions(plan, width, judgement)


def _check(check: Check, width: int) -> Iterator[Line]:
    may = " (may be overridden)" if check.judgement == "refuse" and check.overridable else ""
    yield from _judged(check.judgement, f"{check.text}{may}", width)
    for seen in check.evidence:
        version = f" [{seen.version}]" if 0 < len(seen.version) <= _VERSION else ""  # a UUID tells nobody anything
        yield from paragraphs((f"{seen.what}: {seen.said}{version}",), width, "dim", indent=_INSIDE)


def _permissions(plan: Plan, width: int, judgement: str) -> Iterator[Line]:
    for each in plan.permissions:
        if each.allowed is None and judgement == "explain":
            yield from _judged("explain", f"not known whether we may {each.right}", width)
        elif each.allowed is False and judgement == "refuse":
            yield from _judged("refuse", f"we may not {each.right}", width)
            yield from paragraphs((f"mends it: {each.grant}",) if each.grant else (), width, "text", indent=_INSIDE)


def _judged(judgement: str, text: str, width: int) -> Iterator[Line]:
    """The word in a column of its own, the text beside it in as many rows as it needs."""
    word, ink = _JUDGED[judgement]
    for place, row in enumerate(wrapped(text, width - _INSIDE)):
        yield (Span(" " * INDENT), Span((word if place == 0 else "").ljust(_INSIDE - INDENT), ink), Span(row, ink))


def _dry_run(plan: Plan, now: Millis | None, width: int) -> list[Line]:
    left = GOOD_FOR_MS - (now - plan.made_at) if now is not None else GOOD_FOR_MS
    fresh = f" (good for {age(left)} more)" if left > 0 else " (too old: it has to be made again)"
    words = {"server": "", "explained": "explained only", "failed": "refused by the server"}
    told = filter(None, (words[plan.dry_run.kind], plan.dry_run.text))
    said = f"{': '.join(told) or 'the server has tried it and kept nothing'}{fresh if now is not None else ''}"
    ink: Ink = "crit" if plan.dry_run.kind == "failed" else "text" if left > 0 else "warn"
    rows = labelled("DRY RUN", said, width, indent=INDENT, ink=ink)
    inks: dict[str, Ink] = {"-": "dim", "+": "strong"}
    for line in plan.diff:
        rows += paragraphs((line,), width, inks.get(line[:1], "text"), indent=INDENT)
    return rows


def _ink_of(plan: Plan) -> Ink:
    return "text" if plan.danger == "R1" else "warn" if plan.danger == "R2" else "crit"
