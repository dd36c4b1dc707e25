"""What holds for every source that is polled, on its real server; `test_contract.py` says it of those that watch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from tests.sources.polled import EACH, EVERY_MS, IDS, SYSTEMS, Where, built, polls_of
from wfconsole.observations.judged import WEIGH
from wfconsole.observations.kinds import KINDS
from wfconsole.sources.contract import Source
from wfconsole.text import is_safe


@pytest.fixture
def source(system: str, name: str, server: Any) -> Source:
    return built(system, name, server, Where("127.0.0.1", server.port))


def look(source: Source) -> int:
    """One look of every task; how often something was proven."""
    proofs: list[int] = []
    for task in polls_of(source):
        assert task.step(lambda: proofs.append(1)) == task.interval_ms
    return len(proofs)


def decoded(source: Source, rows: Mapping[str, bytes | None]) -> dict[str, Any]:
    return {key: msgspec.json.decode(row, type=KINDS[source.name].row) for key, row in rows.items() if row is not None}


@pytest.mark.parametrize(("system", "name"), EACH, ids=IDS)
def test_a_source_is_of_a_known_kind_and_rests_on_something(source: Source) -> None:
    assert source.name in KINDS
    assert source.name in WEIGH or source.name == "signal_history", "of which the signals are the last points"
    assert source.interval_ms == EVERY_MS
    assert any(part.role == "whole" for part in source.parts)
    assert len({part.task.name for part in source.parts}) == len(source.parts)
    assert len(polls_of(source)) == len(source.parts)
    assert all(part.gives for part in source.parts if part.role in ("part", "extra"))
    assert all(part.task.overdue_ms() == 0 for part in source.parts)


@pytest.mark.parametrize(("system", "name"), EACH, ids=IDS)
def test_nothing_is_asked_before_the_first_look(source: Source) -> None:
    assert source.take() == {}
    assert source.lacks() == ()
    assert dict(source.facts()) == {}


@pytest.mark.parametrize(("system", "name"), EACH, ids=IDS)
def test_rows_are_of_their_kind_and_told_once(source: Source, system: str, name: str) -> None:
    assert look(source) == len(source.parts)
    rows = source.take()
    assert rows or name in SYSTEMS[system].calm
    for key, row in rows.items():
        assert row is not None
        assert is_safe(key)
        assert msgspec.json.encode(msgspec.json.decode(row, type=KINDS[source.name].row)) == row
    assert source.take() == {}
    assert source.lacks() == (), "the user that the project ships may read everything"
    assert all(is_safe(text) for pair in source.facts().items() for text in pair)


@pytest.mark.parametrize(("system", "name"), EACH, ids=IDS)
def test_a_second_look_at_the_same_changes_nothing_but_what_is_measured(source: Source, system: str, name: str) -> None:
    look(source)
    before = decoded(source, source.take())
    look(source)
    for key, row in decoded(source, source.take()).items():
        if key not in before and name in SYSTEMS[system].grows:
            continue
        same = {field: getattr(row, field) for field in SYSTEMS[system].measured if hasattr(row, field)}
        assert same, f"{key} was told again"
        assert msgspec.structs.replace(before[key], **same) == row


@pytest.mark.parametrize(("system", "name"), EACH, ids=IDS)
def test_a_source_only_ever_reads(source: Source, system: str, server: Any) -> None:
    before = SYSTEMS[system].state(server)
    for _ in range(3):
        look(source)
    assert SYSTEMS[system].state(server) == before
