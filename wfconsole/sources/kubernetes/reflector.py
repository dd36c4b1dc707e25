"""One collection of the API, mirrored: listed page by page, then followed by short watches.

A watch is opened for one interval at a time. Opening it is a full request, so that a server that hangs, refuses us or
lost a permission is noticed within one interval; an open but silent connection would prove nothing, and rows would
pass for current that nobody looked at.
"""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Generic, Protocol, TypeVar

import msgspec

from wfconsole.clock import MINUTE, SECOND, Millis
from wfconsole.decoding import decoder_of
from wfconsole.observations.snapshot import Lack
from wfconsole.sources.contract import SourceError
from wfconsole.sources.kubernetes import failures
from wfconsole.sources.kubernetes.client import TOO_LARGE, Client, Server
from wfconsole.sources.kubernetes.payloads import Added, Bookmark, Broken, Deleted, Listing, ListMeta, Modified
from wfconsole.sources.kubernetes.request import Query
from wfconsole.text import safe

T = TypeVar("T", bound="_Object")
T_contra = TypeVar("T_contra", contravariant=True)

PAGE: Final = 250
SMALLEST_PAGE: Final = 50
# Where there is a first look: it follows a page that is soon there, and tells whether there is more.
FIRST_PAGE: Final = 100
# How often a collection is listed where the server lets us list but not watch.
POLL_MS: Final[Millis] = 10 * SECOND
# How long a refusal holds (of the whole cluster, of watching) before that is tried again.
NARROW_MS: Final[Millis] = 10 * MINUTE

_METADATA_BYTES: Final = 2048
_CONTINUE: Final = re.compile(rb'"continue":"([A-Za-z0-9_=-]+)"[^\[]*"items":\[')

# "Not older than anything": the API server may answer from its memory (1.34 and newer do), in half the time and without
# a question to etcd. What it has missed by then, the watch from that version brings.
FROM_MEMORY: Final = {"resourceVersion": "1", "resourceVersionMatch": "NotOlderThan"}
# Where nothing changed for minutes, the version that it has in memory may be one that etcd has dropped: then the next
# page has expired before it was asked for, again and again. As of now there is always one.
AS_OF_NOW: Final[Query] = {}


class Collection(msgspec.Struct, frozen=True):
    """Where a kind of object is served: `groups` in order of preference, "/api/v1" or "/apis/GROUP/VERSION".

    `extra`: rows are whole without it (see `contract.Role`), so that nothing would say that what is kept of it is old:
    what we may not read any more is dropped.
    """

    plural: str
    groups: tuple[str, ...]
    namespaced: bool = True
    extra: bool = False

    def path(self, group: str, namespace: str = "") -> str:
        inside = f"/namespaces/{namespace}" if namespace and self.namespaced else ""
        return f"{group}{inside}/{self.plural}"


class _Meta(Protocol):
    namespace: str
    resource_version: str


class _Object(Protocol):
    @property
    def metadata(self) -> _Meta: ...


class Mirror(Protocol[T_contra]):
    """Who keeps the objects. Called from the reflector's thread alone."""

    def put(self, item: T_contra) -> str:
        """Keep the object in its present form; returns its key. What is Raw in it must be copied: it points into the
        answer, whose memory the next one takes."""

    def drop(self, key: str) -> None:
        """The object is gone."""

    def key(self, item: T_contra) -> str:
        """Which object that is."""


class FirstLook(Protocol):
    """Shows what a whole list, which takes its time, will bring."""

    def take(self, client: Client, namespaces: frozenset[str], of: Query) -> Iterable[Iterable[str]]:
        """Look once, into these namespaces, or into all where there are none, at the state that the list is of. Gives
        the keys of what it has put into the mirror, some thousands at a time. Raises CutShort, and nothing else."""


