"""The sections `Roles`, `Contacts`, `Links` and `Templates`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wfconsole.incident.policy import SEVERITIES, Contact, Link, Template
from wfconsole.runbook.markdown import Fence, Item, Listing
from wfconsole.runbook.problems import Problems
from wfconsole.runbook.properties import names_of, read_properties, severities_of, slug, text_of
from wfconsole.runbook.sections import Section, parts

_NAMED = re.compile(r"([^:]{1,80}):\s+(.+)", re.DOTALL)
_TEMPLATE_KEYWORDS = ("id", "target", "only for")


def _items(section: Section) -> Iterator[Item]:
    for part in parts(section):
        for block in part.bullets:
            yield from block.items


def _named(item: Item, example: str, problems: Problems) -> tuple[str, str] | None:
    match = _NAMED.fullmatch(item.head.text) if item.head else None
    if match is None:
        problems.add(item.place, "this bullet has no name and colon", example)
        return None
    return match[1].strip(), match[2].strip()


def read_roles(section: Section, problems: Problems) -> tuple[tuple[str, str], ...]:
    """Name in lower case, and what that person does."""
    roles: dict[str, str] = {}
    for item in _items(section):
        if found := _named(item, "'- **Scribe**: what this person does'", problems):
            if found[0].lower() in roles:
                problems.add(item.place, f"the role '{found[0]}' stands here twice", "each role once")
            roles[found[0].lower()] = found[1]
    return tuple(roles.items())


def read_contacts(section: Section, problems: Problems) -> tuple[Contact, ...]:
    """Who can be reached, how, and at which severities (`Only at:` below a contact)."""
    contacts = []
    for item in _items(section):
        found = _named(item, "'- **Team lead**: how to reach them'", problems)
        nested = tuple(inner for block in item.blocks[1:] if isinstance(block, Listing) for inner in block.items)
        properties = read_properties(nested, ("only at",), "a contact", problems)
        if found:
            contacts.append(Contact(*found, severities_of(properties, problems) or SEVERITIES))
    return tuple(contacts)


def read_links(section: Section, problems: Problems) -> tuple[Link, ...]:
    """`- [Grafana](https://...)`: the name, and an address that begins with http."""
    links = []
    for part in parts(section):
        group = part.heading.text if part.heading is not None else ""
        items = (item for block in part.bullets for item in block.items)
        links += [link for item in items if (link := _link(item, group, problems)) is not None]
    return tuple(links)


def _link(item: Item, group: str, problems: Problems) -> Link | None:
    if item.head is None or len(item.head.links) != 1:
        problems.add(item.place, "this bullet has no link", "one link, '- [Grafana](https://grafana.example)'")
        return None
    name, url = item.head.links[0]
    if not url.startswith(("https://", "http://")):
        problems.add(item.place, f"'{url}' cannot be opened from here", "an address with https:// or http://")
    elif name == url:
        problems.add(item.place, f"{url} has no name", "'- [Grafana](https://grafana.example)'")
    else:
        return Link(name, url, group)
    return None


def read_templates(section: Section, problems: Problems) -> tuple[Template, ...]:
    """Each heading with a fenced block below it is one template; `Target:` says where its text goes."""
    templates: dict[str, Template] = {}
    for part in parts(section):
        fences = [block for block in part.blocks if isinstance(block, Fence)]
        if part.heading is None or not fences:
            continue
        found = read_properties(
            (item for block in part.bullets for item in block.items), _TEMPLATE_KEYWORDS, "a template", problems
        )
        if len(fences) > 1:
            problems.add(fences[1].place, f"a second block below '{part.heading.text}'", "one fenced block a template")
        if "target" not in found:
            problems.add(
                part.heading.place, f"the template '{part.heading.text}' has no target", "a bullet 'Target: ...'"
            )
        name = text_of(found, "id", problems) or slug(part.heading.text)
        target = ", ".join(names_of(found, "target", problems))
        if name in templates:
            problems.add(
                part.heading.place, f"the template id '{name}' is taken", "another title, or a bullet 'Id: ...'"
            )
        only_for = text_of(found, "only for", problems).lower()
        if only_for not in ("", "restricted"):
            problems.add(
                part.heading.place, f"'Only for: {only_for}' is nothing that is known", "'Only for: restricted'"
            )
        templates[name] = Template(name, part.heading.text, target, fences[0].text, only_for)
    return tuple(templates.values())
