"""A command of the runbook as text: its blanks, what may be put in, what has to be typed."""

from __future__ import annotations

import shlex
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import builders
from tests.builders import NOW
from wfconsole.clock import MINUTE, SECOND
from wfconsole.incident import by_hand
from wfconsole.incident.advance import advance, fold
from wfconsole.incident.attention import Situation, attention
from wfconsole.incident.events import CommandEnded, CommandStarted, Declared, Entry, EntryStarred, Event, Target
from wfconsole.incident.playbook import Command
from wfconsole.observations.levels import Level
from wfconsole.runbook import load_runbook

LOGS = Command("bash", "kubectl --context <context> -n <namespace> logs <pod> -c <container> | head <pod>")
TARGET = Target("kind-shop", "production", "https://127.0.0.1:6443")


def test_the_pinned_target_fills_in_what_it_knows_and_people_the_rest() -> None:
    assert by_hand.blanks(LOGS, TARGET) == ("<pod>", "<container>")
    assert by_hand.blanks(LOGS, Target()) == ("<context>", "<namespace>", "<pod>", "<container>")


def test_every_value_is_one_word_of_the_shell() -> None:
    text = by_hand.filled(LOGS, {**by_hand.pinned(TARGET), "<pod>": "gw 1; rm -rf ~", "<container>": "app"})
    assert shlex.split(text)[6] == "gw 1; rm -rf ~"
    assert by_hand.still_blank(text) == ()


def test_a_blank_without_a_value_stays_and_is_found() -> None:
    assert by_hand.still_blank(by_hand.filled(LOGS, {"<pod>": "gw-1"})) == ("<context>", "<namespace>", "<container>")


@pytest.mark.parametrize(
    ("blank", "value", "why"),
    [
        ("<pod>", "", "what is <pod>?"),
        ("<pod>", "a\nb", "cannot be seen"),
        ("<pod>", "a\x1b[2J", "cannot be seen"),
        ("<pod>", "--all", "taken for an option"),
        ("<pod>", "<pod>", "a blank itself"),
        ("<password>", "hunter2", "everybody on this machine can read a command line"),
        ("<API_TOKEN>", "abc", "everybody on this machine can read a command line"),
    ],
)
def test_what_may_not_be_put_in_is_refused_with_the_reason(blank: str, value: str, why: str) -> None:
    assert why in by_hand.value_refused(LOGS, blank, value)


@pytest.mark.parametrize(
    "text",
    [
        "echo '<x>'",
        'echo "<x>"',
        "echo $(cat <x>)",
        "# don't\necho '<x>'",
        "cat <<EOF\n<x>\nEOF",
        "echo `<x>`",
        "echo \\<x>",
    ],
)
def test_where_a_block_has_quotes_of_its_own_only_plain_values_go_in(text: str) -> None:
    command = Command("bash", text)
    assert by_hand.value_refused(command, "<x>", "a; b")
    assert by_hand.value_refused(command, "<x>", "gw-1.2:80/a") == ""


@settings(deadline=None)
@given(st.text(min_size=1, max_size=40).filter(str.isprintable))
def test_whatever_is_taken_reaches_a_command_as_it_was_typed(value: str) -> None:
    command = Command("bash", "printf '%s' x <value>")
    plain = Command("bash", "printf %s <value>")
    for each in (command, plain):
        if not by_hand.value_refused(each, "<value>", value):
            text = by_hand.filled(Command("bash", each.text.replace(" x ", " ")), {"<value>": value})
            assert subprocess.run(["bash", "-c", text], capture_output=True, check=True).stdout.decode() == value


@pytest.mark.parametrize(
    ("said", "deadline"),
    [("60", MINUTE), ("90 s", 90 * SECOND), ("5 m", 5 * MINUTE), ("5min", 5 * MINUTE), ("60 m", 60 * MINUTE)],
)
def test_a_deadline_is_seconds_or_minutes(said: str, deadline: int) -> None:
    assert by_hand.deadline_of(said) == deadline


