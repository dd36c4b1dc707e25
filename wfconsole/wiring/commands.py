"""One function for each command: the parts it needs, put together, and its exit code."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from wfconsole import exit_codes
from wfconsole.config.locations import bundled, shipped_keymap
from wfconsole.errors import UserError
from wfconsole.session.console import Console
from wfconsole.text import calendar_time, safe
from wfconsole.wiring.collecting import require_cluster
from wfconsole.wiring.ground import ANY, DECLARED, NOT_DECLARED, OPEN, Ground, ground, incident_folder
from wfconsole.wiring.keyboard import stream_from_stdin

if TYPE_CHECKING:
    from wfconsole.session.live import LiveConsole

# The longest entry is a step's evidence: forty lines.
LONGEST_ENTRY = 20_000


def live(arguments: argparse.Namespace) -> int:
    """The war room on a cluster, or on somebody else's stream."""
    base = ground(arguments)
    from wfconsole.wiring.live import LiveParts

    source = _stream_named(arguments.stream)
    _check_terminal(base, arguments)
    if source is None:
        require_cluster(base.settings)
    played = arguments.collector if source is None else source
    parts = LiveParts(base, source=played, recording=not arguments.no_recording, strict=source is None)
    console = parts.console(eager=base.own_runbook)
    code = _show(base, arguments, console)
    _tell_unsaved(console)
    return code


def resume(arguments: argparse.Namespace) -> int:
    """Go on with an incident exactly where its journal ends, on a cluster, a stream, or without either."""
    base = ground(arguments)
    incident, stream = arguments.incident, arguments.stream
    if incident == "-":
        incident, stream = None, "-"
    folder = incident_folder(base, incident, OPEN, NOT_DECLARED)
    source = _stream_named(stream)
    _check_terminal(base, arguments)
    from wfconsole.wiring.live import LiveParts

    played = arguments.collector if source is None else source
    parts = LiveParts(base, source=played, recording=not arguments.no_recording)
    console = parts.console(eager=True, incident=folder.name)
    code = _show(base, arguments, console)
    _tell_unsaved(console)
    return code


def demo(arguments: argparse.Namespace) -> int:
    """The bundled incident, whatever there is of that name in the folder where one stands."""
    arguments.path = str(bundled("scenarios") / "service-outage")
    arguments.at, arguments.speed, arguments.paused = "", 1.0, False
    return replay(arguments)


def replay(arguments: argparse.Namespace) -> int:
    """Any recording in the same console; nothing that could reach a server is loaded."""
    base = ground(arguments)
    _check_terminal(base, arguments)
    from wfconsole.wiring.replay import replay_console

    return _show(base, arguments, replay_console(base, arguments))


def drill(arguments: argparse.Namespace) -> int:
    """Practise on a recorded incident: you act, its world answers, and it is scored."""
    base = ground(arguments)
    _check_terminal(base, arguments)
    from wfconsole.wiring.drill import Drill

    practice = Drill(base, arguments.path)
    code = _show(base, arguments, practice.console)
    _tell_unsaved(practice.console)
    print(practice.score(), end="")
    return code


def record(arguments: argparse.Namespace) -> int:
    """Record without a screen."""
    from wfconsole.wiring.headless import record_to

    return record_to(arguments)


def doctor(arguments: argparse.Namespace) -> int:
    """Is every system reachable and permitted, and what mends what is not?"""
    from wfconsole.wiring.doctor import examine

    return examine(arguments)


def export(arguments: argparse.Namespace) -> int:
    """Timeline, post-mortem and evidence, as Markdown and HTML."""
    from wfconsole.wiring.papers import export_incident

    base = ground(arguments)
    folder = incident_folder(base, arguments.incident, DECLARED, ANY)
    for path in export_incident(base, folder, arguments.to, force=arguments.force):
        print(path)
    return exit_codes.OK


def brief(arguments: argparse.Namespace) -> int:
    """The catch-me-up brief, from the journal alone."""
    from wfconsole.clock import SystemClock
    from wfconsole.wiring.papers import incident_brief

    base = ground(arguments)
    print(incident_brief(base, incident_folder(base, arguments.incident, DECLARED, ANY), SystemClock().now()), end="")
    return exit_codes.OK


def incidents(arguments: argparse.Namespace) -> int:
    """The incidents of this machine, newest first."""
    from wfconsole.wiring.afterwards import incidents as listed

    words, code = listed(ground(arguments), arguments)
    print(words, end="")
    return code


