"""What may be done here, decided in one place: observers, replays and resolved incidents are known only here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from textual import events

from wfconsole.tui import action_names, screens
from wfconsole.tui.action_names import Action
from wfconsole.tui.screens.console_screen import ConsoleScreen

if TYPE_CHECKING:
    from wfconsole.session.console import Console
    from wfconsole.tui.app import WarRoom


class Permissions:
    """The part of the App that says no, and why."""

    session: Console
    observer: bool
    keys: Mapping[str, tuple[str, ...]]  # of each action, a user's keymap applied

    def refusal(self, action: Action) -> str:
        """Why an action may not be done, "" when it may. The only place that knows about observers and replays."""
        if action.kind == "look":
            return ""
        if self.observer:
            return "observer: read-only. O asks to leave it"
        capabilities = self.session.capabilities
        reason = capabilities.refusals.get(action.id, "")
        return reason or ("" if capabilities.change else capabilities.refusals.get("*", "read-only here"))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        named = action_names.by_method(action, parameters)
        return True if named is None or not self.refusal(named) else None

    def offers(self, action: Action) -> bool:
        """Whether this build can do it at all."""
        name, _, argument = action.method.partition("('")
        return name != "open" or screens.is_there(argument.removesuffix("')"))

    def key_of(self, action: Action) -> str:
        """The first key of an action, as people call it."""
        return action_names.key_word(self.keys[action.id][0])

    def on_key(self, event: events.Key) -> None:
        """Before any binding: the words of the key before are gone, and a refused key says why."""
        screen = cast("WarRoom", self).screen
        if not isinstance(screen, ConsoleScreen):
            return
        screen.say("")
        for action in action_names.ACTIONS:
            if event.key in self.keys[action.id] and action.where in screen.SCOPES and self.refusal(action):
                screen.say(f"{action_names.key_word(event.key)} {action.label or action.id}: {self.refusal(action)}")
                return
        if event.key not in self.keys["next-issue"]:
            cast("WarRoom", self).issue = 0
