"""Many environments: the console comes up, in a theme that they can show, or says clearly why it does not."""

from __future__ import annotations

import ast
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import textual

from tests.terminal.probes import ROOT, probe
from tests.terminal.pty import Terminal
from wfconsole import exit_codes
from wfconsole.errors import UserError
from wfconsole.tui import terminal as this_terminal
from wfconsole.tui.environment import LEFT_OUT

DEMO = [sys.executable, "-m", "wfconsole", "demo"]
COLOUR = re.compile(rb"\x1b\[(?:[0-9;]*;)?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])[;m]")
HUE = re.compile(rb"[\[;](?:38;5;(?:39|141|220)|[34][1-6])[;m]")  # of the default theme, in 256 colours and in 16
UTF8 = {"LANG": "C.UTF-8"}
NO_HELP = {"PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}  # of Python, which else takes C for C.UTF-8


def words(environ: object) -> str:
    return " ".join(f"{name}={word}" for name, word in environ.items()) if isinstance(environ, dict) else ""


def demo(home: Path, environ: Mapping[str, str | None], *options: str) -> Terminal:
    """The command itself, with an empty home."""
    there = {"HOME": str(home), "PYTHONPATH": str(ROOT), **environ}
    return Terminal([*DEMO, *options], columns=200, env=there)


def look(terminal: Terminal) -> str:
    """What the wire says of a console that has come up: the theme that was chosen, if it can be told by that."""
    terminal.wait_for("3 Pods")
    terminal.signal(signal.SIGTERM)
    assert terminal.wait_exit() == 128 + signal.SIGTERM
    if not COLOUR.search(terminal.raw):
        return "no colours, ASCII" if terminal.raw.isascii() else "no colours"
    if HUE.search(terminal.raw):
        return "hues"
    return "greys, ASCII" if terminal.raw.isascii() else "greys"


@pytest.mark.parametrize(
    ("environ", "shown"),
    [
        ({**UTF8}, "hues"),
        ({**UTF8, "TERM": "screen-256color"}, "hues"),
        ({**UTF8, "TERM": "tmux-256color"}, "hues"),
        ({**UTF8, "TERM": "screen"}, "hues"),
        ({**UTF8, "TERM": "linux"}, "hues"),
        ({**UTF8, "TERM": "vt100"}, "hues"),
        ({**UTF8, "NO_COLOR": ""}, "hues"),
        ({**UTF8, "NO_COLOR": "1"}, "no colours"),
        ({**UTF8, "NO_COLOR": "1", "WFCONSOLE_THEME": "plain"}, "no colours, ASCII"),
        ({**UTF8, "NO_COLOR": "1", "WFCONSOLE_THEME": "warroom-dark"}, "hues"),
        ({**UTF8, "NO_COLOR": "1", "WFCONSOLE_CONSOLE_THEME": "warroom-dark"}, "hues"),
        ({**UTF8, "WFCONSOLE_CONSOLE_THEME": "mono"}, "greys"),
        ({"LANG": "C"}, "greys, ASCII"),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": "C"}, "greys, ASCII"),
        ({"LANG": None}, "greys, ASCII"),
        ({"LANG": None, "WFCONSOLE_THEME": "warroom-dark"}, "hues"),
        ({"LANG": "C", **NO_HELP}, "greys, ASCII"),
        ({"LANG": "C", "NO_COLOR": "1", **NO_HELP}, "no colours, ASCII"),
        ({**UTF8, "PYTHONIOENCODING": "latin-1", "WFCONSOLE_CONSOLE_GLYPHS": "ascii"}, "hues"),
    ],
    ids=words,
)
def test_the_console_comes_up_in_a_theme_that_the_environment_can_show(
    tmp_path: Path, environ: dict[str, str | None], shown: str
) -> None:
    with demo(tmp_path, environ) as terminal:
        assert look(terminal) == shown


def test_a_theme_that_is_asked_for_wins_over_what_the_environment_says(tmp_path: Path) -> None:
    with demo(tmp_path, {"NO_COLOR": "1", "WFCONSOLE_THEME": "plain"}, "--theme", "warroom-dark") as terminal:
        assert look(terminal) == "hues"


def test_without_colours_another_theme_brings_its_own_and_mono_takes_them_away_again(tmp_path: Path) -> None:
    with demo(tmp_path, {"NO_COLOR": "1"}) as terminal:
        terminal.wait_for("3 Pods")
        terminal.press(":")
        terminal.send("theme warroom-dark\r")
        terminal.wait_until(lambda: bool(HUE.search(terminal.raw)), "a hue")
        terminal.press(":")
        terminal.wait_for("COMMAND")  # what comes together with its Enter is for nobody
        terminal.send("theme mono\r")
        terminal.wait_gone("COMMAND")
        terminal.press("e")
        terminal.wait_for("SOURCES")
        bare = len(terminal.raw)
        terminal.press("0", "t", "ctrl+l")
        terminal.wait_for("following the newest")
        assert not COLOUR.search(terminal.raw, bare)


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        (
            {**UTF8, "PYTHONIOENCODING": "latin-1"},
            "encoded as iso8859-1, not UTF-8.*PYTHONIOENCODING=utf-8.*--ascii",
        ),
        ({**UTF8, "PYTHONIOENCODING": "ascii"}, "encoded as ascii"),
        ({"LANG": "C", "WFCONSOLE_THEME": "mono", **NO_HELP}, "encoded as ascii"),
        ({**UTF8, "TERM": "dumb"}, "TERM is dumb.*TERM=xterm-256color"),
        ({**UTF8, "TERM": None}, "TERM is not set"),
    ],
    ids=words,
)
def test_what_cannot_be_shown_is_refused_with_a_remedy(
    tmp_path: Path, environ: dict[str, str | None], told: str
) -> None:
    with demo(tmp_path, environ) as terminal:
        assert terminal.wait_exit() == exit_codes.TERMINAL
        assert re.search(told, " ".join(terminal.text.split()))


