"""The configuration file as somebody should first see it: every setting with its meaning, defaults commented out.

    #key = value     a default, or something that is not in force yet: take the # away
    # words          an explanation

The words are those of `about`, so that file, README and error messages cannot say different things.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, get_args

import msgspec
from msgspec import Meta, Struct

from wfconsole.config.about import PATH
from wfconsole.config.loading import Field, known_settings
from wfconsole.config.offers import Chosen
from wfconsole.config.settings import Settings
from wfconsole.config.toml_text import toml_value

_WIDTH: Final = 116
_COLUMN: Final = 34  # where explanations begin
# Obvious from the default beside it, or said once at the top.
_NOT_REPEATED: Final = ("true or false", PATH)
_SAYS_NOTHING: Final = re.compile(r"(a|the) name( of an? [a-z]+)?")


def commented(chosen: Mapping[str, Chosen], heading: Sequence[str]) -> str:
    """The whole file. `heading` are lines of safe text for its top; all that `chosen` says is in it."""
    lines = [_line(words) for words in heading]
    for table in msgspec.structs.fields(Settings):
        lines += ["", "", f"[{table.name}]", *_prose(" ".join((table.type.__doc__ or "").split()))]
        for line in _table(table.name, chosen.get(table.name, Chosen())):
            if line or lines[-1]:  # one blank line is enough
                lines.append(line)
        lines = lines if lines[-1] else lines[:-1]
    return "\n".join(lines) + "\n"


def _table(table: str, chosen: Chosen) -> Iterator[str]:
    """What was found comes first, then the defaults."""
    fields = {key.partition(".")[2]: field for key, field in known_settings().items() if key.startswith(f"{table}.")}
    told = set(_NOT_REPEATED)
    offer, values = chosen.offer, chosen.offer.values if chosen.offer else {}
    if offer is not None:
        yield from ("", *_prose(f"Found: {offer.why}."))
        if offer.command:
            yield from (*_prose("Take the # away below, and run this beside the console:"), f"#   {offer.command}")
    elif chosen.remarks:
        yield ""
    for words in chosen.remarks:
        yield from _prose(words)
    if offer is not None:
        for name in (each for each in fields if each in values):
            yield from _setting(fields[name], values[name], told, in_force=offer.ready)
    yield ""
    for name, field in fields.items():
        if name not in values:
            yield from _rules(field) if field.structured else _setting(field, field.default, told)


def _setting(field: Field, value: Any, told: set[str], *, in_force: bool = False) -> Iterator[str]:
    """One setting with its explanation beside it, or above where it is long. An expectation is told once a table."""
    assigned = f"{'' if in_force else '#'}{field.key.partition('.')[2]} = {toml_value(value)}"
    words = field.description if field.expected in told else _explained(field.description, field.expected)
    told.add(field.expected)
    if len(assigned) >= _COLUMN - 1:
        yield from ("", *_prose(words), assigned, "")
        return
    first, *more = textwrap.wrap(words, _WIDTH - _COLUMN - 2, break_long_words=False, break_on_hyphens=False)
    yield f"{assigned:<{_COLUMN}}# {first}"
    yield from (f"{'':<{_COLUMN}}# {line}" for line in more)


def _rules(field: Field) -> Iterator[str]:
    """A setting that holds tables: its default on a line for each, or what one of them looks like."""
    yield ""
    yield from _prose(_explained(field.description, field.expected))
    name = field.key.partition(".")[2]
    if field.default:
        yield f"#{name} = ["
        yield from (f"#{toml_value(rule)}," for rule in field.default)
        yield "#]"
        return
    yield f"#   [[{field.key}]]"
    rule: type[Struct] = get_args(get_args(field.kind)[0])[0]
    for part in msgspec.structs.fields(rule):
        about = next(each for each in get_args(part.type)[1:] if isinstance(each, Meta))
        default = "..." if part.default in (msgspec.NODEFAULT, None) else toml_value(part.default)
        words = _explained(about.description or "", (about.extra or {})["expected"])
        first, *more = textwrap.wrap(words, _WIDTH - _COLUMN - 2, break_on_hyphens=False)
        yield f"{f'#   {part.name} = {default}':<{_COLUMN}}# {first}"
        yield from (f"#{'':<{_COLUMN - 1}}# {line}" for line in more)


def _explained(description: str, expected: str) -> str:
    if _SAYS_NOTHING.fullmatch(expected):
        return description
    nested = "(" in expected or description.endswith(")")
    return f"{description} [{expected}]" if nested else f"{description} ({expected})"


def _prose(words: str) -> list[str]:
    return [_line(line) for line in textwrap.wrap(words, _WIDTH - 2, break_long_words=False, break_on_hyphens=False)]


def _line(words: str) -> str:
    return f"# {words}".rstrip()
