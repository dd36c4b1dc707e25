"""Servers among the services of the cluster that the kubeconfig means. Lists services, and reads nothing else."""

from __future__ import annotations

import functools
import shlex
from typing import Final

import msgspec

from wfconsole.clock import SECOND
from wfconsole.config.offers import Offer, Remark
from wfconsole.decoding import decoder_of
from wfconsole.discovery.at_once import at_once
from wfconsole.discovery.candidates import Candidate, candidates
from wfconsole.discovery.kinds_of_server import KINDS, Kind
from wfconsole.discovery.protocols import Recognised
from wfconsole.discovery.report import Report
from wfconsole.sources.contract import SourceError
from wfconsole.sources.kubernetes.access import Access
from wfconsole.sources.kubernetes.client import Client, Limits, Server
from wfconsole.sources.kubernetes.kubeconfig import load_access
from wfconsole.sources.kubernetes.network_payloads import Service
from wfconsole.sources.kubernetes.payloads import Listing
from wfconsole.text import safe

_LIMITS: Final = Limits(deadline_ms=3 * SECOND, plugin_deadline_ms=5 * SECOND)
_PAGE: Final = 500
_MOST_PAGES: Final = 10
_TRIED_WITHIN_S: Final = 1.5  # each address of a service, all of them at the same time
_SHOWN: Final = 4
_LISTING: Final = decoder_of(Listing[Service])


def look() -> Report:
    """What services there are for each kind, and whether they can be reached from here."""
    where = "the services of the cluster"
    looked = dict.fromkeys((kind.table for kind in KINDS), where)
    try:
        access = load_access()
        services, narrowed = _services(access)
    except SourceError as error:
        if error.kind == "configuration":
            return Report({})  # there is no cluster to ask; the look at kubeconfig says why
        return Report(looked, trouble=f"{error.message}. {error.remedy}".strip())
    found = [(kind, candidates(kind, services)) for kind in KINDS]
    reached = _reached(found)
    offers = [_offer(access, kind, those[0], reached.get(kind.table)) for kind, those in found if those]
    remarks = [Remark(kind.table, _others(those)) for kind, those in found if len(those) > 1]
    if narrowed:
        words = f"Services may be listed in namespace {narrowed} only; name those that you may see in namespaces."
        remarks.append(Remark("kubernetes", words))
        looked = dict.fromkeys(looked, f"the services of namespace {narrowed}")
    return Report(looked, offers=tuple(offers), remarks=tuple(remarks))


def _services(access: Access) -> tuple[list[Service], str]:
    """All services; where they may not all be listed, those of the context's namespace, with its name."""
    client = Server(access, _LIMITS).client()
    try:
        try:
            return _listed(client, "/api/v1/services"), ""
        except SourceError as error:
            if error.code != 403:
                raise
        return _listed(client, f"/api/v1/namespaces/{access.namespace}/services"), safe(access.namespace, 63)
    finally:
        client.close()


def _listed(client: Client, path: str) -> list[Service]:
    services: list[Service] = []
    after = ""
    for _ in range(_MOST_PAGES):
        query: dict[str, str | int] = {"limit": _PAGE, **({"continue": after} if after else {})}
        try:
            page = _LISTING.decode(client.get(path, query, what="services"))
        except msgspec.DecodeError as error:
            raise SourceError("bad-answer", f"services: {safe(str(error), 200)}") from None
        services += page.items or ()
        after = page.metadata.continue_
        if not after:
            break
    return services


def _reached(found: list[tuple[Kind, list[Candidate]]]) -> dict[str, tuple[str, Recognised]]:
    """By table, the first address of the likeliest service that answers as it should, and what it said."""
    calls = {
        f"{kind.table} {address}": functools.partial(kind.recognise, address, those[0].port, _TRIED_WITHIN_S)
        for kind, those in found
        if those
        for address in those[0].addresses
    }
    reached: dict[str, tuple[str, Recognised]] = {}
    for name, answer in at_once(calls, _TRIED_WITHIN_S).items():
        table, _, address = name.partition(" ")
        if isinstance(answer, Recognised):
            reached.setdefault(table, (address, answer))
    return reached


def _offer(access: Access, kind: Kind, service: Candidate, reached: tuple[str, Recognised] | None) -> Offer:
    if reached is not None:
        address, found = reached
        return Offer(kind.table, kind.settings(address, service.port), f"{found} answers at {service.shown}")
    why = f"{service.shown}, which does not answer from here"
    return Offer(
        kind.table, kind.settings("127.0.0.1", kind.port), why, ready=False, command=_forward(access, kind, service)
    )


def _forward(access: Access, kind: Kind, service: Candidate) -> str:
    words = ["kubectl"]
    if access.context and access.context != "in-cluster":
        words += ["--context", access.context]
    words += [
        "--namespace",
        service.namespace,
        "port-forward",
        f"service/{service.name}",
        f"{kind.port}:{service.port}",
    ]
    return safe(shlex.join(words), 500)


def _others(those: list[Candidate]) -> str:
    shown = "; ".join(each.shown for each in those[1 : 1 + _SHOWN])
    more = f"; and {len(those) - 1 - _SHOWN} more" if len(those) > 1 + _SHOWN else ""
    return f"Also in the cluster: {shown}{more}."
