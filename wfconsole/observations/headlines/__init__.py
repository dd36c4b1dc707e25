"""What each source says of itself in one line of the board: a file for each."""

from wfconsole.observations.headlines.database import database
from wfconsole.observations.headlines.gpus import gpus
from wfconsole.observations.headlines.hpas import hpas
from wfconsole.observations.headlines.inference import inference
from wfconsole.observations.headlines.nodes import nodes
from wfconsole.observations.headlines.pods import pods
from wfconsole.observations.headlines.signals import signals

__all__ = ["database", "gpus", "hpas", "inference", "nodes", "pods", "signals"]
