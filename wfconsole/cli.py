"""Arguments in, exit code out.

Imports next to nothing, not even what reads the arguments: a screen forks first, and each page that is there by then
costs the first frame a copy.
"""

from __future__ import annotations

import gc
import sys

from wfconsole import __version__, exit_codes
from wfconsole.errors import UserError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from typing import Final

FOLLOWING = ("live", "resume")  # a cluster, where no stream is named
SCREENS = ("live", "demo", "replay", "drill", "resume")
DRILL_OVER = "The record of the drill is safe; it cannot be resumed."
GO_ON = "What the journal confirmed is safe: `wfconsole resume` goes on there."


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code (see `exit_codes`)."""
    words = sys.argv[1:] if argv is None else argv
    command = next((word for word in words if not word.startswith("-")), "")
    if command not in SCREENS:
        return _told(_parser(words).parse_args(words))
    from wfconsole.tui.launcher import watch_over

    gc.disable()  # looking for garbage is a tenth of the start, and imports make none; the first frame turns it on
    try:
        return watch_over(
            lambda: _told(_parser(words).parse_args(words)), lambda: DRILL_OVER if command == "drill" else GO_ON
        )
    finally:
        gc.enable()


def _told(arguments: argparse.Namespace) -> int:
    """The exit code of a command, once what it printed was taken; what ends it early is said in one clear message."""
    from wfconsole.output import Printed

    before = sys.stdout
    if before is not None:  # it is, where the shell closed it
        sys.stdout = Printed(before)
    try:
        code = _run(arguments)
        print(end="", flush=True)
        return code
    except UserError as error:
        print(f"wfconsole: {error}", file=sys.stderr)
        return error.code
    except BrokenPipeError:
        return exit_codes.OK
    except KeyboardInterrupt:
        return 128 + 2
    except Exception as error:  # noqa: BLE001  a bug of ours ends in a message too, and never shows a local variable
        return _crashed(error)
    finally:
        sys.stdout = before


def _crashed(error: Exception) -> int:
    from wfconsole.redaction import redact_text
    from wfconsole.tui.crash_report import headline, write_report

    path = write_report([error], None, redact_text)
    where = f"the report, without secrets, is in {path}" if path else "no report could be written"
    print(f"wfconsole: a bug ended this command: {headline(error)}; {where}", file=sys.stderr)
    return exit_codes.CRASH


def _run(arguments: argparse.Namespace) -> int:
    if arguments.command not in FOLLOWING or "-" in (arguments.stream, vars(arguments).get("incident")):
        return _command(arguments)
    from wfconsole.wiring.ahead import collector_ahead

    with collector_ahead() as arguments.collector:
        return _command(arguments)


def _command(arguments: argparse.Namespace) -> int:
    from wfconsole.wiring import commands

    run: Callable[[argparse.Namespace], int] = getattr(commands, arguments.command)
    return run(arguments)


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """The parser for these words. Only the command that is among them gets its options: the first frame waits less."""
    import argparse

    parser = argparse.ArgumentParser(
        prog="wfconsole",
        description="A war room in the terminal for whoever commands the incident.",
        epilog="Exit codes: 0 ended by you, 2 arguments, 3 configuration, 4 runbook, 5 recording, 6 terminal, "
        "7 incident, 8 cluster, 9 doctor found something, 10 lint found something, "
        "11 an action was refused or did not work, 70 a bug of ours, 74 standard output took no more, "
        "128+n signal n.",
    )
    parser.add_argument("--version", action="version", version=f"wfconsole {__version__}")
    # With `prog` it does not ask how wide the terminal is.
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, prog="wfconsole")
    asked = words[0] if words else ""
    offered = {asked: COMMANDS[asked]} if asked in COMMANDS else COMMANDS
    for name, (does, add_options) in offered.items():
        command = commands.add_parser(name, help=does)
        if name in words:
            add_options(command)
    return parser


def _path(words: str) -> Path:
    from pathlib import Path

    return Path(words)


def _speed(words: str) -> float:
    from argparse import ArgumentTypeError

    from wfconsole.recording.pace import SPEEDS

    known = {f"{speed:g}": speed for speed in SPEEDS} | {"1/4": 0.25, "1/2": 0.5}
    if words not in known:
        raise ArgumentTypeError(f"{words!r} is none of 1/4, 1/2, {', '.join(f'{speed:g}' for speed in SPEEDS[2:])}")
    return known[words]


def _live(command: argparse.ArgumentParser) -> None:
    _screen_options(command)
    _cluster_options(command)
    command.add_argument("stream", nargs="?", metavar="-", help="play a stream from standard input instead")
    command.add_argument("--no-recording", action="store_true", help="keep no recording of this session")
    command.add_argument("--read-only", action="store_true", help="write the record, change nothing: cannot be armed")
    command.set_defaults(collector=None)


def _replay(command: argparse.ArgumentParser) -> None:
    _screen_options(command)
    command.add_argument("path", metavar="PATH", help="a recording, a scenario directory, or the name of a bundled one")
    command.add_argument("--at", metavar="TIME", default="", help="start at 14:32, T+03:10 or 40%%")
    command.add_argument("--speed", type=_speed, default=1.0, metavar="X", help="1/4 to 60 times (default 1)")
    command.add_argument("--paused", action="store_true", help="open it standing still")


def _drill(command: argparse.ArgumentParser) -> None:
    _screen_options(command)
    command.add_argument("path", metavar="PATH", help="a recording, a scenario directory, or the name of a bundled one")


def _resume(command: argparse.ArgumentParser) -> None:
    _screen_options(command)
    _cluster_options(command)
    command.add_argument("incident", nargs="?", metavar="INCIDENT", help="default: the newest that is not resolved")
    command.add_argument("stream", nargs="?", metavar="-", help="play a stream from standard input instead")
    command.add_argument("--no-recording", action="store_true", help="keep no recording of this session")
    command.add_argument("--read-only", action="store_true", help="write the record, change nothing: cannot be armed")
    command.set_defaults(collector=None)


def _record(command: argparse.ArgumentParser) -> None:
    _cluster_options(command)
    command.add_argument("path", metavar="PATH", help="a file to write (.jsonl or .jsonl.gz), or - for standard output")
    command.add_argument("--for", dest="duration", metavar="5m", default="", help="stop by itself after so long")
    command.add_argument("--title", default="", help="what the recording shows")
    command.add_argument("--config", type=_path, metavar="FILE", help="configuration file")


def _doctor(command: argparse.ArgumentParser) -> None:
    _cluster_options(command)
    command.add_argument("--json", action="store_true", help="for programs")
    command.add_argument("--ascii", action="store_true", help="plain ASCII only")
    _shared_options(command)


def _export(command: argparse.ArgumentParser) -> None:
    command.add_argument("incident", nargs="?", metavar="INCIDENT", help="default: the newest")
    command.add_argument("--to", type=_path, default=".", metavar="DIR", help="where to write (default: here)")
    command.add_argument("--force", action="store_true", help="replace files that are there")
    _shared_options(command)


def _incidents(command: argparse.ArgumentParser) -> None:
    command.add_argument("words", nargs="*", metavar="WORD", help="in its name, its title or its commander's name")
    command.add_argument("--since", metavar="WHEN", help="declared since 2026-01-07, or in the last 30d")
    command.add_argument("--severity", action="append", metavar="SEV", help="SEV1 to SEV4 (may be given again)")
    command.add_argument("--status", metavar="STATUS", help="investigating, ... or resolved")
    command.add_argument("--open", action="store_true", help="those that are not resolved")
    command.add_argument("--csv", action="store_true", help="for spreadsheets")
    command.add_argument("--json", action="store_true", help="for programs")
    _shared_options(command)


def _followups(command: argparse.ArgumentParser) -> None:
    import argparse

    command.add_argument("--owner", metavar="NAME", help="whose; nobody: those without an owner")
    command.add_argument("--overdue", action="store_true", help="those whose day is over")
    command.add_argument("--horizon", metavar="7d|4w|3m", help="one horizon alone")
    command.add_argument("--all", action="store_true", help="those that are closed, too")
    command.add_argument("--json", action="store_true", help="for programs")
    command.set_defaults(operator=None, reason=None, due=None, dropped=False)
    _shared_options(command)
    changes = command.add_subparsers(dest="does", metavar="CHANGE", prog="wfconsole followups")
    for does, told in (("add", "add one"), ("close", "it is done, or dropped"), ("assign", "somebody takes it")):
        change = changes.add_parser(does, help=told, argument_default=argparse.SUPPRESS)
        change.add_argument("incident", metavar="INCIDENT")
        if does == "add":
            change.add_argument("words", nargs="+", metavar="WORD", help="what is to be done")
            change.add_argument("--horizon", metavar="7d|4w|3m", help="default: 7d")
            change.add_argument("--owner", metavar="NAME", help="default: nobody yet")
        else:
            change.add_argument("follow_up", metavar="NAME", help="F1 where that is clear, else F1-9c1d")
        if does == "close":
            change.add_argument("--dropped", action="store_true", help="nobody will do it; needs a --reason")
            change.add_argument("--reason", metavar="WORDS", help="what was done, or why nobody will")
        else:
            change.add_argument("--due", metavar="DATE", help="2026-12-25; default: the horizon's last working day")
        if does == "assign":
            change.add_argument("owner", metavar="OWNER", help="nobody: take it from whoever has it")
        change.add_argument("--operator", metavar="NAME", help="who you are in the record (default: your login)")
        _shared_options(change)


def _act(command: argparse.ArgumentParser) -> None:
    command.add_argument("action", metavar="ACTION", help="scale, restart, roll-back, end-session, ...: see the README")
    command.add_argument("kind", metavar="KIND", help="what it is done to: deployment, pod, session, ...")
    command.add_argument("target", metavar="TARGET", help="NAMESPACE/NAME, or NAME")
    command.add_argument("parameters", nargs="*", metavar="KEY=VALUE", help="what the action has to be told")
    command.add_argument("--dry-run", action="store_true", help="only the plan; changes nothing, needs no incident")
    command.add_argument("--json", action="store_true", help="for programs")
    command.add_argument("--incident", metavar="INCIDENT", help="whose record it is (default: the newest open one)")
    command.add_argument("--yes", action="store_true", help="run what is small and can be reversed (R1)")
    command.add_argument("--word", metavar="WORD", default="", help="the word of the plan: runs what is R2 or R3")
    command.add_argument("--reason", metavar="WORDS", help="why; R3 needs one")
    command.add_argument("--override", metavar="WORDS", help="why it is done although the plan refuses it")
    command.add_argument("--keep", action="store_true", help="what would take itself back stays once it has worked")
    command.add_argument("--alone", metavar="WORDS", help="why there is no second person (R3, in a SEV1 only)")
    command.add_argument("--operator", metavar="NAME", help="who you are in the record (default: your login)")
    _cluster_options(command)
    _shared_options(command)


def _approve(command: argparse.ArgumentParser) -> None:
    command.add_argument("code", metavar="CODE", help="what the console shows: 7F3K-Q2X9WM4T")


def _journal(command: argparse.ArgumentParser) -> None:
    command.add_argument("incident", nargs="?", metavar="INCIDENT", help="default: the newest")
    _shared_options(command)


def _lint(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "path", nargs="?", type=_path, metavar="FILE", help="a Markdown file or folder (default: ours)"
    )
    form = command.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="for programs")
    form.add_argument("--sarif", action="store_true", help="SARIF 2.1.0, for code hosts")
    form.add_argument("--rules", action="store_true", help="list all rules")
    command.add_argument(
        "--fail-on", choices=("error", "warning", "note", "never"), default="error", help="when to end with 10"
    )


def _init(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "path", nargs="?", default="", metavar="PATH", help="default: where the console looks; - prints"
    )
    command.add_argument("--force", action="store_true", help="replace a file that is there")
    command.add_argument("--stdout", action="store_true", help="print it, and write nothing; as - does")


def _shared_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=_path, metavar="FILE", help="configuration file")
    parser.add_argument("--runbook", type=_path, metavar="PATH", help="a team's own runbook: a Markdown file or folder")


def _screen_options(command: argparse.ArgumentParser) -> None:
    _shared_options(command)
    group = command.add_argument_group("screen")
    group.add_argument("--theme", metavar="NAME", help="warroom-dark, mono, plain, or one of your own")
    group.add_argument("--ascii", action="store_true", help="draw with plain ASCII only")
    group.add_argument("--no-mouse", action="store_true", help="leave the mouse to the terminal")
    group.add_argument("--observer", action="store_true", help="look only: nothing can be changed from here")
    group.add_argument("--operator", metavar="NAME", help="who you are in the record (default: your login)")


def _cluster_options(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("cluster")
    group.add_argument("--kubeconfig", type=_path, metavar="FILE", help="default: $KUBECONFIG, then ~/.kube/config")
    group.add_argument("--context", metavar="NAME", help="default: the kubeconfig's current one; pinned from then on")
    group.add_argument("--namespace", action="append", metavar="NAME", help="look only here (may be given again)")
    group.add_argument("--in-cluster", action="store_true", help="use the service account of this pod")


COMMANDS: Final[Mapping[str, tuple[str, Callable[[argparse.ArgumentParser], None]]]] = {
    "live": ("the war room on a cluster; changes nothing until it is armed", _live),
    "demo": ("the bundled incident, offline", _screen_options),
    "replay": ("play a recording or a scenario", _replay),
    "drill": ("practise on a recorded incident: you act, its world answers, it is scored", _drill),
    "resume": ("go on with an incident after anything", _resume),
    "record": ("record without a screen", _record),
    "doctor": ("is every system reachable and permitted, and what mends what is not", _doctor),
    "export": ("timeline, post-mortem and evidence as Markdown and HTML, from the journal", _export),
    "brief": ("catch me up on an incident, from the journal", _journal),
    "act": ("change production as the console would, guarded in the same way, without a screen", _act),
    "approve": ("as a second person, from another login, approve what a console is about to do", _approve),
    "incidents": ("list the incidents of this machine, and how they went", _incidents),
    "followups": ("what is still to be done after them; add, close and assign", _followups),
    "lint": ("what is stale, dangerous, contradictory or not executable in a runbook", _lint),
    "init": ("write a commented configuration from what is found", _init),
    "journal": ("verify a journal and print its seal", _journal),
}
