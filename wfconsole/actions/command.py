"""A command of the team's own runbook: what stands there is run, and nothing else.

The request names the step and fills in its blanks; the text, its class of danger, whether it needs a shell, and what
shows that it worked come from the runbook. Without `Shell: yes` there is no shell: each line is one command, and a
value that was filled in is one argument of it, whatever it holds.
"""

from __future__ import annotations

import getpass
import shlex
import shutil
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from wfconsole.actions.argv import commands_in
from wfconsole.actions.contract import Action, BadRequestError, Say, Stale
from wfconsole.actions.systems import Systems
from wfconsole.clock import SECOND, Millis
from wfconsole.hands.group import in_a_shell
from wfconsole.hands.once import Finished, run_once
from wfconsole.incident import by_hand
from wfconsole.incident.events import Target
from wfconsole.incident.plan import Check, Danger, DryRun, Found, Observed, Outcome, Plan, Reading, Request, Signal
from wfconsole.incident.playbook import Command, Runbook, Step, Verification
from wfconsole.redaction import redact
from wfconsole.runbook import load_runbook
from wfconsole.runbook.problems import RunbookError
from wfconsole.text import safe

_LOOKS_WITHIN: Final[Millis] = 8 * SECOND  # a verification; a plan has to be there soon
_LINES: Final = 60  # of the output, in the record
_UNDO: Final = "Undo: "
_DANGERS: Final[Mapping[str, Danger]] = {"R1": "R1", "R2": "R2", "R3": "R3"}


class RunCommand(Action):
    """See `contract.Action`. The aim is a step, by its id. Parameters: a value for each blank, by the words in it;
    `block`, where a step has several (1, 2, ...); `deadline` such as "90 s"; `runbook`, the digest of the text that the
    request was made from."""

    def plan(self, request: Request, systems: Systems, now: Millis) -> Plan:
        return _Planning(request, systems, now).plan()

    def run(self, plan: Plan, systems: Systems, say: Say) -> Outcome:
        commands: list[list[str]] = plan.calls["commands"]
        environment = _environment(systems)
        over = systems.clock.monotonic() + plan.deadline_ms
        told: list[str] = []
        for number, command in enumerate(commands, 1):
            told.append(f"$ {_shown(command)}")
            left = over - systems.clock.monotonic()
            done = run_once(command, max(1, left), say, environment=environment)
            told += _output(done)
            if (done.how, done.code) != ("exit", 0):
                return _broken_off(done, number, len(commands), told)
        count = "" if len(commands) == 1 else f", {len(commands)} commands"
        return Outcome("done", f"it ended with 0{count}", tuple(told[-_LINES:]))

    def observe(self, plan: Plan, systems: Systems) -> tuple[Found, str]:
        if plan.calls["verify"] is None:
            return "cannot tell", "the runbook has nothing that shows whether it ran: look at what it changes"
        reading = self.measure(plan, systems)
        return "cannot tell", f"what shows whether it worked says now: {reading.text}"

    def measure(self, plan: Plan, systems: Systems) -> Reading:
        return _measured(plan.calls["verify"], systems)


