"""Outside text becomes safe on its way out of a source, whatever field it stands in; and rows tell what changed."""

from __future__ import annotations

import msgspec
import pytest

from wfconsole.observations.events import EventRow
from wfconsole.observations.pods import ContainerRow, PodRow
from wfconsole.sources.contract import RowTable
from wfconsole.sources.sealing import made_safe, seal
from wfconsole.text import is_safe, safe

HOSTILE = [
    "\x1b]52;c;aGk=\x07", "\x1b[2J", "\x9b31m", "\x00", "\x7f", "\u202eevil", "a\u200bb", "line\nline", "tab\t",
    "\u2066x\u2069", "[/]", "[@click=app.quit]x[/]", "back\\slash", 'quo"te', "x" * 10_000, "\ufeff",
    "e" + "\u0301" * 50, "\U000e0041", "\ud7b0",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:12]))
def test_every_string_of_a_sealed_row_is_safe(text: str) -> None:
    row = PodRow(
        namespace="production", name="x", message=text, containers=(ContainerRow(name="app", image=text, reason=text),)
    )
    sealed = msgspec.json.decode(seal(row), type=PodRow)
    for told in (sealed.message, sealed.containers[0].image, sealed.containers[0].reason):
        assert told == safe(text)
        assert is_safe(told)


def test_a_plain_row_is_sealed_unchanged() -> None:
    row = PodRow(namespace="production", name="gateway-6c7b9c4f59-6f5kh", image="registry.example/gateway:1.4.0")
    assert seal(row) == msgspec.json.encode(row)
    assert msgspec.json.decode(seal(row), type=PodRow) == row


def test_text_in_other_scripts_stays() -> None:
    row = EventRow("production", "Pod", "x", "Normal", "Started", message="démarré · 起動した")
    assert msgspec.json.decode(seal(row), type=EventRow) == row


def test_several_rows_are_made_safe_as_they_are() -> None:
    rows = (ContainerRow(name="a", message="\x1b[2J"), ContainerRow(name="b", restarts=3))
    told = made_safe(rows, tuple[ContainerRow, ...])
    assert told == (ContainerRow(name="a", message=safe("\x1b[2J")), ContainerRow(name="b", restarts=3))


def test_a_table_tells_what_changed_and_only_that() -> None:
    table = RowTable()
    table.put("a", b"1")
    table.put("b", b"2")
    assert table.take() == {"a": b"1", "b": b"2"}
    table.put("a", b"1")
    assert table.take() == {}
    table.put("a", b"3")
    table.remove("b")
    table.remove("never there")
    assert table.take() == {"a": b"3", "b": None}


def test_a_row_that_came_and_went_between_two_looks_is_gone() -> None:
    table = RowTable()
    table.put("a", b"1")
    table.remove("a")
    assert table.take() == {"a": None}
    assert len(table) == 0


def test_changes_coalesce_while_nobody_looks() -> None:
    table = RowTable()
    for number in range(1000):
        table.put("a", b"%d" % number)
    assert table.take() == {"a": b"999"}
