"""Whom to call, where to look, and by when: the bundled runbook says what the team's own text says, word for word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from wfconsole.clock import HOUR
from wfconsole.incident.follow_up import HORIZONS, MEETING_WITHIN
from wfconsole.incident.policy import SEVERITIES
from wfconsole.runbook import BUNDLED, load_runbook

RUNBOOK = load_runbook(None)
OURS = {file.stem: file.read_text() for file in BUNDLED.glob("*.md")}
TEAM = (Path(__file__).with_name("samples") / "incident-response-runbook.md").read_text()
NAMED = dict(re.findall(r"^- \*\*(.+?):\*\* (.+)$", TEAM, re.MULTILINE))  # contacts and links
CONTACTS = {each.name: each for each in RUNBOOK.contacts}
LINKS = {each.url: each.name for each in RUNBOOK.links}


def test_addresses_are_the_teams_and_none_is_missing() -> None:
    theirs = set(re.findall(r"https://[^\s)]+", TEAM))
    assert len(theirs) == 16
    assert set(LINKS) == theirs
    assert {url for text in OURS.values() for url in re.findall(r"https://[^\s)]+", text)} == theirs


@pytest.mark.parametrize(("name", "url"), [each for each in NAMED.items() if each[1].startswith("https")])
def test_an_address_has_the_name_that_the_team_gives_it(name: str, url: str) -> None:
    assert name.lower().startswith(LINKS[url].lower())


def test_a_dashboard_has_the_name_that_is_in_its_address() -> None:
    dashboards = {url: name for url, name in LINKS.items() if "/d/" in url}
    assert len(dashboards) == 4
    assert [url for url, name in dashboards.items() if not url.endswith(f"/d/{name.lower().replace(' ', '-')}")] == []


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Primary on call", "Primary On-Call"),
        ("Secondary on call", "Secondary On-Call"),
        ("Platform Team Lead", "Platform Team Lead"),
        ("Engineering Manager", "Engineering Manager"),
        ("CTO", "CTO"),
        ("Database expert", "Database Expert"),
        ("Security consultant", "Security Consultant"),
        ("AWS Support", "AWS Support"),
    ],
)
def test_whom_the_team_names_is_reached_as_the_team_says(ours: str, theirs: str) -> None:
    how = NAMED[theirs].removesuffix(" (SEV 1 only)")
    told = re.split(", through | \\(not a number yet|, from ", CONTACTS[ours].how)[0].removeprefix("an ")
    assert told.lower() == how.lower()
    assert CONTACTS[ours].severities == (("SEV1",) if "(SEV 1 only)" in NAMED[theirs] else SEVERITIES)


def test_a_number_that_cannot_be_dialled_says_so() -> None:
    words = [contact.how for contact in RUNBOOK.contacts if re.search(r"\+[\d-]*[A-Z]", contact.how)]
    assert len(words) == 3
    assert all(how.endswith("(not a number yet)") for how in words)


def test_the_way_up_is_the_teams_and_nobody_else_is_to_be_called() -> None:
    steps = ["Escalation, first", "Escalation, second", "Escalation, third"]
    assert [CONTACTS[step].how for step in steps] == NAMED["Escalation"].split(" → ")
    assert len(CONTACTS) == 8 + len(steps)


def test_the_version_it_stands_on_and_its_owner_and_dates_are_the_teams() -> None:
    told = dict(re.findall(r"^- ([\w ]+): (.+)$", OURS["README"], re.MULTILINE))
    theirs = dict(re.findall(r"^\*\*(.+?):\*\* (.+?) *$", TEAM[TEAM.rindex("---") :], re.MULTILINE))
    assert told["Based on"].endswith(f"Runbook {theirs['Document Version']}")
    assert (told["Reviewed"], told["Next review"]) == (theirs["Last Updated"], theirs["Next Review Date"])
    assert theirs["Owner"] == f"{told['Owner']} Team"


def test_follow_ups_have_the_times_of_the_team() -> None:
    theirs = re.findall(r"^\*\*[\w-]+ \((.+?)\):\*\*", TEAM[TEAM.index("### Follow-up Actions") :], re.MULTILINE)
    assert list(HORIZONS) == theirs
    ours = re.findall(r"^- Within (.+?):", OURS["after-the-incident"], re.MULTILINE)
    assert [words.replace(" to ", "-") for words in ours] == [words.removeprefix("0-") for words in theirs]


def test_the_post_mortem_meeting_is_within_the_time_of_the_team() -> None:
    theirs = re.search(r"Post-Mortem Meeting \(within (.+?)\)", TEAM)
    assert theirs is not None
    meets = [line for text in OURS.values() for line in text.splitlines() if "meet" in line.lower()]
    told = [words for line in meets for words in re.findall(r"[Ww]ithin (\d+ \w+)", line)]
    assert len(told) == 7
    assert {*told, MEETING_WITHIN.text} == {theirs[1]}
    assert f"{MEETING_WITHIN.duration_ms // HOUR} hours" == theirs[1]