@pytest.mark.parametrize("said", ["", "0", "61 m", "never", "-5", "1h"])
def test_what_is_no_deadline_is_none(said: str) -> None:
    assert by_hand.deadline_of(said) is None


def test_the_class_of_danger_says_what_has_to_be_typed() -> None:
    def word(danger: str) -> str:
        return by_hand.confirming_word(builders.a_step("Act", kind="action", danger=danger), TARGET)

    assert [word(danger) for danger in ("", "R1", "R2", "R3")] == ["run", "run", "kind-shop", "kind-shop"]
    assert by_hand.confirming_word(builders.a_step("Act", kind="action", danger="R3"), Target()) == "run"
    assert by_hand.wants_reason(builders.a_step("Act", kind="action", danger="R3"))
    assert not by_hand.wants_reason(builders.a_step("Act", kind="action", danger="R2"))


def test_only_blocks_for_a_shell_are_run_and_none_that_was_cut_short() -> None:
    assert by_hand.not_runnable(Command("bash", "ls")) == ""
    assert "sql" in by_hand.not_runnable(Command("sql", "select 1"))
    assert "cut short" in by_hand.not_runnable(Command("bash", "echo aaaa…(+912)"))


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        ("kubectl get pods", "names no --context"),
        ("kubectl --context a get pods; kubectl get nodes", "names no --context"),
        ("kubectl --context a exec -it pod -- sh", "wants a terminal"),
        ("kubectl --context a logs -f pod", "go on for ever"),
        ("kubectl --context=b get pods", "goes to b, and not to the pinned a"),
        ("kubectl --context 'b c' get pods", "goes to 'b c', and not to the pinned a"),
    ],
)
def test_what_a_person_should_know_before_it_runs_is_told(text: str, doubt: str) -> None:
    assert any(doubt in told for told in by_hand.doubts(text, Target("a")))


def test_nothing_is_told_of_a_plain_look() -> None:
    assert by_hand.doubts("kubectl --context a get pods -o wide | head -5", Target("a")) == ()


def test_every_command_of_the_bundled_runbook_can_be_made_ready() -> None:
    """With plain values for its blanks, each is text without blanks, and each kubectl names its context.

    SQL is for the session that a person has open: it is copied.
    """
    for checklist in load_runbook(None).checklists:
        for step in checklist.steps:
            for command in step.commands:
                if command.language == "sql":
                    assert "sql is not run from here" in by_hand.not_runnable(command)
                    continue
                values = {blank: "gw-1" for blank in by_hand.blanks(command, TARGET)}
                assert by_hand.not_runnable(command) == ""
                assert not any(by_hand.value_refused(command, *pair) for pair in values.items())
                text = by_hand.filled(command, {**by_hand.pinned(TARGET), **values})
                assert by_hand.still_blank(text) == (), step.id
                assert not any("--context" in doubt for doubt in by_hand.doubts(text, TARGET)), text


def test_what_runs_and_what_nobody_knows_the_end_of_needs_somebody() -> None:
    state = fold(
        [entry(1, Declared("INC-1", "down", "SEV2", "op1")), entry(2, CommandStarted("c1", "kubectl get pods"))]
    )
    (need,) = (need for need in attention(Situation(NOW + MINUTE, state)) if need.goto == "running")
    assert need.text == "by hand, for 1m00s: kubectl get pods"
    state = advance(state, entry(3, CommandEnded("c1", "unknown")))
    first = attention(Situation(NOW + MINUTE, state))[0]
    assert (first.level, first.goto) == (Level.WARNING, "line:e2")
    assert "nobody knows how this ended" in first.text
    state = advance(state, entry(4, EntryStarred("e2", True)))
    assert all(need.goto != "line:e2" for need in attention(Situation(NOW + MINUTE, state)))


def entry(number: int, event: Event) -> Entry:
    return Entry(f"e{number}", number, NOW, "op1", event)
