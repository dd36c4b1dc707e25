"""The sections `Checklist: ...`, `Playbook: ...` and `Confirm: ...`."""

from __future__ import annotations

import re
from typing import Final, Literal

from wfconsole.incident.playbook import Checklist, Symptom
from wfconsole.runbook.markdown import Item, Listing
from wfconsole.runbook.problems import Problems, near
from wfconsole.runbook.properties import (
    Properties,
    checked_probe,
    duration,
    read_properties,
    severities_of,
    slug,
    text_of,
)
from wfconsole.runbook.sections import Part, Section, parts
from wfconsole.runbook.steps import read_steps

_KEYWORDS = ("id", "panes", "only at")
_KINDS: Final[dict[str, Literal["process", "playbook", "confirm"]]] = {
    "checklist": "process",
    "playbook": "playbook",
    "confirm": "confirm",
}
_FOR = re.compile(r"for (.+)")
MOST_STEPS = 60  # what a screen can still be used with; the style asks for 12


def read_checklist(section: Section, problems: Problems) -> Checklist:
    """One list: its annotations directly below the heading, its symptoms, and every numbered item as a step."""
    all_parts = parts(section)
    found = _annotations(all_parts[0], problems)
    list_id = slug(text_of(found, "id", problems) or section.title)
    steps = read_steps(list_id, _numbered(all_parts, problems), section.kind == "confirm", problems)
    if not steps:
        problems.add(section.place, f"'{section.title}' has no steps", "a numbered list")
    if len(steps) > MOST_STEPS:
        problems.add(section.place, f"'{section.title}' has {len(steps)} steps", f"at most {MOST_STEPS}, better 12")
    return Checklist(
        id=list_id,
        title=section.title,
        kind=_KINDS[section.kind],
        summary=all_parts[0].first_words,
        steps=steps,
        symptoms=_signals("symptoms", all_parts, problems),
        recovery=_signals("recovery", all_parts, problems),
        pins=_panes(found, problems),
        severities=severities_of(found, problems),
        place=section.place,
    )


def _annotations(part: Part, problems: Problems) -> Properties:
    return read_properties((item for block in part.bullets for item in block.items), _KEYWORDS, "a checklist", problems)


def _numbered(all_parts: tuple[Part, ...], problems: Problems) -> tuple[Item, ...]:
    """The items of all numbered lists. A list after another goes on with its numbers, so that "step 7" is one step."""
    items: list[Item] = []
    for part in all_parts:
        for block in part.blocks:
            if isinstance(block, Listing) and block.ordered:
                if block.start != len(items) + 1:
                    problems.add(block.place, f"this numbered list begins with {block.start}", f"{len(items) + 1}")
                items += block.items
    return tuple(items)


def _panes(found: Properties, problems: Problems) -> tuple[int, ...]:
    words = [word.strip() for word in text_of(found, "panes", problems).split(",") if word.strip()]
    if not all(word in "1234567" and len(word) == 1 for word in words):
        problems.add(found["panes"].place, f"'{found['panes'].value}' are no panes", "numbers from 1 to 7, with commas")
        return ()
    return tuple(int(word) for word in words)


def _signals(heading: str, all_parts: tuple[Part, ...], problems: Problems) -> tuple[Symptom, ...]:
    """The bullets below a heading such as "Symptoms", each with its signal."""
    found: list[Symptom] = []
    for part in all_parts[1:]:
        title = part.heading.text.lower() if part.heading else ""
        if title == heading:
            found += (_symptom(item, problems) for block in part.bullets for item in block.items)
        elif part.heading and (hint := near(title, (heading,))):
            problems.add(
                part.heading.place, f"unknown heading '{part.heading.text}'{hint}", f"'{heading.capitalize()}'"
            )
    return tuple(found)


def _symptom(item: Item, problems: Problems) -> Symptom:
    if item.head is None:
        problems.add(item.place, "this symptom has no words", "what people see, in one line")
        return Symptom("")
    nested = tuple(inner for block in item.blocks[1:] if isinstance(block, Listing) for inner in block.items)
    signal = read_properties(nested, ("signal",), "a symptom", problems).get("signal")
    if signal is None:
        return Symptom(item.head.text)
    probe = signal.codes[0] if signal.codes else signal.value.partition(" for ")[0]
    rest = signal.value.replace(probe, "", 1).strip()
    hold = 0
    if rest:
        match = _FOR.fullmatch(rest)
        hold = (match and duration(match[1])) or 0
        if not hold:
            problems.add(signal.place, f"'{rest}' behind the probe", "nothing, or how long: 'for 2 minutes'")
    return Symptom(item.head.text, checked_probe(probe, signal.place, problems, must_hold=True), hold)
