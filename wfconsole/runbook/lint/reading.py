"""Files into what the rules see."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from wfconsole.incident.playbook import Place, Runbook
from wfconsole.runbook import load_runbook
from wfconsole.runbook.files import Sheet, read_sheets
from wfconsole.runbook.freeform.annotations import Annotation, read_annotations
from wfconsole.runbook.lint.book import Book, Bullet, CodeBlock, Document, Line
from wfconsole.runbook.markdown import Block, Fence, Heading, Listing, read_markdown
from wfconsole.runbook.problems import Problem, Problems, RunbookError
from wfconsole.runbook.sections import is_ours
from wfconsole.text import safe

_FENCE: Final = re.compile(r"\s*(?:[-*+]\s+|\d+[.)]\s+)*(`{3,}|~{3,})")


def read_book(source: Path, today: datetime.date) -> tuple[Book, tuple[Annotation, ...]]:
    """The runbook with its annotations. Raises RunbookError when a file cannot be read as text."""
    problems = Problems()
    sheets = read_sheets(source, problems)
    problems.raise_if_any(safe(str(source), 400))
    documents = []
    notes: list[Annotation] = []
    for sheet in sheets:
        document, found = _document(sheet)
        documents.append(document)
        notes += found
    ours = is_ours(heading for document in documents for heading in document.headings)
    runbook: Runbook | None = None
    wrong: tuple[Problem, ...] = ()
    try:
        runbook = load_runbook(source)
    except RunbookError as error:
        wrong = error.problems
    return Book(documents, runbook, wrong, today, ours=ours), tuple(notes)


def _document(sheet: Sheet) -> tuple[Document, tuple[Annotation, ...]]:
    text = sheet.text.replace("\r\n", "\n")
    annotated = read_annotations(sheet.name, text, Problems())  # what is wrong with them, loading tells
    document = Document(sheet.name, text)
    headings: list[Heading] = []
    for block in read_markdown(sheet.name, annotated.text):
        if isinstance(block, Heading):
            while headings and headings[-1].level >= block.level:
                headings.pop()
            headings.append(block)
            document.headings.append(block)
        else:
            _add(document, (block,), tuple(each.text for each in headings), ())
    document.prose = list(_prose(sheet.name, annotated.text))
    return document, annotated.annotations


def _add(document: Document, blocks: Iterable[Block], path: tuple[str, ...], above: tuple[str, ...]) -> None:
    for block in blocks:
        if isinstance(block, Fence):
            document.blocks.append(CodeBlock(block, path, above, document.rows))
        elif isinstance(block, Listing):
            for number, item in enumerate(block.items, block.start):
                words = item.head.text if item.head else ""
                strong = item.head.strong if item.head else ""
                document.bullets.append(Bullet(item.place, words, path, number if block.ordered else 0, strong))
                _add(document, item.blocks[1:] if item.head else item.blocks, path, (*above, words))


def _prose(name: str, text: str) -> Iterable[Line]:
    fence = ""
    for number, row in enumerate(text.split("\n"), 1):
        marker = _FENCE.match(row)
        if fence:
            if marker and marker[1].startswith(fence) and not row.strip().strip(fence[0]):
                fence = ""
        elif marker:
            fence = marker[1]
        else:
            yield Line(Place(name, number), row)
