"""The messages of a runbook: fenced texts that are sent to people."""

from __future__ import annotations

import re

from wfconsole.runbook.freeform.people import CODE, TEMPLATES
from wfconsole.runbook.lint.book import Book, Message

_TARGETS = (
    ("post-mortem", re.compile(r"post-?mortem|retrospective|incident report")),
    ("status page", re.compile(r"status page|external|public|customer")),
    ("slack", re.compile(r"slack|chat|channel|internal|declaration|update")),
)


def messages_of(book: Book) -> list[Message]:
    """Those below headings about templates; what they are for is taken from `Target:` or from the headings."""
    found = []
    for document in book.documents:
        for block in document.blocks:
            about = " / ".join(block.path).lower()
            if block.language in CODE or not TEMPLATES.search(f"{about} {_label(block.place.line, document.rows)}"):
                continue
            label = _label(block.place.line, document.rows)
            target = next((name for name, pattern in _TARGETS if pattern.search(label)), "")
            target = target or next((name for name, pattern in _TARGETS if pattern.search(about)), "")
            found.append(Message(label or (block.path[-1] if block.path else ""), target, block))
    return found


def _label(line: int, rows: list[str]) -> str:
    """The line with words next above a block (a `Target:` bullet, a label in bold, a heading), in lower case."""
    for row in reversed(rows[max(0, line - 4) : line - 1]):
        if row.strip():
            return row.strip("#*: -").lower()
    return ""
