"""What is seen of a secret before anything is done to it: its versions, the role behind it, and who uses it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from wfconsole.actions.aws.asked import Asked
from wfconsole.actions.aws.consumers import Found, Sought, find
from wfconsole.actions.aws.material import Material, MaterialError, shown
from wfconsole.actions.aws.store import CURRENT, Description, SecretStore, short
from wfconsole.actions.contract import BadRequestError
from wfconsole.actions.postgres.role import Answer, Role, logs_in, role_named
from wfconsole.actions.systems import Systems
from wfconsole.incident.plan import Observed
from wfconsole.secret import Secret
from wfconsole.sources.contract import SourceError
from wfconsole.text import safe


class Sight(NamedTuple):
    """`current` is the version with AWSCURRENT, `material` what it holds. `login`: what the database says of its
    password, with its words. Nothing of it may be shown but names, versions and answers."""

    asked: Asked
    store: SecretStore
    described: Description
    current: str
    material: Material
    role: Role | None
    login: tuple[Answer, str]
    found: Found
    elsewhere: tuple[str, ...]  # fields that name another server or database than ours

    @property
    def usable(self) -> bool:
        """Whether anything can be planned at all."""
        return self.role is not None

    @property
    def told(self) -> Observed:
        return Observed(f"secret {safe(self.described.name, 200)}", self.described.told, short(self.current))


def look(wanted: Asked, systems: Systems) -> Sight:
    """Everything that a plan rests on. Raises BadRequestError and SourceError."""
    store = systems.secrets(wanted.region)
    described = store.describe(wanted.name)
    current = described.version(CURRENT)
    if not current or described.deleted:
        why = "it is being deleted" if described.deleted else f"not one version has {CURRENT}"
        raise SourceError("not-served", f"secret {safe(described.name, 200)}: {why}: {described.told}")
    material = _material(store, described, current)
    if material.text(wanted.field) is None:
        there = ", ".join(material.names)
        raise BadRequestError(f"it has no text in {shown(wanted.field)!r}: its fields are {safe(there, 400)}")
    role = _role(wanted, material, systems)
    password = material.text(wanted.field)
    assert password is not None
    login: tuple[Answer, str] = ("unknown", "") if role is None else answer(systems, role.name, password)
    return Sight(
        wanted, store, described, current, material, role, login,
        _consumers(wanted, described, systems), tuple(_elsewhere(material, systems)),
    )  # fmt: skip


def answer(systems: Systems, role: str, password: Secret) -> tuple[Answer, str]:
    """What the database says of a password."""
    return logs_in(systems.settings.database, role, password)


def password_of(store: SecretStore, arn: str, version: str, field: str) -> Secret | None:
    """The password in one version, None where it holds none."""
    try:
        return Material(store.value(arn, version)).text(field)
    except MaterialError:
        return None


def _material(store: SecretStore, described: Description, version: str) -> Material:
    try:
        return Material(store.value(described.arn, version))
    except MaterialError as error:
        raise SourceError("not-served", f"secret {safe(described.name, 200)}: {error}") from None


def _role(wanted: Asked, material: Material, systems: Systems) -> Role | None:
    """The role that it is for. What a field names is not shown unless it is a role: it could be anything."""
    name = wanted.role
    if not name:
        held = material.text(wanted.user_field)
        if held is None:
            there = safe(", ".join(material.names), 400)
            raise BadRequestError(
                f"it has no user in {shown(wanted.user_field)!r}: say the role; its fields are {there}"
            )
        name = held.reveal()
    return role_named(systems.database, name)


def _consumers(wanted: Asked, described: Description, systems: Systems) -> Found:
    sought = Sought((described.name, described.arn), wanted.namespaces, wanted.named, wanted.held_in)
    try:
        return find(systems.cluster, sought)
    except SourceError as error:
        if wanted.named:
            raise
        return Found(unknown=(error.message,))


def _elsewhere(material: Material, systems: Systems) -> Iterator[str]:
    """Compared and not shown."""
    database = systems.settings.database
    for fields, ours in (
        (("host", "hostname"), database.host),
        (("port",), str(database.port)),
        (("dbname", "database"), database.name),
    ):
        for field in fields:
            said = material.plain(field)
            if said and ours and said != ours:
                yield field
