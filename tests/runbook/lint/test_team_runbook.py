"""Every finding of the research on the team's runbook: the rules that tell it and their lines, or why none can.

The ids are those of the research: K kubectl looking, S acting, D PostgreSQL, N policies, R Redis, A secrets, B Security
Hub and order, G GPUs, P process and text.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from wfconsole.runbook import load_runbook
from wfconsole.runbook.lint import all_rules, lint_runbook

TEAM = Path(__file__).parents[1] / "samples" / "incident-response-runbook.md"
TODAY = datetime.date(2026, 11, 28)
REPORT = lint_runbook(TEAM, TODAY)
TOLD = {(each.rule, each.line) for each in REPORT.findings}

# id: what the text does, and the (rule, line) pairs that must be told.
FINDINGS: dict[str, tuple[str, tuple[tuple[str, int], ...]]] = {
    "K1": ("pods searched for status words", (("grep-pod-status", 56), ("grep-silence", 56))),
    "K2": (
        "events of one namespace by lastTimestamp",
        (("events-one-namespace", 58), ("events-sort-last-timestamp", 58)),
    ),
    "K3": (
        "logs -f of a deployment",
        tuple((rule, line) for line in (61, 62, 154, 266, 300) for rule in ("logs-follow", "logs-one-pod")),
    ),
    "K4": ("status codes as digits", (("grep-status-code", 300),)),
    "K5": ("deployment/postgresql beside postgresql-0", (("workload-kind-mismatch", 154), ("logs-follow", 154))),
    "K6": ("get endpoints", (("endpoints-deprecated", 108),)),
    "K7": ("'Memory pressure' never matches", (("grep-condition-name", 224),)),
    "K8": ("kubectl top", tuple(("top-sampled", line) for line in (57, 120, 121, 218, 221))),
    "K9": (
        "exec -it",
        (
            *(("exec-tty", line) for line in (157, 166, 173, 191, 260, 303, 341)),
            *(("exec-default-container", line) for line in (157, 166, 173, 191, 260, 303, 341)),
        ),
    ),
    "K10": ("describe cut by lines", (("grep-fixed-lines", 227), ("grep-fixed-lines", 269))),
    "K11": ("a blind autoscaler", (("hpa-blind", 116),)),
    "K12": ("policies in place of traffic", (("networkpolicies-not-traffic", 314),)),
    "S1": (
        "an absolute count against an autoscaler",
        (("scale-against-hpa", 127), ("scale-absolute", 127), ("scale-absolute", 241), ("scale-absolute", 275)),
    ),
    "S2": ("more pods, more connections", (("scale-adds-connections", 127),)),
    "S3": ("restart, then undo", (("undo-after-restart", 139), ("undo-no-revision", 139))),
    "S4": ("undo takes back the template alone", (("undo-template-only", 139),)),
    "S5": ("restart of failing pods", (("restart-replaces-healthy", 132), ("restart-not-watched", 132))),
    "S6": ("restart to reset pools", (("restart-adds-connections", 204),)),
    "S7": ("delete pod", (("delete-pod-bypasses-budget", 236), ("delete-pod-loses-evidence", 236))),
    "S8": (
        "patch of a memory limit",
        (("patch-rolls-everything", 246), ("patch-limit-blind", 246), ("patch-adds-container", 246)),
    ),
    "S9": ("read replicas of a struggling primary", (("scale-database", 199), ("scale-statefulset", 199))),
    "S10": ("more models without GPUs", (("gpu-scale-blind", 275),)),
    "S11": ("a restart that waits for a GPU", (("gpu-restart-deadlock", 280), ("gpu-restart-deadlock", 286))),
    "S12": ("a batch size patched", (("configmap-old-value-lost", 285), ("batch-size-without-direction", 285))),
    "S13": ("no --context anywhere", (("no-context", 56),)),
    "D1": ("connections counted wrongly", (("sql-counts-all-backends", 158), ("sql-ignores-reserved-slots", 162))),
    "D2": (
        "renamed columns, since ever",
        (("sql-columns-that-were-renamed", 167), ("sql-statistics-since-ever", 168)),
    ),
    "D3": ("the lock join", (("sql-lock-join", 181), ("sql-lock-not-granted", 185))),
    "D4": (
        "terminate by state and age",
        (("sql-terminates-many", 192), ("sql-terminates-any-backend", 193), ("sql-terminates-victims", 194)),
    ),
    "D5": ("psql without a connection", tuple(("psql-no-connection", line) for line in (157, 166, 173, 191, 303))),
    "D6": ("a connection in want of connections", (("psql-needs-a-slot", 157),)),
    "D7": ("failures by user, no limit", (("sql-failures-by-user", 307), ("sql-no-limit", 308))),
    "D8": ("the login log in the same database", (("security-log-in-the-database", 305),)),
    "N1": ("a policy that opens everything", (("policy-selects-all", 327), ("policy-opens-everything", 333))),
    "N2": ("another policy still allows it", (("policy-does-not-deny", 334),)),
    "N3": ("not the client's address", (("policy-client-address", 332),)),
    "N4": ("traffic within the cluster, IPv6", (("policy-within-cluster", 333), ("policy-forgets-ipv6", 333))),
    "N5": ("a fixed name", (("policy-replaced-next-time", 324),)),
    "N6": ("nobody enforces it", (("policy-needs-enforcement", 322),)),
    "N7": ("an address in free text", (("policy-address-unchecked", 335),)),
    "N8": ("a here-document in a list", (("heredoc-indented", 320),)),
    "R1": ("FLUSHDB", (("cache-flushed", 341),)),
    "R2": ("FLUSHDB may be gone, no login", (("cache-command-may-be-gone", 341), ("cache-no-login", 341))),
    "A1": ("a password among the words", (("secret-on-command-line", 347), ("secret-example-value", 347))),
    "A2": ("the store alone", (("secret-in-the-store-only", 347),)),
    "A3": ("all other keys vanish", (("secret-replaces-all-keys", 347),)),
    "A4": ("one consumer of many", (("secret-one-consumer", 350),)),
    "A5": ("no way back", (("secret-no-way-back", 347),)),
    "A6": ("sessions stay", (("secret-sessions-stay", 347),)),
    "B1": ("HIGH drops CRITICAL", (("findings-without-critical", 311),)),
    "B2": (
        "resolved ones, cut off, one region",
        (("findings-already-done", 311), ("findings-cut-off", 311), ("one-region", 311)),
    ),
    "B3": (
        "acts before evidence, in the open",
        (("evidence-comes-too-late", 317), ("security-told-to-everybody", 289)),
    ),
    "G1": ("a busy GPU", (("gpu-busy-is-no-symptom", 252),)),
    "G2": ("nvidia-smi in a pod", (("nvidia-smi-in-a-pod", 260), ("exec-tty", 260))),
    "G3": (
        "metrics through a service",
        (
            ("cluster-name-from-outside", 263),
            ("metrics-of-one-pod", 263),
            ("curl-silent", 263),
            ("port-9090", 263),
            ("metric-names-guessed", 263),
        ),
    ),
    "G4": ("logs searched for common words", (("logs-follow", 266), ("grep-common-words", 266))),
    "P1": ("the severity before the classification", (("severity-used-before-it-is-known", 48),)),
    "P2": ("no cadence", (("no-update-cadence", 9),)),
    "P3": ("a channel with a time stamp", (("channel-name", 47), ("channel-name", 365))),
    "P4": ("** in Slack", (("message-markdown-in-slack", 361), ("message-markdown-in-slack", 374))),
    "P5": ("@username", (("message-mention-is-plain", 364),)),
    "P6": ("statuses without public words", (("status-without-public-text", 374), ("no-monitoring-status", 374))),
    "P7": ("business days on no calendar", (("business-days-without-calendar", 31),)),
    "P8": ("a team at SEV1 alone, no deputy", (("severity-without-team", 78), ("no-deputy", 86))),
    "P9": (
        "numbers in letters, places to fill in",
        (*(("phone-not-dialable", line) for line in (490, 491, 492)), ("placeholders-to-fill", 227)),
    ),
    "P10": ("deadlines that nobody keeps", tuple(("deadline-without-owner", line) for line in (424, 462, 467, 472))),
    "P11": ("the review has passed", (("review-overdue", 520),)),
}

# Parts of a finding that no text can show; the finding itself is told by the rules above.
BEYOND_A_LINTER = {
    "K8": "whether the metrics server runs is known to the cluster alone",
    "K11": "whether an autoscaler is blind tonight is on the screen and not in the text",
    "S1": "how many replicas run now, and where the autoscaler's bounds are",
    "S9": "how many read replicas there are now",
    "S10": "how many GPUs are free",
    "N2": "which other policies select the same pods",
    "N3": "whether the load balancer keeps the client's address",
    "N6": "which network plug-in runs",
    "R2": "whether the chart really disables the command: it is told as a guess from the pod's name",
    "A4": "which workloads read the secret",
    "D6": "whether the slots are used up tonight",
}

IDS = [
    *(f"K{number}" for number in range(1, 13)),
    *(f"S{number}" for number in range(1, 14)),
    *(f"D{number}" for number in range(1, 9)),
    *(f"N{number}" for number in range(1, 9)),
    "R1",
    "R2",
    *(f"A{number}" for number in range(1, 7)),
    *(f"B{number}" for number in range(1, 4)),
    *(f"G{number}" for number in range(1, 5)),
    *(f"P{number}" for number in range(1, 12)),
]


def test_each_of_the_67_findings_is_here() -> None:
    assert len(IDS) == 67
    assert list(FINDINGS) == IDS
    assert BEYOND_A_LINTER.keys() <= FINDINGS.keys()


@pytest.mark.parametrize("known", IDS)
def test_it_is_told_on_its_line(known: str) -> None:
    _, wanted = FINDINGS[known]
    assert wanted
    assert set(wanted) <= TOLD, sorted(set(wanted) - TOLD)


def test_the_rules_that_are_named_exist() -> None:
    named = {rule for _, wanted in FINDINGS.values() for rule, _ in wanted}
    assert named <= {rule.id for rule in all_rules()}


def test_what_is_told_beyond_the_research_is_looked_at() -> None:
    """A rule that begins to speak on the team's runbook shows here: is it right, or a false alarm?"""
    mapped = {rule for _, wanted in FINDINGS.values() for rule, _ in wanted}
    assert {each.rule for each in REPORT.findings} - mapped == {
        "act-not-verified",
        "actions-without-undo",
        "apply-no-diff",
        "change-not-alone",
        "condition-in-remark",
        "contact-by-mail-only",
        "contact-without-address",
        "curl-no-deadline",
        "escalation-without-times",
        "exec-fixed-pod",
        "logs-no-previous",
        "logs-unbounded",
        "message-no-next-update",
        "message-symbols",
        "message-time-without-zone",
        "part-not-understood",
        "psql-no-deadline",
        "role-not-described",
        "steps-without-expectation",
        "updated-long-ago",
    }


