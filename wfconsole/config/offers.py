"""What somebody who looked around would set: offers for the tables of the file, and which of them are taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from wfconsole.config.loading import known_settings
from wfconsole.decoding import convert
from wfconsole.text import safe


class Offer(Struct, frozen=True):
    """Settings of one table that belong together. All words are safe text.

    `why` says where they come from ("PGHOST and PGUSER in the environment"). One that is not `ready` works only after
    somebody did something, such as to run `command`: it is written, but commented out.
    """

    table: str
    values: dict[str, Any]
    why: str
    ready: bool = True
    command: str = ""


class Remark(Struct, frozen=True):
    """What a reader of a table should know."""

    table: str
    words: str


class Chosen(Struct, frozen=True):
    """What a table of the file says beside its defaults."""

    offer: Offer | None = None
    remarks: tuple[str, ...] = ()


def choose(offers: Iterable[Offer], remarks: Iterable[Remark] = ()) -> Mapping[str, Chosen]:
    """For each table the first offer that is ready, else the first; the others become remarks.

    Offers are never mixed: the port of one server is not that of another. One with a value that its setting cannot
    take is not taken at all.
    """
    taken: dict[str, Offer] = {}
    words: dict[str, list[str]] = {}
    for offer in offers:
        if misfit := _misfit(offer):
            words.setdefault(offer.table, []).append(misfit)
            continue
        before = taken.get(offer.table)
        if before is None or (offer.ready and not before.ready):
            taken[offer.table] = offer
        passed_over = before if taken[offer.table] is offer else offer
        if passed_over is not None:
            words.setdefault(offer.table, []).append(f"Also found: {passed_over.why}.")
    for remark in remarks:
        words.setdefault(remark.table, []).append(remark.words)
    return {table: Chosen(taken.get(table), tuple(words.get(table, ()))) for table in taken.keys() | words.keys()}


def _misfit(offer: Offer) -> str:
    """Why an offer cannot be taken; "" when it can."""
    for name, value in offer.values.items():
        field = known_settings()[f"{offer.table}.{name}"]
        try:
            convert(value, field.kind)
            str(value).encode()  # a byte of the environment that is no UTF-8 fits no file
        except (msgspec.ValidationError, UnicodeEncodeError):
            return f"Found, but {name} cannot hold it: {offer.why}; it takes {safe(field.expected, 200)}."
    return ""
