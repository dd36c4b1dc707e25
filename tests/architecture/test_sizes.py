"""Sizes that keep every room liveable; the numbers are the design's."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "wfconsole"
FILES = sorted(PACKAGE.rglob("*.py"))
FILE_LINES, APP_LINES, FUNCTION_LINES, CLASS_METHODS = 400, 300, 40, 20


def name_of(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_file_holds_one_thing(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    limit = APP_LINES if name_of(path) == "tui/app.py" else FILE_LINES
    assert len(source.splitlines()) <= limit
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            assert lines <= FUNCTION_LINES, f"{node.name} has {lines} lines"
        if isinstance(node, ast.ClassDef):
            methods = [item for item in node.body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)]
            assert len(methods) <= CLASS_METHODS, f"{node.name} has {len(methods)} methods"
