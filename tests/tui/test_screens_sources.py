"""Sources: what each pane reads, how well, what to do about it, and which files were left out."""

from __future__ import annotations

import pytest

from tests import builders
from tests.builders import NOW
from tests.tui.harness import Desk, troubled_desk, war_room
from tests.tui.papers import flat
from wfconsole.clock import MINUTE, SECOND
from wfconsole.observations.answers import AskRetry, CollectorSaid
from wfconsole.observations.snapshot import Lack
from wfconsole.recording.lines import Noted


def a_lost_source() -> Desk:
    desk = troubled_desk()
    failure = builders.a_failure(
        "denied",
        message='pods is forbidden: User "ana" cannot list resource "pods" in the namespace production',
        remedy="ask for a role that may list and watch pods",
        attempts=48,
        retry_at=NOW + 14 * SECOND,
    )
    desk.fail("pods", failure)
    return desk


async def test_each_source_has_its_state_its_age_and_its_cost() -> None:
    async with war_room(troubled_desk()) as room:
        await room.press("e")
        pods = next(line for line in room.lines if line.startswith("   pods"))
        assert "· live" in pods
        assert "4s" in pods
        assert "33" in pods
        assert "kind-shop  https://127.0.0.1:6443  namespace production" in room.text


async def test_a_source_that_is_not_there_yet_is_off() -> None:
    async with war_room(troubled_desk()) as room:
        await room.press("e")
        off = next(line for line in room.lines if "· off" in line)
        assert "not configured: " in off
        assert "database, " in flat("\n".join(room.lines))


async def test_what_is_wrong_is_told_whole_with_what_to_do() -> None:
    async with war_room(a_lost_source()) as room:
        await room.press("e")
        assert "× DENIED" in room.text
        assert "denied x48" in room.text
        said = flat(room.text)
        assert 'pods is forbidden: User "ana" cannot list resource "pods" in the namespace production' in said
        assert "ask for a role that may list and watch pods" in said
        assert "since 14:31:07Z" in said
        assert "again in 14s at 14:32:21Z, after 48 in vain" in said


@pytest.mark.parametrize(
    ("size", "after", "words"),
    [
        ((80, 24), 0, "retry 14s, denied x48"),
        ((80, 24), 13_001, "retry 1s, denied x48"),
        ((80, 24), 14_000, "trying now, denied x48"),
        ((80, 24), 4 * MINUTE, "denied x48"),
        ((120, 40), 0, "denied x48, again in 14s: pods is forbidden"),
        ((200, 60), 0, "denied x48, again in 14s: pods is forbidden"),
    ],
)
async def test_the_next_try_is_told_beside_every_source(size: tuple[int, int], after: int, words: str) -> None:
    desk = a_lost_source()
    desk.clock.advance(after)
    async with war_room(desk, size) as room:
        await room.press("e", "n")
        pods = next(line for line in room.lines if line.startswith("   pods"))
        assert words in pods
        assert any(word in pods for word in ("again", "retry", "trying")) == (after < MINUTE)


async def test_a_source_is_asked_again() -> None:
    desk = a_lost_source()
    async with war_room(desk) as room:
        await room.press("e", "R")
        assert desk.asked == [AskRetry(id="retry-pods", source="pods")]
        assert "asked pods again" in room.text
        await room.press("end", "R")
        assert len(desk.asked) == 1
        assert "not configured" in room.lines[-1]


async def test_files_that_were_left_out_are_listed_with_their_place() -> None:
    problems = (
        "/home/ana/.config/wfconsole/themes/mine.toml:12: sev-crit on background has a contrast of 2.1, it needs 4.5",
        "/home/ana/.config/wfconsole/keymap.toml:3: 'quitt' is no id of an action",
    )
    async with war_room(troubled_desk(), problems=lambda: problems) as room:
        await room.press("e")
        for problem in problems:
            assert problem in flat(room.text)


async def test_what_the_collector_says_about_itself_is_there() -> None:
    desk = troubled_desk()
    desk.session.hear(Noted(NOW, CollectorSaid("started with context kind-shop")))
    async with war_room(desk) as room:
        await room.press("e")
        assert "14:32:07Z started with context kind-shop" in room.text


async def test_a_source_that_went_silent_is_old_and_says_how_old() -> None:
    desk = troubled_desk()
    desk.clock.advance(4 * MINUTE)
    async with war_room(desk) as room:
        await room.press("e")
        pods = next(line for line in room.lines if line.startswith("   pods"))
        assert "≈ STALE" in pods
        assert "4m04s" in pods


async def test_the_evidence_of_a_source_can_be_traced() -> None:
    async with war_room(troubled_desk()) as room:
        await room.press("e", "n", "i")
        assert "EVIDENCE" in room.text
        assert "workloads" in room.lines[2]


async def test_what_is_refused_and_what_is_left_out_are_told_apart_each_with_what_mends_it() -> None:
    desk = troubled_desk()
    lacks = (
        Lack("sessions are hidden", "permission", "GRANT pg_monitor TO wf_mon", "pg_monitor"),
        Lack("the first 500", "bounded", "never shown"),
        Lack("watch pods: not allowed", "permission", "grant watch on pods", "watch pods", extra=True),
    )
    desk.tell("pods", desk.view().world.pods, partial="sessions are hidden; the first 500", lacks=lacks)
    async with war_room(desk) as room:
        await room.press("e")
        rows = [" ".join(line.split()) for line in room.lines]
        for said in (
            "refused sessions are hidden",
            "do GRANT pg_monitor TO wf_mon",
            "left out the first 500",
            "refused watch pods: not allowed",
            "do grant watch on pods",
        ):
            assert said in rows
        assert "never shown" not in room.text


async def test_a_recording_of_before_there_were_causes_has_its_words() -> None:
    desk = troubled_desk()
    desk.tell("pods", desk.view().world.pods, partial="only namespace shop")
    async with war_room(desk) as room:
        await room.press("e")
        assert "partial only namespace shop" in [" ".join(line.split()) for line in room.lines]
