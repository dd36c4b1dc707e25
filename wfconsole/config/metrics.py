"""What is asked of Prometheus: where it is, the rules of the signals, GPUs, and inference services."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from wfconsole.config.about import PATH, about

Unit = Literal["ratio", "seconds", "per-second", "bytes", "count"]

_PROMQL: Final = "PromQL; $window stands for signals.window"
_MOST_PROMQL: Final = 4000


def _promql(of: str) -> Meta:
    return about(f"{of}; empty: not asked for", _PROMQL, max_length=_MOST_PROMQL)


class PrometheusSettings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The Prometheus that has the metrics, or what speaks its API (Thanos, Mimir, VictoriaMetrics)."""

    url: Annotated[
        str,
        about(
            "where Prometheus is; empty: off",
            "an address such as https://prometheus.example:9090, without a user in it",
            pattern=r"^(https?://[^@\s/?#]+(/[^@\s?#]*)?)?$",
            max_length=1000,
        ),
    ] = ""
    user: Annotated[str, about("the user of basic authentication", "a name", max_length=200)] = ""
    password_file: Annotated[str, about("a file that holds its password and nothing else", PATH, path=True)] = ""
    token_file: Annotated[str, about("a file that holds a bearer token and nothing else", PATH, path=True)] = ""
    ca_file: Annotated[str, about("the authority that signed its certificate", PATH, path=True)] = ""

    @property
    def configured(self) -> bool:
        return bool(self.url)


class SignalRule(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One question to Prometheus, and what its answer means.

    `$by` in the PromQL stands for the labels of `group`: without them it asks for the total, with them once more for
    each service. PromQL without `$by` is asked once, and gives a row for each value of `group`.
    """

    name: Annotated[str, about("what the rule is called", "a word", pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")]
    promql: Annotated[
        str, about("what is asked", f"{_PROMQL}, $by for the labels of group", min_length=1, max_length=_MOST_PROMQL)
    ]
    unit: Annotated[Unit, about("what the number is", "ratio, seconds, per-second, bytes or count")] = "count"
    title: Annotated[str, about("what the screen calls it; empty: its name", "one or two words", max_length=24)] = ""
    warning: Annotated[float | None, about("from here on it is a warning", "a number")] = None
    critical: Annotated[float | None, about("from here on it is critical", "a number")] = None
    direction: Annotated[
        Literal["above", "below"], about("on which side of the bounds trouble lies", "above or below")
    ] = "above"
    group: Annotated[
        tuple[Annotated[str, Meta(pattern="^[a-zA-Z_][a-zA-Z0-9_]*$")], ...],
        about("the labels that name a service", 'names of labels such as ["namespace", "ingress"]', max_length=6),
    ] = ()
    slo: Annotated[bool, about("whether the first bound is a promise to users", "true or false")] = False

    def __post_init__(self) -> None:
        """A rule whose warning lies behind its critical bound would never warn."""
        if self.warning is None or self.critical is None:
            return
        swapped = self.warning > self.critical if self.direction == "above" else self.warning < self.critical
        if swapped:
            raise ValueError(f"critical lies before warning, seen from the good side (direction is {self.direction})")

    @property
    def shown(self) -> str:
        return self.title or self.name


class SignalsSettings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which signals are watched. One more is one more table [[signals.rules]]."""

    window: Annotated[
        str,
        about(
            "the stretch of time that rates are taken over ($window)", "such as 5m or 30s", pattern="^[1-9][0-9]*[smh]$"
        ),
    ] = "5m"
    defaults: Annotated[bool, about("ask the bundled rules too", "true or false")] = True
    rules: Annotated[
        tuple[SignalRule, ...],
        about(
            "further rules; one with the name of a bundled rule takes its place",
            "tables [[signals.rules]] with name and promql",
            max_length=100,
        ),
    ] = ()


_NAME_FORM: Final = r"^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)?$"


class GpuSettings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How the use of GPUs is found out: from the metrics of dcgm-exporter, and where or while there are none by
    `nvidia-smi` in a pod of each node that has GPUs. The latter takes the right to run commands in these pods
    (sources/kubernetes/gpu-exec-role.yaml) and is off until its namespace is named."""

    selector: Annotated[
        str,
        about("further label matchers for the metrics of dcgm-exporter", 'such as cluster="prod"', max_length=300),
    ] = ""
    exec_namespace: Annotated[
        str,
        about(
            "the namespace of the pods in which nvidia-smi may be run; empty: in none",
            "the name of a namespace, such as gpu-operator",
            pattern=_NAME_FORM,
        ),
    ] = ""
    # Selector and container are those of the device plugin of NVIDIA's operator. A plugin from its own chart has
    # app.kubernetes.io/name=nvidia-device-plugin and nvidia-device-plugin-ctr.
    exec_selector: Annotated[
        str,
        about(
            "which pods those are, one on each node that has GPUs",
            "labels such as app=nvidia-driver-daemonset",
            pattern=r"^[^=!,\s]+=[^=!,\s]*(,[^=!,\s]+=[^=!,\s]*)*$",
            max_length=300,
        ),
    ] = "app=nvidia-device-plugin-daemonset"
    exec_container: Annotated[
        str,
        about(
            "the container in them that has nvidia-smi; empty: the pod's default",
            "the name of a container, such as nvidia-driver-ctr",
            pattern=_NAME_FORM,
        ),
    ] = "nvidia-device-plugin"

    @property
    def runs_commands(self) -> bool:
        return bool(self.exec_namespace)


_VLLM_TIME: Final = 'sum by (le, model_name) (rate({__name__=~"vllm[:_]e2e_request_latency_seconds_bucket"}[$window]))'


class InferenceSettings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is asked about inference services; each answer's labels name the model. Defaults: vLLM and Triton."""

    queue: Annotated[str, _promql("requests that wait")] = (
        'sum by (model_name, model) ({__name__=~"vllm[:_]num_requests_waiting|nv_inference_pending_request_count"})'
    )
    latency: Annotated[str, _promql("latency, 95th percentile, in seconds")] = f"histogram_quantile(0.95, {_VLLM_TIME})"
    latency_mean: Annotated[str, _promql("mean latency in seconds, where no percentile is known")] = (
        "sum by (model) (rate(nv_inference_request_duration_us[$window]))"
        " / sum by (model) (rate(nv_inference_request_success[$window])) / 1e6"
    )
    batch: Annotated[str, _promql("requests that are worked on together")] = (
        'sum by (model_name) ({__name__=~"vllm[:_]num_requests_running"})'
        " or sum by (model) (rate(nv_inference_count[$window]))"
        " / sum by (model) (rate(nv_inference_exec_count[$window]))"
    )
    cache: Annotated[str, _promql("share of the key-value cache in use")] = (
        'max by (model_name) ({__name__=~"vllm[:_](kv|gpu)_cache_usage_perc"})'
    )
    queue_limit: Annotated[
        float, about("a queue that grows beyond this is trouble", "a number from 1 to 1000000", ge=1, le=1_000_000)
    ] = 10.0
    latency_limit: Annotated[
        float, about("a latency beyond this is trouble, in seconds", "a number from 0.001 to 3600", ge=0.001, le=3600)
    ] = 5.0
