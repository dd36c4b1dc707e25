"""What is public, what is owed, and when it is tried again."""

from __future__ import annotations

from tests.builders import NOW, declared, entries
from wfconsole.clock import MINUTE, SECOND
from wfconsole.incident.advance import fold
from wfconsole.incident.attention import Situation, attention
from wfconsole.incident.events import (
    Event,
    MessageDropped,
    MessageFailed,
    MessageQueued,
    MessageSent,
    MessageTried,
)
from wfconsole.incident.ledger import SENDS_FOR, next_try, owed, public_open, public_reference
from wfconsole.incident.state import IncidentState


def page(name: str, state: str) -> MessageQueued:
    return MessageQueued(name, "t", "status page", state, audience="public", place="pg1", state=state)


SLACK = MessageQueued("m1", "status-update", "slack", "hello", place="#inc")


def after(*events: Event) -> IncidentState:
    return fold(entries(declared(), *events))


SAYS = "status page pg1 says 'investigating' since 14:34:07Z"


def test_public_is_what_arrived_last_on_the_page() -> None:
    assert public_open(after()) == ()
    assert public_open(after(page("a", "investigating"))) == (), "nobody reads what was not sent"
    opened = (page("a", "investigating"), MessageSent("a", "sp1"))
    assert public_open(after(*opened)) == (SAYS,)
    assert public_reference(after(*opened)) == "sp1"
    tried = (*opened, page("b", "resolved"), MessageFailed("b", "503"))
    assert public_open(after(*tried)) == (SAYS,)
    closed = (*opened, page("b", "resolved"), MessageSent("b", "sp1"))
    assert public_open(after(*closed)) == ()
    assert public_reference(after(*closed)) == ""


def test_what_failed_is_owed_until_it_arrives_or_is_dropped() -> None:
    failed = MessageFailed("m1", "429", 2, NOW + MINUTE)
    (found,) = owed(after(SLACK, failed), NOW)
    assert (found.message, found.next_at, found.waits_for_a_person) == ("m1", NOW + MINUTE, False)
    assert found.text == "message to slack #inc did not arrive: 429"
    assert owed(after(SLACK), NOW) == ()
    assert owed(after(SLACK, MessageTried("m1")), NOW) == ()
    assert owed(after(SLACK, failed, MessageSent("m1")), NOW) == ()
    assert owed(after(SLACK, failed, MessageDropped("m1", "old")), NOW) == ()


def test_what_waits_for_a_person_comes_first_and_says_what_to_do() -> None:
    second = MessageQueued("m2", "t", "pagerduty", "x")
    state = after(SLACK, MessageFailed("m1", "429", 1, NOW + MINUTE), second, MessageFailed("m2", "cut", unknown=True))
    found = owed(state, NOW)
    assert [each.message for each in found] == ["m2", "m1"]
    assert found[0].text == "message to pagerduty may have arrived or not: cut; send it again or drop it"
    (need,) = [need for need in attention(Situation(NOW, state)) if need.goto == "ledger"]
    assert need.text == found[0].text, "one failure that is tried again presses nobody"
    state = after(SLACK, MessageFailed("m1", "429", 3, NOW + MINUTE))
    assert [need.goto for need in attention(Situation(NOW, state))][:1] == ["ledger"]


def test_a_message_is_tried_at_once_then_when_it_is_due_and_not_for_ever() -> None:
    message = after(SLACK).messages["m1"]
    assert next_try(message, NOW) == NOW
    assert next_try(message, message.queued_at + SENDS_FOR + 1) == 0
    assert "too old" in owed(after(SLACK), message.queued_at + SENDS_FOR + 1)[0].text
    failed = after(SLACK, MessageFailed("m1", "503", 1, NOW + 3 * SECOND)).messages["m1"]
    assert next_try(failed, NOW) == NOW + 3 * SECOND
    assert next_try(after(SLACK, MessageFailed("m1", "no", 1)).messages["m1"], NOW) == 0
    assert next_try(after(SLACK, MessageTried("m1")).messages["m1"], NOW) == 0


def test_a_doubt_stays_until_it_is_settled() -> None:
    doubted = (SLACK, MessageTried("m1"), MessageFailed("m1", "cut", 1, NOW, unknown=True))
    assert after(*doubted).messages["m1"].doubted
    assert after(*doubted, MessageTried("m1", 2)).messages["m1"].doubted
    again = after(*doubted, SLACK).messages["m1"]
    assert (again.doubted, again.standing, again.attempts) == (True, "queued", 1)
    assert not after(*doubted, MessageSent("m1")).messages["m1"].doubted
