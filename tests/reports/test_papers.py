"""What the post-mortem tells of the room, the evidence behind it, restricted incidents, and the HTML beside it."""

from __future__ import annotations

import base64
import hashlib
import re

from tests.builders import NOW, a_runbook, an_entry, declared
from tests.reports.readers import Page
from wfconsole.clock import HOUR, MINUTE
from wfconsole.incident.advance import fold
from wfconsole.incident.events import (
    CommandEnded,
    CommandStarted,
    DecisionMade,
    EntryAmended,
    EntryHidden,
    EntryRedated,
    Event,
    FollowUpAdded,
    FollowUpClosed,
    MeetingSet,
    MessageDropped,
    MessageFailed,
    MessageQueued,
    MessageSent,
    NoteAdded,
    Restricted,
    StatusChanged,
    StepProbed,
    TaskClosed,
    TaskGiven,
)
from wfconsole.observations.levels import Level
from wfconsole.reports import export
from wfconsole.runbook import load_runbook

NAME = "INC-20260301-1432"
BUNDLED = load_runbook(None)


def written(*events: Event) -> dict[str, str]:
    made = [
        an_entry(event, place, NOW + (place - 1) * MINUTE)
        for place, event in enumerate((declared(started_at=NOW), *events), 1)
    ]
    return export(made, fold(made), BUNDLED)


def post_mortem(*events: Event) -> str:
    return written(*events)[f"{NAME}-post-mortem.md"]


def section(text: str, title: str) -> str:
    return text.partition(f"## {title}\n\n")[2].partition("\n\n## ")[0]


def test_the_bundled_template_and_our_own_ask_for_the_same() -> None:
    made = [an_entry(declared(started_at=NOW))]
    assert export(made, fold(made), a_runbook(policy=BUNDLED.policy)) == written()


def test_a_decision_tells_proposal_objections_who_and_why() -> None:
    told = section(
        post_mortem(DecisionMade("roll back", "op2", "agreed", ("the cache is lost",), "it began so")), "Decisions"
    )
    assert told == (
        "- 2026-03-01T14:33:07Z roll back: agreed, decided by op2; against it: the cache is lost; because it began so"
    )


def test_a_decision_without_a_reason_is_a_gap_and_none_at_all_is_one_too() -> None:
    assert "_Gap: no reason is written down._" in section(post_mortem(DecisionMade("roll back", "op2")), "Decisions")
    assert section(post_mortem(), "Decisions") == "_Gap: no decision is written down._"


def test_a_corrected_decision_says_both() -> None:
    told = section(
        post_mortem(DecisionMade("roll bak", "op2", reason="x"), EntryAmended("e2", "roll back")), "Decisions"
    )
    assert "roll bak" in told
    assert "(corrected: roll back)" in told


def test_a_task_says_what_came_of_it_or_that_nobody_knows() -> None:
    told = section(
        post_mortem(
            TaskGiven("t1", "check the database", "kim", NOW + 5 * MINUTE),
            TaskGiven("t2", "call the vendor", "bo", NOW + 90 * MINUTE),
            TaskClosed("t1", "done", "no lock"),
        ),
        "Tasks",
    )
    assert told.splitlines() == [
        "- 2026-03-01T14:33:07Z kim: check the database (back by 2026-03-01T14:37:07Z): done at "
        "2026-03-01T14:35:07Z: no lock",
        "- 2026-03-01T14:34:07Z bo: call the vendor (back by 2026-03-01T16:02:07Z): "
        "_Gap: what came of it is not written down._",
    ]


def test_a_command_has_its_exit_and_its_output_is_evidence_that_the_timeline_links() -> None:
    papers = written(
        CommandStarted("c1", "kubectl get pods\n| head", "outage/look"),
        CommandEnded("c1", "exit", 1, ("NAME", "gateway-1"), 7, 1_500, "it complained"),
        CommandStarted("c2", "sleep 99"),
    )
    link = f"([evidence 1]({NAME}-evidence.md#evidence-1))"
    told = section(papers[f"{NAME}-post-mortem.md"], "Commands").splitlines()
    assert told == [
        f"- 2026-03-01T14:33:07Z op1: `kubectl get pods | head`: exit 1 after 1 s: it complained {link}",
        "- 2026-03-01T14:35:07Z op1: `sleep 99`: _Gap: how it ended is not known._",
    ]
    assert link in section(papers[f"{NAME}-post-mortem.md"], "Timeline")
    assert link in papers[f"{NAME}-timeline.md"]
    evidence = papers[f"{NAME}-evidence.md"]
    assert "## Evidence 1\n" in evidence
    assert "```text\nkubectl get pods\n| head\n```" in evidence
    assert "```text\nNAME\ngateway-1\n```" in evidence
    assert "7 lines before these are not kept." in evidence
    page = Page(papers[f"{NAME}-post-mortem.html"])
    assert f"{NAME}-evidence.html#evidence-1" in page.hrefs()
    places = {attributes.get("id") for _, attributes in Page(papers[f"{NAME}-evidence.html"]).elements}
    assert "evidence-1" in places


