"""The world as last seen: one snapshot for each source. Frozen; a step gives a new one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from wfconsole.clock import Millis
from wfconsole.observations.answers import PodAnswer
from wfconsole.observations.levels import Quality
from wfconsole.observations.snapshot import Snapshot

if TYPE_CHECKING:
    from wfconsole.observations.alerts import AlertRow
    from wfconsole.observations.auth import AuthRow
    from wfconsole.observations.cache import CacheRow, KeysRow
    from wfconsole.observations.database import DatabaseRow
    from wfconsole.observations.events import EventRow
    from wfconsole.observations.findings import FindingRow
    from wfconsole.observations.gpus import GpuRow
    from wfconsole.observations.hpas import HpaRow
    from wfconsole.observations.inference import InferenceRow
    from wfconsole.observations.ingresses import IngressRow
    from wfconsole.observations.isolation import IsolationRow
    from wfconsole.observations.nodes import NodeRow
    from wfconsole.observations.pods import PodRow
    from wfconsole.observations.replicas import ReplicaRow
    from wfconsole.observations.secrets import SecretRow
    from wfconsole.observations.services import ServiceRow
    from wfconsole.observations.sessions import SessionRow
    from wfconsole.observations.signals import SignalHistoryRow, SignalRow
    from wfconsole.observations.statements import StatementRow
    from wfconsole.observations.workloads import WorkloadRow

# How many answers to on-demand reads are kept: the newest of each object.
ANSWERS_KEPT = 64


class _OtherSystems(msgspec.Struct, frozen=True):
    """The rows of all that is not Kubernetes."""

    snapshots: Mapping[str, Snapshot[Any]] = msgspec.field(default_factory=dict)

    @property
    def database(self) -> Mapping[str, DatabaseRow]:
        return self._rows("database")

    @property
    def auth(self) -> Mapping[str, AuthRow]:
        return self._rows("auth")

    @property
    def findings(self) -> Mapping[str, FindingRow]:
        return self._rows("findings")

    @property
    def secrets(self) -> Mapping[str, SecretRow]:
        return self._rows("secrets")

    @property
    def cache(self) -> Mapping[str, CacheRow]:
        return self._rows("cache")

    @property
    def keys(self) -> Mapping[str, KeysRow]:
        return self._rows("keys")

    @property
    def sessions(self) -> Mapping[str, SessionRow]:
        return self._rows("sessions")

    @property
    def replicas(self) -> Mapping[str, ReplicaRow]:
        return self._rows("replicas")

    @property
    def statements(self) -> Mapping[str, StatementRow]:
        return self._rows("statements")

    @property
    def signals(self) -> Mapping[str, SignalRow]:
        return self._rows("signals")

    @property
    def signal_history(self) -> Mapping[str, SignalHistoryRow]:
        return self._rows("signal_history")

    @property
    def gpus(self) -> Mapping[str, GpuRow]:
        return self._rows("gpus")

    @property
    def inference(self) -> Mapping[str, InferenceRow]:
        return self._rows("inference")

    @property
    def alerts(self) -> Mapping[str, AlertRow]:
        return self._rows("alerts")

    def _rows(self, source: str) -> Mapping[str, Any]:
        snapshot = self.snapshots.get(source)
        return {} if snapshot is None else snapshot.rows


class World(_OtherSystems, frozen=True):
    """What all sources saw last. A source that is missing here is off."""

    answers: Mapping[str, tuple[Millis, PodAnswer]] = msgspec.field(default_factory=dict)

    def with_snapshot(self, snapshot: Snapshot[Any]) -> World:
        return World(snapshots={**self.snapshots, snapshot.source: snapshot}, answers=self.answers)

    def awaiting(self, sources: Iterable[str], now: Millis) -> World:
        """This world at `now`, while those of these sources that have told nothing are unknown and not off."""
        unheard = {source: Snapshot[Any](source=source, observed_at=now) for source in sources}
        return World(snapshots={**unheard, **self.snapshots}, answers=self.answers)

    def with_answer(self, at: Millis, answer: PodAnswer) -> World:
        """The newest answer for each pod, under "namespace/name"; the oldest ones are dropped beyond a bound."""
        key = f"{answer.namespace}/{answer.name}"
        kept = {k: v for k, v in self.answers.items() if k != key}
        while len(kept) >= ANSWERS_KEPT:
            kept.pop(next(iter(kept)))
        kept[key] = (at, answer)
        return World(snapshots=self.snapshots, answers=kept)

    def quality(self, source: str, now: Millis) -> Quality:
        snapshot = self.snapshots.get(source)
        return Quality.OFF if snapshot is None else snapshot.quality(now)

    @property
    def pods(self) -> Mapping[str, PodRow]:
        return self._rows("pods")

    @property
    def workloads(self) -> Mapping[str, WorkloadRow]:
        return self._rows("workloads")

    @property
    def hpas(self) -> Mapping[str, HpaRow]:
        return self._rows("hpas")

    @property
    def nodes(self) -> Mapping[str, NodeRow]:
        return self._rows("nodes")

    @property
    def events(self) -> Mapping[str, EventRow]:
        return self._rows("events")

    @property
    def services(self) -> Mapping[str, ServiceRow]:
        return self._rows("services")

    @property
    def ingresses(self) -> Mapping[str, IngressRow]:
        return self._rows("ingresses")

    @property
    def isolation(self) -> Mapping[str, IsolationRow]:
        return self._rows("isolation")
