"""What the doctor looks at on this machine: files that the console reads, the disk that it writes, the terminal."""

from __future__ import annotations

import os
import shlex
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from wfconsole.config.loading import foreign_variables
from wfconsole.errors import UserError
from wfconsole.observations.checks import Check, State
from wfconsole.text import memory, safe
from wfconsole.wiring.ground import Ground

# An incident's journal and recording together stay far below.
LEAST_FREE: Final = 256 << 20
COLUMNS, ROWS = 80, 24
_FD: Final = 2  # the screen is drawn on standard error
_TMUX_WITHIN_S: Final = 1.0


def machine_checks(base: Ground) -> Iterable[Check]:
    """All of them, in the order in which they are told."""
    yield _configuration(base)
    yield from _variables()
    yield from _secrets(base)
    yield from _messages(base)
    yield from _runbook(base)
    yield from _theme(base)
    yield from _keymap(base)
    yield _journal(base)
    yield from _terminal()
    yield from _tmux()


def own_clock(checks: Iterable[Check]) -> Iterable[Check]:
    """Where every system that tells its time disagrees with us, it is our clock that is wrong."""
    clocks = [check for check in checks if check.aspect == "clock" and check.state in ("ok", "problem")]
    if len(clocks) >= 2 and all(check.state == "problem" for check in clocks):
        told = f"all {len(clocks)} systems that tell their time disagree with this machine's"
        yield _check("clock", "problem", told, "Set it, and let it be kept: chrony or systemd-timesyncd.")


def _check(
    name: str, state: State, detail: str = "", remedy: str = "", run: tuple[str, ...] = (), *, limit: int = 300
) -> Check:
    return Check("machine", "", "machine", name, state, safe(detail, limit), safe(remedy, limit), run)


def _configuration(base: Ground) -> Check:
    """It was loaded, or we would not be here."""
    path = base.places.config_file
    if path.exists():
        return _check("configuration", "ok", str(path))
    return _check(
        "configuration", "off", f"no file at {path}: defaults and environment", "`wfconsole init` writes one."
    )


def _variables() -> Iterable[Check]:
    for name in foreign_variables(os.environ):
        mends = f"unset {name}" if name.isidentifier() else ""
        remedy = "The README's table of settings names all variables."
        yield _check("variables", "problem", f"{name} means nothing here", remedy, (mends,) if mends else ())


def _secrets(base: Ground) -> Iterable[Check]:
    """Files with a secret in them that are ours, and that others may read."""
    for table in msgspec.structs.fields(type(base.settings)):
        values = getattr(base.settings, table.name)
        files = [(name, getattr(values, name, "")) for name in ("password_file", "token_file", "routing_key_file")]
        files += [("people", person.routing_key_file) for person in getattr(values, "people", ())]
        for name, path in files:
            try:
                status = os.stat(path) if path else None
            except OSError:
                continue  # the system that needs it says so
            if status is not None and _is_ours_for_everybody(status):
                key = f"{table.name}.{name}"
                yield _check(
                    key, "problem", f"everybody may read {path}", run=(f"chmod 600 {shlex.quote(safe(path, 400))}",)
                )


def _is_ours_for_everybody(status: os.stat_result) -> bool:
    return stat.S_ISREG(status.st_mode) and bool(status.st_mode & stat.S_IROTH) and status.st_uid == os.geteuid()


def _messages(base: Ground) -> Iterable[Check]:
    """Whether what messages need is there; nobody is asked, and nothing is sent."""
    from wfconsole.secret import SecretFileError, secret_in

    settings = base.settings
    for name, key, path, configured in (
        ("slack", "slack.token_file", settings.slack.token_file, settings.slack.configured),
        ("pagerduty", "pagerduty.routing_key_file", settings.pagerduty.routing_key_file, settings.pagerduty.configured),
        ("status page", "status_page.token_file", settings.status_page.token_file, settings.status_page.configured),
    ):
        if not configured:
            continue
        try:
            secret_in(path)
        except SecretFileError as error:
            yield _check(f"messages to {name}", "problem", f"{error}: {path}", f"Mend the file that {key} names.")
        else:
            yield _check(f"messages to {name}", "ok", "its token is there; nobody was asked whether it is valid")


