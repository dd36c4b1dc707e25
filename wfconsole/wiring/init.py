"""`wfconsole init`: looks around in a process of its own, writes a commented configuration, and says what it found."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from wfconsole import exit_codes
from wfconsole.config.locations import find_locations
from wfconsole.decoding import decoder_of
from wfconsole.text import safe

if TYPE_CHECKING:
    from wfconsole.config.offers import Chosen
    from wfconsole.discovery.report import Report

# Longer than all its looks are given: each of them has a deadline of its own.
_LOOKS_WITHIN_S: Final = 15
_TABLES: Final = ("kubernetes", "database", "auth", "aws", "cache", "prometheus", "alertmanager")


def init(named: str, *, force: bool, printed: bool) -> int:
    """Write to `named`, else to where the console looks; `-` is standard output. Raises ConfigError."""
    from wfconsole.config.commented import commented
    from wfconsole.config.writing import there_already, write_config

    printed = printed or named == "-"
    path = _place(named)
    if not printed and not force and os.path.lexists(path):
        raise there_already(path)
    reports, trouble = _looked_around()
    chosen = _chosen(reports)
    text = commented(chosen, _heading())
    if printed:
        print(text, end="")
        print(_summary(chosen, reports, trouble, ""), end="", file=sys.stderr)
        return exit_codes.OK
    write_config(path, text, replace=force, make_folder=not named)
    check = "wfconsole doctor" if not named else f"wfconsole doctor --config {safe(str(path), 300)}"
    print(f"wrote {safe(str(path), 300)}\n\n{_summary(chosen, reports, trouble, check)}", end="")
    return exit_codes.OK


def _place(named: str) -> Path:
    return find_locations(os.environ, Path(named) if named and named != "-" else None).config_file


def _looked_around() -> tuple[tuple[Report, ...], str]:
    """What the looks saw; where their process did not end well, none and why. The file is of use without them too."""
    from wfconsole.discovery.report import Report

    command = (sys.executable, "-m", "wfconsole.discovery")
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # whatever a library says there may hold a secret
            timeout=_LOOKS_WITHIN_S,
            check=False,
        )
        return decoder_of(tuple[Report, ...]).decode(done.stdout), ""
    except subprocess.TimeoutExpired:
        return (), f"looking around did not end within {_LOOKS_WITHIN_S} s"
    except (OSError, msgspec.MsgspecError) as error:
        return (), f"looking around failed ({type(error).__name__})"


def _chosen(reports: Sequence[Report]) -> Mapping[str, Chosen]:
    from wfconsole.config.offers import choose

    offers = [offer for report in reports for offer in report.offers]
    return choose(offers, [remark for report in reports for remark in report.remarks])


def _heading() -> tuple[str, ...]:
    from wfconsole.config.about import PATH

    return (
        "The configuration of wfconsole, written by `wfconsole init`.",
        "",
        "  key = value     is set: the line above it says where that was found",
        "  #key = value    is the default, or waits for something that stands above it: take the # away to set it",
        "",
        "Passwords and tokens do not belong here: where one is needed, a setting names the file that holds it.",
        f"In paths {PATH.partition('; ')[2]}.",
        "A variable WFCONSOLE_<TABLE>_<KEY> goes over this file, and the command line over both.",
        "`wfconsole doctor` tells whether it works.",
    )


def _summary(chosen: Mapping[str, Chosen], reports: Sequence[Report], trouble: str, check: str) -> str:
    found: list[str] = []
    waiting: list[str] = []
    missing: list[str] = []
    for table in _TABLES:
        offer = chosen[table].offer if table in chosen else None
        if offer is None:
            missing.append(_row(table, _looked_at(table, reports)))
        else:
            (found if offer.ready else waiting).append(_row(table, offer.why))
    lines = [f"{trouble}: nothing is set", ""] if trouble else []
    for words, rows in (
        ("found, and set:", found),
        ("found, but commented out, because something has to be done first:", waiting),
        ("not found, and off; this is where it was looked:", missing),
    ):
        lines += [words, *rows, ""] if rows and not (trouble and rows is missing) else []
    lines += ["next: read the file, then run", f"  {check or 'wfconsole doctor'}"]
    return "\n".join(lines) + "\n"


def _row(table: str, words: str) -> str:
    return f"  {table:<14}{words}"


def _looked_at(table: str, reports: Sequence[Report]) -> str:
    places = [
        f"{report.looked[table]} ({report.trouble})" if report.trouble else report.looked[table]
        for report in reports
        if table in report.looked
    ]
    return "; ".join(places)
