"""Severities as teams write them: a heading such as "SEV 1 - Critical", bullets such as "Response Time: 15 minutes"."""

from __future__ import annotations

import re
from typing import Final

from msgspec.structs import replace

from wfconsole.incident.policy import SEVERITIES, Call, SeverityName, SeverityPolicy, SeverityRule, Span
from wfconsole.runbook.freeform.outline import Node
from wfconsole.runbook.freeform.people import canonical_role, pairs
from wfconsole.runbook.freeform.remarks import BUNDLED, Remarks
from wfconsole.runbook.policy import parsed_span

HEADING: Final = re.compile(r"(?:SEV(?:ERITY)?|P|PRIORITY)[\s-]*([1-4])\b\W*(.*)", re.IGNORECASE)
TEAM: Final = re.compile(r"SEV(?:ERITY)?[\s-]*([1-4])\b.*\b(?:team|roles|responders)\b", re.IGNORECASE)
_WITHIN: Final = re.compile(r"(.+?),?\s+(?:within|after)\s+(.+)", re.IGNORECASE)
_MEETING: Final = re.compile(r"post-?mortem.*within\s+(\d+\s*\w+)", re.IGNORECASE)
_KEYS: Final = (
    ("respond", re.compile(r"resp(?:onse|ond)\b|acknowledge|time to respond|initial response")),
    ("resolve", re.compile(r"resol(?:ution|ve)\b|target|time to (?:resolve|fix)|fix within")),
    ("update", re.compile(r"update|communicat|cadence")),
    ("escalation", re.compile(r"escalat|notif|who is (?:told|paged)|page\b")),
    ("roles", re.compile(r"roles?\b|team\b")),
    ("criteria", re.compile(r"impact|criteri|descri|definition|examples?|when")),
)


def read_policy(root: Node, bundled: SeverityPolicy, remarks: Remarks) -> SeverityPolicy:
    """All four severities. What the text does not say is that of the bundled policy, and is marked so on the screen."""
    found: dict[SeverityName, SeverityRule] = {}
    teams = _teams(root, remarks)
    for node in root.walk():
        match = HEADING.fullmatch(node.shown)
        listed = node.lists(ordered=False)
        if match is None or not listed or TEAM.search(node.shown):
            continue
        name = SEVERITIES[int(match[1]) - 1]
        if name in found:
            remarks.add(node.place, f"{name} stands here a second time; the first is kept")
            continue
        node.use()
        found[name] = _rule(name, match[2].strip(), node, bundled.rule(name), remarks)
    rules = []
    for name in SEVERITIES:
        rule = found.get(name)
        if rule is None:
            remarks.add(root.place, f"{name} is not described; what it means is the {BUNDLED[1:-1]}")
            rule = _all_bundled(bundled.rule(name))
        if name in teams:
            rule = replace(rule, roles=teams[name])
        elif rule.roles == () or name not in found:
            remarks.add(root.place, f"no response team is named for {name}; its roles are the {BUNDLED[1:-1]}")
            rule = replace(rule, roles=bundled.rule(name).roles)
        rules.append(rule)
    if any(rule.signs for rule in rules):
        remarks.add(root.place, f"what the console takes for a sign of each severity is the {BUNDLED[1:-1]}")
    meeting = _meeting(root)
    rules = [replace(rule, meeting=meeting) for rule in rules] if meeting else rules
    remarks.add(root.place, f"no calendar of business days; Monday to Friday, 09:00 to 17:00 UTC {BUNDLED}")
    return SeverityPolicy(tuple(rules), bundled.calendar)


def _meeting(root: Node) -> Span | None:
    """ "Post-Mortem Meeting (within 48 hours)", wherever a heading says so."""
    for node in root.walk():
        if match := _MEETING.search(node.title):
            return parsed_span(match[1].strip().lower())
    return None


