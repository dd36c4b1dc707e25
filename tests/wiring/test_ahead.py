"""The collector is begun before anything else, and is gone with whoever began it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.console.desk import command_of
from tests.journal.helpers import until
from wfconsole import cli, exit_codes
from wfconsole.errors import UserError
from wfconsole.session.child import Child
from wfconsole.wiring import ahead, commands


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Child | None]:
    """Runs a command up to where it would read its configuration; gives the collector that it found there."""

    def run(*words: str) -> Child | None:
        found: list[Child | None] = []

        def command(arguments: argparse.Namespace) -> int:
            child: Child | None = arguments.collector
            found.append(child)
            if child is not None:
                until(lambda: command_of(child.pid).endswith(b"\0-m\0wfconsole.collector\0"), "it is a collector")
                assert child.code is None
            raise UserError("wrong", exit_codes.CONFIGURATION)

        monkeypatch.setattr(commands, words[0], command)
        with pytest.raises(UserError):
            cli._run(cli._parser(words).parse_args(words))
        return found[0]

    return run


@pytest.mark.parametrize("words", [("live",), ("resume",), ("resume", "INC-1")])
def test_it_is_there_before_the_configuration_is_read_and_gone_when_that_is_wrong(
    run: Callable[..., Child | None], words: tuple[str, ...]
) -> None:
    child = run(*words)
    assert child is not None
    assert child.code is not None
    assert not Path(f"/proc/{child.pid}").exists()


@pytest.mark.parametrize("words", [("live", "-"), ("resume", "-"), ("resume", "INC-1", "-")])
def test_a_stream_of_somebody_else_needs_none(run: Callable[..., Child | None], words: tuple[str, ...]) -> None:
    assert run(*words) is None


def test_where_none_starts_the_console_goes_on_and_tells_later(
    run: Callable[..., Child | None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(ahead, "collector_command", lambda: (str(tmp_path / "none"),))
    assert run("live") is None