class Reflector(Generic[T]):
    """A task that keeps a mirror current. `kind` is the struct of one object, from `payloads`."""

    def __init__(
        self,
        server: Server,
        collection: Collection,
        kind: Any,
        mirror: Mirror[T],
        *,
        namespace: str = "",
        only: frozenset[str] = frozenset(),
        window_ms: Millis,
        first_look: FirstLook | None = None,
    ) -> None:
        """`namespace`: the one to read, "" for all; `only`: of these, the ones to keep, none for all."""
        self.name = collection.plural if not namespace else f"{collection.plural} in {namespace}"
        self.lacks: tuple[Lack, ...] = ()
        self.facts: dict[str, str] = {}
        self.listed = False  # whether a whole list was ever read
        self.tried = False  # whether one was read or could not be
        self._server = server
        self._client = server.client()
        self._first_look = first_look
        self._collection = collection
        self._mirror = mirror
        self._namespace = namespace
        self._only = only
        self._window_ms = window_ms
        self._group = 0
        self._narrow = False
        self._widen_at = 0.0  # monotonic, in seconds: when to try the whole cluster again
        self._version = ""
        self._page = PAGE
        self._watches = True
        self._watch_refused = False  # until a watch is let through
        self._watch_at = 0.0  # monotonic, in seconds: when to try to watch again
        self._keys: dict[str, None] = {}  # a set of as many takes twice the memory
        self._listing = decoder_of(Listing[kind])
        self._change = decoder_of(Added[kind] | Modified[kind] | Deleted[kind] | Bookmark | Broken)

    def overdue_ms(self) -> Millis:
        return self._client.overdue_ms()

    @property
    def scope(self) -> str:
        """What it is restricted to, in words; "" when it reads the whole cluster."""
        namespace = self._server.access.namespace if self._narrow else self._namespace
        if namespace:
            return f"namespace {safe(namespace)}"
        return f"{len(self._only)} namespaces" if self._only else ""

    @property
    def _where(self) -> str:
        group = self._collection.groups[self._group]
        return self._collection.path(group, self._server.access.namespace if self._narrow else self._namespace)

    @property
    def kind_of_object(self) -> str:
        """`deployments.apps`, and where it is read where that is not the whole cluster."""
        _, family, *group = self._collection.groups[self._group].split("/")
        kind = f"{self._collection.plural}.{group[0]}" if family == "apis" else self._collection.plural
        return f"{kind} in {self._namespace}" if self._namespace else kind

    def cut(self) -> None:
        self._widen_at = self._watch_at = 0.0  # whoever asks for another look may have mended our role
        self._client.cut()

    def step(self, proven: Callable[[], None]) -> Millis:
        """A whole list, or one window of watching."""
        try:
            return self._step(proven)
        except SourceError as error:
            self.tried = True
            if error.code == 403 and self._collection.extra:
                self._drop_all(self._keys)
            raise

    def _step(self, proven: Callable[[], None]) -> Millis:
        if self._narrow and time.monotonic() >= self._widen_at:
            self._narrow, self._version = False, ""
        if not self._watches and time.monotonic() >= self._watch_at:
            self._watches = True
        if not self._version:
            return self._list_somewhere(proven)
        try:
            self._watch(proven)
        except SourceError as error:
            if error.code != 403:
                raise
            # Listing is allowed and watching is not: look again and again instead.
            self._watches, self._watch_refused = False, True
            self._watch_at = time.monotonic() + NARROW_MS / SECOND
            self._version = ""
            return 0
        return 0

    # --- listing ----------------------------------------------------------------------------------------------------

    def _list_somewhere(self, proven: Callable[[], None]) -> Millis:
        """List where we may: another version of the API, or our own namespace only, where the first is refused."""
        expired = 0
        while True:
            try:
                self._list(proven, AS_OF_NOW if expired else FROM_MEMORY)
            except SourceError as error:
                expired += error.code == 410
                if not (1 <= expired <= 2 and error.code == 410) and not self._elsewhere(error):
                    raise
                continue
            return 0 if self._watches else POLL_MS

    def _elsewhere(self, error: SourceError) -> bool:
        """Choose the next place to look after `error`; False when there is none."""
        if error.kind == "timeout" or error.code == TOO_LARGE:
            smaller = max(SMALLEST_PAGE, self._page // 2)
            self._page, shrunk = smaller, smaller < self._page
            return shrunk and error.code == TOO_LARGE
        if error.code in (403, 404, 405, 406) and self._group + 1 < len(self._collection.groups):
            self._group += 1
            return True
        pinned = self._server.access.namespace
        if error.code == 403 and self._collection.namespaced and not self._namespace and not self._narrow and pinned:
            self._group = 0
            self._narrow = True
            self._widen_at = time.monotonic() + NARROW_MS / SECOND
            return True
        self._group, self._narrow = 0, False
        return False

    def _list(self, proven: Callable[[], None], of: Query) -> None:
        unseen = dict(self._keys)  # kept, and not brought by this list yet
        room = io.BytesIO()
        look = None if self.listed else self._first_look
        query: dict[str, str | int] = {
            "limit": self._page if look is None else min(FIRST_PAGE, self._page),
            **of,
        }
        while query:
            told = self._take_page(room, query, unseen, ask_ahead=look is None)
            if told.continue_ and not self.listed:
                left = told.remaining_item_count or 0
                self._say_progress(unseen, left)
                proven()
                for keys in self._ahead(look, of):
                    ahead = dict.fromkeys(key for key in keys if key not in self._keys)
                    unseen |= ahead
                    self._keys |= ahead
                    self._say_progress(unseen, left)
                    proven()
                look = None
            query = {"limit": self._page, "continue": told.continue_} if told.continue_ else {}
        self._drop_all(unseen)
        self._version = told.resource_version if self._watches else ""
        self.listed = self.tried = True
        self._say_scope()
        proven()

    def _drop_all(self, keys: Iterable[str]) -> None:
        for key in tuple(keys):
            self._mirror.drop(key)
            del self._keys[key]

    def _ahead(self, look: FirstLook | None, of: Query) -> Iterable[Iterable[str]]:
        """There is more than a page: what the next ones will bring, as far as it can be had sooner."""
        if look is None:
            return ()
        namespace = self._server.access.namespace if self._narrow else self._namespace
        return look.take(self._client, frozenset((namespace,)) if namespace else self._only, of)

    def _say_progress(self, unseen: Mapping[str, None], left: int) -> None:
        seen = len(self._keys) - len(unseen)
        of = f" of about {seen + left}" if left else ""
        ahead = f"; {len(unseen)} others as the server prints them" if unseen else ""
        self.lacks = (Lack(f"listing {seen}{of}{ahead}", "loading"),)

    def _take_page(
        self, room: io.BytesIO, query: Mapping[str, str | int], unseen: dict[str, None], *, ask_ahead: bool
    ) -> ListMeta:
        """Read one page into `room` and keep what is in it; afterwards neither its bytes nor its objects are held.
        What it brings is no longer `unseen`. `ask_ahead`: while it is decoded the server prepares the next one."""
        size = self._client.read_into(room, self._where, query, what=self.name)
        body = room.getbuffer()[:size]
        following = _continue_of(body)
        if following and ask_ahead:
            self._client.ask_ahead(self._where, {"limit": self._page, "continue": following}, what=self.name)
        page = self._decoded(body)
        for item in page.items or ():
            if not self._only or item.metadata.namespace in self._only:
                key = self._mirror.put(item)
                self._keys[key] = None
                unseen.pop(key, None)
        return page.metadata

    def _say_scope(self) -> None:
        lacks = []
        if self._narrow:  # the same words for every kind: one binding mends all of them
            said = f"only {self.scope}: the rest of the cluster is not ours to read"
            remedy = "give wfconsole-viewer with a ClusterRoleBinding, or name the namespaces to look into"
            lacks.append(Lack(said, "permission", remedy, "list and watch in all namespaces"))
        if self._collection.namespaced:
            self.facts["scope"] = self.scope or "all namespaces"
        if self._watch_refused:
            right = f"watch {self.kind_of_object}"
            said, remedy = f"not allowed; listed every {POLL_MS // SECOND} s", f"grant watch on {self.kind_of_object}"
            self.facts["watch"] = f"{said} ({remedy})"
            lacks.append(Lack(f"{right}: {said}", "permission", remedy, right, extra=True))
        self.lacks = tuple(lacks)

    def _decoded(self, body: memoryview) -> Listing[T]:
        try:
            page: Listing[T] = self._listing.decode(body)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            raise failures.undecodable(error, bytes(body[:64]), self.name) from None
        return page

    # --- watching ---------------------------------------------------------------------------------------------------

    def _watch(self, proven: Callable[[], None]) -> None:
        query: dict[str, str | int] = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": self._version,
            "timeoutSeconds": max(1, round(self._window_ms / SECOND)),
        }
        try:
            for line in self._client.watch(self._where, query, window_ms=self._window_ms, what=self.name):
                if self._watch_refused:  # we are let through by now
                    self._watch_refused = False
                    self.facts.pop("watch", None)
                    self._say_scope()
                if line:
                    self._follow(line)
                proven()
        except SourceError as error:
            if error.code != 410:
                raise
            self._version = ""  # it changed more than the server remembers: list again

    def _follow(self, line: bytes) -> None:
        try:
            change = self._change.decode(line)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            self._version = ""
            raise failures.undecodable(error, line, self.name) from None
        if isinstance(change, Broken):
            raise failures.from_watch_error(bytes(change.object), self.name)
        if isinstance(change, Bookmark):
            self._version = change.object.metadata.resource_version or self._version
            return
        if isinstance(change, Deleted):
            key = self._mirror.key(change.object)
            self._keys.pop(key, None)
            self._mirror.drop(key)
        elif not self._only or change.object.metadata.namespace in self._only:
            self._keys[self._mirror.put(change.object)] = None
        self._version = change.object.metadata.resource_version or self._version


def _continue_of(body: memoryview) -> str:
    """Where the list goes on, as its beginning says: an API server writes the list's metadata before the items."""
    found = _CONTINUE.search(body, 0, _METADATA_BYTES)
    return found[1].decode() if found else ""
