"""`- Keyword: value` bullets, the notation in which a runbook is annotated."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from msgspec import Struct

from wfconsole.clock import DAY, HOUR, MINUTE, SECOND, Millis
from wfconsole.incident.playbook import Command, Place
from wfconsole.incident.policy import SEVERITIES, SeverityName
from wfconsole.incident.probes import ProbeError, parse_probe
from wfconsole.runbook.markdown import Block, Fence, Item, Listing, Paragraph
from wfconsole.runbook.problems import Problems, near

_KEYWORD = re.compile(r"([A-Za-z][A-Za-z -]{0,30}?)\s*:(?:\s+(.*))?$", re.DOTALL)
_PLACEHOLDER = re.compile(r"<[A-Za-z](?:[^<>\n]{0,60}[^<>\s])?>")
_DURATION = re.compile(r"(\d{1,5})\s*(s|seconds?|min|minutes?|h|hours?|d|days?)")
_FOR = re.compile(r"for (.+)")
_UNITS: dict[str, Millis] = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
_SEVERITY = re.compile(r"SEV[ -]?([1-4])")


class Property(Struct, frozen=True):
    """One keyword with what stands behind and below it."""

    place: Place
    name: str
    value: str = ""
    codes: tuple[str, ...] = ()
    below: tuple[Block, ...] = ()

    @property
    def bullets(self) -> tuple[Item, ...]:
        return tuple(item for block in self.below if isinstance(block, Listing) for item in block.items)


Properties = dict[str, Property]


def read_properties(items: Iterable[Item], known: Collection[str], where: str, problems: Problems) -> Properties:
    """The keyword bullets of one thing, by keyword in lower case. Unknown and repeated keywords are problems."""
    found: Properties = {}
    expected = f"one of the keywords of {where}: {', '.join(name.capitalize() for name in known)}"
    for item in items:
        match = _KEYWORD.match(item.head.text) if item.head else None
        if item.head is None or match is None:
            problems.add(item.place, f"this bullet of {where} has no keyword", expected)
            continue
        name = match[1].lower()
        if name not in known:
            problems.add(item.place, f"unknown keyword '{match[1]}'{near(name, known)}", expected)
        elif name in found:
            problems.add(
                item.place, f"'{match[1]}' stands here twice", f"one; the first is on line {found[name].place.line}"
            )
        else:
            found[name] = Property(item.place, name, match[2] or "", item.head.codes, item.blocks[1:])
    return found


def text_of(properties: Properties, name: str, problems: Problems) -> str:
    """The words behind a keyword, those below it appended; "" where the keyword is absent."""
    found = properties.get(name)
    if found is None:
        return ""
    words = [found.value] if found.value else []
    for block in found.below:
        if isinstance(block, Paragraph):
            words.append(block.text)
        elif isinstance(block, Listing):
            words.append("; ".join(item_text(item, problems) for item in block.items))
        else:
            problems.add(block.place, f"a block that is no text below '{name.capitalize()}'", "words, or plain bullets")
    if not words:
        problems.add(found.place, f"'{name.capitalize()}' says nothing", "words behind the colon")
    return " ".join(words)


def item_text(item: Item, problems: Problems) -> str:
    """The words of a plain bullet that may hold nothing else."""
    if item.head is None or len(item.blocks) > 1:
        problems.add(item.place, "this bullet holds more than one paragraph of text", "one line of words")
    return item.head.text if item.head else ""


def entries_of(properties: Properties, name: str, problems: Problems) -> tuple[str, ...]:
    """The bullets below a keyword, or the words behind it as the only entry."""
    found = properties.get(name)
    if found is None:
        return ()
    entries = tuple(item_text(item, problems) for item in found.bullets)
    if found.value:
        entries = (found.value, *entries)
    if not entries:
        problems.add(found.place, f"'{name.capitalize()}' says nothing", "words behind the colon, or bullets below")
    return entries


def names_of(properties: Properties, name: str, problems: Problems) -> tuple[str, ...]:
    """Comma-separated names behind a keyword, in lower case."""
    return tuple(part.strip().lower() for part in text_of(properties, name, problems).split(",") if part.strip())


def severities_of(properties: Properties, problems: Problems) -> tuple[SeverityName, ...]:
    """`Only at: SEV1, SEV2`; () where the keyword is absent."""
    found = properties.get("only at")
    if found is None:
        return ()
    chosen: list[SeverityName] = []
    for part in found.value.replace(" and ", ",").split(","):
        severity = severity_named(part.strip())
        if severity is None:
            problems.add(found.place, f"'{part.strip()}' is no severity", "some of SEV1, SEV2, SEV3, SEV4, with commas")
        else:
            chosen.append(severity)
    return tuple(chosen)


def severity_named(text: str) -> SeverityName | None:
    match = _SEVERITY.fullmatch(text)
    return SEVERITIES[int(match[1]) - 1] if match else None


def probe_of(properties: Properties, name: str, problems: Problems, *, must_hold: bool = False) -> str:
    """A probe behind a keyword, checked; "" where the keyword is absent or the probe is wrong."""
    found = properties.get(name)
    if found is None:
        return ""
    text = found.codes[0] if found.codes else found.value
    if found.codes and found.value != found.codes[0]:
        problems.add(found.place, f"words beside the probe of '{name.capitalize()}'", "the probe alone, in backticks")
    return checked_probe(text, found.place, problems, must_hold=must_hold)


def checked_probe(text: str, place: Place, problems: Problems, *, must_hold: bool) -> str:
    """`text` when it is a probe; with `must_hold` it must be one that can be true or false."""
    try:
        probe = parse_probe(text)
    except ProbeError as error:
        problems.add(place, f"'{text}' is no probe: {error}", "a probe such as `pods not-ready count=0`")
        return ""
    shown_only = [clause.signal for clause in probe.clauses if clause.signal and clause.op is None]
    if must_hold and shown_only:
        problems.add(place, f"{shown_only[0]} is not compared with anything", f"`{shown_only[0]} < 3` or the like")
        return ""
    return probe.text


def held_probe(found: Property, problems: Problems) -> tuple[str, Millis]:
    """A probe that can be true or false, and for how long it must be: `pods.not_ready > 3` for 2 minutes."""
    text = found.codes[0] if found.codes else found.value.partition(" for ")[0]
    hold = held_for(found, text, "the probe", problems)
    return checked_probe(text, found.place, problems, must_hold=True), hold


def held_for(found: Property, text: str, what: str, problems: Problems) -> Millis:
    """The words behind `text`: nothing, or "for 2 minutes"; 0 for nothing."""
    rest = " ".join(found.value.split()).replace(text, "", 1).strip()
    match = _FOR.fullmatch(rest)
    hold = (match and duration(match[1])) or 0
    if rest and not hold:
        problems.add(found.place, f"'{rest}' behind {what}", "nothing, or how long: 'for 2 minutes'")
    return hold


def duration(text: str) -> Millis | None:
    """`2 minutes`, `90 s`, `4 h` in milliseconds; None for anything else."""
    match = _DURATION.fullmatch(text.strip())
    return int(match[1]) * _UNITS[match[2][0]] if match else None


def command(fence: Fence) -> Command:
    """A fenced block as a command, with the `<...>` in it that a person must fill in."""
    return Command(fence.language, fence.text, tuple(dict.fromkeys(_PLACEHOLDER.findall(fence.text))))


def slug(text: str) -> str:
    """A name for ids: lower case, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
