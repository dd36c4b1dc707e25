"""Which sinks there are, what each may be used for now, and the plan for one message: from settings and state alone."""

from __future__ import annotations

import msgspec

from wfconsole.clock import SECOND
from wfconsole.comms.channels import channel_of, is_channel_id
from wfconsole.comms.plan import Look, Plan
from wfconsole.config.messaging import MessagesSettings, PagerDutySettings, SlackSettings, StatusPageSettings
from wfconsole.incident.ledger import public_reference
from wfconsole.incident.sinks import SINKS, Sink, SinkName
from wfconsole.incident.state import IncidentState, Message
from wfconsole.text import safe

NO_PUBLIC: str = "the incident is restricted: nothing about it goes to the public"


class Routes(msgspec.Struct, frozen=True):
    """Where messages go from here. `folder` is that of messages to a file."""

    folder: str = ""
    messages: MessagesSettings = MessagesSettings()
    slack: SlackSettings = SlackSettings()
    pagerduty: PagerDutySettings = PagerDutySettings()
    status_page: StatusPageSettings = StatusPageSettings()

    def sinks(self, state: IncidentState) -> tuple[Sink, ...]:
        """All of them, in a fixed order; those that are refused say why."""
        return (self._slack(state), self._pagerduty(), self._status_page(state), self._file(), _clipboard())

    def plan(self, name: str, state: IncidentState, look: Look) -> Plan:
        """What the sender of this message is told."""
        message = state.messages[name]
        return Plan(
            message=name,
            incident=state.id,
            sink=sink_named(message.target),
            place=message.place,
            text=message.text,
            template=message.template,
            state=message.state,
            severity=state.severity,
            title=state.shown_title,
            reference=public_reference(state) if message.target == "status page" else "",
            look=look,
            deadline_ms=round(self.messages.deadline * SECOND),
            restricted=state.restricted,
            folder=self.messages.folder or self.folder,
            slack=self.slack,
            pagerduty=self.pagerduty,
            status_page=self.status_page,
        )

    def refusal(self, message: Message, state: IncidentState) -> str:
        """Why this message may not be sent now, "" when it may: what was queued before may be forbidden since."""
        sink = next((sink for sink in self.sinks(state) if sink.name == message.target), None)
        if sink is None:
            return f"no such sink: {safe(message.target, 40)}"
        if sink.refused:
            return sink.refused
        if state.restricted and message.place != sink.place:
            return f"the incident is restricted: nothing goes to {message.place}"
        return ""

    def _slack(self, state: IncidentState) -> Sink:
        if not self.slack.configured:
            return Sink("slack", refused="off: slack.token_file names no token")
        names = tuple(safe(handle.name, 60) for handle in self.slack.handles)
        if state.restricted:
            place = self.slack.restricted_channel
            if not place:
                return Sink("slack", refused="restricted, and slack.restricted_channel names no private channel")
            return Sink("slack", _channel(place), "those in the private channel", mentions=names)
        place = self.slack.channel or channel_of(state.id)
        return Sink("slack", _channel(place), "everybody in the channel", mentions=names)

    def _pagerduty(self) -> Sink:
        if not self.pagerduty.configured:
            return Sink("pagerduty", refused="off: pagerduty.routing_key_file names no key")
        return Sink("pagerduty", self.pagerduty.source, "who is on call for the service")

    def _status_page(self, state: IncidentState) -> Sink:
        if not self.status_page.configured:
            refused = "off: status_page.page or status_page.token_file is not set"
            return Sink("status page", audience="public", refused=refused)
        refused = NO_PUBLIC if state.restricted else ""
        return Sink("status page", self.status_page.page, "the public, and subscribers", "public", refused)

    def _file(self) -> Sink:
        folder = self.messages.folder or self.folder
        if not folder:
            return Sink("file", refused="no folder")
        return Sink("file", safe(folder, 200), "nobody yet: a file in this folder")


def sink_named(name: str) -> SinkName:
    """The sink of this name. Raises StopIteration for none: the journal of another version knows more."""
    return next(known for known in SINKS if known == name)


def _channel(place: str) -> str:
    return place if is_channel_id(place) else f"#{place.lstrip('#')}"


def _clipboard() -> Sink:
    return Sink("clipboard", "", "nobody yet: you paste it")
