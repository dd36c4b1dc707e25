"""Settings from four places: command line over environment over file over defaults."""

from __future__ import annotations

import functools
import os
import re
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct

from wfconsole.config.errors import ConfigError, Problem
from wfconsole.config.files import TomlFile, read_toml
from wfconsole.config.locations import CONFIG_VARIABLE, STATE_VARIABLE, THEME_VARIABLE
from wfconsole.config.settings import Settings
from wfconsole.decoding import convert
from wfconsole.text import safe

_PREFIX: Final = "WFCONSOLE_"
_SECRETIVE: Final = ("password", "passwd", "token", "secret", "credential", "apikey", "api_key", "private")
_WORDS: Final = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}


_WRITTEN_TO: Final = ("journal.directory", "journal.fallbacks")
_OF_A_SERVICE: Final = r"_SERVICE_(HOST|PORT)|_PORT(_\d+_|$)"
_IN_A_RULE: Final = r"\$\[(\d+)\](?:\.(\w+))?"


class Field(Struct, frozen=True):
    """One thing that can be set: `key` is "table.name"."""

    key: str
    kind: Any
    default: Any
    description: str
    expected: str
    is_path: bool = False

    @property
    def variable(self) -> str:
        return _PREFIX + self.key.replace(".", "_").upper()

    @property
    def structured(self) -> bool:
        """Whether it holds tables, which only the file can give."""
        inner = get_args(get_args(self.kind)[0])
        return bool(inner) and isinstance(inner[0], type) and issubclass(inner[0], Struct)


class _Given(Struct, frozen=True):
    """A value of `key` with where it comes from, which is in `file` or `said`; a higher `rank` wins."""

    key: str
    value: Any
    rank: int
    said: str = ""
    file: TomlFile | None = None

    @property
    def where(self) -> str:
        return self.file.where(self.key) if self.file else self.said

    @property
    def folder(self) -> Path:
        """What a relative path starts at."""
        return self.file.path.parent if self.file else Path()


@functools.cache
def _defaults() -> Mapping[str, Struct]:
    """The tables of the file by name, as they are where nothing is set."""
    return msgspec.structs.asdict(Settings())


def _keys_of(table: str) -> tuple[str, ...]:
    return tuple(f"{table}.{name}" for name in _defaults()[table].__struct_fields__)


@functools.cache
def _field(key: str) -> Field:
    """One thing that can be set. Found out only for what is set: the first frame waits for it."""
    table, _, name = key.partition(".")
    defaults = _defaults()[table]
    written = SimpleNamespace(__annotations__={name: type(defaults).__annotations__[name]})
    kind = get_type_hints(written, vars(sys.modules[type(defaults).__module__]), include_extras=True)[name]
    about = next(part for part in get_args(kind)[1:] if isinstance(part, Meta))
    extra = about.extra or {}
    return Field(key, kind, getattr(defaults, name), about.description or "", extra["expected"], extra["path"])


def known_settings() -> Mapping[str, Field]:
    """Everything that can be set, by key: for the README, for messages."""
    return {key: _field(key) for table in _defaults() for key in _keys_of(table)}


def load_settings(
    file: Path,
    environment: Mapping[str, str],
    overrides: Mapping[str, Any] | None = None,
    *,
    needed: bool = False,
) -> Settings:
    """The settings in force. `overrides` come from the command line, by key ("console.theme"); None is not given.

    A `file` that does not exist is an empty one, unless it is `needed` because somebody named it. Raises ConfigError
    with everything that is wrong.
    """
    problems: list[Problem] = []
    given: dict[str, _Given] = {}
    named = needed or bool(environment.get(CONFIG_VARIABLE))
    if named or os.path.lexists(file):
        given |= _from_file(read_toml(file), problems)
    given |= _from_environment(environment, problems)
    asked = {key: value for key, value in (overrides or {}).items() if value is not None}
    given |= {key: _Given(key, value, 2, "command line") for key, value in asked.items()}
    if not given and not problems:
        return Settings()
    return _settings(_checked(given, problems))


def _checked(given: Mapping[str, _Given], problems: list[Problem]) -> dict[str, Any]:
    """The values by key, each of its type. Raises ConfigError with everything that is wrong."""
    values = {key: value for key, one in given.items() if (value := _converted(_field(key), one, problems)) is not None}
    _settle_cluster(values, given, problems)
    if problems:
        raise ConfigError(tuple(problems))
    return values


