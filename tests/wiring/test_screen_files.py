"""The export from the screen: from the journal, or from what a replay shows; never over what is there, unasked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import builders
from wfconsole.clock import ManualClock
from wfconsole.config.locations import find_locations
from wfconsole.config.settings import Settings
from wfconsole.incident.advance import fold
from wfconsole.incident.events import Entry, NoteAdded
from wfconsole.session.files import ExportAsked
from wfconsole.session.journaling import JournalSink
from wfconsole.wiring.ground import Ground
from wfconsole.wiring.screen_files import live_files, replay_files

NAMES = ("INC-20260301-1420-timeline.md", "INC-20260301-1420-post-mortem.md")


@pytest.fixture
def base(tmp_path: Path) -> Ground:
    places = find_locations({"WFCONSOLE_STATE_DIR": str(tmp_path / "state"), "WFCONSOLE_CONFIG": str(tmp_path / "c")})
    return Ground(Settings(), places, ManualClock(builders.NOW), "op1")


@pytest.fixture
def entries() -> list[Entry]:
    return builders.entries(builders.declared(incident="INC-20260301-1420"), NoteAdded("users see 503", "fact"))


def asked(entries: list[Entry], to: Path, **changes: Any) -> ExportAsked:
    return ExportAsked(tuple(entries), fold(entries), builders.a_runbook(), str(to), **changes)


def test_a_replay_is_exported_as_far_as_it_was_shown_and_says_so(
    base: Ground, entries: list[Entry], tmp_path: Path
) -> None:
    words = replay_files(base).export(asked(entries, tmp_path))
    papers = [f"INC-20260301-1420-{kind}" for kind in ("timeline", "post-mortem", "evidence")]
    assert words == f"written to {tmp_path}: {', '.join(papers)}, each as .md and .html"
    assert (
        {path.stem for path in tmp_path.glob("*.html")} == {path.stem for path in tmp_path.glob("*.md")} == set(papers)
    )
    text = (tmp_path / NAMES[0]).read_text(encoding="utf-8")
    assert "users see 503" in text
    assert "made from a recording" in text


def test_one_paper_alone_is_written_and_replaced(base: Ground, entries: list[Entry], tmp_path: Path) -> None:
    files, one = replay_files(base), asked(entries, tmp_path, kind="post-mortem")
    assert files.export(one) == f"written to {tmp_path}: INC-20260301-1420-post-mortem, each as .md and .html"
    assert {path.name for path in tmp_path.glob("*.md")} == {NAMES[1]}
    assert files.export(one) == f"{NAMES[1]} is there already: :export post-mortem {tmp_path} replace"


def test_what_is_there_is_replaced_only_when_asked(base: Ground, entries: list[Entry], tmp_path: Path) -> None:
    (tmp_path / NAMES[1]).write_text("mine")
    words = replay_files(base).export(asked(entries, tmp_path))
    assert words == f"{NAMES[1]} is there already: :export {tmp_path} replace"
    assert (tmp_path / NAMES[1]).read_text() == "mine"
    assert not (tmp_path / NAMES[0]).exists()
    assert "written to" in replay_files(base).export(asked(entries, tmp_path, replace=True))
    assert (tmp_path / NAMES[1]).read_text() != "mine"


def test_a_folder_that_is_not_there_is_said(base: Ground, entries: list[Entry], tmp_path: Path) -> None:
    assert replay_files(base).export(asked(entries, tmp_path / "gone")) == f"{tmp_path}/gone is no folder"


def test_a_file_that_cannot_be_written_is_said(base: Ground, entries: list[Entry], tmp_path: Path) -> None:
    (tmp_path / NAMES[0]).mkdir()
    assert replay_files(base).export(asked(entries, tmp_path, replace=True)).startswith("not written: ")
    assert [path.name for path in tmp_path.iterdir()] == [NAMES[0]]


def test_live_it_is_made_from_the_journal(base: Ground, entries: list[Entry], tmp_path: Path) -> None:
    saved: list[str] = []
    sink = JournalSink(base.incidents, base.clock, fallbacks=(), saved=saved.extend, changed=lambda: None)
    sink.begin("INC-20260301-1420", entries)
    sink.close()
    assert saved
    words = live_files(base).export(asked(entries[:1], tmp_path))
    assert "written to" in words
    assert "users see 503" in (tmp_path / NAMES[0]).read_text(encoding="utf-8")


def test_live_without_a_journal_the_reason_is_said(base: Ground, entries: list[Entry], tmp_path: Path) -> None:
    assert "not written" in live_files(base).export(asked(entries, tmp_path))
    assert not list(tmp_path.glob("*.md"))


def test_the_bundled_scenarios_are_on_the_shelf(base: Ground) -> None:
    found = {entry.name: entry for entry in live_files(base).recordings()}
    assert found["service-outage"].kind == "scenario"
    assert found["service-outage"].command == "wfconsole replay service-outage"
