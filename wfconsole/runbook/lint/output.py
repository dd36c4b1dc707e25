"""A report as text, as JSON and as SARIF 2.1.0 (the form in which code hosts take findings)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

import msgspec

from wfconsole.runbook.lint.findings import SEVERITIES, Finding, Report, Rule, Severity
from wfconsole.text import safe

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS: Final[dict[Severity, str]] = {"error": "error", "warning": "warning", "note": "note"}


def as_text(report: Report) -> str:
    """One finding a paragraph: `file:line:column: severity: reason [rule]`, and the remedy below it."""
    lines = []
    for each in report.findings:
        where = f"{each.file}:{each.line}" if each.line else each.file
        where = f"{where}:{each.column}" if each.column else where
        lines += [f"{where}: {each.severity}: {each.reason} [{each.rule}]", f"    {each.remedy}"]
    if report.cut:
        lines.append(f"of these rules there are more findings than are told: {', '.join(report.cut)}")
    lines.append(summary(report))
    return "\n".join(lines) + "\n"


def summary(report: Report) -> str:
    """`28 errors, 65 warnings, 57 notes in 1 file`."""
    counts = ", ".join(_counted(report.count(severity), severity) for severity in SEVERITIES)
    allowed = f"; {len(report.allowed)} allowed by the text" if report.allowed else ""
    return f"{counts} in {_counted(len(report.files), 'file')}{allowed}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def as_json(report: Report) -> str:
    """The schema is in FORMAT.md. Numbers are counted from 1; 0 is "not known"."""
    told = {
        "schema": 1,
        "source": report.source,
        "files": report.files,
        "counts": {severity: report.count(severity) for severity in SEVERITIES},
        "findings": report.findings,
        "allowed": report.allowed,
        "cut": report.cut,
    }
    return msgspec.json.format(msgspec.json.encode(told), indent=2).decode() + "\n"


def as_sarif(report: Report, rules: tuple[Rule, ...], version: str, folder: str = "") -> str:
    """One run with every rule and a result for each finding; what the text allows is there too, as suppressed.

    `folder`: what stands before the names of the files in their addresses, so that they are found from where one is.
    """
    index = {rule.id: number for number, rule in enumerate(rules)}
    results = [_result(each, index, folder) for each in report.findings]
    results += [_result(each, index, folder, allowed=True) for each in report.allowed]
    driver = {"name": "wfconsole lint", "version": version, "rules": [_rule(rule) for rule in rules]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "artifacts": [{"location": _location(name, folder)} for name in report.files],
        "results": results,
    }
    told = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return msgspec.json.format(msgspec.json.encode(told), indent=2).decode() + "\n"


def _rule(rule: Rule) -> dict[str, object]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "help": {"text": rule.remedy},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"topic": rule.topic},
    }


def _location(name: str, folder: str) -> dict[str, str]:
    return {"uri": quote(f"{folder}{name}", safe="/:")}


def _result(finding: Finding, index: dict[str, int], folder: str, *, allowed: bool = False) -> dict[str, object]:
    region: dict[str, int] = {"startLine": max(1, finding.line)}
    if finding.column:
        region["startColumn"] = finding.column
        if finding.end_column > finding.column:
            region["endColumn"] = finding.end_column
    told: dict[str, object] = {
        "ruleId": finding.rule,
        "ruleIndex": index[finding.rule],
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.reason}. Instead: {finding.remedy}"},
        "locations": [{"physicalLocation": {"artifactLocation": _location(finding.file, folder), "region": region}}],
    }
    if allowed:
        told["suppressions"] = [{"kind": "inSource"}]
    return told


def rules_as_text(rules: Iterable[Rule]) -> str:
    """Every rule by topic."""
    lines: list[str] = []
    topic = ""
    for rule in rules:
        if rule.topic != topic:
            topic = rule.topic
            lines += ["", topic] if lines else [topic]
        lines.append(f"  {rule.id:<34} {rule.severity:<8} {safe(rule.title)}")
    return "\n".join(lines) + "\n"
