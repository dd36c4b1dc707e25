"""What can be listed in a pane: columns, order, cells, and what there is to say about the row with the cursor. Pure."""

from __future__ import annotations

from typing import Final

from wfconsole.tui.listings.alerts import AlertsListing
from wfconsole.tui.listings.cache import CacheListing, KeysListing
from wfconsole.tui.listings.changes import ChangesListing
from wfconsole.tui.listings.database import ConnectionsListing
from wfconsole.tui.listings.events import EventsListing
from wfconsole.tui.listings.failures import FailuresListing
from wfconsole.tui.listings.findings import FindingsListing
from wfconsole.tui.listings.gpus import GpusListing
from wfconsole.tui.listings.hpas import HpasListing
from wfconsole.tui.listings.inference import InferenceListing
from wfconsole.tui.listings.ingresses import IngressesListing
from wfconsole.tui.listings.isolation import IsolationListing
from wfconsole.tui.listings.listing import Listing
from wfconsole.tui.listings.locks import LocksListing
from wfconsole.tui.listings.nodes import NodesListing
from wfconsole.tui.listings.pods import AllPodsListing, UnhealthyPodsListing
from wfconsole.tui.listings.replicas import ReplicasListing
from wfconsole.tui.listings.secrets import SecretsListing
from wfconsole.tui.listings.services import ServicesListing
from wfconsole.tui.listings.signals import SignalsListing
from wfconsole.tui.listings.statements import StatementsListing
from wfconsole.tui.listings.transactions import TransactionsListing
from wfconsole.tui.listings.workloads import WorkloadsListing


def _pods() -> tuple[Listing, ...]:
    of_network = (ServicesListing(), IngressesListing(), IsolationListing())
    of_pods = (UnhealthyPodsListing(), AllPodsListing(), WorkloadsListing(), ChangesListing(), EventsListing())
    return (*of_pods, *of_network)


def _hpas() -> tuple[Listing, ...]:
    return (HpasListing("troubled"), HpasListing("all"))


def _nodes() -> tuple[Listing, ...]:
    return (NodesListing("nodes"), NodesListing("gpu"), NodesListing("pressure"), GpusListing(), InferenceListing())


def _database() -> tuple[Listing, ...]:
    of_database = (LocksListing(), TransactionsListing(), ConnectionsListing(), StatementsListing(), ReplicasListing())
    return (*of_database, CacheListing(), KeysListing())


def _security() -> tuple[Listing, ...]:
    failures = (FailuresListing("failures"), FailuresListing("by source"), FailuresListing("by user"))
    return (*failures, FindingsListing(), SecretsListing())


def _signals() -> tuple[Listing, ...]:
    return (SignalsListing("golden"), SignalsListing("per service"))


def _alerts() -> tuple[Listing, ...]:
    return (AlertsListing("open"), AlertsListing("shelved"), AlertsListing("all"))


_OF_PANE: Final = {1: _alerts, 2: _signals, 3: _pods, 4: _hpas, 5: _nodes, 6: _database, 7: _security}


def listings_of(pane: int) -> tuple[Listing, ...]:
    """The views of a pane, in the order of `v`."""
    return _OF_PANE[pane]()
