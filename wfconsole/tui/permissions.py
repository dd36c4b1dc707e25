"""What may be done here, decided in one place: observers, replays and resolved incidents are known only here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, cast

from textual import events

from wfconsole.tui import action_names, screens
from wfconsole.tui.action_names import Action, Where
from wfconsole.tui.screens.console_screen import ConsoleScreen

if TYPE_CHECKING:
    from wfconsole.session.console import Console
    from wfconsole.session.view import TransportView
    from wfconsole.tui.app import WarRoom


# Where keys work that do not work everywhere.
_PLACES: Final[Mapping[Where, str]] = {
    "alerts": "on alerts",
    "checklist": "in the checklist",
    "timeline": "in the timeline",
    "triage": "in the triage",
    "comms": "in messages",
    "ledger": "in the ledger",
    "sources": "on sources",
    "actions": "in the list of actions",
    "logs": "on a pod",
    "running": "on a command that runs",
}
# A note speaks of the instant on show; a command that runs goes on whatever the screen shows.
_AT_ANY_TIME: Final = frozenset(("note", "stop-command"))


class Permissions:
    """The part of the App that says no, and why."""

    session: Console
    observer: bool
    keys: Mapping[str, tuple[str, ...]]  # of each action, a user's keymap applied

    def refusal(self, action: Action) -> str:
        """Why an action may not be done, "" when it may."""
        return "" if action.kind == "look" else self.refused_change(action.id)

    def refused_change(self, name: str = "") -> str:
        """Why nothing may be changed, "" when it may: for keys (`name`: the action's id), forms and commands alike.

        The only place that knows about observers, replays, and a screen that does not show now.
        """
        capabilities = self.session.capabilities
        if name in capabilities.refusals or not (capabilities.change or name in capabilities.besides):
            return capabilities.refusals.get(name) or capabilities.refusals.get("*", "read-only here")
        if self.observer:
            return f"observer: read-only. {self.key_of(action_names.BY_ID['observer'])} asks to leave it"
        time = self._time_on_show()
        if name not in _AT_ANY_TIME and time is not None and time.mode in ("frozen", "back"):
            key = self.key_of(action_names.BY_ID["live"])
            shown = cast("WarRoom", self).times.clock(time.position)
            return f"the screen shows {shown}, not now: {key} goes back to live"
        return ""

    def _time_on_show(self) -> TransportView | None:
        stack = cast("WarRoom", self).screen_stack
        frames = (screen.frame for screen in reversed(stack) if isinstance(screen, ConsoleScreen))
        return next((frame.time for frame in frames if frame is not None), None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        named = action_names.by_method(action, parameters)
        return True if named is None or not self.refusal(named) else None

    def offers(self, action: Action) -> bool:
        """Whether this build can do it at all."""
        name, _, argument = action.method.partition("('")
        return name != "open" or screens.is_there(argument.removesuffix("')"))

    def hints_at(self, action: Action) -> bool:
        """Whether the key line may name it: the list of actions offers nothing to whoever may change nothing."""
        acts = self.session.capabilities.lets_change(observer=self.observer)
        return self.offers(action) and (acts or action.id != "act")

    def key_of(self, action: Action) -> str:
        """The first key of an action, as people call it."""
        return action_names.key_word(self.keys[action.id][0])

    @property
    def declare_key(self) -> str:
        """The key that declares an incident; "" for whoever may not."""
        may = self.session.capabilities.lets_change(observer=self.observer)
        return self.key_of(action_names.BY_ID["declare"]) if may else ""

    def hint_of(self, action: Action) -> str:
        """The keys that a hint names: its own words, as long as they are true."""
        return action.hint_keys if action.hint_keys and action.keys[0] in self.keys[action.id] else self.key_of(action)

    def _why_nothing(self, key: str, here: Sequence[Where]) -> str:
        """Why a key does nothing here, "" when it does something; no word is lost over one that only looks."""
        named = [action for action in action_names.ACTIONS if key in self.keys[action.id]]
        works = [action for action in named if action.where in here]
        word = action_names.key_word(key)
        for action in works or named:
            if refusal := self.refusal(action):
                return f"{word} {action.label or action.id}: {refusal}"
        if works or not word.isupper() or len(word) > 1:
            return ""
        places = [f"{action.label} {_PLACES[action.where]}" for action in named if action.where in _PLACES]
        return f"{word} does nothing here: {', '.join(places)}" if places else ""

    def on_key(self, event: events.Key) -> None:
        """Before any binding: the words of the key before are gone, and a refused key says why."""
        screen = cast("WarRoom", self).screen
        if not isinstance(screen, ConsoleScreen):
            return
        screen.say("")
        if answer := self._why_nothing(event.key, screen.SCOPES):
            screen.say(answer)
            return
        if event.key not in self.keys["next-issue"]:
            cast("WarRoom", self).issue = 0
