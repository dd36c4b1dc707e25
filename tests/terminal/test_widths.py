"""What Textual thinks is one cell is one cell in tmux: otherwise every border on that line is crooked."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from textual._border import BORDER_CHARS

from tests.real_parts import missing
from tests.terminal.hostile import HOSTILE
from tests.terminal.probes import ROOT
from tests.terminal.pty import Terminal
from wfconsole.text import cells, safe
from wfconsole.tui.glyphs import ASCII, UNICODE

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


def test_our_own_symbols_and_borders_are_one_cell_wide(tmux: str, tmp_path: Path) -> None:
    symbols = [getattr(glyphs, field) for glyphs in (UNICODE, ASCII) for field in glyphs.__struct_fields__]
    own = sorted(BORDERS | {char for symbol in symbols for char in symbol} | set("…⏎⇥␣␛␀␡█▁▏"))
    assert dict(zip(own, measured(tmux, tmp_path, own), strict=True)) == dict.fromkeys(own, 1)


def test_hostile_text_is_as_wide_as_the_layout_thinks_once_it_is_safe(tmux: str, tmp_path: Path) -> None:
    shown = {name: safe(text, 100) for name, text in HOSTILE.items() if text and name not in IN_DISPUTE}
    widths = dict(zip(shown, measured(tmux, tmp_path, list(shown.values())), strict=True))
    assert widths == {name: cells(text) for name, text in shown.items()}
