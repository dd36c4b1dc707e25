"""Journals of tests lie in memory where there is such a directory: these tests are about order, not about disks."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def ram() -> Iterator[Path]:
    base = Path("/dev/shm")
    if not os.access(base, os.W_OK):
        base = Path(tempfile.gettempdir())
    directory = Path(tempfile.mkdtemp(prefix="wfconsole-test-", dir=base))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def home(ram: Path) -> Path:
    """The directory of one incident's journal; not there yet."""
    return ram / "incidents" / "INC-20260107-0312" / "journal"


@pytest.fixture
def fallback(ram: Path) -> Path:
    """A base directory for fallbacks."""
    base = ram / "elsewhere"
    base.mkdir()
    return base
