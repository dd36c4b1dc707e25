"""`wfconsole act`: the same guarded life cycle without a screen, for scripts and CI. What it does is in the record."""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import msgspec

from wfconsole import exit_codes
from wfconsole.clock import MINUTE, SECOND, Millis
from wfconsole.errors import UserError
from wfconsole.guard.approvals import VALID_MS
from wfconsole.incident.action_events import ActionsArmed, ActionsDisarmed
from wfconsole.incident.arming import may_not_arm
from wfconsole.incident.plan import Aim, Plan, Request
from wfconsole.incident.state import Receipt
from wfconsole.output import OutputLost
from wfconsole.reports.plan_text import plan_text
from wfconsole.session.act_book import ActBook
from wfconsole.session.acting import Acting
from wfconsole.session.acts import Act, Confirmation
from wfconsole.session.journaling import JournalSink
from wfconsole.session.session import Session
from wfconsole.text import safe
from wfconsole.wiring.acting import acting_settings
from wfconsole.wiring.collecting import require_cluster
from wfconsole.wiring.ground import NO_RUNBOOK, OPEN, Ground, incident_folder, read_incident

_INTERRUPTED: Final = "interrupted: what has begun goes on by itself; `wfconsole resume` finds out what became of it"
_LOOK_S: Final = 0.1
_LONGEST_MS: Final[Millis] = 60 * MINUTE
_LONGEST_WORDS: Final = 400
_WITH_SLASHES: Final = ("secret", "step", "source")  # whose names have them, and which are in no namespace
_NO_CLUSTER: Final = ("cache", "incident", "role", "session", "sessions", "step", "user sessions")  # these need none


def act(base: Ground, arguments: argparse.Namespace) -> int:
    """Plan it, and with everything that it asks for, do it and watch. The exit code: ACTION unless it worked."""
    if not base.settings.actions.enabled:
        raise UserError("actions are switched off: set actions.enabled", exit_codes.CONFIGURATION)
    request = request_of(arguments)
    if request.aim.kind not in _NO_CLUSTER:
        require_cluster(base.settings)
    with _session(base, arguments) as session:
        book = ActBook(
            session,
            base.clock,
            lambda: acting_settings(base, session),
            operator=base.operator,
            locks=str(base.places.state / "locks"),
        )
        acting = Acting(book)
        try:
            return _Run(base, arguments, session, acting).through(request)
        finally:
            acting.close()


def request_of(arguments: argparse.Namespace) -> Request:
    """The request that the words of the command line make. Raises UserError."""
    namespace, slash, name = arguments.target.rpartition("/")
    kind = arguments.kind.replace("-", " ")
    if kind in _WITH_SLASHES:
        namespace, slash = "", ""
    aim = Aim(kind, name if slash else arguments.target, namespace)
    parameters: dict[str, str] = {}
    for word in arguments.parameters:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise UserError(f"{safe(word, 80)!r} is no KEY=VALUE", exit_codes.USAGE)
        parameters[key] = value
    return Request(arguments.action, aim, parameters)


