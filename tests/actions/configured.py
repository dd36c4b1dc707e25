"""What a console of its own needs in a test: an incident in a journal, a cluster that nobody asks, its settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.builders import an_entry
from wfconsole.clock import SystemClock
from wfconsole.incident.events import Declared
from wfconsole.incident.policy import SeverityName
from wfconsole.session.journaling import JournalSink


def declared(incidents: Path, incident: str, operator: str, *, severity: SeverityName = "SEV2") -> None:
    """An incident that is open, in a journal below `incidents`."""
    clock = SystemClock()
    sink = JournalSink(incidents, clock, fallbacks=(), saved=lambda _ids: None, changed=lambda: None)
    event = Declared(incident, "keys were stolen", severity, operator)
    sink.begin(incident, [an_entry(event, at=clock.now(), actor=operator)])
    sink.close(5_000)


def unasked_cluster(folder: Path) -> Path:
    """A kubeconfig whose cluster nobody asks anything."""
    kubeconfig = folder / "kubeconfig"
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "rig",
        "clusters": [{"name": "rig", "cluster": {"server": "http://127.0.0.1:9"}}],
        "users": [{"name": "rig", "user": {}}],
        "contexts": [{"name": "rig", "context": {"cluster": "rig", "user": "rig"}}],
    }
    kubeconfig.write_text(json.dumps(content))
    return kubeconfig


def written(folder: Path, tables: Mapping[str, Mapping[str, Any]]) -> Path:
    """These tables as a configuration file that only we may read."""
    file = folder / "config.toml"
    texts = [
        f"[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())
        for name, table in tables.items()
    ]
    file.write_text("\n".join(texts))
    file.chmod(0o600)
    return file
