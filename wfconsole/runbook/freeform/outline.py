"""A text as a tree of headings. A line of bold words above a list or a block is a heading too: teams write so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct, field

from wfconsole.incident.playbook import Place
from wfconsole.runbook.markdown import Block, Fence, Heading, Listing, Paragraph

_LABEL_LEVEL: Final = 7  # below every heading of Markdown
_NUMBER: Final = re.compile(r"^(?:step\s+)?\d{1,2}(?:\.\d{1,2})*[.):]?\s+(?=\S)", re.IGNORECASE)


class Node(Struct):
    """A heading with what stands below it, up to the next one of its level. `used`: something was made of it."""

    place: Place
    level: int
    title: str
    blocks: list[Block] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)
    parent: Node | None = None
    used: bool = False

    @property
    def words(self) -> str:
        """The title in lower case, without its number and without a colon at its end."""
        return _NUMBER.sub("", self.title, count=1).strip().rstrip(":").lower()

    @property
    def shown(self) -> str:
        """The title as people are to read it."""
        return _NUMBER.sub("", self.title, count=1).strip().rstrip(":")

    @property
    def path(self) -> tuple[Node, ...]:
        """The headings above it, outermost first, and itself."""
        return (*self.parent.path, self) if self.parent else (self,)

    def walk(self) -> Iterator[Node]:
        """Itself and all below it, in the order of the text."""
        yield self
        for child in self.children:
            yield from child.walk()

    def lists(self, *, ordered: bool) -> list[Listing]:
        return [block for block in self.blocks if isinstance(block, Listing) and block.ordered == ordered]

    def fences(self) -> list[Fence]:
        return [block for block in self.blocks if isinstance(block, Fence)]

    def use(self) -> None:
        """Something was made of all that stands here."""
        for node in self.walk():
            node.used = True


def outline(file: str, document: tuple[Heading | Block, ...]) -> Node:
    """The whole document below one root without a title."""
    root = Node(Place(file, 0), 0, "")
    open_at = root
    for index, block in enumerate(document):
        following = document[index + 1] if index + 1 < len(document) else None
        label = _label(block, following)
        if isinstance(block, Heading) or label:
            level = block.level if isinstance(block, Heading) else _LABEL_LEVEL
            title = block.text if isinstance(block, Heading) else label
            while open_at.level >= level and open_at.parent is not None:
                open_at = open_at.parent
            child = Node(block.place, level, title, parent=open_at)
            open_at.children.append(child)
            open_at = child
        else:
            open_at.blocks.append(block)
    return root


def _label(block: Heading | Block, following: Heading | Block | None) -> str:
    """The words of a paragraph that is bold as a whole, with a list or a block below it; "" for any other."""
    if not isinstance(block, Paragraph) or not isinstance(following, (Listing, Fence)):
        return ""
    whole = block.text.rstrip(": ")
    return whole if block.strong and block.strong.rstrip(": ") == whole else ""
