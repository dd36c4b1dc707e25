"""What logins, findings and secrets are judged to be, and what the board says of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests import builders
from tests.builders import NOW
from wfconsole.clock import DAY, HOUR
from wfconsole.observations.auth import AuthRow, judge_auth, measure_auth, per_minute
from wfconsole.observations.board import BoardLine, board
from wfconsole.observations.findings import FindingRow, measure_findings, weigh_finding
from wfconsole.observations.judged import WEIGH, Judged
from wfconsole.observations.levels import Level, Quality
from wfconsole.observations.secrets import SecretRow, measure_secrets, weigh_secret
from wfconsole.observations.series import SIGNALS, SeriesBook
from wfconsole.observations.world import World

OK, WATCH, WARNING, CRITICAL = Level
AT_THE_GATEWAY: dict[str, Any] = {"told_by": "gateway", "succeeded": None, "users": None, "sources": None}


def by_source(**changes: Any) -> AuthRow:
    return builders.a_login(**changes)


def by_user(**changes: Any) -> AuthRow:
    return builders.a_login("carol", "user", **changes)


@pytest.mark.parametrize(
    ("row", "level", "kind"),
    [
        (by_source(), OK, ""),
        (by_source(failed=500, others=500), WARNING, "spraying"),
        (by_source(failed=10, others=10), WARNING, "spraying"),
        (by_source(failed=9, others=9), OK, ""),
        (by_source(failed=500, others=500, succeeded=1, failed_before_success=400), CRITICAL, "guessed"),
        (by_source(failed=30, others=30, succeeded=900, failed_before_success=30), WATCH, "shared"),
        (by_source(failed=80, others=1), WARNING, "brute-force"),
        (by_source(failed=80, others=1, succeeded=1, failed_before_success=80), CRITICAL, "guessed"),
        (by_source(failed=80, others=1, succeeded=1, failed_before_success=3), WARNING, "brute-force"),
        (by_source(failed=80, others=2, succeeded=200, failed_before_success=80), OK, ""),
        (by_source(failed=80, others=None, succeeded=None), WATCH, "many"),
        (by_source(failed=19, others=None, succeeded=None), OK, ""),
        (by_user(), OK, ""),
        (by_user(failed=19), OK, ""),
        (by_user(failed=20), WARNING, "brute-force"),
        (by_user(failed=12, others=12), WARNING, "stuffing"),
        (by_user(failed=9, others=9), OK, ""),
        (by_user(failed=12, others=None), OK, ""),
        (by_user(succeeded=1, failed_before_success=6), WATCH, "mistyped"),
        (by_user(failed=80, others=40, succeeded=1, failed_before_success=80), CRITICAL, "guessed"),
        (builders.all_logins(per_minute=26.0), OK, ""),
        (builders.all_logins(per_minute=27.0), WARNING, "rising"),
        (builders.all_logins(per_minute=4.0, usual_per_minute=0.0), OK, ""),
        (builders.all_logins(per_minute=6.0, usual_per_minute=0.0), WARNING, "rising"),
        (builders.all_logins(per_minute=600.0, usual_per_minute=None), OK, ""),
    ],
)
def test_logins(row: AuthRow, level: Level, kind: str) -> None:
    finding = judge_auth(row, NOW)
    assert (finding.level, finding.kind) == (level, kind)
    assert bool(finding.reason) == (level > OK)


@pytest.mark.parametrize(
    ("row", "level", "until"),
    [
        (builders.a_finding(), CRITICAL, NOW - HOUR + DAY),
        (builders.a_finding(first_at=NOW - DAY), WARNING, 0),
        (builders.a_finding(first_at=0), CRITICAL, 0),
        (builders.a_finding(workflow="NOTIFIED"), WARNING, 0),
        (builders.a_finding(severity="HIGH"), WATCH, 0),
        (builders.a_finding(severity="HIGH", workflow="NOTIFIED"), WATCH, 0),
    ],
)
def test_findings(row: FindingRow, level: Level, until: int) -> None:
    finding, due = weigh_finding(row, NOW)
    assert (finding.level, due) == (level, until)
    assert row.severity in finding.reason


@pytest.mark.parametrize(
    ("row", "level", "until"),
    [
        (builders.a_secret(), OK, NOW + 87 * DAY),
        (builders.a_secret(changed_at=NOW - 90 * DAY), WATCH, NOW + 90 * DAY),
        (builders.a_secret(changed_at=NOW - 180 * DAY), WARNING, 0),
        (builders.a_secret(changed_at=NOW - 180 * DAY, rotated_at=NOW - DAY), OK, NOW + 89 * DAY),
        (builders.a_secret(changed_at=NOW - 91 * DAY, rotation=True), WARNING, 0),
        (builders.a_secret(changed_at=0, created_at=NOW - DAY), OK, NOW + 89 * DAY),
        (builders.a_secret(changed_at=0), WATCH, 0),
        (builders.a_secret(stale_days=2), WATCH, NOW + DAY),
    ],
)
def test_secrets(row: SecretRow, level: Level, until: int) -> None:
    finding, due = weigh_secret(row, NOW)
    assert (finding.level, due) == (level, until)


def test_time_alone_makes_a_finding_old_and_a_secret_stale() -> None:
    for row, weigh in ((builders.a_finding(), WEIGH["findings"]), (builders.a_secret(), WEIGH["secrets"])):
        before, due = weigh(row, NOW)
        assert weigh(row, due - 1)[0] == before
        assert weigh(row, due)[0].level != before.level


@pytest.mark.parametrize(("value", "said"), [(None, "--"), (0.0, "0"), (0.4, "0.4"), (9.0, "9"), (12.4, "12")])
def test_a_rate_is_short_and_unknown_is_not_zero(value: float | None, said: str) -> None:
    assert per_minute(value) == said


# --- the board ------------------------------------------------------------------------------------------------------


def line_of(world: World) -> BoardLine:
    judged = Judged()
    for source in world.snapshots:
        judged = judged.after(world, source, NOW)
    return next(line for line in board(world, judged, SeriesBook(), NOW) if line.number == 7)


def test_the_line_says_the_rate_against_what_is_usual_and_the_new_findings() -> None:
    world = builders.a_world(
        auth=[builders.all_logins(per_minute=12.0)], findings=[builders.a_finding(severity="HIGH")], secrets=[]
    )
    line = line_of(world)
    assert (line.level, line.quality) == (WATCH, Quality.LIVE)
    assert sorted(line.headline.split("  ")) == ["1 new finding", "12 fail/min (base 9)"]


def test_the_line_says_where_the_rate_is_from_while_the_log_is_gone() -> None:
    total = builders.all_logins(per_minute=240.0, usual_per_minute=12.0, **AT_THE_GATEWAY)
    many = by_source(failed=400, others=None, succeeded=None, told_by="gateway")
    auth = builders.a_snapshot("auth", [total, many], partial="from the gateway's metrics since 14:31:00Z")
    line = line_of(builders.a_world(auth=auth, findings=[], secrets=[]))
    assert (line.level, line.quality) == (WARNING, Quality.PARTIAL)
    assert line.facts[0] == "gateway 240 fail/min (base 12)"
    assert line.reason == "from the gateway's metrics since 14:31:00Z"


def test_a_gateway_does_not_say_that_nobody_attacks() -> None:
    signals = measure_auth({"all": builders.all_logins(**AT_THE_GATEWAY)}, NOW)
    assert signals == {"auth.failures": 9.0, "auth.rise": 1.0, "auth.attackers": None, "auth.guessed": None}


def test_an_attacker_is_named_first() -> None:
    rows = [builders.all_logins(), builders.a_login(failed=500, others=500), by_user(failed=30)]
    line = line_of(builders.a_world(auth=rows, findings=[], secrets=[]))
    assert line.level == WARNING
    assert line.facts[0] == "spraying 203.0.113.66"
    assert line.reason == "203.0.113.66: spraying 500 users"


def test_old_secrets_never_colour_the_board_like_an_attack() -> None:
    rows = [builders.a_secret(changed_at=NOW - 900 * DAY)]
    line = line_of(builders.a_world(auth=[builders.all_logins()], findings=[], secrets=rows))
    assert line.level == WATCH


def test_findings_alone_are_a_pane_too() -> None:
    line = line_of(builders.a_world(findings=[builders.a_finding()]))
    assert (line.level, line.headline) == (CRITICAL, "1 crit finding")


def test_findings_that_cannot_be_read_make_the_line_partial_and_never_zero() -> None:
    denied = builders.a_snapshot("findings", failure=builders.a_failure("denied", remedy="Allow it"), good_at=None)
    line = line_of(builders.a_world(auth=[builders.all_logins()], findings=denied))
    assert line.quality == Quality.PARTIAL
    assert "finding" not in line.headline
    assert line.reason.startswith("findings:")


# --- signals --------------------------------------------------------------------------------------------------------


def test_the_signals() -> None:
    rows = [
        builders.all_logins(per_minute=27.0),
        by_source(failed=500, others=500),
        by_user(failed=80, succeeded=1, failed_before_success=80),
    ]
    values = measure_auth({builders.row_key(row): row for row in rows}, NOW)
    assert values == {"auth.failures": 27.0, "auth.rise": 3.0, "auth.attackers": 1, "auth.guessed": 1}
    values |= measure_findings({"a": builders.a_finding(), "b": builders.a_finding(workflow="NOTIFIED")}, NOW)
    values |= measure_secrets({"a": builders.a_secret(), "b": builders.a_secret(changed_at=NOW - 91 * DAY)}, NOW)
    assert (values["findings.critical"], values["findings.new"], values["secrets.stale"]) == (2, 1, 1)
    assert set(values) == {name for name in SIGNALS if name.partition(".")[0] in ("auth", "findings", "secrets")}


def test_what_nobody_counted_is_a_gap() -> None:
    assert measure_auth({}, NOW)["auth.failures"] is None
    assert measure_auth({"all": builders.all_logins(usual_per_minute=None)}, NOW)["auth.rise"] is None
