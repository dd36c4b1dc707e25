"""Calling people through PagerDuty: page, escalate, acknowledge. Once, with who and why.

Every event carries the incident's id as its key, so that one that is sent twice is one. The same makes the trap: for
the service that has the alert already, another event is merged into it and calls nobody. So whoever is escalated to
needs a service of their own. developer.pagerduty.com, "Event management": events with the key of an open alert join it;
acknowledging what is not open does nothing.
"""

from __future__ import annotations

import shlex
import threading
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from wfconsole.actions.contract import Action, BadRequestError, Say, Unknown
from wfconsole.actions.systems import Systems
from wfconsole.clock import SECOND, Millis
from wfconsole.comms.channels import PagerAction
from wfconsole.comms.sender.pagerduty import Event, Pager
from wfconsole.comms.sender.trouble import Trouble
from wfconsole.config.messaging import PagerDutySettings
from wfconsole.decoding import convert
from wfconsole.incident.paging import called_in, rungs_in
from wfconsole.incident.plan import Check, DryRun, Found, Observed, Outcome, Plan, Reading, Request
from wfconsole.incident.policy import SEVERITIES
from wfconsole.incident.wording import because
from wfconsole.secret import SecretFileError, secret_in
from wfconsole.sources.contract import SourceError
from wfconsole.text import clock_time, safe

_WITHIN: Final[Millis] = 10 * SECOND
_LONGEST_KEY: Final = 255  # of dedup_key, by PagerDuty
_LONGEST: Final = 400
_HARMLESS: Final = "sending it again is harmless: with the same key it joins the same alert"


class _Paging(Action):
    """What all three share. The aim is the incident. Parameters: `who`, `why`, `severity`, `title`, and of the record
    `ladder`, `called` and `restricted`; `incident.paging.request_for` makes them."""

    event: PagerAction = "trigger"

    def plan(self, request: Request, systems: Systems, now: Millis) -> Plan:
        settings = systems.settings.pagerduty
        asked = _Asked(request, settings)
        if not (asked.key_file or settings.configured):
            raise BadRequestError("PagerDuty is not set up: pagerduty.routing_key_file names no file")
        self.need(asked)
        event = self.told(asked, systems)
        return Plan(
            request,
            title=because(self.title(asked), asked.why),
            place=f"PagerDuty at {safe(settings.base_url, 200)}, {asked.service}",
            danger="R2",  # small, but nobody can try it without doing it
            made_at=now,
            blast=tuple(self.blast(asked, event)),
            undo="none: who was called was called" if self.event == "trigger" else "none: page again",
            checks=(_key_file(asked, settings), *self.checks(asked)),
            dry_run=DryRun("explained", "PagerDuty tries nothing: an event is taken or refused"),
            by_hand=(_by_hand(asked, settings, event),),
            word=asked.who or request.aim.name,
            deadline_ms=_WITHIN,
            calls={"event": msgspec.to_builtins(event), "file": asked.key_file, "who": asked.who},
        )

    def run(self, plan: Plan, systems: Systems, say: Say) -> Outcome:
        event = convert(plan.calls["event"], Event)
        say(f"{event.action} {event.incident}")
        reference = _sent(systems.settings.pagerduty, plan.calls["file"], event, plan.deadline_ms)
        return Outcome(
            "done", f"PagerDuty has taken it as {safe(reference, 255)}; {self.next_words(plan.calls['who'])}"
        )

    def observe(self, plan: Plan, systems: Systems) -> tuple[Found, str]:  # noqa: ARG002
        return "cannot tell", f"PagerDuty takes events and answers no questions about them; {_HARMLESS}"

    def measure(self, plan: Plan, systems: Systems) -> Reading:  # noqa: ARG002
        return Reading(systems.now(), None, "whether anybody answers is for people to say")

    # --- what differs

    def need(self, asked: _Asked) -> None:
        if not asked.who or not asked.why:
            raise BadRequestError("who is to be called, and why? Both are needed")

    def title(self, asked: _Asked) -> str:
        return f"Page {asked.who}"

    def blast(self, asked: _Asked, event: Event) -> Iterator[str]:
        yield f"{asked.who} is called, at any hour, and reads: {event.summary}"

    def next_words(self, who: str) -> str:
        return f"whether {who} answers is for people to say"

    def told(self, asked: _Asked, systems: Systems) -> Event:
        """What is sent."""
        if self.event != "trigger":
            return Event(self.event, asked.incident)
        details = {"who": asked.who, "why": asked.why, "incident": asked.incident, "by": safe(systems.operator, 100)}
        return Event("trigger", asked.incident, f"{asked.headline}: {asked.why}", asked.severity, details)

    def checks(self, asked: _Asked) -> Iterator[Check]:
        yield from _about_before(asked)
        yield from _about_the_policy(asked)
        if not asked.own_service:
            yield Check("explain", f"the schedule of {asked.service} decides who is called; the alert says {asked.who}")


