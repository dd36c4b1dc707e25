from __future__ import annotations

import os
import re
from pathlib import Path

import msgspec
import pytest

from tests.runbook.documents import HEAD, loaded, told, wrongs
from wfconsole import exit_codes
from wfconsole.runbook import BUNDLED, load_runbook
from wfconsole.runbook.problems import MOST, RunbookError
from wfconsole.text import is_safe


def folder_of(tmp_path: Path, **files: str) -> Path:
    for name, text in files.items():
        (tmp_path / f"{name}.md").write_text(text)
    return tmp_path


def test_one_file_is_a_whole_runbook(tmp_path: Path) -> None:
    runbook = loaded(tmp_path, "# Checklist: A\n\n1. Look\n")
    assert (runbook.title, runbook.version, runbook.reviewed) == ("Small team", "2.1", "2026-01-31")
    assert runbook.checklist("a") is not None
    assert runbook.checklist("b") is None


def test_a_byte_order_mark_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "book.md").write_bytes(b"\xef\xbb\xbf" + f"{HEAD}# Checklist: A\n\n1. Look\n".encode())
    assert load_runbook(tmp_path / "book.md").title == "Small team"


def test_sections_may_be_of_any_level(tmp_path: Path) -> None:
    whole = f"{HEAD}# Checklist: A\n\n1. Look\n"
    deeper = re.sub(r"^#+ (?!Runbook)", r"#\g<0>", whole, flags=re.MULTILINE)
    plain, deep = loaded(tmp_path, "", whole), loaded(tmp_path, "", deeper)
    assert plain.digest != deep.digest
    assert msgspec.structs.replace(deep, digest=plain.digest) == plain


def test_a_folder_is_read_in_the_order_of_the_links_then_by_name(tmp_path: Path) -> None:
    head = HEAD.replace(
        "- Reviewed: 2026-01-31\n", "- Reviewed: 2026-01-31\n\n1. [Z](z.md)\n2. [Web](https://a.example/b.md)\n"
    )
    lists = {name: f"# Checklist: {name}\n\n1. Look\n" for name in ("a", "b", "z")}
    runbook = load_runbook(folder_of(tmp_path, **lists, readme=head, notes="# Notes\n\nFor people alone.\n"))
    assert [each.id for each in runbook.checklists] == ["z", "a", "b"]


def test_other_files_of_the_folder_are_let_alone(tmp_path: Path) -> None:
    (tmp_path / "picture.png").write_bytes(b"\xff\xfe")
    (tmp_path / "deeper.md").mkdir()
    assert load_runbook(folder_of(tmp_path, readme=HEAD)).title == "Small team"


def test_a_link_to_a_file_that_is_missing_is_told(tmp_path: Path) -> None:
    head = HEAD.replace("- Version: 2.1", "- Version: 2.1\n\n[Gone](gone.md)\n\n- Ignored: prose")
    assert wrongs(folder_of(tmp_path, readme=head, other="# Notes\n")) == [
        (5, "the linked file gone.md is not there", "a file of this folder")
    ]


def test_the_digest_changes_with_the_text_and_with_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one = load_runbook(folder_of(tmp_path / "one", a=HEAD, b="# Notes\n")).digest
    assert len(one) == 64
    assert load_runbook(folder_of(tmp_path / "two", b="# Notes\n", a=HEAD)).digest == one
    (tmp_path / "two" / "b.md").write_text("# Note\n")
    assert load_runbook(tmp_path / "two").digest != one


def test_a_path_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    with pytest.raises(RunbookError) as caught:
        load_runbook(tmp_path / "missing")
    assert caught.value.code == exit_codes.RUNBOOK
    assert str(caught.value) == (
        f"the runbook {tmp_path}/missing has 1 problem:\n"
        "  missing: there is no such file or folder; expected a Markdown file, or a folder with *.md in it\n"
        f"how a runbook is written: {BUNDLED.parent}/FORMAT.md"
    )


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    assert [what for _, what, _ in wrongs(tmp_path / "pipe.md")] == ["cannot be read: it is a pipe, not a file"]


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    assert [what for _, what, _ in wrongs(tmp_path)] == ["0 Markdown files in this folder"]


def test_too_many_files_are_told(tmp_path: Path) -> None:
    for number in range(65):
        (tmp_path / f"{number}.md").touch()
    assert [what for _, what, _ in wrongs(tmp_path)] == ["65 Markdown files in this folder"]


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    folder_of(tmp_path, readme=HEAD)
    (tmp_path / "other.md").symlink_to("/proc/self/mem")  # nobody reads its beginning, not even root
    assert wrongs(tmp_path) == [(0, "cannot be read: Input/output error", "a file that you may read")]


def test_bytes_that_are_no_text_are_told_with_their_line(tmp_path: Path) -> None:
    folder_of(tmp_path, readme=HEAD)
    (tmp_path / "other.md").write_bytes(b"# Notes\n\n\xff\n")
    assert wrongs(tmp_path) == [(3, "bytes that are not UTF-8", "a text file in UTF-8")]


def test_a_file_that_is_too_large_is_told(tmp_path: Path) -> None:
    assert (0, "larger than 128 KiB") in [(at, what) for at, what, _ in told(tmp_path, "x" * 128 * 1024)]


def test_a_text_that_is_no_runbook_says_what_is_needed(tmp_path: Path) -> None:
    problems = told(tmp_path, "# Shopping\n\n- Milk: two\n", head="")
    assert [(at, what) for at, what, _ in problems] == [(0, "nothing in it could be read as a step")]
    assert "'Runbook: its title'" in problems[0][2]


