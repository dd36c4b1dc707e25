"""Every row judged, at the cost of what changed: only new rows, and those whose time has come, are judged again.

Measured on 10,000 pods: a snapshot with 50 changed rows takes about 0.2 ms, judging all of them some 15.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from wfconsole.clock import Millis
from wfconsole.observations.events import weigh_event
from wfconsole.observations.hpas import judge_hpa
from wfconsole.observations.ladder import PLAIN, Weighed
from wfconsole.observations.later import Later
from wfconsole.observations.levels import HEALTHY, Finding, Level
from wfconsole.observations.nodes import weigh_node
from wfconsole.observations.pod_groups import PodGroup, PodTally, Regrouping
from wfconsole.observations.pods import weigh_pod
from wfconsole.observations.snapshot import Snapshot
from wfconsole.observations.workloads import weigh_workload
from wfconsole.observations.world import World


def _settled(place: str) -> Callable[[Any, Millis], Weighed]:
    """The judgement at this place, which time alone does not change."""
    judge = Later(place)
    return lambda row, now: (judge(row, now), 0)


WEIGH: Final[dict[str, Callable[[Any, Millis], Weighed]]] = {
    "pods": weigh_pod,
    "workloads": weigh_workload,
    "hpas": lambda row, now: (judge_hpa(row, now), 0),
    "nodes": weigh_node,
    "events": weigh_event,
    "database": _settled("database:judge_database"),
    "services": _settled("services:judge_service"),
    "ingresses": _settled("ingresses:judge_ingress"),
    "isolation": _settled("isolation:judge_isolation"),
    "auth": _settled("auth:judge_auth"),
    "findings": Later("findings:weigh_finding"),
    "secrets": Later("secrets:weigh_secret"),
    "cache": _settled("cache:judge_cache"),
    "keys": lambda _row, _now: PLAIN,
    "sessions": Later("sessions:weigh_session"),
    "statements": lambda _row, _now: PLAIN,
    "replicas": _settled("replicas:judge_replica"),
    "signals": _settled("signals:judge_signal"),
    "gpus": _settled("gpus:judge_gpu"),
    "inference": _settled("inference:judge_inference"),
    "alerts": _settled("alerts:judge_alert"),
}


class JudgedRows(msgspec.Struct, frozen=True):
    """The rows of one source with their findings; `findings` leaves out what is plainly healthy.

    `due` says for some rows when time alone may change the judgement, `next_due` is the first of these instants.
    `moved` names the rows that are others, or judged otherwise, than in the table of the step before.
    """

    rows: Mapping[str, Any] = msgspec.field(default_factory=dict)
    findings: Mapping[str, Finding] = msgspec.field(default_factory=dict)
    due: Mapping[str, Millis] = msgspec.field(default_factory=dict)
    next_due: Millis = 0
    at: Millis = 0
    keyframe_at: Millis = 0  # with `step`: which snapshot was judged
    step: int = 0
    moved: frozenset[str] = frozenset()

    def finding(self, key: str) -> Finding:
        return self.findings.get(key, HEALTHY)

    @property
    def level(self) -> Level:
        """The worst level of any row."""
        return max((finding.level for finding in self.findings.values()), default=Level.OK)


class Judged(msgspec.Struct, frozen=True):
    """The judgement of the whole world as last seen, and the pods by workload."""

    tables: Mapping[str, JudgedRows] = msgspec.field(default_factory=dict)
    groups: Mapping[str, PodGroup] = msgspec.field(default_factory=dict)
    tally: PodTally = PodTally()

    def after(self, world: World, source: str, now: Millis) -> Judged:
        """The judgement once `source` has said something at `now`. Other sources keep theirs until they speak."""
        snapshot = world.snapshots.get(source)
        weigh = WEIGH.get(source)
        if snapshot is None or weigh is None:
            return self
        before = self.rows(source)
        table, moved = judge_again(before, weigh, snapshot, now)
        tables = {**self.tables, source: table}
        if source != "pods" or not moved:
            return Judged(tables, self.groups, self.tally)
        fresh = now < before.at
        regrouping = Regrouping({}, PodTally()) if fresh else Regrouping(self.groups, self.tally)
        old_rows = {} if fresh else before.rows
        for key in moved:
            regrouping.put(key, old_rows.get(key), before.finding(key), table.rows.get(key), table.finding(key))
        groups, tally = regrouping.finish()
        return Judged(tables, groups, tally)

    def with_source(self, other: Judged, source: str) -> Judged:
        """This judgement, with that of one source taken from another one."""
        tables = {**self.tables, source: other.rows(source)}
        if source != "pods":
            return Judged(tables, self.groups, self.tally)
        return Judged(tables, other.groups, other.tally)

    def rows(self, source: str) -> JudgedRows:
        return self.tables.get(source, _NOTHING)

    def standing(self, source: str, rows: Mapping[str, Any], now: Millis) -> Mapping[str, Finding] | None:
        """The findings of just these rows at `now`, without the plainly healthy; None where they are of others, or
        time may have changed one since."""
        table = self.rows(source)
        stands = table.rows is rows and table.at <= now and not (table.next_due and table.next_due <= now)
        return table.findings if stands else None

    def finding(self, source: str, key: str) -> Finding:
        """What is wrong with one row; healthy for a row that is not there."""
        return self.rows(source).finding(key)


_NOTHING: Final = JudgedRows()


def judge_again(
    before: JudgedRows, weigh: Callable[[Any, Millis], Weighed], snapshot: Snapshot[Any], now: Millis
) -> tuple[JudgedRows, set[str]]:
    """The judged rows at `now`, and the keys whose row or finding is another. Time that went back starts afresh."""
    if now < before.at:
        before = _NOTHING
    rows = snapshot.rows
    keys = _moved(before, snapshot)
    if before.next_due and now >= before.next_due:
        keys.update(key for key, at in before.due.items() if at <= now)
    if not keys:
        return _judged(snapshot, before.findings, before.due, now, keys), keys
    findings = dict(before.findings)
    due = dict(before.due)
    for key in keys:
        row = rows.get(key)
        finding, until = PLAIN if row is None else weigh(row, now)
        if finding is HEALTHY:
            findings.pop(key, None)
        else:
            findings[key] = finding
        if until:
            due[key] = until
        else:
            due.pop(key, None)
    return _judged(snapshot, findings, due, now, keys), keys


def _judged(
    snapshot: Snapshot[Any], findings: Mapping[str, Finding], due: Mapping[str, Millis], now: Millis, moved: set[str]
) -> JudgedRows:
    first = min(due.values(), default=0)
    return JudgedRows(snapshot.rows, findings, due, first, now, snapshot.keyframe_at, snapshot.step, frozenset(moved))


def _moved(before: JudgedRows, snapshot: Snapshot[Any]) -> set[str]:
    """Keys whose row is another: the snapshot says so, to whoever judged the one before it."""
    if before.rows is snapshot.rows:
        return set()
    follows = (snapshot.keyframe_at, snapshot.step) == (before.keyframe_at, before.step + 1)
    if follows and before.keyframe_at and snapshot.changed is not None:
        return set(snapshot.changed)
    return changed_keys(before.rows, snapshot.rows)


def changed_keys(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    """Keys whose row came, went, or is another object: rows are frozen and are handed on, so identity says it."""
    moved = {key for key, row in after.items() if before.get(key) is not row}
    moved.update(before.keys() - after.keys())
    return moved
