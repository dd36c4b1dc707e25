"""Guarded actions at the session, on the real control plane: the record first, and an end that is always told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
import yaml

from tests.actions.bed import Bed
from tests.journal.helpers import until
from tests.rig.cluster import Cluster
from tests.session.test_by_hand import SlowSink
from tests.sources.fault_proxy import Fault, FaultProxy
from wfconsole.clock import MINUTE, SystemClock
from wfconsole.config.actions import ActingSettings
from wfconsole.incident.action_events import ActionEnded, ActionIntended, ActionsArmed
from wfconsole.incident.events import Declared, Entry
from wfconsole.incident.plan import Aim, Plan, Request
from wfconsole.incident.state import Receipt
from wfconsole.runbook import load_runbook
from wfconsole.session import act_life, confirming
from wfconsole.session.act_book import ActBook
from wfconsole.session.acting import Acting
from wfconsole.session.acts import Act, Confirmation
from wfconsole.session.session import Session

pytestmark = [pytest.mark.rig, pytest.mark.usefixtures("world")]
YES = Confirmation()


class Place:
    """A session with an incident, armed, and what acts for it."""

    def __init__(self, settings: ActingSettings, *, sink: SlowSink | None = None, armed: bool = True) -> None:
        self.clock = SystemClock()
        self.session = Session(clock=self.clock, runbook=load_runbook(None), operator="ada")
        self.session.submit(Declared("INC-1", "down", "SEV2", "ada"))
        if armed:
            self.session.submit(ActionsArmed(self.clock.now() + MINUTE))
        if sink is not None:
            self.session.keep_in(sink)
            self.session.journal_as("INC-1", anew=False)
        self.acting = Acting(ActBook(self.session, self.clock, lambda: settings, operator="ada"))

    def resume(self, entries: tuple[Entry, ...], settings: ActingSettings) -> None:
        """As a console that comes after this one."""
        self.acting.close()
        self.session = Session(clock=self.clock, runbook=load_runbook(None), operator="ada")
        self.session.resume(entries)
        self.acting = Acting(ActBook(self.session, self.clock, lambda: settings, operator="ada"))
        self.acting.take_up()

    def act(self, receipt: str) -> Act:
        return next(each for each in self.acting.show() if each.receipt == receipt)

    def plan(self, request: Request) -> tuple[str, Plan]:
        receipt = self.acting.plan(request)
        until(lambda: self.act(receipt).stage != "planning", "it is planned")
        plan = self.act(receipt).plan
        assert plan is not None, self.act(receipt)
        return receipt, plan

    def receipt(self, name: str) -> Receipt:
        return self.session.view.incident.receipts[name]

    def result(self, name: str) -> str:
        """How it ended, "" while nobody knows."""
        found = self.session.view.incident.receipts.get(name)
        return found.result if found is not None else ""

    def verdict(self, name: str) -> str:
        found = self.session.view.incident.receipts.get(name)
        return found.verdict if found is not None else ""

    def kinds(self) -> list[str]:
        return [type(entry.event).__name__ for entry in self.session.entries]


Places = Callable[..., Place]


@pytest.fixture
def places(acting: ActingSettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Places]:
    monkeypatch.setattr(act_life, "IN_FLIGHT_MS", 200)
    made: list[Place] = []

    def make(**how: object) -> Place:
        made.append(Place(acting, **how))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for place in made:
        place.acting.close()


def scaled(aim: Aim, replicas: int) -> Request:
    return Request("scale", aim, {"replicas": str(replicas)})


def replicas(bed: Bed) -> int:
    return int(bed.workload()["spec"]["replicas"])


def test_from_the_plan_to_the_verdict_and_back_again(bed: Bed, places: Places) -> None:
    place = places()
    name, plan = place.plan(scaled(bed.deployment(replicas=1), 2))
    assert replicas(bed) == 1
    assert place.acting.confirm(name, YES) == ""
    until(lambda: bool(place.verdict(name)), "it is judged")
    receipt = place.receipt(name)
    assert (receipt.result, receipt.verdict, replicas(bed)) == ("done", "WORKED", 2)
    assert msgspec.json.decode(receipt.plan, type=Plan) == plan
    assert place.kinds()[-3:] == ["ActionIntended", "ActionEnded", "ActionVerified"]
    (line,) = [line for line in place.session.view.incident.lines.values() if line.kind == "ACTION"]
    assert line.text.startswith("WORKED: Scale")
    assert receipt.can_be_undone
    back, _ = place.plan(msgspec.json.decode(receipt.inverse, type=Request))
    assert place.acting.confirm(back, YES) == ""
    until(lambda: place.result(back) == "done", "it is taken back")
    assert replicas(bed) == 1
    assert place.receipt(name).undone_by == back


def test_nothing_is_sent_before_the_intent_is_on_disk(bed: Bed, places: Places) -> None:
    sink = SlowSink()
    place = places(sink=sink)
    name, _ = place.plan(scaled(bed.deployment(replicas=1), 2))
    place.acting.confirm(name, YES)
    until(lambda: place.act(name).stage == "recording", "it waits for the disk")
    assert replicas(bed) == 1
    place.session.saved([entry.id for entry in sink.waiting])
    until(lambda: place.result(name) == "done", "it is done")
    assert replicas(bed) == 2


def test_an_intent_that_no_disk_confirms_is_not_carried_out(
    bed: Bed, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confirming, "CONFIRMED_WITHIN_MS", 50)
    place = places(sink=SlowSink())
    name, _ = place.plan(scaled(bed.deployment(replicas=1), 2))
    place.acting.confirm(name, YES)
    until(lambda: place.act(name).stage == "over", "it is over")
    assert (place.receipt(name).result, replicas(bed)) == ("failed", 1)
    assert "no disk" in place.receipt(name).text


def test_what_is_not_armed_or_too_old_is_not_run(bed: Bed, places: Places) -> None:
    place = places(armed=False)
    name, plan = place.plan(scaled(bed.deployment(replicas=1), 2))
    assert place.acting.confirm(name, YES) == "disarmed"
    place.session.submit(ActionsArmed(place.clock.now() - 1))
    assert "over" in place.acting.confirm(name, YES)
    place.session.submit(ActionsArmed(place.clock.now() + MINUTE))
    old = msgspec.structs.replace(plan, made_at=plan.made_at - 2 * MINUTE)
    place.acting._book.set(name, plan=old)
    assert "older than a minute" in place.acting.confirm(name, YES)
    place.acting.again(name)
    until(lambda: place.act(name).stage == "planned", "it is planned again")
    assert place.acting.barred(name, YES) == ""
    assert replicas(bed) == 1


def entries_to(place: Place, kind: type[object]) -> tuple[Entry, ...]:
    """The record up to its first event of this kind: what a console that was killed then leaves behind."""
    entries = place.session.entries
    last = next(number for number, entry in enumerate(entries) if isinstance(entry.event, kind))
    return entries[: last + 1]


def test_a_console_killed_after_the_effect_finds_out_that_it_ran(
    bed: Bed, places: Places, acting: ActingSettings
) -> None:
    place = places()
    name, _ = place.plan(scaled(bed.deployment(replicas=1), 2))
    place.acting.confirm(name, YES)
    until(lambda: place.result(name) == "done", "it is done")
    place.resume(entries_to(place, ActionIntended), acting)
    assert place.receipt(name).result == ""
    until(lambda: bool(place.verdict(name)), "it is found out, and watched on")
    assert (place.receipt(name).result, place.receipt(name).verdict) == ("done", "WORKED")
    assert place.kinds().count("ActionIntended") == 1


def test_a_console_killed_before_the_effect_finds_out_that_it_did_not_run(
    bed: Bed, places: Places, acting: ActingSettings
) -> None:
    sink = SlowSink()
    place = places(sink=sink)
    name, _ = place.plan(scaled(bed.deployment(replicas=1), 2))
    place.acting.confirm(name, YES)
    until(lambda: place.act(name).stage == "recording", "it waits for the disk")
    place.resume(entries_to(place, ActionIntended), acting)
    until(lambda: place.result(name) == "failed", "it is found out")
    ended = place.session.entries[-1].event
    assert isinstance(ended, ActionEnded)
    assert ended.found_later
    assert replicas(bed) == 1


def test_one_that_cannot_be_asked_stays_open(bed: Bed, places: Places, acting: ActingSettings) -> None:
    place = places()
    name, _ = place.plan(scaled(bed.deployment(replicas=1), 2))
    place.acting.confirm(name, YES)
    until(lambda: place.result(name) == "done", "it is done")
    nowhere = msgspec.structs.replace(acting, server="https://elsewhere.example")
    place.resume(entries_to(place, ActionIntended), nowhere)
    until(lambda: place.result(name) == "unknown", "it says that nobody knows")
    assert "pinned to https://elsewhere.example" in place.receipt(name).text
    assert place.act(name).stage == "asking"


def test_a_request_that_makes_no_sense_says_what_would(bed: Bed, places: Places) -> None:
    place = places()
    receipt = place.acting.plan(Request("scale", bed.deployment(replicas=1), {"replicas": "many"}))
    until(lambda: place.act(receipt).stage == "over", "it is refused")
    assert "a number from 0 to 10000" in place.act(receipt).trouble


def through(acting: ActingSettings, folder: Path, proxy: FaultProxy) -> ActingSettings:
    """The same cluster, by way of the proxy."""
    told = yaml.safe_load(Path(acting.kubeconfig).read_text())
    told["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{proxy.port}"
    file = folder / "kubeconfig"
    file.write_text(yaml.safe_dump(told))
    return msgspec.structs.replace(acting, kubeconfig=str(file))


def test_an_answer_that_is_lost_is_asked_for_and_nothing_is_sent_again(
    bed: Bed, acting: ActingSettings, cluster: Cluster, tmp_path: Path
) -> None:
    aim = bed.deployment(replicas=1)
    lost = threading.Event()

    def cut(answer: bytes) -> bytes:
        """The change has arrived, and nobody hears of it."""
        if not lost.is_set() and replicas(bed) == 2:
            lost.set()
            raise ConnectionResetError
        return answer

    with FaultProxy(int(cluster.api.base_url.rpartition(":")[2])) as proxy:
        place = Place(through(acting, tmp_path, proxy))
        try:
            name, _ = place.plan(scaled(aim, 2))
            generation = bed.workload()["metadata"]["generation"]
            proxy.become(Fault("pass", changed=cut))
            place.acting.confirm(name, YES)
            until(lambda: place.result(name) == "done", "it is found out")
        finally:
            place.acting.close()
    assert lost.is_set()
    ended = [each.event for each in place.session.entries if isinstance(each.event, ActionEnded)]
    assert [(each.result, each.found_later) for each in ended] == [("unknown", False), ("done", True)]
    assert (replicas(bed), bed.workload()["metadata"]["generation"]) == (2, generation + 1)
