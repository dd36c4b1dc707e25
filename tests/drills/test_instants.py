"""What is moved with a recorded row, and what is not."""

from __future__ import annotations

import types
import typing
from typing import Any

import msgspec
import pytest

from wfconsole.drills.instants import is_instant, moved, moved_text
from wfconsole.observations.kinds import KINDS
from wfconsole.observations.pods import ContainerRow, PodRow
from wfconsole.observations.snapshot import Failure, Patch

HOUR = 3_600_000
AT = 1_767_225_600_000


def test_instants_move_and_durations_stay() -> None:
    failure = Failure("timeout", "no answer", since=AT, retry_at=AT + 5)
    patch: Patch[Any] = Patch(failure=failure, interval_ms=2_000, took_ms=30, age_ms=400)
    after = moved(patch, HOUR)
    assert after == msgspec.structs.replace(
        patch, failure=Failure("timeout", "no answer", since=AT + HOUR, retry_at=AT + 5 + HOUR)
    )
    assert after.rows is msgspec.UNSET


def test_rows_move_whole_with_what_is_in_them() -> None:
    container = ContainerRow(name="app", started_at=AT, last_finished_at=0)
    row = PodRow(namespace="shop", name="gateway", created_at=AT, containers=(container,))
    patch: Patch[Any] = Patch(rows={"shop/gateway": row, "shop/gone": None})
    after = moved(patch, HOUR).rows
    assert after is not msgspec.UNSET
    assert after["shop/gone"] is None
    there = after["shop/gateway"]
    assert there is not None
    assert there.created_at == AT + HOUR
    assert [(each.started_at, each.last_finished_at) for each in there.containers] == [(AT + HOUR, 0)]


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z"),
        ("2026-01-01T00:00:00.125+00:00", "2026-01-01T01:00:00.125+00:00"),
        ("2026-01-01T00:00:00.000+00:00", "2026-01-01T01:00:00.000+00:00"),
        ("2026-01-01T00:00:00.123456+02:00", "2026-01-01T01:00:00.123456+02:00"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
        ("2026-13-41T00:00:00Z", "2026-13-41T00:00:00Z"),
        ("2026-01-01", "2026-01-01"),
        ("1767225600000", "1767225600000"),
        ("since 2026-01-01T00:00:00Z", "since 2026-01-01T00:00:00Z"),
        ("", ""),
    ],
)
def test_a_text_that_is_an_instant_moves_in_its_own_precision(text: str, after: str) -> None:
    assert moved_text(text, HOUR) == after


def structs_of(kind: Any, found: set[type[msgspec.Struct]]) -> set[type[msgspec.Struct]]:
    """All structs in a type."""
    for each in typing.get_args(kind) or (kind,):
        if isinstance(each, types.GenericAlias | types.UnionType) or typing.get_args(each):
            structs_of(each, found)
        elif isinstance(each, type) and issubclass(each, msgspec.Struct) and each not in found:
            found.add(each)
            for hint in typing.get_type_hints(each).values():
                structs_of(hint, found)
    return found


@pytest.mark.parametrize("name", KINDS)
def test_every_time_in_a_row_says_by_its_name_what_it_is(name: str) -> None:
    """Else a drill would show it as it was when it was recorded."""
    for struct in structs_of(KINDS[name].row, set()):
        for field, annotation in struct.__annotations__.items():
            if "Millis" in str(annotation):
                assert is_instant(field) or field.endswith("_ms"), f"{struct.__name__}.{field}"
            elif is_instant(field):
                assert "str" in str(annotation), f"{struct.__name__}.{field} is no time"
