"""A collector that dies, hangs or cannot start: it is said at once, everything else lives on, and nothing is left."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path

import pytest

from tests.console.desk import Desk, collector_of, command_of, declare, kill, note, quit_by_key
from tests.journal.helpers import until
from tests.sources.api_double import ApiDouble

# Found by every Python that is started; only the collector minds it.
IN_THE_WAY = """
import os, sys, time
if "wfconsole.collector" in sys.orig_argv and os.path.exists({way!r}):
    exec(open({way!r}).read())
"""


@pytest.fixture
def way(desk: Desk, tmp_path: Path) -> Path:
    """What stands in the way of every collector that is started, as long as this file is there: its content is run."""
    way = tmp_path / "in-the-way.py"
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(IN_THE_WAY.format(way=str(way)))
    desk.environment["PYTHONPATH"] = f"{desk.environment['PYTHONPATH']}:{folder}"
    return way


def test_a_killed_collector_is_said_and_started_again_by_itself(watch: Desk) -> None:
    with watch.watching() as terminal:
        declare(terminal, "gateway is down")
        collector = collector_of(terminal)
        os.kill(collector, signal.SIGKILL)
        terminal.wait_for("the collector stopped: nothing new is seen")
        terminal.wait_until(lambda: collector_of(terminal) != collector, "another collector")
        terminal.wait_for(re.compile(r"3 Pods +■"))
        note(terminal, "the record goes on")
        terminal.press("e")
        terminal.wait_for("the collector was killed by SIGKILL")
        terminal.wait_for(re.compile(r"pods +· live"))
        assert quit_by_key(terminal) == 0
    assert watch.notes() == ["the record goes on"]


def test_with_nobody_to_look_at_the_last_that_was_seen_stays_in_brackets_with_its_age(
    watch: Desk, double: ApiDouble, way: Path
) -> None:
    with watch.watching() as terminal:
        terminal.wait_for(re.compile(r"5 Nodes\+GPU [^(]* ready"))
        way.write_text("sys.stderr.write('no memory left\\n'); os._exit(1)")
        os.kill(collector_of(terminal), signal.SIGKILL)
        terminal.wait_for(re.compile(r"5 Nodes\+GPU \S+ +\S* *\(.* ready.*\)"))
        terminal.press("e")
        terminal.wait_for("no memory left")
        terminal.wait_for(re.compile("stopped x[2-9]"))
        double.refuse()
        way.unlink()
        terminal.wait_for(re.compile(r"pods .*refused"))
        terminal.press("0")
        terminal.wait_for(re.compile(r"5 Nodes\+GPU \S+ +\S* *\(.* ready.*\)"))  # no collector ever forgets it
        double.listen_again()
        terminal.wait_for(re.compile(r"5 Nodes\+GPU [^(]* ready"))
        kill(terminal)


def test_the_next_collector_looks_at_the_pinned_context_whatever_is_the_current_one_by_now(
    watch: Desk, double: ApiDouble
) -> None:
    kubeconfig = Path(str(watch.environment["KUBECONFIG"]))
    config = json.loads(kubeconfig.read_text())
    with ApiDouble() as other, watch.watching() as terminal:
        terminal.wait_for(re.compile(r"3 Pods +■"))
        config["clusters"].append({"name": "other", "cluster": {"server": other.url}})
        config["contexts"].append({"name": "other", "context": {"cluster": "other", "user": "someone"}})
        kubeconfig.write_text(json.dumps(config | {"current-context": "other"}))
        asked = len(double.requests)
        os.kill(collector_of(terminal), signal.SIGKILL)
        terminal.wait_for("the collector stopped: nothing new is seen (over ")
        terminal.wait_for(re.compile(r"3 Pods +■"))
        assert any(request.path == "/api/v1/pods" for request in double.requests[asked:])
        assert not other.requests
        kill(terminal)


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("os.write(1, bytes(range(256)) * 9000); time.sleep(600)", "not our collector's stream"),
        ("raise ImportError('no such module')", "no such module"),
    ],
)
def test_a_collector_that_only_makes_noise_is_named_and_keys_work(watch: Desk, way: Path, what: str, said: str) -> None:
    way.write_text(f"try:\n  {what}\nexcept ImportError as e:\n  sys.stderr.write(str(e) + chr(10)); os._exit(1)")
    with watch.watching() as terminal:
        terminal.wait_for("NO INCIDENT")
        terminal.press("e")
        terminal.wait_for(said)
        way.unlink()
        terminal.wait_for(re.compile(r"pods +· live"))
        terminal.press("0")
        declare(terminal, "gateway is down")
        assert terminal.forbidden_bytes() == []
        kill(terminal)


@pytest.mark.parametrize(
    ("how", "state"), [("quit", "runs"), ("quit", "is stopped"), ("kill -9", "runs"), ("the line drops", "is stopped")]
)
def test_nothing_of_a_collector_is_left_when_the_console_ends(watch: Desk, how: str, state: str) -> None:
    with watch.watching() as terminal:
        terminal.wait_for("NO INCIDENT")
        collector = collector_of(terminal)
        if state == "is stopped":
            os.kill(collector, signal.SIGSTOP)
        if how == "quit":
            assert quit_by_key(terminal) == 0
        elif how == "kill -9":
            kill(terminal)
        else:
            terminal.hang_up()
            terminal.wait_exit(5)
    until(lambda: not command_of(collector), "the collector is gone")


def test_a_login_that_hangs_is_not_left_behind_either(watch: Desk, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    plugin = tmp_path / "plugin"
    plugin.write_text(f"#!/bin/sh\necho $$ >> {pids}\nsleep 600\n")
    plugin.chmod(0o700)
    path = Path(str(watch.environment["KUBECONFIG"]))
    config = json.loads(path.read_text())
    config["users"][0]["user"] = {
        "exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(plugin), "interactiveMode": "Never"}
    }
    path.write_text(json.dumps(config))
    with watch.watching() as terminal:
        terminal.wait_until(pids.exists, "the login")
        assert quit_by_key(terminal) == 0
    until(lambda: not any(map(command_of, map(int, pids.read_text().split()))), "the login is gone")
