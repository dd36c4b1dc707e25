"""Hostile text in everything that a real API server takes: through the whole console to the terminal and into files."""

from __future__ import annotations

import datetime
import gzip
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rig import world as rig_world
from tests.rig.api import STRATEGIC, Object, path_of, wait_for
from tests.rig.fixtures import World
from tests.rig.stages import BULK_LABEL
from tests.terminal.counted import counted
from tests.terminal.hostile import HOSTILE, HOSTILE_BYTES, LENGTHS
from tests.terminal.probes import ROOT
from tests.terminal.pty import Terminal
from wfconsole.text import may_reach_terminal, safe

NAMESPACE = rig_world.NAMESPACE
POD, NODE, AUTOSCALER, WORKLOAD = "zq-pod", "zq-node", "zq-autoscaler", "zq-workload"
LOG_POD = path_of("v1", "Pod", POD, NAMESPACE)
FIRST = "\x1b[31m\u202e[@click=app.quit]OK"
REST = "\x1b]52;c;b3duZWQ=\x07\x1bP+q544e\x1b\\\x9b31m\x9d0;owned\x9c\x85\u2066\u2028\u200b\x00end"


def evil(place: str) -> str:
    """Everything at once, and where it was put."""
    return f"{place}[/]{FIRST}{REST.replace(chr(0), '')}"


def shown(place: str) -> str:
    """How the beginning of it must look."""
    return safe(f"{place}[/]{FIRST}")


def image(name: str) -> str:
    """An image's name may hold nearly anything; what follows the last slash is shown."""
    return f"registry.example/{name}{FIRST}:1"