def _settings(values: Mapping[str, Any]) -> Settings:
    tables: dict[str, dict[str, Any]] = {}
    for key, value in values.items():
        table, _, name = key.partition(".")
        tables.setdefault(table, {})[name] = value
    set_tables: dict[str, Any] = {name: type(_defaults()[name])(**of_table) for name, of_table in tables.items()}
    return Settings(**set_tables)


def _from_file(file: TomlFile, problems: list[Problem]) -> dict[str, _Given]:
    given: dict[str, _Given] = {}
    for table, content in file.data.items():
        if table not in _defaults():
            problems.append(_unknown(file.where(table), table, _defaults()))
        elif not isinstance(content, dict):
            problems.append(
                Problem(file.where(table), table, "this is no table", expected=f"a line [{table}], then its keys")
            )
        else:
            known = _keys_of(table)
            for name, value in content.items():
                key = f"{table}.{name}"
                if key in known:
                    given[key] = _Given(key, value, 0, file=file)
                else:
                    problems.append(_unknown(file.where(key), key, known))
    return given


def _from_environment(environment: Mapping[str, str], problems: list[Problem]) -> dict[str, _Given]:
    """Variables of our tables, and those that look like a slip of ours, are refused where they are none of ours.

    Others are let alone: Kubernetes makes such for a service that is called wfconsole. The doctor names them.
    """
    ours = {variable: text for variable, text in environment.items() if _is_of_settings(variable)}
    if not ours:
        return {}
    by_variable = {each.variable: each for each in known_settings().values()}
    given: dict[str, _Given] = {}
    for variable, text in ours.items():
        field = by_variable.get(variable)
        if field is not None and field.structured:
            told = Problem(variable, field.key, "only the file can give this", expected=field.expected)
            problems.append(told)
        elif field is not None:
            given[field.key] = _Given(field.key, _from_words(field, text), 1, variable)
        elif (remedy := _hint(variable, by_variable, cutoff=0.85)) or _names_a_table(variable):
            problems.append(Problem(safe(variable, 100), "", "unknown variable", remedy=remedy or _take_out(variable)))
    return given


