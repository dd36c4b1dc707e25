"""What the doctor prints: one screen, what to do at its end, and the same for programs."""

from __future__ import annotations

import json

import msgspec
import pytest

from wfconsole.observations.checks import Aspect, Check, State
from wfconsole.reports.checkup import Checkup, as_json, as_text
from wfconsole.text import cells

AT = 1_772_375_527_000


def machine(name: str, state: State = "ok", detail: str = "", remedy: str = "", *run: str) -> Check:
    return Check("machine", "", "machine", name, state, detail, remedy, run)


def heads(system: str, where: str, who: str) -> list[Check]:
    return [
        Check(system, "", "reachable", "reachable", "ok", where),
        Check(system, "", "authenticated", "authenticated", "ok", who),
        Check(system, "", "clock", "clock", "ok", "+0 s"),
    ]


def right(
    system: str, name: str, state: State = "ok", detail: str = "", *run: str, aspect: Aspect = "permission"
) -> Check:
    return Check(system, "", aspect, name, state, detail, run=run)


def rows(system: str, name: str, detail: str, state: State = "ok", remedy: str = "") -> Check:
    return Check(system, name, "rows", name, state, detail, remedy)


GRANT = ("kubectl apply -f viewer-clusterrole.yaml", "kubectl create clusterrolebinding wfconsole-viewer --user=op1")
CHECKS = (
    machine("configuration", "ok", "/home/op1/.config/wfconsole/config.toml"),
    machine("runbook", "ok", "bundled, 1 playbook"),
    *heads("kubernetes", "https://10.0.0.1:6443", "op1"),
    right("kubernetes", "list pods"),
    right("kubernetes", "get hpas", "problem", "denied in all namespaces", *GRANT),
    right("kubernetes", "list hpas", "problem", "denied in all namespaces", *GRANT),
    right("kubernetes", "get pods/log", "problem", "denied in all namespaces", *GRANT),
    right("kubernetes", "delete pods", "off", "denied in all namespaces", *GRANT, aspect="action"),
    rows("kubernetes", "pods", "43 rows"),
    rows("kubernetes", "nodes", "5 rows; use unknown: node metrics: not served here (404)"),
    rows("kubernetes", "hpas", "horizontalpodautoscalers: 403, forbidden", "problem"),
    Check("database", "", "reachable", "reachable", "ok", "orders-db:5432"),
    Check(
        "database", "", "authenticated", "authenticated", "problem", "wrong password", "Check database.password_file."
    ),
    Check("database", "", "clock", "clock", "unknown", "not authenticated"),
    right("database", "pg_monitor", "unknown", "not authenticated"),
    rows("database", "sessions", "not authenticated", "unknown"),
    rows("database", "replicas", "not authenticated", "unknown"),
    *heads("prometheus", "prometheus:9090", ""),
    right("prometheus", "query"),
    rows("prometheus", "rule errors", ""),
    rows("prometheus", "rule disk", "no series", "off"),
    rows("prometheus", "rule mine", "parse error", "problem", "Mend the rule's promql."),
    rows("prometheus", "signals", "28 rows"),
    Check("aws", "", "reachable", "configured", "off", "no aws.regions"),
    rows("aws", "findings", "no aws.regions", "off"),
)
AT_80 = """\
wfconsole doctor   2026-03-01 14:32:07Z   · ok   ■ problem   ? not known   - off

· this machine  · configuration /home/op1/.config/wfconsole/config.toml
                · runbook bundled, 1 playbook
■ kubernetes    op1 at https://10.0.0.1:6443, clock +0 s
                ■ 1 of 4 permissions; for actions 0 of 1
                · pods 43 rows
                · nodes: 5 rows; use unknown: node metrics: not served here
                  (404)
                ■ hpas: problem: horizontalpodautoscalers: 403, forbidden
■ database      orders-db:5432
                ■ authenticated: problem: wrong password
                ? not known: sessions, replicas
■ prometheus    prometheus:9090, clock +0 s
                · 1 of 1 permission
                · signals 28 rows
                · 1 of 3 rules; no series for disk
                ■ rule mine: problem: parse error
- aws           off: no aws.regions

1. prometheus: rule mine
     Mend the rule's promql.
2. database: not authenticated
     Check database.password_file.
3. kubernetes: get, list hpas; get pods/log: denied in all namespaces
     kubectl apply -f viewer-clusterrole.yaml
     kubectl create clusterrolebinding wfconsole-viewer --user=op1

■ not well: 3 to mend, 2 not known, 2.3 s
"""


def checkup(*checks: Check) -> Checkup:
    return Checkup(AT, 2345, checks)


def test_one_screen_with_what_to_do_at_its_end() -> None:
    assert as_text(checkup(*CHECKS), width=80) == AT_80


def test_in_ascii_every_line_is_as_wide() -> None:
    plain = as_text(checkup(*CHECKS), width=80, only_ascii=True)
    assert plain.isascii()
    assert list(map(len, plain.splitlines())) == list(map(cells, AT_80.splitlines()))


@pytest.mark.parametrize("width", [48, 80, 120])
def test_lines_keep_within_the_terminal_and_commands_stay_whole(width: int) -> None:
    lines = as_text(checkup(*CHECKS), width=width).splitlines()[1:]
    commands = {f"     {command}" for command in GRANT}
    assert commands <= set(lines)
    assert max(cells(line) for line in lines if line not in commands) <= width


def test_for_programs_it_is_the_same_and_reads_back() -> None:
    told = json.loads(as_json(checkup(*CHECKS)))
    assert (told["schema"], told["at"], told["took_ms"], told["well"]) == (2, "2026-03-01T14:32:07Z", 2345, False)
    assert msgspec.convert(told["checks"], tuple[Check, ...]) == CHECKS


def test_what_only_actions_need_is_nothing_to_mend() -> None:
    found = checkup(
        *heads("kubernetes", "here", "op1"),
        right("kubernetes", "delete pods", "off", "denied", *GRANT, aspect="action"),
    )
    assert found.well
    assert as_text(found).endswith("· all well, 2.3 s\n")


def test_what_is_the_same_of_several_sources_is_said_once() -> None:
    several = (rows("database", name, "partial: others are hidden", "unknown") for name in ("sessions", "replicas"))
    text = as_text(checkup(*heads("database", "here", "wf_mon"), *several))
    assert "? sessions, replicas: partial: others are hidden\n" in text


def test_whatever_keeps_it_from_being_well_has_a_line() -> None:
    silent = Check("kubernetes", "", "clock", "clock", "unknown", "the server does not tell its time")
    unasked = (right("kubernetes", f"{verb} pods", "unknown", "too slow") for verb in ("get", "list"))
    text = as_text(
        checkup(*heads("kubernetes", "here", "op1")[:2], silent, *unasked, rows("kubernetes", "pods", "1 row"))
    )
    assert "? clock: not known: the server does not tell its time\n" in text
    assert "? 2 not known: too slow\n" in text
    assert text.endswith("not well: 3 not known, 2.3 s\n")


def test_a_problem_of_this_machine_says_where_it_is_beside_what_mends_it() -> None:
    text = as_text(checkup(machine("runbook", "problem", "ours.md:12: no such heading", "Expected a playbook.")))
    assert "1. this machine: runbook: ours.md:12: no such heading\n     Expected a playbook.\n" in text


def test_what_nobody_knows_is_not_well() -> None:
    found = checkup(*heads("kubernetes", "here", "op1"), rows("kubernetes", "pods", "partial: listing 3", "unknown"))
    assert not found.well
    assert as_text(found).endswith("? pods: partial: listing 3\n\n■ not well: 1 not known, 2.3 s\n")
