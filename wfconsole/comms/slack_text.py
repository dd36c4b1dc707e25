"""Words as Slack's rich text: literal, whatever they say. Only mapped people become a mention, only labels are bold.

In a `rich_text` block every piece is typed: a piece of type "text" is never read as markup, link, emoji or mention. The
plain `text` beside it, which notifications show, is sent with `mrkdwn` and `parse` off and escaped (`&`, `<`, `>`).
docs.slack.dev: "Formatting message text", "Rich text block".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

# `Summary: ...`, or `**Summary:** ...` in a runbook that is written as Markdown.
_LABEL: Final = re.compile(r"(?:\*\*)?([A-Z][A-Za-z ]{0,40}:)(?:\*\*)?(?=\s|$)")
_BROADCAST: Final = re.compile(r"@(?=(?:here|channel|everyone|group)\b)", re.IGNORECASE)
_JOINER: Final = "\u2060"  # keeps two characters apart and takes no room
LONGEST: Final = 12_000  # of one message; Slack cuts the plain text at 40,000


def rich_text(text: str, handles: Mapping[str, str]) -> dict[str, Any]:
    """One `rich_text` block. `handles` are Slack's member IDs by the name as messages have it, after an `@`."""
    elements: list[dict[str, Any]] = []
    lines = text.split("\n")
    for number, line in enumerate(lines):
        elements += _line(line, handles)
        if number < len(lines) - 1:
            _add(elements, "\n")
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": elements}]}


def plain(text: str) -> str:
    """The same words for the notification: escaped, and no broadcast even where somebody reads it as markup."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _BROADCAST.sub(f"@{_JOINER}", escaped)


def words_of(block: Mapping[str, Any], handles: Mapping[str, str]) -> str:
    """What people read in a block that `rich_text` made; a mention as it was written."""
    names = {user: name for name, user in handles.items()}
    pieces = (piece for section in block["elements"] for piece in section["elements"])
    return "".join(piece["text"] if piece["type"] == "text" else f"@{names[piece['user_id']]}" for piece in pieces)


def _line(line: str, handles: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    label = _LABEL.match(line)
    rest = line
    if label is not None:
        yield {"type": "text", "text": label[1], "style": {"bold": True}}
        rest = line[label.end() :]
    yield from _mentions(rest, handles)


def _mentions(text: str, handles: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    if not handles or "@" not in text:
        if text:
            yield {"type": "text", "text": text}
        return
    names = "|".join(re.escape(name) for name in sorted(handles, key=len, reverse=True))
    end = 0
    for match in re.finditer(rf"(?<![\w@.])@({names})(?![\w-])", text):
        if match.start() > end:
            yield {"type": "text", "text": text[end : match.start()]}
        yield {"type": "user", "user_id": handles[match[1]]}
        end = match.end()
    if end < len(text):
        yield {"type": "text", "text": text[end:]}


def _add(elements: list[dict[str, Any]], text: str) -> None:
    last = elements[-1] if elements else None
    if last is not None and last["type"] == "text" and "style" not in last:
        elements[-1] = {**last, "text": last["text"] + text}
    else:
        elements.append({"type": "text", "text": text})
