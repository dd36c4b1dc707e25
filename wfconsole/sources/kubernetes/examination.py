"""A cluster under the doctor's eyes: who we are there, and each right of our roles by its name.

SelfSubjectAccessReview answers for one right at a time and is exact; SelfSubjectRulesReview answers for all at once
and says itself that it may be incomplete.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, Literal, NamedTuple

import msgspec

from wfconsole.clock import MINUTE, SECOND, Millis, SystemClock
from wfconsole.decoding import decoder_of
from wfconsole.observations.checks import Check, State
from wfconsole.observations.nodes import NodeRow
from wfconsole.sources.checking import Looks
from wfconsole.sources.contract import Source, SourceError, Task
from wfconsole.sources.kubernetes.client import Server
from wfconsole.sources.kubernetes.cluster import MOST_NAMESPACES, ClusterSource
from wfconsole.sources.kubernetes.rights import (
    ACTOR,
    EVERYTHING,
    GPU_EXEC,
    NAMES_OF_NAMESPACES,
    VIEWER,
    Right,
    grant,
    rights_of,
)
from wfconsole.text import age, safe

# Questions are asked over so many connections: far from the cluster each takes as long as the way there and back.
_CONNECTIONS: Final = 4
# Nodes are measured each minute or more often.
OLD_MS: Final[Millis] = 3 * MINUTE
_WHO: Final = "/apis/authentication.k8s.io/v1/selfsubjectreviews"  # since Kubernetes 1.28
_MAY: Final = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_WHO_QUESTION: Final = b'{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}'


class _User(msgspec.Struct):
    username: str = ""


class _WhoStatus(msgspec.Struct, rename="camel"):
    user_info: _User = msgspec.field(default_factory=_User)


class _Who(msgspec.Struct):
    status: _WhoStatus = msgspec.field(default_factory=_WhoStatus)


class _MayStatus(msgspec.Struct, rename="camel"):
    allowed: bool = False
    reason: str = ""
    evaluation_error: str = ""


class _May(msgspec.Struct):
    status: _MayStatus


_WHO_WE_ARE: Final = decoder_of(_Who)
_WHAT_WE_MAY: Final = decoder_of(_May)


class _Asked:
    """What the tasks below have in common: one connection of their own."""

    def __init__(self, server: Server) -> None:
        self.client = server.client()

    def overdue_ms(self) -> Millis:
        return self.client.overdue_ms()

    def cut(self) -> None:
        self.client.cut()


class WhoAmI(_Asked):
    """The simplest question: every known user may ask it."""

    name = "who we are"
    user = ""

    def step(self, proven: Callable[[], None]) -> Millis:
        """One question. Raises SourceError."""
        try:
            body = self.client.review(_WHO, _WHO_QUESTION, what=self.name)
            self.user = safe(_WHO_WE_ARE.decode(body).status.user_info.username, 200)
        except SourceError as error:
            if error.code not in (403, 404):  # not there before 1.28; the rest is asked anyway
                raise
            self.client.get("/version", what=self.name)
        except msgspec.MsgspecError as error:
            raise SourceError("bad-answer", f"{self.name}: {safe(str(error), 200)}") from None
        proven()
        return 60 * SECOND


class Review(_Asked):
    """Asks for rights, each in each of these places; `allowed` fills as the answers come."""

    name = "what we may do"

    def __init__(self, server: Server, questions: Sequence[tuple[Right, str]]) -> None:
        super().__init__(server)
        self._questions = questions
        self.allowed: dict[tuple[Right, str], bool] = {}

    def step(self, proven: Callable[[], None]) -> Millis:
        """All questions. Raises SourceError; what was answered by then counts."""
        for right, namespace in self._questions:
            body = self.client.review(_MAY, right.question(namespace), what=self.name)
            try:
                self.allowed[right, namespace] = _WHAT_WE_MAY.decode(body).status.allowed
            except msgspec.MsgspecError as error:
                raise SourceError("bad-answer", f"{self.name}: {safe(str(error), 200)}") from None
        proven()
        return 60 * SECOND


class Cards(NamedTuple):
    """GPUs that are asked in pods of this namespace."""

    source: Source
    namespace: str


class ClusterExamination:
    """See `checking.Examination`. `namespaces`: look only into these, none: into all."""

    def __init__(
        self, server: Server, sources: Sequence[ClusterSource], namespaces: Sequence[str], cards: Cards | None = None
    ) -> None:
        # That nodes count the pods of these namespaces alone was somebody's choice, and is nothing to mend.
        chosen = (msgspec.structs.replace(source, more_lacks=tuple) for source in sources)
        self.sources: Sequence[Source] = tuple(chosen) if namespaces else tuple(sources)
        self._cards = cards
        if cards is not None:
            self.sources = (*self.sources, cards.source)
        self._server = server
        self._namespaces = tuple(namespaces) if len(namespaces) <= MOST_NAMESPACES else ()
        self._not_needed = {NAMES_OF_NAMESPACES} if namespaces else set()
        self._who = WhoAmI(server)
        roles = (VIEWER, ACTOR) if cards is None else (VIEWER, GPU_EXEC, ACTOR)
        questions = [(EVERYTHING, ""), *(each for role in roles for each in self._questions(role))]
        self._reviews = [Review(server, questions[place::_CONNECTIONS]) for place in range(_CONNECTIONS)]

    @property
    def tasks(self) -> Sequence[Task]:
        return (self._who, *self._reviews)

    @property
    def where(self) -> str:
        access = self._server.access
        return safe(f"{access.server}, context {access.context}" if access.context else access.server, 200)

    @property
    def identity(self) -> str:
        powerful = any(review.allowed.get((EVERYTHING, "")) for review in self._reviews)
        return f"{self._who.user} (may do everything)" if powerful and self._who.user else self._who.user

    @property
    def ahead_ms(self) -> Millis | None:
        return self._server.ahead_ms

    def checks(self, looks: Looks) -> Sequence[Check]:
        """One check for each right of both roles."""
        errors = [look.error for review in self._reviews if (look := looks.of(review)).error is not None]
        why = errors[0].message if errors and errors[0] is not None else "not asked in time"
        cards = self._of_role(GPU_EXEC, "permission", why) if self._cards is not None else ()
        rights = [*self._of_role(VIEWER, "permission", why), *cards, *self._of_role(ACTOR, "action", why)]
        return [*rights, *self._measured(looks)]

    def _measured(self, looks: Looks) -> Iterable[Check]:
        """How old the newest use of a node is, where anybody measures it."""
        rows = (decoder_of(NodeRow).decode(row) for row in looks.rows.get("nodes", {}).values())
        newest = max((row.used_at for row in rows), default=0)
        if not newest:
            return
        now = SystemClock().now() + (self._server.ahead_ms or 0)
        told = f"newest {age(max(0, now - newest))} old"
        if now - newest > OLD_MS:
            remedy = "Look at what serves metrics.k8s.io: metrics-server, mostly."
            yield Check("kubernetes", "nodes", "fresh", "use of nodes", "problem", told, remedy)
        else:
            yield Check("kubernetes", "nodes", "fresh", "use of nodes", "ok", told)

    def _of_role(self, role: str, aspect: Literal["permission", "action"], why: str) -> Iterable[Check]:
        answers = {question: allowed for review in self._reviews for question, allowed in review.allowed.items()}
        refused: State = "problem" if aspect == "permission" else "off"
        source = "gpus" if role == GPU_EXEC else ""
        for right in self._rights(role):
            where = self._where(right, role)
            name = f"{right} in {where[0]}" if role == GPU_EXEC else str(right)
            unasked = [each for each in where if (right, each) not in answers]
            denied = [each for each in where if answers.get((right, each)) is False]
            if denied:
                told = f"denied in {_places(denied)}" if right.namespaced else "denied"
                run = grant(role, self._who.user, denied if denied != [""] and right.namespaced else ())
                yield Check("kubernetes", source, aspect, name, refused, told, run=run)
            elif unasked:
                yield Check("kubernetes", source, aspect, name, "unknown", why)
            else:
                yield Check("kubernetes", source, aspect, name, "ok")

    def _questions(self, role: str) -> Iterable[tuple[Right, str]]:
        return ((right, namespace) for right in self._rights(role) for namespace in self._where(right, role))

    def _rights(self, role: str) -> Iterable[Right]:
        return (right for right in rights_of(role) if right not in self._not_needed)

    def _where(self, right: Right, role: str) -> Sequence[str]:
        """The namespaces in which a right is asked for; "" stands for all of them, and for what has none."""
        if role == GPU_EXEC:
            return (self._cards.namespace,) if self._cards is not None else ()
        return self._namespaces if right.namespaced and self._namespaces else ("",)


def _places(namespaces: Sequence[str]) -> str:
    return "all namespaces" if namespaces == [""] else ", ".join(namespaces)
