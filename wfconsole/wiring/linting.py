"""`wfconsole lint`: what is wrong with a runbook, as text, JSON or SARIF."""

from __future__ import annotations

import argparse
import datetime
from pathlib import Path

from wfconsole import __version__, exit_codes
from wfconsole.clock import Clock, SystemClock
from wfconsole.errors import UserError
from wfconsole.runbook import BUNDLED
from wfconsole.runbook.lint import all_rules, lint_runbook
from wfconsole.runbook.lint.findings import SEVERITIES, Report
from wfconsole.runbook.lint.output import as_json, as_sarif, as_text, rules_as_text
from wfconsole.runbook.problems import RunbookError


def lint(arguments: argparse.Namespace, clock: Clock | None = None) -> int:
    """Print the findings; the exit code says whether one is as bad as `--fail-on`. Raises UserError."""
    if arguments.rules:
        print(rules_as_text(all_rules()), end="")
        return exit_codes.OK
    source: Path = arguments.path or BUNDLED
    today = datetime.datetime.fromtimestamp((clock or SystemClock()).now() / 1000, datetime.UTC).date()
    try:
        report = lint_runbook(source, today)
    except RunbookError as error:
        raise UserError(str(error), exit_codes.RUNBOOK) from None
    print(_told(report, source, arguments), end="")
    return exit_codes.LINT if _fails(report, arguments.fail_on) else exit_codes.OK


def _told(report: Report, source: Path, arguments: argparse.Namespace) -> str:
    if arguments.json:
        return as_json(report)
    if arguments.sarif:
        folder = source if source.is_dir() else source.parent
        before = "" if str(folder) == "." else f"{folder.as_posix().rstrip('/')}/"
        before = f"file://{before}" if folder.is_absolute() else before
        return as_sarif(report, all_rules(), __version__, before)
    return as_text(report)


def _fails(report: Report, bound: str) -> bool:
    if bound == "never":
        return False
    return any(report.count(severity) for severity in SEVERITIES if SEVERITIES.index(severity) <= _worst(bound))


def _worst(bound: str) -> int:
    return next(number for number, severity in enumerate(SEVERITIES) if severity == bound)
