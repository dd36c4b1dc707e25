"""The sources of AWS, put together: each region is a part, so that one that refuses leaves the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wfconsole.clock import Millis
from wfconsole.config.systems import AwsSettings
from wfconsole.observations.snapshot import Lack
from wfconsole.sources.aws.examination import AccountExamination
from wfconsole.sources.aws.findings import FindingsPoll
from wfconsole.sources.aws.secrets import SecretsPoll
from wfconsole.sources.contract import Part, Source
from wfconsole.sources.polling import PolledSource

RegionalPolls = Sequence[FindingsPoll] | Sequence[SecretsPoll]


def sources(settings: AwsSettings, every_ms: Mapping[str, Millis]) -> list[Source]:
    """`every_ms` says how often each is looked at, by its name."""
    if not settings.configured:
        return []
    regions = tuple(dict.fromkeys(settings.regions))
    findings = [FindingsPoll(settings, region, every_ms["findings"]) for region in regions]
    secrets = [SecretsPoll(settings, region, every_ms["secrets"]) for region in regions]
    return [_joined("findings", findings), _joined("secrets", secrets)]


def examination(settings: AwsSettings, every_ms: Mapping[str, Millis]) -> AccountExamination:
    """What the doctor looks at; the settings must name a region."""
    return AccountExamination(settings, sources(settings, every_ms), every_ms["findings"])


def _joined(name: str, polls: RegionalPolls) -> Source:
    def take() -> Mapping[str, bytes | None]:
        return {key: row for poll in polls for key, row in poll.table.take().items()}

    def lacks() -> tuple[Lack, ...]:
        """Where not all pages were read, nobody knows what is on the others."""
        return tuple(Lack(f"{poll.region} has more than were read", "bounded") for poll in polls if poll.more)

    def facts() -> Mapping[str, str]:
        if all(poll.found < 0 for poll in polls):
            return {}
        told = {"shown": shown_of(polls), "regions": ", ".join(poll.region for poll in polls)}
        for poll in polls:
            told |= poll.facts()
        return told

    parts = tuple(Part(poll, "whole", f"{name} of {poll.region}") for poll in polls)
    return PolledSource(name, polls[0].interval_ms, parts, take, lacks, facts)


def shown_of(polls: RegionalPolls) -> str:
    """`143`, `20 of 143`, `20 of more than 1000`."""
    shown, found = sum(len(poll.table) for poll in polls), sum(max(0, poll.found) for poll in polls)
    if any(poll.more for poll in polls):
        return f"{shown} of more than {found}"
    return f"{shown} of {found}" if shown < found else f"{found}"
