"""Timeline and post-mortem: what the record holds, a marked gap for what it does not, and hostile text inert."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.builders import GATEWAY, NOW, a_policy, a_runbook, an_entry, declared, noticed
from wfconsole.clock import HOUR, MINUTE, Millis
from wfconsole.incident.advance import fold
from wfconsole.incident.events import (
    SCRIBE,
    ConsoleEnded,
    ConsoleStarted,
    Entry,
    EntryAmended,
    EntryStarred,
    EntryWithdrawn,
    Event,
    MomentSet,
    NoteAdded,
    RoleTaken,
    StatusChanged,
    StepMarked,
    StepProbed,
    UpdateSent,
)
from wfconsole.incident.policy import Span, Template
from wfconsole.observations.levels import Level
from wfconsole.reports import export
from wfconsole.reports.markdown import code, words

RUNBOOK = a_runbook(policy=a_policy(meeting=Span(48 * HOUR, text="48 hours")))
STARTED = NOW - 10 * MINUTE


def an_incident(*more: Event) -> list[Entry]:
    """From a rollout to the resolution, 40 minutes long; further events follow after it."""
    events: list[tuple[Millis, str, Event]] = [
        (
            NOW - 2 * MINUTE,
            SCRIBE,
            noticed(
                "rollout x 5",
                family="rollout",
                phase="once",
                level=Level.WATCH,
                text="gateway revision 4 -> 5: image gateway:1.4.0 -> gateway:1.4.1",
                since=STARTED - MINUTE,
            ),
        ),
        (
            NOW - MINUTE,
            SCRIBE,
            noticed(
                f"readiness {GATEWAY}", family="readiness", since=STARTED, text="gateway lost readiness: 1 of 3 ready"
            ),
        ),
        (NOW, "op1", declared(started_at=STARTED, runbook="Our runbook 1 sha256:abc")),
        (NOW + 2 * MINUTE, "op2", RoleTaken("scribe", "op2")),
        (NOW + 3 * MINUTE, "op1", StepProbed("outage/look", ("2 of 3 pods", "gateway-2 0/1"), Level.WARNING, "live")),
        (NOW + 4 * MINUTE, "op1", NoteAdded("roll back to revision 4", kind="decision")),
        (NOW + 5 * MINUTE, "op1", NoteAdded("the new image misses its configuration", kind="hypothesis")),
        (
            NOW + 6 * MINUTE,
            SCRIBE,
            noticed(
                f"readiness {GATEWAY}",
                family="readiness",
                phase="ended",
                level=Level.OK,
                text="gateway is ready again, after 17 min",
                count=3,
            ),
        ),
        (NOW + 7 * MINUTE, "op3", UpdateSent("status page", "monitoring")),
        (NOW + 20 * MINUTE, "op1", StatusChanged("monitoring")),
        (NOW + 30 * MINUTE, "op1", StatusChanged("resolved", "stable for ten minutes")),
        *((NOW + 31 * MINUTE, "op1", event) for event in more),
    ]
    return [an_entry(event, place, at, actor) for place, (at, actor, event) in enumerate(events, 1)]


def papers(entries: Sequence[Entry], notes: Sequence[str] = ()) -> tuple[str, str]:
    """Timeline and post-mortem."""
    texts = export(entries, fold(entries), RUNBOOK, notes)
    kinds = ("timeline", "post-mortem", "evidence")
    assert list(texts) == [f"INC-20260301-1432-{kind}.{ending}" for kind in kinds for ending in ("md", "html")]
    return texts["INC-20260301-1432-timeline.md"], texts["INC-20260301-1432-post-mortem.md"]


def section(text: str, title: str) -> str:
    return text.partition(f"## {title}\n\n")[2].partition("\n\n## ")[0]


def test_an_incident_that_was_never_declared_cannot_be_reported() -> None:
    with pytest.raises(ValueError, match="no incident is declared"):
        export([an_entry(noticed())], fold([an_entry(noticed())]), RUNBOOK, ())


def test_the_summary_computes_what_can_be_computed_and_marks_the_rest() -> None:
    _, text = papers(an_incident())
    assert section(text, "Summary").splitlines() == [
        "- **Incident:** INC-20260301-1432, SEV2",
        "- **Date:** 2026-03-01",
        "- **Duration:** 40 min, 2026-03-01T14:22:07Z to 2026-03-01T15:02:07Z",
        "- **Impact:** _Gap: nobody wrote down who was affected, and how._ The console saw: gateway lost readiness: "
        "1 of 3 ready, 3 times between 2026-03-01T14:22:07Z and 2026-03-01T14:38:07Z.",
        "- **Root cause:** _Gap: nobody wrote down the root cause yet._",
        "- **Times:** to detect 10 min (from the start to the declaration; the first alert on record came 9 min after "
        "the start); to acknowledge 2 min (from the declaration to the acknowledgement); to mitigate 30 min (from the "
        "start to the mitigation); to resolve 40 min (from the start to the resolution)",
        "- **SLO:** _Gap: no signal is on record, so nobody can tell whether a promise to users was broken._",
        "- **Follow-ups:** none written down",
        "- **Post-mortem meeting:** not set; due by 2026-03-03 15:02:07Z",
    ]


def test_the_sections_are_those_of_the_runbooks_template() -> None:
    _, text = papers(an_incident())
    titles = [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")]
    assert titles == [
        "Summary",
        "Impact",
        "Timeline",
        "Root cause analysis",
        "Decisions",
        "Tasks",
        "Actions",
        "Commands",
        "What people were told",
        "What went well",
        "What did not go well",
        "Action items",
        "Lessons learned",
        "Evidence",
        "About this record",
    ]


def test_the_timeline_is_in_iso_times_with_beginnings_and_ends() -> None:
    timeline, text = papers(an_incident())
    assert section(text, "Timeline").splitlines() == [
        "- 2026-03-01T14:21:07Z CHANGE gateway revision 4 -> 5: image gateway:1.4.0 -> gateway:1.4.1",
        "- 2026-03-01T14:31:07Z ALERT gateway lost readiness: 1 of 3 ready (3 times, over at 2026-03-01T14:38:07Z)",
        "- 2026-03-01T14:32:07Z DECLARE op1: SEV2 gateway answers 503, commander op1",
        "- 2026-03-01T14:34:07Z ROLE op2: scribe: op2",
        "- 2026-03-01T14:36:07Z DECISION op1: roll back to revision 4",
        "- 2026-03-01T14:37:07Z HYPOTH op1: the new image misses its configuration",
        "- 2026-03-01T14:38:07Z OVER gateway is ready again, after 17 min",
        "- 2026-03-01T14:39:07Z COMMS op3: status page: monitoring",
        "- 2026-03-01T14:52:07Z STATE op1: status investigating -> monitoring",
        "- 2026-03-01T15:02:07Z STATE op1: status monitoring -> resolved: stable for ten minutes",
    ]
    linked = "([evidence 1](INC-20260301-1432-evidence.md#evidence-1))"
    probed = f"- 2026-03-01T14:35:07Z PROBE op1: look: 2 of 3 pods {linked}\n"
    assert f"{probed}  - `2 of 3 pods`\n  - `gateway-2 0/1`\n" in timeline


def test_the_analysis_brings_together_what_was_written_and_concludes_nothing() -> None:
    _, text = papers(an_incident())
    analysis = section(text, "Root cause analysis")
    assert analysis.startswith("_Gap: nobody wrote down the root cause yet._")
    assert "Changes that the console saw:\n\n- 2026-03-01T14:21:07Z gateway revision 4" in analysis
    assert "- the new image misses its configuration (op1, 2026-03-01T14:37:07Z)" in analysis
    assert section(text, "Decisions") == "- 2026-03-01T14:36:07Z roll back to revision 4 (op1)"


def test_what_people_say_of_the_impact_ends_before_what_the_console_saw() -> None:
    _, text = papers(an_incident(NoteAdded("impact: one in three checkouts failed")))
    assert "one in three checkouts failed (op1, 2026-03-01T15:03:07Z). The console saw: gateway lost" in text


def test_a_piece_of_evidence_says_in_a_sentence_what_it_showed() -> None:
    entries = an_incident()
    text = export(entries, fold(entries), RUNBOOK, ())["INC-20260301-1432-evidence.md"]
    assert re.findall(r"^\w+, \w+\. Entry `", text, re.MULTILINE) == ["Warning, live. Entry `"]


FILLED = [
    ("impact: one in three checkouts failed", "Summary", "**Impact:** one in three checkouts failed (op1, "),
    ("Root cause: a missing variable", "Summary", "**Root cause:** a missing variable (op1, "),
    ("root cause: a missing variable", "Root cause analysis", "a missing variable (op1, "),
    ("went well: the rollback was quick", "What went well", "- the rollback was quick (op1, "),
    ("went badly: nobody watched the rollout", "What did not go well", "- nobody watched the rollout (op1, "),
    ("action: lint the configuration", "Action items", "- lint the configuration (op1, "),
    ("lesson: watch what you roll out", "Lessons learned", "- watch what you roll out (op1, "),
]


@pytest.mark.parametrize(("note", "title", "words_there"), FILLED, ids=[note for note, *_ in FILLED])
def test_a_note_that_names_its_topic_fills_the_gap(note: str, title: str, words_there: str) -> None:
    _, text = papers(an_incident(NoteAdded(note)))
    assert words_there in section(text, title)
    assert not section(text, title).startswith("_Gap")


def test_what_nobody_wrote_down_stays_a_gap() -> None:
    _, text = papers(an_incident())
    for title in ("What went well", "What did not go well", "Action items", "Lessons learned"):
        assert section(text, title).startswith("_Gap: ")


def test_targets_that_were_kept_and_missed_are_said() -> None:
    _, text = papers(an_incident())
    assert "- respond: 2 min after the declaration, within the target of 30 minutes" in section(text, "What went well")
    late = [*an_incident(), an_entry(MomentSet("acknowledged", NOW + HOUR), 20, NOW + 2 * HOUR)]
    missed = section(papers(late)[1], "What did not go well")
    assert missed.endswith("\n\n- respond: 1 h after the declaration, later than the target of 30 minutes")


def test_what_was_put_off_is_an_action_item() -> None:
    _, text = papers(an_incident(StepMarked("first/open-the-channel", "deferred", reason="Slack is down")))
    assert section(text, "Action items") == "- deferred during the incident: open the channel: Slack is down"
    _, text = papers(an_incident(StepMarked("first/page-the-on-call", "deferred", title="Page the on-call engineer")))
    assert section(text, "Action items") == "- deferred during the incident: Page the on-call engineer"


def test_an_incident_that_is_not_resolved_says_so() -> None:
    _, text = papers(an_incident()[:-1])
    assert "**Duration:** not resolved; 30 min until the last entry, 2026-03-01T14:52:07Z" in text
    assert "to resolve not known" in text


def test_a_beginning_that_nobody_wrote_down_is_not_made_up() -> None:
    entries = [an_entry(declared()), an_entry(StatusChanged("resolved"), 2, NOW + HOUR)]
    _, text = papers(entries)
    assert "1 h, 2026-03-01T14:32:07Z to 2026-03-01T15:32:07Z (from its detection; when it began is not written" in text
    assert "to detect not known" in text
    assert "to resolve 1 h (from the declaration to the resolution)" in text
    text = papers([*entries, an_entry(MomentSet("detected", NOW - MINUTE), 3, NOW + HOUR)])[1]
    assert "to resolve 1 h 01 min (from the detection to the resolution)" in text


def test_corrections_stars_and_withdrawals_show() -> None:
    entries = an_incident(EntryAmended("e4", "scribe is Bea"), EntryStarred("e6", True), EntryWithdrawn("e7"))
    _, text = papers(entries)
    assert "ROLE op2: scribe is Bea (corrected; first written: scribe: op2)" in text
    assert "DECISION op1: **roll back to revision 4**" in text
    assert "misses its configuration" not in text
    assert "- 1 withdrawn line left out" in section(text + "\n\n## ", "About this record")
    assert "AMEND" not in text


def test_the_record_says_how_far_it_can_be_trusted() -> None:
    lost = noticed("source pods", family="source", level=Level.WARNING, text="pods: no data, timeout")
    entries = an_incident(
        ConsoleStarted("bastion", 1, "0.1"), ConsoleEnded(), ConsoleStarted("bastion", 2, "0.1"), lost
    )
    about = papers(entries, ["1-a.jsonl line 7: checksum differs"])[1].partition("## About this record\n\n")[2]
    assert about.splitlines() == [
        "- 1-a.jsonl line 7: checksum differs",
        "- from 2026-03-01T15:02:07Z to 2026-03-01T15:03:07Z no console was open: the one before ended without a word",
        "- from 2026-03-01T15:03:07Z to 2026-03-01T15:03:07Z no console was open: the one before was closed",
        "- from 2026-03-01T15:03:07Z and had not come back by the last entry: pods: no data, timeout",
        "- runbook followed: Our runbook 1 sha256:abc",
    ]
    assert "- the journal was read without damage or gaps" in papers(an_incident())[1]


def test_a_teams_own_template_is_followed_and_what_it_asks_for_in_vain_is_a_gap() -> None:
    template = Template("pm", "Post-mortem", "post-mortem", "# {title}\n\n{severity} {budget_left}\n\n{timeline}\n")
    entries = an_incident()
    runbook = a_runbook(templates=(template,))
    text = export(entries, fold(entries), runbook, ())["INC-20260301-1432-post-mortem.md"]
    assert text.startswith("# gateway answers 503\n\nSEV2 _Gap: the record has nothing for budget left._\n\n- 2026-")


def by_template(text: str) -> str:
    """The post-mortem of an incident in a team's own template."""
    entries = an_incident()
    runbook = a_runbook(templates=(Template("pm", "Post-mortem", "post-mortem", text),))
    return export(entries, fold(entries), runbook, ())["INC-20260301-1432-post-mortem.md"]


