"""The text itself: its age, its links, its gaps."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from typing import Final

from wfconsole.incident.playbook import Place
from wfconsole.runbook.lint.book import Book
from wfconsole.runbook.lint.findings import Hit, Topic
from wfconsole.runbook.policy import iso_date
from wfconsole.text import safe

RULES: Final = Topic("document")
_ABOUT: Final = re.compile(
    r"[\s*_>-]*(?P<key>[A-Za-z][A-Za-z -]{2,30}?)[*_\s]*:[*_\s]*(?P<value>[^*_\s][^*\n]*?)[*_\s\\]*"
)
_NEXT: Final = ("next review", "next review date", "review by", "review due")
_LAST: Final = ("last updated", "reviewed", "last reviewed", "updated", "last review")
_VERSION: Final = ("version", "document version", "runbook version")
_OWNER: Final = ("owner", "owners", "maintainer", "maintained by", "team")
_LONG: Final = 365
_LINK: Final = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)[^)\n]*\)|(https?://[^\s<>)\]\"'`]+)")
_GAPS: Final = re.compile(r"\b(?:TODO|FIXME|TBD|XXX|WIP|Lorem ipsum)\b")
_HIDDEN: Final = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]")


def _about(book: Book, keys: tuple[str, ...]) -> list[tuple[Place, str]]:
    found = []
    for line in book.prose:
        match = _ABOUT.fullmatch(line.text)
        if match and match["key"].strip().lower() in keys:
            found.append((line.place, match["value"].strip()))
    return found


@RULES.whole("review-overdue", "warning", "the review is overdue", "review it, and set the next date")
def _overdue(book: Book) -> Iterable[Hit]:
    for place, value in _about(book, _NEXT):
        due = iso_date(value)
        if due and due < book.today:
            yield Hit(place, f"it was due on {value}, {(book.today - due).days} days ago: what it says may be stale")


@RULES.whole("review-unknown", "warning", "no date of a review", "add 'Next review: 2026-01-31' in ISO form")
def _unknown(book: Book) -> Iterable[Hit]:
    if not _about(book, _NEXT):
        yield Hit(book.whole, "nothing says when somebody looks at this again")


@RULES.whole(
    "updated-long-ago", "note", "a text that nobody changed for a year", "go through it, or say that it was looked at"
)
def _long_ago(book: Book) -> Iterable[Hit]:
    for place, value in _about(book, _LAST):
        last = iso_date(value)
        if last and (book.today - last).days > _LONG:
            yield Hit(place, f"{(book.today - last).days} days: versions, names and people have changed since")


@RULES.whole("date-in-the-future", "warning", "a date that has not come yet", "correct it")
def _future(book: Book) -> Iterable[Hit]:
    for place, value in _about(book, _LAST):
        last = iso_date(value)
        if last and last > book.today:
            yield Hit(place, f"{value} is after {book.today.isoformat()}")


@RULES.whole("date-unclear", "note", "a date that can be read in two ways", "write 2026-01-31")
def _unclear(book: Book) -> Iterable[Hit]:
    for place, value in (*_about(book, _NEXT), *_about(book, _LAST)):
        if iso_date(value) is None and re.search(r"\d", value):
            yield Hit(place, f"'{safe(value, 40)}' is no ISO date: nothing can tell whether it has passed")


@RULES.whole("review-before-update", "error", "a review due before the text was written", "correct one of the two")
def _order(book: Book) -> Iterable[Hit]:
    last = [day for _, value in _about(book, _LAST) if (day := iso_date(value))]
    for place, value in _about(book, _NEXT):
        due: datetime.date | None = iso_date(value)
        if due and last and due < max(last):
            yield Hit(place, f"{value} is before the last change, {max(last).isoformat()}")


@RULES.whole(
    "version-missing", "note", "no version", "add 'Version: 1.0', so that a record says which text was followed"
)
def _version(book: Book) -> Iterable[Hit]:
    if not _about(book, _VERSION):
        yield Hit(book.whole, "nobody can say afterwards which text was followed")


@RULES.whole("owner-missing", "warning", "no owner", "add 'Owner: <team>'")
def _owner(book: Book) -> Iterable[Hit]:
    if not _about(book, _OWNER):
        yield Hit(book.whole, "nobody to ask, and nobody to mend it")


@RULES.whole("link-not-encrypted", "warning", "an address without TLS", "https://")
def _plain(book: Book) -> Iterable[Hit]:
    for line in book.prose:
        match = re.search(r"http://(?!localhost|127\.)[^\s<>)\]]+", line.text)
        if match:
            yield Hit(
                line.place,
                f"{safe(match[0], 200)} can be read and changed on its way",
                match.start() + 1,
                match.end() + 1,
            )


@RULES.whole("link-is-an-example", "warning", "an address of an example", "the real one")
def _example(book: Book) -> Iterable[Hit]:
    for line in book.prose:
        match = re.search(r"https?://[^\s/<>)\]]*\bexample\.(?:com|org|net)[^\s<>)\]]*", line.text)
        if match:
            yield Hit(line.place, f"{safe(match[0], 200)} leads nowhere", match.start() + 1, match.end() + 1)


@RULES.whole(
    "link-leads-nowhere", "error", "a link to a file or heading that is not there", "correct it, or take it out"
)
def _nowhere(book: Book) -> Iterable[Hit]:
    names = {document.name for document in book.documents}
    for line in book.prose:
        for match in _LINK.finditer(line.text):
            target = match[1] or ""
            name, mark, anchor = target.partition("#")
            here = next(each for each in book.documents if each.name == line.place.file)
            if "://" in target or target.startswith(("mailto:", "tel:")) or not target:
                continue
            if not name and mark and anchor.lower() not in {_anchor(each.text) for each in here.headings}:
                yield Hit(line.place, f"there is no heading for '#{safe(anchor, 100)}'", match.start() + 1)
            elif name.endswith(".md") and "/" not in name and len(names) > 1 and name not in names:
                yield Hit(line.place, f"there is no file {safe(name, 100)} beside this one", match.start() + 1)


def _anchor(title: str) -> str:
    return re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", title.lower()))


@RULES.whole("heading-twice", "warning", "the same heading twice", "another title, or one section")
def _twice(book: Book) -> Iterable[Hit]:
    for document in book.documents:
        above: list[str] = []
        seen: dict[tuple[str, ...], int] = {}
        for heading in document.headings:
            above = [*above[: heading.level - 1], *[""] * (heading.level - 1 - len(above)), heading.text]
            key = tuple(above)
            if key in seen:
                yield Hit(heading.place, f"'{heading.text}' stands on line {seen[key]} already: which one is right?")
            seen.setdefault(key, heading.place.line)


@RULES.whole("section-empty", "warning", "a heading with nothing below it", "write it, or take it out")
def _empty(book: Book) -> Iterable[Hit]:
    for document in book.documents:
        for index, heading in enumerate(document.headings):
            following = document.headings[index + 1] if index + 1 < len(document.headings) else None
            end = following.place.line - 1 if following else len(document.rows)
            deeper = following is not None and following.level > heading.level
            if not deeper and not any(row.strip(" -*_") for row in document.rows[heading.place.line : end]):
                yield Hit(heading.place, f"'{heading.text}' promises something that is not there")


@RULES.whole("gap-left", "warning", "a gap that was left", "fill it, or take it out")
def _gap(book: Book) -> Iterable[Hit]:
    for document in book.documents:
        for number, row in enumerate(document.rows, 1):
            if match := _GAPS.search(row):
                yield Hit(document.place(number), f"'{match[0]}' is found at 3 am", match.start() + 1, match.end() + 1)


@RULES.whole("merge-marker", "error", "a conflict of versions is left in", "choose one of the two")
def _marker(book: Book) -> Iterable[Hit]:
    for document in book.documents:
        for number, row in enumerate(document.rows, 1):
            if re.match(r"(?:<{7}|>{7}|={7})(?:\s|$)", row) and not re.match(r"={8,}", row):
                yield Hit(document.place(number), "two versions stand here, one after the other")


@RULES.whole("hidden-characters", "error", "characters that nobody sees", "type the line anew")
def _hidden(book: Book) -> Iterable[Hit]:
    for document in book.documents:
        for number, row in enumerate(document.rows, 1):
            if match := _HIDDEN.search(row):
                yield Hit(
                    document.place(number), f"{safe(match[0])}: what is copied is not what is read", match.start() + 1
                )


@RULES.whole("block-not-closed", "error", "a fenced block that never ends", "close it with ```")
def _not_closed(book: Book) -> Iterable[Hit]:
    for document in book.documents:
        if document.blocks:
            last = document.blocks[-1]
            rest = document.rows[last.place.line :]
            if not any(re.match(r"\s*(?:`{3,}|~{3,})\s*$", row) for row in rest):
                yield Hit(last.place, "everything below it is read as part of the block")


@RULES.whole(
    "numbers-jump", "warning", "numbers of steps that jump", "number them anew; others say 'step 7' to each other"
)
def _jump(book: Book) -> Iterable[Hit]:
    for document in book.documents:
        last: tuple[int, int, int] | None = None  # indent, number, line
        for line in document.prose:
            match = re.match(r"(\s*)(\d{1,3})[.)]\s+\S", line.text)
            if re.match(r"\s*#", line.text):
                last = None
            elif match:
                indent, number = len(match[1]), int(match[2])
                if last and last[0] == indent and number not in (last[1] + 1, 1):
                    yield Hit(line.place, f"{number} comes after {last[1]}")
                last = (indent, number, line.place.line)
