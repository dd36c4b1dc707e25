"""The kubeconfig's context is named, the others are told; in a pod its service account is what there is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from wfconsole.config.offers import choose
from wfconsole.discovery import contexts
from wfconsole.discovery.report import Report
from wfconsole.text import is_safe


def kubeconfig(path: Path, current: str, *names: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    told = {"current-context": current, "contexts": [{"name": name, "context": {}} for name in names]}
    path.write_text(json.dumps(told))
    return path


def values(report: Report) -> tuple[bool, dict[str, Any]]:
    chosen = choose(report.offers).get("kubernetes")
    if chosen is None or chosen.offer is None:
        return False, {}
    return chosen.offer.ready, chosen.offer.values


def words(report: Report) -> str:
    return " ".join(remark.words for remark in report.remarks)


def test_without_a_kubeconfig_there_is_nothing(home: Path) -> None:
    report = contexts.look({}, home)
    assert (values(report), report.trouble) == ((False, {}), "")
    assert f"{home}/.kube/config" in report.looked["kubernetes"]


def test_the_current_context_is_taken_and_the_others_are_told(home: Path) -> None:
    path = kubeconfig(home / ".kube" / "config", "prod", "prod", *(f"stage-{number}" for number in range(14)))
    report = contexts.look({}, home)
    assert values(report) == (True, {"context": "prod"})
    assert report.offers[0].why == f"the current context of {path}"
    assert words(report).startswith("Other contexts there: stage-0, stage-1")
    assert words(report).endswith("and 2 more.")


def test_without_a_current_one_the_first_is_proposed(home: Path) -> None:
    kubeconfig(home / ".kube" / "config", "", "a", "b")
    assert values(contexts.look({}, home)) == (False, {"context": "a"})


def test_a_kubeconfig_that_a_variable_names_is_named_too(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = kubeconfig(home / "x" / "rig.yaml", "rig", "rig")
    monkeypatch.setenv("KUBECONFIG", str(path))
    report = contexts.look({"KUBECONFIG": str(path)}, home)
    assert values(report) == (True, {"context": "rig", "kubeconfig": str(path)})


def test_several_files_cannot_be_one_setting(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both = f"{kubeconfig(home / 'a', 'one', 'one')}:{kubeconfig(home / 'b', 'two', 'two')}"
    monkeypatch.setenv("KUBECONFIG", both)
    report = contexts.look({"KUBECONFIG": both}, home)
    assert values(report) == (True, {"context": "one"})
    assert "several files" in words(report)


def test_a_kubeconfig_that_is_none_is_told(home: Path) -> None:
    kubeconfig(home / ".kube" / "config", "x").write_text("{")
    report = contexts.look({}, home)
    assert report.offers == ()
    assert "must be a kubeconfig file" in report.trouble


def test_a_pod_has_its_service_account(home: Path) -> None:
    (home / "token").write_text("hunter2")
    variables = {"KUBERNETES_SERVICE_HOST": "10.96.0.1"}
    assert values(contexts.look(variables, home, home)) == (True, {"in_cluster": True})
    kubeconfig(home / ".kube" / "config", "prod", "prod")
    report = contexts.look(variables, home, home)
    assert values(report) == (True, {"context": "prod"})
    assert "in_cluster" in words(report)


def test_hostile_names_stay_on_their_line(home: Path) -> None:
    kubeconfig(home / ".kube" / "config", "a\nb\x1b[31m", "a\nb\x1b[31m", "c\u202e\n[kubernetes]\nin_cluster = true")
    report = contexts.look({}, home)
    assert values(report) == (True, {"context": "a\nb\x1b[31m"})
    assert all(is_safe(text) for text in (report.offers[0].why, words(report)))
