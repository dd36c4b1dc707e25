"""No outside text is read as markup anywhere in the source, and only the clock knows what time it is."""

from pathlib import Path

import pytest

from tests.text.markup_lint import faults

PACKAGE = Path(__file__).parents[2] / "wfconsole"
FILES = [path for path in sorted(PACKAGE.rglob("*.py")) if path.name != "clock.py" or path.parent != PACKAGE]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_the_source_is_free_of_them(path: Path) -> None:
    assert faults(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "bad",
    [
        "from rich.markup import escape",
        "from textual.markup import escape as e",
        "markup.escape(x)",
        "textual.markup.escape(x)",
        'Content.from_markup(f"[b]{x}")',
        "Content.from_markup(x)",
        'Text.from_markup("[b]x")',
        "self.notify(x)",
        "self.app.notify(x, markup=True)",
        "table.add_row(x)",
        "from textual.widgets import DataTable",
        "Static(x)",
        'Label(f"{x}")',
        "Button(x)",
        "widgets.Static(content=x)",
        "Option(x)",
        "self.border_title = x",
        'box.border_subtitle = f"{x}"',
        'self.query_one("#a").update(f"{x}")',
        "datetime.now()",
        "datetime.datetime.now(tz=UTC)",
        "time.time()",
    ],
)
def test_the_lint_finds(bad: str) -> None:
    assert len(faults(bad)) == 1


@pytest.mark.parametrize(
    "good",
    [
        'Content.from_markup("[b]$name", name=x)',
        'Content.assemble(("x", "bold"), y)',
        "self.notify(x, markup=False)",
        "self._ready.notify()",
        "Static(x, markup=False)",
        'Static("literal")',
        "Static(Content(x))",
        "Label(Content.assemble(x))",
        "self.border_title = Content(x)",
        'self.border_title = "literal"',
        "from wfconsole.tui.forms.choice import Option\nOption(x)",
        "class Link: ...\nLink(x)",
        "state.update(other)",
        "time.monotonic()",
        "clock.now()",
    ],
)
def test_the_lint_leaves_alone(good: str) -> None:
    assert faults(good) == []
