"""A message from a template of the runbook and what is known now. What nobody knows is a marked gap, never a guess."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from wfconsole.comms.facts import Facts
from wfconsole.incident.events import Audience
from wfconsole.incident.playbook import Runbook
from wfconsole.incident.policy import Template
from wfconsole.incident.state import IncidentState
from wfconsole.text import safe, safe_block

GAP: Final = re.compile(r"\[GAP [^\]\n]{0,200}\]")
MOST_LINES: Final = 200
LONGEST_LINE: Final = 2_000
_PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")
_PUBLIC_STATES: Final = ("investigating", "identified", "monitoring", "resolved")
# What to write in place of a gap, for whoever has to fill it.
_WANTED: Final = {
    "impact": "impact: who notices what",
    "summary": "what happened, and what was done",
    "channel": "where the room talks",
    "commander": "who is commander",
    "started": "since when",
    "resolved": "since when it is over",
    "duration": "how long it lasted",
    "next_steps": "what is done next, and by when",
    "temporary_measures": "what stays in place for now",
    "post_mortem": "when and where the post-mortem is",
    "needs": "needs: which decision or help, or none",
    "code_name": "the code name",
}

# Used where the runbook has no templates at all.
_FALLBACK: Final = Template(
    "status-update",
    "Status update",
    "slack",
    "INCIDENT UPDATE {incident} {severity} {now}\n\nStatus: {status}\nImpact: {impact}\n\nNow:\n{numbers}\n\n"
    "Next:\n{next_steps}\n\nNext update: {next_update}\n",
)


class Draft(msgspec.Struct, frozen=True):
    """A text to edit. `audience` and `state` (of the status page) follow from the template, not from the text."""

    template: Template
    text: str
    audience: Audience = "inside"
    state: str = ""


def templates_of(runbook: Runbook, state: IncidentState) -> tuple[Template, ...]:
    """The templates that may be used now: a restricted incident has those of its own, and nothing for the public."""
    messages = [each for each in runbook.templates if "post-mortem" not in _targets(each)]
    own = tuple(each for each in messages if each.only_for == "restricted" and not is_public(each))
    if state.restricted:
        return own or tuple(each for each in messages if not is_public(each)) or (_FALLBACK,)
    return tuple(each for each in messages if not each.only_for) or (_FALLBACK,)


def fitting(templates: Sequence[Template], state: IncidentState) -> int:
    """Which one somebody most likely wants now: the declaration first, then updates, at the end the resolution."""
    told = any(message.target != "clipboard" for message in state.messages.values()) or state.last_update_at
    word = "resol" if state.resolved else "update" if told else "declar"
    found = (place for place, each in enumerate(templates) if word in each.id and not is_public(each))
    return next(found, 0)


def draft(template: Template, facts: Facts) -> Draft:
    """The template, filled in."""

    def fill(match: re.Match[str]) -> str:
        wanted = _WANTED.get(match[1], match[1].replace("_", " "))
        return facts.told(match[1]) or f"[GAP {wanted}]"

    text = "\n".join(_PLACEHOLDER.sub(fill, line) for line in template.text.rstrip().split("\n"))
    return Draft(template, clean(text), audience_of(template), public_state(template))


def clean(text: str) -> str:
    """Text of several lines as it may be shown, kept and sent: each line safe, none with spaces at its end."""
    return "\n".join(line.rstrip() for line in safe_block(text, LONGEST_LINE, MOST_LINES)).strip("\n")


def gaps(text: str) -> tuple[str, ...]:
    """What is still missing, in the words of the marks."""
    return tuple(safe(found[5:-1], 200) for found in GAP.findall(text))


def is_public(template: Template) -> bool:
    return "status page" in _targets(template)


def audience_of(template: Template) -> Audience:
    return "public" if is_public(template) else "inside"


def public_state(template: Template) -> str:
    """What a status page says after this template: from its id, else from its first word."""
    if not is_public(template):
        return "resolved" if "resol" in template.id else ""
    words = f"{template.id} {template.text.partition(chr(10))[0]}".lower()
    return next((state for state in _PUBLIC_STATES if state in words), "investigating")


def _targets(template: Template) -> frozenset[str]:
    return frozenset(part.strip().lower() for part in template.target.split(","))
