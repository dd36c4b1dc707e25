"""What a runbook says of a command that is run as an action: whether it needs a shell, and what shows its success."""

from __future__ import annotations

import re
from typing import Final

from msgspec.structs import replace

from wfconsole.incident.playbook import Command, Verification
from wfconsole.runbook.markdown import Fence
from wfconsole.runbook.problems import Problems
from wfconsole.runbook.programs import changes_production, programs
from wfconsole.runbook.properties import Properties, Property, checked_probe, command, duration
from wfconsole.runbook.shell import parse_shell

_EXIT: Final = re.compile(r"exits?(?: with)? (\d{1,3})\b")
_TIME: Final = re.compile(r"(for|within) (\d{1,5}\s*[a-z]+)")
_FORM: Final = (
    "a probe in backticks, or `exit 0` and a fenced command below; `for 30 seconds`, `within 5 minutes` behind it"
)
_SHELLS: Final = ("", "bash", "sh", "shell")


def shell_of(found: Properties, runs: bool, problems: Problems) -> bool:
    """`Shell: yes`. `runs`: it stands on an action with a command."""
    shell = found.get("shell")
    if shell is None:
        return False
    if not runs:
        problems.add(shell.place, "'Shell' where no command changes anything", "an action with fenced commands")
    word = shell.value.strip().lower()
    if word not in ("yes", "no"):
        problems.add(shell.place, f"'{shell.value}' is neither yes nor no", "yes, or no 'Shell' at all")
    return word == "yes"


def verification_of(found: Properties, runs: bool, problems: Problems) -> Verification | None:
    """`Verify` with its probe, or with the command below it. `runs`: it stands on an action with a command."""
    verify = found.get("verify")
    if verify is None:
        return None
    if not runs:
        problems.add(verify.place, "'Verify' where no command changes anything", "an action with fenced commands")
    fences = [block for block in verify.below if isinstance(block, Fence)]
    if len(fences) < len(verify.below) or len(fences) > 1:
        problems.add(verify.place, "'Verify' holds more than one command", _FORM)
        return None
    return _by_command(verify, command(fences[0]), problems) if fences else _by_probe(verify, problems)


def _by_probe(verify: Property, problems: Problems) -> Verification | None:
    text = verify.codes[0] if verify.codes else _code(verify.value)
    rest = verify.value.replace(f"`{text}`", "").replace(text, "")
    probe = checked_probe(text, verify.place, problems, must_hold=True)
    return _timed(verify, rest, Verification(live=probe), problems) if probe else None


def _by_command(verify: Property, told: Command, problems: Problems) -> Verification | None:
    if told.language.lower() not in _SHELLS:
        problems.add(verify.place, f"a block of {told.language} cannot be run", "a fenced command of the shell")
    calls = parse_shell(told.text).calls
    if any(changes_production(program) for call in calls for program in programs(call)):
        problems.add(verify.place, "this verification changes production", "a command that only looks")
    match = _EXIT.search(verify.value)
    code = int(match[1]) if match else 0
    if code > 255:
        problems.add(verify.place, f"no command ends with {code}", "an exit code from 0 to 255")
    rest = _EXIT.sub("", verify.value, count=1)
    return _timed(verify, rest, Verification(command=told, code=code), problems)


def _code(value: str) -> str:
    """The probe of an annotation: what stands in backticks, or what stands before the times."""
    inner = re.search(r"`([^`]+)`", value)
    return inner[1] if inner else re.split(r"\s+(?:for|within)\s+(?=\d)", value)[0].strip()


def _timed(verify: Property, words: str, told: Verification, problems: Problems) -> Verification | None:
    """With the times that the words behind it name."""
    times = {word: duration(text) for word, text in _TIME.findall(words)}
    if None in times.values() or _TIME.sub("", words).strip(" ,.:"):
        problems.add(verify.place, f"'{' '.join(words.split())}' behind a verification", _FORM)
        return None
    hold, within = times.get("for") or told.hold_ms, times.get("within") or told.within_ms
    if hold > within:
        problems.add(verify.place, "it must hold longer than there is time", "a longer time behind 'within'")
    return replace(told, hold_ms=hold, within_ms=within)
