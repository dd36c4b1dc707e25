"""Numbered items, bullets and the parts of a fenced block as steps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from wfconsole.incident.playbook import Command, Place, Step, StepKind
from wfconsole.runbook.commands import shell_of, verification_of
from wfconsole.runbook.freeform.annotations import STEP_WORDS, Annotated, Annotation, named
from wfconsole.runbook.freeform.people import CODE, SHELLS
from wfconsole.runbook.freeform.remarks import Remarks
from wfconsole.runbook.markdown import Block, Fence, Item, Listing, Paragraph
from wfconsole.runbook.problems import Problems
from wfconsole.runbook.programs import changes_production, programs
from wfconsole.runbook.properties import Properties, Property, checked_probe, command, severities_of, slug
from wfconsole.runbook.shell import parse_shell
from wfconsole.runbook.steps import danger_of, logs_of, meaning_of

Part = Literal["look", "act"]
_NUMBERED: Final = re.compile(r"#+\s*(?:step\s+)?(\d{1,2})[.):]\s+(.+)", re.IGNORECASE)
_REMARK: Final = re.compile(r"#+\s*(.+)")
_OURS: Final = re.compile(r"\s*(?:#|--|//)\s*wf:")
_UNCLASSED: Final = "R2"  # of an action that names no class: felt by users until somebody says otherwise
_TITLE: Final = 120
_AS_WRITTEN: Final = ("look", "expect", "role", "memory")


class Draft(Struct, frozen=True):
    """A step that has no id yet; `last` is the last line that belongs to it."""

    step: Step
    last: int


class Reading(Struct):
    """What reading the steps of one list needs to know, and what it tells."""

    notes: Annotated
    problems: Problems
    remarks: Remarks


def read_blocks(blocks: Iterable[Block], title: str, part: Part, reading: Reading) -> Iterator[Draft]:
    """The steps of what stands below one heading; `title` names a block of commands that has no words of its own."""
    waiting: list[str] = []
    all_blocks = list(blocks)
    numbered = any(isinstance(block, Listing) and block.ordered for block in all_blocks)
    for block in all_blocks:
        if isinstance(block, Paragraph):
            waiting.append(block.text)
            continue
        drafts: list[Draft] = []
        if isinstance(block, Fence):
            drafts = list(_of_fence(block, title, part, reading))
        elif isinstance(block, Listing) and (block.ordered or not numbered):
            drafts = [draft for item in block.items if (draft := _of_item(item, part, reading))]
        elif isinstance(block, Listing):
            waiting += [item.head.text for item in block.items if item.head]
        else:
            reading.remarks.add(block.place, f"{block.what} below '{title}' is not read")
        if drafts and waiting:
            step = drafts[0].step
            drafts[0] = replace(drafts[0], step=replace(step, do=" ".join([*waiting, step.do]).strip()))
            waiting = []
        yield from drafts
    if waiting:
        reading.remarks.add(all_blocks[-1].place, f"words below '{title}' belong to no step: {waiting[-1][:60]}")


def _of_item(item: Item, part: Part, reading: Reading) -> Draft | None:
    if item.head is None or not slug(item.head.text):
        reading.remarks.add(item.place, "an item without words is no step")
        return None
    words: list[str] = []
    fences: list[Fence] = []
    for block in item.blocks[1:]:
        if isinstance(block, Paragraph):
            words.append(block.text)
        elif isinstance(block, Fence):
            fences.append(block)
        elif isinstance(block, Listing):
            words += [inner.head.text for inner in block.items if inner.head]
            fences += [each for inner in block.items for each in inner.blocks if isinstance(each, Fence)]
        else:
            reading.remarks.add(block.place, f"{block.what} in a step is not read")
    title, rest = _title(item.head)
    commands = tuple(_command(fence) for fence in fences)
    step = Step("", title, do=" ".join([rest, *words]).strip(), commands=commands, place=item.place)
    return _annotated(step, part, item.place.line, _last_line(item), reading)


def _title(head: Paragraph) -> tuple[str, str]:
    """The bold words in front, else the first sentence, and what comes behind."""
    strong = head.strong.rstrip(": ")
    if strong and head.text.startswith(head.strong):
        return strong[:_TITLE], head.text[len(head.strong) :].lstrip(": ").strip()
    first, stop, rest = head.text.partition(". ")
    if len(first) > _TITLE:
        return f"{first[: _TITLE - 1]}…", head.text
    return first.rstrip(":"), rest if stop else ""


def _of_fence(fence: Fence, title: str, part: Part, reading: Reading) -> Iterator[Draft]:
    """One step for each numbered remark; where none is numbered, for each remark behind an empty line; else one."""
    if fence.language.lower() not in (*CODE, ""):
        reading.remarks.add(fence.place, f"a block of '{fence.language}' is kept as a text to copy")
    lines = fence.text.split("\n")
    starts = _starts(lines)
    if not starts:
        step = Step("", title, commands=(_command(fence),), place=fence.place)
        if draft := _annotated(step, part, fence.place.line, fence.place.line + len(lines) + 1, reading):
            yield draft
        return
    if starts[0] > 0 and any(line.strip() and not line.startswith("#") for line in lines[: starts[0]]):
        starts = [0, *starts]
    for begin, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        place = Place(fence.place.file, fence.place.line + 1 + begin)
        named_by = _NUMBERED.fullmatch(lines[begin]) or _REMARK.fullmatch(lines[begin])
        rest = lines[begin + 1 : end] if named_by else lines[begin:end]
        body = "\n".join(line for line in rest if not _OURS.match(line)).strip("\n")
        words = [each[1] for line in rest if (each := _REMARK.fullmatch(line)) and not _OURS.match(line)]
        runs = any(line.strip() and not line.startswith("#") for line in body.split("\n"))
        step = Step(
            "",
            (named_by[named_by.lastindex or 1] if named_by else title)[:_TITLE].rstrip(":"),
            do="" if runs else " ".join(words),
            commands=(_command(Fence(place, fence.language, body)),) if runs else (),
            place=place,
        )
        if draft := _annotated(step, part, place.line, fence.place.line + end, reading):
            yield draft


def _starts(lines: list[str]) -> list[int]:
    numbered = [at for at, line in enumerate(lines) if _NUMBERED.fullmatch(line)]
    if numbered:
        return numbered
    quoted = False
    starts = []
    for at, line in enumerate(lines):
        first = at == 0 or not lines[at - 1].strip()
        if line.startswith("#") and first and not quoted and not _OURS.match(line):
            starts.append(at)
        quoted ^= line.count('"') % 2 == 1
    return starts


def _command(fence: Fence) -> Command:
    return command(fence)


def _last_line(item: Item) -> int:
    """The last line of an item, as far as its blocks tell."""
    last = item.place.line
    for block in item.blocks:
        if isinstance(block, Fence):
            last = max(last, block.place.line + block.text.count("\n") + 2)
        elif isinstance(block, Listing):
            last = max(last, *(_last_line(inner) for inner in block.items))
        else:
            last = max(last, block.place.line)
    return last


def _annotated(step: Step, part: Part, first: int, last: int, reading: Reading) -> Draft | None:
    """The step with what the annotations on its lines, and on the lines up to the next step, say."""
    notes = [note for note in reading.notes.between(first, last) if note.name != "allow"]
    return Draft(_bound(_with_kind(step, part), notes, reading), last)


def bind_below(drafts: list[Draft], until: int, reading: Reading) -> list[Step]:
    """The steps once more with the annotations that stand behind each, before the next one begins."""
    steps = []
    for index, draft in enumerate(drafts):
        following = drafts[index + 1].step.place.line if index + 1 < len(drafts) else until
        notes = reading.notes.between(draft.last + 1, following - 1)
        steps.append(_bound(draft.step, notes, reading))
    return steps


def _with_kind(step: Step, part: Part) -> Step:
    changes = any(
        changes_production(program)
        for each in step.commands
        if each.language.lower() in ("", *SHELLS)
        for call in parse_shell(each.text).calls
        for program in programs(call)
    )
    acts = changes or (part == "act" and not step.commands)
    kind: StepKind = "action" if acts else "check"
    return replace(step, kind=kind, danger=_UNCLASSED if acts else "")


def _properties(found: dict[str, Annotation]) -> Properties:
    """As our own format has them: the value bare, but for one that holds more than a probe."""
    return {
        name: Property(note.place, name, note.value if name == "verify" else note.value.strip("`"))
        for name, note in found.items()
    }


def _bound(step: Step, notes: Iterable[Annotation], reading: Reading) -> Step:
    found = named(notes, STEP_WORDS)
    if not found:
        return step
    problems, properties = reading.problems, _properties(found)
    texts: dict[str, str] = {name: properties[name].value for name in _AS_WRITTEN if name in properties}
    if "role" in texts:
        texts["role"] = texts["role"].lower()
    if "trap" in properties:
        texts["warning"] = properties["trap"].value
    added = [
        f"{label}{properties[name].value}" for name, label in (("do", ""), ("undo", "Undo: ")) if name in properties
    ]
    if added:
        texts["do"] = " ".join(part for part in (step.do, *added) if part)
    if "when" in properties:
        texts["look"] = " ".join(
            part for part in (texts.get("look", step.look), f"When: {properties['when'].value}") if part
        )
    for name in ("live", "sensed"):
        if name in properties:
            texts[name] = checked_probe(
                properties[name].value, properties[name].place, problems, must_hold=name == "sensed"
            )
    step = replace(step, **texts, logs=logs_of(properties, problems) or step.logs)
    if "action" in properties:
        step = replace(step, kind="action", danger=danger_of(properties, problems))
    if step.sensed and step.kind != "check":
        problems.add(properties["sensed"].place, "'sensed' on an action: its effect does not show who did it", "'live'")
        step = replace(step, sensed="")
    if "id" in properties:
        step = replace(step, id=slug(properties["id"].value))
    runs = step.kind == "action" and bool(step.commands)
    return replace(
        step,
        shell=shell_of(properties, runs, problems),
        verify=verification_of(properties, runs, problems),
        means=meaning_of(properties, problems) or step.means,
        severities=severities_of(properties, problems) or step.severities,
    )
