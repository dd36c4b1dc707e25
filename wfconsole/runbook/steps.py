"""The numbered items of a checklist as steps."""

from __future__ import annotations

import re

from msgspec import Struct
from msgspec.structs import replace

from wfconsole.incident.offers import offer_from
from wfconsole.incident.playbook import MEANINGS, Branch, Command, Meaning, Place, Step, StepKind
from wfconsole.incident.probes import parse_probe
from wfconsole.runbook.commands import shell_of, verification_of
from wfconsole.runbook.markdown import Fence, Item, Listing, Paragraph
from wfconsole.runbook.problems import Problems
from wfconsole.runbook.properties import (
    Properties,
    command,
    probe_of,
    read_properties,
    severities_of,
    slug,
    text_of,
)

KEYWORDS = (
    "look",
    "when",
    "expect",
    "do",
    "undo",
    "then",
    "live",
    "sensed",
    "logs",
    "role",
    "decide",
    "action",
    "act",
    "trap",
    "means",
    "memory",
    "only at",
    "by hand",
    "shell",
    "verify",
    "id",
)
DONE = "done"  # the one answer of an action that says `Then`
_DANGERS = ("R1", "R2", "R3")
_ANSWER = re.compile(r"([^:]{1,60}):\s+(.+)")
_GO_ON = ("go on", "next step", "go on with the next step")
_GO_TO = re.compile(r"(?:go (?:on )?(?:to|with) )?step (\d{1,3})(?:,\s*(.+))?")


class Draft(Struct, frozen=True):
    """A step whose branches are not resolved yet: they may name steps that come after it."""

    step: Step
    answers: tuple[tuple[Place, str, str], ...] = ()  # place, answer, where it leads in words


def read_steps(list_id: str, items: tuple[Item, ...], confirm: bool, problems: Problems) -> tuple[Step, ...]:
    """The steps of one list. Ids are "<list id>/<slug of the title>" and must differ."""
    drafts = [draft for item in items if (draft := _draft(list_id, item, confirm, problems))]
    lines: dict[str, int] = {}
    for draft in drafts:
        step = draft.step
        if step.id in lines:
            problems.add(
                step.place, f"'{step.title}' gives the id '{step.id}' of line {lines[step.id]}", "another title"
            )
        lines[step.id] = step.place.line
    return tuple(_resolved(index, drafts, problems) for index in range(len(drafts)))


def _draft(list_id: str, item: Item, confirm: bool, problems: Problems) -> Draft | None:
    if item.head is None or not slug(item.head.text):
        problems.add(item.place, "this step has no title", "the step in a few words, then its bullets")
        return None
    lists = (block for block in item.blocks if isinstance(block, Listing) and not block.ordered)
    bullets = tuple(inner for block in lists for inner in block.items)
    found = read_properties(bullets, KEYWORDS, "a step", problems)
    kind = _kind(found, item.place, confirm, problems)
    commands = _commands(item, found, problems)
    runs = kind == "action" and bool(commands)
    step = Step(
        id=f"{list_id}/{slug(text_of(found, 'id', problems) or item.head.text)}",
        title=item.head.text,
        kind=kind,
        role=text_of(found, "role", problems).lower(),
        look=_joined(text_of(found, "look", problems), "When: ", text_of(found, "when", problems)),
        expect=text_of(found, "expect", problems),
        do=_joined(_words(item, found, problems), "Undo: ", text_of(found, "undo", problems)),
        live=probe_of(found, "live", problems),
        sensed=probe_of(found, "sensed", problems, must_hold=True),
        logs=logs_of(found, problems),
        danger=danger_of(found, problems),
        act=act_of(found, kind, problems),
        commands=commands,
        severities=severities_of(found, problems),
        warning=text_of(found, "trap", problems),
        means=meaning_of(found, problems),
        memory=_memory(found, confirm, problems),
        shell=shell_of(found, runs, problems),
        verify=verification_of(found, runs, problems),
        place=item.place,
    )
    return Draft(step, _answers(found, problems) + _then(found, kind, problems))


def _joined(words: str, label: str, more: str) -> str:
    return " ".join(part for part in (words, f"{label}{more}" if more else "") if part)


def _kind(found: Properties, place: Place, confirm: bool, problems: Problems) -> StepKind:
    if confirm and ("action" in found or "decide" in found):
        problems.add(
            place, "an action or a decision in a list that is only confirmed", "a thing that was done, to confirm"
        )
    if "action" in found and "decide" in found:
        problems.add(place, "a step that decides and acts", "two steps: the decision, then the action")
    kind: StepKind = (
        "confirm" if confirm else "action" if "action" in found else "decide" if "decide" in found else "check"
    )
    if "sensed" in found and kind != "check":
        problems.add(
            found["sensed"].place,
            f"'Sensed' on a step of the kind '{kind}': seeing the effect does not show that somebody did it",
            "'Sensed' on a check of its own, after this step",
        )
    if "when" in found and kind != "action":
        problems.add(
            found["when"].place, "'When' on a step that is no action", "'Look', or a decision before this step"
        )
    return kind


def danger_of(found: Properties, problems: Problems) -> str:
    if "action" not in found:
        return ""
    danger = found["action"].value
    if danger not in _DANGERS:
        problems.add(
            found["action"].place,
            f"'{danger}' is no class of danger",
            "R1 (reversible), R2 (felt by users, or no undo) or R3 (wide or one-way: two people)",
        )
    return danger


