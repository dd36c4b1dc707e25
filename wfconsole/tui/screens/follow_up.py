"""Something to do after the incident: add one with its horizon, owner and day; change or close one that is there."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Final

from textual.widget import Widget

from wfconsole.incident.events import Event, FollowUpAdded, FollowUpClosed, Horizon, TaskOutcome
from wfconsole.incident.follow_up import (
    HORIZON_MEANS,
    HORIZONS,
    NOBODY,
    default_due,
    iso_date,
    meeting,
    meeting_words,
    new_name,
)
from wfconsole.incident.state import FollowUp
from wfconsole.incident.wording import counted
from wfconsole.text import cut
from wfconsole.tui.forms.choice import Choice, Option
from wfconsole.tui.forms.fields import Field, Row, Words
from wfconsole.tui.forms.form import Form
from wfconsole.tui.ink import Line
from wfconsole.tui.wrapping import paragraphs

LONGEST: Final = 400
LONGEST_NAME: Final = 60
_NEW: Final = ""
_SHOWN: Final = 8  # in a terminal of 24 rows the fields below have to fit too
_WORD: Final = 46
_OUTCOMES: Final[dict[str, TaskOutcome]] = {"done": "done", "dropped": "dropped"}
_WHAT: Final = (
    Option("change", "change it", ("text, horizon, owner or day",)),
    Option("done", "done", ("close it",)),
    Option("dropped", "dropped", ("nobody will do it: say why",)),
)


class FollowUpForm(Form):
    """`goto` is the name of a follow-up to begin with, or its clock ("clock:follow-up <name>"); "" for a new one."""

    TITLE = "FOLLOW-UP"
    ACTION = "follow-up"
    DRAFT = "follow-up"
    OF_ONE_THING = True
    NEEDS_INCIDENT = True
    KEYS = "Enter next, in the last field it is entered   Bksp back   Esc cancel"

    def __init__(self, goto: str = "") -> None:
        super().__init__(goto.removeprefix("clock:follow-up ").removeprefix("clock:meeting"))
        self._which = _NEW
        self._offered_due = ""

    def fields(self) -> Iterable[Widget]:
        yield Words(id="owed", make=self._owed)
        there = self._listed()
        which = [Option(_NEW, "a new one"), *(Option(name, cut(_line(name, item), _WORD)) for name, item in there)]
        yield Choice(which, id="which", chosen=self.goto, title="Which")
        yield Choice(_WHAT, id="then", title="Do what")
        yield Row("What", Field(id="text", longest=LONGEST))
        horizons = [Option(horizon, horizon, (HORIZON_MEANS[horizon],)) for horizon in HORIZONS]
        yield Choice(horizons, id="horizon", title="Within")
        yield Row("Who", Field(id="owner", longest=LONGEST_NAME, placeholder=f"{NOBODY}: it is said so"))
        yield Row("By", Field(id="due", longest=10, placeholder="2026-12-25, or empty"))
        yield Row("Why", Field(id="reason", placeholder="what was done, or why nobody will"))

    def prepare(self) -> None:
        self.query_one("#which").display = bool(self._listed())
        self._fill_in()

    def fill(self, written: Mapping[str, str]) -> None:
        self.query_one("#which", Choice).choose(written.get("which", _NEW))
        self._fill_in()
        super().fill(written)
        self._show_fields()

    def first_focus(self) -> Widget | None:
        """Most want to write one down; those that are there are a key up."""
        known = self.goto in self.frame.view.incident.follow_ups
        return super().first_focus() if known else self.query_one("#text")

    def on_choice_moved(self) -> None:
        if self.query_one("#which", Choice).value != self._which:
            self._fill_in()
        self._show_fields()
        due = self.query_one("#due", Field)
        if due.value == self._offered_due:
            self._offer_due()

    def enter(self) -> None:
        event = self._close_event() if self._closes else self._add_event()
        if event is not None:
            self.dismiss(None)
            self.war_room.enter(event, name="follow-up")

    # --- what is on show

    def _listed(self) -> list[tuple[str, FollowUp]]:
        """Those to choose from: the open ones, oldest first; the one that was asked for is always among them."""
        items = self.frame.view.incident.follow_ups
        still = [(name, item) for name, item in items.items() if not item.outcome]
        listed = still[:_SHOWN]
        if self.goto in items and self.goto not in dict(listed):
            listed.append((self.goto, items[self.goto]))
        return listed

    def _owed(self, width: int) -> list[Line]:
        incident = self.frame.view.incident
        still = sum(not item.outcome for item in incident.follow_ups.values())
        said = f"{counted(still, 'follow-up')} open"
        if still:
            oldest = f"the {_SHOWN} oldest listed, :followup NAME opens another; " if still > _SHOWN else ""
            said += f": {oldest}Up to change or close one"
        stands = meeting(incident, self.frame.now, self.frame.runbook.policy)
        met = f"post-mortem meeting: {meeting_words(stands)}; :meeting TIME WHERE sets it"
        return paragraphs((said, met), width, "dim")

    def _fill_in(self) -> None:
        """The fields of the one that is chosen; of a new one they are empty, but for its day."""
        self._which = self.query_one("#which", Choice).value
        item = self.frame.view.incident.follow_ups.get(self._which)
        self.query_one("#text", Field).value = item.text if item is not None else ""
        self.query_one("#owner", Field).value = item.owner if item is not None else ""
        self.query_one("#horizon", Choice).choose(item.horizon if item is not None else HORIZONS[0])
        self.query_one("#then", Choice).choose("change")
        self.query_one("#due", Field).value = item.due if item is not None else ""
        self._offered_due = ""
        if item is None:
            self._offer_due()
        self._show_fields()

    def _offer_due(self) -> None:
        calendar = self.frame.runbook.policy.calendar
        self._offered_due = default_due(self._horizon, self.frame.now, calendar)
        self.query_one("#due", Field).value = self._offered_due

    def _show_fields(self) -> None:
        self.query_one("#then").display = self._which != _NEW
        for name in ("text-row", "horizon", "owner-row", "due-row"):
            self.query_one(f"#{name}").display = not self._closes
        self.query_one("#reason-row").display = self._closes

    # --- what is entered

    @property
    def _closes(self) -> bool:
        return self._which != _NEW and self.query_one("#then", Choice).value in _OUTCOMES

    @property
    def _horizon(self) -> Horizon:
        value = self.query_one("#horizon", Choice).value
        return next(horizon for horizon in HORIZONS if horizon == value)

    def _close_event(self) -> Event | None:
        outcome = _OUTCOMES[self.query_one("#then", Choice).value]
        reason = self.query_one("#reason", Field).words
        if outcome == "dropped" and not reason:
            self.say("say in a few words why nobody will do it: who reads the post-mortem will ask")
            return None
        return FollowUpClosed(self._which, outcome, reason)

    def _add_event(self) -> Event | None:
        text, due = self.query_one("#text", Field).words, self.query_one("#due", Field).words
        if not text:
            self.say("say what is to be done")
            self.query_one("#text").focus()
            return None
        if due and iso_date(due) is None:
            self.say("the day is a date such as 2026-12-25, or empty")
            return None
        owner = self.query_one("#owner", Field).words
        if self._which != _NEW:
            return FollowUpAdded(self._which, text, self._horizon, owner, due)
        name = new_name(self.frame.view.incident, uuid.uuid4().hex)
        return FollowUpAdded(name, text, self._horizon, owner, due)


def _line(name: str, item: FollowUp) -> str:
    state = f" ({item.outcome})" if item.outcome else ""
    return f"{name.partition('-')[0]} {item.text}, {item.owner or NOBODY}{state}"