class _Run:
    def __init__(self, base: Ground, arguments: argparse.Namespace, session: Session, acting: Acting) -> None:
        self._base = base
        self._arguments = arguments
        self._session = session
        self._acting = acting

    def through(self, request: Request) -> int:
        receipt, plan = self._planned(request)
        if self._arguments.dry_run:
            self._show(plan)
            return exit_codes.ACTION if plan.colour == "REFUSE" else exit_codes.OK
        if not self._arguments.json:
            self._show(plan)
        if refusal := may_not_arm(self._session.view.incident, self._base.operator):
            raise UserError(refusal, exit_codes.INCIDENT)
        self._confirm_word(plan)
        told = self._arguments
        said = Confirmation(_words(told.reason), _words(told.override), _words(told.alone))
        self._await_second(receipt, plan, said)
        until = self._base.clock.now() + VALID_MS
        self._session.submit(ActionsArmed(until, "for one action of the command line"))
        try:
            return self._run(receipt, said)
        finally:
            self._session.submit(ActionsDisarmed())

    def _planned(self, request: Request) -> tuple[str, Plan]:
        receipt = self._acting.plan(request)
        act = self._wait(receipt, lambda each: each.stage != "planning")
        if act.plan is None:
            raise UserError(sentences(act.trouble, act.remedy), exit_codes.ACTION)
        return receipt, act.plan

    def _show(self, plan: Plan) -> None:
        if self._arguments.json:
            _print(msgspec.json.format(msgspec.json.encode(_Shown.of(plan)), indent=2).decode() + "\n")
        else:
            _print(plan_text(plan))

    def _confirm_word(self, plan: Plan) -> None:
        """R1 wants --yes, all else the word of the plan, as the dialog does."""
        if plan.danger == "R1" and (self._arguments.yes or self._arguments.word == plan.word):
            return
        if self._arguments.word == plan.word and plan.word:
            return
        wants = "--yes" if plan.danger == "R1" else f"--word {plan.word!r}"
        raise UserError(f"nothing was changed: to run it, add {wants}", exit_codes.ACTION)

    def _await_second(self, receipt: str, plan: Plan, said: Confirmation) -> None:
        second = self._acting.second(receipt, said.reason)
        if not second.needed or said.break_glass:
            return
        print(
            f"SECOND   from another login on this machine: wfconsole approve {second.code}", file=sys.stderr, flush=True
        )
        until = self._base.clock.monotonic() + VALID_MS
        while not self._acting.second(receipt, said.reason).approved_by:
            if self._base.clock.monotonic() > until:
                raise UserError("nothing was changed: nobody has approved it", exit_codes.ACTION)
            threading.Event().wait(_LOOK_S)
        if plan.stale(self._base.clock.now()):
            self._acting.again(receipt)
            self._wait(receipt, lambda each: each.stage != "planning")

    def _run(self, receipt: str, said: Confirmation) -> int:
        if refusal := self._acting.confirm(receipt, said):
            raise UserError(f"nothing was changed: {refusal}", exit_codes.ACTION)
        try:
            act = self._wait(receipt, self._over)
        except KeyboardInterrupt:
            print(_INTERRUPTED, file=sys.stderr, flush=True)
            raise
        found = self._session.view.incident.receipts.get(receipt)
        if found is None:
            raise UserError(f"nothing was changed: {act.trouble}", exit_codes.ACTION)
        if self._arguments.json:
            told = _Done(
                receipt,
                found.title,
                found.result,
                found.text,
                found.verdict,
                found.verdict_text,
                found.lines,
                found.settled,
            )
            _print_done(msgspec.json.format(msgspec.json.encode(told), indent=2).decode() + "\n")
        else:
            _print_done(_result(found))
        worked = found.result == "done" and found.verdict in ("", "WORKED") and found.settled in ("", "kept")
        return exit_codes.OK if worked else exit_codes.ACTION

    def _over(self, act: Act) -> bool:
        """Whether nothing more comes of it. What takes itself back stays where that was asked for and it has worked."""
        worked = act.verdict is not None and act.verdict.word == "WORKED"
        if self._arguments.keep and act.kept_unless and worked:
            self._acting.keep(act.receipt)
        return act.stage == "over"

    def _wait(self, receipt: str, met: Callable[[Act], bool]) -> Act:
        until = self._base.clock.monotonic() + _LONGEST_MS
        while self._base.clock.monotonic() < until:
            act = next((each for each in self._acting.show() if each.receipt == receipt), None)
            if act is not None and met(act):
                return act
            threading.Event().wait(_LOOK_S)
        raise UserError("it takes longer than an hour: the record says how it stands", exit_codes.ACTION)


def _result(found: Receipt) -> str:
    lines = [f"RESULT   {found.result}: {found.text}", *(f"         {line}" for line in found.lines)]
    if found.verdict:
        lines.append(f"VERDICT  {found.verdict}: {found.verdict_text}")
    if found.settled:
        lines.append(f"SETTLED  {found.settled}")
    return "".join(f"{line}\n" for line in lines)


def _print(text: str) -> None:
    """Whoever has stopped reading changes neither what is done nor how it is told by the exit code."""
    with contextlib.suppress(BrokenPipeError):
        print(text, end="", flush=True)


def _print_done(text: str) -> None:
    """As `_print`; a full disk does not hide how it ended either."""
    try:
        _print(text)
    except OutputLost as lost:
        print(f"wfconsole: {lost}", file=sys.stderr)


def sentences(*said: str) -> str:
    """Each with an end of its own, and with no second one."""
    told = (text.strip() for text in said)
    return " ".join(text if text.endswith((".", "?", "!")) else f"{text}." for text in told if text)


def _words(said: str | None) -> str:
    return safe((said or "").strip(), _LONGEST_WORDS)


class _Shown(msgspec.Struct, frozen=True):
    """What `--dry-run --json` prints: the plan as the dialog shows it, with its colour."""

    colour: str
    overridable: bool
    plan: Plan

    @classmethod
    def of(cls, plan: Plan) -> _Shown:
        return cls(plan.colour, plan.overridable, plan)


class _Done(msgspec.Struct, frozen=True):
    """What `--json` prints of an action that was run."""

    receipt: str
    title: str
    result: str
    text: str
    verdict: str
    verdict_text: str
    lines: tuple[str, ...] = ()
    settled: str = ""


@contextmanager
def _session(base: Ground, arguments: argparse.Namespace) -> Iterator[Session]:
    """The incident's session, its journal open; a dry run needs none, and takes the cluster that is configured."""
    session = Session(clock=base.clock, runbook=NO_RUNBOOK, operator=base.operator)
    if arguments.dry_run:
        yield session
        return
    folder = incident_folder(base, arguments.incident, OPEN)
    entries, _unknown, _report = read_incident(base, folder)
    sink = JournalSink(
        base.incidents, base.clock, fallbacks=base.fallbacks, saved=session.saved, changed=session.journal_changed
    )
    session.keep_in(sink)
    session.resume(entries)
    session.journal_as(folder.name, anew=False)
    try:
        yield session
    finally:
        for record in sink.close(2 * SECOND):
            print(f"NOT ON DISK {record.kind}: {bytes(record.body).decode(errors='replace')}", file=sys.stderr)
