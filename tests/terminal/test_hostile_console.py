"""A stranger's recording in the real console: all of it arrives, and each text of each source is inert and visible."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from msgspec import UNSET

from tests.terminal.hostile import CANARY
from tests.terminal.hostile_recording import LETTERS, TEXTS, hostile_recording, inert
from tests.terminal.pty import Terminal
from tests.terminal.replayed import Replayed
from wfconsole.observations.kinds import KINDS
from wfconsole.recording.lines import Ended, Noted, SourcePatch
from wfconsole.recording.play import Recording
from wfconsole.tui.listings import listings_of
from wfconsole.tui.listings.listing import Listing

FOOTER: Final = -3  # the line with the keys of a list or a row: above the time bar and the keys
VIEWS: Final = {pane: listings_of(pane) for pane in range(1, 8)}
# Each other screen: its key, its title, whose text it shows at once, and whose at its end.
SCREENS: Final[tuple[tuple[str, str, tuple[str, ...], tuple[str, ...]], ...]] = (
    ("c", "8 CHECKLIST 1/", (), ()),
    ("t", "9 TIMELINE 91", ("note",), ("declared",)),
    ("e", "SOURCES what", ("target", "lack", "facts"), ("collector",)),
    ("r", "REPLAYS AND", (), ("title",)),
    ("p", "POST-MORTEM", ("declared",), ()),
    ("a", "a TRIAGE", ("lack", "workloads"), ()),
    ("x", "TIME AXIS", ("workloads",), ()),
    ("h", "BRIEF as of", ("lack",), ()),
    ("m", "MESSAGES 1/", (), ()),
    ("l", "LEDGER 0", (), ()),
    ("d", "CONTACTS AND", (), ()),
    ("0", "9 TIMELINE newest", (), ()),
    ("i", "EVIDENCE", ("target", "lack", "facts"), ()),
)
# A history has no text but its keys, which are those of the signals; of a marker, only its place is shown.
WITHOUT_WORDS: Final = {"signal_history", "marker"}


def test_the_recording_is_read_to_its_end_and_every_kind_arrives_hostile_in_every_text(tmp_path: Path) -> None:
    path = tmp_path / "hostile.jsonl"
    path.write_text(hostile_recording())
    recording = Recording(path)
    items = [item for _, item in recording.read()]
    assert (recording.problem, recording.skipped, recording.truncated) == (None, 0, False)
    assert isinstance(items[-1], Ended)
    told = [item for item in items if isinstance(item, SourcePatch) and item.keyframe]
    rows = {item.source: item.patch.rows for item in told if item.patch.rows is not UNSET}
    assert rows.keys() == KINDS.keys()
    for source, of_source in rows.items():
        assert len(of_source) == len(TEXTS)
        _, odd, *_ = of_source.values()  # an even one may have to be without a text, to be seen
        assert {name for name, text in texts_in(odd) if CANARY not in text} == set(), source
    assert len([item for item in items if isinstance(item, Noted)]) == 3 * len(TEXTS) + 2


def texts_in(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Each text in a row with the name of its field, an empty one for what could hold some and does not."""
    if isinstance(value, msgspec.Struct):
        for field in msgspec.structs.fields(value):
            inner = getattr(value, field.name)
            if inner is None and "tuple" in str(field.type):
                inner = ""
            if "Literal" not in str(field.type):
                yield from texts_in(inner, field.name)
    elif isinstance(value, Mapping):
        yield from texts_in(tuple(value) + tuple(value.values()), name)
    elif isinstance(value, str):
        yield name, value
    elif isinstance(value, Iterable):
        for each in value or ("",):
            yield from texts_in(each, name)


class Tour:
    """Goes from place to place, and remembers whose text was to be seen there."""

    def __init__(self, console: Replayed) -> None:
        self.console = console
        self.seen: set[str] = set()

    def wait(self, wanted: str, line: int | None = None) -> None:
        """Until the screen shows a match, or this line of it."""
        pattern, console = re.compile(wanted), self.console
        console.wait_until(lambda: bool(pattern.search(console.text if line is None else console.lines[line])), wanted)

    def see(self, *owners: str, rows: int = 1) -> None:
        """Wait until hostile text of theirs stands below the two lines at the top, which stand there everywhere.

        Of more than one row, where it is a list: what is told of the row with the cursor is not enough.
        """
        for owner in owners:
            pattern = inert(owner)
            self.console.wait_until(
                lambda pattern=pattern: len({*pattern.findall("\n".join(self.console.lines[2:]))}) >= rows,  # type: ignore[misc]
                f"hostile text of {owner}",
            )
            self.seen.add(owner)

    def pane(self, number: int, *, rows: bool) -> None:
        """Each view of a pane; with `rows` to its end, and the screen of its first row."""
        key = f"{number}"
        for listing in VIEWS[number]:
            self.console.press(key)
            key = "v"
            self.view(listing.name)
            self.see(listing.source, rows=3)
            if rows:
                self.console.press("end")
                self.wait(r" (\d+)/\1 by ", FOOTER)
                self.row(listing)
                self.console.press("backspace")
                self.view(listing.name)

    def row(self, listing: Listing) -> None:
        above = ["down"] if listing.name == "unhealthy" else []  # a workload stands above its pods
        self.console.press("home", *above, "enter")
        self.wait("Bksp", FOOTER)
        self.see(listing.source, *(["answer"] if (listing.source, listing.name) == ("pods", "all") else []))
        self.console.press("end")
        self.wait(r"-(\d+)/\1 ", FOOTER)

    def view(self, name: str) -> None:
        self.wait(re.escape(f"[{name}]"))
        self.wait("s sort", FOOTER)

    def screen(self, key: str, title: str, at_once: tuple[str, ...], at_end: tuple[str, ...]) -> None:
        self.console.press(key)
        self.console.wait_for(title)
        self.see(*at_once)
        self.console.press("end")
        self.see(*at_end)


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (200, 60)])
def test_a_hostile_recording_is_inert_and_visible_on_every_screen_and_the_net_has_nothing_to_catch(
    tmp_path: Path, columns: int, rows: int
) -> None:
    narrow = columns == 80
    with Replayed(tmp_path, columns, rows) as console:
        tour = Tour(console)
        tour.wait("9 TIMELINE newest")
        for number in VIEWS:
            tour.pane(number, rows=narrow)
        for each in SCREENS:
            tour.screen(*each)
        look_elsewhere(console)
        console.press("\\")
        console.wait_for("01:00:01/01:00:01")
        console.press("5")
        tour.view("nodes")
        tour.see("failure")
        assert tour.seen == LETTERS.keys() - WITHOUT_WORDS - (set() if narrow else {"answer"})
        console.signal(signal.SIGTERM)
        assert console.wait_exit() == 128 + signal.SIGTERM
        assert console.forbidden_bytes() == []
        assert console.hits == 0


def look_elsewhere(console: Terminal) -> None:
    """Small windows, the wall, other times, and what is done from the overview."""
    console.press("0")
    console.wait_for("9 TIMELINE newest")
    for key, title in (("?", "HELP: overview"), (":", "COMMAND"), ("@", "GO TO")):
        console.press(key)
        console.wait_for(title)
        console.press("escape")
        console.wait_gone(title)
    for key in ("w", "0", "u", "0", "tab", "tab", "o", "}", ".", "]", "["):
        before = len(console.raw)
        console.press(key, "ctrl+l")
        console.wait_until(lambda start=before: len(console.raw) > start, f"a frame after {key}")  # type: ignore[misc]
    assert console.running, console.text
