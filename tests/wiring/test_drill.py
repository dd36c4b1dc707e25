"""A drill from the command line's words to its score: the console's own rules, over a world that was recorded."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.drills.recorded import RESTART, ROLL_BACK, Script, a_plan
from tests.sources.api_double import until
from wfconsole import exit_codes
from wfconsole.clock import MINUTE, SystemClock
from wfconsole.config.locations import find_locations
from wfconsole.config.settings import JournalSettings, Settings
from wfconsole.errors import UserError
from wfconsole.incident.action_events import ActionsArmed
from wfconsole.incident.events import Declared, Noticed
from wfconsole.incident.plan import Request
from wfconsole.session.acts import Act, Confirmation
from wfconsole.session.followers import LastIncidentFollower
from wfconsole.session.journaling import read_entries
from wfconsole.wiring.drill import Drill
from wfconsole.wiring.ground import Ground

SCRIPT = (
    Script()
    .pod(0, "gateway-1", keyframe=True)
    .act("r1", 1, a_plan(RESTART), verdict="NO EFFECT")
    .act("r2", 3, a_plan())
    .pod(3.3, "gateway-good")
)


def ground(folder: Path) -> Ground:
    environment = {"WFCONSOLE_STATE_DIR": str(folder / "state"), "WFCONSOLE_CONFIG": str(folder / "config.toml")}
    return Ground(Settings(), find_locations(environment), SystemClock(), "op1")


def scenario(folder: Path) -> Path:
    place = folder / "scenario"
    SCRIPT.write(place / "recording.jsonl", 5)
    (place / "scenario.toml").write_text('title = "A bad rollout"\npractise = "this"\nseverity = 2\n')
    return place


@pytest.fixture
def drill(tmp_path: Path) -> Iterator[Drill]:
    practice = Drill(ground(tmp_path), str(scenario(tmp_path)))
    practice.console.start()
    until(lambda: not practice.console.acts.refusal(), "something can act")
    until(lambda: practice.console.view().world.snapshots.get("pods"), "the world is on show")
    yield practice
    practice.console.close("quit")


def the_act(drill: Drill, receipt: str) -> Act:
    return next(each for each in drill.console.acts.show() if each.receipt == receipt)


def planned(drill: Drill, request: Request) -> str:
    receipt = drill.console.acts.plan(request)
    until(lambda: the_act(drill, receipt).stage == "planned", "a plan")
    return receipt


def armed(drill: Drill) -> None:
    drill.console.submit(Declared("", "the gateway is down", "SEV2", "op1"))
    drill.console.submit(ActionsArmed(drill.console.now() + 10 * MINUTE))


def done(drill: Drill, request: Request) -> Act:
    receipt = planned(drill, request)
    assert drill.console.acts.confirm(receipt, Confirmation()) == ""
    until(lambda: the_act(drill, receipt).stage == "over", "its end")
    return the_act(drill, receipt)


def test_the_whole_life_of_an_action_is_lived_in_a_drill(drill: Drill, tmp_path: Path) -> None:
    armed(drill)
    act = done(drill, RESTART)
    assert act.verdict is not None
    assert act.verdict.word == "NO EFFECT"
    act = done(drill, ROLL_BACK)
    assert act.verdict is not None
    assert act.verdict.word == "WORKED"
    until(lambda: "shop/gateway-good" in drill.console.view().world.snapshots["pods"].rows, "the world after it")
    receipts = drill.console.view().incident.receipts.values()
    assert [(each.result, each.verdict) for each in receipts] == [("done", "NO EFFECT"), ("done", "WORKED")]
    told = drill.score()
    assert "DRILL A bad rollout: 70 of 100 points" in told
    assert "restart it: NO EFFECT" in told
    (folder,) = (tmp_path / "state" / "drills" / "incidents").iterdir()
    until(lambda: not drill.console.view().pending, "all of it is on disk")
    kinds = [type(each.event).__name__ for each in read_entries(folder)[0] if not isinstance(each.event, Noticed)]
    life = ["EvidenceKept", "ActionIntended", "ActionEnded", "ActionVerified"]
    assert kinds == ["Declared", "ActionsArmed", *life, *life]
    assert not (tmp_path / "state" / "incidents").exists(), "a drill is no incident"


def test_the_places_of_real_journals_are_left_alone(tmp_path: Path) -> None:
    base = ground(tmp_path)
    journal = JournalSettings(directory=str(tmp_path / "real"), fallbacks=(str(tmp_path / "fallback"),))
    settings = msgspec.structs.replace(base.settings, journal=journal)
    practice = Drill(msgspec.structs.replace(base, settings=settings), str(scenario(tmp_path)))
    practice.console.start()
    practice.console.submit(Declared("", "the gateway is down", "SEV2", "op1"))
    until(lambda: not practice.console.view().pending, "it is on disk")
    practice.console.close("quit")
    assert not (tmp_path / "real").exists()
    assert not (tmp_path / "fallback").exists()
    assert list((tmp_path / "state" / "drills" / "incidents").iterdir())


def test_nothing_is_done_in_a_drill_either_while_it_is_not_armed(drill: Drill) -> None:
    drill.console.submit(Declared("", "the gateway is down", "SEV2", "op1"))
    receipt = planned(drill, ROLL_BACK)
    assert "arm" in drill.console.acts.confirm(receipt, Confirmation())
    assert the_act(drill, receipt).stage == "planned"


def test_the_screen_is_told_that_it_is_a_drill(drill: Drill) -> None:
    shown = drill.console.transport.show()
    assert (shown.mode, shown.word) == ("live", "DRILL")
    assert drill.console.environment == "DRILL"
    assert drill.console.capabilities.change
    assert "a drill" in drill.console.capabilities.refusals["run-command"]
    assert drill.console.hands.refusal()
    assert drill.console.sinks() == (), "nobody is paged, and nothing is posted"


def test_it_can_be_looked_back_at(drill: Drill) -> None:
    until(lambda: drill.console.view().recording.size, "something is recorded")
    begins = drill.console.transport.show().start
    until(lambda: drill.console.transport.show().end > begins + 2_000, "some time has passed")
    drill.console.transport.seek(begins)
    until(lambda: drill.console.transport.show().mode == "back", "it looks back")
    assert drill.console.transport.show().word == "BACK"


def test_where_nobody_acted_there_is_nothing_to_practise(tmp_path: Path) -> None:
    path = Script().pod(0, "gateway-1", keyframe=True).write(tmp_path / "watched.jsonl", 5)
    with pytest.raises(UserError, match=r"nobody acted in .*wfconsole replay") as error:
        Drill(ground(tmp_path), str(path))
    assert error.value.code == exit_codes.RECORDING


def test_a_branch_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    place = scenario(tmp_path)
    (place / "branches").mkdir()
    (place / "branches" / "bad.jsonl").write_text("{}\n")
    with pytest.raises(UserError, match=r"branches/bad\.jsonl"):
        Drill(ground(tmp_path), str(place))


def test_a_scenario_that_says_nonsense_of_itself_is_told(tmp_path: Path) -> None:
    place = scenario(tmp_path)
    (place / "scenario.toml").write_text("severity = 9\n")
    with pytest.raises(UserError, match="severity is 9, it must be 1 to 4") as error:
        Drill(ground(tmp_path), str(place))
    assert error.value.code == exit_codes.RECORDING


def test_a_recording_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no recording 'nowhere'; there are: "):
        Drill(ground(tmp_path), "nowhere")


PROGRAM = """
import json, os, sys, threading
from pathlib import Path
from wfconsole.wiring.ground import ground
from wfconsole.cli import _parser
from wfconsole.wiring.drill import Drill
from wfconsole.incident.plan import Aim, Request
words = ["drill", sys.argv[1]]
drill = Drill(ground(_parser(words).parse_args(words)), sys.argv[1])
drill.console.start()
def until(holds):
    for _ in range(1000):
        if holds():
            return
        threading.Event().wait(0.01)
    raise AssertionError("not within 10 s")
