"""A recording from a stranger is refused or plays up to its first bad line; it never hurts."""

from __future__ import annotations

import contextlib
import gzip
import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.recording.streams import Cluster
from wfconsole.clock import DAY
from wfconsole.recording.format import Item, Noted, RecordingError, StreamReader
from wfconsole.recording.lines import KIB, LIMITS, MIB, Limits
from wfconsole.recording.play import Recording
from wfconsole.recording.vetting import is_plain, vet

HEADER = b'{"wfrec":1,"min_reader":1,"epoch":"2026-01-01T00:00:00.000Z"}\n'
GOOD = b'[1,"e",{"type":"marker","label":"good"}]\n'
SAMPLE = Cluster(pods=4, seed=5).live(12).end().stream


def pod_line(fields: bytes) -> bytes:
    return b'[1,"d","pods",{"rows":{"n/a":{"namespace":"n","name":"a",%s}}}]\n' % fields


def nested(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


# Lines that end a recording: what is before them plays, what is behind them does not.
BAD_LINES: dict[str, bytes] = {
    "deep": pod_line(b'"x":' + nested(100_000)),
    "deeper than the limit only": pod_line(b'"x":' + nested(LIMITS.depth)),
    "deep, hidden between brackets in strings": pod_line(b'"x":' + b'["]",' * 90 + b'"["' + b"]" * 90),
    "NaN": pod_line(b'"restarts":NaN'),
    "infinity": b'[1,"d","pods",{"age_ms":Infinity}]\n',
    "a float for a whole number": pod_line(b'"restarts":1.5'),
    "a number without end": pod_line(b'"restarts":' + b"9" * 5000),
    "a number past every date": pod_line(b'"created_at":' + b"9" * 18),
    "an exponent": b'[1,"d","hpas",{"rows":{"a":{"namespace":"n","name":"a","target_kind":"D","target":"t",'
    b'"metrics":[{"name":"cpu","ratio":1e300}]}}}]\n',
    "equal keys in a row": pod_line(b'"node":"a","node":"b"'),
    "equal keys of rows": b'[1,"d","pods",{"rows":{"a":null,"a":null}}]\n',
    "equal keys where nobody looks": pod_line(b'"unknown":{"a":1,"a":2}'),
    "a lone surrogate": pod_line(b'"node":"\\ud800"'),
    "a lone low surrogate": pod_line(b'"node":"\\udc00"'),
    "no UTF-8": pod_line(b'"node":"\xff\xfe"'),
    "a raw control character": pod_line(b'"node":"\x1b[2J"'),
    "another type": b'[1,"d","pods",{"rows":[]}]\n',
    "a row without its key fields": b'[1,"d","pods",{"rows":{"n/a":{"namespace":"n"}}}]\n',
    "a failure of no known kind": b'[1,"d","pods",{"failure":{"kind":"sulking","message":"m","since":1}}]\n',
    "time that goes back": b'[-5,"x"]\n',
    "time in fractions": b'[0.5,"x"]\n',
    "time past the calendar": b'[%d,"x"]\n' % (40 * DAY),
    "time as text": b'["1","x"]\n',
    "no array": b'{"wfrec":1}\n',
    "a second header": HEADER,
    "half a line": b'[1,"d","pods",{"rows":{"n/a"\n',
    "two lines in one": b'[1,"x"][1,"x"]\n',
    "garbage": bytes(range(1, 256)) + b"\n",
    "zeros": b"\0" * 512 + b"\n",
    "more times than lines of a log": b'[1,"e",{"type":"pod","id":"a","namespace":"n","name":"p","detail":'
    b'{"namespace":"n","name":"p","logs":[{"container":"c","lines":["x"],"lines_at":[1,2]}]}}]\n',
    "a giant line": b'[1,"e",{"type":"marker","label":"' + b"x" * (LIMITS.line + 1) + b'"}]\n',
    "quotes without end": b'[1,"e",{"type":"marker","label":"' + b'\\"' * 400_000 + b"\n",
}

# First lines that make it no recording of ours at all.
BAD_HEADERS: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is empty"),
    "blank": (b"\n\n", "is empty"),
    "binary": (bytes(range(256)) * 64, "no recording"),
    "a giant": (b"x" * (LIMITS.line + 10), "longer than"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "no recording"),
    "asciicast": (b'{"version":3,"term":{"cols":80,"rows":24}}\n', "no recording"),
    "a line before it": (GOOD + HEADER, "no recording"),
    "from the future": (b'{"wfrec":9,"min_reader":7,"epoch":{"new":true}}\n', "reader of version 7"),
    "of a future kind": (
        b'{"wfrec":1,"min_reader":1,"epoch":"2026-01-01T00:00:00Z","panes":{"pods":{"schema":99}}}\n',
        "pods have schema 99",
    ),
    "no epoch": (b'{"wfrec":1,"min_reader":1}\n', "header is broken"),
    "no date": (b'{"wfrec":1,"min_reader":1,"epoch":"yesterday"}\n', "header is broken"),
    "no time zone": (b'{"wfrec":1,"min_reader":1,"epoch":"2026-01-01T00:00:00"}\n', "header is broken"),
    "before the epoch": (b'{"wfrec":1,"min_reader":1,"epoch":"1066-10-14T09:00:00Z"}\n', "header is broken"),
    "deep": (b'{"wfrec":1,"min_reader":1,"epoch":"2026-01-01T00:00:00Z","x":' + nested(90) + b"}\n", "nested deeper"),
    "equal keys": (b'{"wfrec":1,"wfrec":1,"min_reader":1,"epoch":"2026-01-01T00:00:00Z"}\n', "equal keys"),
    "version nought": (b'{"wfrec":0,"epoch":"2026-01-01T00:00:00Z"}\n', "version"),
}