class Page(_Paging):
    """See `contract.Action`. Calls whoever is on call, or somebody with a service of their own."""


class Escalate(_Paging):
    """See `contract.Action`. Calls the next of the severity policy, through a service of their own."""

    def title(self, asked: _Asked) -> str:
        return f"Escalate to {asked.who}"

    def checks(self, asked: _Asked) -> Iterator[Check]:
        yield from _about_before(asked)
        yield from _about_the_policy(asked)
        before = asked.ladder[: asked.ladder.index(asked.rung)] if asked.rung else ()
        known = {each.who.casefold() for each in asked.called}
        skipped = [name for name in before if name.casefold() not in known]
        if skipped:
            yield Check("explain", f"not called yet, and before {asked.who} in the policy: {', '.join(skipped)}")
        if not asked.own_service:
            yield Check(
                "refuse",
                f"{asked.who} has no service of their own in [[pagerduty.people]]: for {asked.service}, which has the"
                " alert, an event with the same key calls nobody. Use the telephone",
            )


class Acknowledge(_Paging):
    """See `contract.Action`. Says in PagerDuty that somebody is at it."""

    event = "acknowledge"

    def need(self, asked: _Asked) -> None:
        """Nobody is called; a reason is welcome."""

    def title(self, asked: _Asked) -> str:
        return f"Acknowledge the alert of {asked.incident}"

    def blast(self, asked: _Asked, event: Event) -> Iterator[str]:  # noqa: ARG002
        yield "PagerDuty calls nobody else for this alert until its own time for that is over"

    def next_words(self, who: str) -> str:  # noqa: ARG002
        return "where no alert with this key is open, it does nothing"

    def checks(self, asked: _Asked) -> Iterator[Check]:  # noqa: ARG002
        yield Check("explain", "not known: whether an alert with this key is open; else it does nothing")
        yield Check("explain", "only the alert of this incident: one that PagerDuty had from elsewhere has its own key")


class _Asked:
    """A request, read and made safe. Raises BadRequestError."""

    def __init__(self, request: Request, settings: PagerDutySettings) -> None:
        asked = request.parameters
        self.incident, self.restricted = request.aim.name, asked.get("restricted") == "yes"
        if (
            request.aim.kind != "incident"
            or not 0 < len(self.incident) <= _LONGEST_KEY
            or not self.incident.isprintable()
        ):
            raise BadRequestError(f"{safe(str(request.aim), 80)}: this is done to an incident, by its id")
        self.who, self.why = safe(asked.get("who", "").strip(), 100), safe(asked.get("why", "").strip(), _LONGEST)
        self.severity = asked.get("severity", "")
        if self.severity and self.severity not in SEVERITIES:
            raise BadRequestError(f"severity {safe(self.severity, 20)!r}: one of {', '.join(SEVERITIES)}")
        self.headline = " ".join((self.severity, safe(asked.get("title", ""), _LONGEST) or self.incident)).strip()
        self.ladder, self.called = rungs_in(asked), called_in(asked)
        self.rung = next((name for name in self.ladder if name.casefold() == self.who.casefold()), "")
        person = settings.person(self.who)
        self.own_service = person is not None
        self.key_file = person.routing_key_file if person is not None else ""
        self.service = (
            f"the service of {self.who}" if person is not None else "the service of pagerduty.routing_key_file"
        )


