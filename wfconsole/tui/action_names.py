"""Every action there is: its public id, its keys, what it does, and where. The one list behind the bindings, the key
line, the help, a user's keymap and the README's table.

Lower case, digits and punctuation only look; capitals change the record or the world. A user moves keys by id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal

import msgspec
from textual.binding import Binding
from textual.keys import key_to_character

Kind = Literal["look", "change"]
Where = Literal[
    "all", "lists", "items", "zoom", "alerts", "checklist", "timeline", "sources", "logs", "axis", "triage", "comms",
    "ledger", "running", "actions", "replays",
]  # fmt: skip

# Taken by terminals, multiplexers, signals and tty editing, or the same byte as another key (research F14, 7.3).
FORBIDDEN: Final = frozenset(
    (
        *(f"ctrl+{letter}" for letter in "abdhijmnoqstvwz"),
        *("ctrl+space", "ctrl+backslash", "ctrl+left_square_bracket", "ctrl+enter", "shift+enter", "ctrl+tab"),
        *("f1", "f10", "f11"),
    )
)


class Action(msgspec.Struct, frozen=True):
    """One action.

    `keys` are Textual's key names, `method` what a binding calls. `label` is its hint in the key line ("" for none),
    shown for `hint_keys` where its first key does not say it all; hints of the lowest `rank` give way first.
    """

    id: str
    keys: tuple[str, ...]
    does: str
    method: str
    kind: Kind = "look"
    where: Where = "all"
    mnemonic: str = ""
    label: str = ""
    hint_keys: str = ""
    rank: int = 0


def _zoom(number: int, name: str) -> Action:
    first = number == 1
    return Action(
        f"zoom-{number}",
        (str(number),),
        f"zoom into {number} {name}; again: back",
        f"zoom({number})",
        mnemonic="place",
        label="zoom" if first else "",
        hint_keys="1-7" if first else "",
        rank=95 if first else 0,
    )


ACTIONS: Final[tuple[Action, ...]] = (
    *(
        _zoom(number, name)
        for number, name in enumerate(("Alerts", "Signals", "Pods", "HPA", "Nodes+GPU", "DB", "Auth+Sec"), 1)
    ),
    Action("checklist", ("c", "8"), "checklist", "open('checklist')", label="checklist", rank=90, mnemonic="checklist"),
    Action("timeline", ("t", "9"), "timeline", "open('timeline')", label="timeline", rank=85, mnemonic="timeline"),
    Action("home", ("0",), "overview; closes everything that is no form", "home", label="overview", rank=120,
           mnemonic="zero = home"),
    Action("back", ("escape", "backspace"), "back one level", "leave", label="back", hint_keys="Bksp", rank=30),
    Action("next-region", ("tab",), "next region", "focus_next_region"),
    Action("previous-region", ("shift+tab",), "previous region", "focus_previous_region"),
    Action("triage", ("a",), "the first sixty seconds: what is red, what changed, which playbook fits",
           "open('triage')", label="triage", rank=84, mnemonic="assess"),
    Action("brief", ("h",), "catch me up: what, since when, done, running, owed, decided", "open('brief')",
           label="brief", rank=83, mnemonic="hello"),
    Action("comms", ("m",), "messages: write one from live facts, review it, send it", "open('comms')",
           label="messages", rank=82, mnemonic="messages"),
    Action("ledger", ("l",), "what was sent, what waits, what is public now", "open('ledger')", label="ledger", rank=38,
           mnemonic="ledger"),
    Action("contacts", ("d",), "contacts and links of the runbook", "open('contacts')", label="contacts", rank=37,
           mnemonic="directory"),
    Action("times", ("o",), "times as UTC, local or ISO", "times", mnemonic="o'clock"),
    Action("next-issue", ("u",), "next thing that needs you", "next_issue", label="next issue", rank=88,
           mnemonic="urgent"),
    Action("post-mortem", ("p",), "post-mortem preview", "open('post-mortem')", label="post-mortem", rank=35,
           mnemonic="post-mortem"),
    Action("replays", ("r",), "replays and scenarios", "open('replays')", label="replays", rank=25, mnemonic="replays"),
    Action("wall", ("w",), "wall: numbers that can be read from 3 m", "open('wall')", label="wall", rank=24,
           mnemonic="wall"),
    Action("axis", ("x",), "time axis: what moved when, in every layer", "open('axis')", label="axis", rank=43,
           mnemonic="x axis"),
    Action("sources", ("e",), "sources and their errors", "open('sources')", label="sources", rank=45,
           mnemonic="every source"),
    Action("evidence", ("i",), "where the focused thing comes from", "evidence", label="evidence", rank=20,
           mnemonic="info"),
    Action("command", ("colon", "ctrl+p"), "command line", "open('command')", label="cmd", rank=80),
    Action("help", ("question_mark",), "help", "open('help')", label="help", rank=99),
    Action("redraw", ("ctrl+l",), "draw the whole screen again", "redraw"),
    # --- in a list
    Action("down", ("down", "j"), "one row down", "cursor(1)", where="lists"),
    Action("up", ("up", "k"), "one row up", "cursor(-1)", where="lists"),
    Action("page-down", ("pagedown",), "one page down", "page(1)", where="lists"),
    Action("page-up", ("pageup",), "one page up", "page(-1)", where="lists"),
    Action("first", ("home",), "first row; rows are sorted again from there on", "first", where="lists"),
    Action("last", ("end",), "last row", "last", where="lists"),
    Action("open", ("enter",), "open what the cursor is on", "open_row", where="lists", label="open",
           rank=70),
    Action("next-item", ("n",), "next one, however long this one is; in the post-mortem the next gap", "item(1)",
           where="items", mnemonic="next"),
    Action("previous-item", ("b",), "the one before", "item(-1)", where="items", mnemonic="back"),
    Action("filter-items", ("slash",), "filter; Enter keeps it, Esc clears it", "filter", where="items", label="filter",
           rank=28),
    Action("copy-item", ("y",), "copy this", "copy_row", where="items", label="copy", rank=16, mnemonic="yank"),
    Action("sort", ("s",), "next order", "sort", where="zoom", label="sort", rank=60, mnemonic="sort"),
    Action("filter", ("slash",), "filter; Enter keeps it, Esc clears it", "filter", where="zoom", label="filter",
           rank=65),
    Action("view", ("v",), "next view of this pane", "view", where="zoom", label="view", rank=75, mnemonic="view"),
    Action("pin", ("z",), "pin this pane beside the checklist, or unpin it", "pin", where="zoom", label="pin",
           rank=22),
    Action("copy", ("y",), "copy the row", "copy_row", where="zoom", label="copy", rank=15, mnemonic="yank"),
    Action("follow", ("f",), "follow the newest line, or stop", "follow", where="logs", label="follow", rank=60,
           mnemonic="follow"),
    Action(
        "ask-again",
        ("R",),
        "ask again (reads only)",
        "ask_again",
        where="logs",
        label="ask again",
        rank=58,
        mnemonic="Run",
    ),
    Action("next-section", ("n",), "next section", "section(1)", where="logs", label="section", rank=40),
    Action("previous-section", ("b",), "section before", "section(-1)", where="logs", mnemonic="back"),
    Action("span", ("v",), "how far back the time axis goes", "span", where="axis", label="span", rank=75,
           mnemonic="view"),
    Action("sort-replays", ("s",), "next order: by kind, severity, length, or the newest first", "sort",
           where="replays", label="sort", rank=75, mnemonic="sort"),
    # --- alerts
    Action("acknowledge", ("K",), "acknowledge the alert, in a flood its cause; Alertmanager is not told",
           "acknowledge_alert", "change", where="alerts", label="ack", rank=83, mnemonic="acK"),
    Action("shelve", ("S",), "shelve the alert: how long, at most 8 h, and why; Alertmanager is not told",
           "shelve_alert", "change", where="alerts", label="shelve", rank=82, mnemonic="Shelve"),
    # --- time
    Action("freeze", ("space",), "freeze or go on; in a replay pause or play", "toggle_time", label="freeze",
           rank=50),
    Action("earlier", ("left_square_bracket", "shift+left"), "10 s back", "seek_by(-10)"),
    Action("later", ("right_square_bracket", "shift+right"), "10 s on", "seek_by(10)"),
    Action("marker-before", ("left_curly_bracket", "shift+up"), "marker before", "marker(-1)"),
    Action("marker-after", ("right_curly_bracket", "shift+down"), "next marker", "marker(1)"),
    Action("step-back", ("comma",), "one event back", "step(-1)"),
    Action("step-on", ("full_stop",), "one event on", "step(1)"),
    Action("slower", ("minus",), "replay slower", "faster(-1)"),
    Action("faster", ("plus", "equals_sign"), "replay faster", "faster(1)"),
    Action("go-to-time", ("at",), "go to a time: 14:32, T+18:40, 40%", "open('go-to-time')"),
    Action("live", ("backslash",), "back to live; in a replay to the end", "live"),
    # --- capitals: the record
    Action("note", ("N",), "note; its time is that of this key", "open('note')", "change", label="note", rank=87,
           mnemonic="Note"),
    Action("declare", ("D",), "declare an incident; later: re-grade, change its state", "declare", "change",
           label="declare", rank=55, mnemonic="Declare"),
    Action("hand-over", ("H",), "take a role, or hand one over", "open('hand-over')", "change", mnemonic="Hand over"),
    Action("task", ("T",), "tasks: give one, with the time when its answer is due; close one", "open('task')", "change",
           label="task", rank=52, mnemonic="Task"),
    Action("decision", ("J",), "decision: what was proposed, what spoke against it, who decided", "open('decision')",
           "change", mnemonic="Judge"),
    Action("follow-up", ("F",), "follow-up: something to do after the incident, its owner and day", "open('follow-up')",
           "change", mnemonic="Follow up"),
    Action("act", ("A",), "actions: what can be done about this, with what it would really do; what was done", "act",
           label="actions", rank=89, mnemonic="Act"),
    Action("arm", ("G",), "arm the console for actions, for a while; again: disarm", "arm", "change",
           mnemonic="Guard"),
    Action("take-back", ("V",), "take the action back: plans its inverse", "take_back", "change", where="actions",
           label="take back", rank=82, mnemonic="reVert"),
    Action("keep-action", ("K",), "keep it: an action that would take itself back stays", "keep_action", "change",
           where="actions", label="keep", rank=83, mnemonic="Keep"),
    Action("undo", ("Z",), "take back my last change, within 10 s", "undo", "change"),
    Action("run-probe", ("R",), "take the step's evidence; retry the source (reads only)", "run_probe", "change",
           where="checklist", label="run", rank=82, mnemonic="Run"),
    Action("retry", ("R",), "ask the source again now (reads only)", "retry", where="sources", label="retry", rank=82,
           mnemonic="Run"),
    Action("step-done", ("X",), "step done", "step_done", "change", where="checklist", label="done", rank=81,
           mnemonic="X = tick"),
    Action("step-waived", ("W",), "waive the step, with a reason", "step_waived", "change", where="checklist",
           label="waive", rank=80, mnemonic="Waive"),
    Action("step-deferred", ("E",), "defer the step; it is listed again before the end", "step_deferred", "change",
           where="checklist", label="defer", rank=79, mnemonic="dEfer"),
    Action("run-command", ("C",), "run the step's command by hand: shows it whole and asks", "run_command", "change",
           where="checklist", label="command", rank=78, mnemonic="Command"),
    Action("stop-command", ("S",), "stop the command that runs", "stop_command", "change", where="running",
           label="stop", rank=90, mnemonic="Stop"),
    Action("symptom-there", ("Y",), "yes, this symptom is there: only people can tell", "answer(True)", "change",
           where="triage", label="yes", rank=81, mnemonic="Yes"),
    Action("symptom-not-there", ("U",), "no, this symptom is not there", "answer(False)", "change", where="triage",
           label="no", rank=80, mnemonic="Untrue"),
    Action("publish", ("P",), "review the message, then send it or put it where you can take it from", "publish",
           "change", where="comms", label="review", rank=90, mnemonic="Publish"),
    Action("draft-anew", ("B",), "write the draft anew from what is known now; asks if you changed it", "draft_anew",
           where="comms", label="anew", rank=78, mnemonic="Begin anew"),
    Action("retry-message", ("R",), "send it again now", "retry_message", "change", where="ledger", label="send again",
           rank=82, mnemonic="Run"),
    Action("drop-message", ("W",), "do not send it any more, with a reason", "drop_message", "change", where="ledger",
           label="drop", rank=81, mnemonic="Waive"),
    Action("timeline-view", ("v",), "next kinds of entries", "view", where="timeline", label="kinds", rank=80,
           mnemonic="view"),
    Action("follow-timeline", ("f",), "follow the newest entry, or stay on this one", "follow", where="timeline",
           label="follow", rank=53, mnemonic="follow"),
    Action("star", ("M",), "mark the entry for the post-mortem", "star", "change", where="timeline", label="mark",
           rank=81, mnemonic="Mark"),
    Action("hide", ("I",), "hide the entry as noise, or show it again; the record keeps it", "hide", "change",
           where="timeline", label="hide", rank=62, mnemonic="Ignore"),
    Action("observer", ("O",), "observer: at once on; asks before it is off", "observer", mnemonic="Observer"),
    Action("quit", ("Q",), "quit; asks", "open('quit')", label="quit", rank=10, mnemonic="Quit"),
    Action("say-quit", ("q", "ctrl+c"), "says how to quit", "say_quit"),
)  # fmt: skip

BY_ID: Final[Mapping[str, Action]] = {action.id: action for action in ACTIONS}


def bindings(*where: Where) -> list[Binding | tuple[str, str] | tuple[str, str, str]]:
    """The bindings of these places, for a BINDINGS attribute. None has priority over what has the focus."""
    return [
        Binding(",".join(action.keys), action.method, action.does, show=False, id=action.id)
        for action in ACTIONS
        if action.where in where
    ]


def by_method(name: str, parameters: Iterable[object]) -> Action | None:
    """The action that calls `name(*parameters)`; None for what is no action of ours."""
    values = tuple(parameters)
    called = f"{name}({', '.join(map(repr, values))})" if values else name
    return _BY_METHOD.get(called)


_BY_METHOD: Final = {action.method: action for action in ACTIONS}


def keys_by_action(keymap: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The keys of each action, with those that a user has moved."""
    return {
        action.id: tuple(keymap[action.id].split(",")) if action.id in keymap else action.keys for action in ACTIONS
    }


# How a key is written for people, where that is not the character that Unicode calls so.
KEY_WORDS: Final[Mapping[str, str]] = {
    "escape": "Esc",
    "backspace": "Bksp",
    "tab": "Tab",
    "shift+tab": "Shift+Tab",
    "enter": "Enter",
    "space": "Space",
    "slash": "/",
    "minus": "-",
    "plus": "+",
    "at": "@",
    "backslash": "\\",
    "underscore": "_",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
    "up": "Up",
    "down": "Down",
    "ctrl+p": "Ctrl+P",
    "ctrl+l": "Ctrl+L",
    "ctrl+c": "Ctrl+C",
    "shift+left": "Shift+Left",
    "shift+right": "Shift+Right",
    "shift+up": "Shift+Up",
    "shift+down": "Shift+Down",
}


def key_word(key: str) -> str:
    """A key as people call it."""
    if key in KEY_WORDS:
        return KEY_WORDS[key]
    character = key_to_character(key) or ""
    return character if character.isprintable() and character else key
