"""A command of the runbook made ready to run: its blanks filled in, its traps told. Pure text; nothing here runs it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Final

from wfconsole.clock import MINUTE, SECOND, Millis
from wfconsole.incident.events import Target
from wfconsole.incident.playbook import Command, Step
from wfconsole.text import ELLIPSIS

DEADLINE: Final[Millis] = MINUTE
DEADLINE_AT_LEAST: Final[Millis] = SECOND
DEADLINE_AT_MOST: Final[Millis] = 60 * MINUTE
LONGEST_VALUE: Final = 400
CONFIRMING_WORD: Final = "run"

_SHELLS: Final = frozenset(("", "bash", "sh", "shell"))
_BLANK: Final = re.compile(r"<[A-Za-z](?:[^<>\n]{0,60}[^<>\s])?>")  # as the loader of runbooks finds them
_QUOTING: Final = re.compile(r"['\"`\\#]|<<|\$")  # where one of these stands, a quoted value may not mean itself
_DEADLINE: Final = re.compile(r"(\d{1,5})\s*(s|m|min)?")
_KUBECTL: Final = re.compile(r"(?:^|[|;&(\s])kubectl\s[^|;&\n]*")
_CONTEXT: Final = re.compile(r"\s--context[=\s]\s*('[^']*'|\"[^\"]*\"|[^\s;|&]+)")
_KUBECTL_PINNED: Final = re.compile(r"\s--context(?:=|\s)|\s--kubeconfig(?:=|\s)|\sconfig\s|\sversion\b")


def not_runnable(command: Command) -> str:
    """Why a block is not for a shell, "" when it is."""
    language = command.language.lower()
    if f"{ELLIPSIS}(+" in command.text:
        return "this block is longer than what is read of one: it is not run cut short"
    return "" if language in _SHELLS else f"a block of {language} is not run from here, only shown"


def pinned(target: Target) -> dict[str, str]:
    """What the pinned target fills in, so that nobody has to: a blank's text and its value."""
    known = {"<context>": target.context, "<namespace>": target.namespace}
    return {blank: value for blank, value in known.items() if value}


def blanks(command: Command, target: Target) -> tuple[str, ...]:
    """The blanks that a person has to fill in, in their order."""
    filled_in = pinned(target)
    return tuple(blank for blank in dict.fromkeys(_BLANK.findall(command.text)) if blank not in filled_in)


def value_refused(command: Command, blank: str, value: str) -> str:
    """Why a value may not be put in for a blank, "" when it may.

    What needs quotes is taken only where the block has none of its own: between its quotes it would not mean itself.
    """
    from wfconsole.redaction import is_secret_key  # here, because most of what is shown has no blanks

    if not value:
        return f"what is {blank}?"
    if is_secret_key(blank.strip("<>")):
        return f"{blank}: everybody on this machine can read a command line; keep a secret in a file, and name that"
    if not value.isprintable():
        return f"{blank}: characters that cannot be seen"
    if value.startswith("-"):
        return f"{blank}: what begins with - would be taken for an option"
    if _BLANK.search(value):
        return f"{blank}: that is a blank itself"
    if shlex.quote(value) != value and _QUOTING.search(command.text.replace("\\\n", " ")):
        return f"{blank}: only letters, digits and @%+=:,./-_ where the block has quotes or signs of the shell itself"
    return ""


def filled(command: Command, values: Mapping[str, str]) -> str:
    """The text as it will run: every value quoted for the shell. Blanks without a value stay."""
    return _BLANK.sub(lambda found: shlex.quote(values[found[0]]) if found[0] in values else found[0], command.text)


def still_blank(text: str) -> tuple[str, ...]:
    """The blanks that are left in a text: with one, nothing runs."""
    return tuple(dict.fromkeys(_BLANK.findall(text)))


def deadline_of(said: str) -> Millis | None:
    """`60`, `90 s`, `5 m`; None for what is no time, or not between a second and an hour."""
    found = _DEADLINE.fullmatch(said.strip().lower())
    if found is None:
        return None
    deadline = int(found[1]) * (MINUTE if found[2] and found[2][0] == "m" else SECOND)
    return deadline if DEADLINE_AT_LEAST <= deadline <= DEADLINE_AT_MOST else None


def confirming_word(step: Step, target: Target) -> str:
    """What has to be typed: an action that people feel, or that cannot be undone, wants the name of its cluster."""
    return target.context if step.danger in ("R2", "R3") and target.context else CONFIRMING_WORD


def wants_reason(step: Step) -> bool:
    return step.danger == "R3"


def doubts(text: str, target: Target) -> tuple[str, ...]:
    """What a person should know of a text before it runs."""
    told: list[str] = []
    others = sorted({name for name in _CONTEXT.findall(text) if target.context and name.strip("'\"") != target.context})
    if others:
        told.append(f"it goes to {', '.join(others)}, and not to the pinned {target.context}")
    if any(not _KUBECTL_PINNED.search(call) for call in _KUBECTL.findall(text)):
        told.append("a kubectl here names no --context: kubeconfig's current one decides, not the pinned one")
    if re.search(r"(?:^|\s)(?:-it|-ti|--tty)(?:\s|$)|(?:^|[|;&]\s*)(?:vi|vim|less|top|watch)\s", text):
        told.append("it wants a terminal: there is none here")
    if re.search(r"\s(?:-f|--follow|-w|--watch)(?:\s|$)", text) and "kubectl apply" not in text:
        told.append("it may go on for ever: the deadline ends it")
    return tuple(told)
