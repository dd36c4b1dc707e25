"""The keyboard where standard input is a stream: the controlling terminal, and nobody else may read it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from wfconsole import exit_codes
from wfconsole.errors import UserError
from wfconsole.text import safe

# Options of ssh(1) that are followed by a value.
_SSH_VALUES: Final = frozenset("BbcDEeFIiJLlmOopQRSWw")
_CONTAINERS: Final = frozenset(("kubectl", "oc", "docker", "podman", "nerdctl"))


def stream_from_stdin() -> int:
    """The descriptor of the stream; the keyboard becomes that of the controlling terminal. Raises UserError."""
    if sys.stdin.isatty():
        raise UserError("- is a stream from standard input, and that is the keyboard; pipe one into it")
    stream = os.dup(0)
    try:
        keyboard = os.open("/dev/tty", os.O_RDWR)
    except OSError:
        raise UserError("there is no terminal to read keys from", exit_codes.TERMINAL) from None
    os.dup2(keyboard, 0)
    os.close(keyboard)
    _refuse_rivals()
    return stream


def _refuse_rivals() -> None:
    """What hands its input on to another machine reads the terminal as we do: each key goes to whoever is first."""
    for pid, command in _beside_us():
        if remedy := remedy_for(command):
            name = Path(command[0]).name
            raise UserError(f"{safe(name)} (process {pid}) reads the same keyboard, and keys would get lost; {remedy}")


def _beside_us() -> Iterator[tuple[int, list[str]]]:
    """The other programs of this pipeline whose input is the terminal. None where the system does not tell: proc(5)."""
    group = str(os.getpgrp())
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            of_group = (folder / "stat").read_text().rpartition(")")[2].split()[2] == group
            if not of_group or not os.readlink(folder / "fd" / "0").startswith(("/dev/pts/", "/dev/tty")):
                continue
            command = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:  # it has just ended, or is somebody else's
            continue
        yield int(folder.name), command


def remedy_for(command: Sequence[str]) -> str:
    """How to start this program so that it reads no key; "" where it reads none."""
    name = Path(command[0]).name
    if name == "ssh" and not _reads_nothing(command[1:]):
        return "start it as ssh -n"
    if name in _CONTAINERS and "exec" in command and any(map(_is_interactive, command[1 : _end(command)])):
        return "leave away its -i"
    return ""


def _reads_nothing(words: Sequence[str]) -> bool:
    """Whether ssh's options take its input away. They may come before and after the host, not after the command."""
    rest, plain = iter(words), 0
    for word in rest:
        if not word.startswith("-") or word == "-":
            plain += 1
            if plain == 2:
                return False
            continue
        for at, letter in enumerate(word[1:], 2):
            if letter in "nf":
                return True
            if letter in _SSH_VALUES:
                value = word[at:] or next(rest, "")
                if letter == "o" and value.replace("=", " ").lower().split() == ["stdinnull", "yes"]:
                    return True
                break
    return False


def _end(command: Sequence[str]) -> int:
    """Where the program's own words end."""
    return command.index("--") if "--" in command else len(command)


def _is_interactive(word: str) -> bool:
    if word.startswith("--"):
        return word in ("--stdin", "--interactive", "--stdin=true", "--interactive=true")
    return word.startswith("-") and "i" in word[1:] and word[1:].isalpha() and len(word) <= 3
