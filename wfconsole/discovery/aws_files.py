"""Which regions and profiles AWS's own variables and files name. Keys are not read: only whether there are any."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from wfconsole.config.offers import Offer, Remark
from wfconsole.discovery.report import Report
from wfconsole.discovery.small_files import lines_of
from wfconsole.text import safe

_SECTION: Final = re.compile(r"\s*\[\s*(?:profile\s+)?([^\]]+?)\s*\]\s*")
_REGION: Final = re.compile(r"region\s*=\s*(\S+)\s*")
# Any of these lets a client in without a file.
_CREDENTIALS: Final = (
    *("AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE"),
    *("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
)
_SHOWN: Final = 8


def look(environment: Mapping[str, str], home: Path) -> Report:
    """Raises OSError where one of the files cannot be read."""
    config = Path(environment.get("AWS_CONFIG_FILE") or home / ".aws" / "config")
    credentials = Path(environment.get("AWS_SHARED_CREDENTIALS_FILE") or home / ".aws" / "credentials")
    regions = dict(_regions(config))
    profiles = [*dict.fromkeys([*regions, *_profiles(credentials)])]
    looked = f"AWS_REGION, AWS_DEFAULT_REGION, AWS_PROFILE, {safe(str(config), 200)}"
    return Report(
        looked={"aws": looked},
        offers=tuple(_offers(environment, regions, profiles, config)),
        remarks=tuple(_remarks(profiles, config)),
    )


def _offers(
    environment: Mapping[str, str], regions: Mapping[str, str], profiles: list[str], config: Path
) -> Iterator[Offer]:
    profile = environment.get("AWS_PROFILE", "")
    variable = next((name for name in ("AWS_REGION", "AWS_DEFAULT_REGION") if environment.get(name)), "")
    region = environment.get(variable, "") or regions.get(profile or "default", "")
    values: dict[str, Any] = {"regions": (region,)} if region else {}
    why = f"{variable} in the environment" if variable else safe(str(config), 200)
    if profile:
        values["profile"] = profile
        why += " and AWS_PROFILE" if variable else ", for AWS_PROFILE"
    elif not values:
        # No default: the first profile with a region is as good a guess as any, and not in force.
        profile, region = next(((name, of) for name, of in regions.items() if of), ("", ""))
        values = {"regions": (region,), "profile": profile} if region else {}
        yield from [Offer("aws", values, f"a profile of {why}", ready=False)] if values else []
        return
    if not region:
        return
    let_in = bool(profiles) or any(environment.get(name) for name in _CREDENTIALS)
    yield Offer("aws", values, why if let_in else f"{why}, but no credentials", ready=let_in)


def _remarks(profiles: list[str], config: Path) -> Iterator[Remark]:
    if len(profiles) > 1:
        shown = ", ".join(safe(name, 60) for name in profiles[:_SHOWN])
        more = f" and {len(profiles) - _SHOWN} more" if len(profiles) > _SHOWN else ""
        yield Remark("aws", f"Profiles in {safe(str(config.parent), 200)}: {shown}{more}.")


def _regions(path: Path) -> Iterator[tuple[str, str]]:
    """Each profile with its region, "" where it has none."""
    profile = ""
    for line in lines_of(path):
        if header := _SECTION.fullmatch(line):
            # `[sso-session NAME]` and `[services NAME]` are no profiles.
            profile = "" if header[1].startswith(("sso-session ", "services ")) else header[1]
            if profile:
                yield profile, ""
        elif profile and (region := _REGION.fullmatch(line)):
            yield profile, region[1]


def _profiles(path: Path) -> Iterator[str]:
    return (header[1] for line in lines_of(path) if (header := _SECTION.fullmatch(line)))
