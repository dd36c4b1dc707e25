"""Going from screen to screen: numbers are places, the same number again goes back, 0 goes home."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from textual.screen import Screen

from wfconsole.observations.levels import Quality
from wfconsole.tui import screens
from wfconsole.tui.frame import Frame
from wfconsole.tui.screens.console_screen import ConsoleScreen

if TYPE_CHECKING:
    from wfconsole.tui.app import WarRoom

# What a board number is called as a tile beside the checklist.
TILE_OF = {1: "alerts", 2: "signals", 3: "pods", 4: "hpas", 5: "nodes", 6: "database", 7: "security"}
PINS = 2
ALERTS = 1  # the pane whose keys say what people do about its rows


class Navigation:
    """Actions of the App that open and close screens."""

    issue = 0  # how many times in a row somebody asked for the next thing

    @property
    def _room(self) -> WarRoom:
        return cast("WarRoom", self)

    def action_open(self, name: str, goto: str = "") -> None:
        """Open a screen; when it is the one on show, go back."""
        room = self._room
        if not screens.is_there(name):
            room.say(f"{name} is not part of this build")
            return
        if not goto and isinstance(room.screen, ConsoleScreen):
            if name == "note":
                goto = room.screen.about()
            elif name == "sources":  # to the one that is looked at
                goto = room.screen.evidence().partition(" ")[0]
        kind: type[Any] = screens.load(name)
        if isinstance(room.screen, kind):
            self.action_leave()
            return
        screen = self._awaited(kind, goto) or (kind(goto=goto) if goto else kind())
        if self._leave_same_kind(name):
            room.switch_screen(screen)
        else:
            room.push_screen(screen)

    def _awaited(self, kind: type[Any], goto: str) -> Screen[Any] | None:
        """What stands in for a form whose runbook is not read yet; None where it can open."""
        if not getattr(kind, "NEEDS_RUNBOOK", False):
            return None
        from wfconsole.tui.forms.awaiting import AwaitingForm, runbook_is_read

        return None if runbook_is_read(self._room) else AwaitingForm(kind.TITLE, lambda: kind(goto=goto))

    def action_zoom(self, number: int) -> None:
        """Zoom into a pane; the number of the pane on show goes back."""
        room = self._room
        if getattr(room.screen, "pane_number", None) == number:
            self.action_leave()
        else:
            self.open_zoom(number)

    def open_zoom(self, number: int, view: str = "", words: str = "") -> None:
        """Zoom into a pane: into one of its views, and there into the rows that hold all of the words."""
        room = self._room
        zoom: Any = screens.load("zoom")
        kind: Any = screens.load("alerts") if number == ALERTS else zoom
        if isinstance(room.screen, zoom):
            room.switch_screen(kind(number, view, words))
        else:
            room.push_screen(kind(number, view, words))

    def open_row(self, source: str, key: str) -> None:
        """The screen of one row: of a pod, an autoscaler or a node."""
        if source == "pods":
            pod: Any = screens.load("pod")
            namespace, _, name = key.partition("/")
            self._room.push_screen(pod(namespace, name))
        else:
            row: Any = screens.load("row")
            self._room.push_screen(row(f"{source} {key}"))

    def action_home(self) -> None:
        room = self._room
        while len(room.screen_stack) > 1:
            room.pop_screen()

    def action_leave(self) -> None:
        """One level back: first what is open within the screen, then the screen."""
        room = self._room
        if isinstance(room.screen, ConsoleScreen) and room.screen.back():
            return
        if len(room.screen_stack) > 1:
            room.pop_screen()

    def action_next_issue(self) -> None:
        """To the most urgent thing; again: to the second, and so on."""
        room = self._room
        needs = [need for need in room.frame().needs if need.goto]
        if not needs:
            room.say("nothing needs you")
            return
        need = needs[self.issue % len(needs)]
        self.issue += 1
        self._go_to(need.goto)

    def _go_to(self, goto: str) -> None:
        room = self._room
        what, _, which = goto.partition(":")
        match what:
            case "pane":
                if getattr(room.screen, "pane_number", None) != int(which):
                    self.open_zoom(int(which))
            case "step" | "line" | "clock":
                name = {"step": "checklist", "line": "timeline"}.get(what) or _screen_of_clock(which)
                if screens.is_there(name) and not isinstance(room.screen, screens.load(name)):
                    self.action_open(name, goto)
            case "roles":
                self.action_open("hand-over", goto)
            case "sources" | "triage":
                self.action_open(what)
            case "action":
                from wfconsole.tui.acting import open_receipt

                open_receipt(room, which)
            case "ledger" | "running" | "post-mortem":
                if not isinstance(room.screen, screens.load(what)):
                    self.action_open(what)
            case _:
                room.action_live()

    def action_evidence(self) -> None:
        """Where the focused thing comes from."""
        room = self._room
        goto = room.screen.evidence() if isinstance(room.screen, ConsoleScreen) else ""
        if goto:
            self.action_open("evidence", goto)
        else:
            room.say("nothing here to trace to its source")

    def action_focus_next_region(self) -> None:
        self._room.screen.focus_next()

    def action_focus_previous_region(self) -> None:
        self._room.screen.focus_previous()

    def pins_on_show(self, frame: Frame | None) -> tuple[str, ...]:
        """The panes beside the checklist: what somebody pinned, the playbook's, or the first two that are on."""
        if frame is None:
            return ()
        room = self._room
        on = tuple(line.number for line in frame.panes_on)
        section = frame.checklist.section
        wanted = room.pins if room.pins is not None else (section.pins if section is not None else ()) or on
        return tuple(TILE_OF[number] for number in wanted if number in on)[:PINS]

    def pin(self, number: int) -> str:
        """Pin a pane beside the checklist, or unpin it; what to say about it."""
        room = self._room
        if room.frame().board[number - 1].quality == Quality.OFF:
            return "this pane is off: it has nothing to pin"
        pinned = room.pins or ()
        if number in pinned:
            room.pins = tuple(other for other in pinned if other != number) or None
            return f"{number} is no longer pinned"
        room.pins = (*pinned, number)[-PINS:]
        return f"{number} is pinned beside the checklist"

    def _leave_same_kind(self, name: str) -> bool:
        """Checklist, timeline and sources replace each other rather than pile up."""
        room = self._room
        flat = ("checklist", "timeline", "sources", "replays", "drills", "post-mortem")
        if name not in flat:
            return False
        return any(screens.is_there(other) and isinstance(room.screen, screens.load(other)) for other in flat)


def _screen_of_clock(name: str) -> str:
    """Where something can be done about a clock."""
    return {"call": "task", "task": "task", "meeting": "follow-up", "follow-up": "follow-up"}.get(
        name.partition(" ")[0], "checklist"
    )
