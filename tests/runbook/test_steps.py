from __future__ import annotations

from pathlib import Path

import pytest

from tests.runbook.documents import loaded, only_list, told
from wfconsole.incident.playbook import Branch, Command

FULL = """\
# Playbook: Database connections

The pool is exhausted, or queries wait for locks.

- Id: database
- Panes: 6, 3
- Only at: SEV1, SEV2

Prose between is for people.

## Symptoms

- Connections time out
- Pods that should serve are *not ready*
  - Signal: `pods.not_ready_ratio namespace=production > 20%` for 2 minutes
- An autoscaler is at its maximum
  - Signal: `hpas at-max`

## Look

1. **Find the session that the others wait for**
   - Look: the lock tree, root first
   - **Expect:** one root, its age and its state
   - Live: `pods namespace=production workload=postgresql`
   - Role: Technical lead
   - By hand:
     ```bash
     kubectl --context <context> -n production exec <pod> -c postgresql -- psql -c 'select 1'
     ```
     ```sql
     SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND 1 < 2;
     ```
   - Trap: the oldest query is not the root
2. Decide whether the root is idle in a transaction
   - Decide:
     - idle for more than 5 minutes: go on
     - it works: go to step 4, Watch the waiters go
     - nobody knows: step 5

## Act

3. **Terminate that one session**
   - Action: R2
   - When: it is idle in a transaction, and others wait
   - Do: note its pid and since when it exists
   - Undo: none; its transaction is rolled back
   - Then: go to step 4
   - Only at: SEV1 and SEV2

   ```sql
   SELECT pg_terminate_backend(<pid>);
   ```
4. **Watch the waiters go**
   - Sensed: `pods namespace=production not-ready count=0`
5. **Write down
   what is unknown**

   In plain words, in the record.
   - Id: unknowns
   - Look:
     - what nobody looked at
     - what nobody can see
"""


def test_a_playbook_with_every_construct_becomes_typed(tmp_path: Path) -> None:
    playbook = only_list(tmp_path, FULL)
    assert (playbook.id, playbook.kind, playbook.title) == ("database", "playbook", "Database connections")
    assert playbook.summary == "The pool is exhausted, or queries wait for locks."
    assert playbook.pins == (6, 3)
    assert playbook.severities == ("SEV1", "SEV2")
    assert [(s.text, s.live, s.hold_ms) for s in playbook.symptoms] == [
        ("Connections time out", "", 0),
        ("Pods that should serve are not ready", "pods.not_ready_ratio namespace=production > 20%", 120_000),
        ("An autoscaler is at its maximum", "hpas at-max", 0),
    ]
    assert [step.kind for step in playbook.steps] == ["check", "decide", "action", "check", "check"]


def test_a_check_says_what_to_look_at_and_what_to_expect(tmp_path: Path) -> None:
    step = only_list(tmp_path, FULL).steps[0]
    assert step.id == "database/find-the-session-that-the-others-wait-for"
    assert step.title == "Find the session that the others wait for"
    assert (step.look, step.expect) == ("the lock tree, root first", "one root, its age and its state")
    assert step.role == "technical lead"
    assert step.live == "pods namespace=production workload=postgresql"
    assert step.warning == "the oldest query is not the root"
    assert step.place.file == "runbook.md"


def test_commands_keep_their_text_and_name_their_placeholders(tmp_path: Path) -> None:
    playbook = only_list(tmp_path, FULL)
    shell, sql = playbook.steps[0].commands
    assert shell.language == "bash"
    assert shell.placeholders == ("<context>", "<pod>")
    assert sql == Command("sql", "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND 1 < 2;")
    assert playbook.steps[2].commands == (Command("sql", "SELECT pg_terminate_backend(<pid>);", ("<pid>",)),)


def test_a_decision_leads_to_steps_by_number_and_title(tmp_path: Path) -> None:
    assert only_list(tmp_path, FULL).steps[1].branches == (
        Branch("idle for more than 5 minutes"),
        Branch("it works", "database/watch-the-waiters-go"),
        Branch("nobody knows", "database/unknowns"),
    )


def test_an_action_has_a_class_a_condition_an_undo_and_a_step_to_go_on_with(tmp_path: Path) -> None:
    step = only_list(tmp_path, FULL).steps[2]
    assert step.danger == "R2"
    assert step.look == "When: it is idle in a transaction, and others wait"
    assert step.do == "note its pid and since when it exists Undo: none; its transaction is rolled back"
    assert step.branches == (Branch("done", "database/watch-the-waiters-go"),)
    assert step.severities == ("SEV1", "SEV2")


