"""`python -m tests.scenarios.record FOLDER [NAME ...]`: record the bundled drill anew, on the rig.

Each story breaks the world, and then people do something about it, through the console's own door and its guarded
actions. What comes out is redacted once more, as for whoever it is given to.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from tests.rig import faults, world
from tests.rig.api import wait_for
from tests.rig.binaries import find_or_build
from tests.rig.cluster import Cluster
from wfconsole.clock import MINUTE
from wfconsole.incident.action_events import ActionsArmed
from wfconsole.incident.events import Declared, Event, NoteAdded, PlaybookChosen, StatusChanged, UpdateSent
from wfconsole.incident.plan import Aim, Plan, Request
from wfconsole.recording.share import share
from wfconsole.session.acts import Act, Confirmation
from wfconsole.session.live import LiveConsole

GATEWAY = Aim("deployment", world.GATEWAY, world.NAMESPACE)
T = TypeVar("T")


class Teller:
    """A console without a screen, and a person who is quick."""

    def __init__(self, console: LiveConsole) -> None:
        self._console = console

    def waits(self, seconds: float) -> None:
        time.sleep(seconds)

    def says(self, *events: Event) -> None:
        for event in events:
            self._console.submit(event)
            time.sleep(2)

    def arms(self) -> None:
        self._console.submit(ActionsArmed(self._console.now() + 15 * MINUTE))

    def does(self, request: Request) -> Act:
        """Plan it, confirm it, and wait for the verdict."""
        receipt = self._console.acts.plan(request)
        plan = wait_for("a plan", lambda: self._act(receipt).plan or self._act(receipt).trouble, 30)
        assert isinstance(plan, Plan), plan
        print(f"  {plan.title}: {plan.colour}", *plan.refusals, sep="\n    ", flush=True)
        time.sleep(4)
        override = "to show that it does not help" if plan.refusals else ""
        refused = self._console.acts.confirm(receipt, Confirmation("it is broken since the rollout", override))
        assert not refused, refused
        act = wait_for("a verdict", lambda: self._over(receipt), 600)
        print(f"  {act.outcome and act.outcome.text}; {act.verdict}", flush=True)
        return act

    def _act(self, receipt: str) -> Act:
        return next(each for each in self._console.acts.show() if each.receipt == receipt)

    def _over(self, receipt: str) -> Act | None:
        act = self._act(receipt)
        return act if act.stage == "over" else None


def begins(cluster: Cluster, teller: Teller) -> None:
    teller.waits(12)
    faults.inject(cluster.api, "bad-image-crash")
    teller.waits(35)
    teller.says(
        Declared("", "Gateway answers 503 after a rollout", "SEV2", "op1"),
        PlaybookChosen("service-outage"),
        NoteAdded("503 on every third request, sign-in fails"),
        StatusChanged("identified", "the rollout of the gateway"),
    )
    teller.arms()


def ends(teller: Teller) -> None:
    teller.says(
        StatusChanged("monitoring", "all gateway pods are ready again"),
        UpdateSent("outside", "The cause is found and taken back. We are watching that it stays normal."),
    )
    teller.waits(20)
    teller.says(StatusChanged("resolved", "the gateway has been well since the rollback"))


def remove_first(cluster: Cluster, teller: Teller) -> None:
    """What many do first, and what helps only then."""
    begins(cluster, teller)
    teller.does(Request("remove-failing-pods", GATEWAY))
    teller.does(Request("roll-back", GATEWAY, {"revision": "1"}))
    ends(teller)


def roll_back_at_once(cluster: Cluster, teller: Teller) -> None:
    begins(cluster, teller)
    teller.does(Request("roll-back", GATEWAY))
    ends(teller)


STORIES: Mapping[str, tuple[str, Callable[[Cluster, Teller], None]]] = {
    "remove-first": ("recording.jsonl.gz", remove_first),
    "roll-back-at-once": ("branches/roll-back-at-once.jsonl.gz", roll_back_at_once),
}


def record(cluster: Cluster, tell: Callable[[Cluster, Teller], None], target: Path) -> None:
    """One story, in a place of its own, shared to `target`."""
    with tempfile.TemporaryDirectory() as place:
        os.environ["WFCONSOLE_STATE_DIR"] = place
        os.environ["WFCONSOLE_CONFIG"] = f"{place}/config.toml"
        Path(place, "config.toml").touch(mode=0o600)
        from wfconsole.cli import _parser
        from wfconsole.wiring.ground import ground
        from wfconsole.wiring.live import LiveParts

        words = ["live", "--kubeconfig", str(cluster.actor.kubeconfig), "--operator", "op1"]
        console = LiveParts(ground(_parser(words).parse_args(words)), source=None, recording=True).console(eager=True)
        console.start()
        wait_for("the world", lambda: console.view().world.snapshots.get("pods"), 30)
        wait_for("it can act", lambda: not console.acts.refusal(), 30)
        tell(cluster, Teller(console))
        console.close("quit")
        (made,) = Path(place, "recordings").glob("*.jsonl.gz")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        print(share(made, target), flush=True)


def main(folder: Path, names: list[str]) -> None:
    for name, (file, tell) in STORIES.items():
        if names and name not in names:
            continue
        print(name, flush=True)
        with Cluster(find_or_build()) as cluster:  # of its own: the revisions of another one are none of it
            world.create(cluster.api, metrics_first=True)
            record(cluster, tell, folder / file)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
