"""Drafts on disk: a file for each console in the folder of its incident, replaced whole.

A console holds a lock on its file while it lives, however it ends; a file that nobody holds was left over. A file may
be damaged, or made by somebody: nothing in it is believed, and one that cannot be used is put aside.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta

from wfconsole.clock import Millis
from wfconsole.decoding import decoder_of
from wfconsole.journal.lock import hold
from wfconsole.redaction import redact_text
from wfconsole.session.drafts import Draft
from wfconsole.text import safe

LARGEST_FILE: Final = 1 << 20  # bytes
LONGEST_TEXT: Final = 12_000  # characters: a whole message
_MOST_LINES: Final = 300
_LONGEST_NAME: Final = 60
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
_LEFT: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW  # a pipe in its place must not hold us up


class _File(msgspec.Struct):
    incident: str
    drafts: Annotated[list[Draft], Meta(max_length=200)]


class _LeftOver(NamedTuple):
    """A file that nobody holds any more: this descriptor does."""

    path: Path
    descriptor: int
    drafts: tuple[Draft, ...]


class _UnusableError(Exception):
    """Why a file cannot be used."""


class DraftFolder:
    """The drafts of one incident, as one console keeps them."""

    def __init__(self, incident_folder: Path) -> None:
        self._incident = incident_folder.name
        self._folder = incident_folder / "drafts"
        self._path = self._folder / f"{os.getpid()}-{os.urandom(4).hex()}.json"
        self._held: int | None = None
        self._taken: list[_LeftOver] = []

    def write(self, drafts: Sequence[Draft]) -> None:
        """Put these in the place of what was there, without secrets. What was taken over is gone only then.

        Raises OSError, and then the drafts of before are still there.
        """
        if drafts:
            self._put(msgspec.json.encode(_File(self._incident, [_redacted(draft) for draft in drafts])))
        elif self._held is not None:
            self._path.unlink(missing_ok=True)
            self._hold(None)
        while self._taken:
            left = self._taken[-1]
            left.path.unlink(missing_ok=True)
            _unfinished(left.path).unlink(missing_ok=True)
            os.close(left.descriptor)
            self._taken.pop()

    def take_over(self, operator: str) -> tuple[tuple[Draft, ...], tuple[str, ...]]:
        """What consoles that have ended left, inert; and what cannot be used, in words.

        Of one place the operator's own words count, then the newest. A file of which not all could be taken stays.
        """
        found: list[_LeftOver] = []
        problems: list[str] = []
        try:
            paths = sorted(path for path in self._folder.iterdir() if path.suffix == ".json")
        except FileNotFoundError:
            return (), ()
        except OSError as error:
            return (), (_cannot_use(error, self._folder),)
        for path in paths:
            try:
                left = self._left_over(path)
            except (OSError, _UnusableError) as error:
                problems.append(_put_aside(path, error))
                continue
            if left is not None:
                found.append(left)
        found.sort(key=lambda left: _urgency(left, operator), reverse=True)
        taken: dict[str, Draft] = {}
        for left in found:
            if any(draft.of in taken for draft in left.drafts):
                os.close(left.descriptor)
            else:
                self._taken.append(left)
            taken = {draft.of: draft for draft in left.drafts} | taken
        return tuple(taken.values()), tuple(problems)

    def _put(self, content: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = _unfinished(self._path)
        unfinished.unlink(missing_ok=True)
        descriptor = os.open(unfinished, _NEW, 0o600)
        try:
            hold(descriptor)  # before it has its name: there is no moment at which it seems left over
            with open(descriptor, "wb", closefd=False) as file:
                file.write(content)
            os.fsync(descriptor)
            unfinished.replace(self._path)
        except BaseException:
            os.close(descriptor)
            unfinished.unlink(missing_ok=True)
            raise
        self._hold(descriptor)

    def _hold(self, descriptor: int | None) -> None:
        if self._held is not None:
            os.close(self._held)
        self._held = descriptor

    def _left_over(self, path: Path) -> _LeftOver | None:
        """None where its console lives, or has just replaced it. Raises OSError and _UnusableError."""
        descriptor = os.open(path, _LEFT)
        try:
            lives = not hold(descriptor) or not os.path.samestat(os.fstat(descriptor), path.lstat())
            drafts = () if lives else _read(descriptor, self._incident)
        except BaseException:
            os.close(descriptor)
            raise
        if lives:
            os.close(descriptor)
            return None
        return _LeftOver(path, descriptor, drafts)


def _unfinished(path: Path) -> Path:
    return path.with_suffix(".new")


def _read(descriptor: int, incident: str) -> tuple[Draft, ...]:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise _UnusableError("it is no file")
    if status.st_uid != os.geteuid():
        raise _UnusableError("it belongs to another user")
    if status.st_size > LARGEST_FILE:
        raise _UnusableError(f"it is larger than {LARGEST_FILE >> 20} MiB")
    with open(descriptor, "rb", closefd=False) as file:
        content = file.read(LARGEST_FILE)
    try:
        told = decoder_of(_File).decode(content)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise _UnusableError(str(error)) from None
    if told.incident != incident:
        raise _UnusableError("it is of another incident")
    return tuple(map(_inert, told.drafts))


def _put_aside(path: Path, why: Exception) -> str:
    """What to say about a file that cannot be used; it is found under another name, so that it is said once."""
    aside = path.with_suffix(".unusable")
    try:
        path.rename(aside)
    except OSError:
        aside = path
    return _cannot_use(why, aside)


def _cannot_use(why: Exception, path: Path) -> str:
    reason = getattr(why, "strerror", None) or str(why)
    return safe(f"unsent words of an earlier console cannot be used: {reason}; see {path}", 600)


def _urgency(left: _LeftOver, operator: str) -> tuple[bool, Millis]:
    newest = max((draft.at for draft in left.drafts), default=0)
    return any(draft.by == operator for draft in left.drafts), newest


def _redacted(draft: Draft) -> Draft:
    shown = {name: redact_text(text) for name, text in draft.fields.items()}
    return msgspec.structs.replace(draft, fields=shown)


def _inert(draft: Draft) -> Draft:
    fields = {name: _inert_text(text) for name, text in draft.fields.items()}
    return msgspec.structs.replace(draft, fields=fields, by=safe(draft.by, _LONGEST_NAME), left_over=True)


def _inert_text(text: str) -> str:
    lines = text[:LONGEST_TEXT].split("\n")[:_MOST_LINES]
    return "\n".join(safe(line, LONGEST_TEXT) for line in lines)[:LONGEST_TEXT]
