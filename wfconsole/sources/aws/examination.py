"""AWS under the doctor's eyes: who we are, and each action of the shipped policy in each region."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from wfconsole.clock import Millis
from wfconsole.config.systems import AwsSettings
from wfconsole.observations.checks import Check
from wfconsole.sources.aws.region import RegionPoll
from wfconsole.sources.checking import Looks, used_permission
from wfconsole.sources.contract import Source, Task
from wfconsole.text import safe

_SYSTEM: Final = "aws"


class WhoAmI(RegionPoll):
    """Every identity may ask this, whatever its policies say."""

    service = "sts"
    action = "sts:GetCallerIdentity"

    def __init__(self, settings: AwsSettings, interval_ms: Millis) -> None:
        super().__init__("who we are", settings, settings.regions[0], interval_ms)
        self.identity = ""

    def read(self) -> None:
        with self.client() as client:
            self.identity = safe(str(client.get_caller_identity().get("Arn", "")), 200)


class AccountExamination:
    """See `checking.Examination`."""

    def __init__(self, settings: AwsSettings, sources: Sequence[Source], interval_ms: Millis) -> None:
        self.sources = sources
        self.where = safe(settings.endpoint_url or ", ".join(settings.regions), 200)
        self._who = WhoAmI(settings, interval_ms)

    @property
    def tasks(self) -> Sequence[Task]:
        return (self._who,)

    @property
    def identity(self) -> str:
        return self._who.identity

    @property
    def ahead_ms(self) -> Millis | None:
        heard = (poll.ahead_ms for poll in (self._who, *(poll for _, poll in self._regional())))
        return next((each for each in heard if each is not None), None)

    def checks(self, looks: Looks) -> Sequence[Check]:
        """One for each action and region. The look itself has used it."""
        return [
            used_permission(looks.of(poll), _SYSTEM, f"{poll.action} in {poll.region}", name)
            for name, poll in self._regional()
        ]

    def _regional(self) -> Sequence[tuple[str, RegionPoll]]:
        return [
            (source.name, part.task)
            for source in self.sources
            for part in source.parts
            if isinstance(part.task, RegionPoll)
        ]
