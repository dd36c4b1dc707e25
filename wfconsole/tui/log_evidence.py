"""Logs as the evidence of a step: asked of the collector, entered as soon as the answers are there."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from wfconsole.clock import SECOND, Millis
from wfconsole.incident.events import StepProbed
from wfconsole.incident.log_evidence import LINES_ASKED, evidence_of, pods_to_read
from wfconsole.incident.playbook import Step
from wfconsole.observations.answers import AskPod, PodAnswer
from wfconsole.observations.levels import Level
from wfconsole.observations.world import World

if TYPE_CHECKING:
    from wfconsole.tui.app import WarRoom

# Without all answers for so long, what has come is entered, and what has not is said.
OVERDUE: Final = 20 * SECOND
PROBE: Final = "run-probe"


class LogReading(msgspec.Struct, frozen=True):
    """What was asked for a step: by "namespace/name", the id of each request, and the answers that have come."""

    step: Step
    asked: Mapping[str, str]
    level: Level
    began: Millis
    came: Mapping[str, PodAnswer] = {}

    def after(self, world: World) -> LogReading:
        """With what has come since: the world keeps one answer of each pod, and whoever opens it asks for the next."""
        came = {**self.came}
        for pod, request in self.asked.items():
            answer = world.answers.get(pod)
            if answer is not None and answer[1].id == request:
                came[pod] = answer[1]
        return msgspec.structs.replace(self, came=came)


def read_logs(room: WarRoom, step: Step) -> bool:
    """Ask for the logs that the step means; False where no pod is meant, and there is none to read."""
    if any(reading.step.id == step.id for reading in room.readings):
        room.say("its logs are being read")
        return True
    frame = room.frame()
    pods = pods_to_read(step.logs, frame.view.world, frame.now)
    if not pods:
        return False
    asked = {pod: uuid.uuid4().hex for pod in pods}
    room.readings = (*room.readings, LogReading(step, asked, max(pods.values()), frame.now))
    for pod, request in asked.items():
        namespace, _, name = pod.partition("/")
        room.session.ask(AskPod(request, namespace, name, LINES_ASKED))
    room.say(f"reading the logs of {', '.join(pod.partition('/')[2] for pod in pods)} ...")
    return True


def enter_what_was_read(room: WarRoom) -> None:
    """The evidence of the readings that are over; while nothing may be entered, they wait."""
    world, now = room.session.view().world, room.session.now()
    room.readings = tuple(reading.after(world) for reading in room.readings)
    if room.refused_change(PROBE):
        return
    for reading in room.readings:
        answers = {pod: reading.came.get(pod) for pod in reading.asked}
        if None in answers.values() and now - reading.began < OVERDUE:
            continue
        room.readings = tuple(other for other in room.readings if other is not reading)
        found, step = evidence_of(answers), reading.step
        room.enter(StepProbed(step.id, found.lines, reading.level, found.quality.value, title=step.title), name=PROBE)
