from __future__ import annotations

import pytest

from wfconsole.tui import screens


@pytest.mark.parametrize("name", sorted(screens._PLACES))
def test_every_screen_that_is_named_can_be_loaded(name: str) -> None:
    assert screens.is_there(name)
    assert screens.load(name).__name__ == screens._PLACES[name].partition(":")[2]


def test_another_name_is_no_screen() -> None:
    assert not screens.is_there("nowhere")
