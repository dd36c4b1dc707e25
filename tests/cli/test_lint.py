"""`wfconsole lint` as a person and as a code host runs it."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import pytest

from wfconsole import __version__, exit_codes
from wfconsole.clock import DAY, ManualClock
from wfconsole.runbook.lint import all_rules
from wfconsole.wiring.linting import lint

TEAM = Path(__file__).parents[1] / "runbook" / "samples" / "incident-response-runbook.md"
WARNED = "# A\n\n**Version:** 1  \n**Owner:** us\n\n## B\n\n1. Look\n"


def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "wfconsole", "lint", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=cwd,
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LANG": "C.UTF-8", "PYTHONPATH": str(Path.cwd())},
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done


def test_a_finding_says_where_what_and_what_instead() -> None:
    done = run(str(TEAM))
    assert done.returncode == exit_codes.LINT
    assert (
        "incident-response-runbook.md:61:14: error: -f never returns: the checklist stops here until somebody "
        "interrupts it [logs-follow]\n    read a bounded piece: "
    ) in done.stdout
    assert done.stdout.splitlines()[-1].endswith(" in 1 file")


def test_our_own_runbook_is_the_default_and_is_well() -> None:
    done = run()
    assert (done.returncode, done.stderr) == (exit_codes.OK, "")
    assert done.stdout.splitlines()[-1].startswith("0 errors, ")


@pytest.mark.parametrize(
    ("bound", "code"), [("error", 0), ("warning", exit_codes.LINT), ("note", exit_codes.LINT), ("never", 0)]
)
def test_the_exit_code_follows_what_is_asked(tmp_path: Path, bound: str, code: int) -> None:
    (tmp_path / "a.md").write_text(WARNED)
    assert run("--fail-on", bound, str(tmp_path / "a.md")).returncode == code


def test_json_is_for_programs() -> None:
    told = json.loads(run("--json", str(TEAM)).stdout)
    assert told["schema"] == 1
    assert told["files"] == ["incident-response-runbook.md"]
    assert sum(told["counts"].values()) == len(told["findings"])
    first = told["findings"][0]
    assert set(first) == {"rule", "severity", "file", "line", "column", "end_column", "reason", "remedy"}


def test_sarif_is_what_code_hosts_take(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "my runbook.md").write_bytes(TEAM.read_bytes())
    told = json.loads(run("--sarif", "docs/my runbook.md", cwd=tmp_path).stdout)
    assert told["version"] == "2.1.0"
    assert told["$schema"].endswith("sarif-2.1.0.json")
    (made,) = told["runs"]
    driver = made["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("wfconsole lint", __version__)
    assert [each["id"] for each in driver["rules"]] == [rule.id for rule in all_rules()]
    assert all(each["shortDescription"]["text"] and "helpUri" not in each for each in driver["rules"])
    for each in made["results"]:
        assert driver["rules"][each["ruleIndex"]]["id"] == each["ruleId"]
        assert each["level"] in ("error", "warning", "note")
        (place,) = each["locations"]
        assert place["physicalLocation"]["artifactLocation"]["uri"] == "docs/my%20runbook.md"
        region = place["physicalLocation"]["region"]
        assert region["startLine"] >= 1
        assert region.get("endColumn", 10**6) > region.get("startColumn", 1)


def test_what_the_text_allows_is_suppressed_in_sarif(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A\n\n## B\n\n```bash\nkubectl logs -f a # wf\n```\n")
    text = "# A\n\n## B\n\n```bash\n# wf: allow logs-follow we watch it\nkubectl logs -f a\n```\n"
    (tmp_path / "a.md").write_text(text)
    results = json.loads(run("--sarif", str(tmp_path / "a.md")).stdout)["runs"][0]["results"]
    suppressed = [each for each in results if each["ruleId"] == "logs-follow"]
    assert [each["suppressions"] for each in suppressed] == [[{"kind": "inSource"}]]


def test_all_rules_are_listed() -> None:
    done = run("--rules")
    assert done.returncode == exit_codes.OK
    assert all(f"  {rule.id} " in done.stdout for rule in all_rules())


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"\xff\xfe")
    for path, said in ((tmp_path / "a.md", "bytes that are not UTF-8"), (tmp_path / "b.md", "no such file or folder")):
        done = run(str(path))
        assert done.returncode == exit_codes.RUNBOOK
        assert said in done.stderr
        assert done.stdout == ""


def test_the_day_is_that_of_the_clock(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = argparse.Namespace(path=TEAM, json=False, sarif=False, rules=False, fail_on="never")
    lint(arguments, ManualClock(20_000 * DAY))  # 2024-10-04
    assert "review-overdue" not in capsys.readouterr().out
    lint(arguments, ManualClock(21_000 * DAY))
    assert "review-overdue" in capsys.readouterr().out
