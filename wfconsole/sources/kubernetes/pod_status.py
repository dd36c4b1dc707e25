"""The words of `kubectl get pods`: STATUS, READY and RESTARTS, by the rules of kubectl's own printer.

Source of the rules: kubernetes, pkg/printers/internalversion/printers.go, `printPod` (read at 1.34; the tests compare
with what a real server prints). CrashLoopBackOff and the like are no phases: they hide in the containers' states.
"""

from __future__ import annotations

from wfconsole.sources.kubernetes.payloads import ContainerState, ContainerStatus, Pod, PodStatus, Terminated

_NO_STATE = ContainerState()


def printed(pod: Pod) -> tuple[str, int, int, int]:
    """STATUS, ready containers, all containers, restarts."""
    status = pod.status
    restartable = sidecars(pod)
    total = len(pod.spec.containers or ()) + len(restartable)
    word = status.reason or status.phase
    for condition in status.conditions or ():
        if condition.type == "PodScheduled" and condition.reason == "SchedulingGated":
            word = "SchedulingGated"
    init_word, ready, restarts, sidecar_restarts = _init(pod, restartable)
    if init_word is None or _true(status, "Initialized"):
        word, more_ready, restarts = _main(status, word if init_word is None else init_word)
        ready += more_ready
        restarts += sidecar_restarts
    else:
        word = init_word
    if pod.metadata.deletion_timestamp is not None:
        if status.reason == "NodeLost":
            word = "Unknown"
        elif status.phase not in ("Succeeded", "Failed"):
            word = "Terminating"
    return word, ready, total, restarts


def sidecars(pod: Pod) -> frozenset[str]:
    """Names of the init containers that go on running."""
    boxes = pod.spec.init_containers
    return frozenset(box.name for box in boxes if box.restart_policy == "Always") if boxes else frozenset()


def _init(pod: Pod, restartable: frozenset[str]) -> tuple[str | None, int, int, int]:
    """The word while init containers are at work (None when they are done), ready sidecars, restarts of all init
    containers so far and of the sidecars among them."""
    ready = restarts = of_sidecars = 0
    for index, box in enumerate(pod.status.init_container_statuses or ()):
        restarts += box.restart_count
        sidecar = box.name in restartable
        if sidecar:
            of_sidecars += box.restart_count
        state = box.state or _NO_STATE
        if state.terminated is not None and state.terminated.exit_code == 0:
            continue
        if sidecar and box.started:
            ready += box.ready
            continue
        return _init_word(pod, index, state), ready, restarts, of_sidecars
    return None, ready, restarts, of_sidecars


def _init_word(pod: Pod, index: int, state: ContainerState) -> str:
    if state.terminated is not None:
        return f"Init:{_ended(state.terminated)}"
    if state.waiting is not None and state.waiting.reason not in ("", "PodInitializing"):
        return f"Init:{state.waiting.reason}"
    return f"Init:{index}/{len(pod.spec.init_containers or ())}"


def _main(status: PodStatus, word: str) -> tuple[str, int, int]:
    """The word that the main containers lead to (the first one decides), how many are ready, and their restarts."""
    ready = restarts = 0
    running = False
    for box in reversed(status.container_statuses or ()):
        restarts += box.restart_count
        state = box.state or _NO_STATE
        if state.waiting is not None and state.waiting.reason:
            word = state.waiting.reason
        elif state.terminated is not None:
            word = _ended(state.terminated)
        elif _ready(box, state):
            running = True
            ready += 1
    if word == "Completed" and running:
        word = "Running" if _true(status, "Ready") else "NotReady"
    return word, ready, restarts


def _ready(box: ContainerStatus, state: ContainerState) -> bool:
    return box.ready and state.running is not None


def _ended(ended: Terminated) -> str:
    if ended.reason:
        return ended.reason
    return f"Signal:{ended.signal}" if ended.signal else f"ExitCode:{ended.exit_code}"


def _true(status: PodStatus, kind: str) -> bool:
    return any(condition.type == kind and condition.status == "True" for condition in status.conditions or ())
