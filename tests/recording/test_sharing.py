"""A shared recording plays the same and holds no secret."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.recording.streams import EPOCH, Cluster, encode, fingerprint, folded, items_of, pod
from wfconsole.clock import SECOND
from wfconsole.observations.answers import LogTail, PodAnswer, PodDetail
from wfconsole.observations.snapshot import Patch
from wfconsole.recording.format import RecordingError
from wfconsole.recording.play import Recording
from wfconsole.recording.share import share


@pytest.fixture
def source(tmp_path: Path) -> Path:
    cluster = Cluster(pods=6, seed=8).live(70)
    at = cluster.clock.now()
    row = msgspec.structs.replace(pod(77), message="cannot reach postgres://app:canary-1@db/orders")
    cluster.writer.patch("pods", at + SECOND, encode(Patch(rows={"production/gateway-77": row, "n/x": None})), False)
    logs = (LogTail("app", lines=("starting", "token=canary-2")),)
    answer = PodAnswer("q", "production", "gateway-77", PodDetail("production", "gateway-77", logs=logs))
    cluster.writer.note(at + 2 * SECOND, answer)
    cluster.end()
    path = tmp_path / "source.jsonl"
    path.write_bytes(cluster.stream + b'# canary-3\n[0,"new",{"password":"canary-4"}]\n')
    return path


@pytest.mark.parametrize("name", ["shared.jsonl", "shared.jsonl.gz"])
def test_secrets_comments_and_what_we_do_not_know_are_gone_and_the_rest_plays(source: Path, name: str) -> None:
    target = source.parent / name
    done = share(source, target)
    assert (done.redactions, done.left_out, done.problem) == (2, 1, "")
    assert done.size == target.stat().st_size
    recording = Recording(target)
    items = [item for _, item in recording.read()]
    assert len(items) == len(items_of(source.read_bytes()))
    assert "canary" not in str(items)
    assert recording.header.redacted
    assert recording.header.target.context == "lab"
    assert not recording.truncated
    for instant in (EPOCH, EPOCH + 200 * SECOND):
        kept = folded(item for item in items_of(source.read_bytes()) if item.at <= instant)
        assert fingerprint(folded(recording.state(instant))) == fingerprint(kept)
    recording.close()
    if target.suffix != ".gz":
        assert b"canary" not in target.read_bytes()


def test_sharing_twice_changes_nothing(source: Path) -> None:
    once, twice = source.parent / "once.jsonl", source.parent / "twice.jsonl"
    share(source, once)
    done = share(once, twice)
    assert done.redactions == 0
    assert twice.read_bytes() == once.read_bytes()


def test_a_recording_with_a_bad_line_is_shared_up_to_it(source: Path) -> None:
    whole = source.read_bytes()
    cut = whole.index(b"\n", len(whole) // 2) + 1
    source.write_bytes(whole[:cut] + b'[1,"d","pods",{"rows":{"a":{"password":"canary"}}}]\n' + whole[cut:])
    done = share(source, source.parent / "shared.jsonl")
    assert "line" in done.problem
    recording = Recording(source.parent / "shared.jsonl")
    assert recording.truncated
    assert [item for _, item in recording.read()] == items_of(whole[:cut])
    recording.close()


def test_nothing_is_left_behind_when_sharing_fails(source: Path) -> None:
    target = source.parent / "shared.jsonl"

    def broken(body: bytes) -> bytes:
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        share(source, target, broken)
    assert not target.exists()
    target.write_text("precious")
    with pytest.raises(RecordingError, match="cannot be written"):
        share(source, target)
    assert target.read_text() == "precious"
    with pytest.raises(RecordingError, match="No such file"):
        share(source.parent / "missing.jsonl", source.parent / "other.jsonl")
    assert not (source.parent / "other.jsonl").exists()
