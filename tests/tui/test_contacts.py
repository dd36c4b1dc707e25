"""Contacts at the severity that may use them, roles with who holds them, links that open or are copied."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.journal.helpers import until
from tests.tui.harness import RUNBOOK, SIZES, Desk, Room, war_room
from tests.tui.papers import flat
from wfconsole.incident.events import Declared, RoleTaken, SeverityChanged
from wfconsole.runbook import load_runbook
from wfconsole.tui import opening

BUNDLED = load_runbook(None)
PHONE = "+1-555-CTO"


def desk(severity: str = "SEV1") -> Desk:
    made = Desk(runbook=BUNDLED)
    if severity:
        made.session.submit(Declared("INC-1", "down", severity, "op1"))  # type: ignore[arg-type]
        made.session.submit(RoleTaken("scribe", "caz"))
    return made


async def all_of(room: Room) -> str:
    """Everything that the list has to say."""
    text = room.text
    for _ in range(12):
        await room.press("pagedown")
        text += "\n" + room.text
    return flat(text)


@pytest.mark.parametrize("size", SIZES)
async def test_roles_contacts_and_links_are_all_there_each_address_whole(size: tuple[int, int]) -> None:
    async with war_room(desk(), size) as room:
        await room.press("d")
        text = await all_of(room)
        for name, _ in BUNDLED.roles:
            assert name in text
        for contact in BUNDLED.contacts:
            assert contact.name in text
            assert contact.how in text
        for link in BUNDLED.links:
            assert link.url in text
            assert link.group in text
        assert "op1" in text
        assert "caz" in text


async def test_who_is_for_another_severity_is_listed_without_a_way_to_reach_them() -> None:
    made = desk("SEV2")
    async with war_room(made) as room:
        await room.press("d", "slash", *"cto", "enter")
        assert "only at SEV1" in room.text
        assert PHONE not in await all_of(room)
        await room.press("y")
        assert "there is nothing to copy" in room.text
        made.session.submit(SeverityChanged("SEV1", "it is worse"))
        await room.repaint()
        assert PHONE in await all_of(room)


async def test_without_an_incident_only_those_are_shown_that_are_for_any() -> None:
    async with war_room(desk("")) as room:
        await room.press("d")
        text = await all_of(room)
        assert PHONE not in text
        assert "Engineering Manager +1-555-ENGMGR" in text


async def test_words_filter_and_y_copies() -> None:
    async with war_room(desk()) as room:
        await room.press("d", "slash", *"kibana", "enter", "y")
        assert room.app.clipboard == "https://kibana.wearforce-clean.io"
        await room.press("escape", "slash", *"aws support", "enter", "y")
        assert room.app.clipboard == "an Enterprise Support case, from the AWS console"
        await room.press("escape", "slash", *"scribe", "enter", "enter")
        assert room.app.clipboard == "caz"


async def test_over_ssh_a_link_is_copied_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.1 1 10.0.0.2 22")
    async with war_room(desk()) as room:
        await room.press("d", "slash", *"jaeger", "enter", "enter")
        assert "over SSH" in room.text
        assert room.app.clipboard == "https://jaeger.wearforce-clean.io"


async def test_where_there_is_a_browser_it_gets_the_address_and_no_shell_is_between(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    got = tmp_path / "got"
    fake = tmp_path / "xdg-open"
    fake.write_text(f'#!/bin/sh\nprintf "%s|%s" "$#" "$1" > {got}\n', encoding="utf-8")
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    for name in ("SSH_CONNECTION", "SSH_TTY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    async with war_room(desk()) as room:
        await room.press("d", "slash", *"jaeger", "enter", "enter")
        until(lambda: got.exists() and "|" in got.read_text(), "the opener was called")
        assert got.read_text() == "1|https://jaeger.wearforce-clean.io"


async def test_a_runbook_without_any_says_so() -> None:
    async with war_room(Desk(runbook=RUNBOOK)) as room:
        await room.press("d")
        assert "commander" in room.text
        assert not any(line.startswith(" LINKS") for line in room.lines)


# --- the opener


@pytest.mark.parametrize(
    ("environment", "platform", "found", "said"),
    [
        ({"DISPLAY": ":0"}, "linux", "/bin/xdg-open", ""),
        ({"WAYLAND_DISPLAY": "w"}, "linux", "/bin/xdg-open", ""),
        ({}, "darwin", "/usr/bin/open", ""),
        ({}, "linux", "/bin/xdg-open", "no display"),
        ({"DISPLAY": ":0"}, "linux", "", "not installed"),
        ({"DISPLAY": ":0", "SSH_TTY": "/dev/pts/1"}, "linux", "/bin/xdg-open", "over SSH"),
        ({"SSH_CONNECTION": "x"}, "darwin", "/usr/bin/open", "over SSH"),
    ],
)
def test_there_is_an_opener_only_where_somebody_could_see_the_browser(
    environment: dict[str, str], platform: str, found: str, said: str
) -> None:
    command, why = opening.opener(environment, platform, lambda _: found or None)
    assert bool(command) == (not said)
    assert said in why


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("https://grafana.example/d/1?a=b&c=$(id)", True),
        ("http://10.0.0.1:3000", True),
        ("file:///etc/passwd", False),
        ("javascript:alert(1)", False),
        ("https://a b", False),
        ("https://a\x1b[2J", False),
        ("--version", False),
    ],
)
def test_only_addresses_of_the_web_are_opened(url: str, fine: bool) -> None:
    assert opening.is_address(url) == fine


def test_an_opener_that_fails_or_is_not_there_is_told(tmp_path: Path) -> None:
    assert opening.open_address(("/bin/true",), "https://a") == "opened in the browser"
    assert "exit code 1" in opening.open_address(("/bin/false",), "https://a")
    assert "not opened" in opening.open_address((str(tmp_path / "no"),), "https://a")


def test_an_opener_that_stays_may_be_the_browser_and_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "VERDICT_WITHIN_S", 0.05)
    done = tmp_path / "done"
    browser = tmp_path / "browser"
    browser.write_text(f"#!/bin/sh\nsleep 0.3; touch {done}\n", encoding="utf-8")
    browser.chmod(0o755)
    assert opening.open_address((str(browser),), "https://a") == "handed over to the browser"
    until(done.exists, "it went on")
