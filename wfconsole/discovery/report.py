"""What one look saw. Imports nothing heavy: the console's process reads it."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from wfconsole.config.offers import Offer, Remark


class Report(Struct, frozen=True):
    """`looked` says by table where it was looked, in words such as "REDIS_URL". All text is safe, and no secret."""

    looked: dict[str, str]
    offers: tuple[Offer, ...] = ()
    remarks: tuple[Remark, ...] = ()
    trouble: str = ""  # why it saw less than there may be

    @classmethod
    def of(cls, looked: dict[str, str], found: Iterable[Offer | Remark]) -> Report:
        """With what was found, in its order."""
        told = tuple(found)
        return cls(
            looked,
            offers=tuple(each for each in told if isinstance(each, Offer)),
            remarks=tuple(each for each in told if isinstance(each, Remark)),
        )
