"""What the console tells the process that runs a command, and what that tells back: one line of JSON each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from wfconsole.clock import SECOND, Millis

LINES_KEPT: Final = 400  # of the output: the last ones
BYTES_KEPT: Final = 64 << 10
LINE_AT_MOST: Final = 1_000  # characters of one line
GRACE_MS: Final[Millis] = 2 * SECOND  # from the polite signal to the one that nothing survives
HURRIED_MS: Final[Millis] = 150  # the same, when the console itself is ending

# What the console may say after the plan. The end of its input says the same as HURRY.
STOP: Final = b"stop"
HURRY: Final = b"hurry"


class Plan(msgspec.Struct, frozen=True):
    """What to run. `text` is for a shell, as it was shown; `command` instead are arguments, which no shell reads.
    `deadline_ms` is for all of it."""

    text: str
    deadline_ms: Millis
    grace_ms: Millis = GRACE_MS
    command: tuple[str, ...] = ()


class Began(msgspec.Struct, frozen=True, tag="began"):
    """It runs. `group` is the process group of everything that it starts."""

    group: int


class Said(msgspec.Struct, frozen=True, tag="said"):
    """New lines of output, safe and without secrets; `left_out` counts those before them that went by too fast."""

    lines: tuple[str, ...]
    left_out: int = 0


class Ended(msgspec.Struct, frozen=True, tag="ended", omit_defaults=True):
    """It is over, and nothing that it started is left. `code` as a shell would have it: 128 and the signal."""

    outcome: Literal["exit", "timed out", "cancelled", "not started"]
    code: int = 0
    took_ms: Millis = 0
    reason: str = ""


Report = Began | Said | Ended


def clean(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a command: that of the login, without what is ours and without what holds a password.

    Tools find their own credentials in files, agents and roles; a shell's start-up file is not read either.
    """
    from wfconsole.redaction import is_secret_key  # here, because the console's first frame runs nothing

    return {
        name: value
        for name, value in environment.items()
        if not name.startswith("WFCONSOLE_") and not is_secret_key(name) and name not in _NOT_FOR_COMMANDS
    }


# A start-up file, a terminal that is not there, and how we ourselves are found.
_NOT_FOR_COMMANDS: Final = frozenset(
    ("BASH_ENV", "ENV", "PROMPT_COMMAND", "TERM", "TMUX", "TMUX_PANE", "COLUMNS", "LINES", "PYTHONPATH", "SSH_TTY")
)
