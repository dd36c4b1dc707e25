"""The sender process against real servers: what arrives, and what it says of everything that can go wrong."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.comms.conftest import CANARY
from tests.comms.servers import PagerDuty, Receiver, Slack, StatusPage, closed_port
from tests.threads import in_the_end
from wfconsole.comms.plan import Arrived, Failed, Leaving, Plan, Said
from wfconsole.comms.process import sender_command
from wfconsole.comms.routes import Routes
from wfconsole.config.messaging import PagerDutySettings, SlackSettings, StatusPageSettings

TEXT = "INCIDENT UPDATE\n\nStatus: identified\nImpact: nobody can pay <!channel> & *bold*"


def plan_for(routes: Routes, sink: str, **changes: Any) -> Plan:
    fields: dict[str, Any] = {
        "message": "m1",
        "incident": "INC-20260301-1420",
        "sink": sink,
        "place": {"slack": "#inc-20260301-1420", "status page": "pg1"}.get(sink, ""),
        "text": TEXT,
        "template": "status-page-identified" if sink == "status page" else "declaration",
        "state": "identified" if sink == "status page" else "",
        "severity": "SEV2",
        "title": "checkout errors",
        "deadline_ms": 5_000,
        "folder": routes.folder,
        "slack": routes.slack,
        "pagerduty": routes.pagerduty,
        "status_page": routes.status_page,
    }
    return Plan(**(fields | changes))


def run(plan: Plan) -> tuple[list[Said], str]:
    """Everything that it said, and its standard error."""
    process = subprocess.Popen(sender_command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdin.write(msgspec.json.encode(plan) + b"\n")
    process.stdin.flush()
    out = process.stdout.read()
    err = process.stderr.read().decode()
    assert process.wait(20) == 0
    process.stdin.close()
    assert CANARY not in out.decode() + err
    decode = msgspec.json.Decoder(Said).decode
    return [decode(line) for line in out.splitlines()], err


def outcome(plan: Plan) -> Arrived | Failed:
    said, _ = run(plan)
    last = said[-1]
    assert not isinstance(last, Leaving)
    return last


def server_of(sink: str, slack: Slack, pagerduty: PagerDuty, status_page: StatusPage) -> Receiver:
    return {"slack": slack, "pagerduty": pagerduty, "status page": status_page}[sink]


@pytest.fixture(params=["slack", "pagerduty", "status page"])
def sink(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def server(sink: str, slack: Slack, pagerduty: PagerDuty, status_page: StatusPage) -> Receiver:
    return server_of(sink, slack, pagerduty, status_page)


# --- what arrives


def test_slack_gets_the_very_words_as_literal_text(routes: Routes, slack: Slack) -> None:
    assert outcome(plan_for(routes, "slack")) == Arrived("C0INCIDENT/1700000000.000001")
    (body,) = slack.kept
    pieces = body["blocks"][0]["elements"][0]["elements"]
    assert "".join(piece["text"] for piece in pieces) == TEXT
    assert {piece["type"] for piece in pieces} == {"text"}
    assert body["text"].endswith("nobody can pay &lt;!channel&gt; &amp; *bold*")
    assert (body["mrkdwn"], body["parse"], body["link_names"]) == (False, "none", False)
    assert body["metadata"]["event_payload"] == {"message": "m1", "incident": "INC-20260301-1420"}
    assert [each.body["name"] for each in slack.writes("conversations.create")] == ["inc-20260301-1420"]
    assert slack.seen[-1].headers["authorization"] == f"Bearer {CANARY}"


def test_a_channel_that_is_configured_is_not_made(routes: Routes, slack: Slack) -> None:
    settings = msgspec.structs.replace(routes.slack, channel="C0123456")
    outcome(plan_for(routes, "slack", slack=settings, place="C0123456"))
    assert not slack.writes("conversations.create")
    assert slack.kept[0]["channel"] == "C0123456"


def test_only_mapped_people_are_mentioned(routes: Routes, slack: Slack) -> None:
    outcome(plan_for(routes, "slack", text="Commander: @anna\nmail x@anna.example, @here @bob"))
    pieces = slack.kept[0]["blocks"][0]["elements"][0]["elements"]
    assert [piece["user_id"] for piece in pieces if piece["type"] == "user"] == ["U0ANNA0000"]
    assert "@here" not in slack.kept[0]["text"]


@pytest.mark.parametrize(
    ("template", "state", "action"),
    [
        ("declaration", "", "trigger"),
        ("status-update", "", "acknowledge"),
        ("resolution", "resolved", "resolve"),
        ("restricted-declaration", "", "trigger"),
        ("restricted-resolution", "resolved", "resolve"),
    ],
)
def test_pagerduty_gets_one_alert_for_the_incident(
    template: str, state: str, action: str, routes: Routes, pagerduty: PagerDuty
) -> None:
    assert outcome(plan_for(routes, "pagerduty", template=template, state=state)) == Arrived("INC-20260301-1420")
    (body,) = pagerduty.kept
    assert (body["event_action"], body["dedup_key"]) == (action, "INC-20260301-1420")
    assert body["routing_key"] == CANARY
    if action == "trigger":
        assert (body["payload"]["summary"], body["payload"]["severity"]) == ("SEV2 checkout errors", "error")
        assert body["payload"]["custom_details"]["message"] == TEXT


def test_a_status_page_is_opened_updated_and_resolved(routes: Routes, status_page: StatusPage) -> None:
    opened = outcome(plan_for(routes, "status page", state="investigating"))
    assert opened == Arrived("sp1")
    outcome(plan_for(routes, "status page", message="m2", reference="sp1", state="monitoring"))
    outcome(plan_for(routes, "status page", message="m3", reference="sp1", state="resolved"))
    assert [(each.method, each.path) for each in status_page.writes()] == [
        ("POST", "/v1/pages/pg1/incidents"),
        ("PATCH", "/v1/pages/pg1/incidents/sp1"),
        ("PATCH", "/v1/pages/pg1/incidents/sp1"),
    ]
    assert [told["components"]["api"] for told in status_page.kept] == [
        *("major_outage", "degraded_performance", "operational")
    ]
    assert status_page.kept[0]["name"] == "Service disruption"
    assert "checkout" not in json.dumps(status_page.kept), "the title of the room stays in the room"
    assert status_page.seen[0].headers["authorization"] == f"OAuth {CANARY}"


def test_a_file_is_whole_private_and_one(routes: Routes) -> None:
    first = outcome(plan_for(routes, "file", incident="INC/../../x"))
    assert isinstance(first, Arrived)
    path = Path(first.reference)
    assert path.parent == Path(routes.folder)
    assert path.read_text() == TEXT + "\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert outcome(plan_for(routes, "file", incident="INC/../../x")) == Arrived(first.reference, before=True)
    assert len(list(Path(routes.folder).iterdir())) == 1


# --- what goes wrong


def test_too_many_requests_are_waited_for(sink: str, server: Receiver, routes: Routes) -> None:
    server.script = ["429 7"]
    found = outcome(plan_for(routes, sink))
    assert isinstance(found, Failed)
    assert (found.again, found.after_ms, found.unknown) == (True, 7_000, False)
    assert len(server.writes()) - len(server.writes("conversations.create")) == 1, "no retry of the library's own"


def test_a_server_in_trouble_may_have_taken_it(sink: str, server: Receiver, routes: Routes) -> None:
    server.script = ["503"]
    found = outcome(plan_for(routes, sink))
    assert isinstance(found, Failed)
    assert found.again
    assert found.unknown == (sink != "pagerduty"), "PagerDuty makes one of two"


@pytest.mark.parametrize("step", ["reset", "cut", "html"])
def test_an_answer_that_breaks_off_leaves_a_doubt(step: str, sink: str, server: Receiver, routes: Routes) -> None:
    server.script = [step]
    found = outcome(plan_for(routes, sink))
    assert isinstance(found, Failed)
    assert found.again
    assert found.unknown == (sink != "pagerduty")
    assert len(server.kept) == 1


@pytest.mark.parametrize("step", ["hang", "drip"])
def test_the_deadline_holds_for_everything(step: str, sink: str, server: Receiver, routes: Routes) -> None:
    server.script = [step]
    found = in_the_end(lambda: outcome(plan_for(routes, sink, deadline_ms=1_500)))
    assert isinstance(found, Failed)
    assert found.again


def test_where_nobody_listens_it_was_certainly_not_sent(sink: str, routes: Routes) -> None:
    url = f"http://127.0.0.1:{closed_port()}"
    plan = plan_for(
        routes,
        sink,
        slack=msgspec.structs.replace(routes.slack, base_url=f"{url}/api/"),
        pagerduty=msgspec.structs.replace(routes.pagerduty, base_url=url),
        status_page=msgspec.structs.replace(routes.status_page, base_url=url),
    )
    found = outcome(plan)
    assert isinstance(found, Failed)
    assert (found.again, found.unknown) == (True, False)
    assert "onnection" in found.reason


def test_a_refusal_for_good_is_not_tried_again(routes: Routes, slack: Slack, status_page: StatusPage) -> None:
    slack.error = "invalid_auth"
    found = outcome(plan_for(routes, "slack"))
    assert isinstance(found, Failed)
    assert (found.again, found.unknown) == (False, False)
    assert "slack.token_file" in found.reason
    status_page.script = ["401"]
    found = outcome(plan_for(routes, "status page"))
    assert isinstance(found, Failed)
    assert (found.again, found.unknown) == (False, False)


@pytest.mark.parametrize("content", [None, "", "two\nlines\n"])
def test_a_token_that_is_not_there_is_told_with_its_setting(content: str | None, sink: str, tmp_path: Path) -> None:
    path = tmp_path / "no-token"
    if content is not None:
        path.write_text(content)
    plan = Plan(
        "m1",
        "INC-1",
        sink,  # type: ignore[arg-type]
        "#x",
        "text",
        state="identified",
        slack=SlackSettings(token_file=str(path)),
        pagerduty=PagerDutySettings(routing_key_file=str(path)),
        status_page=StatusPageSettings(page="p", token_file=str(path)),
    )
    found = outcome(plan)
    assert isinstance(found, Failed)
    assert not found.unknown
    assert "_file" in found.reason
    assert "two" not in found.reason


# --- sent once


def test_what_may_have_arrived_is_found_there(sink: str, server: Receiver, routes: Routes) -> None:
    server.script = ["reset"]
    assert isinstance(outcome(plan_for(routes, sink)), Failed)
    found = outcome(plan_for(routes, sink, look="must"))
    assert isinstance(found, Arrived)
    if sink == "pagerduty":
        assert isinstance(server, PagerDuty)
        assert server.alerts == {"INC-20260301-1420"}
    else:
        assert found.before
        assert len(server.kept) == 1


def test_what_did_not_arrive_is_sent_after_the_look(sink: str, server: Receiver, routes: Routes) -> None:
    server.script = ["lost"]
    assert isinstance(outcome(plan_for(routes, sink)), Failed)
    assert isinstance(outcome(plan_for(routes, sink, look="must")), Arrived)
    assert len(server.kept) == 1


def test_a_look_that_fails_sends_nothing_unless_a_person_said_so(routes: Routes, slack: Slack) -> None:
    slack.history_error = "missing_scope"
    found = outcome(plan_for(routes, "slack", look="must"))
    assert isinstance(found, Failed)
    assert (found.unknown, found.again) == (True, False)
    assert not slack.kept
    assert isinstance(outcome(plan_for(routes, "slack", look="try")), Arrived)
    assert len(slack.kept) == 1


def test_a_channel_that_cannot_be_looked_into_is_not_taken_for_an_empty_one(routes: Routes, slack: Slack) -> None:
    """A private channel by its name: the list of public ones does not have it."""
    settings = msgspec.structs.replace(routes.slack, channel="war-room")
    slack.script = ["reset"]
    outcome(plan_for(routes, "slack", slack=settings, place="#war-room"))
    found = outcome(plan_for(routes, "slack", slack=settings, place="#war-room", look="must"))
    assert isinstance(found, Failed)
    assert (found.unknown, found.again) == (True, False)
    assert "give its ID" in found.reason
    assert len(slack.kept) == 1


def test_it_ends_with_whoever_started_it(routes: Routes, slack: Slack) -> None:
    slack.script = ["hang"]
    process = subprocess.Popen(sender_command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(msgspec.json.encode(plan_for(routes, "slack")) + b"\n")
    process.stdin.flush()
    assert b"leaving" in process.stdout.readline()
    process.stdin.close()
    assert process.wait(5) == 0
    assert process.stdout.read() == b""


def test_its_command_line_holds_nothing_of_the_message() -> None:
    assert sender_command()[1:] == ("-m", "wfconsole.comms.sender")
    assert not any("token" in part for part in sender_command()), os.environ.get("PATH")
