"""The pane of alerts whole, with the two keys that say what people do about them."""

from __future__ import annotations

from typing import ClassVar

from wfconsole.incident.alarms import AlarmGroup, unacknowledged
from wfconsole.incident.events import AlertsAcknowledged
from wfconsole.tui import action_names, screens
from wfconsole.tui.action_names import Where
from wfconsole.tui.record_keys import no_incident
from wfconsole.tui.screens.zoom import Zoom


class AlertsZoom(Zoom):
    """K and S act on the row with the cursor: in a flood on all alerts of one cause."""

    SCOPES: ClassVar[tuple[Where, ...]] = ("all", "lists", "zoom", "alerts")
    BINDINGS = action_names.bindings("alerts")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Textual asks the widget that a key is bound on; the answer is the same everywhere."""
        return self.war_room.check_action(action, parameters)

    def alert(self) -> str:
        return self.row_key() or ""

    def action_acknowledge_alert(self) -> None:
        group = self._group_or_say()
        if group is None:
            return
        alerts = unacknowledged(group.alarms)
        if alerts:
            self.war_room.enter(AlertsAcknowledged(alerts, group.title), name="acknowledge")
        else:
            self.say(f"nothing to acknowledge: it is {group.state}")

    def action_shelve_alert(self) -> None:
        group = self._group_or_say()
        if group is not None:
            self.war_room.push_screen(screens.load("shelve")(group.key))

    def _group_or_say(self) -> AlarmGroup | None:
        group = self.frame.alarms.group(self.alert()) if self.frame is not None else None
        if not self.war_room.session.view().incident.declared:
            self.say(no_incident(self.war_room.declare_key))
            return None
        if group is None:
            self.say("no alert is here")
        return group
