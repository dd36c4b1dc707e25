"""Which headings are playbooks and checklists, and what stands in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal

from msgspec.structs import replace

from wfconsole.incident.playbook import Checklist, Step, Symptom
from wfconsole.runbook.checklists import measured, panes_of
from wfconsole.runbook.freeform.annotations import LIST_WORDS, READ_AS, Annotation, named
from wfconsole.runbook.freeform.outline import Node
from wfconsole.runbook.freeform.people import CODE, SHELLS
from wfconsole.runbook.freeform.steps import Draft, Part, Reading, bind_below, read_blocks
from wfconsole.runbook.markdown import Fence, Listing, Paragraph
from wfconsole.runbook.properties import Property, checked_probe, duration, severities_of, slug

Kind = Literal["process", "playbook", "confirm"]
_SYMPTOMS: Final = re.compile(r"symptoms?\b|indicators?\b|signs?\b|how (?:it|this) shows|alerts? (?:that|which)")
_LOOKS: Final = re.compile(
    r"investigat|diagnos|triage|check|assess|inspect|verif|what to look|detection|information gathering|confirm|validat"
)
_ACTS: Final = re.compile(
    r"resol|remedi|mitigat|response actions?|recover|fix\b|actions?\b|procedure|steps?\b|rollback|roll back|restor"
    r"|what to do|how to|initial response|instructions|contain|eradicat"
)
# Headings that say nothing of their own: the one above them is the playbook.
_GENERIC: Final = re.compile(
    r"(?:resolution |remediation |mitigation |recovery )?(?:steps?|procedure|instructions|actions?)|resolution"
    r"|mitigation|remediation|fix|diagnosis|investigation|recovery|rollback|verification|what to do|how to fix"
)
_AFTER: Final = re.compile(r"post-?incident|post-?mortem|retrospective|lessons|follow-?up|after the incident|review")
_PROCESS: Final = re.compile(
    r"process|initial|first \d+ minutes|detection|assessment|general|every incident|team assembly|classification"
)
_MOST_STEPS: Final = 60
_HOLD: Final = re.compile(r"(.+?)\s+for\s+(\d+\s*\w+)")


def read_lists(root: Node, reading: Reading) -> tuple[Checklist, ...]:
    """Every list of the document, in its order. Ids differ."""
    taken: dict[str, int] = {}
    lists = []
    for node, kind in _chosen(root, reading):
        node.use()
        made = _checklist(node, kind, reading)
        if made is None:
            continue
        taken[made.id] = taken.get(made.id, 0) + 1
        if taken[made.id] > 1:
            reading.remarks.add(node.place, f"a second list '{node.shown}'; the record knows it by its number")
            made = _renamed(made, f"{made.id}-{taken[made.id]}")
        lists.append(made)
    return tuple(lists)


def _chosen(root: Node, reading: Reading) -> Iterator[tuple[Node, Kind]]:
    """The outermost headings that are lists by annotation or by what stands below them."""
    for child in root.children:
        said = named(_own_annotations(child, reading), READ_AS)
        if "skip" in said:
            child.use()
        elif said:
            word = next(iter(said))
            yield child, "playbook" if word == "playbook" else "process" if word == "checklist" else "confirm"
        elif child.used:
            continue
        elif any(_AFTER.search(node.words) for node in child.path[1:]) and not _is_playbook(child):
            _tell_after(child, reading)
        elif _is_playbook(child):
            yield child, "playbook"
        elif _has_steps(child) and any(_is_playbook(node) for node in child.walk()):
            alone = Node(child.place, child.level, child.title, blocks=child.blocks, parent=child.parent)
            yield alone, "process"
            child.used = True
            yield from _chosen(child, reading)
        elif _has_steps(child):
            yield child, "process" if any(_PROCESS.search(node.words) for node in child.path) else "playbook"
        else:
            yield from _chosen(child, reading)


def _tell_after(node: Node, reading: Reading) -> None:
    for each in node.walk():
        if each.lists(ordered=True) and not each.used:
            reading.remarks.add(each.place, f"'{each.shown}' is about the time after the incident; it is no checklist")
            each.used = True


def _is_playbook(node: Node) -> bool:
    """Children that say what is seen and what is done, or how it is looked into and what is done."""
    if any(_is_playbook(child) for child in node.children):
        return False
    looks = any(_LOOKS.search(child.words) and _has_steps(child) for child in node.children)
    shows, acts = (any(pattern.search(child.words) for child in node.children) for pattern in (_SYMPTOMS, _ACTS))
    if any(_GENERIC.fullmatch(child.words) and _has_steps(child) for child in node.children):
        return True
    return (shows and (acts or looks)) or (looks and acts)


def _has_steps(node: Node) -> bool:
    """Numbered items, or a block of commands, right below this heading."""
    return bool(node.lists(ordered=True)) or any(_runs(fence) for fence in node.fences())


def _runs(fence: Fence) -> bool:
    return fence.language.lower() in CODE


def _own_annotations(node: Node, reading: Reading) -> tuple[Annotation, ...]:
    """Those between a heading and the first thing that could be a step or a symptom."""
    below = [block.place.line for block in node.blocks if isinstance(block, (Listing, Fence))]
    below += [child.place.line for child in node.children[:1]]
    return reading.notes.between(node.place.line, min(below, default=node.place.line + 3) - 1)


def _checklist(node: Node, kind: Kind, reading: Reading) -> Checklist | None:
    own = named(_own_annotations(node, reading), LIST_WORDS)
    properties = {name: Property(note.place, name, note.value) for name, note in own.items()}
    list_id = slug(properties["id"].value if "id" in properties else node.shown)
    drafts: list[Draft] = []
    symptoms: list[Symptom] = []
    for part in node.walk():
        if _SYMPTOMS.match(part.words):
            symptoms += _symptoms(list_id, part, reading)
        else:
            blocks = _steps_of(part, node)
            if not blocks and (part.lists(ordered=False) or part.fences()):
                reading.remarks.add(part.place, f"'{part.shown}' is for reading only: it has no numbered items")
            drafts += read_blocks(blocks, part.shown, _part(part), reading)
    steps = _identified(list_id, bind_below(drafts, _end(node), reading), reading)
    if not steps:
        reading.remarks.add(node.place, f"'{node.shown}' has no steps that could be read")
        return None
    if kind == "confirm":
        steps = [replace(step, kind="confirm", danger="") for step in steps]
    summary = next((block.text for block in node.blocks if isinstance(block, Paragraph)), "")
    return Checklist(
        id=list_id or "list",
        title=node.shown,
        kind=kind,
        summary=summary,
        steps=tuple(steps[:_MOST_STEPS]),
        symptoms=tuple(symptoms),
        pins=panes_of(properties, reading.problems) if "panes" in properties else (),
        severities=severities_of(properties, reading.problems),
        place=node.place,
    )


def _steps_of(part: Node, whole: Node) -> list[Paragraph | Fence | Listing]:
    """Blocks of a part that may be steps; the first paragraph of the list as a whole is its summary."""
    kept = [block for block in part.blocks if isinstance(block, (Paragraph, Fence, Listing))]
    if part is whole:
        if not any(isinstance(block, (Fence, Listing)) for block in kept):
            return []
        at = next((index for index, block in enumerate(kept) if isinstance(block, Paragraph)), None)
        if at is not None:
            kept.pop(at)
    if part is not whole and not _LOOKS.search(part.words) and not _ACTS.search(part.words):
        has = any((isinstance(block, Listing) and block.ordered) or isinstance(block, Fence) for block in kept)
        return kept if has else []
    return kept


def _part(node: Node) -> Part:
    """The innermost heading that says it: `Resolution Actions` acts, `Investigation Steps` looks."""
    for each in reversed(node.path):
        if _LOOKS.search(each.words):
            return "look"
        if _ACTS.search(each.words):
            return "act"
    return "look"


def _end(node: Node) -> int:
    """The line of the next heading that is not below this one."""
    here: Node | None = node
    while here is not None and here.parent is not None:
        siblings = here.parent.children
        at = next(index for index, each in enumerate(siblings) if each is here)
        if at + 1 < len(siblings):
            return siblings[at + 1].place.line
        here = here.parent
    return 10**6


def _identified(list_id: str, steps: list[Step], reading: Reading) -> list[Step]:
    seen: dict[str, int] = {}
    named_steps = []
    for step in steps[:_MOST_STEPS]:
        name = f"{list_id}/{step.id or slug(step.title) or 'step'}"
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            name = f"{name}-{seen[name]}"
        named_steps.append(replace(step, id=name))
    for step in steps[_MOST_STEPS:]:
        reading.remarks.add(step.place, f"a list has at most {_MOST_STEPS} steps; '{step.title}' is left out")
    return named_steps


def _renamed(made: Checklist, list_id: str) -> Checklist:
    steps = tuple(replace(step, id=f"{list_id}/{step.id.partition('/')[2]}") for step in made.steps)
    return replace(made, id=list_id, steps=steps)


def _symptoms(list_id: str, part: Node, reading: Reading) -> list[Symptom]:
    items = [item for listing in (*part.lists(ordered=False), *part.lists(ordered=True)) for item in listing.items]
    symptoms = []
    for index, item in enumerate(items):
        if item.head is None:
            reading.remarks.add(item.place, "a symptom without words")
            continue
        following = items[index + 1].place.line if index + 1 < len(items) else _end(part)
        signal = named(reading.notes.between(item.place.line, following - 1), ("signal", "live", "promql"))
        note = signal.get("signal") or signal.get("live")
        if note is None and "promql" in signal:
            symptoms.append(_measured(list_id, item.head.text, signal["promql"], reading))
            continue
        probe, hold = _signal(note, reading) if note else ("", 0)
        symptoms.append(Symptom(item.head.text, probe, hold))
    return symptoms


def _measured(list_id: str, text: str, note: Annotation, reading: Reading) -> Symptom:
    words = note.value.replace("`", "").strip()
    held = _HOLD.fullmatch(words)
    asked = Property(note.place, "promql", words, (held[1] if held else words,))
    return measured(list_id, text, asked, reading.problems)


def _signal(note: Annotation, reading: Reading) -> tuple[str, int]:
    words = note.value.replace("`", "").strip()
    held = _HOLD.fullmatch(words)
    hold = duration(held[2]) if held else None
    if held and hold is None:
        reading.problems.add(note.place, f"'{held[2]}' behind the probe", "how long: 'for 2 minutes'")
    return checked_probe(held[1] if held else words, note.place, reading.problems, must_hold=True), hold or 0


def unread(root: Node, reading: Reading) -> None:
    """A remark for every heading with items or blocks below it that nothing was made of."""
    for node in root.walk():
        if node.used or not any(isinstance(block, (Listing, Fence)) for block in node.blocks):
            continue
        shells = sum(1 for fence in node.fences() if fence.language.lower() in SHELLS)
        what = f"{shells} blocks of commands" if shells else "its items"
        reading.remarks.add(node.place, f"'{node.shown or 'the beginning'}' is for reading only: {what} are no steps")
