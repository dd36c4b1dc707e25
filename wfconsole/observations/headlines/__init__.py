"""What each source says of itself in one line of the board: a file for each."""

from wfconsole.observations.headlines.auth import auth
from wfconsole.observations.headlines.cache import cache
from wfconsole.observations.headlines.database import database
from wfconsole.observations.headlines.gpus import gpus
from wfconsole.observations.headlines.hpas import hpas
from wfconsole.observations.headlines.inference import inference
from wfconsole.observations.headlines.nodes import nodes
from wfconsole.observations.headlines.pods import pods
from wfconsole.observations.headlines.security import findings, secrets

__all__ = ["auth", "database", "findings", "hpas", "nodes", "pods", "secrets"]
__all__ = ["cache", "database", "hpas", "nodes", "pods"]
from wfconsole.observations.headlines.replicas import replicas
from wfconsole.observations.headlines.sessions import sessions

__all__ = ["database", "hpas", "nodes", "pods", "replicas", "sessions"]
from wfconsole.observations.headlines.signals import signals

__all__ = ["database", "gpus", "hpas", "inference", "nodes", "pods", "signals"]
