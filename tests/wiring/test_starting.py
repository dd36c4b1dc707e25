"""What a console that starts does first: the first look at the cluster goes before the runbook."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import msgspec
import pytest

from tests.journal.helpers import until
from wfconsole.clock import HOUR, Millis, SystemClock
from wfconsole.config.locations import find_locations
from wfconsole.config.settings import Settings
from wfconsole.incident.playbook import Runbook
from wfconsole.observations.snapshot import Failure, Lack, Patch
from wfconsole.recording.format import StreamWriter, Target
from wfconsole.runbook import load_runbook
from wfconsole.wiring import live as wired
from wfconsole.wiring.ground import Ground
from wfconsole.wiring.live import LiveParts

LOADING = Patch[object](lacks=(Lack("listing 100 of about 10000", "loading"),), partial="listing 100 of about 10000")
LISTED = Patch[object](lacks=(), partial="")
FAILED = Patch[object](failure=Failure(kind="timeout", message="no answer", since=1))


class Starting:
    """A console on a stream of the test's own. `read_after`: what pods had said when the runbook was read."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.read_after: list[str] = []
        monkeypatch.setattr(Ground, "runbook", self._read)
        stream, self._stream = os.pipe()
        places = find_locations({"WFCONSOLE_STATE_DIR": str(folder / "state"), "WFCONSOLE_CONFIG": str(folder / "c")})
        base = Ground(Settings(), places, SystemClock(), "op1")
        self.console = LiveParts(base, source=stream, recording=False).console(eager=False)
        self._writer = StreamWriter(partial(os.write, self._stream), SystemClock())
        self.console.start()

    def tell(self, change: Patch[object]) -> None:
        """Pods say this, and the console has heard it."""
        told = SystemClock().now()
        first = "pods" not in self.console.session.view.world.snapshots
        if first:
            self._writer.header(target=Target(context="kind-made", server="https://made"))
        self._writer.patch("pods", told, msgspec.json.encode(change), first)
        until(lambda: self._heard(told), "the console has heard it")

    def close(self) -> None:
        self.console.close("end of the test")
        os.close(self._stream)

    def _heard(self, told: Millis) -> bool:
        pods = self.console.session.view.world.snapshots.get("pods")
        return pods is not None and pods.observed_at >= told

    def _read(self) -> Runbook:
        pods = self.console.session.view.world.snapshots.get("pods")
        self.read_after.append("nothing" if pods is None else "told" if pods.told else "loading")
        return load_runbook(None)


@contextmanager
def starting(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Starting]:
    place = Starting(folder, monkeypatch)
    try:
        yield place
    finally:
        place.close()


@pytest.mark.parametrize("over", [LISTED, FAILED], ids=["listed", "failed"])
def test_the_runbook_is_read_once_the_first_look_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, over: Patch[object]
) -> None:
    monkeypatch.setattr(wired, "GIVES_WAY_MS", HOUR)
    with starting(tmp_path, monkeypatch) as place:
        place.tell(LOADING)
        place.tell(over)
        until(lambda: bool(place.read_after), "the runbook is read")
        assert place.read_after == ["told"]
        until(lambda: bool(place.console.runbook.policy.rules), "the console follows it")


@pytest.mark.parametrize("first", [None, LOADING], ids=["silent", "loading"])
def test_the_runbook_waits_for_no_cluster_that_takes_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: Patch[object] | None
) -> None:
    monkeypatch.setattr(wired, "GIVES_WAY_MS", 50)
    with starting(tmp_path, monkeypatch) as place:
        if first is not None:
            place.tell(first)
        until(lambda: bool(place.console.runbook.policy.rules), "the console follows it")
