"""One cluster for one who acts: objects as plain JSON, rights asked of the server, changes sent once."""

from __future__ import annotations

import builtins
import hashlib
import time
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

import msgspec

from wfconsole.actions.contract import Stale, Unknown
from wfconsole.config.actions import ActingSettings
from wfconsole.decoding import decoder_of
from wfconsole.incident.plan import DryRun, Permission
from wfconsole.sources.contract import SourceError
from wfconsole.sources.kubernetes.client import Server
from wfconsole.sources.kubernetes.kubeconfig import load_access
from wfconsole.sources.kubernetes.request import Query, Request
from wfconsole.sources.kubernetes.rights import ACTOR, Right, grant
from wfconsole.text import safe

Object = dict[str, Any]
_T = TypeVar("_T")

MERGE: Final = "application/merge-patch+json"
STRATEGIC: Final = "application/strategic-merge-patch+json"
JSON_PATCH: Final = "application/json-patch+json"
APPLY: Final = "application/apply-patch+yaml"
JSON: Final = "application/json"

_MANAGER: Final = "wfconsole"
_REVIEWS: Final = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_PAGE: Final = 500
_MOST_PAGES: Final = 40
_CONFLICT: Final = 409
_GOOD_FOR_S: Final = 2.0
_TRIES: Final = 4  # between reading and sending, its status may have moved on


class Call(msgspec.Struct, frozen=True, omit_defaults=True):
    """One change as it will be sent: kept in the plan, so that exactly this is run. `what` names it in words."""

    method: str
    path: str
    body: Object | list[Any]
    content: str = MERGE
    what: str = ""


class Unchanged(msgspec.Struct, frozen=True):
    """What must still be so when a change is sent: the object itself, and its parts that the plan was made from.

    A resourceVersion alone would not do: every ready pod gives its deployment a new one.
    """

    path: str
    what: str
    uid: str
    parts: tuple[str, ...]  # such as "spec.replicas"
    digest: str


class _Page(msgspec.Struct, Generic[_T], frozen=True):
    items: list[_T] | None = None
    metadata: dict[str, Any] | None = None


