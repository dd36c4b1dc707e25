"""A small incident as a stream: a gateway whose second pod crash-loops and recovers, with what people did."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tests.builders import a_pod
from wfconsole.clock import SECOND, ManualClock, Millis
from wfconsole.incident.events import Declared, Event, NoteAdded
from wfconsole.observations.pods import PodRow
from wfconsole.observations.snapshot import Failure, Patch
from wfconsole.recording.format import OperatorNote, StreamWriter, Target

BEGAN: Millis = 1_767_758_400_000
FINE, BROKEN = "gateway-a", "gateway-b"


def row(name: str, **fields: object) -> PodRow:
    return a_pod(namespace="production", name=name, owner_kind="Deployment", owner="gateway", **fields)


def crashing(at: Millis) -> PodRow:
    return row(
        BROKEN,
        ready=False,
        ready_containers=0,
        status="CrashLoopBackOff",
        reason="CrashLoopBackOff",
        restarts=3,
        restarted_at=at - SECOND,
    )


def patch(*rows: PodRow, failure: Failure | None = None) -> bytes:
    fields: dict[str, object] = {"interval_ms": 2 * SECOND}
    if rows:
        fields["rows"] = {f"{each.namespace}/{each.name}": each for each in rows}
    if failure is not None:
        fields["failure"] = failure
    return msgspec.json.encode(Patch(**fields))  # type: ignore[arg-type]


def note(entry_id: str, event: Event) -> OperatorNote:
    return OperatorNote(id=entry_id, actor="op1", event=msgspec.Raw(msgspec.json.encode(event)))


def stream() -> bytes:
    """Two minutes: trouble at 20 s, declared at 30 s, a fact at 40 s, over at 80 s."""
    lines: list[bytes] = []
    clock = ManualClock(BEGAN)
    writer = StreamWriter(lines.append, clock)
    writer.header(title="a made incident", target=Target("kind-made", "production", "https://made.example:6443"))
    writer.patch("pods", BEGAN, patch(row(FINE), row(BROKEN)), keyframe=True)
    for second in range(2, 121, 2):
        at = BEGAN + second * SECOND
        told = {20: patch(crashing(at)), 80: patch(row(BROKEN, restarts=3))}.get(second, b"{}")
        writer.patch("pods", at, told, keyframe=False)
        if second == 30:
            writer.note(at, note("d" * 32, Declared("INC-MADE", "gateway down", "SEV2", "op1")))
        if second == 40:
            writer.note(at, note("f" * 32, NoteAdded("users see 503", "fact")))
    writer.end(BEGAN + 120 * SECOND)
    return b"".join(lines)


def recording(folder: Path) -> Path:
    path = folder / "made.jsonl"
    path.write_bytes(stream())
    return path
