"""Commands of the team's own runbook, as real processes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import msgspec
import pytest

from tests.actions.conftest import planned, ran
from tests.actions.process import Actor
from tests.builders import a_pod, a_world
from tests.rig.api import wait_for
from tests.runbook.documents import HEAD
from tests.threads import in_the_end
from wfconsole.actions.catalogue import action_named
from wfconsole.actions.contract import BadRequestError, Stale
from wfconsole.actions.systems import Systems
from wfconsole.clock import SystemClock
from wfconsole.config.actions import ActingSettings
from wfconsole.guard import protocol
from wfconsole.guard.protocol import Begin
from wfconsole.incident.plan import Aim, Plan, Request
from wfconsole.incident.probe_readings import reading_of
from wfconsole.redaction import redact
from wfconsole.runbook import load_runbook

STEPS = """\
# Playbook: Queue

Messages pile up.

1. **Look at the queue**
   - Look: how many wait
   - By hand:
     ```bash
     cat @QUEUE@
     ```
2. **Drain the queue**
   - Action: R2
   - When: nobody needs what waits
   - Do: empties it
   - Undo: none
   - Trap: producers must be stopped first
   - By hand:
     ```bash
     cp /dev/null @QUEUE@
     ```
   - Verify: exit 0 within 20 seconds
     ```bash
     test ! -s @QUEUE@
     ```
3. **Say something**
   - Action: R1
   - By hand:
     ```bash
     python3 -c 'import sys, os; print(sys.argv[1:], os.environ.get("WFCONSOLE_X"), os.environ.get("MY_TOKEN"))' <what>
     ```
4. **Count with a shell**
   - Action: R1
   - Shell: yes
   - By hand:
     ```bash
     printf 'a\\nb\\n' | wc -l > @QUEUE@
     ```
   - Verify: `pods not-ready count=0` for 5 seconds within 1 minute
5. **Pipe without one**
   - Action: R1
   - By hand:
     ```bash
     cat @QUEUE@ | wc -l
     ```
6. **Fail half way**
   - Action: R1
   - By hand:
     ```bash
     touch @QUEUE@.first
     python3 -c 'print("oh"); raise SystemExit(3)'
     touch @QUEUE@.third
     ```
7. **Take too long**
   - Action: R1
   - Shell: yes
   - By hand:
     ```bash
     sleep 300 & echo $! > @QUEUE@.pid; trap '' TERM; echo begun; sleep 300
     ```
8. **Have no program**
   - Action: R1
   - By hand:
     ```bash
     wfconsole-no-such-program --now
     ```
   - By hand 2: x
