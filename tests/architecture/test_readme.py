"""The README's tables are made from the code, so that they cannot be old."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

import wfconsole
from wfconsole import exit_codes
from wfconsole.cli import COMMANDS
from wfconsole.config.loading import known_settings
from wfconsole.config.toml_text import toml_value
from wfconsole.tui.action_names import ACTIONS, key_word

README = Path(__file__).parents[2] / "README.md"
WHERE = {
    "all": "everywhere",
    "lists": "lists",
    "zoom": "zoomed pane",
    "checklist": "checklist",
    "timeline": "timeline",
    "sources": "sources",
    "logs": "logs",
    "items": "lists of things",
    "axis": "time axis",
    "comms": "messages",
    "running": "running command",
    "actions": "actions",
}

# What is longer does not fit into a table: PromQL with bars in it would even break one.
LONGEST_DEFAULT = 80


def keys() -> str:
    rows = ["| key | where | does | id |", "|---|---|---|---|"]
    for action in ACTIONS:
        pressed = " ".join(f"`{key_word(key)}`" for key in action.keys).replace("|", "\\|")
        where = WHERE.get(action.where, action.where)
        rows.append(f"| {pressed} | {where} | {action.does} | `{action.id}` |")
    return "\n".join(rows)


def settings() -> str:
    rows = ["| setting | variable | default | what it is |", "|---|---|---|---|"]
    for field in known_settings().values():
        variable = "only in the file" if field.structured else f"`{field.variable}`"
        default = f"`{toml_value(field.default)}`"
        if field.structured or len(default) > LONGEST_DEFAULT:
            default = "see `wfconsole init -`"
        rows.append(f"| `{field.key}` | {variable} | {default} | {field.description} |")
    return "\n".join(rows)


@pytest.mark.parametrize(("name", "table"), [("keys", keys), ("settings", settings)], ids=["keys", "settings"])
def test_a_table_of_the_readme_is_that_of_the_code(name: str, table: object) -> None:
    assert callable(table)
    text = README.read_text(encoding="utf-8")
    block = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    made = block.sub(lambda found: f"{found[1]}{table()}\n{found[2]}", text)
    if os.environ.get("WFCONSOLE_WRITE_README"):
        README.write_text(made, encoding="utf-8")
    assert made == text, "WFCONSOLE_WRITE_README=1 writes it anew"


def test_the_readme_names_every_command() -> None:
    text = README.read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"| `wfconsole {name}" not in text] == []


def test_the_readme_names_every_room() -> None:
    """Packages and modules at the top, as the table of rooms has them."""
    home = Path(wfconsole.__file__).parent
    packages = {f"{found.parent.name}/" for found in home.glob("*/__init__.py")}
    modules = {found.name for found in home.glob("*.py")} - {"__init__.py", "__main__.py"}
    first_cells = " ".join(re.findall(r"^\| (`[^|]+`) \|", README.read_text(encoding="utf-8"), re.MULTILINE))
    assert sorted(room for room in packages | modules if f"`{room}`" not in first_cells) == []


def test_the_readme_names_every_exit_code() -> None:
    line = re.search(r"Exit codes:(.*?)\n\n", README.read_text(encoding="utf-8"), re.DOTALL)
    assert line is not None
    codes = {value for name, value in vars(exit_codes).items() if name.isupper() and isinstance(value, int)}
    assert codes == {int(number) for number in re.findall(r"\b\d+\b", line[1].replace("128+n", ""))}


def test_every_file_that_the_readme_links_is_there() -> None:
    words = re.sub(r"`[^`\n]*`(?!\])", "", README.read_text(encoding="utf-8"))  # code may look like a link
    for target in re.findall(r"\]\(([^)#]+)\)", words):
        assert (README.parent / target).exists(), target