class _Planning:
    """One plan. Raises BadRequestError."""

    def __init__(self, request: Request, systems: Systems, now: Millis) -> None:
        self.request, self.systems, self.now = request, systems, now
        if request.aim.kind != "step":
            raise BadRequestError(f"{safe(request.aim.kind, 40)}: this is done to a step of the runbook, by its id")
        self.runbook = _runbook(systems.settings.runbook)
        self.step = _step(self.runbook, request)
        self.target = Target(systems.settings.context, request.parameters.get("namespace", ""))
        self.text = _filled(_block(self.step, request), request.parameters, self.target)
        self.commands = _commands(self.text, shell=self.step.shell)
        self.verify = _verify(self.step, request.parameters, self.target)
        if redact(self.text) != self.text:
            raise BadRequestError("this text holds what looks like a secret: everybody here can read a command line")

    def plan(self) -> Plan:
        step, request = self.step, self.request
        before = _measured(self.verify, self.systems) if self.verify is not None else None
        done, _, undo = step.do.partition(_UNDO)
        return Plan(
            request,
            title=step.title,
            place=f"on {safe(socket.gethostname(), 80)} as {safe(getpass.getuser(), 60)}, with its rights and files",
            danger=_DANGERS[step.danger],
            made_at=self.now,
            blast=tuple(part for part in (done.strip(), step.expect and f"expected: {step.expect}") if part),
            undo=undo or "the runbook names no way back",
            checks=tuple(self._checks(before)),
            dry_run=DryRun("explained", "nobody can try a command without running it"),
            diff=tuple(f"+ {line}" for line in self.text.splitlines()),
            by_hand=(self.text,) if step.shell else tuple(map(shlex.join, self.commands)),
            word=by_hand.confirming_word(step, self.target),
            signal=_signal(step.verify, self.verify),
            before=before,
            deadline_ms=self._deadline(),
            calls={"commands": self.commands, "verify": self.verify, "digest": self.runbook.digest},
        )

    def _deadline(self) -> Millis:
        said = self.request.parameters.get("deadline", "")
        deadline = by_hand.deadline_of(said) if said else by_hand.DEADLINE
        if deadline is None:
            raise BadRequestError(f"deadline {safe(said, 40)!r}: from a second to an hour, such as 90 s or 5 m")
        return deadline

    def _checks(self, before: Reading | None) -> Iterator[Check]:
        step, place = self.step, self.step.place
        where = f"{safe(place.file, 200)}:{place.line}" if place.line else safe(place.file, 200)
        seen = (Observed(f"runbook {safe(self.runbook.title, 80)} {safe(self.runbook.version, 20)}", where),)
        yield Check("explain", "all that is known of it is what the runbook says", seen)
        if step.look:
            yield Check("explain", step.look)
        if step.warning:
            yield Check("explain", f"trap: {step.warning}")
        yield from self._about_programs()
        for doubt in by_hand.doubts(self.text, self.target):
            yield Check("explain", doubt)
        if step.verify is None:
            yield Check("explain", "nothing will show whether it worked: the step has no Verify")
        elif before is not None and before.value == 1.0:
            yield Check("explain", f"what would show that it worked is so already: {before.text}")
        elif before is not None and before.value is None:
            yield Check("explain", f"not known: what would show that it worked: {before.text}")

    def _about_programs(self) -> Iterator[Check]:
        if self.step.shell:
            yield Check("explain", "the runbook asks for a shell: it runs as one text in bash")
            return
        for name in dict.fromkeys(command[0] for command in self.commands):
            found = shutil.which(name)
            shown = safe(name, 100)
            if found is None:
                yield Check("refuse", f"there is no program {shown} here")
            else:
                yield Check(
                    "ok", f"{shown} is there, and no shell reads its arguments", (Observed(shown, safe(found)),)
                )


def _runbook(path: str) -> Runbook:
    try:
        return load_runbook(Path(path) if path else None)
    except RunbookError as error:
        first = error.problems[0]
        raise BadRequestError(f"the runbook cannot be read: {safe(str(first), 300)}") from None


def _step(runbook: Runbook, request: Request) -> Step:
    asked = request.parameters.get("runbook", "")
    if asked and asked != runbook.digest:
        raise Stale("the runbook is another one than the one that this was chosen from")
    name = request.aim.name
    step = next((step for listed in runbook.checklists for step in listed.steps if step.id == name), None)
    shown = safe(name, 100)
    if step is None:
        raise BadRequestError(f"the runbook has no step {shown}")
    if not step.commands:
        raise BadRequestError(f"{shown} has no command")
    if step.kind != "action" or step.danger not in _DANGERS:
        raise BadRequestError(f"{shown} has no class of danger: only what says `Action` is run as one")
    return step


def _block(step: Step, request: Request) -> Command:
    said = request.parameters.get("block", "")
    count = len(step.commands)
    if not said and count > 1:
        raise BadRequestError(f"this step has {count} commands: block is the number of one of them")
    number = int(said) if said.isdecimal() and len(said) < 4 else 0 if said else 1
    if not 1 <= number <= count:
        raise BadRequestError(f"block {safe(said, 20)!r}: a number from 1 to {count}")
    return step.commands[number - 1]