def heard(stream: bytes) -> list[Item]:
    """What a reader of a pipe gets before it raises."""
    reader = StreamReader()
    items = reader.feed(stream)
    with pytest.raises(RecordingError):
        reader.feed(b"")
    return items


def played(path: Path) -> tuple[list[Item], Recording]:
    recording = Recording(path)
    items: list[Item] = []
    try:
        items.extend(item for _, item in recording.read())
    except RecordingError:
        pass  # it is in `problem`
    recording.close()
    return items, recording


@pytest.mark.parametrize("line", BAD_LINES.values(), ids=BAD_LINES.keys())
def test_a_bad_line_ends_a_pipe_after_what_came_before(line: bytes) -> None:
    items = heard(HEADER + GOOD + line + GOOD)
    assert len(items) == 1


@pytest.mark.parametrize("compress", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("line", BAD_LINES.values(), ids=BAD_LINES.keys())
def test_a_bad_line_ends_a_recording_there_and_it_says_why(line: bytes, compress: bool, tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    content = HEADER + GOOD + line + GOOD
    path.write_bytes(gzip.compress(content) if compress else content)
    items, recording = played(path)
    assert len(items) == 1
    assert recording.problem is not None
    assert recording.problem.line == 3
    assert len(recording) == 1
    assert recording.end - recording.start == 1


@pytest.mark.parametrize(("content", "message"), BAD_HEADERS.values(), ids=BAD_HEADERS.keys())
def test_what_is_no_recording_is_refused_with_its_name_and_the_reason(
    content: bytes, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=message) as caught:
        Recording(path)
    assert str(path) in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_a_header_from_the_future_is_refused_in_a_pipe_too_and_says_what_helps() -> None:
    with pytest.raises(RecordingError, match="Open it with the wfconsole that made it"):
        StreamReader().feed(b'{"wfrec":9,"min_reader":7}\n')


def test_a_header_of_hostile_text_is_read_and_made_safe(tmp_path: Path) -> None:
    path = tmp_path / "hostile.jsonl"
    header = {"wfrec": 1, "min_reader": 1, "epoch": "2026-01-01T00:00:00Z", "title": "\x1b]0;owned\x07"}
    path.write_bytes(json.dumps(header | {"target": {"context": "\u202egnp"}}).encode() + b"\n")
    recording = Recording(path)
    assert "\x1b" not in recording.header.title
    assert "\u202e" not in recording.header.target.context
    recording.close()


def test_more_rows_than_the_limit_are_refused_in_one_patch_in_pages_and_in_many_deltas() -> None:
    limits = Limits(rows=100)
    row = b'{"namespace":"n","name":"a"}'
    rows = [b'"%d":%s' % (n, row) for n in range(150)]

    def refused(*lines: bytes) -> bool:
        reader = StreamReader(limits=limits)
        reader.feed(HEADER + GOOD + b"".join(lines))
        return reader.problem is not None

    def line(kind: bytes, some: list[bytes]) -> bytes:
        return b'[0,"%s","pods",{"rows":{%s}}]\n' % (kind, b",".join(some))

    assert refused(line(b"k", rows[:90]), line(b"k", rows))
    assert refused(line(b"d", rows[:60]), line(b"d", rows[60:]), GOOD)
    assert refused(line(b"p", rows[:60]), line(b"p", rows[60:]), GOOD)
    gone = [b'"%d":null' % n for n in range(60)]
    assert not refused(line(b"d", rows[:60]), line(b"d", gone), line(b"d", rows[60:]), GOOD)
    assert not refused(line(b"k", rows[:60]), line(b"k", rows[60:]), GOOD)


def test_more_lines_than_the_limit_are_not_played_and_blank_ones_count(tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    path.write_bytes(HEADER + b"\n" * 50 + GOOD * 100)
    recording = Recording(path, limits=Limits(lines=100))
    assert len(recording) == 49
    assert "more than 100 lines" in str(recording.problem)
    recording.close()


def test_a_file_larger_than_the_limit_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.jsonl"
    with path.open("wb") as file:
        file.truncate(LIMITS.file + 1)
    with pytest.raises(RecordingError, match="larger than 64 MiB"):
        Recording(path)


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe.jsonl")
    for path, message in (
        (tmp_path / "pipe.jsonl", "not a file"),
        (Path("/dev/zero"), "not a file"),
        (tmp_path / "missing.jsonl", "No such file"),
    ):
        with pytest.raises(RecordingError, match=message):
            Recording(path)


def test_a_file_that_becomes_shorter_while_it_plays_is_an_error_and_no_crash(tmp_path: Path) -> None:
    path = tmp_path / "shrinks.jsonl"
    path.write_bytes(HEADER + GOOD * 20_000)
    recording = Recording(path)
    items = recording.read()
    next(items)
    path.write_bytes(HEADER)
    with pytest.raises(RecordingError, match=r"shorter|line 639\d"):
        list(items)
    recording.close()


@pytest.mark.parametrize("at", range(10, 90, 7))
def test_broken_compression_plays_up_to_it(at: int, tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(SAMPLE, mtime=0))
    position = len(packed) * at // 100
    packed[position] ^= 0x5A
    path = tmp_path / "rot.jsonl.gz"
    path.write_bytes(packed)
    try:
        items, recording = played(path)
    except RecordingError:
        return
    assert recording.problem is not None or recording.truncated
    assert len(items) <= len(StreamReader().feed(SAMPLE))


def test_many_tiny_gzip_members_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "members.jsonl.gz"
    path.write_bytes(gzip.compress(HEADER + GOOD) + gzip.compress(b"") * 20_000)
    recording = Recording(path)
    assert len(recording) == 1
    assert "gzip members" in str(recording.problem)
    recording.close()


# In a process of its own: what would kill ours ends as an error there, in little memory and in time.
BOUNDED = """
import resource, sys
from pathlib import Path
from wfconsole.recording.format import RecordingError
from wfconsole.recording.play import Recording
resource.setrlimit(resource.RLIMIT_AS, (512 << 20, 512 << 20))
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
try:
    recording = Recording(Path(sys.argv[1]))
    for item in recording.read():
        pass
    print(recording.problem)
except RecordingError as error:
    print("refused", error)
used = next(line for line in open("/proc/self/status") if line.startswith("VmHWM:"))
print(used.split()[1], file=sys.stderr)
"""


def rows(count: int, row: bytes) -> bytes:
    return b'{"rows":{%s}}' % b",".join(b'"%d":%s' % (number, row) for number in range(count))


# What is repeated, how often, and what the reader has to say about it. Each is far larger than it may use memory for.
BOMBS: dict[str, tuple[Callable[[], bytes], int, str]] = {
    "zeros": (lambda: b"\0" * (10 * MIB), 60, "longer than 1048576 bytes"),
    "spaces": (lambda: b" " * (10 * MIB), 60, "longer than 1048576 bytes"),
    "comments": (lambda: (b"#" * 1023 + b"\n") * 10 * KIB, 60, "unpacks to more than 200 times its size"),
    "blank lines": (lambda: b"\n" * 10 * MIB, 60, "unpacks to more lines than it has bytes"),
    "unknown lines": (lambda: b'[0,"q"]\n' * 200_000, 10, "unpacks to more lines than it has bytes"),
    "rows": (lambda: b'[1,"d","pods",%s]\n' % rows(60_000, b"null"), 400, "more than 50000 rows"),
    "pages": (
        lambda: b'[1,"p","pods",%s]\n[1,"d","pods",{}]\n[1,"p","pods",{"rows":{"1":null}}]\n' % rows(20_000, b"null"),
        800,
        "a row that is on two pages",
    ),
}


@pytest.mark.parametrize(("piece", "times", "message"), BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_costs_little_memory(piece: Callable[[], bytes], times: int, message: str, tmp_path: Path) -> None:
    path = tmp_path / "bomb.jsonl.gz"
    path.write_bytes(gzip.compress(HEADER) + gzip.compress(piece(), 6) * times)
    command = [sys.executable, "-c", BOUNDED, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert message in done.stdout
    assert int(done.stderr) < 160 * KIB  # in KiB


@pytest.mark.parametrize("name", ["comments", "blank lines", "unknown lines"])
def test_a_bomb_is_given_up_long_before_the_limits_of_a_large_recording(name: str, tmp_path: Path) -> None:
    piece, times, message = BOMBS[name]
    path = tmp_path / "bomb.jsonl.gz"
    path.write_bytes(gzip.compress(HEADER) + gzip.compress(piece(), 6) * times)
    recording = Recording(path)
    recording.close()
    assert message in str(recording.problem)
    assert recording.size < 16 * MIB
    assert recording.problem is not None
    assert recording.problem.line < 200_000


def test_a_long_calm_recording_is_no_bomb(tmp_path: Path) -> None:
    """Hours in which every look says that nothing changed, packed as well as it goes."""
    jitter = random.Random(7)
    looks = b"".join(b'[%d,"d","pods",{}]\n' % jitter.randrange(2_000) for _ in range(300_000))
    path = tmp_path / "calm.jsonl.gz"
    path.write_bytes(gzip.compress(HEADER + looks, 9))
    recording = Recording(path)
    recording.close()
    assert recording.problem is None
    assert len(recording) == 300_000


mutations = st.tuples(
    st.sampled_from(["flip", "drop", "double", "cut", "insert"]),
    st.integers(0, len(SAMPLE) - 1),
    st.binary(min_size=1, max_size=12),
)


def mutated(stream: bytes, what: tuple[str, int, bytes]) -> bytes:
    kind, at, data = what
    at = min(at, len(stream))
    match kind:
        case "flip":
            return stream[:at] + data + stream[at + len(data) :]
        case "drop":
            return stream[:at] + stream[at + 40 :]
        case "double":
            return stream[:at] + stream[max(0, at - 300) :]
        case "cut":
            return stream[:at]
    return stream[:at] + data + stream[at:]


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(mutations, min_size=1, max_size=4), compress=st.booleans())
@example(changes=[("flip", 0, b"\x1f\x8b")], compress=False)
def test_whatever_happens_to_the_bytes_only_our_own_error_comes(
    changes: list[tuple[str, int, bytes]], compress: bool, tmp_path: Path
) -> None:
    stream = SAMPLE
    for change in changes:
        stream = mutated(stream, change)
    path = tmp_path / "fuzzed.jsonl"
    path.write_bytes(gzip.compress(stream) if compress else stream)
    with contextlib.suppress(RecordingError):
        items, recording = played(path)
        assert all(recording.start <= item.at <= recording.end for item in items)
    reader = StreamReader()
    with contextlib.suppress(RecordingError):
        for begin in range(0, len(stream), 700):
            reader.feed(stream[begin : begin + 700])
    assert reader.problem is None or reader.problem.line >= 1


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None, max_examples=300)
@given(st.sampled_from("pkdsexz"), st.sampled_from(["pods", "events", "hpas", "nodes", "x"]), json_values, json_values)
def test_any_json_in_a_line_is_an_item_or_our_own_error(kind: str, source: str, rows: Any, note: Any) -> None:
    lines = [
        [1, kind, source, {"rows": rows}],
        [1, kind, source, rows],
        [1, "e", note],
        [1, kind],
        [note, kind, source],
    ]
    for line in lines:
        reader = StreamReader()
        with contextlib.suppress(RecordingError):
            reader.feed(HEADER + json.dumps(line).encode() + b"\n")
        assert reader.problem is None or reader.problem.line == 2


@given(st.text())
def test_a_line_called_plain_holds_nothing_that_safe_would_change(text: str) -> None:
    from wfconsole.text import safe

    line = json.dumps({"a": text}, ensure_ascii=False).encode(errors="replace")
    if is_plain(line):
        assert safe(text) == text


HUGE = ("1" * 17, "1e16", "1E+16", f"{'1' * 17}.0")
NUMBERS = (*HUGE, "9" * 16, "1.5e15", "1e-20", "0.1234567890123456789", "true")


def traps(value: Any) -> set[str]:
    """Which traps are in JSON, as lists, tuples of pairs, and texts."""
    if isinstance(value, str):
        return {"number too large"} if value in HUGE else set()
    inside = [inner for _, inner in value] if isinstance(value, tuple) else value
    found = set().union(*map(traps, inside))
    if isinstance(value, tuple) and len({key for key, _ in value}) < len(value):
        found.add("equal keys")
    return found


def written(value: Any, space: str) -> str:
    """Such a value as JSON; a text that is a number or a word of JSON stands for itself."""
    if isinstance(value, tuple):
        return f"{{{','.join(f'{json.dumps(key)}{space}:{written(inner, space)}' for key, inner in value)}}}"
    if isinstance(value, list):
        return f"[{space}{','.join(written(inner, space) for inner in value)}]"
    return value if value in NUMBERS else json.dumps(value)


@settings(deadline=None, max_examples=300)
@given(
    st.recursive(
        st.sampled_from((*NUMBERS, "a:b", '":', "\\", "plain")),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.lists(st.tuples(st.sampled_from(("a", "b", ":", '"', "e+")), inner), max_size=3).map(tuple)
        ),
        max_leaves=8,
    ),
    st.sampled_from(("", " ")),
)
def test_vetting_refuses_equal_keys_and_huge_numbers_and_nothing_else(value: Any, space: str) -> None:
    line, found = written(value, space).encode(), traps(value)
    if found:
        with pytest.raises(RecordingError, match=max(found)):  # numbers are looked for first
            vet(line, 1)
    else:
        vet(line, 1)


def test_vetting_lets_pass_what_real_lines_hold() -> None:
    for line in SAMPLE.splitlines()[1:]:
        vet(line, 2)
    vet(b'[1,"d","hpas",{"ratio":0.30000000000000004,"tiny":1e-07,"at":253402300799999}]', 2)


def test_notes_of_a_stranger_with_wrong_fields_are_errors_and_unknown_ones_are_not() -> None:
    assert heard(HEADER + GOOD + b'[1,"e",{"type":"marker"}]\n') != []
    assert heard(HEADER + GOOD + b'[1,"e",{"label":"no type"}]\n') != []
    (item,) = StreamReader().feed(HEADER + b'[1,"e",{"type":"later"}]\n' + GOOD)
    assert isinstance(item, Noted)
