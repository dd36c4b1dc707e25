"""Canaries: what strangers, servers and operators let slip is on no disk and in no process list."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.console.desk import Desk, collector_of, command_of, declare, enter_note, kill, quit_by_key
from tests.session.made import BEGAN, BROKEN, FINE, patch, row
from wfconsole.clock import SECOND, ManualClock
from wfconsole.observations.answers import CollectorSaid, LogTail, PodAnswer, PodDetail
from wfconsole.observations.snapshot import Failure
from wfconsole.recording.format import StreamWriter, Target

CANARY = "canary7f3a9c51e0"
SLIPS = (
    f"DB_PASSWORD={CANARY}",
    f"Authorization: Bearer {CANARY}.abc",
    f"postgresql://app:{CANARY}@db:5432/orders refused",
    f'{{"client_secret":"{CANARY}","level":"info"}}',
    f"--api-key {CANARY} --verbose",
)


def leaky_stream() -> bytes:
    """Pods, logs, failures and the collector itself, all of which say too much."""
    lines: list[bytes] = []
    writer = StreamWriter(lines.append, ManualClock(BEGAN))
    writer.header(title=SLIPS[0], target=Target("kind-made", "production", "https://made.example:6443"))
    writer.patch(
        "pods", BEGAN, patch(row(FINE, message=SLIPS[1]), row(BROKEN, ready=False, message=SLIPS[2])), keyframe=True
    )
    writer.patch("nodes", BEGAN, json.dumps({"failure": failure(SLIPS[3])}).encode(), keyframe=True)
    detail = PodDetail("production", BROKEN, logs=(LogTail("app", lines=SLIPS),), conditions=SLIPS[:2])
    writer.note(BEGAN + SECOND, PodAnswer("r1", "production", BROKEN, detail=detail))
    writer.note(BEGAN + SECOND, CollectorSaid(SLIPS[4]))
    return b"".join(lines)


def failure(message: str) -> dict[str, object]:
    told = Failure("refused", message, since=BEGAN)
    return {"kind": told.kind, "message": told.message, "since": told.since}


def written_below(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file, unpacked as far as it goes: who was killed has not written the end of his recording."""
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            yield path, b"".join(unpacked(content)) if path.suffix == ".gz" else content


def unpacked(packed: bytes) -> Iterator[bytes]:
    """The members of a gzip file."""
    while packed:
        member = zlib.decompressobj(31)
        yield member.decompress(packed)
        packed = member.unused_data


@pytest.fixture
def leaky(desk: Desk) -> Desk:
    desk.stream.write_bytes(leaky_stream())
    return desk


def test_nothing_that_was_let_slip_is_on_disk(leaky: Desk) -> None:
    with leaky.live() as terminal:
        declare(terminal, "gateway is down")
        enter_note(terminal, f"the old token={CANARY} was revoked")
        terminal.press("3")
        terminal.wait_for("ROW    Deployment/gateway")
        terminal.press("down")
        terminal.wait_for(f"ROW    {BROKEN}")
        terminal.press("enter")
        terminal.wait_for("--verbose")  # the log, as the person who looks has to see it
        terminal.press("0")
        assert quit_by_key(terminal) == 0
    written = dict(written_below(leaky.incidents.parent))
    assert any(b"was revoked" in content for path, content in written.items() if path.is_relative_to(leaky.incidents))
    assert any(b'"pods"' in content for path, content in written.items() if path.is_relative_to(leaky.recordings))
    assert [path for path, content in written.items() if CANARY.encode() in content] == []
    out = leaky.folder / "out"
    out.mkdir()
    assert leaky.run("export", "--to", str(out)).returncode == 0
    assert [path for path, content in written_below(out) if CANARY.encode() in content] == []


def test_no_secret_is_in_the_process_list(watch: Desk) -> None:
    path = Path(str(watch.environment["KUBECONFIG"]))
    config = json.loads(path.read_text())
    config["users"][0]["user"] = {"token": CANARY}
    path.write_text(json.dumps(config))
    with watch.watching() as terminal:
        terminal.wait_for("ready")
        collector = collector_of(terminal)
        assert b"wfconsole.collector" in command_of(collector)
        commands = [command_of(int(each.name)) for each in Path("/proc").iterdir() if each.name.isdigit()]
        assert not any(CANARY.encode() in command for command in commands)
        kill(terminal)
    assert [path for path, content in written_below(watch.incidents.parent) if CANARY.encode() in content] == []