def logs_of(found: Properties, problems: Problems) -> str:
    """`Logs`: a probe of the pods whose logs are meant; "" where the keyword is absent or asks for something else."""
    text = probe_of(found, "logs", problems)
    if text and [(clause.table, clause.signal) for clause in parse_probe(text).clauses] != [("pods", "")]:
        problems.add(
            found["logs"].place, f"'{text}' does not say which pods", "`pods namespace=production level>=warning`"
        )
        return ""
    return text


def act_of(found: Properties, kind: StepKind, problems: Problems) -> str:
    """`Act`: what the console can do for this step."""
    if "act" not in found:
        return ""
    place, text = found["act"].place, found["act"].value.strip("`")
    if kind != "action":
        problems.add(place, "'Act' on a step that is no action", "'Action' with its class of danger beside it")
    try:
        offer_from(text)
    except ValueError as error:
        problems.add(place, f"'Act': {error}", "ACTION KIND TARGET NAME=VALUE, such as "
                     "`scale deployment production/gateway replicas=?`")  # fmt: skip
        return ""
    return text


def meaning_of(found: Properties, problems: Problems) -> Meaning:
    if "means" not in found:
        return ""
    value = found["means"].value.lower()
    means = next((known for known in MEANINGS if known == value), None)
    if means is None:
        problems.add(found["means"].place, f"'{value}' means nothing to the record", f"one of: {', '.join(MEANINGS)}")
    return means or ""


def _memory(found: Properties, confirm: bool, problems: Problems) -> str:
    if confirm and "memory" in found:
        problems.add(found["memory"].place, "'Memory' in a list that is only confirmed", "'Memory' on a step to do")
    return text_of(found, "memory", problems)


def _words(item: Item, found: Properties, problems: Problems) -> str:
    """What to do: the paragraphs of the step below its title, and `Do:`."""
    paragraphs = [block.text for block in item.blocks[1:] if isinstance(block, Paragraph)]
    for block in item.blocks:
        if not isinstance(block, (Paragraph, Fence, Listing)):
            problems.add(block.place, f"{block.what} in a step", "words, keyword bullets, or a fenced command")
        elif isinstance(block, Listing) and block.ordered:
            problems.add(block.place, "a numbered list within a step", "bullets, or steps of their own")
    return " ".join([*paragraphs, text_of(found, "do", problems)]).strip()


def _commands(item: Item, found: Properties, problems: Problems) -> tuple[Command, ...]:
    by_hand = found.get("by hand")
    fences = [block for block in item.blocks if isinstance(block, Fence)]
    if by_hand:
        fences += [block for block in by_hand.below if isinstance(block, Fence)]
        if by_hand.value or len(fences) < len(by_hand.below):
            problems.add(by_hand.place, "words at 'By hand'", "fenced commands alone; words belong into 'Do' or 'Trap'")
        elif not by_hand.below:
            problems.add(by_hand.place, "'By hand' says nothing", "a fenced command below, indented as far as the word")
    return tuple(command(fence) for fence in fences)


def _answers(found: Properties, problems: Problems) -> tuple[tuple[Place, str, str], ...]:
    decide = found.get("decide")
    if decide is None:
        return ()
    answers = []
    for item in decide.bullets:
        match = _ANSWER.fullmatch(item.head.text) if item.head else None
        if match:
            answers.append((item.place, match[1].strip(), match[2].strip().rstrip(".")))
        else:
            problems.add(item.place, "this answer leads nowhere", "'yes: go on' or 'no: go to step 7, Its title'")
    if len(decide.bullets) < 2:
        problems.add(decide.place, "a decision with fewer than two answers", "a bullet for each answer below 'Decide:'")
    return tuple(answers)


def _then(found: Properties, kind: StepKind, problems: Problems) -> tuple[tuple[Place, str, str], ...]:
    """Where an action leads when it is done: past its alternatives."""
    then = found.get("then")
    if then is None:
        return ()
    if kind != "action":
        problems.add(then.place, "'Then' on a step that is no action", "a decision with an answer for each way to go")
        return ()
    return ((then.place, DONE, then.value.rstrip(".")),)


def _resolved(index: int, drafts: list[Draft], problems: Problems) -> Step:
    draft = drafts[index]
    if not draft.answers:
        return draft.step
    branches = tuple(
        Branch(answer, _goto(index, words, place, drafts, problems)) for place, answer, words in draft.answers
    )
    return replace(draft.step, branches=branches)


def _goto(index: int, words: str, place: Place, drafts: list[Draft], problems: Problems) -> str:
    """The id of the step that an answer leads to; "" for the next. Only forward: a loop would have no end."""
    if words.lower() in _GO_ON:
        return ""
    match = _GO_TO.fullmatch(words)
    if match is None:
        problems.add(place, f"'{words}' is no way to go", "'go on' or 'go to step 7, Its title'")
        return ""
    number, title = int(match[1]), match[2]
    if not index + 1 < number <= len(drafts):
        problems.add(
            place, f"step {number} does not come after step {index + 1}", f"a step from {index + 2} to {len(drafts)}"
        )
        return ""
    step = drafts[number - 1].step
    if title and title.casefold() != step.title.casefold():
        problems.add(place, f"step {number} is '{step.title}', not '{title}'", "the number and the title of one step")
    return step.id
