"""Markdown as a small tree of frozen values with line numbers. Outside text becomes safe here, all of it."""

from __future__ import annotations

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from msgspec import Struct

from wfconsole.incident.playbook import Place
from wfconsole.text import safe, safe_block

LINE = 2_000  # characters of one paragraph, heading or line of a command
BLOCK_LINES = 500


class Paragraph(Struct, frozen=True):
    """Running text, its emphasis and backticks taken off. `codes`: its code spans; `links`: (text, address);
    `strong`: the bold words that it begins with."""

    place: Place
    text: str
    codes: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    strong: str = ""


class Fence(Struct, frozen=True):
    """A fenced block: a command or a template."""

    place: Place
    language: str
    text: str


class Item(Struct, frozen=True):
    """One item of a list."""

    place: Place
    blocks: tuple[Block, ...]

    @property
    def head(self) -> Paragraph | None:
        """Its first line, when that is text."""
        first = self.blocks[0] if self.blocks else None
        return first if isinstance(first, Paragraph) else None


class Listing(Struct, frozen=True):
    """A list of bullets, or a numbered one that begins at `start`."""

    place: Place
    items: tuple[Item, ...]
    ordered: bool = False
    start: int = 1


class Other(Struct, frozen=True):
    """A block that means nothing to us (a table, a quotation, indented code); it is for people alone."""

    place: Place
    what: str


Block = Paragraph | Fence | Listing | Other


class Heading(Struct, frozen=True):
    place: Place
    level: int
    text: str


_OTHERS = {"code_block": "indented code", "blockquote": "a quotation", "hr": "a rule"}


def read_markdown(file: str, text: str) -> tuple[Heading | Block, ...]:
    """All blocks of a document, in order. CommonMark without raw HTML, so that `<pod>` is text as it looks."""
    root = SyntaxTreeNode(MarkdownIt("commonmark", {"html": False}).parse(text))
    return tuple(_node(file, node) for node in root.children)


def _node(file: str, node: SyntaxTreeNode) -> Heading | Block:
    if node.type == "heading":
        return Heading(_place(file, node), int(node.tag[1:]), _paragraph(file, node).text)
    return _block(file, node)


def _block(file: str, node: SyntaxTreeNode) -> Block:
    place = _place(file, node)
    match node.type:
        case "paragraph":
            return _paragraph(file, node)
        case "fence":
            language = safe(node.info.split()[0] if node.info.split() else "", 40)
            return Fence(place, language, "\n".join(safe_block(node.content, LINE, BLOCK_LINES)))
        case "bullet_list":
            return Listing(place, _items(file, node))
        case "ordered_list":
            return Listing(place, _items(file, node), ordered=True, start=int(node.attrs.get("start", 1)))
        case kind:
            return Other(place, _OTHERS.get(kind, f"a {kind}"))


def _items(file: str, node: SyntaxTreeNode) -> tuple[Item, ...]:
    return tuple(
        Item(_place(file, item), tuple(_block(file, child) for child in item.children)) for item in node.children
    )


def _place(file: str, node: SyntaxTreeNode) -> Place:
    return Place(file, node.map[0] + 1 if node.map else 0)


def _paragraph(file: str, node: SyntaxTreeNode) -> Paragraph:
    spans = [span for inline in node.children for span in inline.walk()]
    codes = tuple(safe(span.content, LINE) for span in spans if span.type == "code_inline")
    links = tuple(
        (safe(_plain(span), LINE), safe(str(span.attrs["href"]), LINE)) for span in spans if span.type == "link"
    )
    text = "".join(_plain(inline) for inline in node.children)
    first = next((span for span in spans[1:] if span.type != "text" or span.content), None)
    strong = safe(" ".join(_plain(first).split()), LINE) if first is not None and first.type == "strong" else ""
    return Paragraph(_place(file, node), safe(" ".join(text.split()), LINE), codes, links, strong)


def _plain(node: SyntaxTreeNode) -> str:
    if node.type in ("softbreak", "hardbreak"):
        return " "
    if node.type in ("text", "code_inline", "image"):
        return node.content
    return "".join(_plain(child) for child in node.children)
