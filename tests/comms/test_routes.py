"""Which sinks there are, what each may be used for, and what a sender is told."""

from __future__ import annotations

import msgspec

from tests.builders import declared, entries
from wfconsole.comms.plan import Plan
from wfconsole.comms.routes import Routes
from wfconsole.incident.advance import fold
from wfconsole.incident.events import Event, MessageQueued, MessageSent, Restricted
from wfconsole.incident.sinks import Sink
from wfconsole.incident.state import IncidentState

RESTRICTED = Restricted(on=True, code_name="HERON", reason="a leak")


def after(*events: Event) -> IncidentState:
    return fold(entries(declared(), *events))


def sinks(routes: Routes, *events: Event) -> dict[str, Sink]:
    return {sink.name: sink for sink in routes.sinks(after(*events))}


def test_without_configuration_there_are_a_file_and_the_clipboard() -> None:
    found = sinks(Routes(folder="/state/outbox"))
    assert [name for name, sink in found.items() if not sink.refused] == ["file", "clipboard"]
    assert "slack.token_file" in found["slack"].refused
    assert sinks(Routes())["file"].refused


def test_every_sink_says_where_it_goes_and_who_reads_it(routes: Routes) -> None:
    found = sinks(routes)
    assert not [sink for sink in found.values() if sink.refused]
    assert found["slack"].place.startswith("#inc-")
    assert found["slack"].mentions == ("anna",)
    assert [name for name, sink in found.items() if sink.audience == "public"] == ["status page"]


def test_a_restricted_incident_has_no_public_sink_and_no_open_channel(routes: Routes) -> None:
    found = sinks(routes, RESTRICTED)
    assert "restricted" in found["status page"].refused
    assert "restricted_channel" in found["slack"].refused
    assert not found["pagerduty"].refused
    private = msgspec.structs.replace(routes.slack, restricted_channel="G0PRIVATE")
    slack = sinks(msgspec.structs.replace(routes, slack=private), RESTRICTED)["slack"]
    assert (slack.place, slack.refused) == ("G0PRIVATE", "")


def test_what_was_queued_for_an_open_channel_stays_here_once_it_is_restricted(routes: Routes) -> None:
    private = msgspec.structs.replace(routes.slack, restricted_channel="G0PRIVATE")
    closed = msgspec.structs.replace(routes, slack=private)
    state = after(MessageQueued("m1", "declaration", "slack", "x", place="#inc"), RESTRICTED)
    assert "#inc" in closed.refusal(state.messages["m1"], state)
    state = after(RESTRICTED, MessageQueued("m1", "declaration", "slack", "x", place="G0PRIVATE"))
    assert closed.refusal(state.messages["m1"], state) == ""


def test_a_sink_of_another_version_is_refused_with_its_name(routes: Routes) -> None:
    state = after(MessageQueued("m1", "declaration", "carrier pigeon", "x"))
    assert "carrier pigeon" in routes.refusal(state.messages["m1"], state)


def test_a_plan_has_the_code_name_the_reference_and_no_secret(routes: Routes) -> None:
    page = MessageQueued("p1", "t", "status page", "x", "public", "pg1", "investigating")
    state = after(page, MessageSent("p1", "sp7"), msgspec.structs.replace(page, message="p2"), RESTRICTED)
    plan = routes.plan("p2", state, "no")
    assert (plan.reference, plan.title, plan.restricted) == ("sp7", "HERON", True)
    sent = msgspec.json.encode(plan)
    assert b"xoxb" not in sent
    assert msgspec.json.decode(sent, type=Plan) == plan