def _filled(command: Command, parameters: Mapping[str, str], target: Target) -> str:
    """The text with its blanks filled in. Raises BadRequestError for one that is left, or must not be so."""
    why = by_hand.not_runnable(command)
    if why:
        raise BadRequestError(why)
    values = by_hand.pinned(target)
    for blank in by_hand.blanks(command, target):
        value = parameters.get(blank.strip("<>"), "")
        refused = by_hand.value_refused(command, blank, value)
        if refused:
            raise BadRequestError(refused)
        values[blank] = value
    return by_hand.filled(command, values)


def _commands(text: str, *, shell: bool) -> list[list[str]]:
    return [in_a_shell(text)] if shell else commands_in(text)


def _verify(step: Step, parameters: Mapping[str, str], target: Target) -> dict[str, Any] | None:
    """The command that shows whether it worked, ready to run; None where there is none, or a probe does."""
    told = step.verify
    if told is None or told.command is None:
        return None
    text = _filled(told.command, parameters, target)
    return {"commands": _commands(text, shell=step.shell), "code": told.code}


def _signal(told: Verification | None, verify: Mapping[str, Any] | None) -> Signal | None:
    if told is None:
        return None
    text = f"{_shown(verify['commands'][-1])} ends with {told.code}" if verify is not None else told.live
    return Signal(
        f"{safe(text, 200)} (1: yes, 0: no)",
        goal=1.0,
        window_ms=told.within_ms,
        hold_ms=told.hold_ms,
        probe=told.live,
    )


def _measured(verify: Mapping[str, Any] | None, systems: Systems) -> Reading:
    """1 where the verification ends as it should, 0 where it does not."""
    if verify is None:
        return Reading(systems.now(), None, "the console reads this itself")
    for number, command in enumerate(verify["commands"], 1):
        done = run_once(command, _LOOKS_WITHIN, environment=_environment(systems))
        last = number == len(verify["commands"])
        wanted = verify["code"] if last else 0
        words = f"{_shown(command)}: {_ended(done)}"
        if done.how != "exit":
            return Reading(systems.now(), None, words)
        if done.code != wanted or last:
            said = f": {done.lines[-1]}" if done.lines else ""
            return Reading(systems.now(), float(done.code == wanted), f"{words}{said}")
    raise AssertionError


def _environment(systems: Systems) -> dict[str, str]:
    """What comes on top: kubectl finds the cluster that we are pinned to."""
    return {"KUBECONFIG": systems.settings.kubeconfig} if systems.settings.kubeconfig else {}


def _broken_off(done: Finished, number: int, count: int, told: list[str]) -> Outcome:
    """It did not end with 0. What it did before that, only it knows."""
    which = "it" if count == 1 else f"command {number} of {count}"
    text = f"{which} {_ended(done)}"
    if done.how == "not started" and number == 1:
        return Outcome("failed", f"{text}: nothing was done", tuple(told[-_LINES:]))
    if number > 1:
        return Outcome("partial", f"{text}; the {number - 1} before it ended with 0", tuple(told[-_LINES:]))
    return Outcome("unknown", f"{text}: what it had done by then is not known", tuple(told[-_LINES:]))


def _ended(done: Finished) -> str:
    if done.how == "not started":
        return f"was not started ({done.reason})"
    if done.how == "exit":
        return f"ended with {done.code}"
    return "was ended at its deadline" if done.how == "timed out" else f"was lost ({done.reason or done.how})"


def _output(done: Finished) -> list[str]:
    left_out = [f"({done.left_out} lines left out)"] if done.left_out else []
    return [*left_out, *done.lines]


def _shown(command: list[str]) -> str:
    text = command[-1] if command[:1] == ["bash"] and command[-2:-1] == ["-c"] else shlex.join(command)
    return safe(" ".join(text.split()), 200)
