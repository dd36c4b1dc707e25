"""A recording in which every text of every kind of row is hostile: what a stranger could send to be replayed."""

from __future__ import annotations

import json
from typing import Any, Final

import msgspec

from tests.terminal.hostile import HOSTILE
from wfconsole.observations.kinds import KINDS
from wfconsole.observations.snapshot import Failure

EPOCH: Final = 1_767_225_600_000
# A lone surrogate is no JSON that the reader accepts, and a line must stay within its limit.
TEXTS: Final = [text[:2000] for name, text in HOSTILE.items() if text and name != "lone surrogates"]


def hostile_recording() -> str:
    """Lines of JSON: a header, a keyframe of each source, a failure, words of collector and operator, an end."""
    target = {"context": TEXTS[6], "namespace": TEXTS[10], "server": TEXTS[30]}
    panes = {name: {"schema": kind.schema} for name, kind in KINDS.items()}
    header = {"wfrec": 1, "min_reader": 1, "epoch": "2026-01-01T00:00:00.000Z", "title": TEXTS[0], "panes": panes}
    lines: list[Any] = [{**header, "target": target}]
    for name, kind in KINDS.items():
        rows = {f"production/{index}": _row(kind.row, index, text) for index, text in enumerate(TEXTS)}
        lines.append([0, "k", name, {"rows": rows, "interval_ms": 5000}])
    for text in TEXTS:
        note = {"type": "note", "text": text}
        lines.append([10, "e", {"type": "collector", "text": text, "source": "pods"}])
        lines.append([10, "e", {"type": "operator", "id": f"{len(lines)}", "actor": text[:60], "event": note}])
    failure = msgspec.to_builtins(Failure("timeout", TEXTS[11], since=EPOCH))
    lines.append([3_600_000, "d", "nodes", {"failure": failure}])
    lines.append([1000, "x"])
    return "".join(json.dumps(line) + "\n" for line in lines)


def _row(kind: Any, index: int, text: str) -> dict[str, Any]:
    """A row of that type: hostile wherever it takes any text, and bad enough to be on the screen."""
    row: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        if field.type is str:
            row[field.encode_name] = f"{index:02}{text}"
        elif field.required:
            row[field.encode_name] = 0
        elif field.encode_name == "ready" and field.type is bool:
            row[field.encode_name] = False
    return row
