"""A recording in which every text of every kind of row is hostile: what a stranger could send to be replayed.

Each text begins with a mark that names whose it is, so that a test can ask of each source whether it was shown.
"""

from __future__ import annotations

import functools
import itertools
import json
import re
from collections.abc import Iterator
from string import ascii_letters
from typing import Any, Final

from msgspec import inspect

from tests.terminal.hostile import CANARY, HOSTILE
from wfconsole.incident.events import Declared, NoteAdded
from wfconsole.observations.answers import CollectorSaid, Marker, PodAnswer
from wfconsole.observations.kinds import KINDS
from wfconsole.observations.signals import signal_key
from wfconsole.observations.snapshot import Failure, Lack
from wfconsole.recording.lines import Target

EPOCH: Final = 1_767_225_600_000
HOUR: Final = 3_600_000
# A lone surrogate is no JSON that the reader accepts, and a line must stay within its limit.
TEXTS: Final = [text[:500] for name, text in HOSTILE.items() if text and name != "lone surrogates"]
# Whose text it is, each with the letter that its marks begin with.
NO_ROWS: Final = ("title", "target", "failure", "lack", "facts", "collector", "declared", "note", "marker", "answer")
LETTERS: Final = dict(zip((*KINDS, *NO_ROWS), ascii_letters, strict=False))
# What even and odd rows must be besides, for each view of each pane to have rows.
KNOWN: Final[dict[str, tuple[dict[str, Any], dict[str, Any]]]] = {
    "alerts": ({"state": "active", "silences": [], "inhibited_by": []}, {}),
    "events": ({"kind": "Pod"}, {}),
    "nodes": ({"gpus": 1}, {}),
    "pods": ({"ready": False, "ready_containers": 0}, {}),
    "sessions": ({"waiting_at": EPOCH, "blockers": 1}, {"query_at": EPOCH}),
    "signals": ({"group": ""}, {}),
}


def inert(owner: str) -> re.Pattern[str]:
    """How a text of this owner that begins with a control character must look: a picture of it behind the canary.

    The group is the number of the text, and so of the row.
    """
    return re.compile(rf"{LETTERS[owner]}[a-zA-Z](\d\d){CANARY}[\u2400-\u2426]")


class Hostile:
    """Values of any type, with a hostile text wherever the type takes one."""

    def __init__(self, owner: str, index: int = 0) -> None:
        self._owner, self._index = LETTERS[owner], index
        self._fields = itertools.cycle(ascii_letters)

    def text(self) -> str:
        return f"{self._owner}{next(self._fields)}{self._index:02}{TEXTS[self._index]}"

    def struct(self, kind: Any, /, **known: Any) -> dict[str, Any]:
        """The fields of a struct that must be there or that take a text; `known` ones are as they are given."""
        fields, tag = _told(kind)
        made = {field.encode_name: self.value(field.type, field.name) for field in fields if field.name not in known}
        return made | tag | known

    def value(self, kind: inspect.Type, name: str = "") -> Any:
        match kind:
            case inspect.StrType():
                return self.text()
            case inspect.LiteralType(values=values):
                return values[self._index % len(values)]
            case inspect.StructType(cls=cls):
                return self.struct(cls)
            case inspect.VarTupleType(item_type=item) | inspect.ListType(item_type=item):
                return [self.value(item)]
            case inspect.DictType(key_type=key, value_type=value):
                return {self.value(key): self.value(value)}
            case inspect.UnionType(types=kinds):
                return self.value(next(each for each in kinds if not isinstance(each, inspect.NoneType)))
            case inspect.BoolType():
                return False
        return EPOCH if name.endswith("_at") else 2


@functools.cache
def _told(kind: Any) -> tuple[list[inspect.Field], dict[str, Any]]:
    """The fields of a struct that must be there or that take a text; and what says which struct it is."""
    told = inspect.type_info(kind)
    assert isinstance(told, inspect.StructType)
    fields = [field for field in told.fields if field.required or _takes_text(field.type)]
    return fields, {told.tag_field: told.tag} if told.tag_field else {}


def _takes_text(kind: inspect.Type) -> bool:
    """Whether a value of the type can hold a text of anybody's choice."""
    match kind:
        case inspect.StructType(fields=fields):
            return any(_takes_text(field.type) for field in fields)
        case inspect.VarTupleType(item_type=item) | inspect.ListType(item_type=item):
            return _takes_text(item)
        case inspect.DictType(key_type=key, value_type=value):
            return _takes_text(key) or _takes_text(value)
        case inspect.UnionType(types=kinds):
            return any(map(_takes_text, kinds))
    return isinstance(kind, inspect.StrType)


@functools.cache
def hostile_recording() -> str:
    """Lines of JSON: a header, a keyframe of each source, words of collector and people, an hour later a failure."""
    panes = {name: {"schema": kind.schema} for name, kind in KINDS.items()}
    header = {"wfrec": 1, "min_reader": 1, "epoch": "2026-01-01T00:00:00.000Z", "panes": panes}
    target = Hostile("target").struct(Target)
    lines: list[Any] = [header | {"title": Hostile("title").text(), "target": target}]
    lines += (_keyframe(name) for name in KINDS)
    lines += ([0, "e", note] for note in _notes())
    failure = Hostile("failure").struct(Failure, kind="timeout", since=EPOCH)
    lines.append([HOUR, "d", "nodes", {"failure": failure}])
    lines.append([1000, "x"])
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def _keyframe(source: str) -> list[Any]:
    rows = dict(_row(source, index) for index in range(len(TEXTS)))
    lacks, words = Hostile("lack"), Hostile("facts")
    patch = {
        "rows": rows,
        "interval_ms": 5000,
        "partial": lacks.text(),
        "lacks": [lacks.struct(Lack, kind="other")],
        "facts": {name: words.text() for name in (words.text(), "clock", "scope", "shown", "regions", "gpus")},
    }
    return [0, "k", source, patch]


def _row(source: str, index: int) -> tuple[str, dict[str, Any]]:
    """A key and its row."""
    row = Hostile(source, index).struct(KINDS[source].row) | KNOWN.get(source, ({}, {}))[index % 2]
    match source:
        case "signals":
            return signal_key(row["rule"], row["group"]), row
        case "signal_history":
            return _row("signals", index)[0], row
    return f"production/{Hostile(source, index).text()}", row


def _notes() -> Iterator[dict[str, Any]]:
    names = itertools.count()
    yield _said_by_people("declared", Hostile("declared").struct(Declared), f"{next(names)}")
    for index in reversed(range(len(TEXTS))):  # what was said last is seen first
        yield Hostile("collector", index).struct(CollectorSaid, source="pods")
        yield Hostile("marker", index).struct(Marker)
        yield _said_by_people("note", Hostile("note", index).struct(NoteAdded), f"{next(names)}")
    pod = _row("pods", 0)[0].partition("/")
    yield Hostile("answer").struct(PodAnswer, id="1", namespace=pod[0], name=pod[2], failure=None)


def _said_by_people(owner: str, event: dict[str, Any], name: str) -> dict[str, Any]:
    return {"type": "operator", "id": name, "actor": Hostile(owner).text()[:60], "event": event}
