"""On-demand reads: what the console asks of the collector, and what comes back in the stream.

A request travels as one line of JSON on the collector's standard input, an answer as an "e" line of the stream, so that
it is recorded and replayed like everything else.
"""

from __future__ import annotations

import msgspec

from wfconsole.clock import Millis
from wfconsole.observations.events import EventRow
from wfconsole.observations.pods import ContainerRow
from wfconsole.observations.snapshot import Failure
from wfconsole.text import clock_time


class AskPod(msgspec.Struct, frozen=True, tag="pod"):
    """Everything about one pod: containers, use, events, logs (the previous one too where a container restarted)."""

    id: str
    namespace: str
    name: str
    log_lines: int = 100  # for each container


class AskRetry(msgspec.Struct, frozen=True, tag="retry"):
    """Poll this source now and forget the backoff."""

    id: str
    source: str


class WatchedRule(msgspec.Struct, frozen=True, omit_defaults=True):
    """PromQL that a symptom rests on: its value, seen from the good side, is past `bound` when the symptom is there."""

    name: str
    promql: str
    bound: float
    below: bool = False  # trouble lies below the bound
    title: str = ""


class AskRules(msgspec.Struct, frozen=True, tag="rules"):
    """Look at these too from now on, with the signals, in place of those that were asked for before."""

    id: str
    rules: tuple[WatchedRule, ...]


Ask = AskPod | AskRetry | AskRules


class LogTail(msgspec.Struct, frozen=True, omit_defaults=True):
    """The end of one container's log. Lines are safe text; `cut` says that there was more before them.

    `lines_at`: when each line was written, 0 where its line does not say; () in recordings that are older than that.
    """

    container: str
    previous: bool = False
    lines: tuple[str, ...] = ()
    lines_at: tuple[Millis, ...] = ()
    cut: bool = False
    failure: str = ""

    def __post_init__(self) -> None:
        """Raises ValueError, which refuses the line of a recording that says so."""
        if self.lines_at and len(self.lines_at) != len(self.lines):
            raise ValueError("a log has one time for each line, or none")

    @property
    def dated_lines(self) -> tuple[str, ...]:
        """The lines, each behind its time in UTC where it has one."""
        if not self.lines_at:
            return self.lines
        pairs = zip(self.lines_at, self.lines, strict=True)
        return tuple(f"{clock_time(at)} {line}" if at else line for at, line in pairs)


class ContainerUse(msgspec.Struct, frozen=True):
    """CPU in millicores and memory in bytes in use by one container, from metrics.k8s.io."""

    container: str
    cpu: int
    memory: int


class PodDetail(msgspec.Struct, frozen=True, omit_defaults=True):
    """One pod, whole. `use` is None where the metrics API gave nothing; `use_reason` says why."""

    namespace: str
    name: str
    uid: str = ""
    node: str = ""
    qos: str = ""
    service_account: str = ""
    pod_ip: str = ""
    conditions: tuple[str, ...] = ()  # "Ready False ContainersNotReady: containers with unready status: [app]"
    containers: tuple[ContainerRow, ...] = ()
    use: tuple[ContainerUse, ...] | None = None
    use_at: Millis = 0
    use_reason: str = ""
    events: tuple[EventRow, ...] = ()
    events_reason: str = ""  # why they could not be read
    logs: tuple[LogTail, ...] = ()

    @property
    def logs_worst_first(self) -> tuple[LogTail, ...]:
        """Those of what fails first, then of what restarted; of these the run before, which says why, comes first."""
        ranks = {box.name: 2 if box.fine and not box.ran_before else int(box.fine) for box in self.containers}
        return tuple(sorted(self.logs, key=lambda log: (ranks.get(log.container, 2), not log.previous)))


class PodAnswer(msgspec.Struct, frozen=True, tag="pod", omit_defaults=True):
    """The answer to AskPod: a detail, or why there is none."""

    id: str
    namespace: str
    name: str
    detail: PodDetail | None = None
    failure: Failure | None = None


class CollectorSaid(msgspec.Struct, frozen=True, tag="collector", omit_defaults=True):
    """The collector about itself: started, a source switched off for good, its own cost."""

    text: str
    source: str = ""


class Marker(msgspec.Struct, frozen=True, tag="marker", omit_defaults=True):
    """A place in a recording that a person named; `{` and `}` go to it."""

    label: str


StreamNote = PodAnswer | CollectorSaid | Marker
