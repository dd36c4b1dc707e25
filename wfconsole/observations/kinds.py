"""Every kind of source there is: its name, its row type, and the pane it belongs to."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from wfconsole.observations.alerts import AlertRow
from wfconsole.observations.database import DatabaseRow
from wfconsole.observations.events import EventRow
from wfconsole.observations.hpas import HpaRow
from wfconsole.observations.nodes import NodeRow
from wfconsole.observations.pods import PodRow
from wfconsole.observations.workloads import WorkloadRow


class Kind(msgspec.Struct, frozen=True):
    """One kind of source. `schema` grows by one when a field changes its meaning; adding fields does not count.

    `repeats`: fields whose texts are the same in very many rows, so that one text can do for all of them.
    """

    name: str
    row: Any
    schema: int = 1
    repeats: tuple[str, ...] = ()


_OF_PODS: Final = ("namespace", "status", "phase", "node", "owner_kind", "owner", "revision", "image")

KINDS: Final[dict[str, Kind]] = {
    kind.name: kind
    for kind in (
        Kind(
            "pods", PodRow, repeats=("namespace", "status", "phase", "node", "owner_kind", "owner", "revision", "image")
        ),
        Kind("workloads", WorkloadRow),
        Kind("hpas", HpaRow),
        Kind("nodes", NodeRow),
        Kind("events", EventRow),
        Kind("database", DatabaseRow),
        Kind("alerts", AlertRow),
    )
}
