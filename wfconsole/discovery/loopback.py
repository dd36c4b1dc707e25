"""Servers on this machine's loopback: a server of its own, a port-forward, a tunnel."""

from __future__ import annotations

from typing import Final

from wfconsole.config.offers import Offer, Remark
from wfconsole.discovery.kinds_of_server import Kind
from wfconsole.discovery.report import Report

_HOST: Final = "127.0.0.1"
_WITHIN_S: Final = 2.0


def look(kind: Kind, port: int, within_s: float = _WITHIN_S) -> Report:
    """Whether a server of this kind listens at this port. `within_s` bounds each wait for it."""
    looked = {kind.table: f"{_HOST}:{port}"}
    found = kind.recognise(_HOST, port, within_s)
    if found is None:
        return Report(looked)
    offer = Offer(kind.table, kind.settings(_HOST, port), f"{found} answers at {_HOST}:{port}")
    wants = Remark(
        kind.table, "It asks for a password: put that into a file (chmod 600), and name it in password_file."
    )
    return Report(looked, offers=(offer,), remarks=(wants,) if found.guarded else ())
