"""Canaries: what must not be written down is gone, and what people need to read is still there."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wfconsole.redaction import REDACTED, is_secret_key, redact, redact_json, redact_text, words_of

# Put together here, so that scanners for leaked keys find none in this file.
AWS_KEY = "AKIA" + "Q3EGRIC4CANARY77"
JWT = "eyJhbGciOiJSUzI1NiJ9" + ".eyJjYW5hcnkiOiJjYW5hcnkifQ" + ".c2lnbmF0dXJlLWNhbmFyeQ"
PEM = "-----BEGIN " + "RSA PRIVATE KEY-----\nMIIcanary\ncanary==\n-----END RSA PRIVATE KEY-----"

TEXTS = [
    ("password=canary", "password=(redacted)"),
    ("user=app password=canary,x;y host=db", "user=app password=(redacted) host=db"),
    ("PGPASSWORD=canary psql -h db", "PGPASSWORD=(redacted) psql -h db"),
    ("password = 'canary it''s' ok", None),
    ('password: "canary \\" canary" next', 'password: "(redacted)" next'),
    ('{"password":"canary","user":"kim"}', '{"password":"(redacted)","user":"kim"}'),
    ('{\\"password\\":\\"canary\\",\\"user\\":1}', '{\\"password\\":\\"(redacted)\\",\\"user\\":1}'),
    ("{'apiKey': 'canary', 'a': 1}", "{'apiKey': '(redacted)', 'a': 1}"),
    ('password="canary cut off', 'password="(redacted)'),
    ("clientSecret: canary", "clientSecret: (redacted)"),
    ("https://x/?access_token=canary&page=2", "https://x/?access_token=(redacted)&page=2"),
    ("aws_secret_access_key=canary/x+y", "aws_secret_access_key=(redacted)"),
    ("DB_PASS: canary", "DB_PASS: (redacted)"),
    ("psql --password canary --host db", "psql --password (redacted) --host db"),
    ("tool --auth-token canary", "tool --auth-token (redacted)"),
    ("postgres://app:canary@db:5432/x", "postgres://app:(redacted)@db:5432/x"),
    ("postgres://app:can@ary:canary@db/x", "postgres://app:(redacted)@db/x"),
    ("redis://:canary@cache:6379/0", "redis://:(redacted)@cache:6379/0"),
    ("Authorization: Bearer canary", "Authorization: Bearer (redacted)"),
    ("authorization: Basic Y2FuYXJ5", "authorization: Basic (redacted)"),
    ('"Authorization": "token canary"', '"Authorization": "token (redacted)"'),
    ('Authorization: Digest username="kim", response="canary"', "Authorization: Digest (redacted)"),
    ("curl -H 'Authorization: canary'", None),
    ("used Bearer canary-1234 there", "used Bearer (redacted) there"),
    ("Set-Cookie: sid=canary; Path=/; theme=canary⏎Host: x", "Set-Cookie: (redacted)⏎Host: x"),
    (f"key {AWS_KEY} is old", "key (redacted) is old"),
    (f"token {JWT} expired", "token (redacted) expired"),
    (PEM, "-----BEGIN RSA PRIVATE KEY-----(redacted)-----END RSA PRIVATE KEY-----"),
    (PEM.replace("\n", "⏎"), None),
    (PEM[:40] + "canary", None),
    ("ALTER ROLE app PASSWORD 'can''ary' VALID", "ALTER ROLE app PASSWORD '(redacted)' VALID"),
    ("CREATE USER x IDENTIFIED BY 'canary'", "CREATE USER x IDENTIFIED BY '(redacted)'"),
    ("posted to hooks.slack.com/services/T0/B0/canary", "posted to hooks.slack.com/services/(redacted)"),
    ("ghp_" + "canary" * 6, REDACTED),
    ("glpat-" + "canary-canary-canary", REDACTED),
    ("xoxb-" + "123-456-canary", REDACTED),
    ("hvs." + "canary" * 5, REDACTED),
    ("arn:aws:secretsmanager:eu-west-1:123456789012:secret:password=canary", None),
    ("x:secretsmanager:eu-west-1:123456789012:secret:canary", None),
    ("secret=canary token=canary pwd=canary", "secret=(redacted) token=(redacted) pwd=(redacted)"),
]


@pytest.mark.parametrize(("text", "expected"), TEXTS, ids=[str(number) for number in range(len(TEXTS))])
def test_a_secret_in_a_text_is_taken_out(text: str, expected: str | None) -> None:
    redacted = redact_text(text)
    assert "canary" not in redacted.lower()
    assert "Y2FuYXJ5" not in redacted
    assert REDACTED in redacted
    assert expected is None or redacted == expected


HARMLESS = [
    "Back-off restarting failed container llm in pod wearforce-clean-llm-7d9f8b6c5-x2x9k",
    'secret "db-credentials" not found',
    "MountVolume.SetUp failed for volume 'tls': secret 'gateway-tls' not found",
    "FATAL: password authentication failed for user app",
    "tokens per second: 412",
    "token_count=17 max_tokens=4096 tokenizer: fast",
    "the bearer token expired",
    "docker-pullable://registry.example/llm@sha256:" + "ab" * 32,
    "http://10.0.0.1:8080/healthz returned 503",
    "http://[::1]:8080/a@b",
    "kim took the keyboard; keyspace is fine, monkey business is not",
    "bypass: on",
    "INC-20260107-0312",
    "1e29f7e3-c788-4c39-8ac7-7c88a797312c",
    "55db6a2255c647569055ad8c1661c26f",
    "key: value",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "asia-east1-a: disk-pressure, task-7 npm_config",
    "secretName: gateway-tls",
    "imagePullSecrets: regcred",
    "SELECT count(*) FROM sessions WHERE token_id = 7",
    "rotate arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/orders/database-a1b2c3, now",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_a_secret_is_kept(text: str) -> None:
    assert redact_text(text) == text


SECRET_NAMES = """password DB_PASSWORD dbPassword pgpassword token apiKey x-api-key client_secret Cookie Authorization
    AWS_SECRET_ACCESS_KEY private_key passphrase credentials secretValue REDIS_PASS"""
OTHER_NAMES = """name key secretName tokens token_count passed id uid keys authorized monkey partition_key bypass
    compass secrets tokenizer primary_key imagePullSecrets"""


@pytest.mark.parametrize("name", SECRET_NAMES.split())
def test_these_names_hold_secrets(name: str) -> None:
    assert is_secret_key(name)


@pytest.mark.parametrize("name", OTHER_NAMES.split())
def test_these_names_do_not(name: str) -> None:
    assert not is_secret_key(name)


def test_a_structure_keeps_its_shape_and_loses_its_secrets() -> None:
    value = {
        "id": "2f1c8a7e9b5d4c3fa1b2c3d4e5f60718",
        "password": "canary",
        "token": ["canary", {"deep": "canary", "set": True, "none": None, "empty": ""}],
        "pin_secret": 4711,
        "env": [{"name": "DB_PASSWORD", "value": "canary"}, {"name": "MODE", "value": "fast"}],
        "argv": ["psql", "--password", "canary", "--host", "db"],
        "lines": ("$ env", "TOKEN=canary", "ok"),
        "manifest": {"kind": "Secret", "metadata": {"name": "db"}, "data": {"any": "Y2FuYXJ5"}},
        "ref": {"kind": "SecretRef", "secretName": "db", "data": {"any": "kept"}},
        "count": 3,
        "share": 0.5,
        "ok": False,
    }
    redacted = redact(value)
    text = json.dumps(redacted)
    assert "canary" not in text
    assert "Y2FuYXJ5" not in text
    assert "4711" not in text
    assert redacted["id"] == value["id"]
    assert redacted["token"] == [REDACTED, {"deep": REDACTED, "set": True, "none": None, "empty": ""}]
    assert redacted["env"] == [{"name": "DB_PASSWORD", "value": REDACTED}, {"name": "MODE", "value": "fast"}]
    assert redacted["argv"] == ["psql", "--password", REDACTED, "--host", "db"]
    assert redacted["manifest"]["metadata"] == {"name": "db"}
    assert redacted["ref"]["data"] == {"any": "kept"}
    assert (redacted["count"], redacted["share"], redacted["ok"]) == (3, 0.5, False)


def test_a_private_key_that_comes_line_by_line_is_taken_out() -> None:
    lines = ["before", *PEM.split("\n"), "after"]
    redacted = redact(lines)
    assert "canary" not in json.dumps(redacted)
    assert (redacted[0], redacted[-1]) == ("before", "after")


def test_the_value_itself_is_not_changed() -> None:
    value = {"password": "kept", "list": ["token=kept"]}
    redact(value)
    assert value == {"password": "kept", "list": ["token=kept"]}


@pytest.mark.parametrize("text", [text for text, _ in TEXTS])
def test_redacting_twice_changes_nothing(text: str) -> None:
    once = redact({"a": text, "password": text, "items": [text]})
    assert redact(once) == once


def test_a_key_whose_lines_are_items_ends_where_it_says_so_and_each_time() -> None:
    begins, ends = "-----BEGIN " + "PRIVATE KEY-----", "-----END PRIVATE KEY-----"
    lines = [begins, "MIIcanary", f"canary=={ends}", "after it"]
    once = redact(lines)
    assert once == [f"{begins}(redacted)", "(redacted)", f"(redacted){ends}", "after it"]
    assert redact(once) == once


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from([text for text, _ in TEXTS]),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["password", "name", "value", "x"]), inner),
    )
)
def test_anything_can_be_redacted_and_once_is_enough(value: object) -> None:
    once = redact(value)
    assert redact(once) == once


def test_encoded_json_without_a_secret_comes_back_byte_for_byte() -> None:
    for body in (b'{ "a" : 1.0, "token_count":12345678901234567890 }', b'["\\u0041", "disk-pressure"]'):
        assert redact_json(body) is body


def test_encoded_json_loses_its_secrets() -> None:
    body = msgspec.json.encode({"env": ["TOKEN=canary"], "n": 1.5})
    assert msgspec.json.decode(redact_json(body)) == {"env": ["TOKEN=(redacted)"], "n": 1.5}


TOKENS = (
    *("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xoxb-", "AIza", "hvs.", "hvb.", "npm_"),
    *("dckr_pat_", "sk-"),
)


@pytest.mark.parametrize("text", [*(text for text, _ in TEXTS), *(form + "canary7" * 6 for form in TOKENS)])
def test_encoded_json_loses_what_a_value_loses(text: str) -> None:
    value = {"rows": {"a/1": {"message": text, "restarts": 3}, "a/2": {"message": text.upper()}}}
    assert redact(value) != value
    assert msgspec.json.decode(redact_json(msgspec.json.encode(value))) == redact(value)


def test_an_error_that_nobody_expected_is_shown_short_visible_and_without_its_secret() -> None:
    shown = words_of(ValueError("token=hunter2 \x1b[31m" + "x" * 10_000))
    assert shown.startswith("ValueError: token=(redacted) ")
    assert shown.isprintable()
    assert "hunter2" not in shown
    assert len(shown) < 300
