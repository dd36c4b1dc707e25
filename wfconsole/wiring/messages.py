"""The outbox of a live console: the journal's entries on one side, sender processes on the other."""

from __future__ import annotations

from wfconsole.clock import Clock
from wfconsole.comms.post import Post
from wfconsole.comms.process import sender_command
from wfconsole.comms.routes import Routes
from wfconsole.config.settings import Settings
from wfconsole.incident.events import SCRIBE, Event
from wfconsole.journal.lock import Election
from wfconsole.session.session import Session
from wfconsole.wiring.ground import Ground


def routes_of(settings: Settings, folder: str) -> Routes:
    """Where messages go; `folder` is that of messages to a file, where the settings name none."""
    return Routes(
        folder=folder,
        messages=settings.messages,
        slack=settings.slack,
        pagerduty=settings.pagerduty,
        status_page=settings.status_page,
    )


def outbox(base: Ground, session: Session, clock: Clock) -> Post:
    """Sends what this session's journal says is queued. `clock` is the one that the entries have their times from."""
    elections: dict[str, Election] = {}

    def inherits(incident: str) -> bool:
        """Only one console of this machine takes over what was left; on a disk that is away there is no other."""
        folder = base.incidents / incident
        election = elections.setdefault(incident, Election(folder))
        return election.won() or not folder.is_dir()

    def submit(event: Event) -> str:
        return session.submit(event, actor=SCRIBE).id

    return Post(
        routes=routes_of(base.settings, str(base.places.outbox)),
        clock=clock,
        command=sender_command(),
        state=lambda: session.view.incident,
        submit=submit,
        on_disk=lambda entry: entry not in session.view.pending,
        inherits=inherits,
    )
