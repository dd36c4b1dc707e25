"""What can be listed in a pane: columns, order, cells, and what there is to say about the row with the cursor. Pure."""

from __future__ import annotations

from typing import Final

from wfconsole.tui.listings.cache import CacheListing, KeysListing
from wfconsole.tui.listings.changes import ChangesListing
from wfconsole.tui.listings.database import ConnectionsListing
from wfconsole.tui.listings.events import EventsListing
from wfconsole.tui.listings.failures import FailuresListing
from wfconsole.tui.listings.findings import FindingsListing
from wfconsole.tui.listings.hpas import HpasListing
from wfconsole.tui.listings.ingresses import IngressesListing
from wfconsole.tui.listings.isolation import IsolationListing
from wfconsole.tui.listings.gpus import GpusListing
from wfconsole.tui.listings.hpas import HpasListing
from wfconsole.tui.listings.inference import InferenceListing
from wfconsole.tui.listings.listing import Listing
from wfconsole.tui.listings.locks import LocksListing
from wfconsole.tui.listings.nodes import NodesListing
from wfconsole.tui.listings.pods import AllPodsListing, UnhealthyPodsListing
from wfconsole.tui.listings.services import ServicesListing
from wfconsole.tui.listings.secrets import SecretsListing
from wfconsole.tui.listings.replicas import ReplicasListing
from wfconsole.tui.listings.statements import StatementsListing
from wfconsole.tui.listings.transactions import TransactionsListing
from wfconsole.tui.listings.signals import SignalsListing
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
    return (ConnectionsListing(), CacheListing(), KeysListing())
    return (LocksListing(), TransactionsListing(), ConnectionsListing(), StatementsListing(), ReplicasListing())


def _security() -> tuple[Listing, ...]:
    failures = (FailuresListing("failures"), FailuresListing("by source"), FailuresListing("by user"))
    return (*failures, FindingsListing(), SecretsListing())


_OF_PANE: Final = {3: _pods, 4: _hpas, 5: _nodes, 6: _database, 7: _security}
def _signals() -> tuple[Listing, ...]:
    return (SignalsListing("golden"), SignalsListing("per service"))


_OF_PANE: Final = {2: _signals, 3: _pods, 4: _hpas, 5: _nodes, 6: _database}


def listings_of(pane: int) -> tuple[Listing, ...]:
    """The views of a pane, in the order of `v`; none for a pane that has none yet."""
    make = _OF_PANE.get(pane)
    return make() if make is not None else ()
