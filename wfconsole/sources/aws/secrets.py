"""The ages of secrets, from the list of Secrets Manager. Nothing here asks for a value, and the policy forbids it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from wfconsole.clock import Millis
from wfconsole.config.systems import AwsSettings
from wfconsole.observations.secrets import SecretRow, renewed_at
from wfconsole.sources.aws.bounded import listed
from wfconsole.sources.aws.region import RegionPoll
from wfconsole.sources.sealing import seal
from wfconsole.text import safe

_PAGE: Final = 100
MOST_PAGES: Final = 10
SHOWN: Final = 200


class SecretsPoll(RegionPoll):
    """The secrets of one region, those first that were not changed for longest."""

    service = "secretsmanager"
    action = "secretsmanager:ListSecrets"

    def __init__(self, settings: AwsSettings, region: str, interval_ms: Millis) -> None:
        super().__init__("secrets", settings, region, interval_ms)
        self.found = -1  # no look yet
        self.more = False

    def read(self) -> None:
        rows: dict[str, SecretRow] = {}
        with self.client() as client:
            token, pages = "", 0
            while True:
                following = {"NextToken": token} if token else {}
                answer = client.list_secrets(MaxResults=_PAGE, **following)
                for each in listed(answer, "SecretList"):
                    row = secret_row(each, self.region, self.settings.secrets_stale_days)
                    rows[f"{row.region}/{row.name}"] = row
                token, pages = answer.get("NextToken") or "", pages + 1
                if not token or pages >= MOST_PAGES:
                    break
        shown = sorted(rows, key=lambda key: (renewed_at(rows[key]), key))[:SHOWN]
        self.keep({key: seal(rows[key]) for key in shown})
        self.found, self.more = len(rows), bool(token)


def secret_row(found: Mapping[str, Any], region: str, stale_days: int) -> SecretRow:
    return SecretRow(
        name=safe(str(found.get("Name", "")), 512),
        region=region,
        created_at=_instant(found.get("CreatedDate")),
        changed_at=_instant(found.get("LastChangedDate")),
        rotated_at=_instant(found.get("LastRotatedDate")),
        accessed_at=_instant(found.get("LastAccessedDate")),
        rotation=bool(found.get("RotationEnabled", False)),
        stale_days=stale_days,
    )


def _instant(at: object) -> Millis:
    return max(0, round(at.timestamp() * 1000)) if isinstance(at, datetime) else 0
