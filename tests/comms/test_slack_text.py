"""Whatever is written, Slack shows it as it is: no mention, no link, no formatting, no broadcast."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wfconsole.comms.channels import channel_of
from wfconsole.comms.slack_text import plain, rich_text, words_of

HANDLES = {"anna": "U0ANNA0000", "anna b": "U0ANNAB000", "(.*)": "U0REGEX000"}
HOSTILE = (
    *("<!channel>", "<!here|x>", "<@U0ANNA0000>", "<#C012345>", "<https://evil.example|bank>", "&lt;!channel&gt;"),
    *("@here", "@channel", "@everyone", "*bold*", "_it_", "~gone~", "`code`", "```\nblock\n```", "> quote", ":smile:"),
    *("**Summary:** x", "Summary: *x*", "@anna", "@anna.", "mail@anna", "@annabel", "@anna b", "\n\n", "a\u202eb"),
)
ANY_TEXT = st.text() | st.lists(st.sampled_from(HOSTILE) | st.text(max_size=8)).map("".join)


def pieces(text: str) -> list[dict[str, object]]:
    (section,) = rich_text(text, HANDLES)["elements"]
    elements: list[dict[str, object]] = section["elements"]
    return elements


@settings(deadline=None)
@given(ANY_TEXT)
def test_no_text_becomes_anything_but_text_mapped_people_and_bold_labels(text: str) -> None:
    for piece in pieces(text):
        assert piece["type"] in ("text", "user")
        if piece["type"] == "user":
            assert set(piece) == {"type", "user_id"}
            assert piece["user_id"] in HANDLES.values()
            assert "@" in text
        else:
            assert set(piece) <= {"type", "text", "style"}
            assert piece["text"]
            if "style" in piece:
                assert piece["style"] == {"bold": True}
                assert re.fullmatch(r"[A-Z][A-Za-z ]{0,40}:", str(piece["text"]))


@settings(deadline=None)
@given(ANY_TEXT)
def test_people_read_the_very_words(text: str) -> None:
    shown = words_of(rich_text(text, HANDLES), HANDLES)
    marked_labels = re.sub(r"(?m)^\*\*([A-Z][A-Za-z ]{0,40}:)(?:\*\*)?(?=\s|$)", r"\1", text)
    marked_labels = re.sub(r"(?m)^([A-Z][A-Za-z ]{0,40}:)\*\*(?=\s|$)", r"\1", marked_labels)
    assert shown in (text, marked_labels)


@settings(deadline=None)
@given(ANY_TEXT)
def test_the_notification_holds_no_control_sequence(text: str) -> None:
    shown = plain(text)
    assert "<" not in shown
    assert ">" not in shown
    assert not re.search(r"&(?!amp;|lt;|gt;)", shown)
    assert not re.search(r"@(here|channel|everyone|group)\b", shown, re.IGNORECASE)


@pytest.mark.parametrize(
    ("text", "users"),
    [
        ("Commander: @anna", ["U0ANNA0000"]),
        ("@anna b and @anna.", ["U0ANNAB000", "U0ANNA0000"]),
        ("mail@anna @annabel @@anna", []),
        ("@(.*)", ["U0REGEX000"]),
        ("@bob <@U0ANNA0000>", []),
    ],
)
def test_only_whole_names_that_are_mapped_are_mentioned(text: str, users: list[str]) -> None:
    assert [piece["user_id"] for piece in pieces(text) if piece["type"] == "user"] == users


def test_a_label_is_bold_however_the_runbook_writes_it() -> None:
    for text in ("Summary: it is down", "**Summary:** it is down"):
        assert pieces(text) == [
            {"type": "text", "text": "Summary:", "style": {"bold": True}},
            {"type": "text", "text": " it is down"},
        ]


@settings(deadline=None)
@given(st.text())
def test_a_channel_always_has_a_name_that_slack_takes(incident: str) -> None:
    assert re.fullmatch(r"[a-z0-9_-]{1,80}", channel_of(incident))


def test_the_channel_of_an_incident_says_which_it_is() -> None:
    assert channel_of("INC-20260107-0312") == "inc-20260107-0312"
    assert channel_of("2026-01-07T03:12:00Z") == "inc-2026-01-07t03-12-00z"
