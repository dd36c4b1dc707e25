"""Messages and contacts: whether they arrive, and say what people need."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from wfconsole.runbook.freeform.people import CONTACTS
from wfconsole.runbook.lint.book import Book, Bullet, Message
from wfconsole.runbook.lint.findings import Hit, Topic

RULES: Final = Topic("communication")
_CHANNEL: Final = re.compile(r"(?<![\w&/#])#([a-z][\w.:<>{}-]{2,})", re.IGNORECASE)
_PHONE: Final = re.compile(r"\+?\d[\d\s().-]{2,}(?P<letters>[A-Z]{2,}[A-Z\d-]*)")
_REACH: Final = re.compile(
    r"@|https?://|\+?\d[\d\s().-]{5,}|\bpagerduty\b|\bpager\b|\bslack\b|#\w|opsgenie|phone|rota\b|schedule|portal"
    r"|console|ticket|\bcase\b",
    re.IGNORECASE,
)
_MISSING: Final = re.compile(r"not a (?:\w+ )?number|no number yet|number (?:is )?missing", re.IGNORECASE)
_PAIR: Final = re.compile(r"([^:]{1,80}):\s+(.+)")


def _channel_fault(name: str) -> str:
    if re.search(r"<\w*(?:time|date)\w*>", name, re.IGNORECASE):
        return "a time stamp has ':' and 'T' in it, which no channel name may have"
    bare = re.sub(r"<[^>]*>|\{[^}]*\}", "x", name)
    if bare != bare.lower() or "." in bare or ":" in bare:
        return "a channel name has lower-case letters, digits, - and _ only"
    return "a channel name has at most 80 characters" if len(bare) > 80 else ""


@RULES.whole(
    "channel-name",
    "error",
    "a channel name that Slack refuses",
    "incident-20260131-0312-gateway: lower case, digits, - and _, at most 80 characters",
)
def _channel(book: Book) -> Iterable[Hit]:
    for line in book.prose:
        if line.text.lstrip().startswith("#") and not re.match(r"\s*#\w", line.text):
            continue
        chats = re.search(r"slack|channel|chat", line.text, re.IGNORECASE)
        for match in _CHANNEL.finditer(line.text) if chats else ():
            if fault := _channel_fault(match[1]):
                yield Hit(line.place, f"'#{match[1]}': {fault}", match.start() + 1, match.end() + 1)
    for message in book.messages:
        if message.target == "post-mortem":
            continue
        for match in _CHANNEL.finditer(message.block.text):
            if fault := _channel_fault(match[1]):
                place, column = message.block.position(match.start())
                yield Hit(place, f"'#{match[1]}': {fault}", column)


def _in_message(message: Message, pattern: str, reason: str) -> Hit | None:
    found = message.at(pattern)
    return Hit(found[0], reason, found[1], found[1] + found[2] if found[1] else 0) if found else None


@RULES.whole(
    "message-markdown-in-slack",
    "warning",
    "bold as Slack does not write it",
    "plain words, or *one star*",
)
def _bold(book: Book) -> Iterable[Hit]:
    for message in book.messages:
        if message.target == "slack":
            hit = _in_message(message, r"\*\*[^*\n]+\*\*", "Slack shows ** as two stars")
            if hit:
                yield hit


@RULES.whole(
    "message-mention-is-plain",
    "warning",
    "a mention that calls nobody",
    "use the id: <@U0123ABC>, from a table of handles",
)
def _mention(book: Book) -> Iterable[Hit]:
    for message in book.messages:
        if message.target == "slack":
            hit = _in_message(
                message, r"(?<![\w<.])@[a-z][\w.-]+", "sent by a program, @name is text: nobody is notified"
            )
            if hit:
                yield hit


@RULES.whole(
    "status-without-public-text",
    "warning",
    "a status without words for the public",
    "write a status page text for each: investigating, identified, monitoring, resolved",
)
def _no_public(book: Book) -> Iterable[Hit]:
    public = " ".join(
        f"{each.title} {each.block.text}" for each in book.messages if each.target == "status page"
    ).lower()
    if not public:
        return
    for message in book.messages:
        found = message.at(r"\[(?:\w[\w ]*/)+\w[\w ]*\]")
        if not found or "investigating" not in message.block.text.lower():
            continue
        listed = re.search(r"\[((?:\w[\w ]*/)+\w[\w ]*)\]", message.block.text)
        names = [part.strip() for part in listed[1].split("/")] if listed else []
        lacking = [name for name in names if name.lower() not in public and not name[:1].isdigit()]
        if lacking:
            yield Hit(found[0], f"no text for the status page says: {', '.join(lacking)}", found[1])


@RULES.whole(
    "no-monitoring-status",
    "warning",
    "from the fix straight to resolved",
    "add a status 'monitoring', and say for how long all must stay well before it is resolved",
)
def _no_monitoring(book: Book) -> Iterable[Hit]:
    for message in book.messages:
        text = message.block.text
        listed = re.search(r"\[[^\]\n]*Investigating/[^\]\n]*\]", text, re.IGNORECASE)
        if listed and "monitoring" not in listed[0].lower():
            place, column = message.block.position(listed.start())
            yield Hit(
                place, "nothing is watched before it is called over: a cure that holds for a minute is no cure", column
            )


@RULES.whole(
    "message-no-next-update",
    "warning",
    "an update that does not say when the next one comes",
    "add 'Next update: <time>'",
)
def _no_next(book: Book) -> Iterable[Hit]:
    for message in book.messages:
        about = f"{message.title} {message.block.text.splitlines()[0] if message.block.text else ''}".lower()
        ends = re.search(r"resol|post-?mortem|template for the review", about) and "investigating" not in about
        wants = re.search(r"update|investigat|declar|status", about)
        told = re.search(r"next[ _]update|update(?:s)? (?:by|every|in)\b", message.block.text.lower())
        if message.target != "post-mortem" and wants and not ends and not told:
            yield Hit(message.block.place, "people ask when they do not know when they will hear more")


@RULES.whole(
    "message-time-without-zone",
    "note",
    "a time without its zone",
    "write 2026-01-31 03:12 UTC",
)
def _zone(book: Book) -> Iterable[Hit]:
    for message in book.messages:
        hit = _in_message(message, r"<(?:timestamp|time)>(?!.*(?:UTC|Z\b))", "readers sit in several zones")
        if hit and message.target != "post-mortem":
            yield hit


@RULES.whole(
    "message-symbols",
    "note",
    "symbols that some screens do not have",
    "say it in words",
)
def _symbols(book: Book) -> Iterable[Hit]:
    for message in book.messages:
        for offset, char in enumerate(message.block.text):
            if ord(char) > 0x2300 and not char.isalpha():
                place, column = message.block.position(offset)
                yield Hit(place, "an emoji breaks columns, and reads as nothing where it is missing", column)
                break


@RULES.whole(
    "message-impact-missing",
    "warning",
    "a declaration without the impact",
    "say who is affected and how many",
)
def _impact(book: Book) -> Iterable[Hit]:
    for message in book.messages:
        declares = re.search(r"declar", f"{message.title} {message.block.text[:80]}".lower())
        if declares and not re.search(r"impact|affect", message.block.text.lower()):
            yield Hit(message.block.place, "whoever reads it does not know whether it is theirs")


def _contacts(book: Book) -> list[Bullet]:
    return [each for each in book.bullets if any(CONTACTS.search(title.lower()) for title in each.path)]


@RULES.whole(
    "phone-not-dialable",
    "error",
    "a number that cannot be dialled",
    "write the number in digits: +1 555 0100",
)
def _phone(book: Book) -> Iterable[Hit]:
    for line in book.prose:
        match = _PHONE.search(line.text)
        if match and "://" not in line.text and not _MISSING.search(line.text):
            yield Hit(
                line.place, f"'{match[0].strip()}' has letters in place of digits", match.start() + 1, match.end() + 1
            )


@RULES.whole(
    "contact-without-address",
    "warning",
    "a contact that cannot be reached",
    "add a number, a pager or a channel",
)
def _no_address(book: Book) -> Iterable[Hit]:
    for bullet in _contacts(book):
        match = _PAIR.fullmatch(bullet.text)
        if match is None or re.search(r"escalation|only at", match[1].lower()):
            continue  # a chain of names, whose numbers stand elsewhere
        if not _REACH.search(match[2]) and not re.search(r"→|->", match[2]):
            yield Hit(bullet.place, f"'{match[2]}' is no address: whom to call is looked up at the worst moment")


@RULES.whole(
    "contact-number-missing",
    "note",
    "a number that is still missing",
    "put the real one here before you need it",
)
def _number_missing(book: Book) -> Iterable[Hit]:
    for bullet in _contacts(book):
        if _MISSING.search(bullet.text) and _PAIR.fullmatch(bullet.text):
            yield Hit(bullet.place, "the text says itself that this cannot be dialled")


@RULES.whole(
    "contact-by-mail-only",
    "note",
    "somebody who is reached by mail alone",
    "add a number for the night",
)
def _mail(book: Book) -> Iterable[Hit]:
    for bullet in _contacts(book):
        match = _PAIR.fullmatch(bullet.text)
        if match and re.fullmatch(r"[^\s@]+@[^\s@]+\.\w+", match[2].strip()):
            yield Hit(bullet.place, "mail is not read at 3 am")


@RULES.whole(
    "placeholders-to-fill",
    "note",
    "commands with places to fill in",
    "say how each is found out; nothing with <...> may run",
)
def _placeholders(book: Book) -> Iterable[Hit]:
    for document in book.documents:
        first, names = None, dict[str, None]()
        for block in document.blocks:
            for match in re.finditer(r"<[A-Za-z](?:[^<>\n]{0,60}[^<>\s])?>", block.text) if block.is_shell else ():
                first = first or block.position(match.start())
                names[match[0]] = None
        if first:
            yield Hit(first[0], f"not executable until filled in: {', '.join(list(names)[:12])}", first[1])
