"""Calling people through a real HTTP server that takes events as PagerDuty does."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.actions.conftest import planned, ran
from tests.actions.process import Actor
from tests.builders import a_policy, declared, entries
from tests.comms.servers import PagerDuty, closed_port, serving
from tests.real_parts import missing
from tests.threads import in_the_end
from wfconsole.actions.catalogue import action_named
from wfconsole.actions.contract import BadRequestError, Unknown
from wfconsole.actions.systems import Systems
from wfconsole.clock import SystemClock
from wfconsole.config.actions import ActingSettings
from wfconsole.config.messaging import PagedPerson, PagerDutySettings
from wfconsole.guard import protocol
from wfconsole.guard.protocol import Begin
from wfconsole.incident.advance import fold
from wfconsole.incident.clocks import call_step
from wfconsole.incident.events import Restricted, StepMarked
from wfconsole.incident.paging import called, called_in, ladder, request_for, rungs_in
from wfconsole.incident.plan import Aim, Plan, Request
from wfconsole.incident.policy import Call
from wfconsole.redaction import redact
from wfconsole.sources.contract import SourceError

KEY, CTO_KEY = "canary-0123456789abcdef0123456789", "canary-of-the-cto-0123456789abcdef"
LADDER = "Primary on call > Engineering Manager > VP Engineering > CTO"


@pytest.fixture
def pagerduty() -> Iterator[PagerDuty]:
    with serving(PagerDuty()) as server:
        yield server


@pytest.fixture
def settings(pagerduty: PagerDuty, tmp_path: Path) -> ActingSettings:
    for name, key in (("key", KEY), ("cto", CTO_KEY)):
        (tmp_path / name).write_text(f"{key}\n")
    people = (PagedPerson("CTO", str(tmp_path / "cto")),)
    return ActingSettings(pagerduty=PagerDutySettings(str(tmp_path / "key"), base_url=pagerduty.url, people=people))


@pytest.fixture
def here(settings: ActingSettings) -> Systems:
    return Systems(settings, SystemClock(), receipt="act-1", incident="INC-1", operator="ada")


def asked(action: str = "page", who: str = "Primary on call", why: str = "no logins", **more: str) -> Request:
    told = {"who": who, "why": why, "severity": "SEV1", "title": "checkout errors", "ladder": LADDER} | more
    return Request(action, Aim("incident", "INC-1"), {name: value for name, value in told.items() if value})


def told(plan: Plan) -> str:
    return "\n".join(f"{check.judgement} {check.text}" for check in plan.checks)


def services(server: PagerDuty) -> set[tuple[str, str]]:
    """The alerts that there are: of which service, with which key."""
    return {(body["routing_key"], body["dedup_key"]) for body in server.kept if body["event_action"] == "trigger"}


def test_a_page_says_who_and_why_under_the_incidents_key(here: Systems, pagerduty: PagerDuty) -> None:
    plan = planned(here, asked())
    assert (plan.colour, plan.danger, plan.dry_run.kind, plan.word) == ("EXPLAIN", "R2", "explained", "Primary on call")
    assert plan.title == "Page Primary on call: no logins"
    assert "explain the schedule of the service of pagerduty.routing_key_file decides who is called" in told(plan)
    assert pagerduty.kept == [], "a plan sends nothing"
    outcome = ran(here, plan)
    assert outcome.text == ("PagerDuty has taken it as INC-1; whether Primary on call answers is for people to say")
    (body,) = pagerduty.kept
    assert body == {
        "routing_key": KEY,
        "event_action": "trigger",
        "dedup_key": "INC-1",
        "client": "wfconsole",
        "payload": {
            "summary": "SEV1 checkout errors: no logins",
            "source": "wfconsole",
            "severity": "critical",
            "custom_details": {"who": "Primary on call", "why": "no logins", "incident": "INC-1", "by": "ada"},
        },
    }


def test_a_second_event_for_the_same_service_calls_nobody_and_an_escalation_has_its_own(
    here: Systems, pagerduty: PagerDuty
) -> None:
    """The literal way: the integration key that is at hand, once more."""
    ran(here, planned(here, asked()))
    ran(here, planned(here, asked(who="CTO the second")))
    assert services(pagerduty) == {(KEY, "INC-1")}
    plan = planned(here, asked("escalate", "VP Engineering"))
    assert (plan.colour, plan.overridable) == ("REFUSE", False)
    assert "refuse VP Engineering has no service of their own in [[pagerduty.people]]" in told(plan)
    ran(here, planned(here, asked("escalate", "CTO")))
    assert services(pagerduty) == {(KEY, "INC-1"), (CTO_KEY, "INC-1")}


def test_an_escalation_knows_the_ladder(here: Systems) -> None:
    before = "Primary on call\t1767755520000\tada\nnonsense\nx\ty\tz"
    plan = planned(here, asked("escalate", "cto", called=before))
    assert plan.colour == "EXPLAIN"
    assert "ok called before: Primary on call at" in told(plan)
    assert "explain not called yet, and before cto in the policy: Engineering Manager, VP Engineering" in told(plan)
    beyond = planned(here, asked("escalate", "CTO", severity="SEV2", ladder="Primary on call > Engineering Manager"))
    assert "refuse the policy for SEV2 does not name CTO" in told(beyond)
    assert beyond.overridable


def test_who_was_called_is_not_called_again_without_a_word(here: Systems) -> None:
    plan = planned(here, asked(called="Primary on call\t1767755520000\tada"))
    assert (plan.colour, plan.overridable) == ("REFUSE", True)
    assert "this one joins it and calls nobody" in told(plan)


def test_an_acknowledgement_has_no_payload(here: Systems, pagerduty: PagerDuty) -> None:
    plan = planned(here, asked("acknowledge", who="", why=""))
    assert plan.title == "Acknowledge the alert of INC-1"
    ran(here, plan)
    assert pagerduty.kept == [
        {"routing_key": KEY, "event_action": "acknowledge", "dedup_key": "INC-1", "client": "wfconsole"}
    ]


@pytest.mark.parametrize("step", ["reset", "cut", "html", "503"])
def test_a_lost_answer_is_unknown_and_a_second_one_harmless(here: Systems, pagerduty: PagerDuty, step: str) -> None:
    plan = planned(here, asked())
    pagerduty.script = [step]
    with pytest.raises(Unknown, match="sending it again is harmless"):
        ran(here, plan)
    assert len(pagerduty.writes()) == 1, "it is not tried again by itself"
    found, text = action_named("page").observe(plan, here)
    assert (found, "harmless" in text) == ("cannot tell", True)
    ran(here, planned(here, asked()))
    assert services(pagerduty) == {(KEY, "INC-1")}


@pytest.mark.parametrize("step", ["hang", "drip"])
def test_its_deadline_holds_for_everything(here: Systems, pagerduty: PagerDuty, step: str) -> None:
    plan = msgspec.structs.replace(planned(here, asked()), deadline_ms=700)
    pagerduty.script = [step]
    with pytest.raises(Unknown):
        in_the_end(lambda: ran(here, plan))


@pytest.mark.parametrize("step", ["400", "429 7"])
def test_what_was_refused_was_certainly_not_sent(here: Systems, pagerduty: PagerDuty, step: str) -> None:
    pagerduty.script = [step]
    with pytest.raises(SourceError, match="it was not sent"):
        ran(here, planned(here, asked()))


def test_where_nobody_listens_it_was_certainly_not_sent(settings: ActingSettings) -> None:
    nowhere = msgspec.structs.replace(settings.pagerduty, base_url=f"http://127.0.0.1:{closed_port()}")
    systems = Systems(msgspec.structs.replace(settings, pagerduty=nowhere), SystemClock())
    with pytest.raises(SourceError, match="it was not sent"):
        ran(systems, planned(systems, asked()))


def test_what_is_missing_is_said(here: Systems, settings: ActingSettings, tmp_path: Path) -> None:
    for request, expected in (
        (asked(why=""), "who is to be called, and why"),
        (asked(severity="SEV9"), "one of SEV1"),
        (msgspec.structs.replace(asked(), aim=Aim("pod", "x")), "to an incident"),
    ):
        with pytest.raises(BadRequestError, match=expected):
            planned(here, request)
    with pytest.raises(BadRequestError, match="not set up"):
        planned(Systems(ActingSettings(), SystemClock()), asked())
    Path(settings.pagerduty.routing_key_file).unlink()
    plan = planned(here, asked())
    assert (plan.colour, plan.overridable) == ("REFUSE", False)


def test_through_the_process_and_no_key_anywhere(settings: ActingSettings, pagerduty: PagerDuty) -> None:
    with Actor(Begin(settings, request=asked(), receipt="act-1", incident="INC-1", operator="ada")) as actor:
        plan = actor.plan()
        assert actor.run(plan).result == "done"
        environment = Path(f"/proc/{actor.process.pid}/environ").read_bytes()
        command = Path(f"/proc/{actor.process.pid}/cmdline").read_bytes()
    heard = b"".join(map(msgspec.json.encode, actor.heard))
    assert KEY.encode() not in heard + environment + command
    assert not any(isinstance(each, protocol.Read) for each in actor.heard), "nothing to watch"
    kept = json.loads(msgspec.json.encode(plan))
    assert redact(kept) == kept
    assert len(pagerduty.kept) == 1


def test_the_command_by_hand_sends_the_same(here: Systems, pagerduty: PagerDuty) -> None:
    (line,) = planned(here, asked(why='it\'s "down"; $(reboot) <b>')).by_hand
    assert KEY not in line
    subprocess.run(["bash", "-n", "-c", line], check=True, timeout=10)
    if not (shutil.which("jq") and shutil.which("curl")):
        missing("needs jq and curl: apt-get install jq curl")
    subprocess.run(["bash", "-c", line], check=True, capture_output=True, timeout=20)
    ran(here, planned(here, asked(why='it\'s "down"; $(reboot) <b>')))
    assert pagerduty.kept[0] == pagerduty.kept[1]


# --- what the record gives


def test_the_request_says_what_the_record_knows() -> None:
    policy = a_policy()
    calls = (Call("escalate", "CTO"), Call("page", "Primary on call"), Call("tell", "support"))
    rules = tuple(msgspec.structs.replace(rule, calls=calls) for rule in policy.rules)
    policy = msgspec.structs.replace(policy, rules=rules)
    assert ladder(policy, "SEV1") == ("Primary on call", "CTO")
    state = fold(
        entries(declared(), StepMarked(call_step("Primary on call"), "done"), StepMarked(call_step("CTO"), "waived"))
    )
    (one,) = called(state, ladder(policy, "SEV1"))
    request = request_for("escalate", state, policy, "CTO", "no logins")
    assert (rungs_in(request.parameters), called_in(request.parameters)) == (("Primary on call", "CTO"), (one,))
    assert request.parameters["title"] == state.title
    secret = fold(entries(declared(), Restricted(True, "ORCHID")))
    assert request_for("page", secret, policy).parameters["title"] == "ORCHID"
    assert request_for("page", secret, policy).parameters["restricted"] == "yes"
