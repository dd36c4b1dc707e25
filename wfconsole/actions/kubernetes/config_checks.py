"""What another value of a ConfigMap really does: who sees it, when, and what the restart of those costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Final, NamedTuple

import msgspec

from wfconsole.actions.contract import in_words
from wfconsole.actions.kubernetes.cluster import Cluster, Object
from wfconsole.actions.kubernetes.config_readers import KINDS, Reader, loners, readers
from wfconsole.actions.kubernetes.left_behind import changed_at
from wfconsole.actions.kubernetes.ownership import ownership_checks
from wfconsole.actions.kubernetes.rollout_checks import paused, rollout_checks
from wfconsole.actions.kubernetes.rollouts import under_way, wanted
from wfconsole.actions.kubernetes.trade_offs import direction
from wfconsole.actions.kubernetes.workloads import seen
from wfconsole.actions.systems import Systems
from wfconsole.clock import Millis
from wfconsole.incident.plan import Aim, Check, Observed
from wfconsole.incident.wording import counted
from wfconsole.sources.contract import SourceError
from wfconsole.sources.kubernetes.values import instant
from wfconsole.text import safe

_SHOWN: Final = 5


class Found(NamedTuple):
    """All that reads the value, and what could not be looked at."""

    readers: tuple[Reader, ...]
    loners: tuple[str, ...]
    unknown: tuple[str, ...]


class Change(NamedTuple):
    """A value of a map, `None` where there is none. `restart`: those that will be restarted, in this order."""

    aim: Aim
    item: Object
    key: str
    old: str | None
    new: str | None
    found: Found
    restart: tuple[Reader, ...]

    @property
    def seen(self) -> Observed:
        said = f"{safe(self.key)} is not in it" if self.old is None else f"{safe(self.key)} = {safe(self.old, 200)}"
        return Observed(str(self.aim), said, self.item["metadata"]["resourceVersion"])


def find(cluster: Cluster, namespace: str, name: str, key: str) -> Found:
    """Who reads it in the namespace. What cannot be listed is said in `unknown`."""
    unknown: list[str] = []
    items: list[tuple[str, Object]] = []
    for kind in KINDS:
        items += ((kind, each) for each in _listed(cluster, f"/apis/apps/v1/namespaces/{namespace}/{kind}s", unknown))
    pods = _listed(cluster, f"/api/v1/namespaces/{namespace}/pods", unknown)
    return Found(readers(items, name, key), loners(pods, name, key), tuple(unknown))


def _listed(cluster: Cluster, path: str, unknown: list[str]) -> list[Object]:
    try:
        return cluster.list(path, path.rpartition("/")[2])
    except SourceError as error:
        unknown.append(in_words(error))
        return []


def config_checks(systems: Systems, change: Change, now: Millis) -> Iterator[Check]:
    """All that is asked before the value is changed."""
    here = (change.seen,)
    if change.item.get("immutable"):
        told = f"{change.aim} is immutable: no server changes it. A new map under another name, and a rollout to it"
        yield Check("refuse", told, here)
    if change.old == change.new:
        yield Check("refuse", f"{safe(change.key)} is so already: nothing to do", here)
        yield from _not_seen_yet(change, now)
        return
    if change.old is None:
        yield _new_key(change, here)
    elif change.new is None:
        told = f"{safe(change.key)} is taken out: whoever needs it does not start without it"
        yield Check("explain", told, here)
    else:
        yield from direction(change.key, change.old, change.new)
    yield from ownership_checks(change.aim, change.item)
    yield from _who_sees_it(change)
    for reader in change.restart:
        yield from _of_restart(systems, reader)


def _new_key(change: Change, here: tuple[Observed, ...]) -> Check:
    keys = sorted(change.item.get("data") or {})
    near = get_close_matches(change.key, keys, 3, 0.5) or keys[:_SHOWN]
    told = f"there is no {safe(change.key)} in it: it has {', '.join(map(safe, near)) or 'none'}"
    return Check("refuse", f"{told}. A key that nobody reads changes nothing", here, overridable=True)


def _not_seen_yet(change: Change, now: Millis) -> Iterator[Check]:
    """It has the value, and yet its readers may have started before it had."""
    at = changed_at(change.item)
    for reader in change.found.readers:
        if reader.stays and at and instant(_begun(reader)) < at <= now:
            told = f"{reader.name} may have started before the map was last changed: a restart shows it the value"
            yield Check("explain", told, (seen(reader.aim, reader.item, f"last rolled out {_begun(reader)}"),))


def _begun(reader: Reader) -> str:
    conditions = (reader.item.get("status") or {}).get("conditions") or ()
    progressing: Object = next((each for each in conditions if each["type"] == "Progressing"), {})
    return safe(progressing.get("lastUpdateTime") or reader.item["metadata"]["creationTimestamp"])


def _who_sees_it(change: Change) -> Iterator[Check]:
    found, restarted = change.found, {each.name for each in change.restart}
    for missing in found.unknown:
        yield Check("explain", f"not known: who else reads it: {missing}")
    if not found.readers and not found.loners and not found.unknown:
        told = f"nothing in {safe(change.aim.namespace)} reads {safe(change.key)} of it: this changes nothing that runs"
        yield Check("refuse", told, (change.seen,), overridable=True)
    for reader in found.readers:
        evidence = (seen(reader.aim, reader.item, str(reader)),)
        if reader.name in restarted:
            yield Check("ok", f"{reader}: sees it by the restart", evidence)
        elif reader.stays:
            told = f"{reader}: its pods keep {_quoted(change.old)} until they are restarted"
            mixed = f"one that starts by itself has {_quoted(change.new)}, and both serve side by side"
            yield Check("explain", f"{told}; {mixed}", evidence)
        else:
            yield Check("explain", f"{reader}: sees it within about a minute, if it reads the file again", evidence)
        if reader.reloads:
            yield Check("explain", f"{reader.name} is restarted by Reloader too, by itself", evidence)
    if found.loners:
        names = ", ".join(found.loners[:_SHOWN])
        yield Check("explain", f"pods that nobody restarts read it too, and keep the old value: {names}")


def _quoted(value: str | None) -> str:
    return "none" if value is None else safe(value, 60)


def _of_restart(systems: Systems, reader: Reader) -> Iterator[Check]:
    """What the restart of one reader costs; what is well is said in one line."""
    aim, item = reader.aim, reader.item
    if not wanted(item):
        yield Check("ok", f"{reader.name} wants no pods: its next ones see the value")
        return
    checks = [*paused(aim, item)]
    if waits := under_way(aim.kind, item):
        told = f"a rollout of it is still under way ({waits}): this begins another one on top of it"
        checks.append(Check("refuse", told, (seen(aim, item, waits),), overridable=True))
    checks += rollout_checks(systems, aim, item, item["spec"]["template"])
    for check in checks:
        if check.judgement != "ok":
            yield msgspec.structs.replace(check, text=f"{reader.name}: {check.text}")
    if all(check.judgement == "ok" for check in checks):
        evidence: Sequence[Observed] = [each for check in checks for each in check.evidence]
        told = f"{reader.name}: {counted(wanted(item), 'pod')} replaced, with room, quota and slots for it"
        yield Check("ok", told, tuple(evidence[:_SHOWN]))
