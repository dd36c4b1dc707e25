"""Recordings in which somebody acted, and what follows a drill."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from tests.sources.api_double import until
from wfconsole.clock import SECOND, ManualClock, Millis, SystemClock
from wfconsole.config.actions import ActingSettings
from wfconsole.drills.acting import RecordedAct
from wfconsole.drills.world import RecordedWorld
from wfconsole.guard.protocol import Begin, Planned, Ran, Report, Run
from wfconsole.incident.action_events import ActionEnded, ActionIntended, ActionVerified, EvidenceKept
from wfconsole.incident.events import Event
from wfconsole.incident.plan import Aim, Outcome, Plan, Reading, Request, Signal
from wfconsole.observations.answers import StreamNote
from wfconsole.observations.pods import PodRow
from wfconsole.observations.snapshot import Patch
from wfconsole.recording.lines import Header, Item, Noted, OperatorNote, SourcePatch, Target
from wfconsole.recording.play import Recording
from wfconsole.recording.writer import StreamWriter

EPOCH: Millis = 1_767_225_600_000  # 2026-01-01T00:00:00Z
GATEWAY = Aim("deployment", "gateway", "shop")
ROLL_BACK = Request("roll-back", GATEWAY, {"revision": "1"})
RESTART = Request("restart", GATEWAY)
TAKEN = Outcome("done", "it was taken")


def a_plan(request: Request = ROLL_BACK, **changes: Any) -> Plan:
    signal = Signal("pods that are ready", 4.0)
    before = Reading(EPOCH, 2.0)
    return msgspec.structs.replace(
        Plan(request, f"{request.action} it", "production", "R1", EPOCH, signal=signal, before=before), **changes
    )


class Script:
    """A recording in the making: each word is said at its second."""

    def __init__(self) -> None:
        self._clock = ManualClock(EPOCH)
        self._chunks: list[bytes] = []
        self._writer = StreamWriter(self._chunks.append, self._clock)
        self._writer.header(title="a bad rollout", target=Target("lab", "shop", "https://127.0.0.1:6443"))

    def rows(
        self, second: float, rows: dict[str, Any], source: str = "pods", *, keyframe: bool = False, **more: Any
    ) -> Script:
        patch: Patch[Any] = Patch(rows=rows, **{"interval_ms": SECOND, **more})
        self._writer.patch(source, _at(second), msgspec.json.encode(patch), keyframe)
        return self

    def pod(self, second: float, name: str, *, keyframe: bool = False, **fields: Any) -> Script:
        row = PodRow(namespace="shop", name=name, **{"created_at": EPOCH - 60 * SECOND, **fields})
        return self.rows(second, {f"shop/{name}": row}, keyframe=keyframe)

    def says(self, second: float, note: StreamNote) -> Script:
        self._writer.note(_at(second), note)
        return self

    def event(self, second: float, event: Event) -> Script:
        encoded = msgspec.Raw(msgspec.json.encode(event))
        self._writer.note(_at(second), OperatorNote(f"{second}{type(event).__name__}", "op1", encoded))
        return self

    def act(
        self,
        receipt: str,
        second: float,
        plan: Plan,
        *,
        outcome: Outcome = TAKEN,
        took: float = 0.2,
        verdict: str = "WORKED",
        after: float = 0.2,
    ) -> Script:
        """Somebody does it, and it is verified `after` its end."""
        self.event(second, EvidenceKept(receipt, "the pods", ("gateway-1 is down",)))
        raw, aim = msgspec.Raw(msgspec.json.encode(plan)), str(plan.request.aim)
        self.event(second, ActionIntended(receipt, plan.title, plan.request.action, aim, plan.danger, raw))
        inverse = msgspec.Raw(msgspec.json.encode(outcome.inverse))
        told = (outcome.result, outcome.text, outcome.lines, outcome.lost, inverse, outcome.took_ms)
        self.event(second + took, ActionEnded(receipt, *told))
        if verdict:
            self.event(second + took + after, ActionVerified(receipt, verdict, "4 of 4 are ready"))
        return self

    def write(self, path: Path, end: float) -> Path:
        self._writer.end(_at(end))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(self._chunks))
        return path


def _at(second: float) -> Millis:
    return EPOCH + round(second * SECOND)


class Audience:
    """Hears all that a world tells."""

    def __init__(self) -> None:
        self.headers: list[Header] = []
        self.items_heard: list[Item] = []

    def header(self, header: Header) -> None:
        self.headers.append(header)

    def items(self, items: Sequence[Item], lines: bytes) -> None:
        assert not lines
        self.items_heard += items

    @property
    def patches(self) -> list[SourcePatch]:
        return [item for item in self.items_heard if isinstance(item, SourcePatch)]

    @property
    def notes(self) -> list[object]:
        return [item.note for item in self.items_heard if isinstance(item, Noted)]

    @property
    def words(self) -> list[str]:
        return [getattr(note, "text", "") for note in self.notes]

    @property
    def rows(self) -> set[str]:
        """The pods that were ever told of."""
        return {key for item in self.patches for key in (item.patch.rows or {})}


class Playing:
    """A world that is played to an audience until the end of the block."""

    def __init__(self, *paths: Path) -> None:
        self.world = RecordedWorld([Recording(path) for path in paths], SystemClock())
        self.audience = Audience()

    def __enter__(self) -> Playing:
        self.world.start(self.audience)
        until(lambda: self.audience.headers, "the world has begun")
        return self

    def __exit__(self, *_: object) -> None:
        self.world.close()
        self.world.finish(2_000)

    def act(self, request: Request = ROLL_BACK, **begin: Any) -> RecordedAct:
        return RecordedAct(self.world, Begin(ActingSettings(), request=request, **begin), SystemClock())

    def until(self, holds: Callable[[], Any], what: str) -> Any:
        return until(holds, what)


def heard(act: RecordedAct, count: int, within_ms: Millis = 5_000) -> list[Report]:
    return [act.hear(within_ms) for _ in range(count)]


def drilled(plan: Plan, outcome: Outcome) -> tuple[Plan, Outcome]:
    """What a drill makes of a plan and an outcome that were recorded: what it shows, and what it says came of it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Script().act("r1", 1, plan, outcome=outcome, verdict="").write(Path(folder, "made.jsonl"), 2)
        with Playing(path) as playing:
            act = playing.act(plan.request)
            (planned,) = heard(act, 1)
            assert isinstance(planned, Planned), planned
            act.say(msgspec.json.encode(Run(planned.plan.digest)))
            (ran,) = [each for each in heard(act, 2) if isinstance(each, Ran)]
    return planned.plan, ran.outcome
