"""What each source says of itself in one line of the board: a file for each."""

from wfconsole.observations.headlines.database import database
from wfconsole.observations.headlines.hpas import hpas
from wfconsole.observations.headlines.nodes import nodes
from wfconsole.observations.headlines.pods import pods
from wfconsole.observations.headlines.replicas import replicas
from wfconsole.observations.headlines.sessions import sessions

__all__ = ["database", "hpas", "nodes", "pods", "replicas", "sessions"]
