"""GPUs: how busy, how full, how hot, and what they complain of. Allocation is told by the nodes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from wfconsole.clock import Millis
from wfconsole.observations.levels import HEALTHY, Finding, Level

# Degrees Celsius; the cards slow themselves down a little above the second.
HOT: Final = 85.0
TOO_HOT: Final = 92.0
# From this share of its memory on, the next allocation may fail.
_FULL: Final = 0.97
# Errors that applications cause in their own memory; all others are the card's, its driver's, or its link's.
_XIDS_OF_APPLICATIONS: Final = frozenset((13, 31, 43, 45, 68))
BUSY: Final = 0.95


class GpuProcess(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A program that has memory of a GPU. `pid` is that of its node; `memory` in bytes, None where it is not told."""

    pid: int
    name: str
    memory: int | None = None


class GpuRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One GPU, or one instance of a partitioned one, for one pod. Key: "node/gpu", then instance and pod if there.

    None is what the card or its driver does not tell, which is not zero. Memory in bytes. A row without `gpu` stands
    for all cards of a node whose driver does not tell them, and `problem` is what it says instead.
    """

    node: str
    gpu: str
    instance: str = ""  # a MIG instance: "3g.40gb 1"
    model: str = ""
    namespace: str = ""
    pod: str = ""
    container: str = ""
    utilization: float | None = None  # share of the time in which it did anything at all
    memory_used: int | None = None
    memory_total: int | None = None
    temperature: float | None = None
    power: float | None = None  # W
    xid: int | None = None  # the last error; 0: none since the driver was loaded
    ecc_errors: int | None = None  # uncorrectable, since the driver was loaded
    mig: bool = False  # partitioned: the use of the card as a whole is not measured then
    processes: tuple[GpuProcess, ...] = ()  # those with the most memory; none where nobody tells them
    problem: str = ""
    told_by: str = "dcgm"  # or "nvidia-smi"


def judge_gpu(row: GpuRow, _now: Millis) -> Finding:
    """The worst that the card complains of, the first of these where several are. That it is busy is what it is for."""
    return max(findings_of(row), key=lambda finding: finding.level, default=HEALTHY)


def findings_of(row: GpuRow) -> Iterator[Finding]:
    """Everything that the card complains of."""
    if row.problem:
        yield Finding(Level.WARNING, row.problem, "driver")
    if row.ecc_errors:
        yield Finding(Level.WARNING, f"{row.ecc_errors} uncorrectable memory errors", "ecc")
    if row.xid:
        application = row.xid in _XIDS_OF_APPLICATIONS
        said = f"last error Xid {row.xid}{', of an application' if application else ''}"
        yield Finding(Level.WATCH if application else Level.WARNING, said, "xid")
    if row.temperature is not None and row.temperature >= HOT:
        level = Level.WARNING if row.temperature >= TOO_HOT else Level.WATCH
        yield Finding(level, f"{row.temperature:.0f} C", "hot")
    full = memory_share(row)
    if full is not None and full >= _FULL:
        yield Finding(Level.WATCH, f"memory {full:.0%} in use", "full")
    if all(each is None for each in (row.utilization, row.memory_used, row.temperature, row.xid, row.ecc_errors)):
        yield Finding(Level.WATCH, "tells nothing of itself", "unknown")


def tells_errors(row: GpuRow) -> bool:
    """Whether a card that complains of nothing would have complained."""
    return row.xid is not None or row.ecc_errors is not None


def memory_share(row: GpuRow) -> float | None:
    if row.memory_used is None or not row.memory_total:
        return None
    return row.memory_used / row.memory_total


def mean_utilization(rows: Iterable[GpuRow]) -> float | None:
    """Over those that tell it; a card that several pods share counts once."""
    known = {(row.node, row.gpu, row.instance): row.utilization for row in rows if row.utilization is not None}
    return sum(known.values()) / len(known) if known else None


def count_xids(rows: Iterable[GpuRow]) -> int | None:
    """Cards whose last error is one; None where no card tells."""
    known = {(row.node, row.gpu): row.xid for row in rows if row.xid is not None}
    return sum(bool(xid) for xid in known.values()) if known else None
