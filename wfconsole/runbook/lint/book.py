"""A runbook as the rules see it: its lines, headings, blocks of code, commands, SQL statements, manifests, messages."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Final

from msgspec import Struct

from wfconsole.incident.playbook import Place, Runbook
from wfconsole.runbook.markdown import Fence, Heading
from wfconsole.runbook.problems import Problem
from wfconsole.runbook.programs import Kubectl, Program, changes_production, kubectl, programs, sql_of
from wfconsole.runbook.shell import HereDocument, Script, parse_shell

SHELLS: Final = ("bash", "sh", "shell", "zsh", "console", "shell-session")
# Headings that name a part of a playbook and not its subject.
_PARTS: Final = re.compile(
    r"(?:\d+[.)]\s*)?(?:symptoms?|investigat\w*|diagnos\w*|resol\w*|remediat\w*|mitigat\w*|response|recovery|actions?|steps?|"
    r"look\w*|evidence|decide|act|verif\w*|procedure|contain\w*|undo)\b(?: (?:steps?|actions?|procedures?))?\W*",
    re.IGNORECASE,
)
_STATEMENT_END: Final = re.compile(r";\s*(?=\S)")
_BEGINS: Final = re.compile(r" {0,2}\d{1,3}[.)]\s|#{1,6}\s")  # a step, or a heading
_LITERAL: Final = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", re.DOTALL)


class Line(Struct, frozen=True):
    """One line outside of fenced blocks, as it stands in the file."""

    place: Place
    text: str


class Bullet(Struct, frozen=True):
    """The first words of an item, wherever it stands. `path`: the headings above it."""

    place: Place
    text: str
    path: tuple[str, ...]
    number: int = 0  # of a numbered item; 0 for a bullet
    strong: str = ""


class CodeBlock:
    """One fenced block with what it means and where it stands. `above`: the heads of the items that it stands in."""

    def __init__(self, fence: Fence, path: tuple[str, ...], above: tuple[str, ...], rows: list[str]) -> None:
        self.fence = fence
        self.path = path
        self.above = above
        self.language = fence.language.lower()
        self._rows = rows  # of the file

    @property
    def text(self) -> str:
        return self.fence.text

    @property
    def place(self) -> Place:
        return self.fence.place

    @cached_property
    def indent(self) -> int:
        """Spaces in front of the fence: more than none within a list."""
        row = self._rows[self.place.line - 1] if 0 < self.place.line <= len(self._rows) else ""
        return len(row) - len(row.lstrip(" "))

    @property
    def is_shell(self) -> bool:
        return self.language in SHELLS

    @cached_property
    def script(self) -> Script:
        return parse_shell(self.text) if self.is_shell else Script(())

    @cached_property
    def subject(self) -> str:
        """The innermost heading that names a subject: `Service Outage` and not `Investigation Steps`."""
        return next((title for title in reversed(self.path) if not _PARTS.fullmatch(title)), "")

    def position(self, offset: int) -> tuple[Place, int]:
        """File, line and column (from 1) of a character of the block."""
        before = self.text.count("\n", 0, offset)
        line = self.place.line + 1 + before
        begin = self.text.rfind("\n", 0, offset) + 1
        end = self.text.find("\n", begin)
        row = self._rows[line - 1] if line <= len(self._rows) else ""
        shift = row.find(self.text[begin : len(self.text) if end < 0 else end])
        return Place(self.place.file, line), shift + offset - begin + 1 if shift >= 0 else 0


class Spot:
    """One program that a command runs, with the block that it stands in."""

    def __init__(self, program: Program, block: CodeBlock, index: int) -> None:
        self.program = program
        self.block = block
        self.index = index  # of its command in the block
        self.order = 0  # among all programs below its heading; the book sets it
        self.kubectl: Kubectl | None = kubectl(program)

    @property
    def name(self) -> str:
        return self.program.name

    @cached_property
    def changes(self) -> bool:
        return changes_production(self.program)

    @property
    def piped_from(self) -> Program | None:
        """The program whose output this one gets."""
        calls = self.block.script.calls
        if not self.program.call.piped or self.index == 0 or self.program.call not in calls:
            return None
        return next(iter(programs(calls[self.index - 1])), None)

    @property
    def about(self) -> str:
        """What people say of this command, in lower case: the heading, the step, the remark above it."""
        return " / ".join((*self.block.path, *self.block.above, self.program.call.remark)).lower()

    @property
    def step(self) -> str:
        """The words nearest to it: the remark, else the step."""
        return (self.program.call.remark or (self.block.above[-1] if self.block.above else "")).lower()

    def is_kubectl(self, *verbs: str) -> Kubectl | None:
        """The kubectl command, when its verb (or `verb sub`) is one of these."""
        found = self.kubectl
        return found if found and (found.verb in verbs or f"{found.verb} {found.sub}" in verbs) else None


class Statement:
    """One SQL statement. `start`: where it begins in its block; `by`: the program that sends it, if one is named."""

    def __init__(self, text: str, start: int, block: CodeBlock, by: Spot | None) -> None:
        self.text = text
        self.start = start
        self.block = block
        self.by = by

    @cached_property
    def bare(self) -> str:
        """In lower case, what stands in quotes and comments blanked out, as long as before."""
        return _LITERAL.sub(lambda match: " " * len(match[0]), self.text).lower()

    def has(self, pattern: str) -> re.Match[str] | None:
        """A pattern within the statement, quoted texts included."""
        return re.search(pattern, self.text, re.IGNORECASE)

    def says(self, pattern: str) -> re.Match[str] | None:
        """A pattern within the statement, quoted texts left out."""
        return re.search(pattern, self.bare)

    def found(self, pattern: str) -> tuple[int, int]:
        match = self.has(pattern) if pattern else None
        if match:
            return match.span()
        begin = len(self.text) - len(self.text.lstrip())
        return begin, begin

    @property
    def about(self) -> str:
        remark = self.by.step if self.by else ""
        return " / ".join((*self.block.path, *self.block.above, remark)).lower()


class Manifest(Struct, frozen=True):
    """A Kubernetes object in YAML: in a block of its own, or in a here-document. `start`: where it begins."""

    text: str
    start: int
    block: CodeBlock

    def at(self, pattern: str) -> tuple[Place, int] | None:
        """File, line and column of the first match (by lines); None where there is none."""
        match = re.search(pattern, self.text, re.MULTILINE)
        return self.block.position(self.start + match.start()) if match else None

    def value(self, key: str) -> str:
        match = re.search(rf"^\s*(?:- )?{key}:\s*(.+?)\s*$", self.text, re.MULTILINE)
        return match[1].strip("'\"") if match else ""


class Message(Struct, frozen=True):
    """A text that is sent to people. `target`: slack, status page, post-mortem, or "" where it does not say."""

    title: str
    target: str
    block: CodeBlock

    def at(self, pattern: str) -> tuple[Place, int, int] | None:
        """File, line, column and length of the first match."""
        match = re.search(pattern, self.block.text, re.IGNORECASE | re.MULTILINE)
        return (*self.block.position(match.start()), len(match[0])) if match else None


class Document:
    """One file."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self.rows = text.split("\n")
        self.headings: list[Heading] = []
        self.blocks: list[CodeBlock] = []
        self.bullets: list[Bullet] = []
        self.prose: list[Line] = []
        self.end = Place(name, len(self.rows))

    @cached_property
    def outside(self) -> list[str]:
        """Its rows, those within fenced blocks blank."""
        rows = [""] * len(self.rows)
        for line in self.prose:
            rows[line.place.line - 1] = line.text
        return rows

    def place(self, line: int = 0) -> Place:
        return Place(self.name, line)