@pytest.mark.parametrize("term", ["xterm-256color", "screen-256color", "screen", "linux", "vt100"])
@pytest.mark.parametrize(
    "extra", [{}, {"NO_COLOR": "1"}, {"COLORTERM": "truecolor"}], ids=["", "NO_COLOR", "truecolor"]
)
def test_the_same_text_is_shown_with_every_number_of_colours(term: str, extra: dict[str, str]) -> None:
    with Terminal(probe("busy"), term=term, env=extra, columns=40, rows=5) as terminal:
        terminal.wait_for("READY")
        terminal.wait_for(re.compile(r"\d{40}"))
        terminal.press("q")
        assert terminal.wait_exit() == 0
        assert terminal.forbidden_bytes() == []


def test_a_newer_terminal_gets_its_frames_in_synchronized_pieces() -> None:
    with Terminal(probe("busy"), answers=True) as terminal:
        terminal.wait_raw(b"\x1b[?2026h")
        terminal.wait_raw(b"\x1b[?2026l")
        terminal.press("q")
        assert terminal.wait_exit() == 0
        assert terminal.restored
        assert terminal.forbidden_bytes() == []


def test_without_a_keyboard_it_is_refused(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    with Terminal(["sh", "-c", '"$@" < /dev/null', "sh", *DEMO], columns=200, env=home) as terminal:
        assert terminal.wait_exit() == exit_codes.TERMINAL
        assert "standard input is not a terminal" in terminal.text


def test_a_pipe_is_refused_with_the_exit_code_for_terminals() -> None:
    code = "import os; from wfconsole.tui.terminal import require_terminal; require_terminal(os.environ)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert "standard error is not a terminal" in run.stderr


def test_a_refusal_is_an_error_of_the_user_with_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "isatty", lambda fd: True)
    with pytest.raises(UserError, match="TERM is dumb") as caught:
        this_terminal.require_terminal({"TERM": "dumb"})
    assert caught.value.code == exit_codes.TERMINAL


def asked_of(module: str) -> set[str]:
    """What Textual's modules import from this one: when they are imported themselves, or in the app when it runs."""
    asked = set()
    for path in Path(textual.__file__).parent.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        nodes = ast.walk(tree) if path.name in ("app.py", "screen.py") else tree.body
        for node in nodes:
            if isinstance(node, ast.ImportFrom) and node.module == module:
                asked |= {alias.name for alias in node.names}
    return asked


@pytest.mark.parametrize("module", LEFT_OUT)
def test_what_is_left_out_has_all_that_textual_asks_for(module: str) -> None:
    assert asked_of(module) == set(LEFT_OUT[module])


def test_the_console_imports_without_what_is_left_out_and_its_widgets() -> None:
    code = (
        "import sys; from wfconsole.tui.environment import leave_out_extras; leave_out_extras()\n"
        "import wfconsole.tui.run, wfconsole.tui.screens.overview\n"
        "left_out = ('textual.widgets._tree', 'textual.widgets._option_list', 'textual.containers')\n"
        "print([name for name in sys.modules if name in left_out])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert run.stdout.strip() == "[]"


def test_the_console_imports_without_openssl() -> None:
    code = (
        "import sys; from wfconsole.tui.environment import leave_out_extras, leave_out_tls\n"
        "leave_out_extras(); leave_out_tls()\n"
        "import wfconsole.tui.run, wfconsole.tui.screens.overview\n"
        "print([name for name in sys.modules if name in ('ssl', '_ssl')])\n"
        "import ssl; print(ssl.OPENSSL_VERSION)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert run.stdout.startswith("[]\nOpenSSL"), "it is only left out, not broken"
