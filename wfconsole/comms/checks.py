"""What a reader would stumble over, said before anything is sent. They warn; only a person decides."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Final

import msgspec

from wfconsole.comms.drafts import GAP, Draft, gaps
from wfconsole.comms.facts import Facts
from wfconsole.comms.slack_text import LONGEST as LONGEST_SLACK
from wfconsole.incident.ledger import public_reference
from wfconsole.incident.state import IncidentState, Message
from wfconsole.observations.levels import Level
from wfconsole.redaction import redact_text
from wfconsole.text import age, cut

_LONG_INSIDE: Final = 250  # words
_LONG_PUBLIC: Final = 120
_SHOWN: Final = 60
_REMEMBERED: Final = 16_384  # facts whose words are known already: they are compared at every key press
_TIME: Final = re.compile(r"\b\d{1,2}:\d{2}\b")
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z'-]{2,}")
_HOST: Final = re.compile(
    r"\b(?:\d{1,3}\.){3}\d{1,3}\b|\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:svc|internal|local|cluster\.local|lan|corp)\b"
    r"|\b[a-z][a-z0-9]*(?:-[a-z0-9]+)*-[a-z0-9]{5,10}-[a-z0-9]{5}\b|\b[A-Z]{2,10}-\d{2,}\b"
)
_BLAME: Final = re.compile(
    r"\b(blame[ds]?|fault of|his fault|her fault|their fault|careless\w*|incompeten\w*|stupid\w*|human error"
    r"|forgot|negligen\w*|messed up|screwed up)\b",
    re.IGNORECASE,
)
# Words of somebody who is sure.
_SURE: Final = re.compile(
    r"\b(no|none|never|nobody|nothing|not affected|all|every|fully|completely|only|caused by|root cause|fixed|resolved"
    r"|restored|safe|secure|normally again|lost|will be)\b",
    re.IGNORECASE,
)
_TOPIC: Final = re.compile(r"(impact|summary|cause|root cause|eta|temporary|temporary measures):", re.IGNORECASE)
_LABEL: Final = re.compile(r"^[A-Z][A-Za-z -]{0,40}: ")
_COMMON: Final = frozenset(
    (
        *("this", "that", "with", "from", "have", "been", "were", "will", "they"),
        *("them", "their", "there", "which", "what", "since", "some", "the", "and"),
        *("are", "was", "for", "has", "had", "can", "not", "our", "you"),
        *("all", "who", "its", "one", "but", "any", "may"),
    )
)


class Check(msgspec.Struct, frozen=True):
    """One remark: level OK for what is well, WATCH and WARNING for what a person should look at again."""

    level: Level
    text: str


def checks(draft: Draft, text: str, facts: Facts) -> tuple[Check, ...]:
    """All remarks on the text as it stands, what is wrong first."""
    found = [*_gaps(text), *_impact(draft, text), *_next_update(draft, text), *_public(draft, text, facts)]
    found += [*_claims(draft, text, facts.state), *_repeats(draft, text, facts), *_length(draft, text), *_secrets(text)]
    found += _unmapped(text, facts)
    return tuple(sorted(found, key=lambda check: -check.level))


def _gaps(text: str) -> Iterator[Check]:
    left = gaps(text)
    if left:
        yield Check(Level.WARNING, f"{len(left)} gap{'s' if len(left) > 1 else ''} left: {cut('; '.join(left), 120)}")
    else:
        yield Check(Level.OK, "no gaps left")


def _impact(draft: Draft, text: str) -> Iterator[Check]:
    if "{impact}" not in draft.template.text:
        return
    if any(left.startswith("impact") for left in gaps(text)):
        yield Check(Level.WARNING, "the impact is not stated: who notices what?")
    else:
        yield Check(Level.OK, "impact stated")


def _next_update(draft: Draft, text: str) -> Iterator[Check]:
    if draft.state == "resolved":
        return
    said = [line for line in text.split("\n") if "next" in line.lower() and "update" in line.lower()]
    if any(_TIME.search(line) or "as soon as" in line for line in said):
        yield Check(Level.OK, "next update time stated")
    else:
        yield Check(Level.WARNING, "it does not say when the next update comes")


def _public(draft: Draft, text: str, facts: Facts) -> Iterator[Check]:
    if draft.audience != "public":
        return
    found = [*_hosts(text, facts), *_people(text, facts.state)]
    if found:
        names = ", ".join(dict.fromkeys(found))
        yield Check(Level.WARNING, f"the public reads names of ours: {cut(names, _SHOWN)}")
    if draft.state == "resolved" and not public_reference(facts.state):
        yield Check(Level.WATCH, "nothing is open on the status page: this opens an incident there, and closes it")
    if "<" in text or ">" in text:
        yield Check(Level.WARNING, "it holds < or >, which a web page may read as HTML")
    blame = _BLAME.search(text)
    if blame is not None:
        yield Check(Level.WARNING, f"{blame[0]!r} blames somebody")
    if not found and blame is None:
        yield Check(Level.OK, "no host names, ticket ids, people or blame")


def _hosts(text: str, facts: Facts) -> Iterator[str]:
    """Names by their form, and names of things that are seen right now."""
    yield from (match[0] for match in _HOST.finditer(text))
    world, words = facts.world, set(re.findall(r"[A-Za-z0-9][\w.-]+", text))
    for source in ("workloads", "nodes", "hpas", "services", "database", "pods"):
        snapshot = world.snapshots.get(source)
        names = (getattr(row, "name", "") for row in (snapshot.rows if snapshot is not None else {}).values())
        yield from (name for name in names if name in words and ("-" in name or any(map(str.isdigit, name))))


def _people(text: str, state: IncidentState) -> Iterator[str]:
    names = {state.commander, *state.roles.values(), *(task.person for task in state.tasks.values())}
    names |= {line.actor for line in state.lines.values()} - {"scribe"}
    for name in sorted(filter(None, names)):
        if len(name) > 2 and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text, re.IGNORECASE):
            yield name


def _claims(draft: Draft, text: str, state: IncidentState) -> Iterator[Check]:
    """Sentences that are sure of something, where nothing in the record says the same: no fact, and no note with a
    topic in front ("impact: ..."). The template's own words claim nothing, unless they say that all is over."""
    sure = [
        sentence
        for sentence in _sentences(text)
        if _SURE.search(sentence) is not None
        and len(_words_of(sentence)) >= 2
        and (draft.state == "resolved" or sentence not in draft.template.text)
    ]
    backing = [_words_of(fact) for fact in _facts(state)] if sure else []
    for sentence in sure:
        words = _words_of(sentence)
        if not any(len(words & fact) >= min(2, len(fact)) for fact in backing if fact):
            yield Check(Level.WATCH, f"no FACT in the record backs {cut(sentence, _SHOWN)!r}")


