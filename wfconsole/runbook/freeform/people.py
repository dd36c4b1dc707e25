"""Roles, contacts, links and templates as teams write them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from wfconsole.incident.playbook import Place
from wfconsole.incident.policy import SEVERITIES, Contact, Link, SeverityName, Template
from wfconsole.runbook.freeform.outline import Node
from wfconsole.runbook.freeform.remarks import Remarks
from wfconsole.runbook.markdown import Fence, Item, Listing
from wfconsole.runbook.properties import slug
from wfconsole.runbook.shell import parse_shell

_HEADINGS: Final = 6  # levels of Markdown's own headings
_PAIR: Final = re.compile(r"([^:]{1,80}):\s+(.+)", re.DOTALL)
_URL: Final = re.compile(r"https?://\S+")
_LINK_REMARK: Final = re.compile(r"(?:-\s*)?(.{1,80}?):\s*(https?://\S+)")
_ONLY: Final = re.compile(r"\s*\((SEV[^)]*?)\s+only\)", re.IGNORECASE)
_CONDITION: Final = re.compile(r"\s*\(([^)]*)\)\s*$")
ROLES: Final = re.compile(r"\broles?\b|responsibilit")
CONTACTS: Final = re.compile(r"\bcontacts?\b|on-?call|vendors?\b|escalation (?:path|matrix|contacts)|phone|who to call")
TEMPLATES: Final = re.compile(r"template|communication|announcement|message")
SHELLS: Final = ("bash", "sh", "shell", "zsh", "console", "shell-session", "terminal")
CODE: Final = (*SHELLS, "sql", "psql", "yaml", "yml", "json", "python", "promql", "hcl", "toml", "go", "js", "diff")
_CANONICAL: Final = (
    ("commander", re.compile(r"incident (?:commander|manager|lead)|^commander$|^ic$")),
    ("communications", re.compile(r"communicat|comms|liaison")),
    ("technical lead", re.compile(r"tech(?:nical)? lead|operations lead|ops lead")),
    ("scribe", re.compile(r"scribe|note-?taker")),
    ("security", re.compile(r"^security(?: engineer| lead)?$")),
)
# What a template is for, by its title: its id, and where its text goes. The first that fits.
_PURPOSES: Final = (
    ("post-mortem", "post-mortem", re.compile(r"post-?mortem|retrospective|incident report")),
    ("status-page-resolved", "status page", re.compile(r"(?:status page|external|public).*resol|resol.*status page")),
    ("status-page-monitoring", "status page", re.compile(r"status page.*monitor")),
    ("status-page-identified", "status page", re.compile(r"status page.*identif")),
    ("status-page-investigating", "status page", re.compile(r"status page|external|public")),
    ("declaration", "slack", re.compile(r"declar|initial (?:message|announcement|notification)")),
    ("resolution", "slack", re.compile(r"resol|all.clear")),
    ("status-update", "slack", re.compile(r"update")),
)  # fmt: skip


def pairs(node: Node) -> Iterator[tuple[Place, str, str]]:
    """`- **Key**: value` bullets: place, key, value; bullets below a key without a value are joined."""
    for listing in node.lists(ordered=False):
        for item in listing.items:
            words = item.head.text if item.head else ""
            match = _PAIR.fullmatch(words)
            below = "; ".join(
                inner.head.text
                for block in item.blocks[1:]
                if isinstance(block, Listing)
                for inner in block.items
                if inner.head
            )
            if match:
                yield item.place, match[1].strip(), match[2].strip()
            elif below:
                yield item.place, words.rstrip(": "), below
            elif words:
                yield item.place, words, ""


def canonical_role(text: str) -> tuple[str, str]:
    """The role that is meant, in lower case, and the words in brackets behind it."""
    condition = _CONDITION.search(text)
    plain = _CONDITION.sub("", text).strip().lower()
    known = next((name for name, pattern in _CANONICAL if pattern.search(plain)), plain)
    return known, condition[1] if condition else ""


def read_roles(root: Node) -> dict[str, str]:
    """Role and what it does, from bullets below a heading about roles."""
    roles: dict[str, str] = {}
    for node in root.walk():
        if ROLES.search(node.words) and not node.used:
            for _, key, value in pairs(node):
                if value:
                    roles.setdefault(canonical_role(key)[0], value)
                    node.used = True
    return roles


def read_contacts(root: Node, remarks: Remarks) -> tuple[Contact, ...]:
    """`- **CTO:** +1 555 0100 (SEV 1 only)`, below headings about contacts."""
    contacts = []
    for node in root.walk():
        if node.used or not any(CONTACTS.search(each.words) for each in node.path):
            continue
        for place, key, value in pairs(node):
            node.used = True
            if not value:
                remarks.add(place, f"'{key}' among the contacts says not how to reach anybody")
            elif not _URL.fullmatch(value):
                contacts.append(_contact(key, value))
    return tuple(contacts)


def _contact(name: str, how: str) -> Contact:
    only = _ONLY.search(how)
    chosen: tuple[SeverityName, ...] = ()
    if only:
        chosen = tuple(SEVERITIES[int(number) - 1] for number in re.findall(r"[1-4]", only[1]))
    return Contact(name, _ONLY.sub("", how).strip(), chosen or SEVERITIES)


def read_links(root: Node) -> tuple[Link, ...]:
    """Every address that has a name: `- **Grafana:** https://...`, `[Grafana](https://...)`, `# Memory: https://...`."""
    links: dict[str, Link] = {}
    for node in root.walk():
        group = next((each.shown for each in reversed(node.path) if each.level <= _HEADINGS), "")
        for name, url in _links(node):
            bare = url.rstrip(".,;")
            links.setdefault(bare, Link(name, bare, group))
    return tuple(links.values())


def _links(node: Node) -> Iterator[tuple[str, str]]:
    for _, key, value in pairs(node):
        if _URL.fullmatch(value):
            node.used = True
            yield key, value
    for listing in (*node.lists(ordered=False), *node.lists(ordered=True)):
        for item in listing.items:
            yield from _named(item)
    for block in node.blocks:
        if isinstance(block, Fence) and block.language in SHELLS:
            remarks = [each.text for each in parse_shell(block.text).remarks]
            for before, text in zip(["", *remarks], remarks, strict=False):
                if match := _LINK_REMARK.fullmatch(text):
                    by_itself = re.fullmatch(r"navigate to|see|open|dashboard|link|url", match[1].lower())
                    yield (re.sub(r"^\d+[.)]\s*", "", before) or match[1]) if by_itself else match[1], match[2]


def _named(item: Item) -> Iterator[tuple[str, str]]:
    for name, url in item.head.links if item.head else ():
        if url.startswith(("http://", "https://")) and name != url:
            yield name, url


def read_templates(root: Node, remarks: Remarks) -> dict[str, Template]:
    """Fenced texts below headings about templates or communication, by id."""
    templates: dict[str, Template] = {}
    for node in root.walk():
        about = " / ".join(each.words for each in node.path[1:])
        fences = [block for block in node.fences() if block.language.lower() not in CODE]
        if not fences or not TEMPLATES.search(about):
            continue
        node.used = True
        for fence in fences:
            template = _template(node, fence)
            if template.id in templates:
                remarks.add(fence.place, f"a second template '{template.id}'; it is kept under a name of its own")
                template = Template(f"{template.id}-{fence.place.line}", template.title, template.target, template.text)
            templates[template.id] = template
    return templates


def _template(node: Node, fence: Fence) -> Template:
    outside = any(re.search(r"external|public|status page", each.words) for each in node.path)
    about = f"external {node.words}" if outside else node.words
    for name, target, pattern in _PURPOSES:
        if pattern.search(about):
            text = _filled(fence.text)
            text = text.replace("{summary}", "{title}") if name == "declaration" else text
            return Template(name, node.shown, target, text)
    return Template(slug(node.words) or "template", node.shown, "slack" if "slack" in about else "", fence.text)


_HOLES: Final = (
    (re.compile(r"#incident-<[^>]*>"), "{channel}"),
    (re.compile(r"SEV\s*\[[1-4/ ]+\]"), "{severity}"),
    (re.compile(r"\[Investigating/[^\]]*\]", re.IGNORECASE), "{status}"),
    (re.compile(r"@username\b"), "{commander}"),
    (re.compile(r"((?:Started|Start time|Since)\W+)<[^>]*>"), r"\1{started}"),
    (re.compile(r"<(?:timestamp|time|date|now)>"), "{now}"),
    (re.compile(r"((?:ETA to resolution|ETA)\W+)\[[^\]]*\]", re.IGNORECASE), r"\1{eta}"),
    (re.compile(r"(\bSummary:[*_ ]+)(?:Brief [^\n]*|\[Brief [^\]]*\])"), r"\1{summary}"),
    (re.compile(r"(\bImpact:[*_ ]+)(?:What[^\n]*|\[[^\]]*\])"), r"\1{impact}"),
    (re.compile(r"\[issue description\]", re.IGNORECASE), "{impact}"),
    (re.compile(r"(\bDate:[*_ ]+)\[[^\]]*\]"), r"\1{date}"),
    (re.compile(r"(\bDuration:[*_ ]+)\[[^\]]*\]"), r"\1{duration}"),
    (re.compile(r"(\bRoot Cause:[*_ ]+)\[[^\]]*\]", re.IGNORECASE), r"\1{root_cause}"),
    (re.compile(r"(\bActions Taken:\W*\n)(?:- [^\n]*\n?)+", re.IGNORECASE), "\\1{done}\n"),
    (re.compile(r"(\bNext Steps:\W*\n)(?:- [^\n]*\n?)+", re.IGNORECASE), "\\1{next_steps}\n"),
    (re.compile(r"(# Post-?mortem: )\[[^\]]*\]", re.IGNORECASE), r"\1{title}"),
    (re.compile(r"(## Timeline\n)\[[^\]]*\]", re.IGNORECASE), r"\1{timeline}"),
    (re.compile(r"(## Root cause analysis\n)\[[^\]]*\]", re.IGNORECASE), r"\1{analysis}"),
    (re.compile(r"(## What went well\n)\[[^\]]*\]", re.IGNORECASE), r"\1{went_well}"),
    (re.compile(r"(## What did(?:n't| not) go well\n)\[[^\]]*\]", re.IGNORECASE), r"\1{went_badly}"),
    (re.compile(r"(## Action items\n)\[[^\]]*\]", re.IGNORECASE), r"\1{action_items}"),
    (re.compile(r"(## Lessons learned\n)\[[^\]]*\]", re.IGNORECASE), r"\1{lessons}"),
)


def _filled(text: str) -> str:
    """The holes that teams leave (`<timestamp>`, `@username`, `[If known]`) as the words in braces that we fill in."""
    for pattern, word in _HOLES:
        text = pattern.sub(word, text)
    return text
