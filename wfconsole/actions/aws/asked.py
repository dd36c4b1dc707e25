"""What the two requests about a secret have in common: their parameters, read and checked."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from wfconsole.actions.aws.consumers import KINDS
from wfconsole.actions.contract import BadRequestError
from wfconsole.config.systems import AwsSettings
from wfconsole.incident.plan import Aim, Request
from wfconsole.text import safe

_REGION: Final = re.compile(r"[a-z]{2}(?:-[a-z]+)+-[0-9]{1,2}")
_DNS: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")
_NAME: Final = re.compile(r"[\w/+=.@:-]{1,2048}")


class Asked(msgspec.Struct, frozen=True):
    """`field` holds the password, `user_field` the role's name unless `role` says it. `pending`: what is done with a
    version that is pending already, "" nothing. `version`: the one to go back to."""

    name: str
    region: str
    field: str
    user_field: str
    role: str
    namespaces: tuple[str, ...]
    named: tuple[Aim, ...]
    held_in: tuple[tuple[str, str], ...]
    pending: str
    version: str


def asked(request: Request, aws: AwsSettings) -> Asked:
    """The request as it is meant. Raises BadRequestError."""
    told, aim = request.parameters, request.aim
    if aim.kind != "secret" or not _NAME.fullmatch(aim.name):
        raise BadRequestError(f"{safe(str(aim), 200)}: a secret by its name or its ARN")
    home = (aim.namespace,) if aim.namespace else ()
    namespaces = tuple(dict.fromkeys((*home, *_list(told.get("namespaces", "")))))
    pending = told.get("pending", "")
    if pending not in ("", "continue", "replace"):
        raise BadRequestError(f"pending {pending!r}: continue or replace")
    default = namespaces[0] if namespaces else ""
    held_in = tuple(_pair(each, default) for each in _list(told.get("synced_as", "")))
    named = tuple(_workload(each, default) for each in _list(told.get("consumers", "")))
    for each in (*namespaces, *(part for pair in held_in for part in pair)):
        if not _DNS.fullmatch(each):
            raise BadRequestError(f"{safe(each, 100)!r} is no name in Kubernetes")
    return Asked(
        name=aim.name,
        region=_region(told.get("region", ""), aim.name, aws),
        field=told.get("field", "") or "password",
        user_field=told.get("user_field", "") or "username",
        role=told.get("role", ""),
        namespaces=tuple(dict.fromkeys((*namespaces, *(namespace for namespace, _ in held_in)))),
        named=named,
        held_in=held_in,
        pending=pending,
        version=told.get("version", ""),
    )


def _region(said: str, name: str, aws: AwsSettings) -> str:
    parts = name.split(":")
    found = said or (parts[3] if name.startswith("arn:") and len(parts) > 3 else "")
    if not found and len(aws.regions) == 1:
        found = aws.regions[0]
    if not _REGION.fullmatch(found):
        there = ", ".join(aws.regions) or "aws.regions names none"
        raise BadRequestError(f"region {safe(found, 60)!r}: the region of the secret, such as {there}")
    return found


def _list(said: str) -> list[str]:
    return [each.strip() for each in said.split(",") if each.strip()]


def _pair(said: str, namespace: str) -> tuple[str, str]:
    of, _, name = said.rpartition("/")
    if not (of or namespace):
        raise BadRequestError(f"synced_as {safe(said, 100)!r}: a Kubernetes Secret as namespace/name")
    return of or namespace, name


def _workload(said: str, namespace: str) -> Aim:
    kind, _, rest = said.partition("/")
    of, _, name = rest.rpartition("/")
    if kind not in KINDS or not _DNS.fullmatch(name) or not _DNS.fullmatch(of or namespace):
        raise BadRequestError(f"consumers {safe(said, 100)!r}: workloads such as deployment/production/gateway")
    return Aim(kind, name, of or namespace)
