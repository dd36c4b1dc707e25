"""Finds places in the source where a stranger's text could be read as markup, or the machine be asked for the time.

Textual's own `escape` is not safe, and a string given to most widgets is parsed: a label of `[/]` ends the whole app.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Set
from typing import Final, NamedTuple

PARSERS: Final = {
    "Static",
    "Label",
    "Button",
    "Checkbox",
    "RadioButton",
    "OptionList",
    "Option",
    "Tooltip",
    "Toast",
    "Link",
}
UNFIT: Final = {"DataTable", "RichLog", "Log", "Markdown", "Pretty", "LoadingIndicator", "Sparkline", "ProgressBar"}
TITLES: Final = {"border_title", "border_subtitle", "tooltip"}
CLOCKS: Final = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today")}
TIMES: Final = {("time", "time"), ("time", "time_ns")}


class Fault(NamedTuple):
    """A line that must not be there, and why."""

    line: int
    why: str


def faults(source: str) -> list[Fault]:
    """All faults of one module."""
    nodes = list(ast.walk(ast.parse(source)))
    parsers = PARSERS - {name for node in nodes for name in _not_textuals(node)}
    return sorted(fault for node in nodes for fault in _of(node, parsers))


def _not_textuals(node: ast.AST) -> Iterator[str]:
    """Names that the module defines itself or has from a room of ours."""
    if isinstance(node, ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.ImportFrom) and not (node.module or "").startswith("textual"):
        yield from (name.asname or name.name for name in node.names)


def _of(node: ast.AST, parsers: Set[str]) -> Iterator[Fault]:
    if isinstance(node, ast.ImportFrom):
        yield from _of_import(node)
    elif isinstance(node, ast.Call):
        yield from _of_call(node, parsers)
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Attribute) and target.attr in TITLES and not _inert(node.value):
                yield Fault(node.lineno, f"{target.attr} is parsed: give it Content(...)")


def _of_import(node: ast.ImportFrom) -> Iterator[Fault]:
    for name in node.names:
        if node.module in ("rich.markup", "textual.markup"):
            yield Fault(node.lineno, "escaping is not safe: use Content.assemble")
        if node.module == "textual.widgets" and name.name in UNFIT:
            yield Fault(node.lineno, f"{name.name} is slow or reads markup: draw lines")


def _of_call(node: ast.Call, parsers: Set[str]) -> Iterator[Fault]:
    owner, name = _called(node)
    if (owner, name) == ("markup", "escape"):
        yield Fault(node.lineno, "escaping is not safe: use Content.assemble")
    if (owner, name) in CLOCKS | TIMES:
        yield Fault(node.lineno, "only clock.py asks the machine for the time")
    if name == "from_markup" and (owner != "Content" or not node.args or not _literal(node.args[0])):
        yield Fault(node.lineno, 'only Content.from_markup("literal", name=value)')
    if name == "notify" and owner in ("app", "self") and not _without_markup(node):
        yield Fault(node.lineno, "notify(..., markup=False)")
    if name in ("add_row", "add_rows"):
        yield Fault(node.lineno, "a DataTable reads its cells as markup")
    if name in parsers and not _without_markup(node) and not all(_inert(argument) for argument in _texts(node)):
        yield Fault(node.lineno, f"{name}(..., markup=False), or Content(...)")
    if name == "update" and any(isinstance(argument, ast.JoinedStr) for argument in node.args):
        yield Fault(node.lineno, "update(Content(...)), never a formatted string")


def _called(node: ast.Call) -> tuple[str, str]:
    """The last two names of what is called: ("Content", "assemble"), ("", "Static")."""
    function = node.func
    if isinstance(function, ast.Name):
        return "", function.id
    if not isinstance(function, ast.Attribute):
        return "", ""
    owner = function.value
    return (owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")), function.attr


def _texts(node: ast.Call) -> list[ast.expr]:
    said = {"content", "label", "renderable", "prompt", "title"}
    return [*node.args[:1], *(keyword.value for keyword in node.keywords if keyword.arg in said)]


def _without_markup(node: ast.Call) -> bool:
    return any(
        keyword.arg == "markup" and isinstance(keyword.value, ast.Constant) and keyword.value.value is False
        for keyword in node.keywords
    )


def _literal(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant)


def _inert(node: ast.expr) -> bool:
    """A literal of ours, or an object that is not parsed."""
    return _literal(node) or (isinstance(node, ast.Call) and "Content" in _called(node))
