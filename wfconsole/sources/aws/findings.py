"""Findings of Security Hub: HIGH and CRITICAL, active, new or notified."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from wfconsole.clock import Millis
from wfconsole.config.systems import AwsSettings
from wfconsole.observations.findings import FindingRow, rank
from wfconsole.sources.aws.bounded import listed
from wfconsole.sources.aws.region import RegionPoll
from wfconsole.sources.sealing import seal
from wfconsole.text import safe

SEVERITIES: Final = ("CRITICAL", "HIGH")
WORKFLOWS: Final = ("NEW", "NOTIFIED")
_PAGE: Final = 100
# Pages of one look; what is beyond is counted as "more".
MOST_PAGES: Final = 10


class FindingsPoll(RegionPoll):
    """The findings of one region. `found` of them are open, of which the first `findings_shown` are rows."""

    service = "securityhub"
    action = "securityhub:GetFindings"

    def __init__(self, settings: AwsSettings, region: str, interval_ms: Millis) -> None:
        super().__init__("findings", settings, region, interval_ms)
        self.found = -1  # no look yet
        self.more = False

    def read(self) -> None:
        rows: dict[str, FindingRow] = {}
        with self.client() as client:
            token, pages = "", 0
            while True:
                following = {"NextToken": token} if token else {}
                answer = client.get_findings(Filters=filters(), SortCriteria=_NEWEST, MaxResults=_PAGE, **following)
                for row in open_findings(listed(answer, "Findings"), self.region):
                    rows[f"{row.region}/{row.id}"] = row
                token, pages = answer.get("NextToken") or "", pages + 1
                if not token or pages >= MOST_PAGES:
                    break
        shown = sorted(rows, key=lambda key: rank(rows[key]))[: self.settings.findings_shown]
        self.keep({key: seal(rows[key]) for key in shown})
        self.found, self.more = len(rows), bool(token)


_NEWEST: Final = [{"Field": "UpdatedAt", "SortOrder": "desc"}]


def filters() -> dict[str, list[dict[str, str]]]:
    """Filters of the same field are alternatives, those of different fields must all hold."""

    def one_of(*values: str) -> list[dict[str, str]]:
        return [{"Value": value, "Comparison": "EQUALS"} for value in values]

    return {
        "SeverityLabel": one_of(*SEVERITIES),
        "WorkflowStatus": one_of(*WORKFLOWS),
        "RecordState": one_of("ACTIVE"),
    }


def open_findings(found: Iterable[Mapping[str, Any]], region: str) -> Iterable[FindingRow]:
    """The rows of the findings that pass. The server filters too, but what it lets through is not taken on trust."""
    for each in found:
        severity = _inner(each, "Severity").get("Label", "")
        workflow = _inner(each, "Workflow").get("Status") or each.get("WorkflowState", "")
        if severity in SEVERITIES and workflow in WORKFLOWS and each.get("RecordState", "ACTIVE") == "ACTIVE":
            yield _row(each, severity, workflow, region)


def _row(found: Mapping[str, Any], severity: str, workflow: str, region: str) -> FindingRow:
    resources = [each for each in found.get("Resources") or () if isinstance(each, dict)]
    first = resources[0] if resources else {}
    advice = _inner(_inner(found, "Remediation"), "Recommendation")
    return FindingRow(
        id=safe(str(found.get("Id", "")), 512),
        region=region,
        severity=severity,
        title=safe(str(found.get("Title", "")), 256),
        workflow=workflow,
        account=safe(str(found.get("AwsAccountId", "")), 20),
        product=safe(str(found.get("ProductName") or str(found.get("ProductArn", "")).rpartition("/")[2]), 80),
        resource_type=safe(str(first.get("Type", "")), 80),
        resource=safe(str(first.get("Id", "")), 512),
        resources=len(resources),
        first_at=instant(found.get("FirstObservedAt") or found.get("CreatedAt")),
        last_at=instant(found.get("LastObservedAt") or found.get("UpdatedAt")),
        updated_at=instant(found.get("UpdatedAt")),
        remedy=safe(str(advice.get("Text", "")), 400),
    )


def instant(text: object) -> Millis:
    """An ISO time as milliseconds since 1970; 0 for what is none."""
    if not isinstance(text, str):
        return 0
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return 0
    return max(0, round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000))


def _inner(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    inner = value.get(name)
    return inner if isinstance(inner, dict) else {}
