"""What the scribe looks for in the cluster: trouble of pods by workload, readiness, rollouts, autoscalers, nodes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from wfconsole.clock import SECOND, Millis
from wfconsole.incident.sights import Seen, Sight, touched
from wfconsole.incident.wording import counted
from wfconsole.observations.conditions import ConditionRow
from wfconsole.observations.hpas import HpaRow, at_max, wants, why_blind
from wfconsole.observations.judged import Judged
from wfconsole.observations.levels import HEALTHY, Finding, Level
from wfconsole.observations.nodes import NodeRow
from wfconsole.observations.pod_groups import PodGroup
from wfconsole.observations.pods import RESTART_WINDOW, PodRow, last_end, serving, was_ready
from wfconsole.observations.workloads import WorkloadRow, is_short
from wfconsole.text import cut

# Of a crash loop these tell what was, not what is.
_LATELY_RESTARTED: Final = frozenset(("restarting", "restarted"))
# Word, family, kinds of trouble that begin it, further kinds that keep it up once it has begun, what it does to pods.
_POD_WORDS: Final = (
    ("crash-loop", "crash-loop", ("crash-loop",), ("terminated", "restarting", "restarted"), "in a crash loop"),
    ("image-pull", "image-pull", ("image-pull",), (), "cannot pull their image"),
    ("cannot-start", "crash-loop", ("cannot-start",), (), "cannot start"),
    ("not-ready", "readiness", ("not-ready",), (), "running but not ready"),
    ("pending", "readiness", ("unschedulable",), (), "without a node"),
    ("starting", "readiness", ("starting",), (), "held up while starting"),
    ("terminating", "node", ("terminating",), (), "held up while terminating"),
    ("unknown", "node", ("unknown",), (), "on a node that does not report"),
    ("evicted", "node", ("evicted",), (), "evicted"),
    ("failed", "crash-loop", ("failed",), (), "failed"),
)
# Workloads are looked at every few seconds, and their controller has counted by then.
_LATELY: Final = 30 * SECOND
_COUNTS_WITHIN: Final = 30 * SECOND
# Schedulers and controllers can be verbose; the pane has all of it.
_LONGEST_REASON: Final = 160


def sights_of_pods(before: Judged, after: Judged, lasting: frozenset[str], now: Millis) -> Seen:
    """By workload, for each whose pods changed. `lasting` are the keys of conditions that held so far, and "scaled-up"
    ones of workloads that were given more replicas since their last rollout."""
    old_rows: Mapping[str, PodRow] = before.rows("pods").rows
    new_rows: Mapping[str, PodRow] = after.rows("pods").rows
    seen: dict[str, tuple[Sight, ...]] = {}
    for key, group in after.groups.items():
        if before.groups.get(key) is group:
            continue
        sights = [
            sight
            for sight in _pod_sights(group, new_rows, lasting)
            if sight.word != "not-ready"
            or f"not-ready {key}" in lasting
            or not _tells_readiness(after, group, lasting, now)
            or _only_added(after, key, lasting)
        ]
        happened = _Happened(group, old_rows, new_rows, now)
        sights = [
            msgspec.structs.replace(sight, happened=happened.crashes, counter=happened.restarts)
            if sight.word == "crash-loop"
            else sight
            for sight in sights
        ]
        if happened.killed:
            text = f"{{name}}: out of memory, {_of(happened.killed, group)} killed"
            oom = Sight("oom", "oom", Level.WARNING, text, happened.first_kill, happened.killed, quiet=True)
            sights.append(msgspec.structs.replace(oom, happened=happened.kills, last=happened.last_kill))
        seen[key] = tuple(sights)
    seen.update((key, ()) for key in before.groups if key not in after.groups)
    return seen


def _tells_readiness(judged: Judged, group: PodGroup, lasting: frozenset[str], now: Millis) -> bool:
    """Whether the workload itself says that pods of it are not ready: a pod that flaps is one line then. It does not in
    the middle of a rollout, nor when nobody has looked at it lately, nor when its controller has stopped to count."""
    workloads = judged.rows("workloads")
    row: WorkloadRow | None = workloads.rows.get(group.key)
    if row is None or now - workloads.at > _LATELY:
        return False
    rolling = workloads.finding(group.key).kind == "rollout"
    if rolling and row.updated < row.desired:
        return False
    since = min(finding.since for finding in group.troubled.values() if finding.kind == "not-ready")
    told = f"readiness {group.key}" in lasting if rolling else is_short(row)
    return told or now - since <= _COUNTS_WITHIN


def _only_added(judged: Judged, key: str, lasting: frozenset[str]) -> bool:
    """Whether all that is missing are pods that more replicas were to bring: nothing is lost, and they tell it."""
    group, rows = judged.groups.get(key), judged.rows("pods").rows
    pods = [rows[pod] for pod in group.troubled if pod in rows] if group is not None else []
    return f"scaled-up {key}" in lasting and not any(was_ready(pod) and not pod.ready for pod in pods if serving(pod))


def sights_of_workloads(judged_before: Judged, judged: Judged, lasting: frozenset[str], _now: Millis) -> Seen:
    """By workload: readiness lost, a rollout that does not get on. More replicas wanted is no readiness lost."""
    before, after = judged_before.rows("workloads"), judged.rows("workloads")
    seen: dict[str, tuple[Sight, ...]] = {}
    for key in touched(before, after):
        row: WorkloadRow | None = after.rows.get(key)
        finding = after.finding(key)
        sights: list[Sight] = []
        group = judged.groups.get(key)
        old: WorkloadRow | None = before.rows.get(key)
        lost = None if row is None else _lost(old, row, finding, group)
        if row is not None and old is not None and row.ready >= old.ready and _only_added(judged, key, lasting):
            lost = None
        if row is not None and is_short(row) and (lost is not None or f"readiness {key}" in lasting):
            verb = "lost readiness:" if old is not None else "has"  # nobody has seen that more of it were ready
            text = f"{{name}} {verb} {row.ready} of {row.desired} ready"
            since = 0 if finding.kind == "rollout" else finding.since
            level = Level.WARNING if lost is None else lost
            down = group.down if group is not None and group.down else row.desired - row.ready
            sights.append(Sight("readiness", "readiness", level, text, since, down, whole=not row.ready))
        if row is not None and row.stalled:
            text = f"{{name}}: rollout stalled, {row.stalled}"
            sights.append(Sight("stalled", "stalled", Level.WARNING, text))
        seen[key] = tuple(sights)
    return seen


def _lost(old: WorkloadRow | None, row: WorkloadRow, finding: Finding, group: PodGroup | None) -> Level | None:
    """How bad it is that fewer are ready than should be; None when that is because more are wanted, or a rollout is.

    A pod that had its time and is not ready is lost, even while the last pods of a rollout may still come.
    """
    if finding.kind not in ("down", "short", "rollout") or not is_short(row):
        return None
    rolling = finding.kind == "rollout"
    got_through = old is not None and not old.progressing and row.updated >= row.desired
    if old is not None and row.ready < old.ready and (not rolling or got_through):
        return max(finding.level, Level.WARNING)
    if group is None:
        return None if rolling else finding.level
    if not group.down or (rolling and row.updated < row.desired):
        return None
    return Level.CRITICAL if group.down * 2 > row.desired else Level.WARNING


def sights_of_hpas(judged_before: Judged, judged: Judged, _lasting: frozenset[str], _now: Millis) -> Seen:
    """By autoscaler: at its maximum, blind."""
    before, after = judged_before.rows("hpas"), judged.rows("hpas")
    seen: dict[str, tuple[Sight, ...]] = {}
    for key in touched(before, after):
        row: HpaRow | None = after.rows.get(key)
        subject = f"HorizontalPodAutoscaler/{key}"
        finding = after.finding(key)
        sights: list[Sight] = []
        if row is not None and not row.disabled:
            if blind := why_blind(row):
                text = f"autoscaler {{name}} is blind: {blind}"
                since = _since(row.conditions, ("AbleToScale", "ScalingActive"), "False") if row.blind else 0
                sights.append(Sight("hpa-blind", "hpa-blind", Level.WARNING, text, since))
            if at_max(row) and finding is not HEALTHY:
                wanted = wants(row)
                more = f", wants {wanted}" if wanted is not None and wanted > row.maximum else ""
                text = f"autoscaler {{name}} is at its maximum {row.current}/{row.maximum}{more}"
                since = _since(row.conditions, ("ScalingLimited",)) if row.limited == "TooManyReplicas" else 0
                sights.append(Sight("hpa-max", "hpa-max", finding.level, text, since))
        seen[subject] = tuple(sights)
    return seen


def sights_of_nodes(judged_before: Judged, judged: Judged, _lasting: frozenset[str], _now: Millis) -> Seen:
    """By node: not ready, under pressure."""
    before, after = judged_before.rows("nodes"), judged.rows("nodes")
    seen: dict[str, tuple[Sight, ...]] = {}
    for key in touched(before, after):
        row: NodeRow | None = after.rows.get(key)
        finding = after.finding(key)
        sights: list[Sight] = []
        if row is not None and not row.ready and finding.level >= Level.WARNING:
            text = f"node {{name}} is {finding.reason}"
            sights.append(Sight("node-not-ready", "node", finding.level, text, finding.since))
        elif row is not None and row.pressures:
            which = ", ".join(row.pressures)
            since = _since(row.conditions, row.pressures)
            sights.append(
                Sight("node-pressure", "node", finding.level, f"node {{name}} is under {which}", since, which=which)
            )
        seen[f"Node/{key}"] = tuple(sights)
    return seen


def _since(conditions: Iterable[ConditionRow], types: Iterable[str], status: str = "True") -> Millis:
    """Since when the first of these conditions has this status, as its reporter says; 0 where nobody knows."""
    found = [each.since for each in conditions if each.type in types and each.status == status and each.since]
    return min(found, default=0)


def _pod_sights(group: PodGroup, rows: Mapping[str, PodRow], lasting: frozenset[str]) -> Iterable[Sight]:
    if not group.troubled:
        return
    for word, family, begins, keeps_up, phrase in _POD_WORDS:
        kinds = (*begins, *keeps_up) if f"{word} {group.key}" in lasting else begins
        least = Level.WATCH if keeps_up else Level.WARNING
        troubled = group.troubled.items()
        found = [(key, finding) for key, finding in troubled if finding.kind in kinds and finding.level >= least]
        if found:
            worst = _worst(finding for _key, finding in found)
            reason = _common_reason(word, worst, [rows[key] for key, _finding in found if key in rows])
            text = f"{{name}}: {_of(len(found), group)} {phrase}: {reason}"
            sight = Sight(word, family, worst.level, text, worst.since, len(found), whole=len(found) >= group.total)
            if keeps_up:
                last = max((rows[key].restarted_at for key, _finding in found if key in rows), default=0)
                quiet = all(finding.kind in _LATELY_RESTARTED for _key, finding in found)
                sight = msgspec.structs.replace(sight, last=last, quiet=quiet)
            yield sight


def _common_reason(word: str, worst: Finding, rows: list[PodRow]) -> str:
    """The reason without what differs from pod to pod, so that one line can stand for all of them."""
    if word == "crash-loop":
        restarts = sum(row.restarts for row in rows)
        ended = last_end(max(rows, key=lambda row: row.restarted_at)) if rows else ""
        told = counted(restarts, "restart") if restarts else ""
        return ", ".join(part for part in (told, f"last ended {ended}" if ended else "") if part) or worst.reason
    return cut(worst.reason.removeprefix("Pending: "), _LONGEST_REASON)


def _worst(findings: Iterable[Finding]) -> Finding:
    return max(findings, key=lambda finding: (finding.level, -finding.since))


class _Happened:
    """Of a group's pods: crashes and OOM kills since the look before, how many were killed lately, when first and last;
    and all restarts that those count that are not well."""

    def __init__(
        self, group: PodGroup, old_rows: Mapping[str, PodRow], new_rows: Mapping[str, PodRow], now: Millis
    ) -> None:
        self.crashes = self.restarts = self.kills = self.killed = self.first_kill = self.last_kill = 0
        for key in group.troubled:
            new = new_rows.get(key)
            old = old_rows.get(key)
            if new is None:
                continue
            self.restarts += new.restarts
            kills, newest = _oom_kills(new)
            if kills and now - newest < RESTART_WINDOW:
                self.killed += 1
                self.first_kill = min(self.first_kill or now, newest)
                self.last_kill = max(self.last_kill, newest)
            if old is not None and old is not new:
                self.crashes += max(0, new.restarts - old.restarts)
                self.kills += len(kills - _oom_kills(old)[0])


def _oom_kills(row: PodRow) -> tuple[frozenset[tuple[str, int]], Millis]:
    """Kills for memory that a pod still tells of, each as its container and which of its runs it ended; the newest."""
    kills: set[tuple[str, int]] = set()
    newest = 0
    for box in row.containers:
        if box.state == "terminated" and box.reason == "OOMKilled":
            kills.add((box.name, box.restarts))
            newest = max(newest, row.ready_since)
        if box.last_reason == "OOMKilled":
            kills.add((box.name, box.restarts - 1))
            newest = max(newest, box.last_finished_at or row.restarted_at)
    return frozenset(kills), newest


def _of(count: int, group: PodGroup) -> str:
    return f"{count} of {group.total} pods" if group.total >= count else counted(count, "pod")
