"""A configuration is written whole, for its owner alone, and over no other one."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from wfconsole import exit_codes
from wfconsole.config.errors import ConfigError
from wfconsole.config.writing import write_config


def test_a_new_file_is_for_its_owner_alone_whatever_the_mask(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    before = os.umask(0)
    try:
        write_config(path, "# Ä\n", replace=False)
    finally:
        os.umask(before)
    assert path.read_text(encoding="utf-8") == "# Ä\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["config.toml"]


def test_one_that_is_there_stays(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("mine")
    with pytest.raises(ConfigError, match="--force") as raised:
        write_config(path, "yours", replace=False)
    assert raised.value.code == exit_codes.CONFIGURATION
    assert path.read_text() == "mine"
    assert os.listdir(tmp_path) == ["config.toml"]


def test_it_is_replaced_where_somebody_says_so(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("mine")
    path.chmod(0o644)
    write_config(path, "yours", replace=True)
    assert path.read_text() == "yours"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["config.toml"]


def test_a_link_stays_one_and_the_file_behind_it_is_written(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.toml"
    real.write_text("mine")
    link = tmp_path / "config.toml"
    link.symlink_to(real)
    with pytest.raises(ConfigError):
        write_config(link, "yours", replace=False)
    write_config(link, "yours", replace=True)
    assert link.is_symlink()
    assert real.read_text() == "yours"


def test_missing_folders_are_made_only_for_the_usual_place(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "config.toml"
    with pytest.raises(ConfigError, match="No such file"):
        write_config(path, "x", replace=False)
    assert not path.parent.exists()
    write_config(path, "x", replace=False, make_folder=True)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("replace", [False, True])
def test_a_place_that_takes_no_file_is_told_with_what_to_do(tmp_path: Path, replace: bool) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "config.toml", Path("/proc/config.toml"), tmp_path):
        with pytest.raises(ConfigError, match=r"cannot be written|there is a file already") as raised:
            write_config(path, "x", replace=replace)
        assert str(path) in str(raised.value)
    assert sorted(os.listdir(tmp_path)) == ["file"]


def test_a_disk_that_takes_only_half_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "config.toml"
    path.write_text("mine")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigError, match="No space left"):
        write_config(path, "yours", replace=True)
    assert path.read_text() == "mine"
    assert os.listdir(tmp_path) == ["config.toml"]


def test_a_file_system_without_hard_links_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    path = tmp_path / "config.toml"
    write_config(path, "mine", replace=False)
    with pytest.raises(ConfigError, match="--force"):
        write_config(path, "yours", replace=False)
    assert path.read_text() == "mine"
    assert os.listdir(tmp_path) == ["config.toml"]
