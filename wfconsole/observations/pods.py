"""Pods: the row, and what is wrong with one."""

from __future__ import annotations

import msgspec

from wfconsole.clock import Millis


class ContainerRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One container of a pod that needs a look. CPU in millicores, memory in bytes, 0 where nothing is set."""

    name: str
    image: str = ""
    init: bool = False
    ready: bool = False
    state: str = ""  # "running", "waiting" or "terminated"
    reason: str = ""  # of waiting or terminated: CrashLoopBackOff, ImagePullBackOff, OOMKilled, Error, ...
    message: str = ""
    restarts: int = 0
    exit_code: int | None = None
    last_reason: str = ""  # of the termination before this run
    last_exit_code: int | None = None
    last_finished_at: Millis = 0
    started_at: Millis = 0
    cpu_request: int = 0
    cpu_limit: int = 0
    memory_request: int = 0
    memory_limit: int = 0


class PodRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One pod, in only the fields that we use. Key: "namespace/name".

    `status` is the word that kubectl would print. `containers` is filled only where something is not as it should be:
    ten thousand healthy pods must stay small.
    """

    namespace: str
    name: str
    status: str = "Running"
    phase: str = "Running"
    ready: bool = True  # the Ready condition
    ready_since: Millis = 0  # last transition of the Ready condition; 0 when unknown
    ready_containers: int = 1
    all_containers: int = 1
    restarts: int = 0
    restarted_at: Millis = 0  # when the newest termination of any container ended
    node: str = ""
    created_at: Millis = 0
    deleting_since: Millis = 0
    owner_kind: str = ""  # the workload it belongs to, ReplicaSets resolved: Deployment, StatefulSet, DaemonSet, Job
    owner: str = ""
    revision: str = ""  # pod-template-hash or controller-revision-hash
    image: str = ""  # of the first container
    gpus: int = 0
    reason: str = ""  # why it is not well: worst container reason, unschedulable, evicted
    message: str = ""
    containers: tuple[ContainerRow, ...] = ()