def test_every_line_that_is_told_is_a_line_of_the_file() -> None:
    rows = TEAM.read_text().split("\n")
    for each in REPORT.findings:
        assert 0 <= each.line <= len(rows)
        assert 0 <= each.column <= len(rows[each.line - 1]) + 1
        assert each.end_column == 0 or each.end_column > each.column


def test_a_column_is_where_the_word_stands() -> None:
    row = TEAM.read_text().split("\n")
    words = {
        ("logs-follow", 61): "-f",
        ("exec-tty", 341): "-it",
        ("cache-flushed", 341): "FLUSHDB",
        ("secret-example-value", 347): "NEW_SECURE_PASSWORD",
        ("scale-absolute", 127): "--replicas=10",
        ("sql-terminates-victims", 194): "state = 'active'",
        ("sql-ignores-reserved-slots", 162): "max_connections",
    }
    for (rule, line), word in words.items():
        found = next(each for each in REPORT.findings if (each.rule, each.line) == (rule, line))
        assert row[line - 1][found.column - 1 :].startswith(word)
        assert found.end_column - found.column == len(word)


def test_the_console_can_load_it() -> None:
    assert [each.id for each in load_runbook(TEAM).playbooks] == [
        "service-outage",
        "database-connectivity-issues",
        "high-memory-usage",
        "ai-service-performance-issues",
        "security-incidents",
    ]