def _facts(state: IncidentState) -> Iterator[str]:
    for line in state.lines.values():
        if line.kind in ("FACT", "NOTE") and not line.withdrawn:
            said = line.amended or line.text
            topic = _TOPIC.match(said)
            if line.kind == "FACT" or topic is not None:
                yield said[topic.end() :] if topic is not None else said


def _sentences(text: str) -> Iterator[str]:
    """Prose, without labels, headlines, and lists that are filled from the record."""
    for line in GAP.sub("", text).split("\n"):
        capitals = sum(map(str.isupper, line))
        if line.startswith("- ") or capitals > sum(map(str.islower, line)):
            continue
        yield from (part for part in re.split(r"(?<=[.!?])\s+", _LABEL.sub("", line).strip()) if part)


@functools.lru_cache(_REMEMBERED)
def _words_of(text: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _WORD.findall(text)) - _COMMON


def _repeats(draft: Draft, text: str, facts: Facts) -> Iterator[Check]:
    before = last_like(draft, facts.state)
    if before is None:
        return
    how = "sent" if before.standing == "sent" else "released"
    when = f"{how} {age(facts.now - (before.settled_at or before.queued_at))} ago"
    if _bare(before.text) == _bare(text):
        yield Check(Level.WARNING, f"it says what the one {when} said")
    else:
        yield Check(Level.OK, f"differs from the one {when}")


def last_like(draft: Draft, state: IncidentState) -> Message | None:
    """The newest message to the same readers that was released and not dropped."""
    like = [
        message
        for message in state.messages.values()
        if message.standing != "dropped" and (message.audience == draft.audience)
    ]
    return like[-1] if like else None


def _bare(text: str) -> str:
    """Without times and ages, which alone make no news."""
    return " ".join(re.sub(r"\d{4}-\d\d-\d\d|\d{1,2}:\d{2}|\d+[dhms]\d*[hms]? old", "", text).split()).casefold()


def _length(draft: Draft, text: str) -> Iterator[Check]:
    words = len(text.split())
    most = _LONG_PUBLIC if draft.audience == "public" else _LONG_INSIDE
    if len(text) > LONGEST_SLACK:
        yield Check(Level.WARNING, f"{len(text)} characters are more than a chat takes ({LONGEST_SLACK})")
    elif words > most:
        yield Check(Level.WATCH, f"{words} words: nobody reads more than {most}")
    else:
        yield Check(Level.OK, f"{words} words")


def _secrets(text: str) -> Iterator[Check]:
    if redact_text(text) != text:
        yield Check(Level.WARNING, "something in it looks like a secret: it is taken out before it is sent")


def _unmapped(text: str, facts: Facts) -> Iterator[Check]:
    """Names after an `@` that nobody has mapped: they stay words, and nobody is called."""
    unknown = [name for name in re.findall(r"(?<![\w@.])@([\w.-]*\w)", text) if name not in facts.mentions]
    if unknown:
        names = ", ".join(dict.fromkeys(f"@{name}" for name in unknown))
        yield Check(Level.WATCH, f"nobody is called by {cut(names, _SHOWN)}: [[slack.handles]] has no such name")
