"""What can be listed in a pane: columns, order, cells, and what there is to say about the row with the cursor. Pure.

Each view is loaded when it is asked for: the first frame waits for no other.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from wfconsole.tui.listings.listing import Listing


def _pods() -> Iterator[Listing]:
    from wfconsole.tui.listings.pods import AllPodsListing, UnhealthyPodsListing

    yield from (UnhealthyPodsListing(), AllPodsListing())
    from wfconsole.tui.listings.changes import ChangesListing
    from wfconsole.tui.listings.events import EventsListing
    from wfconsole.tui.listings.workloads import WorkloadsListing

    yield from (WorkloadsListing(), ChangesListing(), EventsListing())
    from wfconsole.tui.listings.ingresses import IngressesListing
    from wfconsole.tui.listings.isolation import IsolationListing
    from wfconsole.tui.listings.services import ServicesListing

    yield from (ServicesListing(), IngressesListing(), IsolationListing())


def _hpas() -> Iterator[Listing]:
    from wfconsole.tui.listings.hpas import HpasListing

    yield from (HpasListing("troubled"), HpasListing("all"))


def _nodes() -> Iterator[Listing]:
    from wfconsole.tui.listings.nodes import NodesListing

    yield from (NodesListing("nodes"), NodesListing("gpu"), NodesListing("pressure"))
    from wfconsole.tui.listings.gpus import GpusListing
    from wfconsole.tui.listings.inference import InferenceListing

    yield from (GpusListing(), InferenceListing())


def _database() -> Iterator[Listing]:
    from wfconsole.tui.listings.locks import LocksListing

    yield LocksListing()
    from wfconsole.tui.listings.cache import CacheListing, KeysListing
    from wfconsole.tui.listings.database import ConnectionsListing
    from wfconsole.tui.listings.replicas import ReplicasListing
    from wfconsole.tui.listings.statements import StatementsListing
    from wfconsole.tui.listings.transactions import TransactionsListing

    yield from (TransactionsListing(), ConnectionsListing(), StatementsListing(), ReplicasListing())
    yield from (CacheListing(), KeysListing())


def _security() -> Iterator[Listing]:
    from wfconsole.tui.listings.failures import FailuresListing

    yield from (FailuresListing("failures"), FailuresListing("by source"), FailuresListing("by user"))
    from wfconsole.tui.listings.findings import FindingsListing
    from wfconsole.tui.listings.secrets import SecretsListing

    yield from (FindingsListing(), SecretsListing())


def _signals() -> Iterator[Listing]:
    from wfconsole.tui.listings.signals import SignalsListing

    yield from (SignalsListing("golden"), SignalsListing("per service"))


def _alerts() -> Iterator[Listing]:
    from wfconsole.tui.listings.alerts import AlertsListing

    yield from (AlertsListing("open"), AlertsListing("shelved"), AlertsListing("all"))


_OF_PANE: Final = {1: _alerts, 2: _signals, 3: _pods, 4: _hpas, 5: _nodes, 6: _database, 7: _security}


def listings_of(pane: int) -> tuple[Listing, ...]:
    """The views of a pane, in the order of `v`."""
    return tuple(_OF_PANE[pane]())


def listing_of(pane: int, view: str) -> Listing:
    """The view of a pane that has this name, the first one for "". Raises LookupError."""
    for listing in _OF_PANE[pane]():
        if view in ("", listing.name):
            return listing
    raise LookupError(f"pane {pane} has no view {view!r}")