def _about_before(asked: _Asked) -> Iterator[Check]:
    """Who was called before, and when; and who may read it."""
    if asked.restricted:
        yield Check(
            "explain", "the incident is restricted: what is written here leaves the room, so name nothing in it"
        )
    if asked.called:
        told = "; ".join(f"{each.who} at {clock_time(each.at)} by {each.by}" for each in asked.called)
        yield Check("ok", f"called before: {told}")
    again = next((each for each in asked.called if each.who.casefold() == asked.who.casefold()), None)
    if again is not None:
        at = clock_time(again.at)
        text = f"{asked.who} was called at {at}: while that alert is open, this one joins it and calls nobody"
        yield Check("refuse", text, overridable=True)


def _about_the_policy(asked: _Asked) -> Iterator[Check]:
    if not asked.ladder:
        yield Check("explain", "not known: whom the severity policy wants called")
    elif asked.rung:
        yield Check("ok", f"the policy for {asked.severity or 'it'} wants {asked.rung} called")
    else:
        text = (
            f"the policy for {asked.severity or 'this severity'} does not name {asked.who}: {' > '.join(asked.ladder)}"
        )
        yield Check("refuse", text, overridable=True)


def _key_file(asked: _Asked, settings: PagerDutySettings) -> Check:
    """Whether the key of the service is there; nobody is asked whether it is valid."""
    path = safe(asked.key_file or settings.routing_key_file, 300)
    try:
        secret_in(asked.key_file or settings.routing_key_file)
    except SecretFileError as error:
        return Check("refuse", f"the integration key of {asked.service}: {path} {error}")
    return Check("ok", f"the integration key of {asked.service} is there", (Observed("file", path),))


def _sent(settings: PagerDutySettings, key_file: str, event: Event, deadline_ms: Millis) -> str:
    """Send it once, and wait no longer than that. Raises Unknown and SourceError."""
    answers: list[str | Trouble] = []

    def send() -> None:
        try:
            answers.append(Pager(settings, deadline_ms, key_file).send(event, once=False))
        except Trouble as trouble:
            answers.append(trouble)
        except Exception as error:  # noqa: BLE001  whatever it is, it may have been in the middle of it
            answers.append(Trouble(f"{type(error).__name__} while it was sent", unknown=True))

    # A server that drips keeps every single read alive: only somebody else's clock ends that.
    sending = threading.Thread(target=send, daemon=True)
    sending.start()
    sending.join(deadline_ms / SECOND)
    answer = answers[0] if answers else Trouble(f"no answer within {deadline_ms / SECOND:g} s", unknown=True)
    if isinstance(answer, str):
        return answer
    reason = safe(answer.failed.reason, 300)
    if answer.failed.unknown:
        raise Unknown(f"{reason}; {_HARMLESS}")
    raise SourceError("refused", f"it was not sent: {reason}")


def _by_hand(asked: _Asked, settings: PagerDutySettings, event: Event) -> str:
    """The same with jq and curl, which read the key from its file."""
    file = shlex.quote(asked.key_file or settings.routing_key_file)
    told: dict[str, Any] = event.body(settings.source)
    body = shlex.quote(msgspec.json.encode(told).decode())
    put = """'$event | .["routing" + "_key"] = ($k | rtrimstr("\\n"))'"""
    url = shlex.quote(f"{settings.base_url.rstrip('/')}/v2/enqueue")
    return f"jq -n --rawfile k {file} --argjson event {body} {put} | curl -sS --json @- {url}"
