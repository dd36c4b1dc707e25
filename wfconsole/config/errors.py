"""What is wrong with the configuration: all of it at once, with place, expectation and remedy."""

from __future__ import annotations

import msgspec

from wfconsole import exit_codes
from wfconsole.errors import UserError
from wfconsole.text import safe


class Problem(msgspec.Struct, frozen=True):
    """One thing that is not as it should be. `where`: "config.toml:12", a variable, or "command line".

    `value` is what stands there, "" where it is not to be repeated (it may be a secret that does not belong there).
    """

    where: str
    key: str
    what: str
    value: str = ""
    expected: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        told = f"{self.where}: " + (f"{self.key}: " if self.key else "") + self.what
        told += f" ({self.value})" if self.value else ""
        told += f"; expected {self.expected}" if self.expected else ""
        return f"{told}. {self.remedy}" if self.remedy else told


class ConfigError(UserError):
    """The configuration cannot be used."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        told = [safe(str(problem), 600) for problem in problems]
        message = told[0] if len(told) == 1 else "the configuration has problems:\n  " + "\n  ".join(told)
        super().__init__(message, exit_codes.CONFIGURATION)
        self.problems = problems
