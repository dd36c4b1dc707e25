"""A runbook from disk: one Markdown file, or a folder of them. FORMAT.md beside this file says how it is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from wfconsole.incident.playbook import Checklist, Place, Runbook
from wfconsole.incident.policy import SeverityPolicy
from wfconsole.runbook.checklists import read_checklist
from wfconsole.runbook.files import Sheet, digest, read_sheets
from wfconsole.runbook.markdown import Block, Heading, Listing, Paragraph, read_markdown
from wfconsole.runbook.people import read_contacts, read_links, read_roles, read_templates
from wfconsole.runbook.policy import iso_date, read_policy
from wfconsole.runbook.problems import Problems
from wfconsole.runbook.properties import Properties, read_properties, text_of
from wfconsole.runbook.sections import Section, is_ours, parts, read_sections
from wfconsole.text import safe

_HEADER_KEYWORDS = ("version", "reviewed", "next review", "owner", "based on")


class _Document(Struct, frozen=True):
    """One file: its blocks, its sections, and the Markdown files that it links to, in order."""

    sheet: Sheet
    blocks: tuple[Heading | Block, ...]
    sections: tuple[Section, ...] = ()
    links: tuple[tuple[Place, str], ...] = ()

    @property
    def name(self) -> str:
        return self.sheet.name


def read_runbook(source: Path, *, bundled: bool) -> Runbook:
    """See `wfconsole.runbook.load_runbook`."""
    problems = Problems()
    documents = [_Document(sheet, read_markdown(sheet.name, sheet.text)) for sheet in read_sheets(source, problems)]
    whole = Place(safe(source.name, 200), 0)
    runbook = None
    if documents and is_ours(heading for each in documents for heading in each.blocks if isinstance(heading, Heading)):
        runbook = _assembled([_sectioned(each, problems) for each in documents], whole, problems)
    elif documents:
        from wfconsole.runbook.freeform.reader import read_freeform  # it reads the bundled one: only on demand

        runbook = read_freeform([(each.sheet, each.blocks) for each in documents], whole, problems)
    problems.raise_if_any("bundled with the console" if bundled else safe(str(source), 400))
    assert runbook is not None  # no document without a problem
    return runbook


def _sectioned(document: _Document, problems: Problems) -> _Document:
    links = tuple((at, url) for at, url in _links(document.blocks) if url.lower().endswith(".md") and "/" not in url)
    return replace(document, sections=tuple(read_sections(document.blocks, problems)), links=links)


def _links(blocks: Iterable[Heading | Block]) -> Iterator[tuple[Place, str]]:
    for block in blocks:
        if isinstance(block, Paragraph):
            yield from ((block.place, url) for _, url in block.links)
        elif isinstance(block, Listing):
            for item in block.items:
                yield from _links(item.blocks)


def _assembled(documents: list[_Document], whole: Place, problems: Problems) -> Runbook:
    sections = [section for document in _in_order(documents, problems) for section in document.sections]
    header = _only("runbook", "Runbook: its title", sections, whole, problems)
    policy = _only("severity policy", "Severity policy", sections, whole, problems)
    about = _about(header, problems) if header else {}
    runbook = Runbook(
        title=header.title if header else "",
        version=text_of(about, "version", problems),
        reviewed=_date(about, "reviewed", problems),
        policy=read_policy(policy, problems) if policy else SeverityPolicy(()),
        roles=tuple(role for section in _of(sections, "roles") for role in read_roles(section, problems)),
        contacts=tuple(who for section in _of(sections, "contacts") for who in read_contacts(section, problems)),
        links=tuple(link for section in _of(sections, "links") for link in read_links(section, problems)),
        templates=tuple(text for section in _of(sections, "templates") for text in read_templates(section, problems)),
        checklists=_checklists(sections, problems),
        digest=digest(document.sheet for document in documents),
    )
    _check_roles(runbook, policy, problems)
    return runbook


def _in_order(documents: list[_Document], problems: Problems) -> list[_Document]:
    """The file with the header first, then the files in the order in which it links to them, then the rest by name."""
    first = next((each for each in documents if _of(each.sections, "runbook")), documents[0])
    by_name = {document.name: document for document in documents}
    for place, url in first.links:
        if url not in by_name and len(documents) > 1:
            problems.add(place, f"the linked file {url} is not there", "a file of this folder")
    wanted = [first.name, *(url for _, url in first.links if url in by_name), *by_name]
    return [by_name[name] for name in dict.fromkeys(wanted)]


def _of(sections: Iterable[Section], kind: str) -> list[Section]:
    return [section for section in sections if section.kind == kind]


def _only(kind: str, heading: str, sections: list[Section], whole: Place, problems: Problems) -> Section | None:
    found = _of(sections, kind)
    if not found:
        problems.add(whole, f"no heading '{heading}'", "one, with what belongs below it")
    for extra in found[1:]:
        problems.add(
            extra.place,
            f"a second section '{heading}'",
            f"one; the first is {found[0].place.file}:{found[0].place.line}",
        )
    return found[0] if found else None


def _about(header: Section, problems: Problems) -> Properties:
    bullets = parts(header)[0].bullets[:1]
    about = read_properties(
        (item for block in bullets for item in block.items), _HEADER_KEYWORDS, "the runbook", problems
    )
    if "version" not in about:
        problems.add(header.place, "the runbook does not say its version", "a bullet 'Version: ...' below the title")
    _date(about, "next review", problems)
    return about


def _date(about: Properties, name: str, problems: Problems) -> str:
    text = text_of(about, name, problems)
    if text and iso_date(text) is None:
        problems.add(about[name].place, f"'{text}' is no date", "a date such as 2026-01-31")
        return ""
    return text


def _checklists(sections: list[Section], problems: Problems) -> tuple[Checklist, ...]:
    lists: dict[str, Checklist] = {}
    for section in sections:
        if section.kind not in ("checklist", "playbook", "confirm"):
            continue
        found = read_checklist(section, problems)
        if found.id in lists:
            other = lists[found.id].place
            problems.add(
                section.place,
                f"the id '{found.id}' is taken by {other.file}:{other.line}",
                "another title or 'Id: ...'",
            )
        lists[found.id] = found
    return tuple(lists.values())


def _check_roles(runbook: Runbook, policy: Section | None, problems: Problems) -> None:
    """Roles that steps and severities name must be explained somewhere: a misspelt one would belong to nobody."""
    known = {name for name, _ in runbook.roles}
    expected = f"a role of the section Roles: {', '.join(sorted(known)) or 'it is missing'}"
    for rule in runbook.policy.rules:
        for role in rule.roles:
            if role not in known and policy:
                problems.add(policy.place, f"{rule.name} needs the unknown role '{role}'", expected)
    for checklist in runbook.checklists:
        for step in checklist.steps:
            if step.role and step.role not in known:
                problems.add(step.place, f"the step '{step.title}' is for the unknown role '{step.role}'", expected)
