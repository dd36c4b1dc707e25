"""A free-form Markdown text, or a folder of them, as a runbook. What the team's text lacks is ours, and says so."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from msgspec.structs import replace

from wfconsole.incident.playbook import Checklist, Place, Runbook
from wfconsole.incident.policy import Contact, Link, Template
from wfconsole.runbook import load_runbook
from wfconsole.runbook.files import Sheet, digest
from wfconsole.runbook.freeform.annotations import Annotated, read_annotations
from wfconsole.runbook.freeform.lists import read_lists, unread
from wfconsole.runbook.freeform.outline import Node, outline
from wfconsole.runbook.freeform.people import read_contacts, read_links, read_roles, read_templates
from wfconsole.runbook.freeform.policy import read_policy
from wfconsole.runbook.freeform.remarks import BUNDLED, Remarks
from wfconsole.runbook.freeform.steps import Reading
from wfconsole.runbook.markdown import Block, Heading, read_markdown
from wfconsole.runbook.policy import iso_date
from wfconsole.runbook.problems import Problems
from wfconsole.text import safe

_FRONT: Final = re.compile(r"\A---\n(?:[^\n]*\n){0,50}?---\n")
_ABOUT: Final = re.compile(
    r"^[\s*_>-]*(?P<key>[A-Za-z ]{3,30}?)[*_\s]*:[*_\s]*(?P<value>\S[^\n]*?)[*_\s]*$", re.MULTILINE
)
_KEYS: Final = {
    "version": ("document version", "version", "runbook version"),
    "reviewed": ("last updated", "last reviewed", "reviewed", "updated", "last review"),
}
_NEEDED_LISTS: Final = ("handover", "stand-down")  # screens of the console that would have nothing to show


def read_freeform(
    documents: list[tuple[Sheet, tuple[Heading | Block, ...]]], whole: Place, problems: Problems
) -> Runbook:
    """The sheets in the order of their names, each below its own headings. With each come its blocks as they stand."""
    remarks = Remarks()
    roots: list[tuple[Node, Annotated]] = []
    for sheet, blocks in documents:
        text = _FRONT.sub(lambda match: "\n" * match[0].count("\n"), sheet.text.replace("\r\n", "\n"))
        notes = read_annotations(sheet.name, text, problems)
        plain = blocks if notes.text == sheet.text else read_markdown(sheet.name, notes.text)
        roots.append((outline(sheet.name, plain), notes))
    sheets = [sheet for sheet, _ in documents]
    return _assembled(roots, sheets, whole, problems, remarks)


def _assembled(
    roots: list[tuple[Node, Annotated]], sheets: list[Sheet], whole: Place, problems: Problems, remarks: Remarks
) -> Runbook:
    ours = _bundled()
    first = max((root for root, _ in roots), key=lambda root: sum(1 for _ in root.walk()))
    about = _about("\n".join(sheet.text for sheet in sheets))
    policy = read_policy(_joined([root for root, _ in roots], first), ours.policy, remarks)
    templates: dict[str, Template] = {}
    roles: dict[str, str] = {}
    contacts: list[Contact] = []
    links: list[Link] = []
    for root, _ in roots:
        templates |= read_templates(root, remarks)
        roles |= read_roles(root)
        contacts += read_contacts(root, remarks)
        links += read_links(root)
    made = Runbook(
        title=next((node.shown for node in first.children if node.title), safe(sheets[0].name, 200)),
        version=about.get("version", ""),
        reviewed=about.get("reviewed", ""),
        policy=policy,
        roles=tuple(roles.items()),
        contacts=tuple(contacts),
        links=tuple(dict.fromkeys(links)),
        templates=tuple(templates.values()),
        checklists=_lists(roots, whole, problems, remarks),
        digest=digest(sheets),
    )
    return replace(_completed(made, ours, whole, remarks), remarks=remarks.all())


def _lists(
    roots: list[tuple[Node, Annotated]], whole: Place, problems: Problems, remarks: Remarks
) -> tuple[Checklist, ...]:
    """What is left when policy, people and templates are taken."""
    lists: list[Checklist] = []
    for root, notes in roots:
        reading = Reading(notes, problems, remarks)
        lists += read_lists(root, reading)
        unread(root, reading)
    if not lists:
        problems.add(
            whole,
            "nothing in it could be read as a step",
            "headings with numbered lists or fenced commands below; or our own format, which begins with a heading "
            "'Runbook: its title'",
        )
    return _distinct(lists)


@cache
def _bundled() -> Runbook:
    return load_runbook(None)


def _joined(roots: list[Node], first: Node) -> Node:
    """One root over all documents, for what may stand in any of them."""
    if len(roots) == 1:
        return first
    return Node(first.place, 0, "", children=[child for root in roots for child in root.children])


def _distinct(lists: list[Checklist]) -> tuple[Checklist, ...]:
    """Process lists first, as they open with every incident; ids differ over all files."""
    taken: set[str] = set()
    kept = []
    for each in sorted(lists, key=lambda one: ("process", "playbook", "confirm").index(one.kind)):
        name, number = each.id, 1
        while name in taken:
            number += 1
            name = f"{each.id}-{number}"
        taken.add(name)
        steps = tuple(replace(step, id=f"{name}/{step.id.partition('/')[2]}") for step in each.steps)
        kept.append(replace(each, id=name, steps=steps))
    return tuple(kept)


def _completed(made: Runbook, ours: Runbook, whole: Place, remarks: Remarks) -> Runbook:
    """What every screen needs and the text does not have."""
    roles = dict(made.roles)
    needed = {role for rule in made.policy.rules for role in rule.roles}
    needed |= {step.role for each in made.checklists for step in each.steps if step.role}
    known = dict(ours.roles)
    for role in sorted(needed - set(roles)):
        roles[role] = f"{known[role]} {BUNDLED}" if role in known else "the runbook does not say what this role does"
        remarks.add(whole, f"what the role '{role}' does is not said")
    templates = {each.id: each for each in made.templates}
    for template in ours.templates:
        if template.id not in templates:
            templates[template.id] = replace(template, title=f"{template.title} {BUNDLED}")
            remarks.add(whole, f"no template '{template.title}'; ours is offered, marked {BUNDLED}")
    lists = list(made.checklists)
    for each in ours.checklists:
        if each.id in _NEEDED_LISTS and made.checklist(each.id) is None:
            lists.append(replace(each, title=f"{each.title} {BUNDLED}"))
            remarks.add(whole, f"no list '{each.title}'; ours is offered, marked {BUNDLED}")
    return replace(made, roles=tuple(roles.items()), templates=tuple(templates.values()), checklists=tuple(lists))


def _about(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for match in _ABOUT.finditer(text):
        for name, keys in _KEYS.items():
            if match["key"].strip().lower() in keys and name not in found:
                found[name] = safe(match["value"], 60)
    if iso_date(found.get("reviewed", "")) is None:
        found.pop("reviewed", None)
    return found
