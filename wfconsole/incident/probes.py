"""The small language of live values that runbook steps and symptoms are written in.

    probe   =  clause { "and" clause }
    clause  =  table  { filter } [ "count" op number ]
            |  signal { filter } [ op number ]
    filter  =  field op value  |  flag
    value   =  word { "," word }  |  '"' text '"'
    op      =  "="  "!="  "<"  "<="  ">"  ">="

A *table* is a kind of row, such as pods or sessions (`wfconsole.incident.probe_words` says what each one has); a
*signal* is a number that the console keeps a history of (`wfconsole.observations.series.SIGNALS`). Examples:

    pods namespace=production workload=wearforce-clean-gateway level>=warning
    pods namespace=production not-ready count=0
    workloads changed<30m
    hpas at-max
    nodes pressure
    events type=Warning age<15m reason=FailedScheduling,BackOff
    pods.not_ready_ratio namespace=production > 20%
    database used>80%
    sessions waiting waits>1m
    signals.p99 > 800ms
    workloads name=wearforce-clean-gateway ready and hpas workload=wearforce-clean-gateway at-max count=0

Words match whole, `*` stands for any run of characters, a comma for "or" ("!=" with a comma: none of them). Durations
are a number and one of ms, s, m, h, d; ratios may be written `20%`. Spaces around an operator do not matter.

A clause over a table holds when at least one row matches, or when `count` says so. Two sorts of filters: those of
identity (namespace, name, workload, kind, ...) say which things are meant, all others what must be true of them. When
nothing at all is what was meant (a workload that does not exist), the answer is "cannot tell" and never "none is bad".
A clause over a signal holds when the comparison does; without one it only shows the value. Nothing is concluded from
data that is stale, partial or missing, nor where the rows that do not tell would decide: `holds` is None then.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Final, Literal

import msgspec

from wfconsole.clock import DAY, HOUR, MINUTE, SECOND
from wfconsole.incident.probe_words import FIELDS, FLAGS, ValueKind
from wfconsole.observations.levels import Level
from wfconsole.observations.series import SIGNALS

Operator = Literal["=", "!=", "<", "<=", ">", ">="]

_UNITS: Final = {"ms": 1, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
_TOKEN: Final = re.compile(r'\s*(?:(?P<op>>=|<=|!=|=|<|>)|"(?P<quoted>[^"]*)"|(?P<word>[^\s<>=!"]+)|(?P<bad>\S))')
_LONGEST = 500
_MOST_STARS = 4  # with more of them, matching a long name takes for ever


class ProbeError(ValueError):
    """The text is no probe. The message says what was expected; `column` (from 1) is where it went wrong."""

    def __init__(self, message: str, column: int) -> None:
        super().__init__(f"{message} (column {column})")
        self.column = column


class Filter(msgspec.Struct, frozen=True):
    """`field op value`, or a flag (its name in `field`, no `op`). Durations are milliseconds, levels their number."""

    field: str
    kind: ValueKind | Literal["flag"]
    op: Operator | None = None
    words: tuple[str, ...] = ()
    number: float = 0.0


class Clause(msgspec.Struct, frozen=True):
    """One table or signal with what is asked of it; `op` and `number` compare the count of rows, or the signal."""

    table: str
    signal: str = ""
    filters: tuple[Filter, ...] = ()
    op: Operator | None = None
    number: float = 0.0


class Probe(msgspec.Struct, frozen=True):
    """A probe, understood. `text` is how it was written, `sources` names those that it reads, each once."""

    text: str
    clauses: tuple[Clause, ...]
    sources: tuple[str, ...]


class _Token(msgspec.Struct, frozen=True):
    kind: Literal["op", "quoted", "word", "end"]
    text: str
    column: int

    def is_word(self, word: str) -> bool:
        return self.kind == "word" and self.text == word


def parse_probe(text: str) -> Probe:
    """Understand a probe. Raises ProbeError, whose message names what was expected, for anything else."""
    if len(text) > _LONGEST:
        raise ProbeError(f"a probe has at most {_LONGEST} characters, this one has {len(text)}", _LONGEST)
    return _Parser(_tokens(text)).probe(text)


def _tokens(text: str) -> list[_Token]:
    tokens = []
    position = 0
    text_end = len(text.rstrip())
    while position < text_end:
        match = _TOKEN.match(text, position)
        if match is None or match["bad"] is not None:
            column = (match.start("bad") if match else position) + 1
            raise ProbeError("this quotation mark is never closed", column)
        kind: Literal["op", "quoted", "word"] = "op" if match["op"] else "word" if match["word"] else "quoted"
        tokens.append(_Token(kind, match[kind], match.start(kind) + 1))
        position = match.end()
    tokens.append(_Token("end", "", text_end + 1))
    return tokens


class _Parser:
    """Recursive descent over the tokens; one instance reads one probe."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._next = 0

    def probe(self, text: str) -> Probe:
        clauses = [self._clause()]
        while self._peek().is_word("and"):
            self._take()
            clauses.append(self._clause())
        sources = dict.fromkeys(clause.table for clause in clauses)
        return Probe(" ".join(text.split()), tuple(clauses), tuple(sources))

    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._tokens[self._next]
        if token.kind != "end":
            self._next += 1
        return token

    def _at_end_of_clause(self) -> bool:
        token = self._peek()
        return token.kind == "end" or token.is_word("and")

    def _clause(self) -> Clause:
        head = self._take()
        if head.kind == "word" and head.text in FIELDS:
            return self._table_clause(head.text)
        if head.kind == "word" and head.text in SIGNALS:
            return self._signal_clause(head.text)
        prefix, dot, _ = head.text.partition(".")
        signals = [name for name in SIGNALS if name.startswith(f"{prefix}.")] if dot else []
        known = f"signals: {', '.join(signals)}" if signals else f"tables: {', '.join(FIELDS)}"
        raise ProbeError(
            f"expected a table or a signal, found {_quoted(head)}{_near(head.text, (*FIELDS, *SIGNALS))}; {known}",
            head.column,
        )

    def _table_clause(self, table: str) -> Clause:
        filters: list[Filter] = []
        while not self._at_end_of_clause():
            token = self._take()
            if token.is_word("count"):
                op = self._operator("count", ("=", "!=", "<", "<=", ">", ">="))
                number = self._number(self._take())
                self._expect_end_of_clause("after the count")
                return Clause(table, filters=tuple(filters), op=op, number=number)
            filters.append(self._filter(table, token, FIELDS[table], FLAGS[table]))
        return Clause(table, filters=tuple(filters))

    def _signal_clause(self, signal: str) -> Clause:
        table = SIGNALS[signal].source
        fields = {name: kind for name, kind in FIELDS[table].items() if kind == "identity"}
        filters: list[Filter] = []
        while self._peek().kind == "word" and not self._at_end_of_clause():
            filters.append(self._filter(signal, self._take(), fields, ()))
        if self._peek().kind != "op":
            self._expect_end_of_clause(f"after {signal}")
            return Clause(table, signal, tuple(filters))
        op = self._operator(signal, ("=", "!=", "<", "<=", ">", ">="))
        number = self._seconds(self._take()) if SIGNALS[signal].unit == "seconds" else self._number(self._take())
        self._expect_end_of_clause("after the number")
        return Clause(table, signal, tuple(filters), op, number)

    def _filter(self, of: str, token: _Token, fields: Mapping[str, ValueKind], flags: tuple[str, ...]) -> Filter:
        compared = self._peek().kind == "op"
        if token.kind == "word" and token.text in flags and not (compared and token.text in fields):
            return Filter(token.text, "flag")
        if token.kind != "word" or token.text not in fields:
            also = f"; flags: {', '.join(flags)}" if flags else ""
            raise ProbeError(
                f"{of} has no field or flag {_quoted(token)}{_near(token.text, (*fields, *flags))}; "
                f"fields: {', '.join(fields)}{also}",
                token.column,
            )
        return self._comparison(token, fields[token.text])

    def _comparison(self, field: _Token, kind: ValueKind) -> Filter:
        if kind in ("identity", "word"):
            op = self._operator(field.text, ("=", "!="))
            value = self._take()
            if value.kind not in ("word", "quoted") or not value.text:
                raise ProbeError(f"expected a value after {field.text}{op}, found {_quoted(value)}", value.column)
            words = (value.text,) if value.kind == "quoted" else tuple(part for part in value.text.split(",") if part)
            if any(word.count("*") > _MOST_STARS for word in words):
                raise ProbeError(f"a word has at most {_MOST_STARS} stars", value.column)
            return Filter(field.text, kind, op, words)
        op = self._operator(field.text, ("=", "!=", "<", "<=", ">", ">="))
        value = self._take()
        read = {"number": self._number, "duration": self._duration, "level": self._level}[kind]
        return Filter(field.text, kind, op, number=read(value))

    def _operator(self, after: str, allowed: tuple[Operator, ...]) -> Operator:
        token = self._take()
        for op in allowed:
            if token.kind == "op" and token.text == op:
                return op
        raise ProbeError(f"expected one of {' '.join(allowed)} after {after}, found {_quoted(token)}", token.column)

    def _number(self, token: _Token) -> float:
        match = re.fullmatch(r"(\d{1,12}(?:\.\d{1,6})?)(%?)", token.text)
        if token.kind != "word" or match is None:
            raise ProbeError(f"expected a number such as 3, 0.2 or 20%, found {_quoted(token)}", token.column)
        return float(match[1]) / (100 if match[2] else 1)

    def _duration(self, token: _Token) -> float:
        match = re.fullmatch(r"(\d{1,6})(ms|[smhd])", token.text)
        if token.kind != "word" or match is None:
            raise ProbeError(f"expected a duration such as 30s, 10m, 2h or 1d, found {_quoted(token)}", token.column)
        return float(int(match[1]) * _UNITS[match[2]])

    def _seconds(self, token: _Token) -> float:
        """A duration, or a plain number of seconds."""
        match = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?)(ms|[smhd])", token.text)
        return self._number(token) if match is None else float(match[1]) * _UNITS[match[2]] / SECOND

    def _level(self, token: _Token) -> float:
        names = {level.name.lower(): level for level in Level}
        if token.text not in names:
            raise ProbeError(f"expected a level ({', '.join(names)}), found {_quoted(token)}", token.column)
        return float(names[token.text])

    def _expect_end_of_clause(self, where: str) -> None:
        token = self._peek()
        if not self._at_end_of_clause():
            raise ProbeError(f"expected the end or `and` {where}, found {_quoted(token)}", token.column)


def _quoted(token: _Token) -> str:
    return "the end of the text" if token.kind == "end" else repr(token.text[:60])


def _near(word: str, names: Iterable[str]) -> str:
    match = difflib.get_close_matches(word, list(names), n=1)
    return f" (did you mean {match[0]!r}?)" if match else ""
