"""`wfconsole act`: what it prints, its exit codes, what it wants to hear, and what the record says afterwards."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from tests.guard.test_approvals import SOMEBODY, as_somebody, needs_root
from tests.journal.helpers import until
from tests.rig.systems.redis import Redis
from tests.session.acting_place import INCIDENT, Machine
from tests.session.crashing import gone
from wfconsole import exit_codes
from wfconsole.cli import main
from wfconsole.guard.approvals import PLACE
from wfconsole.incident.action_events import ActionEnded, ActionIntended, ActionsArmed, ActionsDisarmed, ActionVerified
from wfconsole.incident.plan import Plan
from wfconsole.reports.plan_text import plan_text

Told = Callable[..., tuple[int, str, str]]
ALL = ("act", "end-user-sessions", "user-sessions", "session:")


@pytest.fixture
def machine(redis: Redis, tmp_path: Path) -> Machine:
    return Machine(tmp_path, redis)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Told:
    """Runs the command here: its exit code, and what it has printed on both ways."""

    def run(machine: Machine, *words: str) -> tuple[int, str, str]:
        for name, value in machine.environment.items():
            monkeypatch.setenv(name, value)
        capsys.readouterr()
        code = main(words)
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return code, out, err

    return run


def steady(text: str) -> str:
    """Without what is another number each time."""
    return re.sub(r"\d+(\.\d+)? ms", "some ms", text)


def test_a_dry_run_shows_the_plan_and_does_nothing(machine: Machine, told: Told) -> None:
    machine.log_in("eve")
    before = machine.entries()
    code, text, _ = told(machine, *machine.words("eve", "--dry-run"))
    assert code == exit_codes.OK
    code, out, _ = told(machine, *machine.words("eve", "--dry-run", "--json"))
    assert code == exit_codes.OK
    shown = json.loads(out)
    plan = msgspec.convert(shown["plan"], Plan)
    assert steady(plan_text(plan)) == steady(text), "both are of the plan that the dialog draws"
    assert (shown["colour"], shown["overridable"], plan.word, plan.danger) == (plan.colour, True, "eve", "R2")
    assert (machine.left("eve"), machine.entries()) == (3, before)


def test_a_real_run_and_the_record_afterwards(machine: Machine, told: Told) -> None:
    machine.log_in("eve")
    code, out, err = told(machine, *machine.words("eve", "--word", "eve", "--reason", "it was stolen"))
    assert (code, machine.left("eve")) == (exit_codes.OK, 0), err
    assert "RESULT   done: 3 sessions ended" in out
    assert "VERDICT  WORKED" in out
    events = [each.event for each in machine.entries()]
    kinds = (ActionsArmed, ActionIntended, ActionEnded, ActionVerified, ActionsDisarmed)
    assert tuple(type(each) for each in events if isinstance(each, kinds)) == kinds
    (intended,) = [each for each in events if isinstance(each, ActionIntended)]
    assert (intended.action, intended.reason) == ("end-user-sessions", "it was stolen")
    code, out, _ = told(machine, *machine.words("eve", "--word", "eve", "--json"))
    assert code == exit_codes.ACTION, "there is nobody to end any more"


def test_json_of_a_real_run(machine: Machine, told: Told) -> None:
    machine.log_in("eve")
    code, out, _ = told(machine, *machine.words("eve", "--word", "eve", "--json"))
    done = json.loads(out)
    assert (code, done["result"], done["verdict"]) == (exit_codes.OK, "done", "WORKED")
    assert machine.intended() == [done["receipt"]]


def test_what_is_not_said_is_not_done(machine: Machine, told: Told, tmp_path: Path) -> None:
    machine.log_in("eve")
    for words, expected, words_of in (
        ((), exit_codes.ACTION, "to run it, add --word 'eve'"),
        (("--yes",), exit_codes.ACTION, "to run it, add --word 'eve'"),
        (("--word", "Eve"), exit_codes.ACTION, "to run it, add --word 'eve'"),
        (("--word", ""), exit_codes.ACTION, "to run it, add --word 'eve'"),
        (("--word", "eve", "--operator", "bob"), exit_codes.INCIDENT, "only the commander arms: that is ada"),
        (("--word", "eve", "--incident", "INC-0"), exit_codes.INCIDENT, "no incident 'INC-0'"),
    ):
        code, _, err = told(machine, *machine.words("eve", *words))
        assert (code, words_of in " ".join(err.split())) == (expected, True), err
    bare = tmp_path / "bare"
    bare.mkdir()
    machine.state = bare
    code, _, err = told(machine, *machine.words("eve", "--word", "eve"))
    assert (code, "there are no incidents on this machine" in err) == (exit_codes.INCIDENT, True)
    assert machine.left("eve") == 3


def test_what_makes_no_sense_is_said(machine: Machine, told: Told) -> None:
    for words, expected in (
        (("end-everything", "user-sessions", "eve"), "there is no action 'end-everything'"),
        (("end-user-sessions", "pod", "eve", "user=eve"), "pod"),
        (("end-user-sessions", "user-sessions", "eve", "user"), "'user' is no KEY=VALUE"),
        (("end-user-sessions", "user-sessions", "x\x1b]52;c;eA==\x07", "user=eve"), "it has characters that no name"),
        (("end-user-sessions", "user-sessions", "e" * 9000, "user=eve"), "9000 characters: at most 512"),
    ):
        code, out, err = told(machine, "act", *words, "--dry-run", "--config", str(machine.config))
        assert (code in (exit_codes.ACTION, exit_codes.USAGE), expected in err) == (True, True), err
        assert "\x1b" not in out + err
        assert len(err) < 2000


def test_what_is_refused_needs_its_own_words(redis: Redis, tmp_path: Path, told: Told) -> None:
    machine = Machine(tmp_path, redis, severity="SEV1", acting_user="wf_flush")
    machine.log_in("eve")
    flush = ("act", "flush-database", "cache", "database", "--config", str(machine.config))
    code, out, _ = told(machine, *flush, "--dry-run")
    assert (code, "CHECKS   REFUSE" in out) == (exit_codes.ACTION, True)
    word = ("--word", f"flush 127.0.0.1:{redis.port}/0")
    alone = ("--alone", "nobody else is awake")
    for more, expected in (
        (alone, "refused, unless you say why"),
        ((*alone, "--override", "all of it is theirs"), "needs a reason"),
    ):
        code, _, err = told(machine, *flush, *word, *more)
        assert (code, expected in err) == (exit_codes.ACTION, True), err
    assert machine.left("eve") == 3
    why = ("--override", "all of it is theirs", "--reason", "the attacker is in")
    code, out, err = told(machine, *flush, *word, *alone, *why)
    assert (code, machine.left("eve")) == (exit_codes.OK, 0), err + out
    (intended,) = [each.event for each in machine.entries() if isinstance(each.event, ActionIntended)]
    assert (intended.override, intended.reason, intended.break_glass, intended.approved_by) == (
        "all of it is theirs",
        "the attacker is in",
        "nobody else is awake",
        "",
    )


def test_nobody_is_alone_outside_of_a_sev1(machine: Machine, told: Told) -> None:
    words = (*ALL, "--config", str(machine.config), "--word", "session:", "--reason", "stolen", "--alone", "asleep")
    code, _, err = told(machine, *words)
    assert (code, "only in a SEV1" in err) == (exit_codes.ACTION, True), err


@needs_root
def test_a_second_person_says_yes_in_a_login_of_their_own(machine: Machine) -> None:
    machine.log_in("eve")
    words = (*ALL, "--config", str(machine.config), "--word", "session:", "--reason", "stolen")
    command = [sys.executable, "-m", "wfconsole", *words]
    environment = {**os.environ, **machine.environment}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as act:
        assert act.stderr is not None
        line = act.stderr.readline()
        code = line.rpartition(" ")[2].strip()
        assert (machine.left("eve"), line[:6]) == (3, "SECOND")
        assert as_somebody(PLACE, code, "session:").startswith("approved as nobody")
        out, err = act.communicate(timeout=60)
    assert (act.returncode, machine.left("eve")) == (exit_codes.OK, 0), out + err
    (intended,) = [each.event for each in machine.entries() if isinstance(each.event, ActionIntended)]
    assert intended.approved_by.startswith(f"nobody (uid {SOMEBODY.pw_uid}")
    assert intended.reason == "stolen"


def test_ctrl_c_ends_no_change_in_the_middle(machine: Machine) -> None:
    machine.log_in("eve", 3000)
    console = machine.act("eve", "--word", "eve")
    until(lambda: machine.left("eve") < 3000, "the change has begun")
    acting = console.acting
    console.interrupt()
    assert console.end() in (128 + 2, exit_codes.OK)
    until(lambda: all(map(gone, acting)), "what acts has ended by itself")
    assert (machine.left("eve"), len(machine.intended())) == (0, 1)
    assert "Traceback" not in console.printed


def test_whoever_stops_reading_stops_nothing(machine: Machine) -> None:
    machine.log_in("eve")
    command = [sys.executable, "-m", "wfconsole", *machine.words("eve", "--word", "eve")]
    environment = {**os.environ, **machine.environment}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE) as act:
        assert act.stdout is not None
        act.stdout.close()
        assert act.stderr is not None
        err = act.stderr.read()
    assert (act.returncode, machine.left("eve"), err) == (exit_codes.OK, 0, b"")
    assert [result for _, result in machine.ended()] == ["done"]
    assert (machine.state / "incidents" / INCIDENT).is_dir()
