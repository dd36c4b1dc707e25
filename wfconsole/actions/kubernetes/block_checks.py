"""The questions of the preflight of blocking a source, and their answers. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from wfconsole.actions.kubernetes.addresses import inside, ours_in, wide
from wfconsole.actions.kubernetes.blocking import Object
from wfconsole.actions.kubernetes.network_facts import Facts
from wfconsole.actions.kubernetes.reach import Change, Network
from wfconsole.incident.plan import Check, Observed
from wfconsole.observations.policies import Policy, selecting
from wfconsole.text import safe

_TOLD: Final = 3
# Whoever wrote one of these into an object puts it back as it was.
_KEEPERS: Final = ("app.kubernetes.io/managed-by", "argocd.argoproj.io/instance", "kustomize.toolkit.fluxcd.io/name")
_KEEPER_NOTES: Final = ("argocd.argoproj.io/tracking-id", "meta.helm.sh/release-name")


def about_the_address(source: Network, facts: Facts) -> Iterator[Check]:
    """Whose it is, and how many share it."""
    ours = ours_in(source, facts.our_addresses)
    if ours:
        evidence = tuple(Observed(each.what, str(each.network)) for each in ours[:_TOLD])
        told = ", ".join(dict.fromkeys(f"{each.network} ({each.what})" for each in ours[:_TOLD]))
        yield Check("refuse", f"{source} is our own: {told}", evidence)
    kind = inside(source)
    if kind:
        yield Check("refuse", f"{source} is {kind}: nobody comes from there from outside", overridable=True)
    if wide(source):
        count = source.num_addresses
        yield Check("refuse", f"{source} has {count:,} addresses: all their users are kept out", overridable=True)
    if not ours and not kind:
        yield Check("ok", f"{source} is none of our own addresses, as far as they are known")


def about_the_union(
    source: Network, facts: Facts, found: Sequence[Change], letting_in: Sequence[Policy], still: int
) -> Iterator[Check]:
    """What the change does to everybody; `still`: how many pods the source reaches after it."""
    widened = [change for change in found if change.widens]
    narrowed = [change for change in found if not change.widens]
    if widened:
        yield Check(
            "refuse",
            f"this would OPEN pods, since policies only add up: {_told(widened)}",
            tuple(policy_seen(item) for item in facts.policies),
        )
    if letting_in:
        names = ", ".join(policy.name for policy in letting_in)
        yield Check("refuse", f"{names} lets {source} in all the same: {still} pods stay within its reach")
    others = [change for change in narrowed if not change.meant]
    if others:
        yield Check("explain", f"it cuts off others, too: {_told(others)}")
    if narrowed and not others and not widened:
        yield Check("ok", f"it keeps out {source} and nobody else: {_told(narrowed)}")
    theirs = facts.target.aim.name
    if narrowed and not any(selecting(facts.union(), each.labels, "ingress") for each in facts.theirs):
        yield Check(
            "explain",
            f"no policy isolates these pods now, this one is the first: it lets in every other address, IPv4 and IPv6,"
            f" and every pod. Whether nodes of the cluster (health checks) always get through to {theirs} is up to"
            f" the network plugin",
        )
    strangers = sorted({change.workload for change in found} - {each.workload for each in facts.theirs})
    if strangers:
        yield Check("explain", f"pods of others carry the same labels: {', '.join(strangers[:_TOLD])}")


def about_the_way_in(facts: Facts) -> Iterator[Check]:
    """Whether the pods see the address of who comes at all."""
    if facts.host_network:
        yield Check("refuse", f"{facts.host_network[0]} uses the network of its node: policies do not apply to it")
    serving = [item for item in facts.services if _serves(item, facts)]
    names = {item["metadata"]["name"] for item in serving}
    behind = [item for item in facts.ingresses if names & _backends(item)]
    if behind:
        told = ", ".join(safe(item["metadata"]["name"]) for item in behind[:_TOLD])
        yield Check(
            "refuse",
            f"requests come through an ingress controller ({told}): these pods see its address and never the client's."
            " Block at the controller, the load balancer or the WAF",
            tuple(_seen("ingress", item, "leads to these pods") for item in behind[:_TOLD]),
            overridable=True,
        )
    outside = [item for item in serving if item["spec"].get("type") in ("LoadBalancer", "NodePort")]
    for item in outside:
        yield _about_service(item)
    if not behind and not outside:
        yield Check(
            "explain", "not known: how requests from outside come to these pods; no service or ingress shows it"
        )


def about_the_network(facts: Facts) -> Iterator[Check]:
    """Whether anything enforces policies here, and what could not be seen."""
    if facts.enforced:
        yield Check("ok", f"{facts.plugin} enforces network policies")
    elif facts.enforced is False:
        yield Check("refuse", f"{facts.plugin} does not enforce network policies: nothing is blocked", overridable=True)
    else:
        yield Check("explain", "not known: whether the network plugin enforces policies; the API cannot tell")
    if facts.unknown:
        yield Check("explain", f"not known: {'; '.join(facts.unknown)}")


def about_others_since(facts: Facts, name: str) -> Iterator[Check]:
    """Whether other policies isolate the pods by now, which ours opens."""
    others = facts.union(without=name)
    isolating = {policy.name for each in facts.theirs for policy in selecting(others, each.labels, "ingress")}
    if isolating:
        told = ", ".join(sorted(isolating))
        yield Check("explain", f"{told} isolates these pods by now, and {name} opens them: except the address there")


def about_the_owner(item: Object) -> Iterator[Check]:
    """Whether somebody puts this policy back as it was."""
    meta = item["metadata"]
    labels, notes = meta.get("labels") or {}, meta.get("annotations") or {}
    keeper = next(
        (
            found
            for found in (*map(labels.get, _KEEPERS), *map(notes.get, _KEEPER_NOTES))
            if found and found != "wfconsole"
        ),
        "",
    )
    owner = next(iter(meta.get("ownerReferences") or ()), None)
    if owner is not None:
        keeper = f"{owner['kind']} {owner['name']}"
    if keeper:
        name = safe(meta["name"])
        yield Check("explain", f"{name} is managed by {safe(keeper, 80)}, which may put it back as it was")


def policy_seen(item: Object) -> Observed:
    rules = item["spec"].get("ingress")
    said = "isolates" if not rules else f"{len(rules)} rules"
    return _seen("network policy", item, said)


def _seen(kind: str, item: Object, said: str) -> Observed:
    meta = item["metadata"]
    return Observed(f"{kind} {meta['namespace']}/{safe(meta['name'])}", said, meta.get("resourceVersion", ""))


def _about_service(item: Object) -> Check:
    name, spec = safe(item["metadata"]["name"]), item["spec"]
    policy = spec.get("externalTrafficPolicy", "Cluster")
    seen = (_seen("service", item, f"{spec['type']}, externalTrafficPolicy {policy}"),)
    if policy == "Local":
        text = f"service {name} passes the client's address on, unless a load balancer before it answers for itself"
        return Check("ok", text, seen)
    text = (
        f"service {name} has externalTrafficPolicy {policy}: pods see the address of a node and not the client's,"
        " so that the block matches nobody"
    )
    return Check("refuse", text, seen, overridable=True)


def _serves(item: Object, facts: Facts) -> bool:
    selector = item["spec"].get("selector") or {}
    return bool(selector) and any(selector.items() <= dict(each.labels).items() for each in facts.theirs)


def _backends(item: Object) -> set[str]:
    spec = item.get("spec") or {}
    backends = [spec.get("defaultBackend") or {}]
    for rule in spec.get("rules") or ():
        backends += [path.get("backend") or {} for path in (rule.get("http") or {}).get("paths") or ()]
    return {(backend.get("service") or {}).get("name", "") for backend in backends} - {""}


def _told(found: Sequence[Change]) -> str:
    more = len(found) - _TOLD
    told = "; ".join(map(str, found[:_TOLD]))
    return f"{told}; and {more} more" if more > 0 else told
