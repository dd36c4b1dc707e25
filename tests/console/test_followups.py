"""The morning after, from the command line: which incidents there were, what is still to be done, and by whom."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.builders import NOW, an_entry, declared
from tests.console.desk import Desk
from tests.journal.helpers import segments
from tests.journal.long_record import write
from wfconsole import exit_codes
from wfconsole.clock import DAY, MINUTE, Millis, SystemClock
from wfconsole.incident.advance import fold
from wfconsole.incident.events import (
    Event,
    FollowUpAdded,
    FollowUpClosed,
    MomentSet,
    Restricted,
    StatusChanged,
)
from wfconsole.incident.state import FollowUp
from wfconsole.journal.journal import Journal
from wfconsole.reports.overview import FollowUpRow, IncidentRow
from wfconsole.session.journaling import read_entries

PAST, OPEN = "INC-20260201-1432", "INC-20260301-1432"
README = Path(__file__).parents[2] / "README.md"


def an_incident(desk: Desk, name: str, at: Millis, *events: Event, title: str, severity: str = "SEV2") -> Path:
    told = [declared(incident=name, title=title, severity=severity, started_at=at - 10 * MINUTE), *events]
    made = [an_entry(event, place, at + (place - 1) * MINUTE, entry_id=f"{name}-{place}")
            for place, event in enumerate(told, 1)]  # fmt: skip
    write(desk.incidents / name / "journal", made)
    return desk.incidents / name


@pytest.fixture
def written(desk: Desk) -> Desk:
    """A resolved incident of a month ago, with follow-ups of all sorts, and one that is still open."""
    an_incident(
        desk,
        PAST,
        NOW - 28 * DAY,
        FollowUpAdded("F1-aaaa", "lint the configuration", "0-7 days", "kim", "2026-02-08"),
        FollowUpAdded("F2-bbbb", "split the schema", "1-3 months", "", "2099-05-03"),
        FollowUpAdded("F3-cccc", "write it down", "1-4 weeks", "bo"),
        FollowUpClosed("F3-cccc", "done", "PR 5"),
        MomentSet("acknowledged", NOW - 28 * DAY + 5 * MINUTE),
        StatusChanged("resolved", "over"),
        title="gateway answers 503",
    )
    an_incident(desk, OPEN, NOW, title="checkout is slow", severity="SEV1")
    return desk


def items(desk: Desk) -> dict[str, FollowUp]:
    entries, _, report = read_entries(desk.incidents / PAST, (desk.fallback,))
    assert report.intact
    return dict(fold(entries).follow_ups)


def listed(desk: Desk, *options: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(desk.run("followups", "--json", *options).stdout)["follow_ups"]
    return rows


# --- incidents


def test_each_incident_tells_how_it_went_and_what_is_owed(written: Desk) -> None:
    told = written.run("incidents")
    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines() == [
        f"{OPEN}    SEV1  investigating     2026-03-01 14:32:07Z  checkout is slow",
        "                     detect 10 min, acknowledge --, mitigate --, resolve --",
        f"{PAST}    SEV2  resolved          2026-02-01 14:32:07Z  gateway answers 503",
        "                     detect 10 min, acknowledge 5 min, mitigate --, resolve 16 min, 2 follow-ups open, "
        "meeting missed, due 2026-02-03 14:38:07Z",
    ]


def test_a_program_gets_times_as_numbers_and_null_for_what_is_not_known(written: Desk) -> None:
    still, over = json.loads(written.run("incidents", "--json").stdout)
    assert msgspec.convert([still, over], list[IncidentRow])
    assert set(over) == set(IncidentRow.__struct_fields__)
    assert (over["detect_seconds"], over["acknowledge_seconds"], over["resolve_seconds"]) == (600, 300, 960)
    assert (over["mitigate_seconds"], still["resolve_seconds"]) == (None, None)
    assert (over["declared"], over["resolved"]) == ("2026-02-01T14:32:07Z", "2026-02-01T14:38:07Z")
    assert (over["follow_ups_open"], over["meeting"], still["meeting"]) == (2, "missed", "not yet owed")


FILTERS = [
    (("--open",), [OPEN]),
    (("--severity", "2"), [PAST]),
    (("--severity", "SEV1", "--severity", "sev-2"), [OPEN, PAST]),
    (("--status", "resolved"), [PAST]),
    (("--since", "2026-02-15"), [OPEN]),
    (("--since", "1d"), []),
    (("CHECKOUT",), [OPEN]),
    (("gateway", "503"), [PAST]),
    (("gateway", "slow"), []),
    (("20260201",), [PAST]),
]


@pytest.mark.parametrize(("options", "names"), FILTERS, ids=[" ".join(options) for options, _ in FILTERS])
def test_incidents_are_filtered(written: Desk, options: tuple[str, ...], names: list[str]) -> None:
    rows = json.loads(written.run("incidents", "--json", *options).stdout)
    assert [row["incident"] for row in rows] == names
    if not names:
        assert written.run("incidents", *options).stdout == "no incident is like that\n"


def test_a_sheet_has_a_head_and_a_row_for_each(written: Desk) -> None:
    rows = list(csv.DictReader(io.StringIO(written.run("incidents", "--csv").stdout)))
    assert [row["incident"] for row in rows] == [OPEN, PAST]
    assert list(rows[0]) == list(IncidentRow.__struct_fields__)


def test_a_restricted_incident_is_listed_by_its_code_name(desk: Desk) -> None:
    an_incident(desk, OPEN, NOW, Restricted(True, "quiet harbour"), FollowUpAdded("F1-aaaa", "x"), title="keys leaked")
    for command in (("incidents",), ("incidents", "--json"), ("incidents", "--csv"), ("followups", "--json")):
        told = desk.run(*command).stdout
        assert "keys leaked" not in told
        assert "quiet harbour" in told
    assert desk.run("incidents", "leaked").stdout == "no incident is like that\n"


def test_a_damaged_journal_says_so_in_its_line_and_in_the_exit_code(written: Desk) -> None:
    (segment,) = segments(written.incidents / PAST / "journal")
    segment.write_bytes(segment.read_bytes().replace(b"split the schema", b"split the schemA"))
    told = written.run("incidents")
    assert told.returncode == exit_codes.INCIDENT
    assert f"gateway answers 503  DAMAGED: wfconsole journal {PAST}" in told.stdout
    assert OPEN in told.stdout
    assert written.run("incidents", "--open").returncode == 0
    owed = written.run("followups")
    assert owed.returncode == exit_codes.INCIDENT
    assert f"{PAST}: DAMAGED, follow-ups of it may be missing" in owed.stdout
    assert json.loads(written.run("followups", "--json").stdout)["damaged"] == [PAST]


WRONG = [
    (("incidents", "--since", "yesterday"), exit_codes.USAGE, "--since: 'yesterday' is no date"),
    (("incidents", "--severity", "5"), exit_codes.USAGE, "--severity: '5' is none of SEV1"),
    (("incidents", "--status", "gone"), exit_codes.USAGE, "--status: 'gone' is none of investigating"),
    (("followups", "--horizon", "9y"), exit_codes.USAGE, "--horizon: '9y' is none of 7d, 4w, 3m"),
    (("followups", "close", "INC-9", "F1"), exit_codes.INCIDENT, "no incident 'INC-9'"),
    (("followups", "close", PAST, "F9"), exit_codes.INCIDENT, "'F9' is none of its follow-ups: F1-aaaa"),
    (("followups", "close", PAST, "F"), exit_codes.INCIDENT, "'F' may be F1-aaaa, F2-bbbb, F3-cccc"),
    (("followups", "close", PAST, "F3"), exit_codes.INCIDENT, "F3-cccc is done already"),
    (("followups", "close", PAST, "F1", "--dropped"), exit_codes.USAGE, "--dropped needs a --reason"),
    (("followups", "assign", PAST, "F1", "kim", "--due", "soon"), exit_codes.USAGE, "--due: 'soon' is no date"),
    (("followups", "assign", PAST, "F3", "kim"), exit_codes.INCIDENT, "F3-cccc is done already"),
    (("followups", "add", PAST, "  "), exit_codes.USAGE, "say what is to be done"),
]


@pytest.mark.parametrize(("arguments", "code", "words"), WRONG, ids=[" ".join(arguments) for arguments, *_ in WRONG])
def test_what_cannot_be_done_is_told_and_nothing_is_written(
    written: Desk, arguments: tuple[str, ...], code: int, words: str
) -> None:
    before = {path: path.read_bytes() for path in written.incidents.rglob("*") if path.is_file()}
    told = written.run(*arguments)
    assert told.returncode == code
    assert words in told.stderr
    assert "Traceback" not in told.stderr
    assert {path: path.read_bytes() for path in written.incidents.rglob("*") if path.is_file()} == before


# --- follow-ups


def test_what_is_open_is_listed_over_all_incidents_the_overdue_first(written: Desk) -> None:
    told = written.run("followups")
    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines() == [
        f"2026-02-08 OVERDUE {PAST}    F1-aaaa  0-7 days   kim              lint the configuration",
        f"2099-05-03 open    {PAST}    F2-bbbb  1-3 months nobody yet       split the schema",
        f"{PAST}: meeting MISSED: none was set by 2026-02-03 14:38:07Z",
    ]


SELECTED = [
    ((), ["F1-aaaa", "F2-bbbb"]),
    (("--all",), ["F1-aaaa", "F2-bbbb", "F3-cccc"]),
    (("--overdue",), ["F1-aaaa"]),
    (("--owner", "Kim"), ["F1-aaaa"]),
    (("--owner", "nobody"), ["F2-bbbb"]),
    (("--horizon", "3m"), ["F2-bbbb"]),
    (("--horizon", "1-4 weeks", "--all"), ["F3-cccc"]),
]


@pytest.mark.parametrize(("options", "names"), SELECTED, ids=[" ".join(options) for options, _ in SELECTED])
def test_follow_ups_are_filtered(written: Desk, options: tuple[str, ...], names: list[str]) -> None:
    assert [row["follow_up"] for row in listed(written, *options)] == names


def test_the_schema_for_programs_is_the_one_that_the_readme_documents(written: Desk) -> None:
    told = json.loads(written.run("followups", "--json", "--all").stdout)
    assert set(told) == {"follow_ups", "meetings", "damaged"}
    assert msgspec.convert(told["follow_ups"], list[FollowUpRow])
    assert [row["incident"] for row in told["meetings"]] == [PAST]
    readme = README.read_text(encoding="utf-8")
    for field in (*FollowUpRow.__struct_fields__, *IncidentRow.__struct_fields__, *told):
        assert f"`{field}`" in readme, field


def test_one_is_closed_assigned_and_added_in_the_journal_of_its_incident(written: Desk) -> None:
    done = written.run("followups", "close", PAST, "F1", "--reason", "PR 7", "--operator", "ann")
    assert (done.returncode, done.stdout) == (0, f"{PAST} F1-aaaa: done\n")
    taken = written.run("followups", "assign", PAST, "F2", "bo", "--due", "2026-04-01")
    assert taken.stdout == f"{PAST} F2-bbbb: split the schema, bo, due 2026-04-01\n"
    added = written.run("followups", "add", PAST, "tell", "support", "--horizon", "4w", "--owner", "cy")
    assert re.fullmatch(rf"{PAST} F4-[0-9a-f]{{4}}: tell support, cy, due \d{{4}}-\d\d-\d\d\n", added.stdout)
    after = items(written)
    assert (after["F1-aaaa"].outcome, after["F1-aaaa"].reason) == ("done", "PR 7")
    assert (after["F2-bbbb"].owner, after["F2-bbbb"].due, after["F2-bbbb"].horizon) == (
        "bo",
        "2026-04-01",
        "1-3 months",
    )
    assert [item.text for item in after.values()][-1] == "tell support"
    entries, _, _ = read_entries(written.incidents / PAST)
    assert next(entry.actor for entry in entries if isinstance(entry.event, FollowUpClosed) and entry.actor == "ann")
    assert written.run("journal", PAST).returncode == 0
    nobody = written.run("followups", "assign", PAST, "F2", "nobody")
    assert "nobody yet" in nobody.stdout


def test_a_runbook_that_cannot_be_read_keeps_nobody_from_the_lists(written: Desk) -> None:
    gone = {"WFCONSOLE_RUNBOOK_PATH": str(written.folder / "gone.md")}
    assert written.run("incidents", **gone).stdout == written.run("incidents").stdout
    assert written.run("followups", **gone).stdout == written.run("followups").stdout


def test_options_stand_before_or_behind_the_change(written: Desk) -> None:
    config = written.folder / "own.toml"
    config.write_text('[console]\noperator = "dee"\n')
    for number, arguments in enumerate(
        (("--config", str(config), "add", PAST, "x"), ("add", PAST, "y", "--config", str(config)))
    ):
        assert written.run("followups", *arguments).returncode == 0, number
    entries, _, _ = read_entries(written.incidents / PAST)
    assert [entry.actor for entry in entries[-2:]] == ["dee", "dee"]


def test_who_holds_the_lock_goes_first_and_nothing_is_written_meanwhile(written: Desk) -> None:
    folder = written.incidents / PAST
    other = Journal.open(folder / "journal", clock=SystemClock(), fallbacks=(written.fallback,))
    try:
        assert other.holds_lock
        before = set(segments(folder / "journal"))
        told = written.run("followups", "close", PAST, "F1")
        new = set(segments(folder / "journal")) - before
        assert [path for path in new if f"-{os.getpid()}-" not in path.name] == []  # on a slow disk `other` begins more
        assert told.returncode == exit_codes.INCIDENT
        assert "is being changed by another console or command" in told.stderr
        assert not items(written)["F1-aaaa"].outcome
    finally:
        other.close(10_000)
    assert written.run("followups", "close", PAST, "F1").returncode == 0


def test_a_resolved_incident_takes_one_from_the_console_too(written: Desk) -> None:
    with written.resumed(PAST, "--no-recording") as terminal:
        terminal.wait_for("gateway answers 503")
        terminal.press("F")
        terminal.wait_for("FOLLOW-UP")
        terminal.send("watch the rollout")
        terminal.press("enter", "enter", "enter", "enter")
        terminal.wait_for("Z takes it back")
        terminal.press("Q")
        terminal.wait_for("QUIT")
        terminal.press("down", "enter")
        assert terminal.wait_exit() == 0
    assert [item.text for item in items(written).values()][-1] == "watch the rollout"


def test_on_a_machine_without_incidents_there_is_nothing_to_do(desk: Desk) -> None:
    told = desk.run("followups")
    assert (told.returncode, told.stdout) == (0, "no follow-up is like that\n")
    assert json.loads(desk.run("followups", "--json").stdout) == {"follow_ups": [], "meetings": [], "damaged": []}