class HostileObjects:
    """Objects whose every free text is hostile. kwok starts the pod and leaves it alone from there on."""

    def __init__(self, world: World, folder: Path) -> None:
        self.api = world.api
        self.now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.log = folder / "hostile.log"
        self._paths: list[str] = []

    def plant(self) -> None:
        self._node()
        self._pod()
        self._logs()
        self._event("zq-event", evil("zqreason"), evil("zqevent"))
        self._event("zq-long", "Zq" + "y" * 1000, evil("zqlong") + "x" * 10_000)
        self._event("zq-wide", "Zq", LENGTHS["long and wide"][:10_000])
        older = "2026-01-01T00:00:00Z"  # below the others
        for number, text in enumerate(HOSTILE.values()):
            self._event(f"zq-{number}", "Zq", text.encode("utf-8", "replace").decode()[:10_000], older)
        self._autoscaler()
        self._workload()

    def remove(self) -> None:
        for path in reversed(self._paths):
            self.api.request("DELETE", path, params={"gracePeriodSeconds": "0"})
        wait_for("the hostile pods gone", lambda: not self._pods())

    def roll_out(self) -> None:
        containers = [{"name": "gateway", "image": image("zqsecond")}]
        path = path_of("apps/v1", "Deployment", WORKLOAD, NAMESPACE)
        self.api.patch(path, {"spec": {"template": {"spec": {"containers": containers}}}}, STRATEGIC)

    def _pods(self) -> list[Object]:
        pods = self.api.items(path_of("v1", "Pod", namespace=NAMESPACE))
        return [pod for pod in pods if pod["metadata"]["name"].startswith("zq-")]

    def _create(self, item: Object) -> str:
        meta = item["metadata"]
        namespace = meta.get("namespace", "")
        self.api.create(path_of(item["apiVersion"], item["kind"], namespace=namespace), item)
        self._paths.append(path_of(item["apiVersion"], item["kind"], meta["name"], namespace))
        return self._paths[-1]

    def _meta(self, name: str, **more: object) -> Object:
        return {"name": name, "namespace": NAMESPACE, "annotations": {"about": evil("zqannotation")}, **more}

    def _node(self) -> None:
        node = rig_world.node(NODE, 4, 8, {})
        node["spec"] = {"taints": [{"key": "zq", "value": "1", "effect": "NoSchedule"}]}
        path = self._create(node)
        wait_for("kwok to play the node", lambda: self.api.get(path)["status"].get("conditions"))
        conditions = [
            {"type": kind, "status": "True", "reason": evil("zqwhy"), "message": evil("zqnode")}
            for kind in ("DiskPressure", evil("zqcondition"))
        ]
        self.api.patch(f"{path}/status", {"status": {"conditions": conditions}}, STRATEGIC)

    def _pod(self) -> None:
        spec = {"nodeName": NODE, "containers": [{"name": "gateway", "image": image("zqimage")}]}
        meta = self._meta(POD, labels={BULK_LABEL: "true"})
        path = self._create({"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec})
        wait_for("kwok to start the pod", lambda: self.api.get(path)["status"]["phase"] == "Running")
        ended = {"exitCode": 1, "reason": evil("zqended"), "message": evil("zqlast"), "finishedAt": self.now}
        box = {
            "name": "gateway",
            "image": image("zqimage"),
            "imageID": evil("zqid"),
            "ready": False,
            "restartCount": 4,
            "state": {"waiting": {"reason": evil("zqwaiting"), "message": evil("zqmessage") + "x" * 10_000}},
            "lastState": {"terminated": ended},
        }
        ready = {"type": "Ready", "status": "False", "reason": evil("zqready"), "message": evil("zqready")}
        self.api.patch(f"{path}/status", {"status": {"conditions": [ready], "containerStatuses": [box]}})

    def _logs(self) -> None:
        texts = [evil("zqlog").encode(), evil("zqbig").encode() + b"x" * 10_000, *HOSTILE_BYTES.values()]
        lines = (self.now.encode() + b" stdout F " + text.replace(b"\n", b"") + b"\n" for text in texts)
        self.log.write_bytes(b"".join(lines))
        logs = [{"containers": ["gateway"], "logsFile": str(self.log), "previousLogsFile": str(self.log)}]
        self._create(
            {
                "apiVersion": "kwok.x-k8s.io/v1alpha1",
                "kind": "Logs",
                "metadata": {"name": POD, "namespace": NAMESPACE},
                "spec": {"logs": logs},
            }
        )

    def _event(self, name: str, reason: str, message: str, at: str = "") -> None:
        about = {"apiVersion": "v1", "kind": "Pod", "name": POD, "namespace": NAMESPACE}
        when = {"firstTimestamp": at or self.now, "lastTimestamp": at or self.now, "count": 3, "type": "Warning"}
        source = {"component": evil("zqcomponent"), "host": evil("zqhost")}
        event = {"apiVersion": "v1", "kind": "Event", "metadata": self._meta(name), "involvedObject": about}
        self._create(event | when | {"reason": reason, "message": message, "source": source})

    def _autoscaler(self) -> None:
        # The controller itself repeats the name of what it cannot find.
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": evil("zqtarget").replace("/", "")}
        spec = {"minReplicas": 1, "maxReplicas": 3, "scaleTargetRef": target}
        meta = self._meta(AUTOSCALER)
        hpa = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": meta, "spec": spec}
        path = self._create(hpa)
        wait_for("the autoscaler's condition", lambda: self.api.get(path)["status"].get("conditions"))

    def _workload(self) -> None:
        labels = {"app": WORKLOAD}
        containers = [{"name": "gateway", "image": image("zqfirst")}]
        template = {"metadata": {"labels": labels}, "spec": {"schedulerName": "nobody", "containers": containers}}
        meta = self._meta(WORKLOAD)
        meta["annotations"]["kubernetes.io/change-cause"] = evil("zqcause")
        spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
        path = self._create({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": spec})
        wait_for("its replica set", lambda: self.api.get(path)["status"].get("updatedReplicas"))
        stalled = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
        status = {"conditions": [stalled | {"message": evil("zqstalled"), "lastUpdateTime": self.now}]}
        self.api.patch(f"{path}/status", {"status": status}, STRATEGIC)


@pytest.fixture
def objects(world: World, tmp_path: Path) -> Iterator[HostileObjects]:
    made = HostileObjects(world, tmp_path)
    try:
        made.plant()
        yield made
    finally:
        made.remove()


def live(world: World, home: Path, columns: int, rows: int) -> Terminal:
    kubeconfig = str(world.viewer.kubeconfig)
    command = counted(home / "hits", "live", "--kubeconfig", kubeconfig, "--operator", "op1")
    return Terminal(command, columns=columns, rows=rows, env=environment(home))


def environment(home: Path) -> dict[str, str]:
    intervals = {f"WFCONSOLE_INTERVALS_{name}": "1" for name in ("PODS", "WORKLOADS", "HPAS", "NODES", "EVENTS")}
    return {"HOME": str(home), "WFCONSOLE_STATE_DIR": str(home / "state"), "PYTHONPATH": str(ROOT)} | intervals


def click_every(terminal: Terminal, text: str) -> None:
    """Press the mouse on every place where the text stands."""
    for row, line in enumerate(terminal.lines):
        for found in re.finditer(re.escape(text), line):
            terminal.click(found.start() + 2, row)


def look_at_pods(terminal: Terminal) -> None:
    """The zoomed pane with each of its views, and the pod with its containers, events and logs."""
    terminal.press("3")
    terminal.wait_for("[unhealthy]")
    terminal.wait_for(shown("zqwaiting"))
    click_every(terminal, "[@click")
    for view in ("all", "workloads", "changes", "events"):
        terminal.press("v")
        terminal.wait_for(f"[{view}]")
    terminal.wait_for(shown("zqevent"))
    click_every(terminal, "[@click")


def look_at_pod(terminal: Terminal) -> None:
    for view in ("services", "ingress", "isolation", "unhealthy"):
        terminal.press("v")
        terminal.wait_for(f"[{view}]")
    terminal.press("home", "enter")
    for place in ("zqwaiting", "zqended", "zqmessage"):
        terminal.wait_for(shown(place))
    click_every(terminal, "[@click")
    terminal.wait_for("registry.example/zqimage")
    terminal.press("end")  # past 10,000 characters of a message
    terminal.wait_for(shown("zqlog"))
    click_every(terminal, "[@click")


def go_home(terminal: Terminal) -> None:
    terminal.press("0")
    terminal.wait_for("9 TIMELINE newest first")


def declare(terminal: Terminal) -> None:
    """An incident, and the checklist with it."""
    terminal.press("D")
    terminal.wait_for("DECLARE INCIDENT")
    terminal.send("zqtitle[/][@click=app.quit]")  # after what the console proposes, if it does
    terminal.press("enter", "enter", "enter", "enter")
    terminal.wait_for("SEV-")
    terminal.press("c")
    terminal.wait_for("First five minutes")


def leave(terminal: Terminal, home: Path) -> None:
    """Nothing that was shown or clicked has ended the console; now a person does. Every byte is harmless, and not
    because the net caught any."""
    assert terminal.running, terminal.text
    terminal.press("Q")
    terminal.wait_for("Stay")
    terminal.press("down", "enter")
    assert terminal.wait_exit() == 0
    assert terminal.forbidden_bytes() == []
    assert (home / "hits").read_text() == "0"


def look_around(terminal: Terminal) -> None:
    """Every other screen."""
    for key, words in (
        ("t", "9 TIMELINE "),
        ("e", "SOURCES"),
        ("p", "POST-MORTEM"),
        ("r", "REPLAYS"),
        ("i", "EVIDENCE"),
    ):
        go_home(terminal)
        terminal.press(key)
        terminal.wait_for(words)
        terminal.press("end", "home")
        click_every(terminal, "[@click")
    go_home(terminal)
    terminal.press("?")
    terminal.wait_for("HELP")
    terminal.press("0")
    terminal.wait_gone("HELP")


@pytest.mark.rig
def test_hostile_text_from_the_api_server_is_inert_and_visible_wherever_the_cluster_is_shown(
    world: World, objects: HostileObjects, tmp_path: Path
) -> None:
    with live(world, tmp_path, 200, 60) as terminal:
        terminal.wait_for("zq-pod")
        look_at_pods(terminal)
        look_at_pod(terminal)
        go_home(terminal)
        terminal.press("4")
        terminal.wait_for("[troubled]")
        terminal.press("end")
        terminal.wait_for(safe(f"zqtarget[]{FIRST}"))
        go_home(terminal)
        terminal.press("5")
        terminal.wait_for("[nodes]")
        terminal.press("home")
        terminal.wait_for(re.compile("why +DiskPressure"))
        click_every(terminal, "zq-node")
        go_home(terminal)
        leave(terminal, tmp_path)


@pytest.mark.rig
def test_hostile_text_is_inert_in_the_record_and_in_every_file(
    world: World, objects: HostileObjects, tmp_path: Path
) -> None:
    with live(world, tmp_path, 120, 40) as terminal:
        terminal.wait_for("zq-pod")
        declare(terminal)
        objects.roll_out()
        go_home(terminal)
        terminal.wait_for("zqsecond")
        look_around(terminal)
        leave(terminal, tmp_path)
    assert_files_are_inert(tmp_path)


def assert_files_are_inert(home: Path) -> None:
    """The journal, the recording and what is exported of them."""
    (home / "export").mkdir()
    command = [sys.executable, "-m", "wfconsole", "export", "--to", str(home / "export")]
    told = subprocess.run(command, check=False, env=environment(home), timeout=60, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    written = [path for folder in ("state", "export") for path in (home / folder).rglob("*") if path.is_file()]
    kinds = set()
    for path in written:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes().rstrip(b"\0")
        if b"zq" not in content:
            continue
        kinds.add(path.suffix)
        assert b"\\u001b" not in content, path
        for line in content.decode().splitlines():
            assert may_reach_terminal(line), (path, line[:200])
    assert {".md", ".jsonl", ".gz"} <= kinds, written
