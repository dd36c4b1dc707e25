"""A drill, put together: a console with records of its own over a recorded world. Nothing here can reach a server."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from wfconsole import exit_codes
from wfconsole.drills.acting import RecordedAct
from wfconsole.drills.score import as_text, score_of
from wfconsole.drills.world import RecordedWorld
from wfconsole.errors import UserError
from wfconsole.recording.lines import RecordingError
from wfconsole.recording.play import Recording
from wfconsole.recording.scenarios import ENDINGS, ScenarioText, scenario_text
from wfconsole.session.replay import open_recording
from wfconsole.wiring.ground import Ground
from wfconsole.wiring.live import LiveParts, Stage
from wfconsole.wiring.replay import recording_named

# In a scenario's folder: recordings that begin like its own, and in which somebody did something else.
BRANCHES: Final = "branches"


class Drill:
    """`console` is what the screen shows; `score` what is said once it has gone."""

    def __init__(self, base: Ground, named: str) -> None:
        """Raises UserError where there is no recording, or nobody acted in it."""
        path = recording_named(base, named)
        try:
            text = scenario_text(path) if path.is_dir() else ScenarioText()
            recordings = _recordings(path)
        except RecordingError as error:
            raise UserError(str(error), exit_codes.RECORDING) from None
        world = RecordedWorld(recordings, base.clock)
        if not world.doors.all:
            world.close_files()
            raise UserError(
                f"nobody acted in {named!r} when it was recorded, so its world cannot answer: "
                f"watch it with `wfconsole replay {named}`",
                exit_codes.RECORDING,
            )
        self._title, self._severity = text.title or path.name, text.severity
        self._began_at = base.clock.now()
        stage = Stage(world, world.standing, lambda begin: RecordedAct(world, begin, base.clock))
        self.console = LiveParts(_apart(base), source=None, recording=True, stage=stage).console(eager=True)

    def score(self) -> str:
        console = self.console
        policy = console.runbook.policy
        state = console.session.view.incident
        return as_text(score_of(state, policy, began_at=self._began_at, severity=self._severity), self._title)


def _apart(base: Ground) -> Ground:
    """The same ground, with records of drills in a place of their own: none is ever taken for an incident."""
    journal = msgspec.structs.replace(base.settings.journal, directory="", fallbacks=())
    places = msgspec.structs.replace(base.places, state=base.places.state / "drills")
    settings = msgspec.structs.replace(base.settings, journal=journal)
    return msgspec.structs.replace(base, settings=settings, places=places)


def _recordings(path: Path) -> tuple[Recording, ...]:
    """The recording itself, then what else may happen in it. Raises RecordingError."""
    folder = path / BRANCHES
    paths = [path, *(sorted(each for each in folder.glob("*") if each.name.endswith(ENDINGS)) if path.is_dir() else ())]
    opened: list[Recording] = []
    try:
        opened += (open_recording(each) for each in paths)
    except RecordingError:
        for each in opened:
            each.close()
        raise
    return tuple(opened)
