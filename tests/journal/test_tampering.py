"""Bit rot and busy hands are found at the line where they are; everything else stays readable."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.journal.helpers import ids_in, names, report_of, segments, written
from wfconsole.journal.scan import ALTERED, HASH_ALTERED, NOT_A_LINE, OUT_OF_PLACE, Segment, scan
from wfconsole.journal.seal import broken_seal, seal
from wfconsole.journal.survey import read

LINES = 9  # the opening and eight entries


@pytest.fixture
def whole(home: Path) -> bytes:
    written(home, *names(1, LINES - 1))
    return segments(home)[0].read_bytes()


def scanned(data: bytes) -> Segment:
    return scan(data, Path("000000-test-1-00000000.jsonl"))


def first_complaint(segment: Segment) -> int:
    """The number of the first line that is reported, 0 for none."""
    numbers = [hit.line for hit in segment.damage]
    numbers += [segment.torn.line] if segment.torn else []
    return min(numbers, default=0)


def test_every_flipped_bit_is_found_at_its_line_and_costs_no_other(whole: bytes) -> None:
    ends = [place for place, byte in enumerate(whole) if byte == 10]
    for place in range(len(whole)):
        line = sum(end < place for end in ends) + 1
        for bit in range(8):
            flipped = bytearray(whole)
            flipped[place] ^= 1 << bit
            segment = scanned(bytes(flipped))
            assert first_complaint(segment) == line, f"bit {bit} of byte {place}"
            spoiled = {line, line + 1} if whole[place] == 10 else {line}
            expected = {number for number in range(2, LINES + 1) if number not in spoiled}
            found = {int(record.id[-4:]) + 1 for record in segment.entries()}
            assert expected <= found <= expected | {line}, f"bit {bit} of byte {place}"


def lines_of(data: bytes) -> list[bytes]:
    return data.splitlines(keepends=True)


def rehashed(line: bytes, previous: bytes) -> bytes:
    """What somebody who knows the format writes: a line with a hash that fits its content."""
    text = line[: line.rindex(b',"h":"')]
    digest = hashlib.sha256(bytes.fromhex(previous[-67:-3].decode()) + text).hexdigest().encode()
    return text + b',"h":"' + digest + b'"}\n'


def edited(line: bytes) -> bytes:
    return line.replace(b"text of", b"tale of")


def with_edit(lines: list[bytes]) -> None:
    lines[5] = edited(lines[5])


def with_edit_and_new_hash(lines: list[bytes]) -> None:
    lines[5] = rehashed(edited(lines[5]), lines[4])


def with_other_instant(lines: list[bytes]) -> None:
    lines[5] = lines[5].replace(b'"t":"2026', b'"t":"2025')


def with_other_case_of_hash(lines: list[bytes]) -> None:
    lines[5] = lines[5][:-67] + lines[5][-67:-3].upper() + lines[5][-3:]


def without_a_line(lines: list[bytes]) -> None:
    del lines[5]


def with_two_swapped(lines: list[bytes]) -> None:
    lines[5], lines[6] = lines[6], lines[5]


def with_a_copy(lines: list[bytes]) -> None:
    lines.insert(5, lines[3])


def with_an_invention(lines: list[bytes]) -> None:
    lines.insert(5, rehashed(edited(lines[5]), lines[4]))


def with_a_blank_line(lines: list[bytes]) -> None:
    lines.insert(5, b"\n")


def with_a_blanked_line(lines: list[bytes]) -> None:
    lines[5] = b"x" * (len(lines[5]) - 1) + b"\n"


@pytest.mark.parametrize(
    ("attack", "line", "reason", "spoiled"),
    [
        (with_edit, 6, ALTERED, {6}),
        (with_edit_and_new_hash, 7, ALTERED, {7}),
        (with_other_instant, 6, ALTERED, {6}),
        (with_other_case_of_hash, 6, HASH_ALTERED, set()),
        (without_a_line, 6, "1 lines are missing before it", {6, 7}),
        (with_two_swapped, 6, "1 lines are missing before it", {6, 7, 8}),
        (with_a_copy, 6, OUT_OF_PLACE, set()),
        (with_an_invention, 7, OUT_OF_PLACE, {7}),
        (with_a_blank_line, 6, NOT_A_LINE, set()),
        (with_a_blanked_line, 6, NOT_A_LINE, {6, 7}),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_an_attack_is_found_at_the_right_line(
    whole: bytes, attack: Callable[[list[bytes]], None], line: int, reason: str, spoiled: set[int]
) -> None:
    lines = lines_of(whole)
    attack(lines)
    segment = scanned(b"".join(lines))
    assert (segment.damage[0].line, segment.damage[0].reason) == (line, reason)
    kept = {int(record.id[-4:]) + 1 for record in segment.entries()}
    assert set(range(2, LINES + 1)) - spoiled <= kept


def test_an_altered_entry_is_never_part_of_what_is_read_but_is_shown(home: Path, whole: bytes) -> None:
    lines = lines_of(whole)
    with_edit(lines)
    segments(home)[0].write_bytes(b"".join(lines))
    records, report = read(home)
    assert "entry-0005" not in [record.id for record in records]
    assert [record.id for record in report.unverified] == ["entry-0005"]
    assert not report.intact
    assert report.words == (f"{segments(home)[0].name} line 6: {ALTERED}",)


def test_what_was_found_is_said_in_the_next_segment_and_damage_stays_as_it_is(home: Path, whole: bytes) -> None:
    lines = lines_of(whole)
    with_edit(lines)
    path = segments(home)[0]
    path.write_bytes(b"".join(lines))
    written(home, "later")
    assert path.read_bytes() == b"".join(lines)
    assert ALTERED.encode() in segments(home)[1].read_bytes().splitlines()[0]
    assert ids_in(home)[-1] == "later"


def test_lines_cut_off_at_the_end_are_seen_by_the_seal_alone(home: Path, whole: bytes) -> None:
    noted = seal(home)
    segments(home)[0].write_bytes(b"".join(lines_of(whole)[:-2]))
    assert report_of(home).words == ()
    assert "is not in the journal" in broken_seal(noted, home)


def test_a_seal_holds_while_the_journal_grows(home: Path, whole: bytes) -> None:
    noted = seal(home)
    assert broken_seal(noted, home) == ""
    assert str(noted) == f"{noted.head} after {LINES} lines"
    written(home, "later")
    assert broken_seal(noted, home) == ""


def test_a_seal_tells_when_something_before_its_head_is_gone(home: Path, whole: bytes) -> None:
    written(home, "later")
    noted = seal(home)
    segments(home)[0].unlink()
    assert broken_seal(noted, home) == f"{LINES} of {LINES + 2} sealed lines are gone"


def test_lines_cut_off_are_missed_by_a_later_segment(home: Path, whole: bytes) -> None:
    written(home, "later")
    path = segments(home)[0]
    path.write_bytes(b"".join(lines_of(whole)[:-3]))
    report = report_of(home)
    (gap,) = report.gaps
    assert (gap.segment, gap.missing) == (path.name, 3)
    assert report.words == (f"{path.name}: 3 lines at its end are gone",)


def test_a_segment_that_was_deleted_is_missed(home: Path, whole: bytes) -> None:
    written(home, "later")
    name = segments(home)[0].name
    segments(home)[0].unlink()
    records, report = read(home)
    assert [record.id for record in records] == ["later"]
    assert report.words == (f"{name}: missing, with its {LINES} lines",)


def test_a_segment_that_was_written_anew_is_not_the_one_that_was_continued(home: Path, whole: bytes) -> None:
    written(home, "later")
    lines = lines_of(whole)
    for place in range(5, LINES):
        lines[place] = rehashed(edited(lines[place]), lines[place - 1])
    path = segments(home)[0]
    path.write_bytes(b"".join(lines))
    (hit,) = report_of(home).damage
    assert (hit.segment, hit.line) == (path.name, LINES)


def test_an_entry_that_is_there_twice_with_other_content_is_damage(home: Path, ram: Path) -> None:
    written(home, "entry-0001", "entry-0002")
    other = ram / "other" / home.parent.name / "journal"
    written(other, "entry-0002", "entry-0001")
    forged = segments(other)[0]
    (home / forged.name.replace("000000", "000001")).write_bytes(forged.read_bytes())
    report = report_of(home)
    assert report.duplicates == 2
    assert len(report.damage) == 2
    assert not report.intact