def test_plain_paragraphs_say_what_to_do_and_bullets_are_joined(tmp_path: Path) -> None:
    step = only_list(tmp_path, FULL).steps[4]
    assert step.title == "Write down what is unknown"
    assert step.do == "In plain words, in the record."
    assert step.look == "what nobody looked at; what nobody can see"
    assert step.id == "database/unknowns"


def test_a_confirm_list_holds_things_to_confirm(tmp_path: Path) -> None:
    found = only_list(tmp_path, "# Confirm: Hand-over\n\n1. Name the new commander\n   - Expect: one name\n")
    assert (found.kind, found.id, found.steps[0].kind) == ("confirm", "hand-over", "confirm")


def test_all_kinds_of_lists_stand_in_one_file_in_their_order(tmp_path: Path) -> None:
    text = "".join(
        f"# {kind}: {title}\n\n1. Look at it\n\n"
        for kind, title in [
            ("Checklist", "First five minutes"),
            ("Playbook", "Service outage"),
            ("Playbook", "Database"),
            ("Playbook", "Memory"),
            ("Playbook", "AI services"),
            ("Playbook", "Security"),
            ("Confirm", "Stand-down"),
        ]
    )
    runbook = loaded(tmp_path, text)
    assert [each.id for each in runbook.playbooks] == [
        "service-outage",
        "database",
        "memory",
        "ai-services",
        "security",
    ]
    assert [each.kind for each in runbook.checklists] == ["process", *["playbook"] * 5, "confirm"]


def test_words_in_angle_brackets_are_text_and_only_real_placeholders_count(tmp_path: Path) -> None:
    line = "cat <<EOF >out; test 1 < 2 > x; run <a-b> <a-b> <3>"
    step = only_list(tmp_path, f"# Checklist: A\n\n1. Look at <pod>\n\n   ```bash\n   {line}\n   ```\n").steps[0]
    assert step.title == "Look at <pod>"
    assert step.commands[0].placeholders == ("<a-b>",)


LIST = "# Checklist: A\n\n1. Look at one\n"


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("1. Look\n   - Looks: at it\n", 2, "unknown keyword 'Looks' (did you mean 'look'?)"),
        ("1. Look\n   - just words\n", 2, "this bullet of a step has no keyword"),
        ("1. Look\n   - Look: a\n   - Look: b\n", 3, "'Look' stands here twice"),
        ("1. Look\n   - Look:\n", 2, "'Look' says nothing"),
        ("1. Look\n   - Live: `pods nonsense=1`\n", 2, "'pods nonsense=1' is no probe"),
        ("1. Look\n   - Live: `pods` and more\n", 2, "words beside the probe of 'Live'"),
        ("1. Look\n   - Sensed: `pods.not_ready`\n", 2, "pods.not_ready is not compared with anything"),
        ("1. Look\n   - Action: R1\n   - Sensed: `hpas at-max`\n", 3, "'Sensed' on a step of the kind 'action'"),
        ("1. Look\n   - Action: R0\n", 2, "'R0' is no class of danger"),
        (
            "1. Look\n   - Action: R1\n   - Decide:\n     - a: go on\n     - b: go on\n",
            1,
            "a step that decides and acts",
        ),
        ("1. Look\n   - When: now\n", 2, "'When' on a step that is no action"),
        ("1. Look\n   - Then: go on\n", 2, "'Then' on a step that is no action"),
        ("1. Look\n   - Decide: yes\n", 2, "a decision with fewer than two answers"),
        ("1. Look\n   - Decide:\n     - maybe\n     - no: go on\n", 3, "this answer leads nowhere"),
        ("1. Look\n   - Decide:\n     - yes: run\n     - no: go on\n", 3, "'run' is no way to go"),
        ("1. Look\n   - Decide:\n     - yes: step 1\n     - no: go on\n2. B\n", 3, "step 1 does not come after step 1"),
        ("1. Look\n   - Decide:\n     - yes: step 9\n     - no: go on\n2. B\n", 3, "step 9 does not come after step 1"),
        ("1. Look\n   - Decide:\n     - y: step 2, C\n     - n: go on\n2. B\n", 3, "step 2 is 'B', not 'C'"),
        ("1. Look\n   - Role: pilot\n", 1, "the step 'Look' is for the unknown role 'pilot'"),
        ("1. Look\n   - Only at: SEV5\n", 2, "'SEV5' is no severity"),
        ("1. Look\n   - By hand: kubectl get pods\n", 2, "words at 'By hand'"),
        ("1. Look\n   - By hand:\n", 2, "'By hand' says nothing"),
        ("1. Look\n   > quoted\n", 2, "a quotation in a step"),
        ("1. Look\n   1. first\n", 2, "a numbered list within a step"),
        ("1. Look\n   - Look: a\n     ```\n     x\n     ```\n", 3, "a block that is no text below 'Look'"),
        ("1.\n2. B\n", 1, "this step has no title"),
        ("1. Look\n2. Look\n", 2, "'Look' gives the id 'a/look' of line"),
        ("1. Look\n\n## Then\n\n1. Again\n", 5, "this numbered list begins with 1"),
        ("No steps at all.\n", -1, "'A' has no steps"),
        ("".join(f"{n}. Step {n}\n" for n in range(1, 62)), -1, "'A' has 61 steps"),
        ("- Panes: 8\n\n1. Look\n", 1, "'8' are no panes"),
        ("- Pannes: 3\n\n1. Look\n", 1, "unknown keyword 'Pannes' (did you mean 'panes'?)"),
        ("1. Look\n\n## Symptom\n\n- x\n", 3, "unknown heading 'Symptom' (did you mean 'symptoms'?)"),
        ("1. Look\n\n## Symptoms\n\n- x\n  - Signal: `hpas.at_max`\n", 6, "hpas.at_max is not compared with anything"),
        ("1. Look\n\n## Symptoms\n\n- x\n  - Signal: `hpas at-max` soon\n", 6, "'soon' behind the probe"),
        ("1. Look\n\n## Symptoms\n\n- x\n  - Sign: `hpas at-max`\n", 6, "unknown keyword 'Sign'"),
    ],
)
def test_what_is_wrong_in_a_list_is_told_with_its_line(tmp_path: Path, text: str, line: int, what: str) -> None:
    problems = told(tmp_path, "# Checklist: A\n\n" + text)
    assert [(at, said[: len(what)]) for at, said, _ in problems] == [(line + 2, what)]
    assert all(expected for _, _, expected in problems)


