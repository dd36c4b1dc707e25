"""`Shell` and `Verify`: what the runbook says of a command that is run as an action."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runbook.documents import loaded, only_list, told
from wfconsole.clock import MINUTE, SECOND
from wfconsole.incident.playbook import Step, Verification

STEP = """\
# Playbook: Queue

Messages pile up.

1. **Drain the queue**
   - Action: R2
   - By hand:
     ```bash
     queuectl drain <queue>
     ```
"""
COMMAND = """\
     ```bash
     queuectl check-empty <queue>
     ```
"""


def step(folder: Path, more: str) -> Step:
    (found,) = only_list(folder, STEP + more).steps
    return found


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("   - Verify: `pods not-ready count=0`\n", Verification("pods not-ready count=0")),
        (
            "   - Verify: `signals.errors < 1%` for 1 minute within 10 minutes\n",
            Verification("signals.errors < 1%", within_ms=10 * MINUTE, hold_ms=MINUTE),
        ),
        ("   - Verify: `pods count>0`, within 30 s\n", Verification("pods count>0", within_ms=30 * SECOND)),
    ],
    ids=["a probe", "with both times", "with one"],
)
def test_a_probe_shows_that_it_worked(tmp_path: Path, more: str, expected: Verification) -> None:
    assert step(tmp_path, more).verify == expected


@pytest.mark.parametrize(
    ("words", "code", "within"),
    [("", 0, 2 * MINUTE), (" exit 0", 0, 2 * MINUTE), (" exits with 3 within 5 minutes", 3, 5 * MINUTE)],
)
def test_a_command_shows_it(tmp_path: Path, words: str, code: int, within: int) -> None:
    verify = step(tmp_path, f"   - Verify:{words}\n{COMMAND}").verify
    assert verify is not None
    assert verify.command is not None
    assert (verify.command.text, verify.command.placeholders) == ("queuectl check-empty <queue>", ("<queue>",))
    assert (verify.code, verify.within_ms, verify.live) == (code, within, "")


def test_its_command_is_none_to_run_by_hand(tmp_path: Path) -> None:
    found = step(tmp_path, f"   - Verify: exit 0\n{COMMAND}   - Shell: yes\n")
    assert [command.text for command in found.commands] == ["queuectl drain <queue>"]
    assert found.shell
    assert not step(tmp_path, "").shell
    assert not step(tmp_path, "   - Shell: no\n").shell


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("   - Shell: perhaps\n", "'perhaps' is neither yes nor no"),
        ("   - Verify: it works\n", "'it works' is no probe"),
        ("   - Verify: `signals.errors`\n", "signals.errors is not compared with anything"),
        ("   - Verify: `pods count>0` soon\n", "'soon' behind a verification"),
        ("   - Verify: `pods count>0` for 5 minutes within 1 minute\n", "it must hold longer than there is time"),
        (f"   - Verify: exit 300\n{COMMAND}", "no command ends with 300"),
        (f"   - Verify: exit 0\n{COMMAND}{COMMAND}", "'Verify' holds more than one command"),
        (f"   - Verify: exit 0\n{COMMAND.replace('queuectl check-empty', 'kubectl delete pod')}", "changes production"),
        (f"   - Verify: exit 0\n{COMMAND.replace('bash', 'sql')}", "a block of sql cannot be run"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, more: str, expected: str) -> None:
    ((line, what, _),) = told(tmp_path, STEP + more)
    assert expected in what
    assert line == STEP.count("\n") + 1


@pytest.mark.parametrize("more", ["   - Shell: yes\n", "   - Verify: `pods count>0`\n"])
def test_they_are_for_actions_with_a_command(tmp_path: Path, more: str) -> None:
    check = "# Playbook: Queue\n\nMessages pile up.\n\n1. **Look**\n   - Expect: none\n"
    ((_, what, _),) = told(tmp_path, check + more)
    assert "where no command changes anything" in what


def test_in_a_text_of_the_teams_own(tmp_path: Path) -> None:
    text = """\
## Queue is full

### Steps

1. Drain it
   <!-- wf: action R1 -->
   <!-- wf: shell yes -->
   <!-- wf: verify `signals.errors < 1%` for 30 seconds within 5 minutes -->
   ```bash
   queuectl drain orders | tee log
   ```
"""
    (found,) = [step for listed in loaded(tmp_path, text, head="").playbooks for step in listed.steps]
    assert (found.shell, found.danger) == (True, "R1")
    assert found.verify == Verification("signals.errors < 1%", within_ms=5 * MINUTE, hold_ms=30 * SECOND)
