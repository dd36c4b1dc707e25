"""What `nvidia-smi` prints when it is asked for commas: cards, the programs on them, and what it says instead. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from wfconsole.observations.gpus import GpuProcess, GpuRow
from wfconsole.sources.kubernetes.exec import Ran
from wfconsole.text import safe

_FORM: Final = "--format=csv,noheader,nounits"
# Fields that every driver in use knows, and those that came later: one unknown name fails the whole question.
_SHORT: Final = (
    *("index", "uuid", "name", "utilization.gpu", "memory.used", "memory.total"),
    *("temperature.gpu", "power.draw"),
)
_FIELDS: Final = (*_SHORT, "ecc.errors.uncorrected.volatile.total", "mig.mode.current")
_BEFORE_NAME: Final = 2  # fields before the one that may hold a comma

MOST_CARDS: Final = 64  # of one node
MOST_PROCESSES: Final = 8  # of one card, those with the most memory
_MIB: Final = 1024 * 1024
_NUMBER: Final = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,6})?")
_SHOWN: Final = 200

# Exit codes with which a container says that there is no such program, or that it cannot be run.
NO_PROGRAM: Final = (126, 127)


def cards_command(*, short: bool) -> tuple[str, ...]:
    """Asks for all cards. `short`: with the oldest fields only."""
    return ("nvidia-smi", f"--query-gpu={','.join(_SHORT if short else _FIELDS)}", _FORM)


PROCESSES_COMMAND: Final = ("nvidia-smi", "--query-compute-apps=gpu_uuid,pid,process_name,used_memory", _FORM)


def wants_short(ran: Ran) -> bool:
    """Whether the driver is older than one of the fields."""
    return b"not a valid field" in ran.output + ran.errors


def node_rows(node: str, cards: Ran, processes: Ran | None, *, short: bool) -> dict[str, GpuRow]:
    """The rows of one node, by key: its cards, and one for what went wrong if something did."""
    fields = _SHORT if short else _FIELDS
    on_card = _processes(processes.output) if processes is not None else {}
    rows: dict[str, GpuRow] = {}
    words: list[str] = []
    for line in _lines(cards.output):
        told = _told(line, fields)
        if told is None:
            words.append(line)
        elif len(rows) < MOST_CARDS:
            row = _row(node, told, on_card.get(told["uuid"], ()))
            rows[f"{node}/{row.gpu}"] = row
    if cards.exit_code != 0 or not rows:
        rows[f"{node}/"] = complaint(node, _said([*words, *_lines(cards.errors)], cards))
    return rows


def complaint(node: str, problem: str) -> GpuRow:
    """The row of a node whose driver does not tell its cards."""
    return GpuRow(node=node, gpu="", problem=problem, told_by="nvidia-smi")


def _said(words: Sequence[str], ran: Ran) -> str:
    code = f"exit code {ran.exit_code}" if ran.exit_code else ""
    said = safe(" ".join(words), _SHOWN) or ran.problem
    return ": ".join(filter(None, (code, said))) or "nvidia-smi prints nothing"


def _lines(output: bytes) -> list[str]:
    return [line.strip() for line in output.decode(errors="replace").split("\n") if line.strip()]


def _told(line: str, fields: Sequence[str]) -> dict[str, str] | None:
    """The values of one card by field; None for a line that is something else."""
    parts = [part.strip() for part in line.split(",")]
    behind = len(fields) - _BEFORE_NAME - 1
    if len(parts) < len(fields) or not re.fullmatch("[0-9]{1,4}", parts[0]):
        return None
    name = ", ".join(parts[_BEFORE_NAME:-behind])
    return dict(zip(fields, (*parts[:_BEFORE_NAME], name, *parts[-behind:]), strict=True))


def _row(node: str, told: dict[str, str], processes: Sequence[GpuProcess]) -> GpuRow:
    use, ecc = _number(told["utilization.gpu"]), _number(told.get("ecc.errors.uncorrected.volatile.total", ""))
    return GpuRow(
        node=node,
        gpu=told["index"],
        model=_text(told["name"]),
        utilization=None if use is None else use / 100,
        memory_used=_bytes(told["memory.used"]),
        memory_total=_bytes(told["memory.total"]),
        temperature=_number(told["temperature.gpu"]),
        power=_number(told["power.draw"]),
        ecc_errors=None if ecc is None else int(ecc),
        mig=told.get("mig.mode.current", "") == "Enabled",
        processes=tuple(processes),
        told_by="nvidia-smi",
    )


def _processes(output: bytes) -> dict[str, tuple[GpuProcess, ...]]:
    """By the card's uuid, those with the most memory first. A name may hold anything, commas too."""
    found: dict[str, list[GpuProcess]] = {}
    for line in _lines(output):
        uuid, _, rest = line.partition(",")
        pid, _, rest = rest.partition(",")
        name, last, used = rest.rpartition(",")
        if not last or not re.fullmatch("[0-9]{1,10}", pid.strip()):
            continue
        found.setdefault(uuid.strip(), []).append(GpuProcess(int(pid), _text(name.strip()), _bytes(used)))

    def most_memory(process: GpuProcess) -> tuple[Any, ...]:
        return (-(process.memory or 0), process.pid)

    return {uuid: tuple(sorted(each, key=most_memory)[:MOST_PROCESSES]) for uuid, each in found.items()}


def _text(value: str) -> str:
    """Empty for what the driver does not tell: `[N/A]`, `[Insufficient Permissions]`."""
    return "" if value.startswith("[") and value.endswith("]") else safe(value, _SHOWN)


def _number(value: str) -> float | None:
    """None for everything that is no number: `[N/A]`, `[Not Supported]`, `[Unknown Error]`, `ERR!`. Never zero."""
    return float(value) if _NUMBER.fullmatch(value.strip()) else None


def _bytes(value: str) -> int | None:
    mebibytes = _number(value)
    return None if mebibytes is None else round(mebibytes * _MIB)
