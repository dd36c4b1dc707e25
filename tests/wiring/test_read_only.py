"""Who only looks, or only writes the record, changes nothing: there is nothing that could, and no server is asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rig.systems.redis import Redis
from tests.session.acting_place import Machine
from tests.sources.fault_proxy import FaultProxy
from wfconsole import exit_codes
from wfconsole.cli import main

# A console as its command makes it, without the screen; whatever a screen could ask of it is asked.
PROGRAM = """
import json, os, sys, threading
from pathlib import Path
from wfconsole.cli import _parser
from wfconsole.wiring.ground import ground
words = sys.argv[1:]
arguments = _parser(words).parse_args(words)
base = ground(arguments)
if arguments.command == "replay":
    from wfconsole.wiring.replay import replay_console
    console = replay_console(base, arguments)
else:
    from wfconsole.wiring.live import LiveParts
    theirs, ours = os.pipe()
    parts = LiveParts(base, source=theirs, recording=False)
    console = parts.console(eager=True, incident=getattr(arguments, "incident", None) or "")
console.start()
for _ in range(600):
    if "starting" not in console.acts.refusal():
        break
    threading.Event().wait(0.01)
from wfconsole.incident.plan import Aim, Request
from wfconsole.session.acts import Confirmation
receipt = console.acts.plan(Request("end-user-sessions", Aim("user sessions", "eve"), {"user": "eve"}))
threading.Event().wait(0.3)
told = {
    "refusal": console.acts.refusal(),
    "hands": console.hands.refusal(),
    "confirmed": console.acts.confirm(receipt, Confirmation()),
    "acts": len(console.acts.show()),
    "arm": console.capabilities.change and "arm" not in console.capabilities.refusals,
    "loaded": [name for name in sys.modules if name.startswith(("wfconsole.session.act_", "wfconsole.actions"))],
    "children": [
        (path.parent / "cmdline").read_text()
        for path in Path("/proc").glob("[0-9]*/stat")
        if path.exists() and path.read_text().rpartition(")")[2].split()[1] == str(os.getpid())
    ],
}
console.close("end")
print(json.dumps(told))
"""


@pytest.fixture
def machine(redis: Redis, tmp_path: Path) -> Machine:
    made = Machine(tmp_path, redis)
    made.log_in("eve")
    return made


MODES = {
    "read-only": ("resume", "--read-only"),
    "observer": ("resume", "--observer"),
    "switched off": ("resume",),
    "replay": ("replay", "service-outage"),
    "armed": ("resume",),
}


@pytest.mark.parametrize("mode", MODES)
def test_nothing_acts_where_nothing_may(machine: Machine, mode: str) -> None:
    with FaultProxy(machine.redis.port) as proxy:
        text = machine.config.read_text().replace(f"port = {machine.redis.port}", f"port = {proxy.port}")
        if mode == "switched off":
            text += "\n[actions]\nenabled = false\n"
        machine.config.write_text(text)
        where = ["INC-20260301-1420"] if MODES[mode][0] == "resume" else []
        words = [MODES[mode][0], *where, *MODES[mode][1:], "--config", str(machine.config)]
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, *words],
            env={**os.environ, **machine.environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        asked = len(proxy.asked)
    told = json.loads(done.stdout)
    if mode == "armed":  # or this test would find nothing anywhere
        assert (told["acts"], told["arm"], told["refusal"]) == (1, True, "")
        assert "wfconsole.session.act_process" in told["loaded"]
        assert len(told["children"]) == 1
        return
    assert told["refusal"]
    assert told["hands"]
    assert (told["acts"], told["arm"], told["loaded"], told["children"], asked) == (0, False, [], [], 0)
    assert machine.left("eve") == 3


def test_act_does_nothing_where_actions_are_switched_off(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in machine.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("WFCONSOLE_ACTIONS_ENABLED", "false")
    assert main(machine.words("eve", "--word", "eve")) == exit_codes.CONFIGURATION
    assert "actions.enabled" in capsys.readouterr().err
    assert (machine.left("eve"), machine.intended()) == (3, [])
