"""GPUs by node, GPU and pod, from the metrics of dcgm-exporter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from wfconsole.clock import Millis
from wfconsole.config.metrics import GpuSettings
from wfconsole.decoding import convert
from wfconsole.observations.gpus import GpuRow
from wfconsole.observations.snapshot import Lack
from wfconsole.sources.contract import SourceError
from wfconsole.sources.prometheus.samples import Sample
from wfconsole.sources.prometheus.server import MetricsPoll, Server
from wfconsole.sources.sealing import seal

MOST_GPUS: Final = 500
_MIB: Final = 1024 * 1024

_BYTES: Final[Callable[[float], Any]] = lambda value: round(value * _MIB)  # noqa: E731  one of a table of such
_SHARE: Final[Callable[[float], Any]] = lambda value: value / 100  # noqa: E731

# Metric -> field, and what makes its number ours. Both names of utilization: the second is all there is under MIG.
_FIELDS: Final[dict[str, tuple[str, Callable[[float], Any]]]] = {
    "DCGM_FI_PROF_GR_ENGINE_ACTIVE": ("engine", float),
    "DCGM_FI_DEV_GPU_UTIL": ("utilization", _SHARE),
    "DCGM_FI_DEV_FB_USED": ("memory_used", _BYTES),
    "DCGM_FI_DEV_FB_FREE": ("memory_free", _BYTES),
    "DCGM_FI_DEV_FB_RESERVED": ("memory_reserved", _BYTES),
    "DCGM_FI_DEV_FB_TOTAL": ("memory_total", _BYTES),
    "DCGM_FI_DEV_GPU_TEMP": ("temperature", float),
    "DCGM_FI_DEV_POWER_USAGE": ("power", float),
    "DCGM_FI_DEV_XID_ERRORS": ("xid", int),
    "DCGM_FI_DEV_ECC_DBE_VOL_TOTAL": ("ecc_errors", int),
}
# DCGM fills fields that a card does not have with numbers near the end of their range.
_BLANK: Final = 1 << 30
# What it may be called, the first that is there: versions and scrape settings differ.
_NODE: Final = ("Hostname", "hostname", "node", "instance")
_OF_POD: Final = ("exported_{}", "{}")


def promql(settings: GpuSettings) -> str:
    """All metrics in one question."""
    extra = f",{settings.selector}" if settings.selector else ""
    return f'{{__name__=~"{"|".join(_FIELDS)}"{extra}}}'


_NONE: Final = "no series of dcgm-exporter; is it installed and scraped?"


class GpusPoll(MetricsPoll):
    """Fills `table`. No series at all is an answer (there is no GPU, or no exporter), unless somebody else can be asked
    after that: with `required` it is a failure."""

    def __init__(self, server: Server, settings: GpuSettings, interval_ms: Millis, *, required: bool = False) -> None:
        super().__init__("gpus", server, interval_ms)
        self._promql = promql(settings)
        self._required = required
        self.seen = -1  # GPUs at the last look; -1: none yet
        self._left_out = 0

    def read(self) -> None:
        with self.questions() as ask:
            rows = gpu_rows(ask.now(self._promql))
        if self._required and not rows:
            raise SourceError("not-served", f"{self.server.host}: {_NONE}", remedy="Check gpu.selector.")
        self.seen, self._left_out = len(rows), max(0, len(rows) - MOST_GPUS)
        self.keep({key: seal(rows[key]) for key in sorted(rows)[:MOST_GPUS]})

    def lacks(self) -> tuple[Lack, ...]:
        return (Lack(f"{self._left_out} of {self.seen} GPUs are left out", "bounded"),) if self._left_out else ()

    def facts(self) -> dict[str, str]:
        told = self.server.facts()
        return told if self.seen else {**told, "gpus": _NONE}


def gpu_rows(samples: Iterable[Sample]) -> dict[str, GpuRow]:
    """Rows from the series of all metrics, which share labels but not their order."""
    found: dict[str, dict[str, Any]] = {}
    for sample in samples:
        if (field := _FIELDS.get(sample.labels.get("__name__", ""))) is None:
            continue
        named = _names(sample.labels)
        key = "/".join(part for part in (named["node"], named["gpu"], named["instance"], named["pod"]) if part)
        values = found.setdefault(key, named)
        if sample.value is not None and 0 <= sample.value < _BLANK:
            values[field[0]] = field[1](sample.value)
    return {key: _row(values) for key, values in found.items()}


def _names(labels: Mapping[str, str]) -> dict[str, Any]:
    profile, number = labels.get("GPU_I_PROFILE", ""), labels.get("GPU_I_ID", "")
    of_pod = {
        name: next((labels[key] for form in _OF_POD if labels.get(key := form.format(name))), "")
        for name in ("namespace", "pod", "container")
    }
    if not of_pod["pod"]:  # namespace and container are then those of the exporter itself
        of_pod = dict.fromkeys(of_pod, "")
    return {
        "node": next((labels[name] for name in _NODE if labels.get(name)), ""),
        "gpu": labels.get("gpu", ""),
        "instance": f"{profile} {number}".strip(),
        "model": labels.get("modelName", ""),
        **of_pod,
    }


def _row(values: dict[str, Any]) -> GpuRow:
    """One row; memory's total is put together where nobody tells it."""
    engine, free, reserved = (values.pop(name, None) for name in ("engine", "memory_free", "memory_reserved"))
    values.setdefault("utilization", engine)
    if values.get("memory_total") is None and free is not None and values.get("memory_used") is not None:
        values["memory_total"] = values["memory_used"] + free + (reserved or 0)
    return convert(values, GpuRow)
