"""A paper as HTML: one file without scripts and without anything that is fetched, whatever its text says.

markdown-it's HTML is off, so that a tag is text; of links only those to web pages and to our own papers stay. The
policy in the head allows this one style sheet and nothing else: should anything hostile get through, no browser runs
it, and nothing is asked of any server.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import html
import itertools
import re
from collections.abc import MutableMapping, Sequence
from pathlib import Path
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from wfconsole.text import safe

_STYLE: Final = Path(__file__).with_name("paper.css")
_OURS: Final = re.compile(r"([A-Za-z0-9_-]+-(?:timeline|post-mortem|evidence))\.md(#[a-z0-9-]+)?")
_WEB: Final = re.compile(r"https?://[^\s<>\"']+")
_PLACE: Final = re.compile(r"Evidence (\d+)")
_LONGEST_TITLE: Final = 300
_BANNER: Final = "RESTRICTED:"


def page(title: str, markdown: str) -> str:
    """The whole file. `title` is outside text, `markdown` one of our papers."""
    style = _style()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return "\n".join(
        (
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="referrer" content="no-referrer">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{html.escape(safe(title, _LONGEST_TITLE))}</title>",
            f"<style>{style}</style>",
            "</head>",
            "<body>",
            _body(markdown),
            "</body>",
            "</html>",
            "",
        )
    )


@functools.cache
def _style() -> str:
    return _STYLE.read_text(encoding="ascii")


def _body(markdown: str) -> str:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).disable("image")
    parser.validateLink = lambda url: bool(_OURS.fullmatch(url) or _WEB.fullmatch(url))  # type: ignore[method-assign]
    environment: MutableMapping[str, Any] = {}
    tokens = parser.parse(markdown, environment)
    _lead(tokens)
    return str(parser.renderer.render(tokens, parser.options, environment)).rstrip()


def _lead(tokens: Sequence[Token]) -> None:
    """Places that our papers link to get their names, links between our papers lead to HTML, the banner is one."""
    for before, token in itertools.pairwise(tokens):
        if token.type != "inline":
            continue
        if before.type == "heading_open" and (found := _PLACE.fullmatch(token.content)):
            before.attrSet("id", f"evidence-{found[1]}")
        elif before.type == "paragraph_open" and token.content.startswith(f"**{_BANNER}"):
            before.attrSet("class", "banner")
        for child in token.children or ():
            if child.type == "link_open":
                ours = _OURS.fullmatch(str(child.attrGet("href")))
                child.attrSet("href", f"{ours[1]}.html{ours[2] or ''}" if ours else str(child.attrGet("href")))
                child.attrSet("rel", "noreferrer noopener")
