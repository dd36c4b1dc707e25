"""How instants are written at one console: in UTC, in the local zone, or as ISO 8601. The record is always UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final, Literal

import msgspec

from wfconsole.clock import SECOND, Millis
from wfconsole.text import calendar_time, clock_time

Way = Literal["utc", "local", "iso"]
WAYS: Final[tuple[Way, ...]] = ("utc", "local", "iso")
MACHINE: Final = "local"  # in place of a zone's name: the zone of this machine
_OFFSETS: Final = frozenset("+-0123456789")


class Times(msgspec.Struct, frozen=True):
    """One way to write instants. `zone` is an IANA name, or "local" for that of this machine; only "local" needs it."""

    way: Way = "utc"
    zone: str = MACHINE

    def clock(self, ms: Millis | None) -> str:
        """`14:32:07Z`, `15:32:07 CET`, `2026-03-01T14:32:07Z`."""
        if self.way == "utc":
            return clock_time(ms)
        local = self._local(ms)
        if self.way == "iso" or local is None:
            return self._iso(ms)
        return f"{local:%H:%M:%S} {_zone(local)}"

    def short(self, ms: Millis | None) -> str:
        """The same without the zone, where a heading or the clock at the top names it: `14:32:07`."""
        if self.way == "utc":
            return clock_time(ms)[:8]
        local = self._local(ms)
        return self._iso(ms) if self.way == "iso" or local is None else f"{local:%H:%M:%S}"

    def column(self, ms: Millis | None) -> str:
        """In at most nine cells, for a column that has no more: UTC with its Z, or local without a zone."""
        return clock_time(ms) if self.way != "local" else self.short(ms)

    def minute(self, ms: Millis | None) -> str:
        """To the minute, without the zone: `14:32`."""
        if self.way == "utc":
            return clock_time(ms)[:5]
        local = self._local(ms)
        return self._iso(ms) if self.way == "iso" or local is None else f"{local:%H:%M}"

    def calendar(self, ms: Millis | None) -> str:
        """With the day: `2026-03-01 14:32:07Z`, `2026-03-01 15:32:07 CET`, `2026-03-01T14:32:07Z`."""
        if self.way == "utc":
            return calendar_time(ms)
        local = self._local(ms)
        if self.way == "iso" or local is None:
            return self._iso(ms)
        return f"{local:%Y-%m-%d %H:%M:%S} {_zone(local)}"

    def name(self, ms: Millis) -> str:
        """What a heading over `short` says: `UTC`, `CET`, `ISO`."""
        local = self._local(ms) if self.way == "local" else None
        return {"utc": "UTC", "iso": "ISO"}.get(self.way) or (_zone(local) if local is not None else "UTC")

    @property
    def cells(self) -> int:
        """How many cells `short` takes."""
        return 20 if self.way == "iso" else 8

    def of_day(self, hours: int, minutes: int, seconds: int, *, before: Millis) -> Millis:
        """The last instant up to `before` at which a clock that is written this way shows this time of day.

        Of an hour that comes twice in a night the later one; one that a night leaves out is counted on from before it.
        """
        zone = self._zone() if self.way == "local" else UTC
        day = datetime.fromtimestamp(before / SECOND, zone)  # without one it is the machine's, with its changes
        for back in (0, 1):
            for fold in (1, 0):
                shown = (day - timedelta(days=back)).replace(hour=hours, minute=minutes, second=seconds, fold=fold)
                there = round(shown.replace(microsecond=0).timestamp()) * SECOND
                if there <= before or (back, fold) == (1, 0):
                    return there
        raise AssertionError("the day before is before")

    def on_day(self, day: str, of_day: str) -> Millis | None:
        """The instant of a day and a time of day, in UTC where that ends in Z; None for what no calendar has."""
        zone = UTC if of_day[-1] in "Zz" or self.way != "local" else self._zone()
        try:
            there = datetime.fromisoformat(f"{day}T{of_day.rstrip('Zz').zfill(5)}")
            return round(there.replace(tzinfo=zone).timestamp() * SECOND)
        except (OverflowError, ValueError):
            return None

    def _iso(self, ms: Millis | None) -> str:
        return calendar_time(ms).replace(" ", "T")

    def _local(self, ms: Millis | None) -> datetime | None:
        """None for what no calendar has."""
        if ms is None or self.way != "local":
            return None
        try:
            if (zone := self._zone()) is not None:
                return datetime.fromtimestamp(ms // SECOND, zone)
            return datetime.fromtimestamp(ms // SECOND, UTC).astimezone()
        except (OverflowError, ValueError, OSError):
            return None

    def _zone(self) -> tzinfo | None:
        """None for the machine's own."""
        if self.zone in ("", MACHINE):
            return None
        if self.zone == "UTC":
            return UTC
        from zoneinfo import ZoneInfo  # here, because the first frame is in UTC

        return ZoneInfo(self.zone)


UTC_TIMES: Final = Times()


def _zone(local: datetime) -> str:
    """`CET`; zones without letters have their offset: `+03`."""
    name = local.tzname() or ""
    if not name or len(name) > 6:
        return f"{local:%z}"
    return f"UTC{name}" if name[0] in _OFFSETS else name