def _runbook(base: Ground) -> Iterable[Check]:
    from wfconsole.runbook import load_runbook
    from wfconsole.runbook.problems import RunbookError

    own = base.settings.runbook.path
    try:
        runbook = load_runbook(Path(own) if own else None)
    except RunbookError as error:
        for problem in error.problems:
            where = f"{problem.file}:{problem.line}" if problem.line else problem.file
            yield _check("runbook", "problem", f"{where}: {problem.what}", f"Expected {problem.expected}.")
        return
    count = len(runbook.playbooks)
    yield _check("runbook", "ok", f"{'own' if own else 'bundled'}, {count} playbook{'' if count == 1 else 's'}")


def _theme(base: Ground) -> Iterable[Check]:
    from wfconsole.tui.choice import choose_theme
    from wfconsole.tui.theming import Wardrobe

    wardrobe = Wardrobe(tuple(reversed(base.places.themes)))
    name = choose_theme(None, os.environ, base.settings.console.theme)
    try:
        wardrobe.pick(name)
    except UserError as error:
        yield _check("theme", "problem", str(error), "Name one of these in console.theme, or mend its file.")
        return
    problems = wardrobe.problems()
    yield from (_check("theme", "problem", told, "Mend the file, or take it away.") for told in problems)
    if not problems:
        yield _check("theme", "ok", name)


def _keymap(base: Ground) -> Iterable[Check]:
    from wfconsole.config.keymap import load_keymap

    _, problems = load_keymap(base.places.keymap_file)
    return (_check("keymap", "problem", told, "Mend the line, or take it out.") for told in problems)


def _journal(base: Ground) -> Check:
    """Where incidents are written: whether that works, and for how long."""
    folder = base.incidents
    there = next(each for each in (folder, *folder.parents) if each.is_dir())
    remedy = f"Make room or give rights in {there}, or name another folder in journal.directory."
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(b"doctor")
            file.flush()
        free = shutil.disk_usage(there).free
    except OSError as error:
        return _check("journal", "problem", f"{there}: {error.strerror or error}", remedy)
    told = f"{memory(free)} free in {there}"
    return _check("journal", "ok", told) if free >= LEAST_FREE else _check("journal", "problem", told, remedy)


def _terminal() -> Iterable[Check]:
    term = os.environ.get("TERM", "")
    if not os.isatty(_FD):
        yield _check("terminal", "off", "none here: only `record`, `export` and the like can run")
        return
    columns, rows = os.get_terminal_size(_FD)
    if term in ("", "dumb", "unknown"):
        yield _check("terminal", "problem", f"TERM is {term or 'not set'}", "Set it: TERM=xterm-256color, for example.")
    elif columns < COLUMNS or rows < ROWS:
        told = f"{columns}x{rows} is too small"
        yield _check("terminal", "problem", told, f"Make it {COLUMNS}x{ROWS} or larger.")
    else:
        yield _check("terminal", "ok", f"{safe(term, 40)} {columns}x{rows}")


def _tmux() -> Iterable[Check]:
    """What a shared terminal lets through: without it copying ends inside tmux."""
    if not os.environ.get("TMUX"):
        return
    try:
        done = subprocess.run(
            ["tmux", "show-options", "-sv", "set-clipboard"],
            capture_output=True,
            text=True,
            timeout=_TMUX_WITHIN_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        yield _check("tmux", "unknown", "it does not answer")
        return
    if done.stdout.strip() == "on":
        yield _check("tmux", "ok", "passes on what is copied")
    else:
        mends = "tmux set-option -s set-clipboard on"
        yield _check("tmux", "off", f"keeps what is copied to itself; {mends}", run=(mends,))
