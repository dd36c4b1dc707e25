"""Whatever strangers write, in titles, notes, names, templates or output: every export only shows it."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders import NOW, a_runbook, an_entry, declared, noticed
from tests.reports.readers import Page, links, tokens
from wfconsole.clock import MINUTE
from wfconsole.incident.advance import fold
from wfconsole.incident.events import (
    CommandEnded,
    CommandStarted,
    DecisionMade,
    EntryAmended,
    Event,
    FollowUpAdded,
    FollowUpClosed,
    MeetingSet,
    MessageFailed,
    MessageQueued,
    MessageSent,
    NoteAdded,
    Restricted,
    RoleTaken,
    StatusChanged,
    StepMarked,
    StepProbed,
    TaskClosed,
    TaskGiven,
    UpdateSent,
)
from wfconsole.incident.policy import Template
from wfconsole.observations.levels import Level
from wfconsole.reports import export
from wfconsole.reports.overview import IncidentRow, as_csv, follow_up_rows, incident_row, incidents_text
from wfconsole.text import is_safe

PIECES = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</code></pre><script>",
    "</title><script>alert(1)</script>",
    "<!-- ",
    "-->",
    "<style>*{display:none}</style>",
    "](javascript:alert(1))",
    "[x](javascript:alert(1))",
    "![x](https://evil.example/p.png)",
    "[x][y]\n\n[y]: javascript:alert(1)",
    "[x]: https://evil.example",
    "<https://evil.example>",
    "https://evil.example",
    "www.evil.example",
    "_www.evil.example",
    "me@evil.example",
    "@everyone",
    "data:text/html,x",
    "|",
    "| a | b |\n|---|---|",
    "`",
    "```",
    "~~~",
    "````text",
    "\n```\n<script>",
    "    indented",
    "# ",
    "## Evidence 1",
    "Evidence 1",
    "- ",
    "1. ",
    "> ",
    "---",
    "===",
    "***",
    "**",
    "_",
    "~~",
    "\\",
    "&lt;script&gt;",
    "&#60;script&#62;",
    "{timeline}",
    "{evidence}",
    "\x1b[31m",
    "\x1b]52;c;AAAA\x07",
    "\x00",
    "\x9b",
    "\u202e",
    "\u2066",
    "\u200b",
    "\ufeff",
    "\r\n",
    "\n",
    "\n\n",
    "\t",
    "=cmd|' /C calc'!A0",
    "RESTRICTED: ",
    "a" * 10_000,
    "plain words",
    " ",
)
OUTSIDE = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=12)), min_size=1, max_size=5).map("".join)
USUAL = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
OURS = re.compile(r"[A-Za-z0-9_-]+-evidence\.md#evidence-\d+")


def everything(text: str) -> list[Event]:
    """One event of each kind that reaches a paper, with this text in every field that strangers fill."""
    return [
        NoteAdded(text),
        NoteAdded(f"impact: {text}"),
        NoteAdded(f"root cause: {text}"),
        NoteAdded(text, kind="decision", about=text),
        EntryAmended("e2", text),
        RoleTaken(text, text),
        StepProbed(text, (text, text), Level.WARNING, "live", title=text),
        StepMarked(text, "deferred", text, text, text),
        noticed(text, text=text, subject=text),
        noticed(f"signal Signal/{text}", family="slo", text=text, subject=f"Signal/{text}"),
        UpdateSent(text, text),
        DecisionMade(text, text, "agreed", (text, text), text),
        TaskGiven("t", text, text, NOW),
        TaskClosed("t", "done", text),
        CommandStarted("c", text, text, text),
        CommandEnded("c", "exit", 1, tuple(text.splitlines()), 0, 5, text),
        MessageQueued("m1", text, text, text, "public", text, text),
        MessageSent("m1", text),
        MessageQueued("m2", text, text, text),
        MessageFailed("m2", text),
        FollowUpAdded(text, text, "0-7 days", text, text),
        FollowUpAdded("F2", text, "1-3 months", text),
        FollowUpClosed("F2", "dropped", text),
        MeetingSet(NOW, text),
        StatusChanged("resolved", text),
    ]


def papers(text: str, *, template: str = "", restricted: bool = False) -> dict[str, str]:
    events: list[Event] = [declared(title=text, commander=text, incident="INC-1", runbook=text), *everything(text)]
    if restricted:
        events.append(Restricted(True, text, text))
    made = [an_entry(event, place, NOW + place * MINUTE, text) for place, event in enumerate(events, 1)]
    runbook = a_runbook(templates=(Template("pm", "pm", "post-mortem", template),)) if template else a_runbook()
    return export(made, fold(made), runbook, (text,))


def test_nothing_is_left_to_itself() -> None:
    """The papers below really hold the text: this test fails when an event does not reach them."""
    written = papers("needle")
    assert written["INC-1-post-mortem.md"].count("needle") > 30
    assert written["INC-1-timeline.md"].count("needle") > 20
    assert written["INC-1-evidence.md"].count("needle") >= 5
    assert written["INC-1-post-mortem.html"].count("needle") > 30


@USUAL
@given(OUTSIDE, st.booleans())
def test_markdown_has_no_markup_but_ours(text: str, restricted: bool) -> None:
    usual = {token.type for paper in papers("x", restricted=restricted).values() for token in tokens(paper)}
    for name, paper in papers(text, restricted=restricted).items():
        if not name.endswith(".md"):
            continue
        found = tokens(paper)
        assert {token.type for token in found} <= usual | {"code_inline", "text", "softbreak"}
        assert not {token.type for token in found} & {"html_inline", "html_block", "image", "table_open"}
        assert all(OURS.fullmatch(href) for href in links(paper))
        assert all(is_safe(line) or not line for line in paper.split("\n"))
        for token in found:
            if token.type == "text":  # what GitHub would turn into a link or a mention
                assert not re.search(r"://|(?<![A-Za-z0-9])www\.|@", token.content)


@USUAL
@given(OUTSIDE, st.booleans())
def test_html_has_nothing_that_acts(text: str, restricted: bool) -> None:
    for name, paper in papers(text, restricted=restricted).items():
        if name.endswith(".html"):
            page = Page(paper)
            assert page.foreign() == []
            assert all(re.fullmatch(r"INC-1-evidence\.html#evidence-\d+", href) for href in page.hrefs())
            assert [name for name, _ in page.elements].count("style") == 1
            assert all(is_safe(line) or not line for line in paper.split("\n"))


@USUAL
@given(OUTSIDE)
def test_a_hostile_template_is_only_text_and_headings(template: str) -> None:
    for name, paper in papers("x", template=f"# {{title}}\n\n{template}\n\n{{timeline}}").items():
        if name == "INC-1-post-mortem.html":
            page = Page(paper)
            assert page.foreign() == []
            assert all(re.fullmatch(r"(https?://\S+|INC-1-evidence\.html#evidence-\d+)", href) for href in page.hrefs())
        elif name == "INC-1-post-mortem.md":
            found = tokens(paper)
            assert not {token.type for token in found} & {"html_inline", "html_block", "image"}
            assert all(href.startswith(("http://", "https://")) or OURS.fullmatch(href) for href in links(paper))


def test_a_teams_own_links_and_headings_stay() -> None:
    template = "# {title}\n\nSee [our wiki](https://wiki.example/pm?x=1) and **read it**.\n\n{timeline}\n"
    written = papers("x", template=template)
    assert "[our wiki](https://wiki.example/pm?x=1)" in written["INC-1-post-mortem.md"]
    assert "https://wiki.example/pm?x=1" in Page(written["INC-1-post-mortem.html"]).hrefs()


@pytest.mark.parametrize("text", ["a *b* _c_ [d](e) `f` <g> | h", "=1+1", "x" * 10_000], ids=["marks", "sum", "long"])
def test_what_was_written_can_be_read_in_the_html(text: str) -> None:
    shown = Page(papers(text)["INC-1-evidence.html"]).text
    assert text[:4000] in shown


@USUAL
@given(OUTSIDE)
def test_lists_and_sheets_are_one_safe_line_each_and_no_formula(text: str) -> None:
    events: list[Event] = [declared(title=text, commander=text), FollowUpAdded(text, text, "0-7 days", text, text)]
    state = fold([an_entry(event, place) for place, event in enumerate(events, 1)])
    row = incident_row(text, state, 2, NOW, damage=(text,), intact=False)
    assert len(incidents_text([row]).split("\n")) == 3
    assert all(is_safe(line) or not line for line in incidents_text([row]).split("\n"))
    (cells,) = list(csv.reader(io.StringIO(as_csv([row], IncidentRow))))[1:]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    (item,) = follow_up_rows(text, state, dt.date(2026, 3, 1))
    assert is_safe(item.text)
    assert is_safe(item.owner) or not item.owner
