"""The file of `wfconsole init` loads as it is, and with every default uncommented; no setting is missing in it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.terminal.hostile import HOSTILE
from wfconsole.config.commented import commented
from wfconsole.config.loading import known_settings, load_settings
from wfconsole.config.offers import Chosen, Offer, Remark, choose
from wfconsole.config.settings import Settings
from wfconsole.config.toml_text import toml_value
from wfconsole.text import is_safe, safe

EVERYTHING = (
    Offer("kubernetes", {"context": "prod-eu"}, "the current context of ~/.kube/config"),
    Offer("database", {"host": "db", "port": 5433, "tls": "verify-full"}, "PGHOST in the environment"),
    Offer("aws", {"regions": ("eu-west-1", "us-west-2")}, "AWS_REGION in the environment"),
    Offer("cache", {"host": "cache", "database": 2, "tls": True}, "REDIS_URL in the environment"),
    Offer("prometheus", {"url": "http://127.0.0.1:9090"}, "service a/b, port 80", ready=False, command="kubectl x"),
)


def loaded(text: str, folder: Path) -> Settings:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return load_settings(path, {}, needed=True)


def uncommented(text: str) -> str:
    return re.sub(r"^#(?=\S)", "", text, flags=re.MULTILINE)


def test_with_nothing_found_it_is_the_defaults(tmp_path: Path) -> None:
    text = commented({}, ("A heading.",))
    assert loaded(text, tmp_path) == Settings()
    assert not [line for line in text.splitlines() if line and line[0] not in "#[ "]


def test_with_every_default_uncommented_it_is_the_defaults_too(tmp_path: Path) -> None:
    text = uncommented(commented({}, ("A heading.",)))
    assert loaded(text, tmp_path) == Settings()
    written = {f"{table}.{name}" for table, keys in tomllib.loads(text).items() for name in keys}
    # Tables of tables: shown as one would write them.
    assert set(known_settings()) - written == {
        *("signals.rules", "slack.handles", "pagerduty.people", "status_page.components"),
    }


def test_every_setting_has_its_meaning_beside_it() -> None:
    words = " ".join(re.sub(r"^\s*#?\s*#?", " ", line) for line in commented({}, ()).splitlines())
    flat = "".join(words.split())
    for field in known_settings().values():
        assert "".join(field.description.split()) in flat.replace("#", ""), field.key


def test_the_example_of_a_rule_has_every_part_of_one() -> None:
    shown = commented({}, ()).partition("[[signals.rules]]\n#   ")[2].partition("\n\n")[0]
    parts = re.findall(r"^#   (\w+) = ", f"#   {shown}", re.MULTILINE)
    assert parts == [
        *("name", "promql", "unit", "title", "warning", "critical", "direction", "group", "slo"),
    ]


def test_what_was_found_is_set_and_the_rest_is_not(tmp_path: Path) -> None:
    text = commented(choose(EVERYTHING), ())
    found = loaded(text, tmp_path)
    assert found.kubernetes.context == "prod-eu"
    assert (found.database.host, found.database.port, found.database.tls) == ("db", 5433, "verify-full")
    assert found.aws.regions == ("eu-west-1", "us-west-2")
    assert (found.cache.database, found.cache.tls) == (2, True)
    assert found.prometheus.url == ""
    assert "# Found: PGHOST in the environment.\nhost = " in text


def test_what_waits_for_something_works_once_it_is_uncommented(tmp_path: Path) -> None:
    text = commented(choose(EVERYTHING), ())
    assert "#   kubectl x\n#url = " in text
    found = loaded(uncommented(text), tmp_path)
    assert found.prometheus.url == "http://127.0.0.1:9090"
    assert found.intervals == Settings().intervals


def test_a_person_can_read_it_without_scrolling_sideways() -> None:
    long = [line for line in commented(choose(EVERYTHING), ()).splitlines() if len(line) > 120]
    assert all(re.match(r"#\w+ = ['\"]", line) for line in long)  # PromQL, which is one value
    assert len(long) <= 5


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_stays_text(text: str, tmp_path: Path) -> None:
    """What a stranger named is a value or a comment, and never a line of its own, in the file or on a terminal."""
    name = text[:200]
    offer = Offer("kubernetes", {"context": name}, f"context {safe(name)}")
    file = commented(choose([offer], [Remark("kubernetes", f"Also: {safe(name)}.")]), ())
    assert all(is_safe(line) for line in file.splitlines())
    no_toml_can_hold_it = any("\ud800" <= char <= "\udfff" for char in name)
    assert loaded(file, tmp_path).kubernetes.context == ("" if no_toml_can_hold_it else name)


@pytest.mark.parametrize(
    "value",
    [
        *("", "plain", 'a "quoted" one', "it's", "both ' and \"", "C:\\path", "line\nbreak", "\x1b[31m", "\u202eabc"),
        *("日本", "\U0001f600", "tab\t", 0, 7, 2.0, 0.001, True, False, ("a", "b"), (), "'''", "\x7f", "a\\", "#"),
    ],
)
def test_a_value_is_read_back_as_it_was(value: Any) -> None:
    read = tomllib.loads(f"key = {toml_value(value)}")["key"]
    assert read == (list(value) if isinstance(value, tuple) else value)
    assert type(read) is (list if isinstance(value, tuple) else type(value))


def test_a_server_that_was_found_first_is_not_mixed_with_another() -> None:
    first = Offer("database", {"host": "db"}, "PGHOST in the environment")
    second = Offer("database", {"host": "127.0.0.1", "port": 5432}, "PostgreSQL answers at 127.0.0.1:5432")
    chosen = choose([first, second])["database"]
    assert chosen.offer == first
    assert chosen.remarks == ("Also found: PostgreSQL answers at 127.0.0.1:5432.",)


def test_what_works_at_once_goes_before_what_needs_a_hand() -> None:
    waiting = Offer("cache", {"host": "127.0.0.1"}, "service x", ready=False)
    ready = Offer("cache", {"host": "cache"}, "Redis answers")
    chosen = choose([waiting, ready])["cache"]
    assert (chosen.offer, chosen.remarks) == (ready, ("Also found: service x.",))
    assert choose([waiting])["cache"].offer == waiting


@pytest.mark.parametrize(
    ("table", "values"),
    [
        ("prometheus", {"url": "http://user:secret@host"}),
        ("aws", {"regions": ("nowhere",)}),
        ("database", {"host": "db", "port": 99999}),
        ("kubernetes", {"context": "\udcff"}),
        ("kubernetes", {"context": "x" * 301}),
    ],
)
def test_a_value_that_its_setting_cannot_take_is_told_and_not_written(table: str, values: dict[str, Any]) -> None:
    chosen = choose([Offer(table, values, "a place"), Offer(table, {}, "another place")])[table]
    assert chosen.offer is not None
    assert chosen.offer.why == "another place"
    assert "cannot hold it: a place" in chosen.remarks[0]
    assert "secret" not in str(chosen.remarks)


def test_remarks_stand_where_they_belong() -> None:
    chosen = choose([], [Remark("auth", "One."), Remark("auth", "Two.")])
    assert chosen == {"auth": Chosen(None, ("One.", "Two."))}
    assert "# One.\n# Two.\n\n#table" in commented(chosen, ())


def test_offers_cross_a_pipe() -> None:
    line = msgspec.json.encode(EVERYTHING)
    back = msgspec.json.decode(line, type=tuple[Offer, ...])
    assert commented(choose(back), ()) == commented(choose(EVERYTHING), ())
