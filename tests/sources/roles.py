"""The roles that the project ships for Kubernetes, as their files have them."""

from __future__ import annotations

from importlib import resources
from typing import Any

import yaml

_ROLES = resources.files("wfconsole.sources.kubernetes")
VIEWER: dict[str, Any] = yaml.safe_load((_ROLES / "viewer-clusterrole.yaml").read_text())
ACTOR: dict[str, Any] = yaml.safe_load((_ROLES / "actor-clusterrole.yaml").read_text())


def granted(role: dict[str, Any]) -> set[tuple[str, str, str]]:
    """Each right as verb, group and resource (with its subresource)."""
    return {
        (verb, group, resource)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
