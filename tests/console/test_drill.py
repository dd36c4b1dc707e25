"""`wfconsole drill` as whoever practises sees it."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

from tests.console.desk import Desk, declare
from tests.drills.recorded import RESTART, Script, a_plan


def scenario(folder: Path) -> Path:
    script = Script().pod(0, "gateway-1", keyframe=True).act("r1", 1, a_plan(RESTART))
    script.write(folder / "scenario" / "recording.jsonl", 5)
    text = 'title = "A bad rollout"\npractise = "this"\nseverity = 1\n'
    (folder / "scenario" / "scenario.toml").write_text(text)
    return folder / "scenario"


def test_a_drill_says_on_every_screen_that_it_is_one_and_how_it_went_at_its_end(desk: Desk, tmp_path: Path) -> None:
    with desk.drill(scenario(tmp_path)) as console:
        console.wait_for(re.compile("► DRILL +NO INCIDENT"))
        console.wait_for("1/1 ready")
        assert "LIVE" not in console.text
        declare(console, "the gateway is down")
        console.wait_for(re.compile("► DRILL +SEV-"))
        console.send(" ")
        console.wait_for(re.compile("FROZEN.* DRILL "))
        console.press("\\")
        console.wait_for("► DRILL")
        console.press("Q")
        console.wait_for("The drill ends, and how it went is told.")
        console.press("down", "enter")
        assert console.wait_exit() == 0
        told = console.text
    assert "DRILL A bad rollout: 40 of 100 points" in told
    assert re.search(r"20/20 +severity +SEV1", told)
    assert re.search(r"0/20 +it helped +nothing was done", told)
    assert not desk.incidents.exists(), "no drill is taken for an incident"


def test_what_cannot_be_practised_is_told_without_a_screen(desk: Desk, tmp_path: Path) -> None:
    path = Script().pod(0, "gateway-1", keyframe=True).write(tmp_path / "watched.jsonl", 5)
    with desk.drill(path) as console:
        assert console.wait_exit() == 5
        assert "nobody acted in" in console.text


def test_whoever_is_cut_off_is_not_sent_to_resume(desk: Desk, tmp_path: Path) -> None:
    with desk.drill(scenario(tmp_path)) as console:
        console.wait_for("1/1 ready")
        (screen,) = Path(f"/proc/{console.pid}/task/{console.pid}/children").read_text().split()
        os.kill(int(screen), signal.SIGKILL)
        assert console.wait_exit() == 128 + signal.SIGKILL
        assert "it cannot be resumed" in " ".join(console.text.split())
        assert "wfconsole resume" not in console.text
