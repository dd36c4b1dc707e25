"""Which part of a document means what: sections are found by their headings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from wfconsole.incident.playbook import Place
from wfconsole.runbook.markdown import Block, Heading, Listing, Paragraph
from wfconsole.runbook.problems import Problems, near

TITLED = ("runbook", "checklist", "playbook", "confirm")  # "Playbook: Service outage"
PLAIN = ("severity policy", "roles", "contacts", "links", "templates")
_EXPECTED = "'Runbook: ...', 'Severity policy', 'Roles', 'Contacts', 'Links', 'Templates', 'Checklist: ...', \
'Playbook: ...' or 'Confirm: ...'"


class Section(Struct, frozen=True):
    """One part of a runbook: its kind, the title behind the colon (where the kind has one), and what stands in it."""

    place: Place
    kind: str
    title: str
    body: tuple[Heading | Block, ...]


class Part(Struct, frozen=True):
    """What stands below one heading within a section; `heading` is None for what comes before the first."""

    heading: Heading | None
    blocks: tuple[Block, ...]

    @property
    def bullets(self) -> tuple[Listing, ...]:
        return tuple(block for block in self.blocks if isinstance(block, Listing) and not block.ordered)

    @property
    def first_words(self) -> str:
        """The first paragraph of the part; "" when it has none."""
        return next((block.text for block in self.blocks if isinstance(block, Paragraph)), "")


def is_ours(headings: Iterable[Heading]) -> bool:
    """Whether a text is written in our format and is read strictly: `Runbook: ...`, a slip of the finger near it, or
    two of our other sections with a colon or a policy beside one. Anything else is a team's own Markdown."""
    kinds = [(word.strip().lower(), colon) for word, colon, _ in (each.text.partition(":") for each in headings)]
    if any(colon and (kind == "runbook" or near(kind, ("runbook",))) for kind, colon in kinds):
        return True
    titled = sum(1 for kind, colon in kinds if colon and kind in TITLED)
    return titled > 0 and ("severity policy", "") in kinds


def read_sections(document: Iterable[Heading | Block], problems: Problems) -> Iterator[Section]:
    """The sections of a document. A section ends at the next heading of its level; a `Runbook:` one at any heading."""
    opened: tuple[Heading, str, str] | None = None
    body: list[Heading | Block] = []
    for block in document:
        if isinstance(block, Heading):
            inside = opened is not None and block.level > opened[0].level and opened[1] != "runbook"
            if not inside:
                if opened:
                    yield Section(opened[0].place, opened[1], opened[2], tuple(body))
                opened, body = _opening(block, problems), []
                continue
        if opened:
            body.append(block)
    if opened:
        yield Section(opened[0].place, opened[1], opened[2], tuple(body))


def _opening(heading: Heading, problems: Problems) -> tuple[Heading, str, str] | None:
    word, colon, rest = heading.text.partition(":")
    kind, title = word.strip().lower(), rest.strip()
    if kind in PLAIN and not colon:
        return heading, kind, ""
    if kind in TITLED and title:
        return heading, kind, title
    if kind in TITLED and colon:
        problems.add(heading.place, f"'{heading.text}' has no title", f"words behind '{kind.capitalize()}:'")
    elif hint := near(kind, TITLED if colon else PLAIN):
        problems.add(heading.place, f"unknown section '{heading.text}'{hint}", _EXPECTED)
    return None


def parts(section: Section) -> tuple[Part, ...]:
    """The body of a section, cut at each heading in it."""
    cut: list[tuple[Heading | None, list[Block]]] = [(None, [])]
    for block in section.body:
        if isinstance(block, Heading):
            cut.append((block, []))
        else:
            cut[-1][1].append(block)
    return tuple(Part(heading, tuple(blocks)) for heading, blocks in cut)