class Book:
    """The whole runbook. `runbook` is None where it could not be loaded; `problems` says why."""

    def __init__(
        self,
        documents: list[Document],
        runbook: Runbook | None,
        problems: tuple[Problem, ...],
        today: datetime.date,
        *,
        ours: bool,
    ) -> None:
        self.documents = documents
        self.runbook = runbook
        self.problems = problems
        self.today = today
        self.ours = ours  # written in our own format

    @cached_property
    def blocks(self) -> list[CodeBlock]:
        return [block for document in self.documents for block in document.blocks]

    @cached_property
    def bullets(self) -> list[Bullet]:
        return [bullet for document in self.documents for bullet in document.bullets]

    @cached_property
    def prose(self) -> list[Line]:
        return [line for document in self.documents for line in document.prose]

    @cached_property
    def headings(self) -> list[Heading]:
        return [heading for document in self.documents for heading in document.headings]

    @cached_property
    def spots(self) -> list[Spot]:
        return [spot for block in self.blocks for spot in _spots(block)]

    @cached_property
    def statements(self) -> list[Statement]:
        return [statement for block in self.blocks for statement in self._statements(block)]

    def _statements(self, block: CodeBlock) -> Iterator[Statement]:
        if block.language in ("sql", "psql", "postgresql", "plpgsql"):
            yield from _cut(block.text, 0, block, None)
        for spot in self.in_block(block):
            if word := sql_of(spot.program):
                yield from _cut(word.text, word.start + len(word.quote), block, spot)
            elif spot.name in ("psql", "mysql") and (here := spot.program.call.here):
                yield from _cut(here.text, here.start, block, spot)

    @cached_property
    def manifests(self) -> list[Manifest]:
        found = [
            Manifest(here.text, here.start, block)
            for block in self.blocks
            for here in _here_documents(block)
            if _is_manifest(here.text)
        ]
        return found + [
            Manifest(block.text, 0, block)
            for block in self.blocks
            if block.language in ("yaml", "yml") and _is_manifest(block.text)
        ]

    @cached_property
    def messages(self) -> list[Message]:
        from wfconsole.runbook.lint.messages import messages_of

        return messages_of(self)

    @cached_property
    def words(self) -> str:
        """All text of all files in lower case."""
        return "\n".join(document.text for document in self.documents).lower()

    @property
    def whole(self) -> Place:
        return self.documents[0].place()

    def near(self, block: CodeBlock) -> str:
        """What is said around a block, in lower case: the words of its step, or of the part below its heading.

        A step that tells of a trap itself needs no finding about it.
        """
        rows, last = self._documents[block.place.file].outside, block.place.line - 1
        begin = next((at for at in range(last, 0, -1) if _BEGINS.match(rows[at - 1])), 0)
        end = next((at for at in range(block.place.line + 1, len(rows)) if _BEGINS.match(rows[at])), len(rows))
        return " ".join(" ".join(rows[max(0, begin - 1) : end]).split()).lower()

    @cached_property
    def _documents(self) -> dict[str, Document]:
        return {document.name: document for document in self.documents}

    def in_block(self, block: CodeBlock) -> list[Spot]:
        """The programs of one block."""
        return self._by_block.get(id(block), [])

    def in_subject(self, block: CodeBlock) -> list[Spot]:
        """The programs of all blocks below the same heading, in their order."""
        return self._by_subject.get((block.place.file, block.subject), [])

    def before(self, spot: Spot) -> list[Spot]:
        """The programs that the same part of the runbook runs before this one."""
        here = self.in_subject(spot.block)
        return here[: spot.order]

    def after(self, spot: Spot) -> list[Spot]:
        """Those that it runs after this one."""
        here = self.in_subject(spot.block)
        return here[spot.order + 1 :]

    @cached_property
    def _by_block(self) -> dict[int, list[Spot]]:
        found: dict[int, list[Spot]] = {}
        for spot in self.spots:
            found.setdefault(id(spot.block), []).append(spot)
        return found

    @cached_property
    def _by_subject(self) -> dict[tuple[str, str], list[Spot]]:
        found: dict[tuple[str, str], list[Spot]] = {}
        for spot in self.spots:
            here = found.setdefault((spot.block.place.file, spot.block.subject), [])
            spot.order = len(here)
            here.append(spot)
        return found


def _spots(block: CodeBlock) -> Iterator[Spot]:
    for index, call in enumerate(block.script.calls):
        for program in programs(call):
            yield Spot(program, block, index)


def _here_documents(block: CodeBlock) -> list[HereDocument]:
    return [call.here for call in block.script.calls if call.here]


def _is_manifest(text: str) -> bool:
    return bool(re.search(r"^\s*kind:\s*\w", text, re.MULTILINE) and re.search(r"^\s*apiVersion:", text, re.MULTILINE))


def _cut(text: str, start: int, block: CodeBlock, by: Spot | None) -> Iterator[Statement]:
    at = 0
    bare = _LITERAL.sub(lambda match: " " * len(match[0]), text)
    for match in _STATEMENT_END.finditer(bare):
        yield Statement(text[at : match.start() + 1], start + at, block, by)
        at = match.end()
    if text[at:].strip():
        yield Statement(text[at:], start + at, block, by)
