"""Eighteen environments: the console comes up, in a theme that they can show, or says clearly why it does not."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import textual

from tests.terminal.probes import ROOT, probe
from tests.terminal.pty import Terminal
from wfconsole import exit_codes
from wfconsole.errors import UserError
from wfconsole.tui import terminal as this_terminal
from wfconsole.tui.environment import LEFT_OUT

REQUIRE = (
    f"import sys, os; sys.path.insert(0, {str(ROOT)!r})\n"
    "from wfconsole.errors import UserError\n"
    "from wfconsole.tui.terminal import require_terminal\n"
    "from wfconsole.tui.theming import choose_theme, terminal_locale\n"
    "theme = choose_theme(None, os.environ, None, terminal_locale(os.environ))\n"
    "try: require_terminal(os.environ, only_ascii=theme == 'plain')\n"
    "except UserError as error: print('REFUSED', error.code, error, flush=True)\n"
    "else: print('THEME', theme, flush=True)\n"
)
UTF8 = {"LANG": "C.UTF-8"}


@pytest.mark.parametrize(
    ("environ", "outcome"),
    [
        ({**UTF8}, "THEME warroom-dark"),
        ({**UTF8, "COLORTERM": "truecolor"}, "THEME warroom-dark"),
        ({**UTF8, "TERM": "screen-256color"}, "THEME warroom-dark"),
        ({**UTF8, "TERM": "tmux-256color"}, "THEME warroom-dark"),
        ({**UTF8, "TERM": "screen"}, "THEME warroom-dark"),
        ({**UTF8, "TERM": "linux"}, "THEME warroom-dark"),
        ({**UTF8, "TERM": "vt100"}, "THEME warroom-dark"),
        ({**UTF8, "NO_COLOR": "1"}, "THEME mono"),
        ({**UTF8, "NO_COLOR": ""}, "THEME warroom-dark"),
        ({**UTF8, "WFCONSOLE_THEME": "plain", "NO_COLOR": "1"}, "THEME plain"),
        ({"LANG": "C"}, "THEME plain"),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": "C"}, "THEME plain"),
        ({"LANG": None}, "THEME plain"),
        ({"LANG": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}, "THEME plain"),
        (
            {**UTF8, "PYTHONIOENCODING": "latin-1"},
            "REFUSED 6 .*encoded as iso8859-1, not UTF-8.*PYTHONIOENCODING=utf-8",
        ),
        ({**UTF8, "PYTHONIOENCODING": "ascii"}, "REFUSED 6 .*encoded as ascii"),
        ({**UTF8, "TERM": "dumb"}, "REFUSED 6 .*TERM is dumb.*TERM=xterm-256color"),
        ({**UTF8, "TERM": None}, "REFUSED 6 .*TERM is not set"),
    ],
    ids=lambda value: " ".join(f"{name}={word}" for name, word in value.items()) if isinstance(value, dict) else "",
)
def test_each_environment_gets_a_theme_it_can_show_or_a_refusal_with_a_remedy(
    environ: dict[str, str | None], outcome: str
) -> None:
    with Terminal([sys.executable, "-c", REQUIRE], columns=200, env=environ) as terminal:
        assert terminal.wait_exit() == 0
        assert re.search(outcome, " ".join(terminal.text.split()))


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


@pytest.mark.parametrize(("stream", "word"), [("<", "standard input"), ("2>", "standard error")])
def test_without_a_keyboard_or_a_screen_it_is_refused(stream: str, word: str) -> None:
    shell = f'"$@" {stream} /dev/null'
    with Terminal(["sh", "-c", shell, "sh", sys.executable, "-c", REQUIRE], columns=200) as terminal:
        terminal.wait_for(f"{word} is not a terminal")
        terminal.wait_for(f"REFUSED {exit_codes.TERMINAL}")


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
