"""What files in a home folder name: those of libpq and of AWS. Their passwords and keys are left where they are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from wfconsole.config.offers import choose
from wfconsole.discovery import aws_files, postgres_files
from wfconsole.discovery.report import Report

SECRET = "hunter2"


def write(path: Path, text: str, mode: int = 0o600) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def values(report: Report, table: str) -> tuple[bool, dict[str, Any]]:
    """Whether it is ready, and the settings."""
    assert SECRET.encode() not in msgspec.json.encode(report)
    chosen = choose(report.offers).get(table)
    if chosen is None or chosen.offer is None:
        return False, {}
    return chosen.offer.ready, chosen.offer.values


def words(report: Report) -> str:
    return " ".join(remark.words for remark in report.remarks)


def test_a_home_without_files_says_where_it_was_looked(tmp_path: Path) -> None:
    report = postgres_files.look({}, tmp_path)
    assert report == Report({"database": f"{tmp_path}/.pgpass, {tmp_path}/.pg_service.conf"})
    assert aws_files.look({}, tmp_path).offers == ()


def test_the_one_server_of_pgpass_is_taken(tmp_path: Path) -> None:
    write(tmp_path / ".pgpass", f"# mine\n*:*:*:*:{SECRET}\ndb\\:x:5433:orders:wf_mon:{SECRET}:{SECRET}\n")
    report = postgres_files.look({}, tmp_path)
    assert values(report, "database") == (True, {"host": "db:x", "port": 5433, "name": "orders", "user": "wf_mon"})
    assert report.offers[0].why == f"{tmp_path}/.pgpass, which has the password"


def test_several_servers_of_pgpass_are_a_choice_for_a_person(tmp_path: Path) -> None:
    lines = [f"db{number}:*:*:user{number}:{SECRET}" for number in range(9)]
    write(tmp_path / "passwords", "\n".join(lines))
    report = postgres_files.look({"PGPASSFILE": str(tmp_path / "passwords")}, tmp_path)
    assert values(report, "database") == (False, {"host": "db0", "user": "user0"})
    assert "user0@db0, user1@db1" in words(report)
    assert "and 3 more" in words(report)


def test_a_pgpass_that_libpq_ignores_is_told(tmp_path: Path) -> None:
    write(tmp_path / ".pgpass", f"db:5432:*:*:{SECRET}\n", 0o644)
    assert "chmod 600" in words(postgres_files.look({}, tmp_path))


@pytest.mark.parametrize(
    "line", [SECRET, f":::: {SECRET}", f"db:5432:{SECRET}", "", ":" * 99, "\\", f"*:*:*:*:{SECRET}"]
)
def test_a_line_that_is_none_gives_nothing(tmp_path: Path, line: str) -> None:
    write(tmp_path / ".pgpass", line)
    assert values(postgres_files.look({}, tmp_path), "database") == (False, {})


def test_services_are_named_for_a_choice(tmp_path: Path) -> None:
    write(tmp_path / ".pg_service.conf", f"[orders]\nhost=db\npassword={SECRET}\n[reports]\nhost=other\n")
    report = postgres_files.look({}, tmp_path)
    assert values(report, "database") == (False, {"service": "orders"})
    assert "orders, reports" in report.offers[0].why


@pytest.mark.parametrize("odd", ["folder", "pipe", "huge"])
def test_what_is_no_small_file_is_no_file(tmp_path: Path, odd: str) -> None:
    path = tmp_path / ".pgpass"
    if odd == "folder":
        path.mkdir()
    elif odd == "pipe":
        os.mkfifo(path)
    else:
        path.write_text(f"db:5432:*:*:{SECRET}\n" * 20_000)
    assert postgres_files.look({}, tmp_path).offers == ()


def test_the_region_of_a_variable_needs_credentials_to_be_set(tmp_path: Path) -> None:
    report = aws_files.look({"AWS_REGION": "eu-west-1"}, tmp_path)
    assert values(report, "aws") == (False, {"regions": ("eu-west-1",)})
    assert "no credentials" in report.offers[0].why
    variables = {"AWS_DEFAULT_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": SECRET}
    assert values(aws_files.look(variables, tmp_path), "aws") == (True, {"regions": ("eu-west-1",)})


def test_the_profile_that_is_on_brings_its_region(tmp_path: Path) -> None:
    config = "[default]\nregion = us-east-1\n[profile ops]\nregion=eu-west-1\n[sso-session x]\nregion = us-west-2\n"
    write(tmp_path / ".aws" / "config", config)
    write(tmp_path / ".aws" / "credentials", f"[ci]\naws_access_key_id = {SECRET}\naws_secret_access_key = {SECRET}\n")
    report = aws_files.look({"AWS_PROFILE": "ops"}, tmp_path)
    assert values(report, "aws") == (True, {"regions": ("eu-west-1",), "profile": "ops"})
    assert words(report) == f"Profiles in {tmp_path}/.aws: default, ops, ci."
    assert values(aws_files.look({}, tmp_path), "aws") == (True, {"regions": ("us-east-1",)})


def test_without_a_default_a_profile_is_proposed(tmp_path: Path) -> None:
    write(tmp_path / ".aws" / "config", "[profile bare]\noutput = json\n[profile ops]\nregion = eu-west-1\n")
    report = aws_files.look({}, tmp_path)
    assert values(report, "aws") == (False, {"regions": ("eu-west-1",), "profile": "ops"})


def test_a_region_that_is_none_is_not_written(tmp_path: Path) -> None:
    report = aws_files.look({"AWS_REGION": "aws-global\x1b[31m", "AWS_ACCESS_KEY_ID": "AKIA"}, tmp_path)
    assert values(report, "aws") == (False, {})
