"""What libpq's own files in the home folder name: ~/.pgpass, whose passwords are not read, and ~/.pg_service.conf."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from wfconsole.config.offers import Offer, Remark
from wfconsole.discovery.report import Report
from wfconsole.discovery.small_files import lines_of
from wfconsole.text import safe

_FIELD: Final = re.compile(r"((?:\\.|[^:\\])*):")
_SECTION: Final = re.compile(r"\s*\[([^\]]+)\]\s*")
_SHOWN: Final = 6


def look(environment: Mapping[str, str], home: Path) -> Report:
    """Raises OSError where one of the files cannot be read."""
    passwords = Path(environment.get("PGPASSFILE") or home / ".pgpass")
    services = Path(environment.get("PGSERVICEFILE") or home / ".pg_service.conf")
    looked = {"database": f"{safe(str(passwords), 200)}, {safe(str(services), 200)}"}
    return Report.of(looked, [*_from_passwords(passwords), *_from_services(services)])


def _from_passwords(path: Path) -> list[Offer | Remark]:
    """Each line is host:port:database:user:password; `*` stands for any."""
    servers = {entry: None for line in lines_of(path) if (entry := _entry(line)) is not None}
    named = safe(str(path), 200)
    if not servers:
        return []
    found: list[Offer | Remark] = []
    if path.stat().st_mode & 0o077:
        found.append(Remark("database", f"libpq ignores {named} while others may read it; run: chmod 600 {named}"))
    host, port, name, user = next(iter(servers))
    values: dict[str, Any] = {"host": host, "port": port, "name": name, "user": user}
    values = {key: value for key, value in values.items() if value not in ("", 0)}
    found.append(Offer("database", values, f"{named}, which has the password", ready=len(servers) == 1))
    if len(servers) > 1:
        shown = ", ".join(safe(f"{user or 'any'}@{host}", 80) for host, _, _, user in list(servers)[:_SHOWN])
        more = f" and {len(servers) - _SHOWN} more" if len(servers) > _SHOWN else ""
        found.append(Remark("database", f"{named} has passwords for: {shown}{more}."))
    return found


def _entry(line: str) -> tuple[str, int, str, str] | None:
    """Host, port, database and user of a line that names a host; nothing behind the fourth colon is looked at."""
    if line.startswith("#"):
        return None
    parts = [re.sub(r"\\(.)", r"\1", part) for part in _FIELD.findall(line)[:4]]
    if len(parts) < 4 or parts[0] in ("", "*"):
        return None
    host, port, name, user = ("" if part == "*" else part for part in parts)
    return host, int(port) if port.isascii() and port.isdigit() else 0, name, user


def _from_services(path: Path) -> list[Offer | Remark]:
    names = [found[1].strip() for line in lines_of(path) if (found := _SECTION.fullmatch(line))]
    if not names:
        return []
    shown = ", ".join(safe(name, 60) for name in names[:_SHOWN])
    why = f"{safe(str(path), 200)} has the services {shown}"
    return [Offer("database", {"service": names[0]}, why, ready=False)]
