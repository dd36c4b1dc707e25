"""A block of commands as arguments, without a shell: each line is one command. Pure."""

from __future__ import annotations

import re
import shlex
from typing import Final

from wfconsole.actions.contract import BadRequestError

_OPERATORS: Final = frozenset("|&;<>()`")
_EXPANDED: Final = frozenset("*?[")
_ASSIGNMENT: Final = re.compile(r"[A-Za-z_]\w*=")
_HOME: Final = re.compile(r"(?:^|\s)~")
_BRACES: Final = re.compile(r"\{[^\s{}]*(?:,|\.\.)[^\s{}]*\}")
_KEYWORDS: Final = frozenset(("if", "for", "while", "until", "case", "function", "[[", "{", "!", "cd", "export", "set"))


def commands_in(text: str) -> list[list[str]]:
    """Its lines, each as arguments. Raises BadRequestError where one of them needs a shell, or is no command."""
    found = []
    for line in text.replace("\\\n", " ").splitlines():
        sign, end = _scanned(line)
        if sign:
            raise BadRequestError(f"{sign} is for a shell, and the runbook asks for none (Shell: yes)")
        try:
            words = shlex.split(line[:end])
        except ValueError as error:
            raise BadRequestError(f"a quote that is not closed: {error}") from None
        if words:
            found.append(words)
    if not found:
        raise BadRequestError("there is no command in this block")
    return found


def needs_shell(line: str) -> str:
    """What in a line only a shell understands, "" for nothing."""
    return _scanned(line)[0]


def _scanned(line: str) -> tuple[str, int]:
    """That, and where a remark begins."""
    bare = ""
    quote = ""
    at = 0
    while at < len(line):
        char = line[at]
        if char == "\\" and quote != "'":
            at, bare = at + 2, f"{bare}_"
            continue
        if quote == '"' and char in "$`":
            return f"'{char}' in double quotes", at
        if char == quote:
            quote = ""
        elif not quote and char in "'\"":
            quote = char
        elif not quote and char == "#" and (not bare or bare[-1].isspace()):
            break
        elif not quote:
            bare += char
            if char in _OPERATORS or char == "$":
                return f"'{char}'", at
        at += 1
        if quote:
            bare += "_"
    return _in_words(bare), at


def _in_words(bare: str) -> str:
    """The same of what stands outside quotes, word by word."""
    words = bare.split()
    if not words:
        return ""
    if _ASSIGNMENT.match(words[0]):
        return f"'{words[0].partition('=')[0]}=' before the command"
    if words[0] in _KEYWORDS:
        return f"'{words[0]}'"
    if _HOME.search(bare):
        return "'~'"
    if found := next((char for char in bare if char in _EXPANDED), ""):
        return f"'{found}'"
    return "'{...}'" if _BRACES.search(bare) else ""