def foreign_variables(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Names of WFCONSOLE_* variables that mean nothing here, but for those that Kubernetes makes for a service."""
    known = {each.variable for each in known_settings().values()} | {THEME_VARIABLE}
    unknown = (variable for variable in environment if _is_of_settings(variable) and variable not in known)
    return tuple(sorted(variable for variable in unknown if not re.search(_OF_A_SERVICE, variable)))


def _names_a_table(variable: str) -> bool:
    words = variable.removeprefix(_PREFIX).lower()
    return any(words.startswith(f"{table}_") for table in _defaults()) and not re.search(_OF_A_SERVICE, variable)


def _take_out(variable: str) -> str:
    return f"Run: unset {safe(variable, 100)}" if re.fullmatch(r"\w+", variable, re.ASCII) else "Take it out."


def _is_of_settings(variable: str) -> bool:
    return variable.startswith(_PREFIX) and variable not in (CONFIG_VARIABLE, STATE_VARIABLE)


def _from_words(field: Field, text: str) -> Any:
    """What a variable says, in the shape that the field has; left as it is where that shape does not fit."""
    plain = get_args(field.kind)[0]
    if plain is bool:
        return _WORDS.get(text.strip().lower(), text)
    if get_origin(plain) is tuple:
        if text.strip().startswith("["):
            return _toml_list(text)
        return [part.strip() for part in text.split(",") if part.strip()]
    try:
        return float(text) if plain is float else int(text) if plain is int else text
    except ValueError:
        return text


def _toml_list(text: str) -> Any:
    import tomllib

    try:
        return tomllib.loads(f"list = {text.strip()}")["list"]
    except (tomllib.TOMLDecodeError, RecursionError):
        return text


def _converted(field: Field, given: _Given, problems: list[Problem]) -> Any:
    """The value as its type; None when it is wrong, which is a problem then."""
    try:
        value = convert(given.value, field.kind)
    except msgspec.ValidationError as error:
        problems.append(_misfit(field, given, str(error)))
        return None
    if given.said and given.rank == 1 and field.key in _WRITTEN_TO and not all(map(_is_anchored, _each(value))):
        what = "where the record goes must not depend on the folder that somebody stands in"
        problems.append(Problem(given.where, field.key, what, _shown(value), "a path that begins with / or ~"))
        return None
    if field.key.endswith("url") and not _is_address(value):
        problems.append(Problem(given.where, field.key, "this is no address", _shown(value), field.expected))
        return None
    if field.key == "console.timezone" and not _is_time_zone(value):
        problems.append(Problem(given.where, field.key, "unknown time zone", _shown(value), field.expected))
        return None
    try:
        if field.structured:
            return tuple(_with_paths(each, given.folder) for each in value)
        return _absolute(value, given.folder) if field.is_path else value
    except RuntimeError:  # ~somebody, who has no home here
        problems.append(Problem(given.where, field.key, "this home does not exist", _shown(value), field.expected))
        return None


def _is_address(url: str) -> bool:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        return not url or (bool(parts.hostname) and parts.port != 0)
    except ValueError:  # brackets without an address in them, a port that is none
        return False


def _each(value: Any) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (value,) if value else ()


def _is_anchored(path: str) -> bool:
    return path.startswith(("/", "~"))


def _misfit(field: Field, given: _Given, told: str) -> Problem:
    at = re.search(_IN_A_RULE, told)
    if get_origin(get_args(field.kind)[0]) is tuple and not field.structured and not isinstance(given.value, list):
        expected = f'a list in brackets, such as ["..."]: {field.expected}'
        return Problem(given.where, field.key, "this is no list", _shown(given.value), expected)
    if not (field.structured and at and given.file):
        return Problem(given.where, field.key, "this value does not fit", _shown(given.value), field.expected)
    place, name = int(at[1]), at[2] or ""
    where = given.file.where(".".join(part for part in (field.key, str(place), name) if part))
    if not name:  # of the whole rule: a key is missing, unknown, or does not go with another
        said = safe(told.partition(" - at ")[0].removeprefix("Object ").replace("`", ""), 200)
        return Problem(where, field.key, f"rule {place + 1} does not fit: {said}", expected=field.expected)
    about = next(each for each in msgspec.structs.fields(get_args(get_args(field.kind)[0])[0]) if each.name == name)
    meta = next((part for part in get_args(about.type)[1:] if isinstance(part, Meta)), None)
    expected = ((meta.extra or {}) if meta is not None else {}).get("expected", field.expected)
    return Problem(
        where, field.key, f"rule {place + 1}: {name} does not fit", _shown(given.value[place][name]), expected
    )


def _absolute(value: Any, folder: Path) -> Any:
    if isinstance(value, tuple):
        return tuple(_absolute(each, folder) for each in value)
    return str((folder / Path(value).expanduser()).absolute()) if value else ""


def _with_paths(rule: Struct, folder: Path) -> Struct:
    """One of several tables with its paths absolute."""
    paths = {
        found.name: _absolute(getattr(rule, found.name), folder)
        for found in msgspec.structs.fields(rule)
        if any(isinstance(part, Meta) and (part.extra or {}).get("path") for part in get_args(found.type)[1:])
    }
    return msgspec.structs.replace(rule, **paths)


def _is_time_zone(name: str) -> bool:
    if name in ("UTC", "local"):
        return True
    import zoneinfo

    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _settle_cluster(values: dict[str, Any], given: Mapping[str, _Given], problems: list[Problem]) -> None:
    """A pod's service account and a kubeconfig exclude each other: the one that was said closer to the person wins."""
    for key in ("kubernetes.kubeconfig", "kubernetes.context"):
        if not (values.get("kubernetes.in_cluster") and values.get(key)):
            continue
        nearer = given[key].rank - given["kubernetes.in_cluster"].rank
        if nearer > 0:
            del values["kubernetes.in_cluster"]
        elif nearer < 0:
            del values[key]
        else:
            told = Problem(given[key].where, key, "this does not go with in_cluster", _shown(values[key]))
            problems.append(msgspec.structs.replace(told, remedy="Leave out one of the two."))


def _unknown(where: str, key: str, known: Collection[str]) -> Problem:
    name = key.rpartition(".")[2].lower()
    if any(word in name for word in _SECRETIVE):
        remedy = "Take it out of the file: secrets do not belong here. Where one is needed, a setting names its file."
        return Problem(where, safe(key, 100), "unknown key", remedy=remedy)
    expected = f"one of {', '.join(sorted(known))}"
    return Problem(where, safe(key, 100), "unknown key", expected=expected, remedy=_hint(key, known))


def _hint(word: str, known: Collection[str], cutoff: float = 0.6) -> str:
    import difflib

    match = difflib.get_close_matches(word, list(known), n=1, cutoff=cutoff)
    return f"Did you mean {match[0]}?" if match else ""


def _shown(value: Any) -> str:
    """The value without what may be a password: of an address all in front of its last @."""
    from wfconsole.redaction import REDACTED, redact_text

    text = value if isinstance(value, str) else repr(value)
    text = re.sub(r"[^\s/\"',]*:[^\s\"',]*@", f"{REDACTED}@", redact_text(text))
    return safe(text, 80)