until(lambda: not drill.console.acts.refusal())
drill.console.acts.plan(Request("roll-back", Aim("deployment", "gateway", "shop")))
until(lambda: drill.console.acts.show()[0].stage == "planned")
told = {
    "loaded": [name for name in sys.modules if name.startswith(("wfconsole.actions", "wfconsole.so", "kubernetes"))],
    "children": [
        path.parent.name
        for path in Path("/proc").glob("[0-9]*/stat")
        if path.exists() and path.read_text().rpartition(")")[2].split()[1] == str(os.getpid())
    ],
}
drill.console.close("quit")
print(json.dumps(told))
"""


def test_a_drill_has_no_process_that_acts_and_no_collector(tmp_path: Path) -> None:
    environment = {
        "WFCONSOLE_STATE_DIR": str(tmp_path / "state"),
        "XDG_CONFIG_HOME": str(tmp_path),
        "HOME": str(tmp_path),
        "PATH": "/usr/bin:/bin",
    }
    command = [sys.executable, "-c", PROGRAM, str(scenario(tmp_path))]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"loaded": [], "children": []}


def test_a_drill_looks_for_no_incident_that_was_before(drill: Drill) -> None:
    assert drill.console.view().last_incident is None
    assert LastIncidentFollower.__name__ not in {thread.name for thread in threading.enumerate()}
