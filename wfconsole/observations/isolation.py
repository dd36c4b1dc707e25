"""Which pods are isolated by the union of all network policies, and what these allow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from wfconsole.observations.levels import HEALTHY, Finding, Level
from wfconsole.observations.policies import Direction, Labels, Policy, rules_of, selecting

# A policy may have any number of rules; nobody reads more of them in a list.
MOST_ALLOWANCES: Final = 40
_ALL_OF_IT: Final = ("0.0.0.0/0", "::/0")


class Allowance(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One thing that one policy allows, for reading: "pods app=gateway" at "tcp/5432"."""

    policy: str
    peers: str
    ports: str = "all ports"


class Side(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One direction. `by` names the policies that isolate it; none: open."""

    by: tuple[str, ...] = ()
    allows: tuple[Allowance, ...] = ()
    more: int = 0  # allowances that were left out

    @property
    def isolated(self) -> bool:
        return bool(self.by)


class IsolationRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """The pods of one workload, or pods with the same labels. Key: "namespace/Kind/name", or "namespace/labels"."""

    namespace: str
    name: str
    kind: str = ""  # of the workload; "" for pods of none
    labels: str = ""
    pods: int = 0
    ingress: Side = Side()
    egress: Side = Side()
    policies_here: int = 0  # of the namespace: without any, everything in it is open


def side(policies: Iterable[Policy], labels: Labels, direction: Direction) -> Side:
    """What the union of the policies makes of a pod with these labels."""
    isolating = selecting(policies, labels, direction)
    allows = [
        Allowance(
            policy.name,
            ", ".join(map(str, rule.peers)) or "anyone",
            ", ".join(map(str, rule.ports)) or "all ports",
        )
        for policy in isolating
        for rule in (rules_of(policy, direction) or ())
    ]
    shown = tuple(allows[:MOST_ALLOWANCES])
    return Side(tuple(policy.name for policy in isolating), shown, len(allows) - len(shown))


def judge_isolation(row: IsolationRow, _now: int) -> Finding:
    """Being open or isolated is how it was meant, as far as anybody can see. What surprises: pods that nothing may
    reach, and policies that were written to block one address and let in all others."""
    if row.ingress.isolated and not row.ingress.allows:
        return Finding(Level.WATCH, f"nothing may reach it: {', '.join(row.ingress.by)}", "cut-off")
    for each in row.ingress.allows:
        if each.peers.startswith(tuple(f"{block} except " for block in _ALL_OF_IT)):
            return Finding(Level.WATCH, f"{each.policy} lets in {each.peers}", "wide-open")
    return HEALTHY


def is_open(row: IsolationRow) -> bool:
    return not row.ingress.isolated and not row.egress.isolated
