"""All segments of one journal, merged: what `read` answers with, and what a new segment has to know. Never writes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from wfconsole.clock import Millis
from wfconsole.journal.places import fallback_directory, foreign
from wfconsole.journal.records import FORMAT, OWN_KINDS, Record, Ref
from wfconsole.journal.report import Damage, Gap, JournalReport
from wfconsole.journal.scan import Segment, read_segment

SUFFIX = ".jsonl"


class Survey(msgspec.Struct, frozen=True):
    """A journal as found. `tips` are the segments that no other one continues; empty for a new journal."""

    records: tuple[Record, ...]
    report: JournalReport
    tips: tuple[Ref, ...]
    journal: str  # identity of the journal; "" for a new one
    next_number: int
    next_seq: int
    hashes: frozenset[str]


def survey(directory: Path, fallbacks: Sequence[Path] = ()) -> Survey:
    """Read everything that belongs to the journal in `directory`, including what went to a fallback directory."""
    directory = directory.absolute()
    left_out: list[str] = []
    segments = _segments_in(directory, False, left_out)
    elsewhere = [
        segment for base in fallbacks for segment in _segments_in(fallback_directory(base, directory), True, left_out)
    ]
    journals = {segment.opening.journal for segment in segments if segment.opening}
    for segment in elsewhere:
        opening = segment.opening
        if opening is None or (opening.journal in journals if journals else opening.home == str(directory)):
            segments.append(segment)
        else:
            left_out.append(f"{segment.directory / segment.name}: of another journal with the same name")
    segments.sort(key=lambda segment: segment.name)
    return _surveyed(segments, left_out)


def read(directory: Path, fallbacks: Sequence[Path] = ()) -> tuple[list[Record], JournalReport]:
    """The entries of the journal in `directory`, in order, each once, and what reading it found.

    Entries of one writer keep its order whatever its clock said; those of writers at the same time are merged by their
    instants. A directory that is not there reads as an empty journal.
    """
    found = survey(directory, fallbacks)
    return list(found.records), found.report


def _segments_in(directory: Path, fallback: bool, left_out: list[str]) -> list[Segment]:
    try:
        if fallback and (reason := foreign(directory)):
            left_out.append(f"{directory}: {reason}")
            return []
        names = sorted(entry.name for entry in directory.iterdir() if entry.name.endswith(SUFFIX))
    except FileNotFoundError:
        return []
    except OSError as error:
        left_out.append(f"{directory}: {error.strerror or error}")
        return []
    segments = []
    for name in names:
        try:
            segment = read_segment(directory / name, fallback=fallback)
        except OSError as error:
            left_out.append(f"{directory / name}: {error.strerror or error}")
            continue
        if segment.opening and segment.opening.format > FORMAT:
            left_out.append(f"{directory / name}: written by a newer version (format {segment.opening.format})")
            continue
        segments.append(segment)
    return segments


def _surveyed(segments: Sequence[Segment], left_out: Sequence[str]) -> Survey:
    by_name = {segment.name: segment for segment in segments}
    gaps, rewritten = _held_to_account(segments, by_name)
    records, duplicates, conflicts = _each_once(_merged(segments, by_name))
    report = JournalReport(
        segments=tuple(segment.summary() for segment in segments),
        entries=len(records),
        torn=tuple(segment.torn for segment in segments if segment.torn),
        damage=(*(hit for segment in segments for hit in segment.damage), *rewritten, *conflicts),
        gaps=gaps,
        duplicates=duplicates,
        clock_jumps=tuple(jump for segment in segments for jump in segment.jumps()),
        unverified=tuple(record for segment in segments for record in segment.unverified),
        left_out=tuple(left_out),
    )
    seqs = [line.seq for segment in segments for line in segment.lines[-1:]]
    return Survey(
        records=tuple(records),
        report=report,
        tips=_tips(segments),
        journal=next((segment.opening.journal for segment in segments if segment.opening), ""),
        next_number=max((_number(segment.name) for segment in segments), default=-1) + 1,
        next_seq=max(seqs, default=0) + 1,
        hashes=frozenset(digest for segment in segments for digest in segment.digests),
    )


def _number(name: str) -> int:
    head = name.split("-", 1)[0]
    return int(head) if head.isascii() and head.isdigit() and len(head) < 10 else -1


def _prev(segment: Segment) -> tuple[Ref, ...]:
    return segment.opening.prev if segment.opening else ()


def _tips(segments: Iterable[Segment]) -> tuple[Ref, ...]:
    segments = [segment for segment in segments if segment.lines]
    seen = {(ref.segment, ref.head) for segment in segments for ref in _prev(segment)}
    return tuple(
        Ref(segment=segment.name, lines=len(segment.lines), head=segment.head)
        for segment in segments
        if (segment.name, segment.head) not in seen
    )


def _held_to_account(
    segments: Iterable[Segment], by_name: dict[str, Segment]
) -> tuple[tuple[Gap, ...], tuple[Damage, ...]]:
    """Whether each segment still holds what later ones saw in it."""
    gaps: dict[str, Gap] = {}
    rewritten: list[Damage] = []
    for ref in {ref for segment in segments for ref in _prev(segment)}:
        there = by_name.get(ref.segment)
        if there is not None and ref.head in there.digests:
            continue
        lines = len(there.lines) if there else 0
        if there is not None and lines >= ref.lines:
            reason = "not the line that a later segment continued"
            rewritten.append(Damage(segment=ref.segment, line=ref.lines, reason=reason))
            continue
        missing = ref.lines - lines
        reason = f"{missing} lines at its end are gone" if there else f"missing, with its {missing} lines"
        if ref.segment not in gaps or gaps[ref.segment].missing < missing:
            gaps[ref.segment] = Gap(segment=ref.segment, missing=missing, reason=reason)
    return tuple(gaps[name] for name in sorted(gaps)), tuple(sorted(rewritten, key=lambda hit: hit.segment))


class _Placed(NamedTuple):
    """An entry with what it sorts by."""

    latest: Millis
    depth: int
    segment: str
    line: int
    record: Record


def _merged(segments: Iterable[Segment], by_name: dict[str, Segment]) -> list[_Placed]:
    """All entries in order. A segment never sorts before what it continues, and no line before the one above it."""
    starts: dict[str, tuple[Millis, int]] = {}
    placed: list[_Placed] = []
    for segment in segments:
        latest, depth = _start(segment, by_name, starts)
        for number, line in enumerate(segment.lines, start=1):
            latest = max(latest, line.at)
            if line.kind not in OWN_KINDS:
                placed.append(_Placed(latest, depth, segment.name, number, line))
    return sorted(placed, key=lambda item: item[:4])


def _start(segment: Segment, by_name: dict[str, Segment], starts: dict[str, tuple[Millis, int]]) -> tuple[Millis, int]:
    """The instant before which nothing of this segment sorts, and how many segments it has before it."""
    latest, depth = 0, 0
    for ref in _prev(segment):
        if ref.segment not in starts:  # missing, or forged: what a segment continues has a lower number
            continue
        floor, level = starts[ref.segment]
        latest = max(latest, floor, *(line.at for line in by_name[ref.segment].lines[: ref.lines]))
        depth = max(depth, level + 1)
    starts[segment.name] = (latest, depth)
    return latest, depth


def _each_once(placed: Iterable[_Placed]) -> tuple[list[Record], int, list[Damage]]:
    kept: dict[str, Record] = {}
    duplicates = 0
    conflicts: list[Damage] = []
    for item in placed:
        record = item.record
        first = kept.setdefault(record.id, record)
        if first is record:
            continue
        duplicates += 1
        if _meaning(first) != _meaning(record):
            reason = f"entry {record.id} is there twice with different content"
            conflicts.append(Damage(segment=item.segment, line=item.line, reason=reason))
    return list(kept.values()), duplicates, conflicts


def _meaning(record: Record) -> tuple[str, Millis, str, bytes]:
    return record.kind, record.at, record.actor, bytes(record.body)