class Cluster:
    """Reads and changes of one user on one cluster. Reads raise SourceError."""

    def __init__(self, settings: ActingSettings) -> None:
        access = load_access(settings.kubeconfig, settings.context, in_cluster=settings.in_cluster)
        if settings.server and access.server != settings.server:
            said = f"{safe(access.context)} is at {safe(access.server)}, and the console is pinned to {settings.server}"
            raise SourceError("configuration", said, remedy="Set kubernetes.acting_context to one of this cluster.")
        self.access = access
        self.server = Server(access)
        self._client = self.server.client()
        self._kept: dict[str, tuple[float, object]] = {}

    @property
    def where(self) -> str:
        """The cluster in words, for WHERE."""
        return f"cluster {safe(self.access.context)}"

    @property
    def user(self) -> str:
        return self.access.user

    # --- reading

    def get(self, path: str, what: str) -> Object:
        """One object. Raises SourceError, with code 404 where there is none."""
        answer: Object = msgspec.json.decode(self._client.get(path, what=what))
        return answer

    def find(self, path: str, what: str) -> Object | None:
        """One object, or None where there is none, or where the server does not serve its kind."""
        try:
            return self.get(path, what)
        except SourceError as error:
            if error.code == 404:
                return None
            raise

    def list(self, path: str, what: str, **query: str) -> list[Object]:
        """All objects of a collection, page by page."""
        return self.list_as(Object, path, what, **query)

    def list_as(self, kind: type[_T], path: str, what: str, **query: str) -> builtins.list[_T]:
        """The same, of each only what `kind` has: thousands of them cost little."""
        found: builtins.list[_T] = []
        decoder = decoder_of(_Page[kind])  # type: ignore[valid-type]  # a type as a value
        more: Query = {**query, "limit": _PAGE}
        for _ in range(_MOST_PAGES):
            body = self._client.get(path, more, what=what)
            try:
                page = decoder.decode(body)
            except msgspec.DecodeError as error:
                raise SourceError("bad-answer", f"{what}: {safe(str(error))}") from None
            found += page.items or ()
            token = (page.metadata or {}).get("continue")
            if not token:
                return found
            more = {**query, "limit": _PAGE, "continue": token}
        raise SourceError("bad-answer", f"{what}: more than {_PAGE * _MOST_PAGES} of them")

    def text(self, path: str, what: str, **query: str) -> str:
        """Plain text, such as a log; not safe yet."""
        return self._client.get(path, query, what=what).decode(errors="replace")

    def lately(self, name: str, read: Callable[[], _T]) -> _T:
        """What `read` gives, or gave within the last seconds: several checks of one plan ask for the same ten thousand
        pods."""
        at, kept = self._kept.get(name, (0.0, None))
        if name not in self._kept or time.monotonic() - at > _GOOD_FOR_S:
            kept = read()
            self._kept[name] = (time.monotonic(), kept)
        return kept  # type: ignore[return-value]  # what was kept under this name is what `read` gives

    # --- rights

    def may(self, verb: str, resource: str, group: str = "", namespace: str = "", name: str = "") -> Permission:
        """Whether we may, asked of the server. `resource` "deployments/scale". Reads the answer, and never guesses."""
        right = Right(verb, resource, group)
        told = f"{right}{f' {name}' if name else ''}{f' in {namespace}' if namespace else ''}"
        question = msgspec.json.decode(right.question(namespace))
        if name:
            question["spec"]["resourceAttributes"]["name"] = name
        try:
            answer = self._client.review(_REVIEWS, msgspec.json.encode(question), what="access review")
        except SourceError as error:
            return Permission(f"{told}: {error.message}", None)
        allowed = bool(msgspec.json.decode(answer).get("status", {}).get("allowed"))
        mends = grant(ACTOR, self.user, [namespace] if namespace else [])
        return Permission(told, allowed, "" if allowed else "; ".join(mends))

    # --- changing

    def dry_run(self, call: Call) -> tuple[DryRun, Object]:
        """What the server says of a change without making it, admission included, and the object as it would be."""
        try:
            return DryRun("server", "the server has tried it and kept nothing"), self.try_out(call)
        except SourceError as error:
            return DryRun("failed", error.message), {}

    def try_out(self, call: Call) -> Object:
        """The same; raises SourceError where the server refuses it."""
        if call.method == "DELETE" and isinstance(call.body, dict):
            # With options in its body the server ignores those in the address: it would really be deleted.
            call = msgspec.structs.replace(call, body={**call.body, "dryRun": ["All"]})
        done: Object = msgspec.json.decode(self._client.change(_request(call, {"dryRun": "All"}), what=call.what))
        return done

    def send_unchanged(self, call: Call, unchanged: Unchanged) -> Object:
        """Make the change if the object is still what the plan was made from; its resourceVersion at that very moment
        goes along, so that nobody's change in between is overwritten. `call.body` is an object's patch.

        Raises as `send`.
        """
        assert isinstance(call.body, dict)
        for left in range(_TRIES - 1, -1, -1):
            item = self.still(unchanged)
            meta = {**(call.body.get("metadata") or {}), "resourceVersion": item["metadata"]["resourceVersion"]}
            try:
                return self.send(msgspec.structs.replace(call, body={**call.body, "metadata": meta}))
            except Stale:
                if not left:
                    raise
        raise AssertionError

    def still(self, unchanged: Unchanged) -> Object:
        """The object, as the plan has seen it. Raises Stale where it is another one by now."""
        item = self.find(unchanged.path, unchanged.what)
        if item is None:
            raise Stale(f"{unchanged.what} is gone")
        if (differs := difference(unchanged, item)) != "":
            raise Stale(differs)
        return item

    def send(self, call: Call) -> Object:
        """Make the change, once. Raises Stale for a conflict, SourceError where the server has refused it or it never
        left, Unknown where nobody knows."""
        try:
            answer = self._client.change(_request(call, {}), what=call.what)
        except SourceError as error:
            if error.code == _CONFLICT:
                raise Stale(f"{call.what}: it was changed meanwhile: {error.message}") from None
            if self._client.sent and not 400 <= error.code < 500:
                raise Unknown(f"{call.what}: {error.message}") from None
            raise
        done: Object = msgspec.json.decode(answer) if answer else {}
        return done


def unchanged(path: str, what: str, item: Object, *parts: str) -> Unchanged:
    """`item` as the plan has seen it."""
    return Unchanged(path, what, item["metadata"]["uid"], parts, _digest(item, parts))


def difference(then: Unchanged, item: Object) -> str:
    """What is another now, "" when nothing is that matters."""
    if item["metadata"]["uid"] != then.uid:
        return f"{then.what} is another one of the same name"
    if _digest(item, then.parts) != then.digest:
        return f"{then.what} was changed since the plan was made ({', '.join(then.parts)})"
    return ""


def _digest(item: Object, parts: tuple[str, ...]) -> str:
    seen: list[Any] = []
    for part in parts:
        value: Any = item
        for name in part.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        seen.append(value)
    return hashlib.sha256(msgspec.json.encode(seen, order="sorted")).hexdigest()[:16]


def _request(call: Call, query: dict[str, str]) -> Request:
    if call.method in ("PATCH", "PUT", "POST"):
        query = {**query, "fieldManager": _MANAGER, "fieldValidation": "Strict"}
    return Request(call.path, query, msgspec.json.encode(call.body), call.method, call.content)
