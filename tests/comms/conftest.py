"""What the tests of messages share: a server for each sink, and the plan of a message to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.comms.servers import PagerDuty, Slack, StatusPage, serving
from wfconsole.comms.routes import Routes
from wfconsole.config.messaging import (
    Component,
    MessagesSettings,
    PagerDutySettings,
    SlackHandle,
    SlackSettings,
    StatusPageSettings,
)

CANARY = "xoxb-canary-0123456789abcdef"


@pytest.fixture
def slack() -> Iterator[Slack]:
    with serving(Slack()) as server:
        yield server


@pytest.fixture
def pagerduty() -> Iterator[PagerDuty]:
    with serving(PagerDuty()) as server:
        yield server


@pytest.fixture
def status_page() -> Iterator[StatusPage]:
    with serving(StatusPage()) as server:
        yield server


@pytest.fixture
def token(tmp_path: Path) -> str:
    """The path of a file with a secret in it."""
    path = tmp_path / "token"
    path.write_text(CANARY + "\n")
    path.chmod(0o600)
    return str(path)


@pytest.fixture
def routes(slack: Slack, pagerduty: PagerDuty, status_page: StatusPage, token: str, tmp_path: Path) -> Routes:
    """Everything configured, each at its server."""
    return Routes(
        folder=str(tmp_path / "outbox"),
        messages=MessagesSettings(deadline=5.0),
        slack=SlackSettings(
            token_file=token, base_url=f"{slack.url}/api/", handles=(SlackHandle("anna", "U0ANNA0000"),)
        ),
        pagerduty=PagerDutySettings(routing_key_file=token, base_url=pagerduty.url),
        status_page=StatusPageSettings(
            page="pg1", token_file=token, base_url=status_page.url, components=(Component("api"),)
        ),
    )