def act(arguments: argparse.Namespace) -> int:
    """One guarded action without a screen."""
    from wfconsole.wiring.act import act as acted

    return acted(ground(arguments), arguments)


def approve(arguments: argparse.Namespace) -> int:
    """A second person says yes."""
    from wfconsole.wiring.approving import approve as approved

    print(approved(arguments), end="")
    return exit_codes.OK


def followups(arguments: argparse.Namespace) -> int:
    """What is still to be done after all incidents; or one of them is added, closed or assigned."""
    from wfconsole.wiring.afterwards import change_follow_up
    from wfconsole.wiring.afterwards import follow_ups as listed

    base = ground(arguments)
    if arguments.does:
        print(change_follow_up(base, arguments), end="")
        return exit_codes.OK
    words, code = listed(base, arguments)
    print(words, end="")
    return code


def lint(arguments: argparse.Namespace) -> int:
    """What is wrong with a runbook."""
    from wfconsole.wiring import linting

    return linting.lint(arguments)


def init(arguments: argparse.Namespace) -> int:
    """A commented configuration from what is found."""
    from wfconsole.wiring import init as first

    return first.init(arguments.path, force=arguments.force, printed=arguments.stdout)


def journal(arguments: argparse.Namespace) -> int:
    """Verify a journal and print its seal."""
    from wfconsole.wiring.papers import verify_journal

    base = ground(arguments)
    words, intact = verify_journal(base, incident_folder(base, arguments.incident, ANY))
    print(words, end="")
    return exit_codes.OK if intact else exit_codes.INCIDENT


def _show(base: Ground, arguments: argparse.Namespace, console: Console) -> int:
    """Everything is put together: import the screen and run it."""
    from wfconsole.tui.environment import leave_out_extras, leave_out_tls

    leave_out_extras()
    leave_out_tls()
    from wfconsole.config.keymap import load_keymap
    from wfconsole.times import Times
    from wfconsole.tui.choice import wants_no_colour
    from wfconsole.tui.run import Look, run

    settings = base.settings.console
    keymap, problems = load_keymap(base.places.keymap_file)
    keyboard, _ = ({}, ()) if settings.keymap == "qwerty" else load_keymap(shipped_keymap(settings.keymap))
    look = Look(
        themes=tuple(reversed(base.places.themes)),
        crashes=base.places.crashes,
        clip_file=base.places.clip_file,
        theme=_theme(base, arguments),
        no_colour=wants_no_colour(os.environ),
        only_ascii=_only_ascii(base, arguments),
        mouse=settings.mouse and not arguments.no_mouse,
        observer=settings.observer,
        bell=settings.bell,
        times=Times(settings.times, settings.timezone),
        keyboard=keyboard,
        keymap=keymap,
        problems=problems,
    )
    return run(console, look)


def _tell_unsaved(console: LiveConsole) -> None:
    """What no disk took is printed: the terminal's scrollback is the last place that may keep it."""
    if not console.unsaved:
        return
    print(f"wfconsole: {len(console.unsaved)} entries are on no disk; here they are:", file=sys.stderr)
    for record in console.unsaved:
        body = safe(bytes(record.body), LONGEST_ENTRY)
        print(f"{calendar_time(record.at)} {safe(record.actor)} {record.kind} {body}", file=sys.stderr)


def _check_terminal(base: Ground, arguments: argparse.Namespace) -> None:
    from wfconsole.tui.choice import ASCII_THEME
    from wfconsole.tui.terminal import require_terminal

    ascii_theme = _theme(base, arguments) == ASCII_THEME
    require_terminal(os.environ, only_ascii=_only_ascii(base, arguments) or ascii_theme)


def _theme(base: Ground, arguments: argparse.Namespace) -> str:
    from wfconsole.tui.choice import choose_theme

    return choose_theme(arguments.theme, os.environ, base.settings.console.theme)


def _only_ascii(base: Ground, arguments: argparse.Namespace) -> bool:
    return bool(arguments.ascii) or base.settings.console.glyphs == "ascii"


def _stream_named(named: str | None) -> int | None:
    """The stream that a command is to play: None for the collector of its own."""
    if named not in (None, "-"):
        raise UserError(f"a stream is taken from standard input as -, not {safe(named)!r}; did you mean replay?")
    return None if named is None else stream_from_stdin()