@pytest.mark.parametrize(
    ("asks_for", "added"),
    [
        ("", ["Date", "Duration", "Impact", "Times"]),
        ("on {date}, for {duration}: {impact}", ["Times"]),
        ("{impact_in_full}", ["Date", "Times"]),
        ("{times}, {duration}", ["Date", "Impact"]),
    ],
)
def test_what_no_post_mortem_may_lack_is_told_where_the_teams_template_does_not_ask(
    asks_for: str, added: list[str]
) -> None:
    told = by_template(f"# {{title}}\n\n{asks_for}\n\n{{timeline}}\n")
    _, ours = papers(an_incident())
    lines = section(ours, "Summary").splitlines()
    assert section(told, "Key facts").splitlines() == [
        line for line in lines if line.startswith(tuple(f"- **{title}:**" for title in added))
    ]
    assert [title for title in re.findall(r"^## (.*)$", told, re.MULTILINE) if title != "About this record"] == [
        "Key facts",
        "Evidence",
    ]


def test_a_template_that_asks_for_all_of_it_gets_nothing_twice() -> None:
    told = by_template("{date} {duration} {impact} {times}\n\n{evidence}\n")
    assert re.findall(r"^## (.*)$", told, re.MULTILINE) == ["About this record"]


def test_a_placeholder_in_outside_text_stays_what_it_is() -> None:
    _, text = papers(an_incident(NoteAdded("impact: {timeline} {severity}")))
    assert "**Impact:** {timeline} {severity} (op1" in text


