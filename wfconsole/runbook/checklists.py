"""The sections `Checklist: ...`, `Playbook: ...` and `Confirm: ...`."""

from __future__ import annotations

import re
import zlib
from typing import Final, Literal

from wfconsole.incident.playbook import Checklist, Measure, Symptom
from wfconsole.runbook.markdown import Item, Listing
from wfconsole.runbook.problems import Problems, near
from wfconsole.runbook.properties import (
    Properties,
    Property,
    held_for,
    held_probe,
    read_properties,
    severities_of,
    slug,
    text_of,
)
from wfconsole.runbook.sections import Part, Section, parts
from wfconsole.runbook.steps import read_steps
from wfconsole.text import cut

_KEYWORDS = ("id", "panes", "only at")
_KINDS: Final[dict[str, Literal["process", "playbook", "confirm"]]] = {
    "checklist": "process",
    "playbook": "playbook",
    "confirm": "confirm",
}
_OPERATORS: Final[tuple[Literal["<", "<=", ">", ">="], ...]] = ("<=", ">=", "<", ">")
# The last comparison of the whole expression, with a plain number that probes can read.
_COMPARED = re.compile(r"(.*\S) *(<=|>=|<|>) *(\d{1,12}(?:\.\d{1,6})?)")
_LONGEST_NAME = 28
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
        symptoms=_signals("symptoms", list_id, all_parts, problems),
        recovery=_signals("recovery", list_id, all_parts, problems),
        pins=panes_of(found, problems),
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


def panes_of(found: Properties, problems: Problems) -> tuple[int, ...]:
    words = [word.strip() for word in text_of(found, "panes", problems).split(",") if word.strip()]
    if not all(word in "1234567" and len(word) == 1 for word in words):
        problems.add(found["panes"].place, f"'{found['panes'].value}' are no panes", "numbers from 1 to 7, with commas")
        return ()
    return tuple(int(word) for word in words)


def _signals(heading: str, list_id: str, all_parts: tuple[Part, ...], problems: Problems) -> tuple[Symptom, ...]:
    """The bullets below a heading such as "Symptoms", each with its signal."""
    found: list[Symptom] = []
    for part in all_parts[1:]:
        title = part.heading.text.lower() if part.heading else ""
        if title == heading:
            found += (_symptom(list_id, item, problems) for block in part.bullets for item in block.items)
        elif part.heading and (hint := near(title, (heading,))):
            problems.add(
                part.heading.place, f"unknown heading '{part.heading.text}'{hint}", f"'{heading.capitalize()}'"
            )
    return tuple(found)


def _symptom(list_id: str, item: Item, problems: Problems) -> Symptom:
    if item.head is None:
        problems.add(item.place, "this symptom has no words", "what people see, in one line")
        return Symptom("")
    nested = tuple(inner for block in item.blocks[1:] if isinstance(block, Listing) for inner in block.items)
    found = read_properties(nested, ("signal", "promql"), "a symptom", problems)
    signal, promql = found.get("signal"), found.get("promql")
    if signal is not None and promql is not None:
        problems.add(promql.place, "a symptom with both 'Signal' and 'PromQL'", "one of them, or two symptoms")
    if signal is not None:
        return Symptom(item.head.text, *held_probe(signal, problems))
    return Symptom(item.head.text) if promql is None else measured(list_id, item.head.text, promql, problems)


def measured(list_id: str, text: str, found: Property, problems: Problems) -> Symptom:
    """`PromQL: expression > bound`, and `for 2 minutes` behind it: the expression is a rule of its own."""
    code = " ".join(found.codes[0].split()) if found.codes else ""
    hold = held_for(found, code, "the PromQL", problems) if code else 0
    match = _COMPARED.fullmatch(code)
    if match is None:
        expected = "an expression and a bound in backticks: `sum(rate(x[5m])) > 0.05`"
        problems.add(found.place, f"'{cut(code or found.value, 80)}' is not compared with a number", expected)
        return Symptom(text)
    promql, op, number = match[1], match[2], match[3]
    # Named by what it asks, so that the same question has the same name wherever it stands.
    rule = f"{list_id[:_LONGEST_NAME]}-{zlib.crc32(promql.encode()):08x}"
    operator = next(known for known in _OPERATORS if known == op)
    live = f"signals rule={rule} value{op}{number}"
    return Symptom(text, live, hold, Measure(rule, promql, operator, float(number)))
