"""Shell text as commands with positions: words, pipes, here-documents, comments. Nothing is ever run.

`shlex` knows neither lines nor here-documents nor where a command ends, so the words are found here, by POSIX' rules of
quoting. `<pod>` is a word, not a redirection: in a runbook it is a place that a person fills in.
"""

from __future__ import annotations

import re
from typing import Final, Literal

from msgspec import Struct

_PLACEHOLDER: Final = re.compile(r"<[A-Za-z](?:[^<>\n]{0,60}[^<>\s])?>")
_HERE: Final = re.compile(r"<<(-?)\s*(['\"\\]?)([A-Za-z_][\w-]*)['\"]?")
_REDIRECT: Final = re.compile(r"\d*(?:<<<|>>|>\||>&|<&|&>>|&>|<>|>|<)[ \t]*(&?\d-?|-)?")
_OPERATORS: Final = ("&&", "||", "|&", ";;", "|", ";", "&", "(", ")", "\n")
_KEYWORDS: Final = frozenset(
    ("do", "then", "else", "elif", "if", "while", "until", "!", "{", "}", "fi", "done", "time")
)
_DEEPEST = 4  # substitutions within substitutions; nobody reads more


class Word(Struct, frozen=True):
    """One word, its quotes taken off; `start` and `end`: where it stands in the text, quotes and all."""

    text: str
    start: int
    end: int
    quote: str = ""  # ' or " where the word begins with one


class HereDocument(Struct, frozen=True):
    """What follows `<<EOF`; `closed`: its end was found; `literal`: nothing in it is expanded."""

    text: str
    start: int
    at: int  # where `<<` stands
    delimiter: str
    closed: bool
    literal: bool


class Call(Struct, frozen=True):
    """One simple command. `before`: what ends the command before it (`|`: that one is piped into this one)."""

    words: tuple[Word, ...]
    before: str = ""
    here: HereDocument | None = None
    writes: tuple[Word, ...] = ()  # targets of redirections
    remark: str = ""  # the comment above it

    @property
    def start(self) -> int:
        return self.words[0].start

    @property
    def end(self) -> int:
        return self.words[-1].end

    @property
    def piped(self) -> bool:
        return self.before in ("|", "|&")


class Remark(Struct, frozen=True):
    """A comment: its words behind `#`, and where the `#` stands."""

    text: str
    start: int


class Fault(Struct, frozen=True):
    """Where the text is no shell."""

    what: Literal["quote", "here-document", "substitution"]
    start: int


class Script(Struct, frozen=True):
    calls: tuple[Call, ...]
    remarks: tuple[Remark, ...] = ()
    faults: tuple[Fault, ...] = ()


def parse_shell(text: str, depth: int = 0) -> Script:
    """All commands of a text, those in `$(...)` and backticks behind the one that they are part of."""
    return _Scanner(text, depth).script()


