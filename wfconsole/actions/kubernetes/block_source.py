"""Keeping an address out of the pods that serve users, and letting it in again.

Policies only ever allow, and they add up. So there is no rule that blocks: where nothing isolates the pods, a policy of
ours lets in everybody else; where other policies do, the one that lets the address in has to except it, and a policy of
ours would open the pods. https://kubernetes.io/docs/concepts/services-networking/network-policies/
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from wfconsole.actions.contract import Action, BadRequestError, NothingToDo, Say, Stale
from wfconsole.actions.kubernetes import block_checks as checks
from wfconsole.actions.kubernetes.addresses import covering, source_of
from wfconsole.actions.kubernetes.blocking import (
    blocked_by,
    checked_name,
    everybody_but,
    is_ours,
    name_for,
    noted,
    notes_of,
    ours,
    parsed,
    within,
    without,
)
from wfconsole.actions.kubernetes.cluster import JSON, Call, Cluster, Object, Unchanged, unchanged
from wfconsole.actions.kubernetes.network_facts import Facts, facts_of, pods_of, policies_of, target_of
from wfconsole.actions.kubernetes.reach import Change, Network, changes, letting_in, reached
from wfconsole.actions.systems import Systems
from wfconsole.clock import MINUTE, SECOND, Millis
from wfconsole.decoding import convert
from wfconsole.incident.plan import (
    Alternative,
    Check,
    Found,
    Observed,
    Outcome,
    Permission,
    Plan,
    Reading,
    Request,
    Signal,
)
from wfconsole.text import clock_time, safe

BLOCK: Final = "block-source"
UNBLOCK: Final = "unblock-source"
REVERTS: Final[Millis] = MINUTE
_GROUP: Final = "networking.k8s.io"


class _Blocking(Action):
    """What both ways share. Parameters: `namespace`; `target` such as `service/gateway` or `deployment/gateway`; and
    `policy`, where a policy of somebody else's has to except the address."""

    blocks: bool

    def plan(self, request: Request, systems: Systems, now: Millis) -> Plan:
        return _Planning(request, systems, now, blocks=self.blocks).plan()

    def run(self, plan: Plan, systems: Systems, say: Say) -> Outcome:
        cluster, calls = systems.cluster, plan.calls
        call = convert(calls["call"], Call)
        say(call.what)
        if _digest(policies_of(cluster, calls["namespace"]), calls["policy"]) != calls["others"]:
            raise Stale(
                "other network policies were changed since the plan was made: what it says of them may be wrong"
            )
        if calls["unchanged"] is None:
            cluster.send(call)
        else:
            then = convert(calls["unchanged"], Unchanged)
            if call.method == "DELETE":
                _delete(cluster, call, then)
            else:
                cluster.send_unchanged(call, then)
        word = "is kept out of" if self.blocks else "is no longer kept out of"
        return Outcome("done", f"{plan.request.aim.name} {word} {calls['target']} by {calls['policy']}")

    def observe(self, plan: Plan, systems: Systems) -> tuple[Found, str]:
        calls = plan.calls
        found = any(
            source_of(calls["source"]) in blocked_by(item)
            for item in policies_of(systems.cluster, calls["namespace"])
            if item["metadata"]["name"] == calls["policy"]
        )
        told = f"{calls['policy']} {'excepts' if found else 'does not except'} {calls['source']}"
        return ("ran" if found == self.blocks else "did not run"), told

    def measure(self, plan: Plan, systems: Systems) -> Reading:
        calls, cluster = plan.calls, systems.cluster
        source = source_of(calls["source"])
        items = policies_of(cluster, calls["namespace"])
        pods = pods_of(cluster, target_of(cluster, calls["namespace"], calls["target"]))
        value = reached([parsed(item) for item in items], pods, source)
        blocked = any(source in blocked_by(item) for item in items if item["metadata"]["name"] == calls["policy"])
        undone = "" if blocked == self.blocks else f"{calls['policy']} was changed meanwhile: it stands as before"
        return Reading(systems.now(), float(value), f"{value} of {sum(each.count for each in pods)} pods", undone)


