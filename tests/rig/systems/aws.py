"""Security Hub and Secrets Manager of moto, in a process of their own, with the identity that the console looks as.

moto ignores every filter of `get_findings`; permissions it checks for real, once it is told to.
"""

from __future__ import annotations

import configparser
import json
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any, Final

import boto3.session
import httpx

from tests.rig import processes
from tests.rig.processes import Server, ServerPlan
from tests.rig.systems.system import System

REGIONS: Final = ("eu-west-1", "us-east-1")
CONSOLE: Final = "wfconsole"  # the user, and the profile with its keys
ACTOR: Final = "wfconsole-actor"  # the same of who acts
ACCOUNT: Final = "123456789012"
VALUE: Final = "nobody-may-see-this"
NOT_CHECKED, CHECKED = "inf", "0"


class Aws(System):
    """One server. `client()` gives a client that may do everything."""

    name = "aws"

    def __init__(self) -> None:
        super().__init__()
        self.server: Server
        self._session = boto3.session.Session()
        self._admin: dict[str, str] = {}

    def bring_up(self) -> None:
        self.server = self.run(
            ServerPlan(
                name="moto",
                command=lambda port: [sys.executable, "-P", Path(__file__).with_name("aws_server.py"), str(port)],
                ready=processes.accepts,
                directory=self.directory,
                env={"AWS_EC2_METADATA_DISABLED": "true"},
            )
        )
        self.recover()

    @property
    def port(self) -> int:
        return self.server.ports[0]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def settings(self) -> Mapping[str, Mapping[str, Any]]:
        return {"aws": {"regions": list(REGIONS), "endpoint_url": self.url, "profile": CONSOLE}}

    @property
    def environment(self) -> Mapping[str, str]:
        """What the console's process needs beside its settings."""
        return {
            "AWS_SHARED_CREDENTIALS_FILE": str(self.directory / "credentials"),
            "AWS_CONFIG_FILE": str(self.directory / "config"),
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @property
    def faults(self) -> Mapping[str, Callable[[], str]]:
        return {"findings": self._findings, "stale-secrets": self._stale_secrets}

    def recover(self) -> None:
        """An empty account with two users: one may do everything, one what our policy says."""
        self._post("moto-api/reset", "")
        self.check_permissions(False)
        self._admin = self._user("rig", {"Version": "2012-10-17", "Statement": [_ALL]})
        self.write_keys(self._user(CONSOLE, policy()), self._user(ACTOR, policy("acting")))
        for region in REGIONS:
            self.client("securityhub", region).enable_security_hub()
        self.check_permissions(True)

    def client(self, service: str, region: str = REGIONS[0]) -> Any:
        keys = self._admin or {"aws_access_key_id": "rig", "aws_secret_access_key": "rig"}
        # One session: each new one reads the descriptions of all services anew.
        return self._session.client(service, region_name=region, endpoint_url=self.url, **keys)

    def check_permissions(self, yes: bool) -> None:
        self._post("moto-api/reset-auth", CHECKED if yes else NOT_CHECKED)

    def write_keys(self, keys: Mapping[str, str], acting: Mapping[str, str] | None = None) -> None:
        """The shared file of the console, as `aws configure` would write it."""
        file = configparser.RawConfigParser()
        file[CONSOLE] = keys
        if acting is not None:
            file[ACTOR] = acting
        with (self.directory / "credentials").open("w") as out:
            file.write(out)

    def allow(self, *actions: str, user: str = CONSOLE) -> None:
        """The console, or who acts, may do only this."""
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        self._put_policy({"Version": "2012-10-17", "Statement": [statement]}, user)

    def import_findings(self, region: str, *findings: Mapping[str, Any]) -> None:
        client = self.client("securityhub", region)
        for start in range(0, len(findings), 100):
            client.batch_import_findings(Findings=findings[start : start + 100])

    def make_secret(self, name: str, days: float, region: str = REGIONS[0], *, rotation: bool = False) -> None:
        """One that was last changed so many days ago."""
        self.client("secretsmanager", region).create_secret(Name=name, SecretString=VALUE)
        then = int((datetime.now(UTC) - timedelta(days=days)).timestamp())
        told = {"name": name, "region": region, "at": then, "rotation": rotation}
        self._post("rig/age-secret", json.dumps(told))

    def _user(self, name: str, document: Mapping[str, Any]) -> dict[str, str]:
        client = self.client("iam")
        client.create_user(UserName=name)
        client.put_user_policy(UserName=name, PolicyName=name, PolicyDocument=json.dumps(document))
        key = client.create_access_key(UserName=name)["AccessKey"]
        return {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}

    def _put_policy(self, document: Mapping[str, Any], user: str) -> None:
        self.client("iam").put_user_policy(UserName=user, PolicyName=user, PolicyDocument=json.dumps(document))

    def _post(self, path: str, content: str) -> None:
        httpx.post(f"{self.url}/{path}", content=content, trust_env=False).raise_for_status()

    def _findings(self) -> str:
        for region in REGIONS:
            self.import_findings(
                region,
                a_finding(1, "CRITICAL", region, title="Root account has an access key"),
                a_finding(2, "HIGH", region, title="Security group allows ingress from 0.0.0.0/0 to port 22"),
                a_finding(3, "HIGH", region, workflow="NOTIFIED", title="Bucket allows public reads"),
                a_finding(4, "CRITICAL", region, workflow="SUPPRESSED"),
                a_finding(5, "HIGH", region, workflow="RESOLVED"),
                a_finding(6, "CRITICAL", region, state="ARCHIVED"),
                a_finding(7, "LOW", region),
                a_finding(8, "MEDIUM", region),
            )
        return "three findings are open in each of two regions, one of them critical"

    def _stale_secrets(self) -> str:
        for name, days in (("prod/orders/database", 410), ("prod/gateway/token", 120), ("prod/llm/key", 3)):
            self.make_secret(name, days)
        return "two of three secrets are older than ninety days"


_ALL: Final = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def policy(name: str = "reading") -> Any:
    """What the project ships."""
    return json.loads(resources.files("wfconsole.sources.aws").joinpath(f"{name}-policy.json").read_text())


def a_finding(number: int, severity: str, region: str = REGIONS[0], **changes: Any) -> dict[str, Any]:
    """As a product would import it; `number` says its age in hours too."""
    then = (datetime.now(UTC) - timedelta(hours=number)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {
        "SchemaVersion": "2018-10-08",
        "Id": f"finding-{number}",
        "ProductArn": f"arn:aws:securityhub:{region}:{ACCOUNT}:product/{ACCOUNT}/default",
        "GeneratorId": "rig",
        "AwsAccountId": ACCOUNT,
        "Types": ["Software and Configuration Checks"],
        "FirstObservedAt": then,
        "LastObservedAt": then,
        "CreatedAt": then,
        "UpdatedAt": then,
        "Severity": {"Label": severity},
        "Title": changes.get("title", f"Finding {number}"),
        "Description": "made by the rig",
        "Resources": [{"Type": "AwsEc2SecurityGroup", "Id": f"arn:aws:ec2:{region}:{ACCOUNT}:sg/{number}"}],
        "Workflow": {"Status": changes.get("workflow", "NEW")},
        "RecordState": changes.get("state", "ACTIVE"),
    }