class _Scanner:
    """One pass over the characters. What is wrong is kept as a fault, and reading goes on."""

    def __init__(self, text: str, depth: int) -> None:
        self._text = text
        self._depth = depth
        self._at = 0
        self._calls: list[Call] = []
        self._inner: list[Call] = []
        self._remarks: list[Remark] = []
        self._faults: list[Fault] = []
        self._words: list[Word] = []
        self._writes: list[Word] = []
        self._here: HereDocument | None = None
        self._pending: tuple[int, re.Match[str]] | None = None
        self._before = ""

    def script(self) -> Script:
        while self._at < len(self._text):
            self._step()
        self._end_call("")
        return Script(tuple(self._calls), tuple(self._remarks), tuple(self._faults))

    def _step(self) -> None:
        text, at = self._text, self._at
        if text[at] in " \t\r":
            self._at += 1
        elif text.startswith("\\\n", at):
            self._at += 2
        elif text[at] == "#":
            self._comment()
        elif text[at] == "<" and _PLACEHOLDER.match(text, at):
            self._words.append(self._word())
        elif text[at] == "<":
            self._here_or_redirect()
        elif redirect := self._redirect():
            self._redirected(redirect)
        elif operator := next((each for each in _OPERATORS if text.startswith(each, at)), ""):
            self._operator(operator)
        else:
            self._words.append(self._word())

    def _comment(self) -> None:
        end = self._text.find("\n", self._at)
        end = len(self._text) if end < 0 else end
        self._remarks.append(Remark(self._text[self._at + 1 : end].strip(), self._at))
        self._at = end

    def _redirect(self) -> re.Match[str] | None:
        match = _REDIRECT.match(self._text, self._at)
        return match if match and match[0].lstrip("0123456789")[:1] in "<>&" else None

    def _here_or_redirect(self) -> None:
        here = _HERE.match(self._text, self._at)
        if here and not self._text.startswith("<<<", self._at):
            self._pending = (self._at, here)
            self._at = here.end()
        elif redirect := self._redirect():
            self._redirected(redirect)
        else:  # pragma: no cover  every "<" is one of the two
            self._at += 1

    def _redirected(self, redirect: re.Match[str]) -> None:
        self._at = redirect.end()
        if redirect[1] is None and self._at < len(self._text) and self._text[self._at] not in " \t\n;|&":
            self._writes.append(self._word())

    def _operator(self, operator: str) -> None:
        self._at += len(operator)
        if operator == "\n" and self._pending:
            self._here = self._read_here(*self._pending)
            self._pending = None
        self._end_call(operator)

    def _read_here(self, at: int, match: re.Match[str]) -> HereDocument:
        begin = self._at
        lines: list[str] = []
        while self._at < len(self._text):
            end = self._text.find("\n", self._at)
            line = self._text[self._at : len(self._text) if end < 0 else end]
            self._at = len(self._text) if end < 0 else end + 1
            if (line.lstrip("\t") if match[1] else line) == match[3]:
                return HereDocument("\n".join(lines), begin, at, match[3], True, bool(match[2]))
            lines.append(line)
        self._faults.append(Fault("here-document", at))
        return HereDocument("\n".join(lines), begin, at, match[3], False, bool(match[2]))

    def _end_call(self, operator: str) -> None:
        words = self._words
        while words and words[0].text in _KEYWORDS and not words[0].quote:
            words = words[1:]
        if words:
            self._calls.append(Call(tuple(words), self._before, self._here, tuple(self._writes), self._remark_above()))
            self._calls += self._inner
        if words or operator not in ("\n", "("):
            self._before = operator
        self._words, self._writes, self._inner, self._here = [], [], [], None

    def _remark_above(self) -> str:
        return self._remarks[-1].text if self._remarks else ""

    def _word(self) -> Word:
        start = self._at
        kept: list[str] = []
        while self._at < len(self._text):
            char = self._text[self._at]
            if char in " \t\r\n;|&()" or (char == ">" and kept):
                break
            if char == "<":
                hole = _PLACEHOLDER.match(self._text, self._at)
                if hole is None:
                    break
                kept.append(hole[0])
                self._at = hole.end()
            else:
                kept.append(self._piece(char))
        if self._at == start:  # a character that begins no word: taken as it is, so that the end is reached
            kept.append(self._text[start])
            self._at += 1
        first = self._text[start]
        return Word("".join(kept), start, self._at, first if first in "'\"" else "")

    def _piece(self, char: str) -> str:
        if char == "'":
            return self._quoted_single()
        if char == '"':
            return self._quoted_double()
        if char == "\\":
            escaped = self._text[self._at + 1 : self._at + 2]
            self._at += 2
            return "" if escaped == "\n" else escaped
        if char == "`" or self._text.startswith("$(", self._at):
            return self._substitution()
        if self._text.startswith("${", self._at):
            end = self._text.find("}", self._at)
            end = self._at + 1 if end < 0 else end
            piece = self._text[self._at : end + 1]
            self._at = end + 1
            return piece
        self._at += 1
        return char

    def _quoted_single(self) -> str:
        end = self._text.find("'", self._at + 1)
        if end < 0:
            self._faults.append(Fault("quote", self._at))
            end = len(self._text)
        piece = self._text[self._at + 1 : end]
        self._at = end + 1
        return piece

    def _quoted_double(self) -> str:
        start = self._at
        kept: list[str] = []
        self._at += 1
        while self._at < len(self._text):
            char = self._text[self._at]
            if char == '"':
                self._at += 1
                return "".join(kept)
            if char == "\\" and self._text[self._at + 1 : self._at + 2] in ('"', "\\", "$", "`", "\n"):
                kept.append(self._text[self._at + 1].replace("\n", ""))
                self._at += 2
            elif char == "`" or self._text.startswith("$(", self._at):
                kept.append(self._substitution())
            else:
                kept.append(char)
                self._at += 1
        self._faults.append(Fault("quote", start))
        return "".join(kept)

    def _substitution(self) -> str:
        """`$(...)` or backticks: its text stays in the word, its commands are read as well."""
        start = self._at
        if self._text[start] == "`":
            begin, end = start + 1, self._text.find("`", start + 1)
        else:
            begin, end = start + 2, self._closing(start + 1)
        if end < 0:
            self._faults.append(Fault("substitution", start))
            end = len(self._text)
        self._at = end + 1
        if self._depth < _DEEPEST:
            for call in parse_shell(self._text[begin:end], self._depth + 1).calls:
                self._inner.append(_moved(call, begin))
        return self._text[start : end + 1]

    def _closing(self, opened: int) -> int:
        depth = 0
        for at in range(opened, len(self._text)):
            depth += {"(": 1, ")": -1}.get(self._text[at], 0)
            if depth == 0:
                return at
        return -1


def _moved(call: Call, by: int) -> Call:
    words = tuple(Word(word.text, word.start + by, word.end + by, word.quote) for word in call.words)
    return Call(words, call.before, call.here, call.writes, call.remark)
