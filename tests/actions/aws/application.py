"""The application whose secret it is: it reads the secret when it starts, and logs in with what it has read."""

from __future__ import annotations

import json
from typing import Any

import psycopg

from tests.actions.bed import Bed
from tests.rig.systems.aws import ACTOR, CONSOLE, REGIONS, Aws
from tests.rig.systems.postgres import ACTING, DATABASE, ORDERS, PASSWORD, Postgres
from wfconsole.config.actions import ActingSettings
from wfconsole.config.systems import AwsSettings, DatabaseSettings

NAME = "prod/orders/database"
CURRENT = "AWSCURRENT"


class Application:
    """One workload: what its pods hold in memory. kwok's pods run nothing, so this is what would run in them."""

    def __init__(self, vault: Vault, bed: Bed, name: str) -> None:
        self._vault, self._bed, self.name = vault, bed, name
        self._started_with = self._template()
        self.held = vault.held()
        self.sessions: list[psycopg.Connection[Any]] = []

    def follow(self) -> bool:
        """What its deployment has made of it: whether it was restarted."""
        if (template := self._template()) == self._started_with:
            return False
        self._started_with, self.held = template, self._vault.held()
        return True

    def log_in(self) -> psycopg.Connection[Any]:
        """A new session with what it holds. Raises KeyError where a field is missing, OperationalError if refused."""
        session: psycopg.Connection[Any] = psycopg.connect(
            host=self.held["host"],
            port=self.held["port"],
            dbname=self.held["dbname"],
            user=self.held["username"],
            password=self.held["password"],
            application_name=self.name,
            autocommit=True,
        )
        self.sessions.append(session)
        return session

    def lets_in(self) -> bool:
        try:
            self.log_in()
        except psycopg.OperationalError:
            return False
        return True

    def end(self) -> None:
        for session in self.sessions:
            session.close()

    def _template(self) -> Any:
        return self._bed.workload(self.name)["spec"]["template"]


class Vault:
    """The secret, as somebody sees it who may do everything, and the database behind it."""

    def __init__(self, aws: Aws, postgres: Postgres) -> None:
        self.aws, self.postgres = aws, postgres
        self.client = aws.client("secretsmanager")
        self.set_in_database(PASSWORD)
        fields = {
            "username": ORDERS,
            "password": PASSWORD,
            "host": "127.0.0.1",
            "port": postgres.port,
            "dbname": DATABASE,
        }
        made = self.client.create_secret(Name=NAME, SecretString=json.dumps(fields))
        self.arn: str = made["ARN"]
        self.first: str = made["VersionId"]

    def acting(self) -> ActingSettings:
        """Who acts on both: the database and AWS, and no cluster."""
        file = self.postgres.directory / "acting.password"
        file.write_text(f"{PASSWORD}\n")
        database = DatabaseSettings(
            host="127.0.0.1",
            port=self.postgres.port,
            name=DATABASE,
            acting_user=ACTING,
            acting_password_file=str(file),
        )
        aws = AwsSettings(regions=REGIONS, endpoint_url=self.aws.url, profile=CONSOLE, acting_profile=ACTOR)
        return ActingSettings(kubeconfig=str(self.postgres.directory / "no-kubeconfig"), database=database, aws=aws)

    def set_in_database(self, password: str) -> None:
        with self.postgres.admin() as connection:
            connection.execute(f"ALTER ROLE {ORDERS} PASSWORD '{password}'")

    def held(self, version: str = "") -> dict[str, Any]:
        """What it holds: moto gives out the wrong version where no stage is asked for."""
        asked = {"VersionId": version} if version else {"VersionStage": CURRENT}
        told: dict[str, Any] = json.loads(self.client.get_secret_value(SecretId=self.arn, **asked)["SecretString"])
        return told

    def stages(self) -> dict[str, list[str]]:
        """The versions by stage."""
        found: dict[str, list[str]] = {}
        for version, stages in self.client.describe_secret(SecretId=self.arn)["VersionIdsToStages"].items():
            for stage in stages:
                found.setdefault(stage, []).append(version)
        return found

    @property
    def current(self) -> str:
        (version,) = self.stages()[CURRENT]
        return version

    def lets_in(self, password: str) -> bool:
        try:
            psycopg.connect(
                host="127.0.0.1", port=self.postgres.port, dbname=DATABASE, user=ORDERS, password=password
            ).close()
        except psycopg.OperationalError:
            return False
        return True
