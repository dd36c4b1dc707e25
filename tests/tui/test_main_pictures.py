"""How the main screens look: few pictures, colours and frames included, with a clock that stands still."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tui.harness import SIZES, an_app, troubled_desk


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_overview_in_an_incident(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(an_app(troubled_desk()), terminal_size=size)


def test_the_overview_without_colours(snap_compare: Any) -> None:
    assert snap_compare(an_app(troubled_desk(), theme="mono"), terminal_size=(80, 24))


def test_the_pods_pane(snap_compare: Any) -> None:
    assert snap_compare(an_app(troubled_desk()), press=["3", "j"], terminal_size=(80, 24))


def test_the_wall(snap_compare: Any) -> None:
    assert snap_compare(an_app(troubled_desk()), press=["w"], terminal_size=(80, 24))
