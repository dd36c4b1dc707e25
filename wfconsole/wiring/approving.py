"""`wfconsole approve CODE`: a second person reads what is about to be done, and says yes in their own login."""

from __future__ import annotations

import argparse
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from wfconsole import exit_codes
from wfconsole.errors import UserError
from wfconsole.guard.approvals import PLACE, PREFIX, Approval, Asked, Granted, Hello, Person, Refusal, Said, hear, say
from wfconsole.text import safe

_PATIENCE_S: Final = 10.0
_LONGEST_NAME: Final = 40


def approve(arguments: argparse.Namespace, *, ask: Callable[[str], str] = input, place: Path = PLACE) -> str:
    """What came of it. Raises UserError where nothing was approved."""
    name, _, code = arguments.code.strip().upper().partition("-")
    folder = place / f"{PREFIX}{name}"
    if not name.isalnum() or not code.isalnum() or len(name) > _LONGEST_NAME or not folder.is_dir():
        raise UserError(f"no console waits for {safe(arguments.code, 40)}: is it mistyped, or too old?")
    with socket.socket(socket.AF_UNIX) as wire:
        wire.settimeout(_PATIENCE_S)
        try:
            wire.connect(str(folder / "socket"))
            asked = _first(wire, folder, code)
            print(_told(asked))
            wire.settimeout(None)
            word = ask(f"Type {asked.word} to approve it, anything else to refuse: ").strip()
            say(wire, Approval(word, os.environ.get("SSH_CONNECTION", "")))
            wire.settimeout(_PATIENCE_S)
            answer = hear(wire)
        except (OSError, EOFError, msgspec.MsgspecError) as error:
            raise UserError(f"the console does not answer: {safe(str(error), 100) or 'it is gone'}") from None
    if isinstance(answer, Granted):
        return f"approved as {answer.name}\n"
    raise UserError(answer.why if isinstance(answer, Refusal) else "it was not approved", exit_codes.INCIDENT)


def _first(wire: socket.socket, folder: Path, code: str) -> Asked:
    """What is asked; the code is only told to whoever owns the folder."""
    console = Person.behind(wire)
    if folder.stat().st_uid != console.uid:
        raise UserError("another user listens there than the one whose folder it is: nothing was sent")
    say(wire, Hello(code))
    answer: Said = hear(wire)
    if isinstance(answer, Asked):
        return answer
    raise UserError(answer.why if isinstance(answer, Refusal) else "it was not approved", exit_codes.INCIDENT)


def _told(asked: Asked) -> str:
    rows = [("WHAT", asked.title), ("WHERE", asked.place), ("WHO", asked.by), ("WHY", asked.reason)]
    rows += [("BLAST", line) for line in asked.blast]
    rows += [("UNDO", asked.undo or "nothing brings it back")]
    rows += [("CHECK", line) for line in asked.checks]
    return "\n".join(f"{name:<7} {text}" for name, text in rows if text)