def _rule(name: SeverityName, title: str, node: Node, ours: SeverityRule, remarks: Remarks) -> SeverityRule:
    said: dict[str, str] = {}
    for place, key, value in pairs(node):
        kind = next((kind for kind, pattern in _KEYS if pattern.search(key.lower())), "")
        if kind and kind not in said:
            said[kind] = value
        else:
            remarks.add(place, f"'{key}' of {name} was not understood")
    missing = [kind for kind, _ in _KEYS if kind not in said and kind not in ("update", "roles")]
    if missing:
        remarks.add(node.place, f"{name} does not say: {', '.join(missing)}; taken from the {BUNDLED[1:-1]}")
    if "update" not in said:
        remarks.add(node.place, f"{name} names no cadence of updates; taken from the {BUNDLED[1:-1]}")
    update, is_default = _update(said.get("update"), ours)
    return SeverityRule(
        name=name,
        title=title or ours.title,
        criteria=_entries(said.get("criteria")) or tuple(f"{each} {BUNDLED}" for each in ours.criteria),
        respond=_span(said.get("respond"), ours.respond, node, remarks),
        resolve=_span(said.get("resolve"), ours.resolve, node, remarks),
        update=update,
        update_is_default=is_default,
        escalation=_entries(said.get("escalation")) or tuple(f"{each} {BUNDLED}" for each in ours.escalation),
        roles=tuple(canonical_role(each)[0] for each in _entries(said.get("roles"))),
        signs=ours.signs,
        calls=_calls(said.get("escalation")),
        meeting=ours.meeting,
    )


def _calls(text: str | None) -> tuple[Call, ...]:
    """ "Senior engineer within 1 hour": a clock of its own. What is due at once is a step, and has none."""
    calls = []
    for entry in _entries(text):
        match = _WITHIN.fullmatch(entry)
        within = parsed_span(match[2].strip().lower()) if match else None
        if match and within:
            calls.append(Call("escalate", match[1].strip(), within, entry))
    return tuple(calls)


def _all_bundled(ours: SeverityRule) -> SeverityRule:
    return replace(
        ours,
        title=f"{ours.title} {BUNDLED}",
        respond=_marked(ours.respond),
        resolve=_marked(ours.resolve),
        update_is_default=True,
    )


def _entries(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in re.split(r"[,;]", text or "") if part.strip())


def _marked(span: Span) -> Span:
    return replace(span, text=f"{span.text} {BUNDLED}")


def _span(text: str | None, ours: Span, node: Node, remarks: Remarks) -> Span:
    if text is None:
        return _marked(ours)
    words = re.sub(r"^(?:within|in|under|less than|max(?:imum)?|<=?|up to)\s+", "", text.strip().lower())
    words = re.sub(r"\b(?:working|work)\b", "business", re.sub(r"\s*\(.*\)$", "", words))
    words = "1 minute" if words.startswith("immediate") else words
    span = parsed_span(words)
    if span is None:
        remarks.add(node.place, f"'{text}' was not understood as a time; {ours.text} {BUNDLED}")
        return _marked(ours)
    return replace(span, text=text)


def _update(text: str | None, ours: SeverityRule) -> tuple[Span | None, bool]:
    found = re.search(r"\d+\s*(?:business days?|minutes?|min|hours?|h|days?|d)\b", (text or "").lower())
    span = parsed_span(found[0]) if found else None
    return (span, False) if span else (ours.update, True)


def _teams(root: Node, remarks: Remarks) -> dict[SeverityName, tuple[str, ...]]:
    """ "SEV 1 Response Team:" with a bullet for each role. A role under a condition is not needed by rule."""
    teams: dict[SeverityName, tuple[str, ...]] = {}
    for node in root.walk():
        match = TEAM.search(node.shown)
        if match is None or not node.lists(ordered=False):
            continue
        node.use()
        roles: list[str] = []
        for listing in node.lists(ordered=False):
            for item in listing.items:
                role, condition = canonical_role(item.head.text if item.head else "")
                if condition.startswith("if "):
                    remarks.add(item.place, f"'{role}' is needed only {condition}; it is not among the roles of a SEV")
                elif role:
                    roles.append(role)
        teams[SEVERITIES[int(match[1]) - 1]] = tuple(dict.fromkeys(roles))
    return teams
