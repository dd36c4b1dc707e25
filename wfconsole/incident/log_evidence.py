"""What a step takes from logs as its evidence: of which pods, and which of their lines go into the record. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from wfconsole.clock import Millis
from wfconsole.incident.probing import matching, understood
from wfconsole.observations.answers import LogTail, PodAnswer, PodDetail
from wfconsole.observations.levels import Level, Quality
from wfconsole.observations.world import World
from wfconsole.redaction import redact_text
from wfconsole.text import clock_time, cut

PODS_READ: Final = 3  # the worst one of each workload
LINES_ASKED: Final = 200
LINES_KEPT: Final = 40  # of all logs together
_LINE_WIDTH: Final = 300
_TAILS: Final = 4  # logs of which the end is kept, too
_ERROR: Final = re.compile(
    r"(?<!\bno )(?<!\b0 )\b(?:fatal|panic\w*|emerg|crit|critical|err|errors?|\w*exception|traceback|oomkilled)\b"
    r"|\b(?:fail(?:ed|ure)|refused|unreachable|denied|timed out|timeout|no route)\b"
    r"|\b(?:not found|cannot|could not|unable to)\b",
    re.IGNORECASE,
)


class LogEvidence(msgspec.Struct, frozen=True):
    """The lines for the record, what was found first; `quality` is "partial" or "error" where logs are missing."""

    lines: tuple[str, ...]
    quality: Quality


def pods_to_read(logs: str, world: World, now: Millis) -> Mapping[str, Level]:
    """The pods that `logs` (a probe of pods) means, "namespace/name" with its level: the worst of each workload."""
    found: dict[tuple[str, str], tuple[str, Level]] = {}
    (clause,) = understood(logs).clauses
    matches = matching(clause, world, now)
    for key, row, finding in sorted(matches, key=lambda match: (-match.finding.level, -match.row.restarts)):
        found.setdefault((row.namespace, row.owner or row.name), (key, finding.level))
    return dict(list(found.values())[:PODS_READ])


def evidence_of(answers: Mapping[str, PodAnswer | None]) -> LogEvidence:
    """What the answers show, by pod; None: there was none in time. The first error of each log comes first."""
    heads: list[tuple[bool, str]] = []
    tails: list[tuple[str, LogTail]] = []
    missing = 0
    for key, answer in answers.items():
        if answer is None or answer.detail is None:
            missing += 1
            heads.append((False, f"{key}: its logs could not be read: {_why(answer)}"))
            continue
        logs = answer.detail.logs_worst_first
        heads += [_head(key, log) for log in logs]
        tails += [(_named(key, log), log) for log in _concerning(answer.detail, logs)]
    heads.sort(key=lambda head: not head[0])
    lines = [text for _, text in heads[: LINES_KEPT // 2]]
    room = LINES_KEPT - len(lines)
    kept = tails[:_TAILS]
    for name, log in kept:
        lines += _tail(name, log, room // len(kept))
    quality = Quality.LIVE if not missing else Quality.PARTIAL if missing < len(answers) else Quality.ERROR
    return LogEvidence(tuple(redact_text(cut(line, _LINE_WIDTH)) for line in lines), quality)


def _why(answer: PodAnswer | None) -> str:
    if answer is None:
        return "no answer in time"
    return answer.failure.message if answer.failure is not None else "the answer is empty"


def _named(key: str, log: LogTail) -> str:
    return f"{key.partition('/')[2]} {log.container}{', the run before' if log.previous else ''}"


def _head(key: str, log: LogTail) -> tuple[bool, str]:
    """Whether the log tells of an error, and what is said of it."""
    name = _named(key, log)
    if log.failure:
        return False, f"{name}: cannot be read: {log.failure}"
    if not log.lines:
        return False, f"{name}: has said nothing"
    first = next((line for line in log.dated_lines if _ERROR.search(line)), "")
    if first:
        return True, f"{name}: first error {first}"
    since = f", from {clock_time(log.lines_at[0])} on" if log.lines_at and log.lines_at[0] else ""
    return False, f"{name}: no line tells of an error in the last {len(log.lines)}{since}"


def _concerning(detail: PodDetail, logs: Sequence[LogTail]) -> Iterable[LogTail]:
    """The logs of what fails or restarted; where nothing does, of the first container."""
    troubled = {box.name for box in detail.containers if not box.fine or box.ran_before}
    names = troubled or {log.container for log in logs[:1]}
    return [log for log in logs if log.container in names and log.lines]


def _tail(name: str, log: LogTail, room: int) -> Iterable[str]:
    shown = log.dated_lines[-max(0, room - 1) :]
    return (f"{name}: last {len(shown)} lines", *(f"  {line}" for line in shown)) if room > 1 else ()
