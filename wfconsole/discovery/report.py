"""What one look saw. Imports nothing heavy: the console's process reads it."""

from __future__ import annotations

from msgspec import Struct

from wfconsole.config.offers import Offer, Remark


class Report(Struct, frozen=True):
    """`looked` says by table where it was looked, in words such as "REDIS_URL". All text is safe, and no secret."""

    looked: dict[str, str]
    offers: tuple[Offer, ...] = ()
    remarks: tuple[Remark, ...] = ()
    trouble: str = ""  # why it saw less than there may be
