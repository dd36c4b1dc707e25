"""Outside text in Markdown: always shown as it is, never as markup, link, mention or HTML.

CommonMark 0.31, sections 2.4 (backslash escapes) and 6.1 (code spans); GitHub turns bare addresses and @names into
links as well, which no escape prevents, so words that contain one become code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from wfconsole.text import safe, safe_block

_SPECIAL: Final = re.compile(r"[\\`*\[\]<&~|#$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
# What would begin a list, a quote, a rule or a heading at the start of a line.
_OPENING: Final = re.compile(r"^(\d{1,9})(?=[.)](?: |$))|^(?=[-+=>])")
_ADDRESS: Final = re.compile(r"@|://|(?<![A-Za-z0-9])www\.|\bmailto:|\bxmpp:", re.IGNORECASE)

# What would open raw HTML, or a link or a picture that leads anywhere but to an https page or a place in the paper.
_TAG: Final = re.compile(r"(?<!\\)<(?=[A-Za-z/!?])")
_IMAGE: Final = re.compile(r"(?<!\\)!\[")
_LINK: Final = re.compile(r"(?<!\\)\](?=\((?!https?://[\w./~%?=&#-]+\))|:)")


def words(text: str) -> str:
    """Outside text as inert Markdown, on one line."""
    shown = safe(text).strip()
    if _ADDRESS.search(shown):
        inert = " ".join(code(word) if _ADDRESS.search(word) else _escaped(word) for word in shown.split(" "))
    else:
        inert = _escaped(shown)
    return _OPENING.sub(r"\1\\", inert)


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", text)


def code(text: str) -> str:
    """Outside text as a code span; the fence is longer than any run of backticks in it."""
    shown = safe(text)
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    space = " " if shown.startswith("`") or shown.endswith("`") or not shown.strip() else ""
    return f"{fence}{space}{shown}{space}{fence}"


def fence(lines: Iterable[str], *, indent: int = 0) -> str:
    """Outside lines as a code block that none of them can end; `indent` puts it into a list."""
    shown = [safe(line) for line in lines]
    longest = max((len(run) for line in shown for run in re.findall("`+", line)), default=0)
    mark = "`" * max(3, longest + 1)
    margin = " " * indent
    return "\n".join(f"{margin}{line}" for line in (f"{mark}text", *shown, mark))


def template(text: str) -> str:
    """A team's template: its Markdown stays, raw HTML, pictures and links elsewhere than to web pages show as text."""
    shown = "\n".join(safe_block(text))
    return _LINK.sub(r"\]", _IMAGE.sub(r"!\[", _TAG.sub(r"\<", shown)))


def gap(what: str) -> str:
    """A mark for what only people know and nobody has written down. `what` is our own text."""
    return f"_Gap: {what}_"


def bullets(lines: list[str]) -> str:
    """Inline Markdown as a list."""
    return "\n".join(f"- {line}" for line in lines)
