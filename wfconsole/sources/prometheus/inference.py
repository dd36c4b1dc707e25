"""Inference services by model, from the metrics of vLLM and Triton, or from whatever the configuration asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from wfconsole.clock import Millis
from wfconsole.config.metrics import InferenceSettings, SignalsSettings
from wfconsole.decoding import convert
from wfconsole.observations.inference import InferenceRow
from wfconsole.sources.prometheus.samples import Sample
from wfconsole.sources.prometheus.server import MetricsPoll, Server
from wfconsole.sources.sealing import seal

MOST_MODELS: Final = 200
_NAME: Final = ("model_name", "model")


class InferencePoll(MetricsPoll):
    """Fills `table` with a row for each model that any answer names."""

    def __init__(
        self, server: Server, settings: InferenceSettings, signals: SignalsSettings, interval_ms: Millis
    ) -> None:
        super().__init__("inference", server, interval_ms)
        self._settings = settings
        low = f"min_over_time(({settings.queue})[$window:])" if settings.queue else ""
        asked = {
            "queue": settings.queue,
            "queue_low": low,
            "latency": settings.latency,
            "latency_mean": settings.latency_mean,
            "batch": settings.batch,
            "cache": settings.cache,
        }
        self._queries = {name: promql.replace("$window", signals.window) for name, promql in asked.items() if promql}

    def read(self) -> None:
        with self.questions() as ask:
            answers = {name: ask.now(promql) for name, promql in self._queries.items()}
        rows = inference_rows(answers, self._settings)
        self.keep({name: seal(rows[name]) for name in sorted(rows)[:MOST_MODELS]})


def inference_rows(answers: Mapping[str, list[Sample]], settings: InferenceSettings) -> dict[str, InferenceRow]:
    """Rows from the answers by field. A mean stands in where there is no percentile, and says so."""
    found: dict[str, dict[str, Any]] = {}
    for field, samples in answers.items():
        for sample in samples:
            values = found.setdefault(_name(sample.labels), {})
            if sample.value is not None:
                values[field] = sample.value
    return {name: _row(name, values, settings) for name, values in found.items()}


def _name(labels: Mapping[str, str]) -> str:
    known = next((labels[name] for name in _NAME if labels.get(name)), "")
    return known or "/".join(value for name, value in sorted(labels.items()) if name != "__name__") or "all models"


def _row(name: str, values: dict[str, Any], settings: InferenceSettings) -> InferenceRow:
    mean = values.pop("latency_mean", None)
    if "latency" not in values and mean is not None:
        values |= {"latency": mean, "latency_is_mean": True}
    limits = {"queue_limit": settings.queue_limit, "latency_limit": settings.latency_limit}
    return convert({"name": name, **limits, **values}, InferenceRow)
