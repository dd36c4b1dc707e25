"""How strangers read the exports: the most permissive Markdown, and HTML with all that a browser would act on."""

from __future__ import annotations

import html.parser

from markdown_it import MarkdownIt
from markdown_it.token import Token

# Elements that our papers are made of, and the attributes that each may have.
ELEMENTS: dict[str, set[str]] = {
    **{name: set() for name in ("head", "title", "style", "body", "ul", "ol", "li", "strong", "em", "pre", "hr", "br")},
    **{name: {"id"} for name in ("h1", "h2", "h3", "h4", "h5", "h6")},
    "html": {"lang"},
    "meta": {"charset", "http-equiv", "name", "content"},
    "p": {"class"},
    "code": {"class"},
    "a": {"href", "rel"},
    "ol": {"start"},
    "blockquote": set(),
}


def tokens(markdown: str) -> list[Token]:
    """All tokens of the strictest reading: HTML, tables and strikethrough are all on."""
    flat: list[Token] = []
    for token in MarkdownIt("gfm-like", {"html": True, "linkify": False}).parse(markdown):
        flat.append(token)
        flat += token.children or []
    return flat


def links(markdown: str) -> list[str]:
    return [str(token.attrGet("href")) for token in tokens(markdown) if token.type == "link_open"]


class Page(html.parser.HTMLParser):
    """One HTML file, as a browser takes it apart: elements with their attributes, and the text of the body."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.declarations: list[str] = []
        self.comments: list[str] = []
        self.words: list[str] = []
        self._within: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._within.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._within and self._within.pop() != tag:
            continue

    def handle_decl(self, decl: str) -> None:
        self.declarations.append(decl)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def handle_data(self, data: str) -> None:
        if "style" not in self._within:
            self.words.append(data)

    @property
    def text(self) -> str:
        return "".join(self.words)

    def hrefs(self) -> list[str]:
        return [str(attributes.get("href")) for name, attributes in self.elements if name == "a"]

    def foreign(self) -> list[str]:
        """Elements and attributes that our papers never have; empty for an inert page."""
        found = [name for name, _ in self.elements if name not in ELEMENTS]
        found += [
            f"{name} {attribute}"
            for name, attributes in self.elements
            for attribute in attributes
            if attribute not in ELEMENTS.get(name, set())
        ]
        return found + self.comments + self.declarations[1:]
