"""A crash report says where, never what was in a variable, and of an exception's words only what a redactor leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from wfconsole.redaction import redact_text
from wfconsole.text import is_safe
from wfconsole.tui.crash_report import headline, write_report

SECRET = "hunter2-canary"


class UnprintableError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


def fall(password: str) -> None:
    """Never returns."""
    fall(password)


def broken(how: str) -> BaseException:
    """An exception that was raised, with a secret in a local variable and in its words."""

    def connect(password: str) -> None:
        raise ConnectionError(f"postgresql://ada:{password}@db.example/shop \x1b[2J refused")

    try:
        if how == "deep":
            fall(SECRET)
        if how == "unprintable":
            raise UnprintableError
        try:
            connect(SECRET)
        except ConnectionError as error:
            raise ValueError(f"password={SECRET}") from error
    except (ValueError, UnprintableError, RecursionError) as error:
        return error
    raise AssertionError(how)


@pytest.mark.parametrize("redact", [None, redact_text], ids=["without a redactor", "with the redactor"])
def test_no_secret_reaches_the_report(tmp_path: Path, redact: None) -> None:
    path = write_report([broken("chain")], tmp_path / "crashes", redact)
    assert path is not None
    report = path.read_text()
    assert SECRET not in report
    assert ("db.example" in report) == (redact is not None)
    assert "caused by\nConnectionError" in report
    assert "test_crash_report.py" in report
    assert all(is_safe(line) for line in report.splitlines())
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_the_words_of_an_exception_are_kept_where_a_redactor_has_seen_them(tmp_path: Path) -> None:
    path = write_report([RuntimeError("no pane named 12")], tmp_path, redact_text)
    assert path is not None
    assert "RuntimeError: no pane named 12" in path.read_text()


def test_a_stack_without_end_is_cut_in_its_middle(tmp_path: Path) -> None:
    path = write_report([broken("deep")], tmp_path, None)
    assert path is not None
    lines = path.read_text().splitlines()
    assert len(lines) < 100
    assert any("more ..." in line for line in lines)


def test_an_exception_that_cannot_be_printed_does_not_hide_itself(tmp_path: Path) -> None:
    path = write_report([broken("unprintable"), broken("chain")], tmp_path, redact_text)
    assert path is not None
    assert "UnprintableError: (RuntimeError while reading its words)" in path.read_text()
    assert "--- error 2 of 2" in path.read_text()


def test_where_nothing_can_be_written_there_is_no_report_and_no_second_crash(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert write_report([broken("chain")], tmp_path / "file", None) is None


def test_the_headline_names_the_kind_and_the_place() -> None:
    assert headline(broken("chain")).startswith("ValueError in test_crash_report.py:")
    assert headline(ValueError("never raised")) == "ValueError"
