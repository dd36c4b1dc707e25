"""Where the rig's programs come from, in which order, and what is said when there are none."""

import os
import shutil
from pathlib import Path

import pytest

from tests.rig import binaries, toolchain
from tests.rig.binaries import BinariesMissingError, find_or_build

_ALL = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl", "kwok", "metrics-server"]


def _programs(directory: Path, version: str, names: list[str] = _ALL) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    for name in names:
        path = directory / name
        path.write_text(f"#!/bin/sh\necho {name} version v{version}\n")
        path.chmod(0o755)
    return directory


@pytest.fixture(autouse=True)
def _nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    monkeypatch.setenv("PATH", str(_programs(tmp_path / "bin", "3.4.23", ["etcd"])) + ":/usr/bin:/bin")
    monkeypatch.setattr(binaries, "cache_directory", lambda: tmp_path / "cache")


@pytest.fixture
def go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for the compiler, in the PATH."""
    path = tmp_path / "bin" / "go"
    monkeypatch.setattr(toolchain, "find", lambda _report: path)
    return path


def test_the_directory_that_the_environment_names_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assets = _programs(tmp_path / "assets", "1.35.2")
    _programs(tmp_path / "cache", "1.36.3")
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(assets))
    found = find_or_build()
    assert found.apiserver == assets / "kube-apiserver"
    assert found.etcd == assets / "etcd"


def test_a_control_plane_in_the_path_is_taken_when_it_is_new_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _programs(tmp_path / "cache", "1.36.3")
    for version, taken in (("1.33.9", False), ("1.34.0", True)):
        directory = _programs(tmp_path / version, version, _ALL[1:5])
        monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{directory}")
        assert (find_or_build().apiserver.parent == directory) is taken


def test_a_control_plane_is_never_mixed_from_two_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _programs(tmp_path / "cache", "1.36.3")
    part = _programs(tmp_path / "part", "1.35.0", ["kube-apiserver", "kubectl"])
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{part}")
    found = find_or_build()
    assert {found.apiserver.parent, found.scheduler.parent, found.kubectl.parent} == {tmp_path / "cache"}


def test_an_old_etcd_is_known_for_one(tmp_path: Path) -> None:
    _programs(tmp_path / "cache", "1.36.3")
    _programs(tmp_path / "bin", "3.4.23", ["etcd"])
    assert not find_or_build().etcd_is_modern
    _programs(tmp_path / "bin", "3.6.1", ["etcd"])
    assert find_or_build().etcd_is_modern


def test_without_a_build_the_message_says_how_to_build(tmp_path: Path) -> None:
    _programs(tmp_path / "cache", "1.36.3", _ALL[1:6])
    with pytest.raises(BinariesMissingError, match=r"metrics-server.*python -m tests\.rig build"):
        find_or_build(build=False)


def test_without_go_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_report: object) -> Path:
        raise toolchain.GoError("Go is missing. Install it: apt-get install golang-go")

    monkeypatch.setattr(toolchain, "find", missing)
    with pytest.raises(BinariesMissingError, match="golang-go"):
        find_or_build(lambda _line: None)


def test_without_etcd_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BinariesMissingError, match="etcd-server"):
        find_or_build()


def test_an_old_go_fetches_the_one_that_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched = tmp_path / "toolchain"
    (fetched / "pkg" / "tool" / "linux_amd64").mkdir(parents=True)
    (fetched / "bin").mkdir()
    for program in (fetched / "bin" / "go", fetched / "pkg" / "tool" / "linux_amd64" / "compile"):
        program.write_text("")
        program.chmod(0o444)
    old = tmp_path / "old-go"
    old.write_text(
        "#!/bin/sh\ncase $1 in version) echo go version go1.19.8 linux/amd64;; env) printf 'linux\\namd64\\n';;"
        f' mod) echo {{\\"Dir\\": \\"{fetched}\\"}};; esac\n'
    )
    old.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda _name: str(old))
    monkeypatch.setattr(toolchain, "_USUAL_PLACE", tmp_path / "nothing")
    said: list[str] = []
    assert toolchain.find(said.append) == fetched / "bin" / "go"
    assert os.access(fetched / "pkg" / "tool" / "linux_amd64" / "compile", os.X_OK)
    assert said == [f"fetching Go {toolchain.WANTED}"]


def test_a_failed_build_is_told_with_the_compilers_words_and_leaves_nothing(tmp_path: Path, go: Path) -> None:
    go.write_text("#!/bin/sh\necho undefined: app.New >&2\nexit 1\n")
    go.chmod(0o755)
    said: list[str] = []
    with pytest.raises(BinariesMissingError, match=r"undefined: app\.New"):
        find_or_build(said.append)
    assert any("building" in line for line in said)
    assert not list((tmp_path / "cache").iterdir())


def test_a_build_is_renamed_into_place_once_it_is_whole(tmp_path: Path, go: Path) -> None:
    # What `go build ... -o PATH` and `GOBIN=DIR go install ... NAME@VERSION` leave behind.
    go.write_text(
        "#!/bin/sh\n"
        'name="${4%@*}"; out="$GOBIN/${name##*/}"; [ "$1" = build ] && out="$5"\n'
        'printf "#!/bin/sh\\necho v1.36.3\\n" > "$out"; chmod +x "$out"\n'
    )
    go.chmod(0o755)
    found = find_or_build(lambda _line: None)
    assert found.kwok == tmp_path / "cache" / "kwok"
    assert sorted(path.name for path in (tmp_path / "cache").iterdir()) == sorted(_ALL[1:])