def test_a_hostile_name_of_an_incident_is_no_path() -> None:
    entries = [an_entry(declared(incident="../../etc/x"))]
    assert all(re.fullmatch(r"etc-x-[a-z-]+\.(md|html)", name) for name in export(entries, fold(entries), RUNBOOK, ()))


# --- hostile text ---------------------------------------------------------------------------------------------------

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](https://evil.example)",
    "![x](https://evil.example/p.png)",
    "[x]: https://evil.example",
    "https://evil.example/a_b_c",
    "www.evil.example",
    "<https://evil.example>",
    "mail me@evil.example now",
    "@everyone look",
    "**bold** _emph_ ~~gone~~ `code`",
    "``` fence",
    "`tick @me` and ``two``",
    "# heading",
    "- list",
    "1. list",
    "12) list",
    "+ list",
    "> quote",
    "---",
    "===",
    "| a | b |",
    "&lt;script&gt; &amp; &#64;",
    "back\\slash \\*not\\*",
    "line\nbreak\n\n# heading",
    "line  \nbreak",
    "\x1b[31mred\x1b]52;c;aGk=\x07",
    "[/] [@click=app.quit]x[/]",
    "$x$ and $$y$$",
    "snake_case_name __init__ _x_",
    "a*b*c 2 * 3 * 4",
    "\\",
    "`",
    "",
    "   ",
]
ALLOWED = {"text", "softbreak", "code_inline"}


