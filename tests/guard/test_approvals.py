"""A second person: who they are is the kernel's word, a code is for one plan, once, and not for long."""

from __future__ import annotations

import argparse
import os
import pwd
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.journal.helpers import until
from wfconsole.clock import MINUTE, ManualClock
from wfconsole.errors import UserError
from wfconsole.guard.approvals import PREFIX, Approval, Approvals, Refusal, hear, say
from wfconsole.incident.plan import Aim, Check, Plan, Request
from wfconsole.wiring.approving import approve

PLAN = Plan(
    Request("flush-database", Aim("cache", "0")),
    "Empty database 0",
    "redis at 127.0.0.1:6379",
    "R3",
    1000,
    blast=("41,022 sessions and 3 queues",),
    checks=(Check("refuse", "there are queues in it", overridable=True),),
    word="database 0",
    calls={"keys": 41_025},
)
# Somebody who is not us: only root can become another one.
SOMEBODY = pwd.getpwnam("nobody")
needs_root = pytest.mark.usefixtures("root")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_000_000)


@pytest.fixture
def asked(clock: ManualClock) -> Iterator[tuple[Approvals, Path]]:
    """Not below pytest's own folder: the next pytest that starts closes that to other logins again."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        place.chmod(0o711)  # as /tmp is: another login gets there
        made = Approvals(clock, lambda: None, place=place)
        yield made, place
        made.close()


def as_somebody(place: Path, code: str, word: str = PLAN.word) -> str:
    """What `wfconsole approve` says to another login, in a process of theirs."""
    theirs, ours = os.pipe()
    child = os.fork()
    if not child:
        os.close(theirs)
        os.setgid(SOMEBODY.pw_gid)
        os.setuid(SOMEBODY.pw_uid)
        os.environ["SSH_CONNECTION"] = "10.0.0.7 50000 10.0.0.1 22"
        try:
            said = approve(argparse.Namespace(code=code), ask=lambda _question: word, place=place)
        except UserError as error:
            said = f"refused: {error}"
        except BaseException as error:
            said = f"broke: {error!r}"
        os.write(ours, said.encode())
        os._exit(0)
    os.close(ours)
    with os.fdopen(theirs) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said


@needs_root
def test_another_login_approves_what_it_has_read(
    asked: tuple[Approvals, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    approvals, place = asked
    code = approvals.ask(PLAN, "ada", "the attacker is in")
    assert approvals.approved_by(PLAN) == ""
    assert as_somebody(place, code.lower()).startswith("approved as nobody")
    assert approvals.approved_by(PLAN) == f"nobody (uid {SOMEBODY.pw_uid}, from 10.0.0.7)"
    shown = capfd.readouterr().out
    for words in ("Empty database 0", "ada", "the attacker is in", "41,022 sessions", "REFUSE: there are queues in it"):
        assert words in shown
    assert approvals.spend(PLAN).startswith("nobody")
    assert approvals.spend(PLAN) == ""


def test_the_same_login_is_no_second_person(asked: tuple[Approvals, Path]) -> None:
    approvals, place = asked
    code = approvals.ask(PLAN, "ada")
    with pytest.raises(UserError, match="another login"):
        approve(argparse.Namespace(code=code), ask=lambda _question: PLAN.word, place=place)
    assert approvals.approved_by(PLAN) == ""


@needs_root
def test_a_code_that_was_used_is_worth_nothing(asked: tuple[Approvals, Path]) -> None:
    approvals, place = asked
    code = approvals.ask(PLAN, "ada")
    as_somebody(place, code)
    approvals.spend(PLAN)
    assert "no plan waits" in as_somebody(place, code)
    assert approvals.approved_by(PLAN) == ""


@needs_root
def test_a_code_that_is_too_old_is_worth_nothing(asked: tuple[Approvals, Path], clock: ManualClock) -> None:
    approvals, place = asked
    code = approvals.ask(PLAN, "ada")
    clock.advance(5 * MINUTE)
    assert "no plan waits" in as_somebody(place, code)
    assert approvals.ask(PLAN, "ada") != code


@needs_root
def test_an_approval_is_for_what_it_was_given_for(asked: tuple[Approvals, Path], clock: ManualClock) -> None:
    approvals, place = asked
    as_somebody(place, approvals.ask(PLAN, "ada"))
    again = msgspec.structs.replace(PLAN, made_at=61_000)
    other = msgspec.structs.replace(PLAN, calls={"keys": 3})
    assert approvals.approved_by(again).startswith("nobody")
    assert approvals.approved_by(other) == ""
    clock.advance(5 * MINUTE)
    assert approvals.approved_by(again) == ""


@needs_root
def test_whoever_types_another_word_has_refused(asked: tuple[Approvals, Path]) -> None:
    approvals, place = asked
    assert "the word is another one" in as_somebody(place, approvals.ask(PLAN, "ada"), "yes")
    assert approvals.approved_by(PLAN) == ""


@needs_root
def test_codes_cannot_be_tried_one_after_the_other(asked: tuple[Approvals, Path]) -> None:
    approvals, place = asked
    code = approvals.ask(PLAN, "ada")
    name = code.partition("-")[0]
    for _ in range(5):
        assert "no plan waits" in as_somebody(place, f"{name}-22222222")
    assert "no plan waits" in as_somebody(place, code)


def test_what_is_no_code_is_told_at_once(tmp_path: Path) -> None:
    for code in ("", "7F3K", "../../etc-x", "AAAA-BBBBBBBB"):
        with pytest.raises(UserError, match="no console waits"):
            approve(argparse.Namespace(code=code), ask=lambda _question: "", place=tmp_path)


def test_a_caller_that_says_nonsense_or_nothing_holds_up_nobody(asked: tuple[Approvals, Path]) -> None:
    approvals, place = asked
    code = approvals.ask(PLAN, "ada")
    path = place / f"{PREFIX}{code.partition('-')[0]}" / "socket"
    with socket.socket(socket.AF_UNIX) as silent, socket.socket(socket.AF_UNIX) as loud:
        silent.connect(str(path))
        loud.connect(str(path))
        loud.sendall(b"\x00" * 70_000 + b"\n")
        with pytest.raises(UserError, match="another login"):
            approve(argparse.Namespace(code=code), ask=lambda _question: PLAN.word, place=place)


def test_nothing_is_left_behind(asked: tuple[Approvals, Path]) -> None:
    approvals, place = asked
    approvals.ask(PLAN, "ada")
    assert list(place.iterdir())
    approvals.close()
    until(lambda: not list(place.iterdir()), "the socket is gone")


def test_an_answer_without_the_code_gets_nowhere(asked: tuple[Approvals, Path]) -> None:
    approvals, place = asked
    code = approvals.ask(PLAN, "ada")
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(str(place / f"{PREFIX}{code.partition('-')[0]}" / "socket"))
        say(caller, Approval(PLAN.word))
        assert isinstance(hear(caller), Refusal)
