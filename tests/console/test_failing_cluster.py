"""The console on a real cluster whose network or rights fail: what is wrong is said, and everything else lives on."""

from __future__ import annotations

import contextlib
import re
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.rig.api import Object, path_of
from tests.rig.cluster import write_kubeconfig
from tests.rig.fixtures import World
from tests.rig.objects import viewer_rights
from tests.rig.world import NAMESPACE
from tests.terminal.pty import Terminal

Fault = Callable[["Link"], None]


class Link:
    """One connection of the console, and the one behind it to the API server."""

    def __init__(self, near: socket.socket, far: socket.socket, over: threading.Event) -> None:
        self.near, self.far, self.over = near, far, over

    def cut(self) -> None:
        for end in (self.near, self.far):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def forward(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                target.sendall(data)
        self.cut()


def hang(link: Link) -> None:
    """Accepted, and never a byte."""
    link.over.wait()


def garbage(link: Link) -> None:
    """Bytes that are neither TLS nor HTTP."""
    link.near.sendall(bytes(range(256)) * 8)


def cut_off(link: Link) -> None:
    """Closed as soon as something was asked."""
    link.near.recv(1)


def drip(link: Link) -> None:
    """The API server's own answer, one byte in a while."""
    threading.Thread(target=link.forward, args=(link.near, link.far), daemon=True).start()
    while not link.over.wait(0.05) and (byte := link.far.recv(1)):
        link.near.sendall(byte)


class Network:
    """A port of loopback that leads to the API server, until it does not."""

    def __init__(self, target: str) -> None:
        host, _, port = target.removeprefix("https://").partition(":")
        self._target = (host, int(port))
        self._fault: Fault | None = None
        self._over = threading.Event()
        self._links: list[Link] = []
        self._listen(0)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def __enter__(self) -> Network:
        return self

    def __exit__(self, *_: object) -> None:
        self.refuse()

    def fail(self, fault: Fault) -> None:
        """From now on every connection meets this fault."""
        self._fault = fault
        self._cut_all()

    def refuse(self) -> None:
        """Nobody listens any more."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._cut_all()

    def mend(self) -> None:
        """From now on bytes pass."""
        self._fault = None
        self._cut_all()
        if self._listener.fileno() < 0:
            self._listen(self.port)

    def _cut_all(self) -> None:
        self._over.set()
        self._over = threading.Event()
        links, self._links = self._links, []
        for link in links:
            link.cut()

    def _listen(self, port: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", port), reuse_port=False)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        with near, contextlib.suppress(OSError), socket.create_connection(self._target) as far:
            link = Link(near, far, self._over)
            self._links.append(link)
            if self._fault is not None:
                self._fault(link)
                return
            back = threading.Thread(target=link.forward, args=(far, near), daemon=True)
            back.start()
            link.forward(near, far)
            back.join()


def live(kubeconfig: Path, home: Path) -> Terminal:
    """The console as its user starts it, looking every second, at nobody's configuration."""
    command = [sys.executable, "-m", "wfconsole", "live", "--kubeconfig", str(kubeconfig), "--operator", "op1"]
    intervals = {f"WFCONSOLE_INTERVALS_{name}": "1" for name in ("PODS", "WORKLOADS", "HPAS", "NODES", "EVENTS")}
    state = {"HOME": str(home), "WFCONSOLE_STATE_DIR": str(home / "state")}
    return Terminal(command, columns=120, rows=40, env=state | intervals)


def board(terminal: Terminal, pane: str) -> str:
    """The line of a pane on the board."""
    return next((line for line in terminal.lines if line.startswith(f" {pane}")), "")


def wait_line(terminal: Terminal, pane: str, wanted: str) -> None:
    terminal.wait_until(lambda: bool(re.search(wanted, board(terminal, pane))), f"{pane} to show {wanted!r}")


def family(pid: int) -> set[int]:
    """A process and everything that came from it."""
    found = {pid}
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found |= family(int(child))
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def network(world: World) -> Iterator[Network]:
    with Network(world.cluster.base_url) as between:
        yield between


@pytest.fixture
def console(world: World, network: Network, tmp_path: Path) -> Iterator[Terminal]:
    """The console, well and live on the world, through the network."""
    kubeconfig = tmp_path / "kubeconfig"
    viewer = world.viewer
    write_kubeconfig(kubeconfig, network.url, world.cluster.authority, viewer.user, viewer.token)
    with live(kubeconfig, tmp_path) as terminal:
        for pane in PANES:
            wait_line(terminal, pane, WELL)
        yield terminal


PANES = ("3 Pods", "4 HPA", "5 Nodes+GPU")
WELL = "· ok|[▲■◆] "

# What happens; what the pane says of it; its kind and remedy on the screen of sources.
FAULTS: dict[str, tuple[Callable[[Network], None], str, str, str]] = {
    "nobody listens": (Network.refuse, "refused", "refused", "Is the API server running"),
    "a server that hangs": (
        lambda network: network.fail(hang),
        "no answer within",
        "timeout",
        "The server or the way to it hangs",
    ),
    "a server that drips": (
        lambda network: network.fail(drip),
        "no answer within",
        "timeout",
        "The server or the way to it hangs",
    ),
    "a server that hangs up": (
        lambda network: network.fail(cut_off),
        "cut by the other side",
        "refused",
        "Is the API server restarting",
    ),
    "bytes that are no TLS": (
        lambda network: network.fail(garbage),
        "no TLS on this port",
        "bad-answer",
        "Is it an https port",
    ),
}


@pytest.mark.rig
@pytest.mark.parametrize("fault", FAULTS)
def test_a_cluster_that_fails_is_named_with_its_last_values_and_comes_back_by_itself(
    fault: str, console: Terminal, network: Network
) -> None:
    cause, words, kind, remedy = FAULTS[fault]
    cause(network)
    for pane in PANES:
        wait_line(console, pane, r"(! ERROR|≈ STALE) +\(.*\)")
    wait_line(console, "3 Pods", rf"\(\d+/\d+ ready\).*{words}")
    wait_line(console, "3 Pods", r"\(\d+/\d+ ready\).* ([2-9]|\d\d)s$")
    assert "all sources lost" in console.text
    console.press("e")
    console.wait_for(re.compile(rf"pods +(! ERROR|≈ STALE) .*{kind} x\d+"))
    console.wait_for(re.compile(r"since \d\d:\d\d:\d\dZ"))
    console.wait_for(re.compile(f"do +{re.escape(remedy)}"))
    console.press("0")
    network.mend()
    for pane in PANES:
        wait_line(console, pane, WELL)


@pytest.mark.rig
def test_keys_answer_and_quitting_leaves_nothing_behind_while_the_server_hangs(
    console: Terminal, network: Network, tmp_path: Path
) -> None:
    network.fail(hang)
    wait_line(console, "3 Pods", r"\(\d+/\d+ ready\).*no answer within")
    console.press("3")
    console.wait_for("[unhealthy]")
    console.press("?")
    console.wait_for("HELP")
    console.press("0")
    console.wait_gone("HELP")
    console.press("e")
    console.wait_for(re.compile("do +The server or the way to it hangs"))
    console.press("0")
    console.wait_for("9 TIMELINE")
    console.press("D")
    console.wait_for("DECLARE INCIDENT")
    console.send("cluster does not answer")
    console.press("enter", "enter", "enter", "enter")
    console.wait_for("SEV-")
    console.press("N")
    console.wait_for("NOTE ")
    console.send("the API hangs")
    console.press("enter")
    console.wait_for("op1: the API hangs")
    everybody = family(console.pid)
    assert len(everybody) > 1
    console.press("Q")
    console.wait_for("Stay")
    console.press("down", "enter")
    assert console.wait_exit() == 0
    assert console.restored
    console.wait_until(lambda: not any(map(alive, everybody)), "every process to be gone")
    (journal,) = (tmp_path / "state" / "incidents").glob("*/journal")
    assert any(b"the API hangs" in path.read_bytes() for path in journal.iterdir())


ACCOUNT = "console-without-nodes"


@pytest.fixture
def token_without_nodes(world: World) -> Iterator[str]:
    """Of an account with the viewer's rights, less those on nodes."""
    role, binding = viewer_rights(ACCOUNT)
    role["metadata"]["name"] = binding["roleRef"]["name"] = ACCOUNT
    for rule in role["rules"]:
        if "metrics.k8s.io" not in rule["apiGroups"]:
            rule["resources"] = [name for name in rule["resources"] if name != "nodes"]
    role["rules"] = [rule for rule in role["rules"] if rule["resources"]]
    binding["subjects"] = [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": NAMESPACE}]
    account: Object = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": ACCOUNT, "namespace": NAMESPACE},
    }
    world.api.apply(account, role, binding)
    request: Object = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    answer = world.api.create(path_of("v1", "ServiceAccount", ACCOUNT, NAMESPACE) + "/token", request)
    yield str(answer["status"]["token"])
    for made in (account, role, binding):
        meta = made["metadata"]
        world.api.delete(path_of(made["apiVersion"], made["kind"], meta["name"], meta.get("namespace", "")))


@pytest.mark.rig
def test_a_missing_right_is_denied_with_its_name_and_the_other_panes_live(
    world: World, token_without_nodes: str, tmp_path: Path
) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    write_kubeconfig(kubeconfig, world.cluster.base_url, world.cluster.authority, ACCOUNT, token_without_nodes)
    with live(kubeconfig, tmp_path) as terminal:
        wait_line(terminal, "5 Nodes+GPU", "× DENIED .*nodes")
        wait_line(terminal, "3 Pods", r"\d+/\d+ ready")
        wait_line(terminal, "4 HPA", "below max|BLIND")  # what it says depends on what was tested before
        terminal.press("e")
        terminal.wait_for("SOURCES")
        terminal.press("home", "down", "down", "down")
        terminal.wait_for(re.compile("do +.*nodes"))
