"""What the screen needs from whatever stands behind it: live, replay and drill give the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from wfconsole.clock import Millis
from wfconsole.incident.events import Entry, Event
from wfconsole.incident.playbook import Runbook
from wfconsole.incident.sinks import Sink
from wfconsole.observations.answers import Ask
from wfconsole.session.view import Capabilities, RecordingEntry, Running, TransportView, View

if TYPE_CHECKING:
    from wfconsole.incident.plan import Request
    from wfconsole.incident.symptoms import Match
    from wfconsole.session.acts import Act, Confirmation, Second
    from wfconsole.session.drafts import DraftBook


class Transport(Protocol):
    """The time controls; the same keys live and in replay. None of them blocks."""

    def show(self) -> TransportView: ...

    def toggle(self) -> None:
        """Freeze or resume; in a replay pause or play."""

    def seek(self, instant: Millis) -> None: ...

    def step(self, events: int) -> None:
        """So many events on (or back)."""

    def marker(self, markers: int) -> None:
        """To the next (or the one before) marker."""

    def faster(self, steps: int) -> None: ...

    def live(self) -> None:
        """Back to live; in a replay to the end."""


class Outbox(Protocol):
    """Sends what the journal says is queued. None of it blocks."""

    def start(self) -> None: ...

    def sinks(self) -> tuple[Sink, ...]: ...

    def own(self, message: str) -> None:
        """This message was released here, now."""

    def look(self) -> None:
        """Something was entered, or is on disk by now."""

    def close(self, within_ms: Millis) -> None:
        """Give what is being sent so much time, then cut it."""


class Hands(Protocol):
    """Runs commands that a person has confirmed, one at a time. None of this blocks."""

    def refusal(self) -> str:
        """Why none can be run now, "" when one can."""

    def run(self, started: Entry, text: str) -> None:
        """Run this text once `started`, a `CommandStarted`, is on disk. It is the event's, with its secrets."""

    def show(self) -> Running | None:
        """The one that runs, or the one that ran last; None before there was any."""

    def stop(self) -> None:
        """End it, with everything that it has started."""


class NoHands:
    """Nothing is ever run here, and there is nothing that could."""

    def refusal(self) -> str:
        return "nothing is run from here"

    def run(self, started: Entry, text: str) -> None:
        """Never."""

    def show(self) -> Running | None:
        return None

    def stop(self) -> None:
        """Nothing runs."""


class Acts(Protocol):
    """Guarded actions. None of it blocks; what comes of it is in `show`."""

    def refusal(self) -> str:
        """Why nothing can be changed from here, "" when something can."""

    def armed_for(self) -> Millis:
        """For how long the console is armed where nobody says otherwise."""

    def show(self) -> tuple[Act, ...]:
        """The actions of this console, oldest first."""

    def plan(self, request: Request, step: str = "") -> str:
        """Look what this would really do; gives the receipt's id. Changes nothing."""

    def again(self, receipt: str) -> None:
        """Make its plan anew."""

    def keep(self, receipt: str) -> None:
        """One that would take itself back shall stay."""

    def drop(self, receipt: str) -> None:
        """It is not wanted any more. Does nothing to one that has begun."""

    def second(self, receipt: str, reason: str = "") -> Second:
        """The second person that its plan needs, and whether they have approved it."""

    def barred(self, receipt: str, said: Confirmation) -> str:
        """Why it cannot be run with what was said, "" when it can."""

    def confirm(self, receipt: str, said: Confirmation) -> str:
        """Run it; why not, where it cannot be."""


class NoActs:
    """There is nothing here that could change anything."""

    def __init__(self, why: str = "nothing is changed from here") -> None:
        self._why = why

    def refusal(self) -> str:
        return self._why

    def armed_for(self) -> Millis:
        return 0

    def show(self) -> tuple[Act, ...]:
        return ()

    def plan(self, request: Request, step: str = "") -> str:  # noqa: ARG002
        """Never."""
        return ""

    def again(self, receipt: str) -> None:
        """Never."""

    def drop(self, receipt: str) -> None:
        """Never."""

    def keep(self, receipt: str) -> None:
        """Never."""

    def second(self, receipt: str, reason: str = "") -> Second:  # noqa: ARG002
        from wfconsole.session.acts import Second  # here, because nobody asks for it where nothing can be changed

        return Second()

    def barred(self, receipt: str, said: Confirmation) -> str:  # noqa: ARG002
        return self._why

    def confirm(self, receipt: str, said: Confirmation) -> str:  # noqa: ARG002
        return self._why


class Console(Protocol):
    """The screen's whole world. `view()` and `now()` belong together: both are of the instant on show."""

    @property
    def transport(self) -> Transport: ...

    @property
    def capabilities(self) -> Capabilities: ...

    @property
    def hands(self) -> Hands: ...

    @property
    def acts(self) -> Acts: ...

    @property
    def drafts(self) -> DraftBook: ...

    @property
    def operator(self) -> str: ...

    @property
    def runbook(self) -> Runbook: ...

    @property
    def environment(self) -> str:
        """The word for the cluster on show: "PROD", "staging", "lab", "REPLAY", ..."""

    def start(self) -> None:
        """Called once, after the first frame: what is slow to begin (runbook, stream, player) begins now."""

    def view(self) -> View: ...

    def now(self) -> Millis: ...

    def entries(self) -> tuple[Entry, ...]:
        """Everything of the incident on show, in order: what reports are made of."""

    def submit(self, event: Event) -> Entry | None:
        """The one door for what people do. None where it is refused (see `capabilities`)."""

    def ask(self, ask: Ask) -> None:
        """Ask the collector; the answer comes into `view().world.answers`. Does nothing in a replay."""

    def playbook_matches(self) -> tuple[Match, ...]:
        """How well each playbook fits what is seen, and has been seen long enough; the best first."""

    def sinks(self) -> tuple[Sink, ...] | None:
        """Where messages can go from here, by the incident as it stands; none where nothing is ever sent, None where
        that is not known yet, in the first moments."""

    def recordings(self) -> tuple[RecordingEntry, ...]:
        """What there is to replay. Reads files: never call it on the screen's loop."""

    def export(self, to: str = "", *, kind: str = "", replace: bool = False) -> str:
        """Write the papers, or the one of this kind, into this folder; what to say about it. Never call it on the
        screen's loop."""

    def subscribe(self, changed: Callable[[], None]) -> None:
        """Call `changed` from any thread after every change; the screen coalesces."""

    def close(self, reason: str) -> None:
        """Flush the journal and end what was started; takes less than a second."""
