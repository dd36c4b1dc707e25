"""What the console may need of a cluster, one right at a time, as the cluster roles that we ship say it."""

from __future__ import annotations

import functools
import shlex
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from wfconsole.decoding import convert

VIEWER: Final = "wfconsole-viewer"
ACTOR: Final = "wfconsole-actor"
GPU_EXEC: Final = "wfconsole-gpu-exec"  # a role of one namespace; the others are of the cluster
_FILES: Final = {
    VIEWER: "viewer-clusterrole.yaml",
    ACTOR: "actor-clusterrole.yaml",
    GPU_EXEC: "gpu-exec-role.yaml",
}
# Kinds that belong to no namespace, of those that our roles name.
_OF_CLUSTER: Final = frozenset({("", "nodes"), ("", "namespaces"), ("metrics.k8s.io", "nodes")})
_REVIEWS: Final = "selfsubjectaccessreviews"  # who can ask this question has that right


class Right(NamedTuple):
    """One verb on one kind of object."""

    verb: str
    resource: str  # "pods", "pods/log"
    group: str = ""

    @property
    def namespaced(self) -> bool:
        return (self.group, self.resource) not in _OF_CLUSTER

    def __str__(self) -> str:
        """As `kubectl auth can-i` takes it."""
        kind, _, part = self.resource.partition("/")
        full = f"{kind}.{self.group}" if self.group else kind
        return f"{self.verb} {full}/{part}" if part else f"{self.verb} {full}"

    def question(self, namespace: str) -> bytes:
        """The SelfSubjectAccessReview that asks for it; `namespace` "" means all of them."""
        kind, _, part = self.resource.partition("/")
        asked = {"verb": self.verb, "group": self.group, "resource": kind, "subresource": part}
        if self.namespaced:
            asked["namespace"] = namespace
        return msgspec.json.encode(
            {
                "apiVersion": "authorization.k8s.io/v1",
                "kind": "SelfSubjectAccessReview",
                "spec": {"resourceAttributes": {name: value for name, value in asked.items() if value}},
            }
        )


# Nobody who only looks should have it: worth a word where somebody has.
EVERYTHING: Final = Right("*", "*", "*")
# Who is told which namespaces to look into asks nobody for their names.
NAMES_OF_NAMESPACES: Final = Right("list", "namespaces")


class _Rule(msgspec.Struct, rename="camel"):
    api_groups: list[str]
    resources: list[str]
    verbs: list[str]


class _Role(msgspec.Struct):
    rules: list[_Rule]


def path_of(role: str) -> Path:
    """Where the role's file is on this machine, for `kubectl apply -f`."""
    return Path(str(resources.files(__package__).joinpath(_FILES[role])))


@functools.cache
def rights_of(role: str) -> tuple[Right, ...]:
    """Every right of one of our roles, in the order of its file."""
    import yaml

    told = convert(yaml.safe_load(path_of(role).read_text(encoding="utf-8")), _Role)
    return tuple(
        Right(verb, resource, group)
        for rule in told.rules
        for group in rule.api_groups
        for resource in rule.resources
        for verb in rule.verbs
        if resource != _REVIEWS
    )


def grant(role: str, user: str, namespaces: Sequence[str]) -> tuple[str, ...]:
    """The commands that give a role to a user: in the whole cluster, or in these namespaces. What the server says of
    the user's name is no part of the shell's language in them."""
    account = user.removeprefix("system:serviceaccount:")
    who = shlex.quote(f"--serviceaccount={account}" if account != user else f"--user={user or 'NAME'}")
    file = shlex.quote(str(path_of(role)))
    if role == GPU_EXEC:
        return tuple(
            command
            for each in namespaces
            for command in (
                f"kubectl apply -n {each} -f {file}",
                f"kubectl create rolebinding {role} --role={role} {who} -n {each}",
            )
        )
    bindings = [f"kubectl create rolebinding {role} --clusterrole={role} {who} -n {each}" for each in namespaces]
    return (
        f"kubectl apply -f {file}",
        *(bindings or [f"kubectl create clusterrolebinding {role} --clusterrole={role} {who}"]),
    )
