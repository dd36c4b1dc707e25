"""Every kind of pod that an incident shows, as the spec and status that a kubelet or controller writes.

Used twice: against the words that we expect, and on a real API server against the words that its own printer gives.
"""

from __future__ import annotations

import copy
from typing import Any

THEN = "2026-03-01T10:00:00Z"
LATER = "2026-03-01T10:05:00Z"

Object = dict[str, Any]


def box(
    name: str = "app", *, ready: bool = False, restarts: int = 0, last: Object | None = None, **state: Any
) -> Object:
    """A container status; `state` is one of waiting=, running=, terminated=."""
    status = {
        "name": name,
        "image": "registry.example/app:1",
        "imageID": "sha256:1",
        "ready": ready,
        "restartCount": restarts,
        "state": state,
        "lastState": {"terminated": last} if last else {},
    }
    if "running" in state:
        status["started"] = True
    return status


RUNNING: Object = {"startedAt": THEN}
ENDED: Object = {"exitCode": 0, "reason": "Completed", "startedAt": THEN, "finishedAt": LATER}
CRASHED: Object = {"exitCode": 1, "reason": "Error", "startedAt": THEN, "finishedAt": LATER}
KILLED: Object = {"exitCode": 137, "reason": "OOMKilled", "startedAt": THEN, "finishedAt": LATER}
BACK_OFF: Object = {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container=app"}


def conditions(*, ready: bool = False, initialized: bool = True, scheduled: bool = True, **why: str) -> list[Object]:
    def one(kind: str, value: bool, **more: str) -> Object:
        return {"type": kind, "status": "True" if value else "False", "lastTransitionTime": LATER, **more}

    found = [one("Initialized", initialized), one("Ready", ready), one("ContainersReady", ready)]
    return [*found, one("PodScheduled", scheduled, **why)]


def status(phase: str, *boxes: Object, init: tuple[Object, ...] = (), **more: Any) -> Object:
    made: Object = {"phase": phase, "conditions": more.pop("conditions", None) or conditions(), **more}
    if boxes:
        made["containerStatuses"] = list(boxes)
    if init:
        made["initContainerStatuses"] = list(init)
    return made


def container(name: str = "app", **more: Any) -> Object:
    return {"name": name, "image": "registry.example/app:1", **more}


SIDECAR = container("proxy", restartPolicy="Always")
SETUP = container("setup")
WAITING_FOR_INIT = box(waiting={"reason": "PodInitializing"})


class Kind:
    """One kind of bad pod: what it is made of, and what its row must say."""

    def __init__(self, status: Object, word: str, ready: str, restarts: int = 0, **more: Any) -> None:
        self.status = status
        self.word, self.ready, self.restarts = word, ready, restarts
        self.spec: Object = more.pop("spec", {"containers": [container()]})
        self.deleted: bool = more.pop("deleted", False)
        self.reason: str = more.pop("reason", "")

    def pod(self, name: str, namespace: str = "production") -> Object:
        """The whole object, as the API would serve it."""
        meta: Object = {"name": name, "namespace": namespace, "uid": f"uid-{name}", "creationTimestamp": THEN}
        if self.deleted:
            meta |= {"deletionTimestamp": LATER, "deletionGracePeriodSeconds": 30}
        return {"metadata": meta, "spec": {"nodeName": "node-1", **copy.deepcopy(self.spec)}, "status": self.status}


WITH_SETUP: Object = {"containers": [container()], "initContainers": [SETUP]}
TWO: Object = {"containers": [container(), container("second")]}

KINDS: dict[str, Kind] = {
    "running and ready": Kind(
        status("Running", box(ready=True, running=RUNNING), conditions=conditions(ready=True)), "Running", "1/1"
    ),
    "running and never ready": Kind(status("Running", box(running=RUNNING)), "Running", "0/1"),
    "one of two ready": Kind(
        status("Running", box(ready=True, running=RUNNING), box("second", running=RUNNING)), "Running", "1/2", spec=TWO
    ),
    "crash loop": Kind(
        status("Running", box(restarts=7, last=CRASHED, waiting=BACK_OFF)),
        "CrashLoopBackOff", "0/1", 7, reason="CrashLoopBackOff",
    ),
    "crashed just now": Kind(status("Running", box(restarts=1, terminated=CRASHED)), "Error", "0/1", 1, reason="Error"),
    "out of memory": Kind(
        status("Running", box(restarts=2, terminated=KILLED)), "OOMKilled", "0/1", 2, reason="OOMKilled"
    ),
    "running again after out of memory": Kind(
        status("Running", box(ready=True, restarts=3, last=KILLED, running=RUNNING), conditions=conditions(ready=True)),
        "Running", "1/1", 3,
    ),
    "image cannot be pulled": Kind(
        status("Pending", box(waiting={"reason": "ImagePullBackOff", "message": "Back-off pulling image"})),
        "ImagePullBackOff", "0/1", reason="ImagePullBackOff",
    ),
    "image pull failed": Kind(
        status("Pending", box(waiting={"reason": "ErrImagePull"})), "ErrImagePull", "0/1", reason="ErrImagePull"
    ),
    "bad image name": Kind(
        status("Pending", box(waiting={"reason": "InvalidImageName"})),
        "InvalidImageName", "0/1", reason="InvalidImageName",
    ),
    "configuration missing": Kind(
        status("Pending", box(waiting={"reason": "CreateContainerConfigError", "message": 'secret "x" not found'})),
        "CreateContainerConfigError", "0/1", reason="CreateContainerConfigError",
    ),
    "cannot be created": Kind(
        status("Pending", box(waiting={"reason": "CreateContainerError"})),
        "CreateContainerError", "0/1", reason="CreateContainerError",
    ),
    "being created": Kind(
        status("Pending", box(waiting={"reason": "ContainerCreating"})),
        "ContainerCreating", "0/1", reason="ContainerCreating",
    ),
    "not scheduled": Kind(
        status("Pending", conditions=conditions(scheduled=False, reason="Unschedulable", message="0/5 nodes fit")),
        "Pending", "0/1", reason="Unschedulable",
    ),
    "held back by a gate": Kind(
        status("Pending", conditions=conditions(scheduled=False, reason="SchedulingGated", message="blocked")),
        "SchedulingGated", "0/1", reason="SchedulingGated",
    ),
    "evicted": Kind(
        status("Failed", reason="Evicted", message="The node was low on resource: memory."),
        "Evicted", "0/1", reason="Evicted",
    ),
    "evicted while it ran": Kind(
        status(
            "Failed", box(terminated={"exitCode": 137, "reason": "Error"}),
            reason="Evicted", message="The node was low on resource: memory. Threshold quantity: 100Mi.",
        ),
        "Error", "0/1", reason="Evicted",
    ),
    "out of cpu at admission": Kind(status("Failed", reason="OutOfcpu"), "OutOfcpu", "0/1", reason="OutOfcpu"),
    "failed": Kind(status("Failed", box(terminated=CRASHED)), "Error", "0/1", reason="Error"),
    "exit code without a reason": Kind(
        status("Failed", box(terminated={"exitCode": 3})), "ExitCode:3", "0/1", reason="ExitCode:3"
    ),
    "killed by a signal without a reason": Kind(
        status("Failed", box(terminated={"exitCode": 137, "signal": 9})), "Signal:9", "0/1", reason="ExitCode:137"
    ),
    "completed": Kind(status("Succeeded", box(terminated=ENDED)), "Completed", "0/1"),
    "one container completed, one runs": Kind(
        status("Running", box(terminated=ENDED), box("second", ready=True, running=RUNNING)),
        "NotReady", "1/2", spec=TWO,
    ),
    "first init container at work": Kind(
        status(
            "Pending", WAITING_FOR_INIT,
            init=(box("setup", running=RUNNING),), conditions=conditions(initialized=False),
        ),
        "Init:0/1", "0/1", spec=WITH_SETUP, reason="PodInitializing",
    ),
    "init container in a crash loop": Kind(
        status(
            "Pending", WAITING_FOR_INIT,
            init=(box("setup", restarts=4, last=CRASHED, waiting=BACK_OFF),), conditions=conditions(initialized=False),
        ),
        "Init:CrashLoopBackOff", "0/1", 4, spec=WITH_SETUP, reason="CrashLoopBackOff",
    ),
    "init container failed": Kind(
        status(
            "Pending", WAITING_FOR_INIT,
            init=(box("setup", terminated=CRASHED),), conditions=conditions(initialized=False),
        ),
        "Init:Error", "0/1", spec=WITH_SETUP, reason="Error",
    ),
    "init container ended with a code": Kind(
        status(
            "Pending", WAITING_FOR_INIT,
            init=(box("setup", terminated={"exitCode": 4}),), conditions=conditions(initialized=False),
        ),
        "Init:ExitCode:4", "0/1", spec=WITH_SETUP, reason="ExitCode:4",
    ),
    "init done, main being created": Kind(
        status("Pending", WAITING_FOR_INIT, init=(box("setup", ready=True, terminated=ENDED),)),
        "PodInitializing", "0/1", spec=WITH_SETUP, reason="PodInitializing",
    ),
    "sidecar and main ready": Kind(
        status(
            "Running", box(ready=True, running=RUNNING),
            init=(box("proxy", ready=True, restarts=2, running=RUNNING),), conditions=conditions(ready=True),
        ),
        "Running", "2/2", 2, spec={"containers": [container()], "initContainers": [SIDECAR]},
    ),
    "terminating": Kind(
        status("Running", box(ready=True, running=RUNNING), conditions=conditions(ready=True)),
        "Terminating", "1/1", deleted=True,
    ),
    "terminating on a lost node": Kind(
        status("Running", box(running=RUNNING), reason="NodeLost"), "Unknown", "0/1", deleted=True, reason="NodeLost"
    ),
}  # fmt: skip
