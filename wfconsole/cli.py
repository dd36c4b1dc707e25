"""Arguments in, exit code out. Imports nothing heavy: the screen's first frame waits for this file."""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wfconsole import __version__, exit_codes
from wfconsole.errors import UserError

SCREENS = ("live", "demo", "replay", "resume")
GO_ON = "What the journal confirmed is safe: `wfconsole resume` goes on there."


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code (see `exit_codes`)."""
    arguments = _parser().parse_args(argv)
    if arguments.command not in SCREENS:
        return _told(arguments)
    from wfconsole.tui.launcher import watch_over

    gc.disable()  # looking for garbage is a tenth of the start, and imports make none; the first frame turns it on
    try:
        return watch_over(lambda: _told(arguments), lambda: GO_ON)
    finally:
        gc.enable()


def _told(arguments: argparse.Namespace) -> int:
    """The exit code of a command; what ends it early is said in one clear message."""
    try:
        return _run(arguments)
    except UserError as error:
        print(f"wfconsole: {error}", file=sys.stderr)
        return error.code
    except BrokenPipeError:
        return exit_codes.OK
    except KeyboardInterrupt:
        return 128 + 2
    except Exception as error:  # noqa: BLE001  a bug of ours ends in a message too, and never shows a local variable
        return _crashed(error)


def _crashed(error: Exception) -> int:
    from wfconsole.redaction import redact_text
    from wfconsole.tui.crash_report import headline, write_report

    path = write_report([error], None, redact_text)
    where = f"the report, without secrets, is in {path}" if path else "no report could be written"
    print(f"wfconsole: a bug ended this command: {headline(error)}; {where}", file=sys.stderr)
    return exit_codes.CRASH


def _run(arguments: argparse.Namespace) -> int:
    from wfconsole.wiring import commands

    match arguments.command:
        case "live":
            return commands.live(arguments)
        case "demo":
            return commands.demo(arguments)
        case "replay":
            return commands.replay(arguments)
        case "resume":
            return commands.resume(arguments)
        case "record":
            return commands.record(arguments)
        case "export":
            return commands.export(arguments)
        case "incidents":
            return commands.incidents(arguments)
        case _:
            return commands.journal(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wfconsole",
        description="A war room in the terminal for whoever commands the incident.",
        epilog="Exit codes: 0 ended by you, 2 arguments, 3 configuration, 4 runbook, 5 recording, 6 terminal, "
        "7 incident, 8 cluster, 70 a bug of ours, 128+n signal n.",
    )
    parser.add_argument("--version", action="version", version=f"wfconsole {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _add_screens(commands, _screen_options(), _cluster_options())
    _add_tools(commands, _cluster_options())
    return parser


def _add_screens(commands: Any, screen: argparse.ArgumentParser, cluster: argparse.ArgumentParser) -> None:
    live = commands.add_parser("live", parents=[screen, cluster], help="the war room on a cluster, read-only")
    live.add_argument("stream", nargs="?", metavar="-", help="play a stream from standard input instead")
    live.add_argument("--no-recording", action="store_true", help="keep no recording of this session")

    commands.add_parser("demo", parents=[screen], help="the bundled incident, offline")

    replay = commands.add_parser("replay", parents=[screen], help="play a recording or a scenario")
    replay.add_argument("path", metavar="PATH", help="a recording, a scenario directory, or the name of a bundled one")
    replay.add_argument("--at", metavar="TIME", default="", help="start at 14:32, T+03:10 or 40%%")
    replay.add_argument("--speed", type=float, default=1.0, metavar="X", help="1/4 to 60 times (default 1)")
    replay.add_argument("--paused", action="store_true", help="open it standing still")

    resume = commands.add_parser("resume", parents=[screen, cluster], help="go on with an incident after anything")
    resume.add_argument("incident", nargs="?", metavar="INCIDENT", help="default: the newest that is not resolved")
    resume.add_argument("--no-recording", action="store_true", help="keep no recording of this session")


def _add_tools(commands: Any, cluster: argparse.ArgumentParser) -> None:
    record = commands.add_parser("record", parents=[cluster], help="record without a screen")
    record.add_argument("path", metavar="PATH", help="a file to write (.jsonl or .jsonl.gz), or - for standard output")
    record.add_argument("--for", dest="duration", metavar="5m", default="", help="stop by itself after so long")
    record.add_argument("--title", default="", help="what the recording shows")
    record.add_argument("--config", type=Path, metavar="FILE", help="configuration file")

    export = commands.add_parser("export", help="timeline and post-mortem as Markdown, from the journal")
    export.add_argument("incident", nargs="?", metavar="INCIDENT", help="default: the newest")
    export.add_argument("--to", type=Path, default=Path(), metavar="DIR", help="where to write (default: here)")
    export.add_argument("--force", action="store_true", help="replace files that are there")
    _shared_options(export)

    incidents = commands.add_parser("incidents", help="list the incidents of this machine")
    incidents.add_argument("--json", action="store_true", help="for programs")
    _shared_options(incidents)

    journal = commands.add_parser("journal", help="verify a journal and print its seal")
    journal.add_argument("incident", nargs="?", metavar="INCIDENT", help="default: the newest")
    _shared_options(journal)


def _shared_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, metavar="FILE", help="configuration file")
    parser.add_argument("--runbook", type=Path, metavar="PATH", help="a team's own runbook: a Markdown file or folder")


def _screen_options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    _shared_options(options)
    group = options.add_argument_group("screen")
    group.add_argument("--theme", metavar="NAME", help="warroom-dark, mono, plain, or one of your own")
    group.add_argument("--ascii", action="store_true", help="draw with plain ASCII only")
    group.add_argument("--no-mouse", action="store_true", help="leave the mouse to the terminal")
    group.add_argument("--observer", action="store_true", help="look only: nothing can be changed from here")
    group.add_argument("--operator", metavar="NAME", help="who you are in the record (default: your login)")
    return options


def _cluster_options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    group = options.add_argument_group("cluster")
    group.add_argument("--kubeconfig", type=Path, metavar="FILE", help="default: $KUBECONFIG, then ~/.kube/config")
    group.add_argument("--context", metavar="NAME", help="default: the kubeconfig's current one; pinned from then on")
    group.add_argument("--namespace", action="append", metavar="NAME", help="look only here (may be given again)")
    group.add_argument("--in-cluster", action="store_true", help="use the service account of this pod")
    return options
