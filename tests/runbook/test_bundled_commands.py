"""The commands of the bundled runbook: what they name, what they must not do, and that what changes stands alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from wfconsole.incident.playbook import Command, Step
from wfconsole.runbook import load_runbook

RUNBOOK = load_runbook(None)
STEPS = [step for checklist in RUNBOOK.checklists for step in checklist.steps]
KUBECTL_LOOKS = ("config", "describe", "events", "get", "logs", "top", "rollout history", "rollout status")
SQL_CHANGES = re.compile(r"pg_cancel_backend|pg_terminate_backend|\b(ALTER|CREATE|DELETE|DROP|INSERT|UPDATE)\b")
OF_NODES = (" get nodes ", " top nodes", " cordon ", " uncordon ", "--field-selector=spec.nodeName=")


def commands() -> Iterator[tuple[Step, Command, str]]:
    """Each line of shell, and each whole statement of SQL."""
    for step in STEPS:
        for command in step.commands:
            if command.language == "sql":
                yield step, command, " ".join(command.text.split())
                continue
            for line in command.text.split("\n"):
                if not line.startswith("#"):
                    yield step, command, line


def changes(command: Command, line: str) -> bool:
    """Whether it changes anything."""
    if command.language == "sql":
        return SQL_CHANGES.search(line) is not None
    tool = line.split(maxsplit=1)[0]
    if tool == "kubectl":
        verb = re.sub(r"^kubectl --context <context> (-n production )?", "", line)
        verb = verb.removeprefix("-n <namespace> ")
        return not verb.startswith(KUBECTL_LOOKS)
    if tool == "aws":
        return not re.search(r" (securityhub get-findings|secretsmanager describe-secret) ", line)
    if tool == "redis-cli":
        return " --scan " not in line
    return tool != "psql"


def test_every_command_names_what_it_is_sent_to() -> None:
    for _, command, line in commands():
        if command.language == "sql":
            continue
        assert command.language == "bash"
        tool = line.split()[0]
        if tool == "kubectl":
            assert line.startswith("kubectl --context <context> ")
            in_one = any(word in line for word in (" -n production ", " -n <namespace> ", " --all-namespaces"))
            assert in_one or any(word in f"{line} " for word in OF_NODES), line
        elif tool == "aws":
            assert re.match(r"aws \w+ [a-z-]+ --profile <profile> --region <region> ", line)
        elif tool == "redis-cli":
            assert line.startswith("redis-cli -h <host> -n <database> --askpass ")
        else:
            assert line.startswith('psql "service=<service> connect_timeout=5 ')


def test_no_command_follows_searches_tables_or_needs_a_terminal() -> None:
    for _, command, line in commands():
        if command.language == "sql":
            continue
        assert not re.search(r"\s(-f|--follow|-it?|-ti|--watch|-w)(\s|$)", line)
        assert "grep" not in line
        assert "|" not in line
        assert "<<" not in line
        assert "get endpoints " not in f"{line} "
        assert "logs deployment/" not in line


def test_what_changes_production_stands_alone_and_in_actions_only() -> None:
    changing = 0
    for step, command, line in commands():
        if changes(command, line):
            changing += 1
            assert step.kind == "action", f"{step.id}: {line}"
            if command.language == "bash":
                assert [each for each in command.text.split("\n") if not each.startswith("#")] == [line]
            assert step.commands[0] is not command, "an action looks first"
    assert changing == 34


@pytest.mark.parametrize("step", [step for step in STEPS if step.kind == "action"], ids=lambda step: step.id)
def test_an_action_changes_something(step: Step) -> None:
    mine = [(command, line) for each, command, line in commands() if each is step]
    assert any(changes(command, line) for command, line in mine)


def test_the_known_traps_of_kubernetes_are_not_walked_into() -> None:
    lines = [line for _, command, line in commands() if command.language == "bash"]
    assert all("--to-revision=" in line for line in lines if "rollout undo" in line)
    assert all("--current-replicas=" in line for line in lines if " scale " in line)
    assert all("--timeout=" in line for line in lines if "rollout status" in line)
    assert all("--tail=" in line for line in lines if " logs " in line)
    assert not any("Memory pressure" in line or "kind: NetworkPolicy" in line for line in lines)
    assert not any(" apply " in line or " -o name" in line for line in lines)


def test_the_known_traps_of_the_database_are_not_walked_into() -> None:
    statements = [line for _, command, line in commands() if command.language == "sql"]
    text = "\n".join(statements)
    assert "pg_blocking_pids" in text
    assert "pg_locks" not in text
    assert "superuser_reserved_connections" in text
    assert "reserved_connections'" in text
    assert " total_exec_time" in text
    assert " total_time" not in text
    for statement in statements:
        if "pg_terminate_backend" in statement or "pg_cancel_backend" in statement:
            assert "a.pid = <pid> AND a.backend_start = '<backend start>'" in statement
            assert "a.backend_type = 'client backend'" in statement
            assert "interval" not in statement.lower()


def test_no_secret_is_on_a_command_line_and_no_cache_is_emptied() -> None:
    lines = [line for _, _, line in commands()]
    assert not any(re.search(r"FLUSH(DB|ALL)|PGPASSWORD|password\W|--pass\b| -a <", line) for line in lines)
    assert all("--secret-string file://" in line for line in lines if "put-secret-value" in line)


def test_findings_of_the_worst_severity_are_asked_for_and_settled_ones_are_not() -> None:
    (line,) = [line for _, _, line in commands() if "get-findings" in line]
    assert line.index("CRITICAL") < line.index('"HIGH"')
    assert "WorkflowStatus" in line
    assert "NOTIFIED" in line
    assert "UpdatedAt" in line


def test_what_a_person_must_fill_in_is_known() -> None:
    found = {word for step in STEPS for command in step.commands for word in command.placeholders}
    of_kubernetes = {"<context>", "<pod>", "<container>", "<revision>", "<maximum>", "<deployment>", "<now>", "<more>"}
    of_kubernetes |= {"<autoscaler>", "<node>", "<limit>", "<size>", "<port>", "<namespace>", "<prometheus>"}
    of_database = {"<pid>", "<backend start>", "<service>", "<source column>"}
    of_security = {"<profile>", "<region>", "<host>", "<database>", "<prefix>", "<key>", "<file>", "<new version>"}
    of_security |= {"<old version>", "<old list>", "<address>"}
    assert found == of_kubernetes | of_database | of_security
