"""What Textual thinks is one cell is one cell in tmux: otherwise every border on that line is crooked."""

from __future__ import annotations

import ast
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual._border import BORDER_CHARS

from tests.real_parts import missing
from tests.terminal.hostile import HOSTILE
from tests.terminal.probes import ROOT
from tests.terminal.pty import Terminal
from wfconsole.text import cells, may_reach_terminal, safe
from wfconsole.tui.glyphs import UNICODE

PACKAGE = ROOT / "wfconsole"
BORDERS = {char for kind in ("solid", "heavy", "dashed", "ascii") for row in BORDER_CHARS[kind] for char in row}
# A virama joins two Indic letters into one glyph, which terminals measure differently; nothing else on the line does.
IN_DISPUTE = {"Devanagari"}


@pytest.fixture
def tmux() -> str:
    """The program, which measures."""
    found = shutil.which("tmux")
    if found is None:
        missing("needs tmux: apt-get install tmux")
    return found


def measured(tmux: str, folder: Path, texts: list[str]) -> list[int]:
    """The width of each text in a tmux of its own."""
    (folder / "texts.json").write_text(json.dumps(texts))
    script = [sys.executable, str(ROOT / "tests/terminal/measure_widths.py"), "texts.json", "widths.json"]
    command = [tmux, "-S", str(folder / "socket"), "-f", "/dev/null", "new-session", "-c", str(folder), *script]
    with Terminal(command, columns=250, rows=10) as terminal:
        terminal.wait_exit()
    widths: list[int] = json.loads((folder / "widths.json").read_text())
    return widths


def own_glyphs() -> set[str]:
    symbols = [getattr(UNICODE, field) for field in UNICODE.__struct_fields__]
    return {char for symbol in symbols for char in symbol if not char.isascii()}


def drawn() -> set[str]:
    """Every character beyond ASCII in the words of our code, and what stands for control characters and blanks.

    `text.py` names what strangers may send, and other code what no terminal is ever sent: neither is drawn.
    """
    words = [safe("".join(map(chr, (*range(0x20), 0x7F, 0xA0))))]
    for path in PACKAGE.rglob("*.py"):
        if path != PACKAGE / "text.py":
            words += words_of(ast.parse(path.read_text()))
    return {char for word in words for char in word if not char.isascii() and may_reach_terminal(char)}


def words_of(code: ast.AST) -> Iterator[str]:
    """The texts in it, without its docstrings."""
    nodes = list(ast.walk(code))
    docstrings = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def test_our_own_symbols_and_borders_are_one_cell_wide(tmux: str, tmp_path: Path) -> None:
    own = sorted(BORDERS | drawn())
    assert own_glyphs() | set("├└…␛⏎␣") <= {*own}
    assert dict(zip(own, measured(tmux, tmp_path, own), strict=True)) == dict.fromkeys(own, 1)


def test_hostile_text_is_as_wide_as_the_layout_thinks_once_it_is_safe(tmux: str, tmp_path: Path) -> None:
    shown = {name: safe(text, 100) for name, text in HOSTILE.items() if text and name not in IN_DISPUTE}
    widths = dict(zip(shown, measured(tmux, tmp_path, list(shown.values())), strict=True))
    assert widths == {name: cells(text) for name, text in shown.items()}
