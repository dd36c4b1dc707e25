"""From one look of every task of a system to its checks. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from wfconsole.clock import SECOND
from wfconsole.observations.checks import PARTIAL, Check
from wfconsole.observations.snapshot import in_words
from wfconsole.sources.checking import Examination, Look, Looks
from wfconsole.sources.clocks import differs
from wfconsole.sources.contract import Part, Source, SourceError

# What only a server says that is there and has understood us.
_SPEAKS: Final = ("denied", "not-served", "rate-limited")
# The number of an answer that says: we know you, and this is not for you.
_FORBIDDEN: Final = 403
# What the console does by itself, as a clause and as a sentence.
_BY_ITSELF: Final = re.compile(
    r"[;,] it is (?:tried|asked|read) again[^.]*|\bIt is (?:tried|asked|read) again[^.]*\. ?"
)


def concluded(system: str, examination: Examination, looks: Looks) -> list[Check]:
    """All checks of a system that was looked at: what all of it rests on comes first."""
    told = _telling(examination, looks)
    heads = [_reachable(system, examination.where, told), _authenticated(system, examination.identity, told)]
    permissions = list(examination.checks(looks))
    rows = [_source(system, source, looks) for source in examination.sources]
    if any(check.state == "problem" and check.aspect == "permission" for check in permissions):
        rows = [_without_remedy(check, looks, examination) for check in rows]  # the permission's is the exact one
    rest = [_clock(system, examination), *_conditions(system, examination, looks), *permissions, *rows]
    broken = next((check for check in heads if check.state == "problem"), None)
    if broken is not None:
        rest = [check if check.state == "off" else _lost(check, f"not {broken.name}") for check in rest]
    return [*heads, *rest]


def unreached(system: str, sources: Sequence[str], error: SourceError) -> list[Check]:
    """The checks of a system that could not even be asked."""
    lost = (Check(system, name, "rows", name, "unknown", "not reachable") for name in sources)
    return [
        Check(system, "", "reachable", "reachable", "problem", error.message, _remedy(error)),
        Check(system, "", "authenticated", "authenticated", "unknown", "not reachable"),
        Check(system, "", "clock", "clock", "unknown", "not reachable"),
        *lost,
    ]


def switched_off(system: str, source: str, named_by: str) -> Check:
    """The check of what is not configured; `named_by` is the setting that would switch it on."""
    return Check(system, source, "rows" if source else "reachable", source or "configured", "off", f"no {named_by}")


def _lost(check: Check, why: str) -> Check:
    return msgspec.structs.replace(check, state="unknown", detail=why, remedy="", run=(), took_ms=0)


def _telling(examination: Examination, looks: Looks) -> list[Look]:
    """The looks that tell whether we get in, the simplest first; a task that only checks may call a refusal well."""
    parts = [part for source in examination.sources for part in source.parts]
    checks = {id(part.task) for part in parts if part.role == "check"}
    return [look for look in looks.all if id(look.task) not in checks]


def _reachable(system: str, where: str, looks: Sequence[Look]) -> Check:
    check = Check(system, "", "reachable", "reachable", "ok", where)
    answered = [look.took_ms for look in looks if look.error is None]
    if answered or any(look.error is not None and look.error.kind in _SPEAKS for look in looks):
        return msgspec.structs.replace(check, took_ms=min(answered, default=0))
    first = min(looks, key=lambda look: look.took_ms // SECOND)  # those that came later may only have waited for it
    assert first.error is not None
    detail, remedy = first.error.message, _remedy(first.error)
    return msgspec.structs.replace(check, state="problem", detail=detail, remedy=remedy, took_ms=first.took_ms)


def _authenticated(system: str, identity: str, looks: Sequence[Look]) -> Check:
    errors = [look.error for look in looks if look.error is not None]
    if len(errors) < len(looks) or any(error.code == _FORBIDDEN for error in errors):
        return Check(system, "", "authenticated", "authenticated", "ok", identity)
    denied = next((error for error in errors if error.kind == "denied"), None)
    if denied is None:
        return Check(system, "", "authenticated", "authenticated", "unknown", "not reachable")
    return Check(system, "", "authenticated", "authenticated", "problem", denied.message, _remedy(denied))


def _clock(system: str, examination: Examination) -> Check:
    ahead = examination.ahead_ms
    if ahead is None:
        return Check(system, "", "clock", "clock", "unknown", "the server does not tell its time")
    if told := differs(ahead):
        remedy = "Set the clock that is wrong; `timedatectl` says whether this machine's is synchronised."
        return Check(system, "", "clock", "clock", "problem", told, remedy)
    return Check(system, "", "clock", "clock", "ok", f"{int(ahead / SECOND):+d} s")  # most tell whole seconds only


def _conditions(system: str, examination: Examination, looks: Looks) -> Iterable[Check]:
    """What gives no rows, and says whether all others may be old: one check for each such task."""
    parts = {id(part.task): part for source in examination.sources for part in source.parts if part.role == "check"}
    for part in parts.values():
        look = looks.of(part.task)
        if look.error is None:
            yield Check(system, "", "fresh", part.task.name, "ok", took_ms=look.took_ms)
        else:
            error = look.error
            yield Check(system, "", "fresh", part.task.name, "problem", error.message, _remedy(error))


def _source(system: str, source: Source, looks: Looks) -> Check:
    """How one source stands: what it lacks, or how many rows it has."""
    parts = [(part, looks.of(part.task)) for part in source.parts if part.role != "check"]
    took = max((look.took_ms for _, look in parts), default=0)
    check = Check(system, source.name, "rows", source.name, "ok", took_ms=took)
    if failed := _failed(parts):
        detail, remedy = failed
        return msgspec.structs.replace(check, state="problem", detail=detail, remedy=remedy)
    if partial := in_words(source.lacks()):
        return msgspec.structs.replace(check, state="unknown", detail=f"{PARTIAL}{partial}")
    count = len(looks.rows.get(source.name, {}))
    absent = [_without(part, look.error) for part, look in parts if look.error is not None]
    return msgspec.structs.replace(check, detail="; ".join((f"{count} row{'' if count == 1 else 's'}", *absent)))


def _failed(parts: Sequence[tuple[Part, Look]]) -> tuple[str, str] | None:
    """What a source lacks and what mends it; None where it lacks nothing that it should have."""
    failed = [(part, look.error) for part, look in parts if look.error is not None and not _absent(part, look)]
    if not failed:
        return None
    first = failed[0][1]
    if all(look.error is not None for part, look in parts if part.role == "whole"):
        return first.message, _remedy(first)
    return "; ".join(_without(part, error) for part, error in failed), _remedy(first)


def _absent(part: Part, look: Look) -> bool:
    """Whether the part is one that is only good to have, and this server does not offer it."""
    return part.role == "extra" and look.error is not None and look.error.kind == "not-served"


def _remedy(error: SourceError) -> str:
    """Without what is true of the console alone, which asks again and again."""
    told = _BY_ITSELF.sub("", error.remedy).strip()
    return told or "Run the doctor again in a moment."


def _without(part: Part, error: SourceError) -> str:
    return f"{part.gives} unknown: {error.message}" if part.gives else error.message


def _without_remedy(check: Check, looks: Looks, examination: Examination) -> Check:
    """The check of a source that is denied something, without the remedy that its error has."""
    source = next(each for each in examination.sources if each.name == check.source)
    errors = [looks.of(part.task).error for part in source.parts]
    denied = check.state == "problem" and any(error is not None and error.kind == "denied" for error in errors)
    return msgspec.structs.replace(check, remedy="") if denied else check
