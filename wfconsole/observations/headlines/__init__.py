"""What each source says of itself in one line of the board: a file for each."""

from wfconsole.observations.headlines.alerts import alerts
from wfconsole.observations.headlines.database import database
from wfconsole.observations.headlines.hpas import hpas
from wfconsole.observations.headlines.nodes import nodes
from wfconsole.observations.headlines.pods import pods

__all__ = ["alerts", "database", "hpas", "nodes", "pods"]