"""


@pytest.fixture
def queue(tmp_path: Path) -> Path:
    path = tmp_path / "queue"
    path.write_text("one\ntwo\n")
    return path


@pytest.fixture
def settings(tmp_path: Path, queue: Path) -> ActingSettings:
    file = tmp_path / "runbook.md"
    file.write_text(HEAD + STEPS.replace("@QUEUE@", str(queue)).replace("   - By hand 2: x\n", ""))
    return ActingSettings(runbook=str(file))


@pytest.fixture
def here(settings: ActingSettings) -> Systems:
    return Systems(settings, SystemClock(), receipt="act-1")


def step(name: str, **parameters: str) -> Request:
    return Request("command", Aim("step", f"queue/{name}"), parameters)


def told(plan: Plan) -> str:
    return "\n".join(f"{check.judgement} {check.text}" for check in plan.checks)


def test_through_the_process_from_plan_to_verdict(settings: ActingSettings, queue: Path) -> None:
    with Actor(Begin(settings, request=step("drain-the-queue"), receipt="act-1")) as actor:
        plan = actor.plan()
        assert (plan.colour, plan.danger, plan.word, plan.undo) == ("EXPLAIN", "R2", "run", "none")
        assert plan.before is not None
        assert plan.before.value == 0.0
        assert queue.read_text(), "a plan runs what looks, and nothing else"
        outcome = actor.run(plan)
        assert (outcome.result, outcome.text) == ("done", "it ended with 0")
        verdict = actor.verdict()
        assert verdict.word == "WORKED"
        assert verdict.text == f"test '!' -s {queue} ends with 0 (1: yes, 0: no): 0 -> 1 (asked: at least 1)"


def test_the_plan_says_what_the_runbook_says(here: Systems, queue: Path) -> None:
    plan = planned(here, step("drain-the-queue"))
    assert plan.blast == ("empties it",)
    assert plan.by_hand == (f"cp /dev/null {queue}",)
    for expected in (
        "explain When: nobody needs what waits",
        "explain trap: producers must be stopped first",
        "ok cp is there, and no shell reads its arguments",
    ):
        assert expected in told(plan)
    kept = json.loads(msgspec.json.encode(plan))
    assert redact(kept) == kept
    queue.write_text("")
    assert "explain what would show that it worked is so already" in told(planned(here, step("drain-the-queue")))


@pytest.mark.parametrize(
    "value", ["a; touch /tmp/no", "$(id)", "`id`", "a b", "x' y", '"', "*", "../../etc/passwd", "\u00fc"]
)
def test_a_value_is_one_argument_and_never_code(here: Systems, tmp_path: Path, value: str) -> None:
    """The literal way: the same text with the value put into it, in a shell."""
    file = tmp_path / "runbook.md"
    file.write_text(
        file.read_text()
        .replace('import sys, os; print(sys.argv[1:], os.environ.get("WFCONSOLE_X"), os.environ.get("MY_TOKEN"))', "")
        .replace("python3 -c ''", "printf %s")
    )
    outcome = ran(here, planned(here, step("say-something", what=value)))
    assert outcome.lines[-1] == value


def test_where_the_block_has_quotes_only_plain_values_are_taken(here: Systems) -> None:
    with pytest.raises(BadRequestError, match="only letters, digits"):
        planned(here, step("say-something", what="a b"))


def test_its_environment_has_nothing_of_ours_and_no_secrets(here: Systems, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WFCONSOLE_X", "canary")
    monkeypatch.setenv("MY_TOKEN", "canary")
    outcome = ran(here, planned(here, step("say-something", what="x")))
    assert outcome.lines[-1] == "['x'] None None"


def test_a_shell_only_where_the_runbook_asks_for_one(here: Systems, queue: Path) -> None:
    ran(here, planned(here, step("count-with-a-shell")))
    assert queue.read_text().strip() == "2"
    with pytest.raises(BadRequestError, match="is for a shell, and the runbook asks for none"):
        planned(here, step("pipe-without-one"))


def test_it_stops_at_the_first_that_fails(here: Systems, queue: Path) -> None:
    outcome = ran(here, planned(here, step("fail-half-way")))
    assert (outcome.result, outcome.text) == (
        "partial",
        "command 2 of 3 ended with 3; the 1 before it ended with 0",
    )
    assert outcome.lines[-1] == "oh"
    assert Path(f"{queue}.first").exists()
    assert not Path(f"{queue}.third").exists()


def test_at_its_deadline_nothing_of_it_is_left(here: Systems, queue: Path) -> None:
    plan = msgspec.structs.replace(planned(here, step("take-too-long")), deadline_ms=700)
    outcome = in_the_end(lambda: ran(here, plan))
    assert (outcome.result, outcome.lines[-1]) == ("unknown", "begun")
    assert "was ended at its deadline" in outcome.text
    pid = int(Path(f"{queue}.pid").read_text())
    wait_for("the child in the background is gone", lambda: not Path(f"/proc/{pid}").exists())


def test_a_program_that_is_not_there(here: Systems) -> None:
    plan = planned(here, step("have-no-program"))
    assert (plan.colour, plan.overridable) == ("REFUSE", False)
    assert ran(here, plan).result == "failed"


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (step("look-at-the-queue"), "no class of danger"),
        (step("nothing-like-it"), "has no step queue/nothing-like-it"),
        (step("say-something"), "what is <what>"),
        (step("drain-the-queue", block="2"), "a number from 1 to 1"),
        (step("drain-the-queue", deadline="9 days"), "from a second to an hour"),
        (Request("command", Aim("pod", "x")), "to a step of the runbook"),
        (step("say-something", what="password=hunter2hunter2"), "what looks like a secret"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_makes_no_sense_is_said(here: Systems, request_: Request, expected: str) -> None:
    with pytest.raises(BadRequestError, match=expected):
        planned(here, request_)


def test_another_text_than_the_one_that_was_chosen_from(here: Systems, settings: ActingSettings) -> None:
    digest = load_runbook(Path(settings.runbook)).digest
    planned(here, step("drain-the-queue", runbook=digest))
    file = Path(settings.runbook)
    file.write_text(file.read_text().replace("empties it", "empties all"))
    with pytest.raises(Stale, match="another one"):
        planned(here, step("drain-the-queue", runbook=digest))


def test_no_effect_and_after_a_crash(settings: ActingSettings, here: Systems, queue: Path) -> None:
    plan = planned(here, step("drain-the-queue"))
    action = action_named("command")
    assert action.measure(plan, here).value == 0.0
    found, text = action.observe(plan, here)
    assert (found, text) == ("cannot tell", f"what shows whether it worked says now: test '!' -s {queue}: ended with 1")
    with Actor(Begin(settings, mode="observe", plan=plan)) as actor:
        assert actor.until(protocol.Asked).found == "cannot tell"


def test_a_probe_is_for_the_console_to_read(settings: ActingSettings) -> None:
    with Actor(Begin(settings, request=step("count-with-a-shell"), receipt="act-1")) as actor:
        plan = actor.plan()
        assert plan.signal is not None
        assert (plan.signal.probe, plan.signal.hold_ms, plan.signal.window_ms) == (
            "pods not-ready count=0",
            5_000,
            60_000,
        )
        assert actor.run(plan).result == "done"
    assert not any(isinstance(each, protocol.Read) for each in actor.heard)
    bad, good = a_pod(ready=False), a_pod()
    assert reading_of(plan.signal.probe, a_world(pods=[bad]), 1).value == 0.0
    assert reading_of(plan.signal.probe, a_world(pods=[good]), 1).value == 1.0
    unknown = reading_of(plan.signal.probe, a_world(), 1)
    assert unknown.value is None
    assert unknown.text


def test_a_long_output_is_bounded_and_redacted(here: Systems, tmp_path: Path) -> None:
    file = tmp_path / "runbook.md"
    many = "import sys; [print(i) for i in range(5000)]; print('password=hunter2hunter2'); print(chr(27) + ']52;x')"
    script = tmp_path / "many.py"
    script.write_text(many)
    text = file.read_text()
    start = text.index("     python3 -c 'import sys, os")
    end = text.index("\n", start)
    file.write_text(f"{text[:start]}     python3 {script}{text[end:]}")
    outcome = ran(here, planned(here, step("say-something")))
    assert len(outcome.lines) <= 60
    joined = "\n".join(outcome.lines)
    assert "hunter2" not in joined
    assert "\x1b" not in joined
    assert os.environ  # the process of the test has its own
