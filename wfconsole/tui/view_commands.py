"""Commands that only look: where to, at which time, in which look; and the export, which writes files of one's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from wfconsole.observations.kinds import KINDS
from wfconsole.recording.pace import SPEEDS
from wfconsole.session.files import PAPERS
from wfconsole.session.moments import EXPECTED, beyond, instant_meant
from wfconsole.times import WAYS
from wfconsole.tui import screens
from wfconsole.tui.asked import Act, Refused
from wfconsole.tui.glyphs import SETS
from wfconsole.tui.listings import listings_of

if TYPE_CHECKING:
    from wfconsole.tui.app import WarRoom


def opens(name: str) -> Callable[[WarRoom, str], Act]:
    """A command that opens a screen; its words are what the lines have to hold."""

    def run(room: WarRoom, words: str) -> Act:
        return _opening(room, name, words)

    return run


def _opening(room: WarRoom, name: str, goto: str) -> Act:
    def act() -> str:
        kind: type[Any] = screens.load(name)
        if not isinstance(room.screen, kind):
            room.action_open(name, goto)
        elif goto:
            room.switch_screen(kind(goto=goto))
        return ""

    return act


def sources(room: WarRoom, words: str) -> Act:
    if words and words not in KINDS:
        raise Refused(f"there are {', '.join(KINDS)}")
    return _opening(room, "sources", words)


def source_names(room: WarRoom) -> Sequence[str]:
    del room
    return tuple(KINDS)


def views(number: int) -> tuple[str, ...]:
    """The names of a pane's views."""
    return tuple(listing.name for listing in listings_of(number))


def zooms(number: int) -> Callable[[WarRoom, str], Act]:
    """A command that zooms into a pane: first the name of a view, or none, then words that its rows have to hold."""

    def run(room: WarRoom, words: str) -> Act:
        named = [name for name in views(number) if f"{words.lower()} ".startswith(f"{name} ")]
        view = max(named, key=len, default="")

        def act() -> str:
            room.open_zoom(number, view, words[len(view) :].strip())
            return ""

        return act

    return run


def goto(room: WarRoom, words: str) -> Act:
    transport = room.session.transport
    time = transport.show()
    instant = instant_meant(words, time, room.session.view(), room.times)
    if instant is None:
        raise Refused(f"no time: {words!r}; {EXPECTED}" if words else "")
    has_edge = time.mode != "replay" and instant < time.start  # it goes there, and says which recording goes on
    if not has_edge and (refusal := beyond(instant, time, room.times)):
        raise Refused(refusal)
    meant = instant

    def act() -> str:
        transport.seek(meant)
        room.show_now()
        return transport.show().edge

    return act


def live(room: WarRoom, words: str) -> Act:
    del words

    def act() -> str:
        room.action_live()
        return ""

    return act


def speeds(room: WarRoom) -> Sequence[str]:
    del room
    return tuple(f"{speed:g}" for speed in SPEEDS)


def speed(room: WarRoom, words: str) -> Act:
    known = {f"{each:g}": place for place, each in enumerate(SPEEDS)}
    if words not in known:
        raise Refused(f"there are {', '.join(known)}")
    if room.session.transport.show().mode != "replay":
        raise Refused("only a replay has a speed")

    def act() -> str:
        now = SPEEDS.index(min(SPEEDS, key=lambda each: abs(each - room.session.transport.show().speed)))
        room.session.transport.faster(known[words] - now)
        room.show_now()
        return ""

    return act


def themes(room: WarRoom) -> Sequence[str]:
    return tuple(sorted(room.themes))


def theme(room: WarRoom, words: str) -> Act:
    if words not in room.themes:
        raise Refused(f"there are {', '.join(themes(room))}")

    def act() -> str:
        room.wear(words)
        return ""

    return act


def glyph_sets(room: WarRoom) -> Sequence[str]:
    del room
    return tuple(SETS)


def glyphs(room: WarRoom, words: str) -> Act:
    if words not in SETS:
        raise Refused

    def act() -> str:
        room.draw_with(words)
        return ""

    return act


def ways(room: WarRoom) -> Sequence[str]:
    del room
    return WAYS


def times(room: WarRoom, words: str) -> Act:
    wanted = next((way for way in WAYS if way == words), None)
    if wanted is None:
        raise Refused
    way = wanted

    def act() -> str:
        room.write_times(way)
        return ""

    return act


def switch(room: WarRoom) -> Sequence[str]:
    del room
    return ("on", "off")


def observer(room: WarRoom, words: str) -> Act:
    if words not in ("", *switch(room)):
        raise Refused
    words = words or "on"
    on = words == "on"

    def act() -> str:
        if on == room.observer:
            return f"observer is {words} already"
        room.action_observer()
        return ""

    return act


def papers(room: WarRoom) -> Sequence[str]:
    del room
    return PAPERS


def export(room: WarRoom, words: str) -> Act:
    """Which paper, where to, and whether files that are there may be replaced."""
    first, _, rest = words.partition(" ")
    kind = "post-mortem" if first == "pm" else first if first in PAPERS else ""
    parts = (rest if kind else words).split(" ")
    replace = parts[-1] == "replace"
    where = " ".join(parts[:-1] if replace else parts).strip()
    if not room.session.view().incident.declared:
        raise Refused("no incident is declared, so there is nothing to write")

    def act() -> str:
        room.in_background(lambda: room.session.export(where, kind=kind, replace=replace), room.say)
        return "writing ..."

    return act