def test_evidence_is_numbered_in_order_and_hidden_evidence_is_left_out_and_counted() -> None:
    probe = StepProbed("outage/look", ("2 of 3 pods",), Level.WARNING, "live", 3, "Look at the pods")
    papers = written(probe, probe, probe, EntryHidden("e3", True))
    assert re.findall(r"^## (.*)$", papers[f"{NAME}-evidence.md"], re.MULTILINE) == ["Evidence 1", "Evidence 2"]
    assert "Entry `e3`" not in papers[f"{NAME}-evidence.md"]
    assert "- 1 hidden line left out" in papers[f"{NAME}-post-mortem.md"]


def test_without_evidence_the_paper_says_so() -> None:
    assert "No evidence was taken" in written()[f"{NAME}-evidence.md"]


def test_messages_say_what_the_public_was_told_and_what_did_not_arrive() -> None:
    told = section(
        post_mortem(
            MessageQueued("m1", "status-update", "slack", "inside words", place="#inc"),
            MessageSent("m1", "17.1"),
            MessageQueued("m2", "status-page", "status page", "We look\ninto it", "public"),
            MessageFailed("m2", "timeout", unknown=True),
            MessageQueued("m3", "resolution", "slack", "over"),
            MessageFailed("m3", "refused"),
            MessageQueued("m4", "resolution", "slack", "over"),
            MessageDropped("m4", "said aloud"),
        ),
        "What people were told",
    )
    assert re.findall("^- .*$", told, re.MULTILINE) == [
        "- 2026-03-01T14:35:07Z to status page (the public), by op1: may have arrived or not (timeout)",
        "- 2026-03-01T14:33:07Z to slack \\#inc (inside), by op1: sent 2026-03-01T14:34:07Z",
        "- 2026-03-01T14:37:07Z to slack (inside), by op1: NOT SENT (refused)",
        "- 2026-03-01T14:39:07Z to slack (inside), by op1: dropped, not sent (said aloud)",
    ]
    assert "  We look\n  into it\n" in told


def test_follow_ups_stand_by_horizon_with_owner_and_day_or_that_there_is_none() -> None:
    text = post_mortem(
        FollowUpAdded("F1-aaaa", "lint", "0-7 days", "kim", "2026-03-06"),
        FollowUpAdded("F2-bbbb", "split the schema", "1-3 months"),
        FollowUpClosed("F1-aaaa", "done", "PR 5"),
        NoteAdded("action: write it down"),
    )
    told = section(text, "Action items")
    assert "- F1-aaaa lint (kim, due 2026-03-06): done 2026-03-01T14:35:07Z: PR 5" in told
    assert "Within 1-4 weeks:\n\n- nothing is written down" in told
    assert "- F2-bbbb split the schema (nobody yet, no day is set)" in told
    assert "Besides, without an owner or a day:\n\n- write it down (op1" in told
    assert "- **Follow-ups:** 1 follow-up open, 1 without an owner" in text


def test_the_meeting_is_in_the_summary() -> None:
    assert "- **Post-mortem meeting:** due within 48 hours of the resolution" in post_mortem()
    late = post_mortem(StatusChanged("resolved"), MeetingSet(NOW + 60 * HOUR, "room 4"))
    assert "2026-03-04 02:32:07Z, room 4; LATE: it was due by 2026-03-03 14:33:07Z" in late


def test_another_date_and_a_correction_are_said_with_the_line() -> None:
    text = post_mortem(NoteAdded("users call"), EntryRedated("e2", NOW - HOUR, "the ticket says so"))
    assert "- 2026-03-01T13:32:07Z NOTE op1: users call (first dated 2026-03-01T14:33:07Z)" in text


def test_a_restricted_incident_has_its_code_name_and_a_banner_in_every_paper() -> None:
    papers = written(Restricted(True, "quiet harbour"))
    for name, text in papers.items():
        assert "gateway answers 503" not in text, name
        assert "quiet harbour" in text, name
        assert "RESTRICTED" in text, name
    page = Page(papers[f"{NAME}-post-mortem.html"])
    assert ("p", {"class": "banner"}) in page.elements
    lifted = written(Restricted(True, "quiet harbour"), Restricted(False))
    assert "RESTRICTED:" not in lifted[f"{NAME}-post-mortem.md"]
    assert "# Post-mortem: gateway answers 503" in lifted[f"{NAME}-post-mortem.md"]


def test_the_html_stands_alone_and_its_policy_allows_its_own_style_and_nothing_else() -> None:
    text = written()[f"{NAME}-post-mortem.html"]
    page = Page(text)
    (policy,) = [each["content"] for name, each in page.elements if each.get("http-equiv") == "Content-Security-Policy"]
    style = text.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert page.foreign() == []
    assert "url(" not in style
    assert "@import" not in style
    assert "prefers-color-scheme: dark" in style
    assert "@media print" in style


def test_both_forms_say_the_same() -> None:
    papers = written(NoteAdded("users call a *lot* <now> | `then`"))
    shown = " ".join(Page(papers[f"{NAME}-timeline.html"]).text.split())
    assert "NOTE op1: users call a *lot* <now> | `then`" in shown