def parsed(markdown: str) -> list[Token]:
    """All tokens of the strictest reading: HTML, tables, strikethrough, and bare links are all on."""
    parser = MarkdownIt("gfm-like", {"html": True, "linkify": False})
    flat: list[Token] = []
    for token in parser.parse(markdown):
        flat.append(token)
        flat += token.children or []
    return flat


def shown(markdown: str) -> str:
    return "".join(token.content for token in parsed(markdown) if token.type in ("text", "code_inline"))


@pytest.mark.parametrize("text", HOSTILE, ids=[repr(text) for text in HOSTILE])
@pytest.mark.parametrize("form", ["{}", "- {}", "- **Impact:** {}", "# Title: {}", "a {} b"])
def test_hostile_text_is_shown_as_it_is_and_does_nothing(text: str, form: str) -> None:
    harmless = [token.type for token in parsed(form.format("x")) if token.type != "text"]
    found = [token.type for token in parsed(form.format(words(text)))]
    assert [kind for kind in found if kind not in ALLOWED] == harmless or not words(text)


VISIBLE = [text for text in HOSTILE if text.strip() and text.isprintable() and "  " not in text]


@pytest.mark.parametrize("text", VISIBLE)
def test_nothing_of_it_is_lost_on_the_way(text: str) -> None:
    assert shown(words(text)) == text
    assert shown(code(text)) == text


@pytest.mark.parametrize("text", HOSTILE, ids=[repr(text) for text in HOSTILE])
def test_an_address_or_a_name_is_only_ever_code(text: str) -> None:
    for token in parsed(words(text)):
        if token.type == "text":
            assert "@" not in token.content
            assert "://" not in token.content
            assert "www." not in token.content


def test_a_whole_report_of_hostile_text_has_no_markup_of_its_own() -> None:
    kinds = {token.type for text in papers(an_incident(NoteAdded("harmless"))) for token in parsed(text)}
    for text in filter(str.strip, HOSTILE):
        entries = an_incident(
            NoteAdded(text),
            NoteAdded(f"impact: {text}"),
            NoteAdded(text, kind="decision"),
            RoleTaken(text, text),
            StepProbed(text, (text,), Level.OK, "live", title=text),
            StepMarked(text, "deferred", text, text, text),
            noticed(text, text=text, subject=text),
            UpdateSent(text, text),
        )
        for paper in papers(entries, [text]):
            assert {token.type for token in parsed(paper)} <= kinds | {"code_inline"}
            assert "\x1b" not in paper