class BlockSource(_Blocking):
    """See `contract.Action`."""

    blocks = True


class UnblockSource(_Blocking):
    """See `contract.Action`. Takes away this one address; the others stay blocked."""

    blocks = False


class _Planning:
    """One plan, from what the cluster says now."""

    def __init__(self, request: Request, systems: Systems, now: Millis, *, blocks: bool) -> None:
        self.request, self.systems, self.now, self.blocks = request, systems, now, blocks
        self.cluster = systems.cluster
        asked = request.parameters
        if request.aim.kind != "source":
            raise BadRequestError(f"{request.aim.kind} {safe(request.aim.name, 60)}: this is done to a source")
        self.source: Network = source_of(request.aim.name)
        namespace = checked_name(asked.get("namespace") or request.aim.namespace, "namespace")
        self.target = target_of(self.cluster, namespace, asked.get("target", ""))
        self.facts: Facts = facts_of(self.cluster, self.target, systems.settings.actions.own_addresses)
        self.name = checked_name(asked.get("policy") or name_for(self.target.aim.kind, self.target.aim.name), "policy")
        self.item = self.facts.policy(self.name)
        if asked.get("policy") and self.item is None:
            raise BadRequestError(f"there is no network policy {namespace}/{safe(self.name, 80)}")
        self.theirs = self.item is not None and not is_ours(self.item)  # somebody else's
        if self.theirs and not asked.get("policy"):
            raise BadRequestError(f"{namespace}/{safe(self.name, 80)} has our name, but is not ours: look at it first")
        self.blocked = () if self.item is None else blocked_by(self.item)
        self._be_needed()

    def _be_needed(self) -> None:
        cover = covering(self.source, self.blocked)
        if self.blocks and cover is not None and not self.theirs:
            raise NothingToDo(f"{self.name} keeps {cover} out of {self.target.aim} already")
        if not self.blocks and self.source not in self.blocked:
            by = f", but {cover} is" if cover is not None else ""
            raise NothingToDo(f"{self.source} is not kept out by {self.name}{by}")

    # --- what changes

    def plan(self) -> Plan:
        facts, source, target = self.facts, self.source, self.target
        call, after = self._change()
        found = changes(facts.union(), facts.union(without=self.name, also=after), facts.pods, also=(source,))
        before = reached(facts.union(), facts.theirs, source)
        tried, _ = self.cluster.dry_run(call)
        count = sum(each.count for each in facts.theirs)
        word = "Keep" if self.blocks else "Let"
        way = "out of" if self.blocks else "in to"
        return Plan(
            self.request,
            title=f"{word} {source} {way} {target.aim}",
            place=f"{self.cluster.where}, namespace {target.aim.namespace}, network policy {self.name}",
            danger="R2" if self.blocks else "R1",
            made_at=self.now,
            blast=tuple(self._blast(count)),
            undo=self._undo(),
            lost=("requests that were turned away meanwhile",) if self.blocks else (),
            checks=tuple(self._checks(found, after, before)),
            permissions=(self._permission(call),),
            dry_run=tried,
            diff=tuple(self._diff(after)),
            by_hand=(self._by_hand(call),),
            word=str(source) if source.num_addresses > 1 else str(source.network_address),
            alternatives=tuple(self._alternatives(found)),
            signal=self._signal(count),
            before=Reading(self.now, float(before), f"{before} of {count} pods"),
            inverse=self._inverse(),
            reverts_ms=REVERTS if self.blocks else 0,
            calls={
                "call": msgspec.to_builtins(call),
                "unchanged": None if self.item is None else msgspec.to_builtins(self._unchanged(self.item)),
                "others": _digest(facts.policies, self.name),
                "namespace": target.aim.namespace,
                "policy": self.name,
                "target": f"{target.aim.kind}/{target.aim.name}",
                "source": str(source),
            },
        )

    @property
    def _path(self) -> str:
        return f"/apis/{_GROUP}/v1/namespaces/{self.target.aim.namespace}/networkpolicies"

    def _unchanged(self, item: Object) -> Unchanged:
        return unchanged(f"{self._path}/{self.name}", f"network policy {self.name}", item, "spec")

    def _change(self) -> tuple[Call, Object | None]:
        """What is sent, and the policy as it will be; None where it goes."""
        where = f"{self._path}/{self.name}"
        if self.item is None:
            body = ours(self.target.aim.namespace, self.name, self.target.selector, (self.source,), self._notes())
            return Call("POST", self._path, body, JSON, f"create network policy {self.name}"), body
        left = self._left()
        if not left and not self.theirs:
            return Call("DELETE", where, {}, JSON, f"delete network policy {self.name}"), None
        if self.theirs:
            rules = without(self.item, self.source) if self.blocks else within(self.item, self.source)
            patch: Object = {"spec": {"ingress": rules}}
        else:
            rules = [{"from": everybody_but(left)}]
            patch = {"metadata": noted(self._notes()), "spec": {"ingress": rules}}
        call = Call("PATCH", where, patch, what=f"change network policy {self.name}")
        return call, {**self.item, "spec": {**self.item["spec"], "ingress": rules}}

    def _left(self) -> tuple[Network, ...]:
        """The addresses that are blocked afterwards."""
        if self.blocks:
            return tuple(sorted({*self.blocked, self.source}, key=lambda each: (each.version, each)))
        return tuple(each for each in self.blocked if each != self.source)

    def _notes(self) -> dict[str, str]:
        known = {} if self.item is None else notes_of(self.item)
        kept = {str(each): known.get(str(each), "") for each in self.blocked if each != self.source}
        if self.blocks:
            told = f"{self.systems.incident} by {self.systems.operator} at {clock_time(self.now)}"
            kept[str(self.source)] = safe(told, 120)
        return kept

    # --- what is said

    def _checks(self, found: Sequence[Change], after: Object | None, before: int) -> Iterator[Check]:
        facts, source = self.facts, self.source
        if not facts.theirs:
            yield Check("refuse", f"{self.target.aim} has no pods")
            return
        union = facts.union(without=self.name, also=after)
        if not self.blocks:
            yield from self._checks_of_letting_in(found)
            return
        yield from checks.about_the_address(source, facts)
        if before == 0:
            evidence = tuple(map(checks.policy_seen, facts.policies))
            yield Check("refuse", f"no policy lets {source} in to these pods: there is nothing to block", evidence)
        yield from checks.about_the_union(
            source, facts, found, letting_in(union, facts.theirs, source), reached(union, facts.theirs, source)
        )
        yield from self._about_the_old()
        if self.item is not None and not self.theirs:
            yield from checks.about_others_since(facts, self.name)
        yield from checks.about_the_way_in(facts)
        yield from checks.about_the_network(facts)
        if self.item is not None and self.theirs:
            yield from checks.about_the_owner(self.item)

    def _checks_of_letting_in(self, found: Sequence[Change]) -> Iterator[Check]:
        beyond = [change for change in found if change.widens and not change.meant]
        if beyond:
            yield Check("refuse", f"this would open pods to others, too: {'; '.join(map(str, beyond[:3]))}")
        cut = [change for change in found if not change.widens]
        if cut:
            told = "; ".join(map(str, cut[:3]))
            yield Check("refuse", f"other policies isolate these pods by now: without ours {told}", overridable=True)
        if not beyond and not cut:
            yield Check("ok", f"it lets in {self.source} and changes nothing for anybody else")
        yield from self._about_the_old()

    def _about_the_old(self) -> Iterator[Check]:
        rest = [str(each) for each in self.blocked if each != self.source]
        if rest and self.item is not None:
            notes = notes_of(self.item)
            evidence = tuple(Observed(each, notes.get(each, "") or "no note") for each in rest)
            yield Check("ok", f"blocked before, and it stays so: {', '.join(rest)}", evidence)

    def _blast(self, count: int) -> Iterator[str]:
        if self.blocks:
            yield f"everybody behind {self.source}, at all {count} pods: a company or a mobile network may share it"
            yield f"taken back by itself after {REVERTS // SECOND} s unless you say that it stays"
        else:
            yield f"{self.source} reaches {count} pods again"

    def _undo(self) -> str:
        how = "let" if self.blocks else "keep"
        rest = "the others stay blocked" if self.blocks else "as before"
        return f"{how} this one address {'in again' if self.blocks else 'out again'}; {rest}"

    def _diff(self, after: Object | None) -> Iterator[str]:
        old, new = (() if self.item is None else self.blocked), (() if after is None else blocked_by(after))
        if self.item is None:
            yield f"+ network policy {self.name} for {self.target.selects}: everybody may come, except"
        elif after is None:
            yield f"- network policy {self.name}"
        else:
            yield f"  network policy {self.name}: everybody may come, except" if not self.theirs else f"  {self.name}"
        for each in sorted({*old, *new}, key=lambda each: (each.version, each)):
            yield f"{' ' if each in old and each in new else '-' if each in old else '+'}   {each}"

    def _signal(self, count: int) -> Signal:
        sure = "" if self.facts.enforced else " (nobody knows whether the network enforces it)"
        return Signal(
            f"pods that the policies let {self.source} reach{sure}",
            goal=0.0 if self.blocks else float(count),
            more=not self.blocks,
            unit="pods",
            window_ms=30 * SECOND,
            hold_ms=4 * SECOND,
        )

    def _inverse(self) -> Request | None:
        if self.theirs and self.blocks and self.source in self.blocked:
            return None  # some rules excepted it before: letting it in would go too far
        other = UNBLOCK if self.blocks else BLOCK
        return msgspec.structs.replace(self.request, action=other, undoes=self.systems.receipt)

    def _alternatives(self, found: Sequence[Change]) -> Iterator[Alternative]:
        """Where others isolate the pods: except the address in the rules that let it in."""
        if not self.blocks or self.theirs or not any(change.widens for change in found):
            return
        mine = self.facts.union(without=self.name)
        for policy in letting_in(mine, self.facts.theirs, self.source):
            asked = {**self.request.parameters, "policy": policy.name}
            yield Alternative(
                f"except {self.source} in {policy.name}, which lets it in",
                msgspec.structs.replace(self.request, parameters=asked),
            )

    def _permission(self, call: Call) -> Permission:
        verb = {"POST": "create", "PATCH": "patch", "DELETE": "delete"}[call.method]
        return self.cluster.may(verb, "networkpolicies", _GROUP, self.target.aim.namespace)

    def _by_hand(self, call: Call) -> str:
        context, space = shlex.quote(self.cluster.access.context), self.target.aim.namespace
        kubectl = f"kubectl --context {context} -n {space}"
        body = shlex.quote(msgspec.json.encode(call.body).decode())
        if call.method == "POST":
            return f"printf %s {body} | {kubectl} create -f -"
        if call.method == "DELETE":
            return f"{kubectl} delete networkpolicy {self.name}"
        return f"{kubectl} patch networkpolicy {self.name} --type=merge -p {body}"


def _digest(items: Sequence[dict[str, Any]], but: str) -> str:
    """All policies of a namespace but one, as they work."""
    seen = sorted(
        (item["metadata"]["name"], item["metadata"]["uid"], msgspec.json.encode(item["spec"], order="sorted").decode())
        for item in items
        if item["metadata"]["name"] != but
    )
    return hashlib.sha256(msgspec.json.encode(seen)).hexdigest()[:16]


def _delete(cluster: Cluster, call: Call, then: Unchanged) -> None:
    """Delete exactly what the plan was made from. Raises as `Cluster.send`."""
    meta = cluster.still(then)["metadata"]
    held = {"preconditions": {"uid": meta["uid"], "resourceVersion": meta["resourceVersion"]}}
    cluster.send(msgspec.structs.replace(call, body=held))