def test_a_text_that_begins_like_ours_is_held_to_our_format(tmp_path: Path) -> None:
    for text in (
        "# Runbook: Shopping\n",
        "# Runbok: Shopping\n",
        "# Playbook: Shopping\n\n1. Look\n   - Expect: milk\n",
    ):
        found = [(at, what) for at, what, _ in told(tmp_path, text, head="")]
        assert (0, "no heading 'Severity policy'") in found


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("# Runbook: Another\n\n- Version: 1\n", 1, "a second section 'Runbook: its title'"),
        ("# Severity policy\n", 1, "a second section 'Severity policy'"),
        ("# Playbok: Outage\n\n1. Look\n", 1, "unknown section 'Playbok: Outage' (did you mean 'playbook'?)"),
        ("# Contact\n", 1, "unknown section 'Contact' (did you mean 'contacts'?)"),
        ("# Playbook:\n", 1, "'Playbook:' has no title"),
        ("# Checklist: A\n\n1. Look\n\n# Playbook: A\n\n1. Look\n", 5, "the id 'a' is taken by runbook.md:"),
    ],
)
def test_what_is_wrong_with_sections_is_told_with_its_line(tmp_path: Path, text: str, line: int, what: str) -> None:
    assert [(at, said[: len(what)]) for at, said, _ in told(tmp_path, text)] == [(line, what)]


@pytest.mark.parametrize(
    ("bullets", "what"),
    [
        ("- Reviewed: 2026-01-31\n", "the runbook does not say its version"),
        ("- Version: 1\n- Reviewed: last year\n", "'last year' is no date"),
        ("- Version: 1\n- Next review: 2026-13-01\n", "'2026-13-01' is no date"),
        ("- Version: 1\n- Verison: 2\n", "unknown keyword 'Verison' (did you mean 'version'?)"),
    ],
)
def test_what_is_wrong_with_the_header_is_told(tmp_path: Path, bullets: str, what: str) -> None:
    head = HEAD.replace("- Version: 2.1\n- Reviewed: 2026-01-31\n", bullets)
    assert [said for _, said, _ in told(tmp_path, "", head)] == [what]


def test_problems_are_bounded_and_the_rest_is_counted(tmp_path: Path) -> None:
    (tmp_path / "runbook.md").write_text(HEAD + "# Links\n\n" + "- no link\n" * 500)
    with pytest.raises(RunbookError) as caught:
        load_runbook(tmp_path / "runbook.md")
    assert (len(caught.value.problems), caught.value.more) == (MOST, 450)
    assert str(caught.value).splitlines()[0].endswith("has 500 problems:")
    assert str(caught.value).splitlines()[-2] == "  ... and 450 more"


HOSTILE = "a\x1b[31m\x9b2J\x07\u202eevil\u200b[/][@click=app.quit]x[/] \x1b]52;c;aGk=\x07"


def test_hostile_text_is_inert_everywhere(tmp_path: Path) -> None:
    text = f"""\
# Contacts

- Lead{HOSTILE}: {HOSTILE}

# Templates

## T{HOSTILE}

- Target: {HOSTILE}

```{HOSTILE}
{HOSTILE}
```

# Checklist: A{HOSTILE}

{HOSTILE}

1. Look {HOSTILE}
   - Look: {HOSTILE}
   - Expect: {HOSTILE}
   - Trap: {HOSTILE}
   - By hand:
     ```{HOSTILE}
     {HOSTILE} <pod{HOSTILE}>
     ```
"""
    runbook = loaded(tmp_path, text)
    (found,), (contact,), (template,) = runbook.checklists, runbook.contacts, runbook.templates
    (step,) = found.steps
    (command,) = step.commands
    words = [found.title, found.summary, step.title, step.look, step.expect, step.warning, command.language]
    words += [*command.text.split("\n"), contact.name, contact.how, template.title, template.target]
    words += template.text.split("\n")
    assert all(is_safe(word) for word in words)
    assert "␛" in step.look


def test_hostile_text_is_inert_in_what_is_told(tmp_path: Path) -> None:
    (tmp_path / "runbook.md").write_text(
        HEAD + f"# Checklist: A\n\n1. Look\n   - {HOSTILE}: x\n   - Live: `{HOSTILE}`\n"
    )
    with pytest.raises(RunbookError) as caught:
        load_runbook(tmp_path / "runbook.md")
    assert len(caught.value.problems) == 2
    assert all(is_safe(line) for line in str(caught.value).split("\n"))


@pytest.mark.parametrize("unit", ["![a", "- a\n", "> ", "*a_ ", "1. a\n   - Look: b\n"])
def test_text_that_is_hard_to_parse_comes_to_an_end(tmp_path: Path, unit: str) -> None:
    file = tmp_path / "runbook.md"
    for head, size, told_first in (
        ("# Runbook: A\n\n", 127, "no heading 'Severity policy'"),
        ("", 32, "nothing in it could be read"),
    ):
        file.write_text(head + (unit * 130_000)[: size * 1024])
        assert any(what.startswith(told_first) for _, what, _ in wrongs(file))


def test_the_bundled_runbook_loads_from_any_place(tmp_path: Path) -> None:
    for file in BUNDLED.glob("*.md"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    assert load_runbook(tmp_path) == load_runbook(None)
