from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from wfconsole.config.errors import ConfigError
from wfconsole.config.locations import bundled, find_locations


def test_variables_move_configuration_and_state(tmp_path: Path) -> None:
    found = find_locations({"WFCONSOLE_CONFIG": f"{tmp_path}/c/my.toml", "WFCONSOLE_STATE_DIR": f"{tmp_path}/s"})
    assert found.config_file == tmp_path / "c/my.toml"
    assert found.keymap_file == tmp_path / "c/keymap.toml"
    assert found.themes == (tmp_path / "c/themes", bundled("themes"))
    assert found.scenarios == (tmp_path / "s/scenarios", bundled("scenarios"))
    assert (found.incidents, found.recordings) == (tmp_path / "s/incidents", tmp_path / "s/recordings")
    assert (found.crashes, found.clip_file) == (tmp_path / "s/crashes", tmp_path / "s/clip.txt")


def test_the_command_line_wins_over_the_variable(tmp_path: Path) -> None:
    found = find_locations({"WFCONSOLE_CONFIG": "/elsewhere.toml", "WFCONSOLE_STATE_DIR": "/s"}, tmp_path / "this.toml")
    assert found.config_file == tmp_path / "this.toml"


def test_paths_are_absolute_and_home_is_resolved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    found = find_locations({"WFCONSOLE_CONFIG": "here.toml", "WFCONSOLE_STATE_DIR": "~/state"})
    assert found.config_file == tmp_path / "here.toml"
    assert found.state == tmp_path / "home/state"


@pytest.mark.skipif(sys.platform != "linux", reason="XDG is how Linux names its folders")
def test_without_variables_the_system_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    found = find_locations({})
    assert found.config_file == tmp_path / "config/wfconsole/config.toml"
    assert found.incidents == tmp_path / "state/wfconsole/incidents"


def test_a_home_that_does_not_exist_is_told_with_the_variable_to_set() -> None:
    with pytest.raises(ConfigError) as caught:
        find_locations({"WFCONSOLE_STATE_DIR": "~nobody-at-all/state", "WFCONSOLE_CONFIG": "/c.toml"})
    assert str(caught.value) == (
        "WFCONSOLE_STATE_DIR: there is no home for this user (~nobody-at-all/state); "
        "expected a path that begins with /. Set WFCONSOLE_STATE_DIR."
    )


def test_bundled_folders_exist() -> None:
    assert list(bundled("themes").glob("*.toml"))
    assert bundled("scenarios").is_dir()


def test_nothing_is_created_by_asking(tmp_path: Path) -> None:
    find_locations({"WFCONSOLE_CONFIG": f"{tmp_path}/c/my.toml", "WFCONSOLE_STATE_DIR": f"{tmp_path}/s"})
    assert list(tmp_path.iterdir()) == []


def test_asking_for_paths_and_settings_imports_neither_markdown_nor_a_client() -> None:
    code = (
        "import sys, wfconsole.config.loading, wfconsole.config.locations as l; l.find_locations({});"
        "print([name for name in ('markdown_it', 'textual', 'rich', 'kubernetes', 'httpx') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert done.stdout == "[]\n"
