"""What can be listed in a pane: columns, order, cells, and what there is to say about the row with the cursor. Pure."""

from __future__ import annotations

from typing import Final

from wfconsole.tui.listings.alerts import AlertsListing
from wfconsole.tui.listings.changes import ChangesListing
from wfconsole.tui.listings.database import ConnectionsListing
from wfconsole.tui.listings.events import EventsListing
from wfconsole.tui.listings.hpas import HpasListing
from wfconsole.tui.listings.listing import Listing
from wfconsole.tui.listings.nodes import NodesListing
from wfconsole.tui.listings.pods import AllPodsListing, UnhealthyPodsListing
from wfconsole.tui.listings.workloads import WorkloadsListing


def _pods() -> tuple[Listing, ...]:
    return (UnhealthyPodsListing(), AllPodsListing(), WorkloadsListing(), ChangesListing(), EventsListing())


def _hpas() -> tuple[Listing, ...]:
    return (HpasListing("troubled"), HpasListing("all"))


def _nodes() -> tuple[Listing, ...]:
    return (NodesListing("nodes"), NodesListing("gpu"), NodesListing("pressure"))


def _database() -> tuple[Listing, ...]:
    return (ConnectionsListing(),)


def _alerts() -> tuple[Listing, ...]:
    return (AlertsListing("open"), AlertsListing("shelved"), AlertsListing("all"))


_OF_PANE: Final = {1: _alerts, 3: _pods, 4: _hpas, 5: _nodes, 6: _database}


def listings_of(pane: int) -> tuple[Listing, ...]:
    """The views of a pane, in the order of `v`; none for a pane that has none yet."""
    make = _OF_PANE.get(pane)
    return make() if make is not None else ()