@pytest.mark.parametrize("bullet", ["Action: R1", "Decide:\n     - a: go on\n     - b: go on"])
def test_a_confirm_list_neither_acts_nor_decides(tmp_path: Path, bullet: str) -> None:
    ((line, what, _),) = told(tmp_path, f"# Confirm: A\n\n1. Say it\n   - {bullet}\n2. B\n")
    assert (line, what) == (3, "an action or a decision in a list that is only confirmed")


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    problems = told(tmp_path, "# Checklist: A\n\n1. Look\n   - Loook: a\n   - Live: `x`\n2. B\n   - Role: pilot\n")
    assert [line for line, _, _ in problems] == [4, 5, 6]


def test_a_step_may_mean_something_to_the_record(tmp_path: Path) -> None:
    text = "# Checklist: Start\n\n1. **Acknowledge the alert**\n   - Means: acknowledged\n2. **Look around**\n"
    first, second = only_list(tmp_path, text).steps
    assert (first.means, second.means) == ("acknowledged", "")


def test_a_meaning_that_the_record_does_not_know_is_told_with_its_line(tmp_path: Path) -> None:
    text = "# Checklist: Start\n\n1. **Acknowledge the alert**\n   - Means: accepted\n"
    problems = told(tmp_path, text)
    assert len(problems) == 1
    assert "'accepted' means nothing to the record" in problems[0][1]
    assert "acknowledged" in problems[0][2]


def test_a_memory_item_says_what_is_so_once_it_is_done(tmp_path: Path) -> None:
    text = "# Checklist: Start\n\n1. **Stop all rollouts**\n   - Memory: deploys frozen\n2. **Look around**\n"
    first, second = only_list(tmp_path, text).steps
    assert (first.memory, second.memory) == ("deploys frozen", "")


@pytest.mark.parametrize(("heading", "said"), [("Confirm", "a: b"), ("Checklist", "")])
def test_a_memory_item_without_words_or_in_a_confirm_list_is_a_problem(tmp_path: Path, heading: str, said: str) -> None:
    ((line, what, _),) = told(tmp_path, f"# {heading}: A\n\n1. Say it\n   - Memory: {said}\n2. B\n")
    assert line == 4
    assert "'Memory'" in what


LOGS = """\
# Checklist: Look

1. **Read the logs**
   - Expect: the first error
   - Logs: `%s`
"""


def test_the_logs_of_a_step_are_those_of_pods(tmp_path: Path) -> None:
    (step,) = only_list(tmp_path, LOGS % "pods namespace=production not-ready").steps
    assert (step.logs, step.probe) == ("pods namespace=production not-ready",) * 2


@pytest.mark.parametrize("probe", ["nodes", "pods.not_ready > 3", "pods and nodes"])
def test_logs_of_anything_else_are_refused(tmp_path: Path, probe: str) -> None:
    assert [what for _, what, _ in told(tmp_path, LOGS % probe)] == [f"'{probe}' does not say which pods"]
