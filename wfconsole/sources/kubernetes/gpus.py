"""GPUs where nobody measures them: `nvidia-smi`, run in one pod of each node that has them."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import msgspec

from wfconsole.clock import MINUTE, SECOND, Millis
from wfconsole.config.metrics import GpuSettings
from wfconsole.decoding import decoder_of
from wfconsole.observations.gpus import GpuRow
from wfconsole.observations.snapshot import Lack
from wfconsole.sources.choice import Way
from wfconsole.sources.contract import CutShort, SourceError
from wfconsole.sources.kubernetes import failures
from wfconsole.sources.kubernetes.client import Server
from wfconsole.sources.kubernetes.exec import Execution, Place, Ran, StuckCommandError
from wfconsole.sources.kubernetes.nvidia_smi import (
    NO_PROGRAM,
    PROCESSES_COMMAND,
    cards_command,
    complaint,
    node_rows,
    wants_short,
)
from wfconsole.sources.kubernetes.payloads import Listing, Pod
from wfconsole.sources.polling import Poll
from wfconsole.sources.sealing import seal
from wfconsole.text import safe

MOST_NODES: Final = 500
AT_ONCE: Final = 4  # nodes that are asked at the same time
_DEADLINE_MS: Final[Millis] = 10 * SECOND
_ONE_MS: Final[Millis] = 4 * SECOND  # for one command
_RESERVE_S: Final = 0.5  # no command is started with less time than this
# Where a command hung, another one would hang beside it: a card that does not answer never lets go of them.
REST_MS: Final[Millis] = 5 * MINUTE
_NAMED: Final = 3

_PODS: Final = decoder_of(Listing[Pod])


class NvidiaSmiPoll(Poll):
    """Fills `table`. One node that cannot be asked does not harm the others; what is missing is named."""

    def __init__(
        self,
        server: Server,
        settings: GpuSettings,
        interval_ms: Millis,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__("nvidia-smi", interval_ms, _DEADLINE_MS)
        self._server, self._settings, self._clock = server, settings, clock
        self._client = server.client()
        self._running: set[Execution] = set()
        self._guard = threading.Lock()
        self._first = ""  # the node whose turn comes first: where there is no time for all, others go without next
        self._old_drivers: set[str] = set()  # nodes that know the oldest fields only
        self._resting: dict[str, float] = {}  # nodes where a command hung, and until when they are left alone
        self._lacks: tuple[Lack, ...] = ()

    def lacks(self) -> tuple[Lack, ...]:
        return self._lacks

    def explain(self, error: Exception) -> SourceError:
        return failures.from_exception(error, self.name)

    def sever(self) -> None:
        self._client.cut()
        with self._guard:
            for each in self._running:
                each.cut()
        super().sever()

    def read(self) -> None:
        places = self._places()
        now = self._clock()
        self._resting = {node: until for node, until in self._resting.items() if until > now and node in places}
        round_ = _Round(self, {node: place for node, place in places.items() if node not in self._resting})
        round_.run(self._first)
        self.check()
        if round_.failed and not round_.rows and not self._resting:
            node, error = min(round_.failed.items())
            raise SourceError(
                error.kind, f"{node}: {error.message}", remedy=error.remedy, code=error.code, right=error.right
            )
        self._first = next(iter(round_.unasked), "")
        rows = {f"{node}/": complaint(node, "nvidia-smi does not come back") for node in self._resting} | round_.rows
        self._lacks = tuple(_missing(round_.failed, round_.unasked))
        self.keep({key: seal(row) for key, row in sorted(rows.items())})

    def ask(self, node: str, place: Place) -> dict[str, GpuRow]:
        """The rows of one node. Raises SourceError and CutShort; called from several threads."""
        short = node in self._old_drivers
        try:
            cards = self._run(place, cards_command(short=short))
            if not short and wants_short(cards):
                self._old_drivers.add(node)
                short = True
                cards = self._run(place, cards_command(short=True))
            if cards.exit_code in NO_PROGRAM or (cards.exit_code is None and not cards.output):
                said = cards.problem or safe(cards.errors or cards.output, 200) or f"exit code {cards.exit_code}"
                raise SourceError("not-served", said, remedy="Name a container with nvidia-smi in gpu.exec_container.")
            processes = self._processes(place) if cards.exit_code == 0 else None
        except StuckCommandError:
            self._resting[node] = self._clock() + REST_MS / SECOND
            return {}
        return node_rows(node, cards, processes, short=short)

    def _processes(self, place: Place) -> Ran | None:
        """The programs on the cards, which are good to have."""
        try:
            return self._run(place, PROCESSES_COMMAND)
        except StuckCommandError:
            raise
        except SourceError:
            return None

    def _run(self, place: Place, command: tuple[str, ...]) -> Ran:
        execution = Execution(self._server, place, command, f"exec in {safe(place.pod, 100)}")
        with self._guard:
            self._running.add(execution)
        try:
            self.check()  # who was cut before it was among those that run
            return execution.run(min(_ONE_MS, round(max(0.1, self.left_s() - _RESERVE_S / 2) * SECOND)))
        finally:
            with self._guard:
                self._running.discard(execution)

    def _places(self) -> Mapping[str, Place]:
        """One container to ask in for each node."""
        settings = self._settings
        path = f"/api/v1/namespaces/{settings.exec_namespace}/pods"
        query: dict[str, str | int] = {
            "labelSelector": settings.exec_selector,
            "fieldSelector": "status.phase=Running",
            "limit": MOST_NODES,
        }
        body = self._client.get(path, query, what="pods")
        try:
            pods = _PODS.decode(body).items or []
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            raise failures.undecodable(error, body, "pods") from None
        places = {
            safe(pod.spec.node_name, 253): Place(settings.exec_namespace, pod.metadata.name, settings.exec_container)
            for pod in sorted(pods, key=lambda each: each.metadata.name, reverse=True)
            if pod.metadata.deletion_timestamp is None
        }
        if not places:
            said = f"no pod runs in {settings.exec_namespace} with {safe(settings.exec_selector, 100)}"
            raise SourceError("configuration", said, remedy="Check gpu.exec_namespace and gpu.exec_selector.")
        return places


def cards_way(server: Server, settings: GpuSettings, interval_ms: Millis) -> Way | None:
    """The way to GPUs that asks the nodes; None where nobody has allowed it."""
    if not settings.runs_commands:
        return None
    poll = NvidiaSmiPoll(server, settings, interval_ms)
    facts = {"nvidia-smi": f"by exec in {settings.exec_namespace}"}
    gives = "from nvidia-smi, without pods and Xid errors,"
    return Way(poll, poll.table, gives, lacks=poll.lacks, facts=lambda: facts)


class _Round:
    """One look at all nodes, a few at a time."""

    def __init__(self, poll: NvidiaSmiPoll, places: Mapping[str, Place]) -> None:
        self._poll, self._places = poll, places
        self._waiting: deque[str] = deque()
        self.rows: dict[str, GpuRow] = {}
        self.failed: dict[str, SourceError] = {}

    @property
    def unasked(self) -> list[str]:
        return list(self._waiting)

    def run(self, first: str) -> None:
        """Until all are asked or there is no time for more. Every thread ends with it: each wait has a deadline."""
        names = sorted(self._places)
        start = next((at for at, name in enumerate(names) if name >= first), 0)
        self._waiting.extend(names[start:] + names[:start])
        threads = [
            threading.Thread(target=self._work, name=f"nvidia-smi {number}", daemon=True)
            for number in range(min(AT_ONCE, len(names)))
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

    def _work(self) -> None:
        while not self._poll.ended and self._poll.left_s() > _RESERVE_S and self._worth_it():
            try:
                node = self._waiting.popleft()
            except IndexError:
                return
            try:
                self.rows.update(self._poll.ask(node, self._places[node]))
            except CutShort:
                return
            except SourceError as error:
                self.failed[node] = error
            except Exception as error:  # noqa: BLE001  one node must not take the others with it
                self.failed[node] = failures.from_exception(error, "exec")

    def _worth_it(self) -> bool:
        """Who may not ask one may ask none."""
        return bool(self.rows) or not any(error.kind == "denied" for error in self.failed.values())


def _missing(failed: Mapping[str, SourceError], unasked: list[str]) -> Iterator[Lack]:
    """Which nodes are not among the rows, and why."""
    for node in sorted(failed)[:_NAMED]:
        yield failed[node].lack(f"{node}: {failed[node].message}")
    if len(failed) > _NAMED:
        yield Lack(f"{len(failed) - _NAMED} more nodes cannot be asked", "failing")
    if unasked:
        more = f" and {len(unasked) - _NAMED} more" if len(unasked) > _NAMED else ""
        yield Lack(f"no time to ask {', '.join(sorted(unasked)[:_NAMED])}{more}", "bounded")
