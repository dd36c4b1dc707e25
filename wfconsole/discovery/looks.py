"""All looks, at the same time; what is found first here wins over what comes later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from wfconsole.config.offers import choose
from wfconsole.discovery import aws_files, cluster, contexts, environment, login_table, loopback, postgres_files
from wfconsole.discovery.at_once import at_once
from wfconsole.discovery.kinds_of_server import KINDS, USUAL_PORTS
from wfconsole.discovery.report import Report
from wfconsole.text import safe

LONGEST_S: Final = 7.0  # a cluster whose credentials come from a command takes longest
_LOGINS_WITHIN_S: Final = 3.0

Looks = Mapping[str, tuple[tuple[str, ...], Callable[[], Report]]]


def look_around(
    variables: Mapping[str, str], home: Path, ports: Mapping[str, int] = USUAL_PORTS, *, within_s: float = LONGEST_S
) -> tuple[Report, ...]:
    """One report for each look, also for one that failed or did not end in time. `ports` of loopback are by table."""
    files: Looks = {
        "the environment": (("database", "cache", "prometheus", "alertmanager"), partial(environment.look, variables)),
        "files of libpq": (("database",), partial(postgres_files.look, variables, home)),
        "files of AWS": (("aws",), partial(aws_files.look, variables, home)),
        "kubeconfig": (("kubernetes",), partial(contexts.look, variables, home)),
    }
    servers: Looks = {
        f"{kind.what} at 127.0.0.1:{port}": ((kind.table,), partial(loopback.look, kind, port))
        for kind in KINDS
        for port in [ports[kind.table]]
    }
    tables = tuple(kind.table for kind in KINDS)
    reports = _all({**files, **servers, "the services of the cluster": (tables, cluster.look)}, within_s)
    chosen = choose(offer for report in reports for offer in report.offers).get("database")
    offer = chosen.offer if chosen is not None and chosen.offer is not None and chosen.offer.ready else None
    logins = partial(login_table.look, offer.values if offer is not None else {})
    return (*reports, *_all({"logins in the database": (("auth",), logins)}, _LOGINS_WITHIN_S))


def _all(looks: Looks, within_s: float) -> list[Report]:
    told = at_once({name: call for name, (_, call) in looks.items()}, within_s)
    return [
        answer if isinstance(answer, Report) else _failed(name, looks[name][0], answer) for name, answer in told.items()
    ]


def _failed(name: str, tables: tuple[str, ...], error: Exception) -> Report:
    """A bug's message may hold anything, and is not shown: only what kind of error it is."""
    if isinstance(error, TimeoutError) and not error.errno:
        why = str(error)
    elif isinstance(error, OSError) and error.strerror:
        why = f"{safe(str(error.filename), 200)}: {error.strerror}" if error.filename else error.strerror
    else:
        why = f"it ended with {type(error).__name__}"
    return Report(dict.fromkeys(tables, name), trouble=why)
