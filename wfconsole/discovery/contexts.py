"""Which cluster the kubeconfig means, or the pod that this runs in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from wfconsole.config.offers import Offer, Remark
from wfconsole.discovery.report import Report
from wfconsole.sources.contract import SourceError
from wfconsole.sources.kubernetes.kubeconfig import SERVICE_ACCOUNT, Contexts, known_contexts
from wfconsole.text import safe

_SHOWN: Final = 12


def look(environment: Mapping[str, str], home: Path, account: Path = SERVICE_ACCOUNT) -> Report:
    """Reads files, and asks no server."""
    default = home / ".kube" / "config"
    named = environment.get("KUBECONFIG", "")
    looked = {"kubernetes": f"KUBECONFIG, {safe(str(default), 200)}, the service account of a pod"}
    try:
        known = known_contexts()
    except SourceError as error:
        return Report(looked, trouble=f"{error.message}. {error.remedy}")
    in_pod = bool(environment.get("KUBERNETES_SERVICE_HOST")) and (account / "token").is_file()
    if not known.files:
        offer = Offer("kubernetes", {"in_cluster": True}, "the service account of this pod")
        return Report(looked, offers=(offer,) if in_pod else ())
    offers, remarks = _of_kubeconfig(known, named)
    if in_pod:
        remarks.append(Remark("kubernetes", "This is a pod with a service account: in_cluster would use that instead."))
    return Report(looked, offers=tuple(offers), remarks=tuple(remarks))


def _of_kubeconfig(known: Contexts, named: str) -> tuple[list[Offer], list[Remark]]:
    files = safe(", ".join(map(str, known.files)), 300)
    remarks = []
    others = [name for name in known.names if name != known.current]
    if others:
        shown = ", ".join(safe(name, 80) for name in others[:_SHOWN])
        more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
        remarks.append(
            Remark("kubernetes", f"{'Other contexts' if known.current else 'Contexts'} there: {shown}{more}.")
        )
    context = known.current or next(iter(known.names), "")
    values: dict[str, Any] = {"context": context}
    if named and len(known.files) == 1:
        values["kubeconfig"] = str(known.files[0])
    elif named:
        remarks.append(Remark("kubernetes", "KUBECONFIG names several files: set it wherever the console is started."))
    why = f"the current context of {files}" if known.current else f"{files}, which has no current context"
    return [Offer("kubernetes", values, why, ready=bool(known.current))] if context else [], remarks
